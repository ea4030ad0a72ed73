"""An issue, and what every rule has in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from taskscope.tasks.choice_columns import Row
from taskscope.tasks.choices import ChoiceItem, Metric

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong, or may be."""

    rule: str
    """Its number in protocol 4.3, such as V5; ``columns`` for what comes before any rule."""
    severity: Severity
    line: int | None
    """Line where the row begins; None for what concerns the whole."""
    message: str


class Rule(Protocol):
    """A rule sees every row once and keeps little of each, so that a file may be of any size."""

    def see(self, row: Row) -> Iterable[Issue]:
        """Return what is wrong with a row."""
        ...

    def done(self) -> Iterable[Issue]:
        """Return what is wrong with the whole, after the last row."""
        ...


def at(row: Row, rule: str, severity: Severity, message: str) -> Issue:
    """Make an issue of a row; inside a zip the message names the part."""
    member = f"{row.record.member}: " if row.record.member else ""
    return Issue(rule, severity, row.record.line, f"{member}{message}.")


def prompts_of(item: ChoiceItem, metric: Metric) -> dict[str, str]:
    """Return the prompts of an item by the name of their column."""
    both = {"prompt": item.prompt, "other_prompt": item.other_prompt}
    return both if metric in ("log-odds", "absolute-log-odds") else {"prompt": item.prompt}
