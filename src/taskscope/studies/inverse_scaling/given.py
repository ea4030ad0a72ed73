"""Reading results that somebody else measured: rows as if the models had been asked here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.models.series import Place
from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.inverse_scaling.arms import PUBLISHED, TASK
from taskscope.studies.inverse_scaling.outcomes import Outcomes
from taskscope.studies.inverse_scaling.rows import Items, to_rows
from taskscope.tasks import published_points, score_files

SMALLEST = 1e-300
"""Probability that stands for zero in a logarithm."""


def measure(cell: Cell, model: Any) -> Measured:
    """Read a folder of per-example results.

    Raises:
        StudyError: If the files are not those that the cell was planned with.
        TaskError: If they cannot be read.
    """
    del model  # there is none
    (wanted,) = cell.tasks
    scores = score_files.load_scores(wanted.source)
    if scores.fingerprint != wanted.fingerprint:
        raise StudyError(
            f"the results in {wanted.source} changed since the run was planned",
            f"files with fingerprint {wanted.fingerprint[:12]}",
            "planning the run again",
        )
    items = Items.known_by_results(scores.metric, scores.items)
    loss = scores.loss if scores.loss is not None else scores.log_odds
    assert loss is not None  # every kind of file holds one of the two
    unknown = np.full(loss.shape, np.nan)
    judged = scores.metric == "classification" and scores.correct is not None
    correct = scores.correct.astype(float) if judged and scores.correct is not None else unknown
    total = unknown if scores.coverage is None else np.log(np.maximum(scores.coverage, SMALLEST))
    tables = []
    for number, one in enumerate(scores.models):
        place = Place(
            family=f"{one.family} (results given)",
            member=one.name,
            parameters=round(one.parameters),
            tokens=None if one.tokens is None else round(one.tokens),
        )
        tables.append(to_rows(place, TASK, items, Outcomes(loss[number], correct[number], total[number])))
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries(), notes={TOLD: list(scores.notes)})


def measure_points(cell: Cell, model: Any) -> Measured:
    """Read published means of whole models: a row each, the task as its item.

    Raises:
        TaskError: If the file cannot be read.
    """
    del model  # there is none
    (wanted,) = cell.tasks
    tables = []
    for point in published_points.load_points(published_points.find(wanted.source)):
        place = Place(
            family=point.family,
            member=point.family,
            parameters=round(point.parameters),
            tokens=None if point.tokens is None else round(point.tokens),
        )
        loss, correct = (
            np.array([point.value if point.metric == metric else np.nan]) for metric in ("loss", "accuracy")
        )
        items = Items.known_by_results("classification", [point.task])
        tables.append(to_rows(place, PUBLISHED, items, Outcomes(loss, correct, np.array([np.nan]))))
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries())
