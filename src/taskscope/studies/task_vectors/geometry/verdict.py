"""The rule by which C3 is judged.

Compared are the tasks on which demonstrations help (as for C1), after the block that is best for all of them
on development pairs: nothing is chosen on the thetas judged. The estimate is the task's share of theta's
variation (see `variance`), mean over tasks: 1 if all thetas of a task are equal, 0 if thetas of one task lie
as far apart as thetas of different ones. Controls are the same share of vectors that lack what the claim is
about:

- no demonstrations: the state at the arrow behind the dummy alone. Tasks differ in their inputs, so dummies'
  words separate tasks without anything being learnt from demonstrations.
- theta of swapped labels: the words of the demonstrations without the mapping. As for C1 it counts on those
  tasks alone where swapping hides the task from the model.
- theta after the first block: what one look at the words gives.
- chance: 0.

C* is each task's strongest control, averaged.

- inconclusive by rule: fewer than two tasks counted; fewer than 20 sets of demonstrations; C* above 0.95, for
  then no room is left above the control; the shared block is the first, so that theta is its own control.
- supported: the share lies nearer to 1 than to C*: the interval of share - (1 + C*)/2 lies above 0.
- contradicted: that interval lies below 0: demonstrations and dummies move theta by more than half of the
  room that the strongest control leaves.
- inconclusive otherwise.
"""

from __future__ import annotations

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.geometry.variance import Shares

FEWEST_SETS = 20
"""Sets of demonstrations below which a bootstrap says nothing."""
CEILING = 0.95
"""Share of a control above which there is no room to beat it."""


def judge_geometry(shares: Shares | None, block: int | None) -> Judgement:
    """Judge C3.

    Args:
        shares: None where fewer than two tasks can be compared.
        block: The shared block.
    """
    if shares is None:
        return _inconclusive(
            "Demonstrations help on fewer than two tasks, so no task can lie apart from another."
        )
    if shares.n_sets < FEWEST_SETS:
        return _inconclusive(
            f"Only {shares.n_sets} sets of demonstrations were compared; at least {FEWEST_SETS} are needed."
        )
    if block == 0:
        return _inconclusive(
            "The shared block is the first one, where theta cannot be told from a first look at the words."
        )
    control = Measure.of(shares.strongest)
    if control.value > CEILING:
        return _inconclusive(
            f"The strongest control separates the tasks as well ({control.value:.2f}), so that there is no "
            "room above it."
        )
    margin = Measure.of(shares.theta - (1 + shares.strongest) / 2)
    span = f"{abs(margin.value):.2f} ({margin.low:+.2f} to {margin.high:+.2f})"
    if margin.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"The task's share of theta's variation lies nearer to all of it than to the strongest control: "
            f"{span} above the midpoint.",
        )
    if margin.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            "Demonstrations and dummies move theta too much: the task's share of its variation lies nearer "
            f"to the strongest control than to all of it, {span} below the midpoint.",
        )
    return _inconclusive(
        "The task's share of theta's variation cannot be told from the midpoint between the strongest "
        f"control and all of it ({margin.low:+.2f} to {margin.high:+.2f} from it)."
    )


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
