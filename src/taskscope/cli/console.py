"""Where words go: results to standard output, progress and errors to standard error; and exit codes.

Exit codes: 0 done; 1 some cells failed (stored as data, named at the end); 2 bad input, nothing measured;
130 interrupted (Ctrl-C) and 143 terminated, both with a run folder that the same command resumes.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.markup import escape

from taskscope.errors import TaskscopeError

OK, CELLS_FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

out = Console(soft_wrap=True)
err = Console(stderr=True)


class Terminated(KeyboardInterrupt):
    """SIGTERM, handled like Ctrl-C so that a killed run is left as tidy as an interrupted one."""


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM inside the block; restores the former handler."""

    def handler(signum: int, frame: FrameType | None) -> None:
        raise Terminated

    former = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def say_error(error: TaskscopeError) -> None:
    """Print the three parts of an error: what was given, what was expected, what to try."""
    err.print(f"[bold red]Error[/] {escape(error.given)}", highlight=False)
    if error.expected:
        err.print(f"  [dim]expected[/] {escape(error.expected)}", highlight=False)
    if error.hint:
        err.print(f"  [dim]try[/] {escape(error.hint)}", highlight=False)
