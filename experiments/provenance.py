"""Where does a number come from: which code, which versions, which device?"""

import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from experiments.sources import PACKAGES as SOURCES

PACKAGES = ("latentgen", "jax", "jaxlib", "flax", "optax", "numpy", "scipy")


@cache
def environment() -> dict[str, Any]:
    """Commit, versions and device of this process; commit is None outside a checkout."""
    import jax  # the device is known only once jax has started

    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_changed()),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"{jax.devices()[0].platform}:{jax.devices()[0].device_kind}",
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _changed() -> list[str]:
    """What differs from the commit: changed files, and code and data that git does not know."""
    tracked = _git("status", "--porcelain", "--untracked-files=no")
    if tracked is None:
        return []
    folders = [str(Path(__file__).resolve().parents[1] / package) for package in SOURCES]
    unknown = _git("ls-files", "--others", "--exclude-standard", "--", *folders) or ""
    new = [name for name in unknown.splitlines() if name.endswith((".py", ".json"))]
    return tracked.splitlines() + new


def peak_memory() -> float | None:
    """The most memory that this process ever held, MiB; None where the system does not say."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """git's answer about the checkout of this file; None when this file is not in one."""
    here = Path(__file__).resolve().parent
    if arguments[0] != "ls-files" and not _git("ls-files", Path(__file__).name):
        return None  # installed, or inside somebody else's repository
    try:
        done = subprocess.run(
            ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def summary(folders: Sequence[Path]) -> dict[str, str]:
    """What the provenance files of some cells say together, in words."""
    found = _entries(folders)
    peaks = [entry["peak_memory_mib"] for entry in found if entry["peak_memory_mib"] is not None]
    versions = sorted({f"{k} {v}" for entry in found for k, v in entry["versions"].items()})
    return {
        "cells": str(len(found)),
        "computing time": f"{sum(entry['seconds'] for entry in found):.0f} s in all workers",
        "peak memory": f"{max(peaks):.0f} MiB in one worker" if peaks else "unknown",
        "commit": ", ".join(sorted({_commit(entry) for entry in found})),
        "device": ", ".join(sorted({entry["device"] for entry in found})),
        "python": ", ".join(sorted({entry["python"] for entry in found})),
        "versions": ", ".join(versions),
    }


def mixes_versions(folders: Sequence[Path]) -> bool:
    """Whether cells were computed by different Python or package versions or on other devices.

    The project's own sources cannot differ: another version of them is another cell.
    """
    kinds = {
        json.dumps([entry["python"], entry["device"], entry["versions"]], sort_keys=True)
        for entry in _entries(folders)
    }
    return len(kinds) > 1


def _entries(folders: Sequence[Path]) -> list[dict[str, Any]]:
    return [json.loads((f / "provenance.json").read_text(encoding="utf-8")) for f in folders]


def _commit(entry: dict[str, Any]) -> str:
    commit = entry["commit"]
    if commit is None:
        return "not in a checkout"
    return commit[:12] + (" with uncommitted changes" if entry["dirty"] else "")
