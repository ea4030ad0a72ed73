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
