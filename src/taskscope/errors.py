"""Errors a user can act on: each says what was given, what was expected and what to try."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TaskscopeError(Exception):
    """Base of every error that is the user's to mend.

    Args:
        given: What was passed in, quoted, short enough to read.
        expected: What would have been accepted.
        hint: One thing to try next; may be empty.

    The message is made of the three parts; the command line prints it without a traceback and exits with 2.
    """

    def __init__(self, given: str, expected: str = "", hint: str = "") -> None:
        self.given, self.expected, self.hint = given, expected, hint
        parts = [given]
        if expected:
            parts.append(f"Expected: {expected}")
        if hint:
            parts.append(f"Try: {hint}")
        super().__init__("\n".join(parts))

    def __reduce__(self) -> tuple[type[TaskscopeError], tuple[str, str, str]]:
        """Pickle by parts, so that an error survives the trip from a worker process."""
        return type(self), (self.given, self.expected, self.hint)


class ModelError(TaskscopeError):
    """A model that cannot be found, loaded or taken apart."""


class TaintedModelError(ModelError):
    """A loaded model that a measurement left changed; it must be loaded again."""


class TaskError(TaskscopeError):
    """A task, prompt or task file that cannot be used."""


class RunError(TaskscopeError):
    """A run folder that cannot be read or written."""


class StudyError(TaskscopeError):
    """Parameters that a study cannot work with."""


class TheoryError(TaskscopeError):
    """A simulated system that is no proper one, or cannot be solved."""


def nearest(word: str, known: Iterable[str], n: int = 3) -> str:
    """Phrase the known names closest to `word` for an error message, e.g. ``did you mean 'en-fr'?``."""
    close = difflib.get_close_matches(word.lower(), list(known), n=n, cutoff=0.5)
    return f"did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
