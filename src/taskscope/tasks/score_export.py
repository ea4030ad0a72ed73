"""Scores of each item written as the contest's own pipeline wrote them, for tools that read its files.

The folder can be read back by `taskscope.tasks.score_files.load_scores`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from taskscope.errors import TaskError
from taskscope.tasks.choice_files import columns_of
from taskscope.tasks.choices import ChoiceTask, Metric
from taskscope.tasks.scored_models import SIZES_FILE, ScoredModel

COLUMNS: dict[Metric, tuple[str, ...]] = {
    "classification": ("loss", "correct", "predicted", "total_logprob"),
    "sequence": ("loss",),
    "log-odds": ("logodds_difference", "correct", "total_logprob"),
    "absolute-log-odds": ("logodds_difference", "correct", "total_logprob"),
}
"""Columns after ``index``; for log-odds ``correct`` is of other_prompt, ``total_logprob`` of both."""
MERGED = "labelled_data.jsonl"
"""The items with every model's columns, each with the model's name in front."""
_WHOLE = ("correct", "predicted")


def write_scores(
    task: ChoiceTask, scores: Mapping[ScoredModel, Mapping[str, np.ndarray]], folder: str | Path
) -> None:
    """Write one CSV for each model, their sizes, and all of it merged with the items.

    Args:
        task: What was scored.
        scores: By model the `COLUMNS` of the task's kind, each of shape (item,), in the order of the items.
        folder: Made if it is not there.

    Raises:
        TaskError: If a model lacks a column or an item, two models have the same short name, or the folder
            holds such files already.
    """
    folder = Path(folder)
    columns = COLUMNS[task.metric]
    named = {model.name.rpartition("/")[2]: model for model in scores}
    if len(named) < len(scores):
        raise TaskError(f"Two of {', '.join(m.name for m in scores)} share a name.", "a file for each model")
    for model, values in scores.items():
        _check(model, values, columns, len(task.items))
    paths = [folder / SIZES_FILE, folder / MERGED, *(folder / f"{name}.csv" for name in named)]
    taken = [str(path) for path in paths if path.exists()]
    if taken:
        raise TaskError(f"{taken[0]!r} is there already.", "a folder without scores")
    folder.mkdir(parents=True, exist_ok=True)
    cells = {name: _cells(scores[model], columns) for name, model in named.items()}
    _write_csv(folder / SIZES_FILE, ["model", "family", "parameters", "tokens"], _sizes(named))
    for name, rows in cells.items():
        _write_csv(folder / f"{name}.csv", ["index", *columns], [[k, *row] for k, row in enumerate(rows)])
    with (folder / MERGED).open("w", encoding="utf-8") as stream:
        for place, fields in enumerate(columns_of(task)):
            prefixed = {
                f"{name}_{column}": value
                for name, rows in cells.items()
                for column, value in zip(columns, rows[place], strict=True)
            }
            stream.write(json.dumps(fields | prefixed, ensure_ascii=False) + "\n")


def _check(model: ScoredModel, values: Mapping[str, np.ndarray], columns: tuple[str, ...], n: int) -> None:
    if set(values) != set(columns) or any(values[name].shape != (n,) for name in columns):
        told = ", ".join(f"{name} {values[name].shape}" for name in values)
        raise TaskError(f"{model.name}: {told}.", f"{', '.join(columns)}, each of shape ({n},)")


def _cells(values: Mapping[str, np.ndarray], columns: tuple[str, ...]) -> list[list[int | float]]:
    """Return the rows, numbers of Python: whole ones where the pipeline wrote whole ones."""
    wanted = (values[name].astype(np.int64 if name in _WHOLE else np.float64).tolist() for name in columns)
    return [list(row) for row in zip(*wanted, strict=True)]


def _sizes(named: Mapping[str, ScoredModel]) -> list[list[object]]:
    return [
        [name, model.family, repr(model.parameters), "" if model.tokens is None else repr(model.tokens)]
        for name, model in named.items()
    ]


def _write_csv(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
