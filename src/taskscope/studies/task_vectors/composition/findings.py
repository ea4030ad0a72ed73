"""From the rows of composition cells to the finding on C7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from taskscope.report.findings import Control, Finding, Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors import wording
from taskscope.studies.task_vectors.composition.grids import SquareAnswers, squares
from taskscope.studies.task_vectors.composition.resampling import Composed, SquareChoice, choose, composed
from taskscope.studies.task_vectors.composition.rows import ONE, OTHER, OWN, PART, SUMMED, WRONG_SIGN
from taskscope.studies.task_vectors.composition.verdict import judge_composition
from taskscope.studies.task_vectors.heads.resampling import COLLISION, MAJORITY
from taskscope.studies.task_vectors.heads.rows import NONE, RANDOM_HEADS
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import by_model
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.wording import percent

QUANTITY = "right answers without demonstrations, with vectors of other tasks added up"
MEANINGS = {
    NONE: "What the model answers to the query alone.",
    ONE: "Whether one of the two vectors would do by itself.",
    OTHER: "Whether the other of the two vectors would do by itself.",
    WRONG_SIGN: "Whether any sum of these vectors would do: the second summand is subtracted instead.",
    RANDOM_HEADS: "Whether any heads would do: the same sum of what as many other heads write.",
    MAJORITY: "What always giving the most frequent label would score.",
    COLLISION: "What giving a random item's label would score.",
}
_NO_HEADS = Judgement(
    Verdict.INCONCLUSIVE,
    "No block of this model mixes its heads by one linear map, so none can be told apart.",
)


@dataclass(frozen=True)
class Compositions:
    """Every square of tasks that was asked of one model."""

    model: str
    squares: list[SquareAnswers]
    counted: list[SquareChoice]
    """Those in which demonstrations help on all four tasks."""
    mean: Composed | None
    separable: bool
    """Whether heads could be told apart."""


@once_per_table
def compositions(
    rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams
) -> list[Compositions]:
    """Read what was measured of compositions, for the models on which anything was."""
    found = []
    for result, mine in by_model(rows, PART, measured):
        asked = squares(mine)
        counted = [choose(square) for square in asked if square.counted]
        mean = composed(counted, params.draws)
        found.append(Compositions(result.model, asked, counted, mean, bool(asked)))
    return found


def finding(found: Compositions) -> Finding:
    """Judge C7."""
    mean = found.mean
    return wording.finding(
        "C7",
        found.model,
        judge_composition(mean) if found.separable else _NO_HEADS,
        statement=_statement(found, mean),
        quantity=QUANTITY,
        measure=None if mean is None else Measure.of(mean.composed),
        n=0 if mean is None else mean.n_clusters,
        unit="queries",
        controls=() if mean is None else _controls(mean),
    )


def _controls(mean: Composed) -> list[Control | None]:
    beside = {
        OWN: (mean.beside[OWN], "What the vector that should have come out gives."),
        SUMMED: (mean.beside[SUMMED], "The two vectors added, that of neither not subtracted."),
        "with demonstrations": (mean.reference, "What demonstrations of the task itself give."),
    }
    return wording.controls_of_tasks(mean.strongest, mean.controls, MEANINGS, beside)


def _statement(found: Compositions, mean: Composed | None) -> str:
    asked = len(found.squares)
    if mean is None:
        added = sum(square.measured for square in found.squares)
        return (
            f"Of {asked} compositions none can be judged: on none do demonstrations help with all four tasks "
            f"(with the three whose vectors are added up: on {added})."
        )
    names = ", ".join(choice.answers.name for choice in found.counted)
    return (
        f"Added up from the vectors of three other tasks, a vector takes accuracy on a task of two things "
        f"from {percent(mean.controls[NONE][0])} to {percent(mean.composed[0])}; the task's own vector to "
        f"{percent(mean.beside[OWN][0])}, demonstrations to {percent(mean.reference[0])} (mean over "
        f"{mean.n_squares} of {asked} compositions, those in which demonstrations help with all four tasks: "
        f"{names})."
    )
