"""From the rows of head cells to the finding on C6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from taskscope.report.findings import Control, Finding, Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors import wording
from taskscope.studies.task_vectors.heads.grids import (
    Effects,
    head_effects,
    left_out,
    task_answers,
    without_heads,
)
from taskscope.studies.task_vectors.heads.resampling import (
    COLLISION,
    MAJORITY,
    Carried,
    TaskChoice,
    carried,
    choose,
)
from taskscope.studies.task_vectors.heads.rows import (
    EFFECT,
    LAYER,
    NONE,
    OTHER,
    OWN,
    RANDOM,
    RANDOM_HEADS,
    VECTOR,
)
from taskscope.studies.task_vectors.heads.verdict import judge_heads
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import by_model
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.wording import percent

QUANTITY = "right answers without demonstrations, with the function vector added"
MEANINGS = {
    NONE: "What the model answers to the query alone.",
    RANDOM_HEADS: "Whether any heads would do: mean over sets of as many, drawn from all the others.",
    RANDOM: "Whether any disturbance of this length would do.",
    OTHER: "Whether any task would do: the same heads, their mean outputs over another task.",
    MAJORITY: "What always giving the most frequent label would score.",
    COLLISION: "What giving a random item's label would score.",
}
_NO_HEADS = Judgement(
    Verdict.INCONCLUSIVE,
    "No block of this model mixes its heads by one linear map, so none can be told apart.",
)


@dataclass(frozen=True)
class FunctionVectors:
    """Everything measured on one model's heads."""

    model: str
    effects: list[Effects]
    """Of every task measured."""
    tasks: list[TaskChoice]
    """Those on which demonstrations help."""
    mean: Carried | None
    separable: bool
    """Whether heads could be told apart."""
    left_out: dict[str, str]
    """Tasks that could not be asked, each with the reason."""
    without_heads: dict[int, str]
    """Blocks whose heads could not be told apart, each with the reason."""

    @property
    def size(self) -> int:
        """Heads in a function vector."""
        return max((task.answers.size for task in self.tasks), default=0)

    @property
    def n_heads(self) -> int:
        """Heads whose effect was measured."""
        return max((len(each.sites) for each in self.effects), default=0)


@once_per_table
def function_vectors(
    rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams
) -> list[FunctionVectors]:
    """Read what was measured on heads, for the models on which anything was."""
    found = []
    for result, _ in by_model(rows, EFFECT, measured):
        able = {task.task for task, _ in result.admitted}
        answers = task_answers(rows, result.model)
        tasks = [choose(each) for each in answers if each.task in able]
        effects = head_effects(rows, result.model)
        mean = carried(tasks, params.draws)
        refused, lacking = left_out(rows, result.model), without_heads(rows, result.model)
        found.append(FunctionVectors(result.model, effects, tasks, mean, bool(effects), refused, lacking))
    return found


def finding(found: FunctionVectors) -> Finding:
    """Judge C6."""
    mean = found.mean
    return wording.finding(
        "C6",
        found.model,
        judge_heads(mean) if found.separable else _NO_HEADS,
        statement=_statement(found, mean),
        quantity=QUANTITY,
        measure=None if mean is None else Measure.of(mean.vector),
        n=0 if mean is None else mean.n_clusters,
        unit="queries",
        controls=() if mean is None else _controls(mean),
    )


def _controls(mean: Carried) -> list[Control | None]:
    beside = {
        LAYER: (
            mean.beside[LAYER],
            "The mean residual of prompts with demonstrations, all heads in it.",
        ),
        OWN: (mean.beside[OWN], "What heads chosen for this very task give."),
        "with demonstrations": (mean.reference, "The most that a function vector could give."),
    }
    return wording.controls_of_tasks(mean.strongest, mean.controls, MEANINGS, beside)


def _statement(found: FunctionVectors, mean: Carried | None) -> str:
    names = ", ".join(found.left_out)
    without = f" Left out, because they could not be asked: {names}." if names else ""
    blocks = ", ".join(map(str, found.without_heads))
    without += f" Left out, because their heads cannot be told apart: blocks {blocks}." if blocks else ""
    if mean is None:
        return f"No function vector can be judged on this model.{without}"
    heads = "one head" if found.size == 1 else f"{found.size} heads"
    return (
        f"The mean output of {heads} of {found.n_heads}, chosen on the other tasks and added to a query "
        f"alone, takes accuracy from {percent(mean.controls[NONE][0])} to {percent(mean.vector[0])}; as "
        f"many random heads to {percent(mean.controls[RANDOM_HEADS][0])}, demonstrations to "
        f"{percent(mean.reference[0])}. Behind demonstrations with swapped labels it goes from "
        f"{percent(mean.swapped[NONE][0])} to {percent(mean.swapped[VECTOR][0])} (mean over {mean.n_tasks} "
        f"tasks on which demonstrations help).{without}"
    )
