"""Where charts are drawn and pages written: here, or in a process of its own, ready beside other work."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TypeVar

import vl_convert

T = TypeVar("T")

_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG in Linux's prctl.h."""
_DOT = json.dumps({"data": {"values": [{}]}, "mark": "point"})
_beside: ProcessPoolExecutor | None = None


@lru_cache(maxsize=32)
def drawn(spec: str) -> str:
    """Draw a specification (JSON) as SVG; remembered, since a page shows what the folder holds as files."""
    return apart(_draw, spec)


def apart(work: Callable[..., T], *given: object) -> T:
    """Do some work in the process that `beside` got ready, and wait; in this one where there is none.

    What the work raises is raised here. Where the process ends before it answers, the work is begun again in
    this one.

    Args:
        work: A function that both processes find by its name.
        given: Its arguments, which must survive a trip between processes, as its answer must.
    """
    if _beside is not None:
        with suppress(BrokenProcessPool):  # it was killed, say, where memory is short
            return _beside.submit(work, *given).result()
    return work(*given)


def _draw(spec: str) -> str:
    """Draw as Vega does.

    The specification is given as an object: vl-convert reads the last digit of some numbers otherwise in a
    text.
    """
    return vl_convert.vegalite_to_svg(json.loads(spec))


@contextmanager
def beside(*modules: str) -> Iterator[None]:
    """Draw, and do `apart` work, in a process of its own inside the block, which begins to get ready at once.

    The first chart of a process takes half a second, during most of which vl-convert lets no other thread
    run, and importing what writes a page takes as long. The process is a fork, which costs nothing but is
    safe only on Linux and while there is one thread; elsewhere charts are drawn in this process as ever.

    Args:
        modules: What the process imports while it waits.
    """
    global _beside
    with suppress(OSError, NotImplementedError):  # no more processes, or no shared semaphores
        if sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules:
            context = multiprocessing.get_context("fork")
            pool = ProcessPoolExecutor(1, context, initializer=_settle, initargs=(os.getpid(),))
            pool.submit(_get_ready, modules)
            _beside = pool  # after the fork: there, work that draws must find no pool to wait for
    try:
        yield
    finally:
        pool, _beside = _beside, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _get_ready(modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    _draw(_DOT)


def _settle(asker: int) -> None:
    """Leave Ctrl-C to the process that asked, and end when it does, however that is.

    A worker whose asker was killed would wait for charts for ever: it holds the other end of its own pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import ctypes

    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != asker:  # it ended before that was said
        os._exit(1)
