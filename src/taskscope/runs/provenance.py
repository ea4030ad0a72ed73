"""Where a measurement comes from: versions, checkout, host, accelerator. Recorded, never part of a key."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGES = (
    "taskscope",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "scipy",
    "scikit-learn",
    "pyarrow",
    "duckdb",
)
_PATIENCE = 10.0
"""Seconds that a helper program may take."""


@cache
def surroundings() -> dict[str, Any]:
    """Describe this process's versions, code checkout, host and accelerators; torch is not imported."""
    return {"versions": versions(), "git": _checkout(), "host": _host(), "accelerators": _accelerators()}


def versions() -> dict[str, str]:
    """Return the version of Python and of every package that measurements depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _checkout() -> dict[str, Any] | None:
    """Commit of the checkout that this code runs from and whether it was changed; None if installed.

    Nothing is locked: killed while it holds the index, a run would leave a checkout that git refuses.
    """
    git = ("git", "--no-optional-locks", "-C", str(Path(__file__).parent.parent))
    if _output(*git, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _output(*git, "rev-parse", "HEAD")
    changed = _output(*git, "status", "--porcelain", "--", ".")
    return {"commit": commit, "changed": bool(changed)}


def _host() -> dict[str, Any]:
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
    }


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _accelerators() -> list[str]:
    if shutil.which("nvidia-smi"):
        listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
        return [line.strip() for line in (listed or "").splitlines() if line.strip()]
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return ["Apple silicon"]
    return []


@cache
def accelerator_bytes() -> int | None:
    """Return the memory of the smallest GPU of this machine; None where none is found."""
    told = _output("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits") or ""
    return min((int(mebibytes) * 2**20 for mebibytes in told.split() if mebibytes.isdigit()), default=None)


def _output(*command: str) -> str | None:
    """Return what a helper program prints, or None if it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
