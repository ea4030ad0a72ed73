"""Memory that is freed is kept for what comes next."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")

GROWING = """
import resource, sys
import torch
from taskscope.cli.brief import keep_memory

torch.ones(1)
if sys.argv[1] == "kept":
    keep_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for megabytes in range(1, 21):
    torch.ones(megabytes << 20, dtype=torch.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Count page faults of tensors of 1 to 20 MB, each freed before the next, in a process of their own."""
    ran = subprocess.run([sys.executable, "-c", GROWING, how], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a rule of glibc")
@pytest.mark.skipif(HUGE.exists() and "[always]" in HUGE.read_text(), reason="pages are too large to count")
def test_pieces_that_grow_are_fetched_from_the_system_once() -> None:
    page = 4096
    assert faults("kept") < 1.5 * (20 << 20) / page < 0.5 * faults("returned")
