"""Where does a number come from: which code, which versions, which device?"""

import json
import platform
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("latentgen", "jax", "jaxlib", "flax", "optax", "numpy", "scipy")


@cache
def environment() -> dict[str, Any]:
    """Commit, versions and device of this process; commit is None outside a checkout."""
    import jax  # the device is known only once jax has started

    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"{jax.devices()[0].platform}:{jax.devices()[0].device_kind}",
        "versions": {name: _version(name) for name in PACKAGES},
    }


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
    found = [json.loads((f / "provenance.json").read_text(encoding="utf-8")) for f in folders]
    commits = sorted({_commit(entry) for entry in found})
    versions = sorted({f"{k} {v}" for entry in found for k, v in entry["versions"].items()})
    return {
        "cells": str(len(found)),
        "computing time": f"{sum(entry['seconds'] for entry in found):.0f} s in all workers",
        "commit": ", ".join(commits),
        "device": ", ".join(sorted({entry["device"] for entry in found})),
        "python": ", ".join(sorted({entry["python"] for entry in found})),
        "versions": ", ".join(versions),
    }


def _commit(entry: dict[str, Any]) -> str:
    commit = entry["commit"]
    if commit is None:
        return "not in a checkout"
    return commit[:12] + (" with uncommitted changes" if entry["dirty"] else "")
