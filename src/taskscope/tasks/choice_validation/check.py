"""Every rule on a file or a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from taskscope.tasks.choice_columns import Row, read
from taskscope.tasks.choice_description import describe
from taskscope.tasks.choice_records import Record, members
from taskscope.tasks.choice_validation.about import identifying, incomplete
from taskscope.tasks.choice_validation.counts import Classes, Clusters, Controls, Labels, Size
from taskscope.tasks.choice_validation.duplicates import Duplicates
from taskscope.tasks.choice_validation.issues import Issue, Rule, Severity
from taskscope.tasks.choice_validation.texts import LookAlikes, Readable, Spaces, TwoPrompts
from taskscope.tasks.choice_validation.tokens import Encoding, Tokenized
from taskscope.tasks.choices import ChoiceTask

SHOWN = 10
"""Rows that are named of each rule; the rest are counted."""


def validate(path: str | Path, encoding: Encoding | None = None) -> list[Issue]:
    """Judge a choice file by every rule but V15, which needs a model's scores; the file may be of any size.

    Args:
        path: A .csv, .jsonl or .zip file.
        encoding: Where given, the token rules are judged too.

    Returns:
        Issues by rule and line; of each rule the first rows, and how many more there are.

    Raises:
        TaskError: If the file cannot be read as rows at all.
    """
    path = Path(path)
    about = describe(path)
    said = [*incomplete(about, path), *identifying(about, [path.name, *members(path)])]
    return _sorted([*_judge(read(path), encoding), *said])


def validate_task(task: ChoiceTask, encoding: Encoding | None = None) -> list[Issue]:
    """Judge a task from anywhere; a line is the place of an item, counted from 1.

    Returns:
        As `validate`, without the rules on files.
    """
    return _sorted(_judge(_rows(task), encoding))


def _rows(task: ChoiceTask) -> Iterator[Row]:
    for place, item in enumerate(task.items, 1):
        yield Row(Record({}, place, "", item.part), task.metric, item, ())


def _judge(rows: Iterable[Row], encoding: Encoding | None) -> Iterator[Issue]:
    rules: list[Rule] = [Readable(), Spaces(), LookAlikes(), TwoPrompts(), Duplicates()]
    rules += [Size(), Labels(), Classes(), Clusters(), Controls()]
    if encoding is not None:
        rules.append(Tokenized(encoding))
    counts: Counter[tuple[str, Severity]] = Counter()
    for row in rows:
        for rule in rules:
            for issue in rule.see(row):
                counts[issue.rule, issue.severity] += 1
                if counts[issue.rule, issue.severity] <= SHOWN:
                    yield issue
    for rule in rules:
        yield from rule.done()
    for (name, severity), n in counts.items():
        if n > SHOWN:
            yield Issue(name, severity, None, f"{n:,} times in all; the first {SHOWN} are named.")


def _sorted(issues: Iterable[Issue]) -> list[Issue]:
    """Order by rule, line and weight; `columns` comes first, and what concerns the whole after the lines."""

    def key(issue: Issue) -> tuple[int, float, str]:
        number = int(issue.rule[1:]) if issue.rule[1:].isdecimal() else 0
        return number, float("inf") if issue.line is None else issue.line, issue.severity

    return sorted(issues, key=key)
