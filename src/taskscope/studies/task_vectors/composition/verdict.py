"""The rule by which C7 is judged.

Four tasks make a square: neither of two things is done, one, the other, both. The vector that is tried is
v(one) + v(other) - v(neither), from heads chosen on these three tasks; it is added to queries of the fourth
that stand alone. A square counts if demonstrations help on all four tasks (development queries). The block
and the strongest control there are chosen on development queries; everything below is computed on test
queries, averaged over the squares that count. Queries are resampled within tasks, squares where there are
six. All intervals are 95 %. Notation: V the composed vector, C* the strongest control, R with demonstrations.

- inconclusive by rule: heads cannot be told apart; no square counts; fewer than 20 independent queries; the
  function vectors of `one` and `other` do not do their own tasks (their accuracy is not above the midpoint
  between nothing added and demonstrations), so that there is nothing to add up; R not above C*.
- supported: V lies nearer to R than to C*: the interval of V - (R + C*)/2 lies above 0.
- contradicted: it lies below 0.
- inconclusive otherwise.

Controls are nothing added, either summand alone, the wrong sign, the same sum of as many random heads, always
giving the most frequent label, and a random item's label. The task's own vector, and the sum without anything
subtracted, are shown beside them and are no controls: where the claim is true both may do as well.
"""

from __future__ import annotations

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.composition.resampling import Composed
from taskscope.studies.task_vectors.verdicts import FEWEST_QUERIES


def judge_composition(found: Composed | None) -> Judgement:
    """Judge C7; None where no square counts."""
    if found is None:
        return _inconclusive("In no square of four tasks do demonstrations help on all four.")
    if found.n_clusters < FEWEST_QUERIES:
        return _inconclusive(
            f"Only {found.n_clusters} independent queries were tested; at least {FEWEST_QUERIES} are needed."
        )
    parts = Measure.of(found.parts)
    if parts.low <= 0:
        return _inconclusive(
            "The vectors that are added up do not do their own tasks, so there is nothing to add: their "
            f"accuracy lies {_points(parts)} from the midpoint between nothing added and demonstrations."
        )
    if Measure.of(found.reference - found.strongest).low <= 0:
        return _inconclusive("With demonstrations the model does no better than the strongest control.")
    gain = Measure.of(found.composed - (found.reference + found.strongest) / 2)
    if gain.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"The composed vector's accuracy lies {_points(gain)} above the midpoint between the strongest "
            "control and that with demonstrations.",
        )
    if gain.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            "The vectors do their own tasks, and their sum does not do both: its accuracy lies "
            f"{_points(gain)} from the midpoint between the strongest control and that with demonstrations.",
        )
    return _inconclusive(
        f"The composed vector's accuracy lies {_points(gain)} from the midpoint between the strongest "
        "control and that with demonstrations."
    )


def _points(measure: Measure) -> str:
    value, low, high = (100 * x for x in (measure.value, measure.low, measure.high))
    return f"{value:.0f} points ({low:.0f} to {high:.0f})"


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
