"""The rule by which RQ5 is judged.

If a head's vote stands for the model's answer, then what is known to change answers must change the vote as
much: other demonstrations (M7, M10), other labels (M8), other inputs (M9). For every question and condition
the change from the plain condition is taken of the answer (probability of the right label) and of the vote
(its share for the right class) of the head chosen on other questions. Their correlation over questions and
conditions is how far the vote foretells the change; for each kind of change it is held against all controls:
how many demonstrations show the right class, whether the last one does, what the change does to all votes
alike, what it does to the model without demonstrations, and the vote before the change, with which both
changes go down from high and up from low even if answers no longer follow votes after it.

- inconclusive by rule: a kind of change moves the answers by less than 0.02 (s.d.): there is nothing to
  foretell.
- supported: for each kind the interval of the vote's correlation, less the strongest control or 0 if that is
  more, lies above 0. The strongest is chosen anew in every resample.
- contradicted: for one kind or more, the vote foretells less than the strongest control, or the opposite of
  what happens: the interval of its correlation less that control's, at 95 % for all four kinds together
  (Bonferroni), lies below 0.
- inconclusive otherwise.

Whether the changes go the way that the account expects, the nearest texts helping and spoiled letters
harming, is shown beside it and not judged: what a kernel regression expects of them depends on its kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import percentile_interval
from taskscope.studies.judgement import Judgement, Measure

LEAST_SPREAD = 0.02
"""S.d. of the changes of an answer below which there is nothing to foretell."""


@dataclass(frozen=True)
class Foretold:
    """One kind of change; arrays (1 + draw,) are correlations with the change of the answer."""

    kind: str
    vote: np.ndarray
    controls: dict[str, np.ndarray]
    spread: float
    """S.d. of the change of the answer."""

    @property
    def still(self) -> bool:
        """Whether the answers hardly move."""
        return self.spread < LEAST_SPREAD

    @property
    def strongest(self) -> str:
        """The control that foretells most."""
        return max(self.controls, key=lambda name: float(self.controls[name][0]))

    @property
    def lead(self) -> np.ndarray:
        """What the vote foretells beyond the strongest control of each resample, or beyond nothing."""
        return self.vote - np.maximum(np.max(list(self.controls.values()), axis=0), 0)

    @property
    def behind(self) -> float:
        """Upper end of the vote's correlation less the strongest control's, 95 % for all kinds together."""
        against = np.maximum(self.controls[self.strongest], 0)
        return float(percentile_interval((self.vote - against)[1:], 1 - 0.05 / N_KINDS).high)


N_KINDS = 4


def deciding(foretold: Sequence[Foretold]) -> Foretold:
    """Return the kind of change on which the verdict rests, whose numbers stand beside it.

    That is the one that moves the answers least, if any hardly moves them; else the one that lies furthest
    behind its controls, if any does; else the one whose lead over its controls may be smallest.
    """
    still = [each for each in foretold if each.still]
    if still:
        return min(still, key=lambda each: each.spread)
    behind = [each for each in foretold if each.behind < 0]
    if behind:
        return min(behind, key=lambda each: each.behind)
    return min(foretold, key=lambda each: Measure.of(each.lead).low)


def judge(foretold: Sequence[Foretold]) -> Judgement:
    """Judge RQ5."""
    still = [each.kind for each in foretold if each.still]
    if still:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"The answers hardly move with {' and '.join(still)}, so there is nothing to foretell.",
        )
    weakest = deciding(foretold)
    if weakest.behind < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"With other {weakest.kind}, the change of the vote foretells that of the answer less "
            f"({weakest.vote[0]:.2f}) than {weakest.strongest} "
            f"({weakest.controls[weakest.strongest][0]:.2f}).",
        )
    lead = Measure.of(weakest.lead)
    told = f"{lead.value:+.2f} ({lead.low:+.2f} to {lead.high:+.2f}) beyond {weakest.strongest}"
    if lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            "With every kind of change the change of the vote foretells that of the answer more than any "
            f"control; by the smallest lead with {weakest.kind}, {told}.",
        )
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"With other {weakest.kind}, the change of the vote foretells that of the answer by {told}.",
    )
