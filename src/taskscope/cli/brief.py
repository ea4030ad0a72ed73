"""What helps commands that last seconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage inside the block, nor ever what was made there.

    Importing torch and transformers makes a million objects that live on. Looking through them again and
    again takes a fifth of the time of the import, and once more, at the end, a second.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


LARGE = 31 << 20
"""Bytes; from 32 MiB on, glibc hands a piece back to the system whatever was freed before."""


def keep_memory() -> None:
    """Have the C library keep memory that is freed, where it is glibc; elsewhere nothing happens.

    A piece larger than any that was freed before is fetched from the system and handed back to it, and the
    next one costs a fault for each of its pages again: a tenth of the time of a first look, in some orders
    of imports a fifth. One large piece that is never touched costs nothing.
    """
    import numpy as np

    np.empty(LARGE, dtype=np.uint8)
