"""Memory that is freed is kept for what comes next."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

MAPPED = """
import ctypes, sys
import numpy as np
from taskscope.cli.brief import keep_memory

class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in "arena ordblks smblks hblks hblkhd a b c d e".split()]

mallinfo = ctypes.CDLL(None).mallinfo
mallinfo.restype = Mallinfo
if sys.argv[1] == "kept":
    keep_memory()
before = mallinfo().hblks
held = [np.ones(megabytes << 20, dtype=np.uint8) for megabytes in (1, 5, 20)]
print(mallinfo().hblks - before)
"""


def mapped(how: str) -> int:
    """Count, of three large arrays in a new process, those fetched from the system to be handed back."""
    ran = subprocess.run([sys.executable, "-c", MAPPED, how], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a rule of glibc")
def test_large_pieces_are_not_handed_back() -> None:
    assert (mapped("kept"), mapped("returned")) == (0, 3)
