"""Over training: when theta appears against when few-shot learning appears, on checkpoints of one model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, LABELS, REGULAR
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.resampling import Macro, macro
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.training_rows import ages

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
STRONGEST = "strongest control"
TOKENS = "tokens"
_PLACE = re.compile(r"(?P<name>.+) at (?:(?P<tokens>[\d,]+) tokens|step (?P<step>[\d,]+))(?: [0-9a-f]{8})?")
"""How checkpoints are labelled (`models.checkpoints.label`), told apart by a hash where two are alike."""


def series(
    measured: Sequence[ModelResult], tokens: Mapping[str, int]
) -> dict[tuple[str, str], list[tuple[int, ModelResult]]]:
    """Sort checkpoints into trainings: (model, unit) -> (place, result) in order, two places at least.

    Args:
        measured: What was measured on every model.
        tokens: Label -> training tokens, of the models that say them: a finished model stands by them at the
            end of its training.
    """
    found: dict[tuple[str, str], list[tuple[int, ModelResult]]] = {}
    for result in measured:
        match = _PLACE.fullmatch(result.model)
        if match:
            unit = TOKENS if match["tokens"] else "step"
            place = int(match[unit].replace(",", ""))
            found.setdefault((match["name"], unit), []).append((place, result))
    for result in measured:
        if result.model in tokens and (result.model, TOKENS) in found:
            found[result.model, TOKENS].append((tokens[result.model], result))
    ordered = {key: sorted(some, key=lambda entry: entry[0]) for key, some in found.items()}
    return {key: some for key, some in ordered.items() if len({place for place, _ in some}) > 1}


def figures(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Figure]:
    """Draw a figure per training: means over all tasks of the run, so that checkpoints compare."""
    drawn = []
    for (name, unit), places in series(measured, ages(rows)).items():
        known = [(place, macro(r.tasks, r.chosen, params.draws)) for place, r in places if place > 0]
        data = [record for place, means in known for record in _records(place, means)]
        drawn.append(
            Figure(
                name=f"task-vectors-{slug(name)}-over-training",
                title=f"Over the training of {name}: few-shot learning, and theta",
                see=_see(known, unit),
                alt=f"Line chart over the training of {name}: right answers with demonstrations, with one "
                "vector, without either and under the strongest control, each with a 95 % band.",
                spec=charts.curves(
                    data,
                    Axis("place", "training tokens" if unit == TOKENS else "training step", log=True),
                    ACCURACY,
                    series="condition",
                    low="low",
                    high="high",
                    order=(LABELS[HYPOTHESIS], LABELS[REGULAR]),
                    controls=(LABELS[BASELINE], STRONGEST),
                ),
            )
        )
    return drawn


def _records(place: int, means: Macro) -> list[dict[str, object]]:
    values = {
        LABELS[HYPOTHESIS]: means.hypothesis,
        LABELS[REGULAR]: means.regular,
        LABELS[BASELINE]: means.baseline,
        STRONGEST: means.strongest,
    }
    found = []
    for condition, draws in values.items():
        measure = Measure.of(draws)
        low, high = max(measure.low, 0.0), min(measure.high, 1.0)
        ends = {"accuracy": round(measure.value, 4), "low": round(low, 4), "high": round(high, 4)}
        found.append({"place": place, "condition": condition, **ends})
    return found


def _see(known: Sequence[tuple[int, Macro]], unit: str) -> str:
    """Name the first checkpoint at which each beats what it must beat, its interval above 0."""
    shots = [place for place, m in known if Measure.of(m.regular - m.baseline).low > 0]
    theta = [place for place, m in known if Measure.of(m.hypothesis - m.strongest).low > 0]

    def first(some: list[int]) -> str:
        words = (f"{some[0]:,} tokens" if unit == TOKENS else f"step {some[0]:,}") if some else ""
        return f"first at {words}" if some else "at no checkpoint"

    return (
        f"Demonstrations help {first(shots)}; theta beats its strongest control {first(theta)} "
        f"({len(known)} checkpoints, mean over all tasks of the run)."
    )
