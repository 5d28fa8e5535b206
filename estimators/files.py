"""How is a file written so that nobody ever reads half of it, or a damaged one?"""

import hashlib
import os
import tempfile
import time
from pathlib import Path

DIGEST_LENGTH = 64  # of SHA-256 in hexadecimal
UNFINISHED = ".unfinished"
STALE_SECONDS = 3600  # no write takes that long


def write_whole(path: Path, kind: bytes, payload: bytes) -> None:
    """Write `kind`, a digest and the payload under the path at once.

    The bytes go to a hidden file beside it, reach the disk, and take the name last; an older file
    stays until then. kind: one line that says what the file is and in which version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(payload).hexdigest().encode()
    descriptor, hidden = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(kind + b"\n" + digest + b"\n" + payload)
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except BaseException:
        Path(hidden).unlink(missing_ok=True)
        raise


def read_whole(path: Path, kind: bytes) -> bytes:
    """The payload that `write_whole` wrote; ValueError for a damaged or another kind of file."""
    content = path.read_bytes()
    head, _, rest = content.partition(b"\n")
    if head != kind:
        begins = head[: len(kind)].decode(errors="replace")
        raise ValueError(f"{path} begins with {begins!r} where {kind.decode()!r} is expected")
    digest, payload = rest[:DIGEST_LENGTH], rest[DIGEST_LENGTH + 1 :]
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        raise ValueError(f"{path} is cut short or damaged: its content does not match its digest")
    return payload


def sweep(folder: Path) -> None:
    """Remove what killed writers left unfinished in the folder more than an hour ago."""
    for path in folder.glob(f".*{UNFINISHED}"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            path.unlink(missing_ok=True)
