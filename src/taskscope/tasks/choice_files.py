"""A choice task from a file and back: a submission's CSV, the release's JSON lines, a zip of parts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from taskscope.errors import TaskError
from taskscope.tasks.choice_columns import Row, read
from taskscope.tasks.choice_description import ChoiceDescription, describe, path_of
from taskscope.tasks.choices import ChoiceItem, ChoiceTask, Metric

__all__ = ["collect", "columns_of", "convert", "load", "read", "write_csv", "write_jsonl"]


def load(path: str | Path) -> ChoiceTask:
    """Read a choice task; the kind is told by the columns, or by the description beside the file.

    Raises:
        TaskError: If the file cannot be read, or a row is no item; the message names the line.
    """
    path = Path(path)
    about = describe(path)
    metric, items = collect(read(path), path)
    return ChoiceTask(**_told(about, path, metric), items=items, source=str(path.resolve()))


def collect(rows: Iterable[Row], where: str | Path) -> tuple[Metric, tuple[ChoiceItem, ...]]:
    """Return the kind and the items of rows; an item without an id has its place as one.

    Args:
        rows: What `read` yields.
        where: Path or name of the whole, for messages.

    Raises:
        TaskError: If a row is no item, an id stands twice, or there is no row.
    """
    items: list[ChoiceItem] = []
    lines: dict[str, str] = {}
    metric: Metric = "classification"
    for row in rows:
        if row.item is None:
            problem = row.problems[0]
            rest = f" ({len(row.problems)} problems on this row)" if len(row.problems) > 1 else ""
            raise TaskError(
                f"{where}, {row.where}: {problem.message}.{rest}",
                f"a row that keeps rule {problem.rule}",
                f"`taskscope tasks validate {where}`, which names every such row",
            )
        metric = row.metric
        item = row.item if row.item.id else row.item.model_copy(update={"id": str(len(items))})
        if item.id in lines:
            raise TaskError(
                f"{where}, {row.where}: the id {item.id!r} stands on {lines[item.id]} too.",
                "an id for each row",
            )
        lines[item.id] = row.where
        items.append(item)
    if not items:
        raise TaskError(f"{where} holds no item.", "at least one row below the header")
    return metric, tuple(items)


def convert(source: str | Path, path: str | Path) -> ChoiceTask:
    """Write the task of one file as another, .jsonl or .csv by its ending, with all that is said of it.

    Raises:
        TaskError: If the first cannot be read, or the second ends in neither or is taken.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _FILLERS:
        raise TaskError(f"File to write {str(path)!r}.", f"a name that ends in {' or '.join(_FILLERS)}")
    task = load(source)
    _write(task, Path(path), _FILLERS[suffix], describe(source))
    return task


def write_jsonl(task: ChoiceTask, path: str | Path) -> None:
    """Write a task as the contest released its own: an object a line, classes as the text of a list.

    What the columns do not say goes into a .json file of the same name.

    Raises:
        TaskError: If one of the two files is there already.
    """
    _write(task, Path(path), _fill_jsonl, ChoiceDescription())


def write_csv(task: ChoiceTask, path: str | Path) -> None:
    """Write a task in the contest's submission form: CSV with a header.

    What the columns do not say goes into a .json file of the same name.

    Raises:
        TaskError: If one of the two files is there already.
    """
    _write(task, Path(path), _fill_csv, ChoiceDescription())


def _fill_jsonl(task: ChoiceTask, stream: TextIO) -> None:
    for fields in columns_of(task):
        stream.write(json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n")


def _fill_csv(task: ChoiceTask, stream: TextIO) -> None:
    # Every text is quoted: not each version of the library quotes one for a lone carriage return.
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for place, fields in enumerate(columns_of(task)):
        if place == 0:
            writer.writerow(fields)
        writer.writerow(fields.values())


_FILLERS: dict[str, Callable[[ChoiceTask, TextIO], None]] = {".jsonl": _fill_jsonl, ".csv": _fill_csv}


def _told(about: ChoiceDescription, path: Path, columns: Metric) -> dict[str, Any]:
    """Say everything about a task but its items, from its description, name and columns."""
    name = about.name or path.stem
    return {
        "name": name,
        "title": about.title or name,
        "description": about.description or "Items from a file.",
        "metric": _metric(about, columns, path),
        "cause": about.cause,
        "licence": about.licence,
        "notes": about.notes,
    }


def _metric(about: ChoiceDescription, columns: Metric, path: Path) -> Metric:
    if about.metric in (None, columns):
        return columns
    if (columns, about.metric) == ("log-odds", "absolute-log-odds"):
        return "absolute-log-odds"
    raise TaskError(f"{path_of(path)}: the metric {about.metric!r}.", f"{columns!r}, which the columns say")


def columns_of(task: ChoiceTask) -> Iterator[dict[str, Any]]:
    """Yield the columns of each item; those that say nothing of any item are left out."""
    told = {
        "id": any(item.id != str(place) for place, item in enumerate(task.items)),
        "part": any(item.part != 1 for item in task.items),
        "cluster": any(item.cluster for item in task.items),
        "control": any(item.control for item in task.items),
    }
    for item in task.items:
        fields: dict[str, Any] = {"prompt": item.prompt}
        if task.metric == "sequence":
            fields["completion"] = item.classes[0]
        else:
            if task.metric != "classification":
                fields["other_prompt"] = item.other_prompt
            fields |= {"classes": repr(list(item.classes)), "answer_index": item.answer}
        extra = {
            "id": item.id,
            "part": item.part,
            "cluster": item.cluster,
            "control": str(item.control).lower(),
        }
        yield fields | {name: value for name, value in extra.items() if told[name]}


def _write(
    task: ChoiceTask, path: Path, fill: Callable[[ChoiceTask, TextIO], None], about: ChoiceDescription
) -> None:
    """Write a task and, beside it, what its columns do not say; a description that says the same stays."""
    columns: Metric = "log-odds" if task.metric == "absolute-log-odds" else task.metric
    beside = path_of(path)
    told = {name: getattr(task, name) for name in _told(about, path, columns)}
    if path.exists():
        raise TaskError(f"{str(path)!r} is there already.", "a name that is not taken")
    if beside.exists() and _told(describe(path), path, columns) != told:
        raise TaskError(f"{str(beside)!r} is there already and describes another task.", "another name")
    with path.open("w", encoding="utf-8", newline="") as stream:
        fill(task, stream)
    if not beside.exists():
        text = about.model_copy(update=told).model_dump_json(indent=2, exclude_defaults=True)
        beside.write_text(text + "\n", encoding="utf-8")
