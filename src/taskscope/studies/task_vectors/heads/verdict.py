"""The rule by which C6 is judged.

The heads are those whose replacement by their mean over right demonstrations most raises the probability of
the answer behind swapped labels, averaged over development queries of the other tasks (FV-3, FV-4). The block
after which their sum is added, and the strongest control there, are chosen for each task on its development
queries; everything below is computed on test queries that stand alone, without demonstrations, averaged over
the tasks on which demonstrations help (as for C1). Queries are resampled within tasks, tasks where there are
six. All intervals are 95 %. Notation: B nothing added, V the function vector added, N sums of as many random
heads, C* the strongest control, R with demonstrations.

- inconclusive by rule: heads cannot be told apart; no such task; fewer than 20 independent queries; R not
  above C*.
- supported: V lies nearer to R than to C*, and random heads give at most a third of what the chosen ones do:
  the intervals of V - (R + C*)/2 and of (V - B)/3 - (N - B) lie above 0.
- contradicted: one of the two lies below 0.
- inconclusive otherwise.

Controls are nothing added, random heads, random vectors of the same length, the same heads' means over
another task, always giving the most frequent label, and a random item's label. The layer average (the mean
residual of prompts with demonstrations, added where it was read) is shown beside them and is no control: what
the heads wrote is part of it, so that it may do as well in a world where the claim is true. The published
comparison, 20 points between the two, is therefore reported and not judged.
"""

from __future__ import annotations

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.heads.resampling import Carried
from taskscope.studies.task_vectors.verdicts import FEWEST_QUERIES


def judge_heads(found: Carried | None) -> Judgement:
    """Judge C6; None where there is no task on which demonstrations help."""
    if found is None:
        return _inconclusive("On no task do demonstrations help, so no head can carry anything.")
    if found.n_clusters < FEWEST_QUERIES:
        return _inconclusive(
            f"Only {found.n_clusters} independent queries were tested; at least {FEWEST_QUERIES} are needed."
        )
    if Measure.of(found.reference - found.strongest).low <= 0:
        return _inconclusive("With demonstrations the model does no better than the strongest control.")
    gain = Measure.of(found.vector - (found.reference + found.strongest) / 2)
    few = Measure.of(found.beyond_random)
    if gain.low > 0 and few.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"The function vector's accuracy lies {_points(gain)} above the midpoint between the strongest "
            "control and that with demonstrations, and random heads give less than a third of what the "
            "chosen ones add.",
        )
    if gain.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            "What a few heads write does not do the task by itself: the function vector's accuracy lies "
            f"{_points(gain, -1)} below the midpoint between the strongest control and that with "
            "demonstrations.",
        )
    if few.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            "The heads are no few special ones: as many random heads give more than a third of what the "
            "chosen ones add.",
        )
    return _inconclusive(
        f"The function vector's accuracy lies {_points(gain)} from the midpoint between the strongest "
        "control and that with demonstrations; random heads' gain lies "
        f"{_points(few, -1)} from a third of that of the chosen ones."
    )


def _points(measure: Measure, sign: int = 1) -> str:
    low, high = sorted((sign * measure.low, sign * measure.high))
    return f"{100 * sign * measure.value:.0f} points ({100 * low:.0f} to {100 * high:.0f})"


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
