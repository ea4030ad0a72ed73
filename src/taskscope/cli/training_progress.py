"""How far a training or a measurement is: a live line in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from taskscope.cli.console import err

if TYPE_CHECKING:
    from taskscope.training import trainer

EVERY = 10.0
"""Seconds between two plain lines."""


@contextmanager
def training_line(name: str, steps: int) -> Iterator[Callable[[trainer.Progress], None]]:
    """Show tokens, loss and time left of a training; yields the function to call after every step."""
    with _line(name, steps) as show:
        yield lambda now: show(
            now.step, f"{name}: {now.tokens:,} tokens, loss {now.loss:.3f}", duration(now.seconds_left)
        )


@contextmanager
def parts_line(name: str, parts: int) -> Iterator[Callable[[str], None]]:
    """Show which part of a measurement is at work; yields the function to call before each part."""
    started, done = time.monotonic(), -1
    with _line(name, parts) as show:

        def on_part(part: str) -> None:
            nonlocal done
            done += 1
            left = (time.monotonic() - started) / done * (parts - done) if done else 0.0
            show(done, f"{name}: {part}", duration(left) if done else "")

        yield on_part


def duration(seconds: float) -> str:
    """Write a time as people read it: ``45 s``, ``12 min``, ``1 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


@contextmanager
def _line(name: str, total: int) -> Iterator[Callable[[int, str, str], None]]:
    """Yield a function of (steps done, words, time left in words)."""
    if not err.is_terminal:
        yield _plain(total)
        return

    # Here, because the help of a command needs no bar and should be there at once.
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda done, words, left: progress.update(task, completed=done, description=words)


def _plain(total: int) -> Callable[[int, str, str], None]:
    """Print a line at the start, every `EVERY` seconds and at the end."""
    last = float("-inf")

    def show(done: int, words: str, left: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY or done == total:
            last = time.monotonic()
            ending = f", {left} left" if left and done < total else ""
            err.print(f"{words} ({done}/{total}{ending})", markup=False, highlight=False)

    return show
