"""The rule by which C4 is judged.

For every ordered pair of tasks that share inputs, on both of which demonstrations help (as for C1),
demonstrations of A are shown and theta of B is put in, after the block that is best for B on development
pairs; no query of either task's development half is asked. Written X|c: how often the answer is X's under c.

- R: B|demonstrations of B, on the same queries. C*: the largest, for each task B, of B|nothing put in,
  B|theta of A itself, B|theta of an unrelated task, B|a random vector of theta's length, all with
  demonstrations of A. The unrelated one stands for models that do B wherever they are not held to A.
- Means are over tasks B, each over its pairs; queries are resampled within tasks, tasks where there are six.

- inconclusive by rule: no such pair; fewer than 20 independent queries; R not above C*.
- supported: B|theta of B lies nearer to R than to C*, and B's answer comes more often than A's: both
  intervals above 0.
- contradicted: one of the two intervals lies below 0.
- inconclusive otherwise.
"""

from __future__ import annotations

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.conflict.resampling import Override
from taskscope.studies.task_vectors.verdicts import FEWEST_QUERIES


def judge_conflict(found: Override | None) -> Judgement:
    """Judge C4; None where no two tasks can conflict."""
    if found is None:
        return _inconclusive("No two of the tasks on which demonstrations help take the same inputs.")
    if found.n_clusters < FEWEST_QUERIES:
        return _inconclusive(
            f"Only {found.n_clusters} independent queries were asked; at least {FEWEST_QUERIES} are needed."
        )
    if Measure.of(found.reference - found.strongest).low <= 0:
        return _inconclusive(
            "Demonstrations of the other task give its answer no more often than the strongest control does."
        )
    gain = Measure.of(found.other - (found.reference + found.strongest) / 2)
    lead = Measure.of(found.other - found.own)
    if gain.low > 0 and lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"The other task's answer comes {_points(lead)} more often than that of the task shown, and "
            f"lies {_points(gain)} above the midpoint between the strongest control and its own "
            "demonstrations.",
        )
    if lead.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"The demonstrations win: the task shown gets its answer {_points(lead, -1)} more often.",
        )
    if gain.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"Theta seldom brings its own task's answer: {_points(gain, -1)} below the midpoint between the "
            "strongest control and that task's own demonstrations.",
        )
    return _inconclusive(
        f"Neither wins clearly: the other task's answer leads by {_points(lead)}, and lies "
        f"{_points(gain)} from the midpoint between the strongest control and its own demonstrations."
    )


def _points(measure: Measure, sign: int = 1) -> str:
    ends = sorted((sign * measure.low, sign * measure.high))
    return f"{100 * sign * measure.value:.0f} points ({100 * ends[0]:.0f} to {100 * ends[1]:.0f})"


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
