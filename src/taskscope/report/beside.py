"""A second process that gets ready beside other work, and then does what takes long to import."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")

_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG in Linux's prctl.h."""
_pool: ProcessPoolExecutor | None = None


@contextmanager
def beside(get_ready: Callable[[], object]) -> Iterator[None]:
    """Have a process for `apart` work inside the block, which begins to get ready at once.

    It is a fork, which costs nothing but is safe only on Linux and while there is one thread; elsewhere all
    work is done in this process as ever.

    Args:
        get_ready: What the process does first, by its name: imports, and whatever else is slow only once.
    """
    global _pool
    with suppress(OSError, NotImplementedError):  # no more processes, or no shared semaphores
        if sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules:
            context = multiprocessing.get_context("fork")
            pool = ProcessPoolExecutor(1, context, initializer=_settle, initargs=(os.getpid(),))
            pool.submit(get_ready)
            _pool = pool  # after the fork: there, work must find no pool to wait for
    try:
        yield
    finally:
        pool, _pool = _pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def apart(work: Callable[..., T], *given: object) -> T:
    """Do some work in the process that `beside` got ready, and wait; in this one where there is none.

    What the work raises is raised here. Where the process ends before it answers, the work is begun again in
    this one.

    Args:
        work: A function that both processes find by its name.
        given: Its arguments, which must survive a trip between processes, as its answer must.
    """
    if _pool is not None:
        with suppress(BrokenProcessPool):  # it was killed, say, where memory is short
            return _pool.submit(work, *given).result()
    return work(*given)


def _settle(asker: int) -> None:
    """Leave Ctrl-C to the process that asked, and end when it does, however that is.

    A worker whose asker was killed would wait for work for ever: it holds the other end of its own pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import ctypes

    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != asker:  # it ended before that was said
        os._exit(1)
