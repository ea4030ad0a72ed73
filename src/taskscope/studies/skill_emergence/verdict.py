"""The rules by which the two claims that simulations decide are judged. Intervals are 95 %.

**5, the random-graph theorem.** For each random graph the worst failures that were found are compared with
the bound certified for a graph of its size (99.9 %). The control: the same adversary on graphs in which the
skills of a text come from one cluster, where the theorem's assumption is broken and the bound must fall.

- inconclusive by rule: the control does not get past the bound on more than half of its graphs (Wilson's
  interval), so that the search could not have found a violation; or there is no control.
- supported: the share of random graphs past their bound is below 5 %, its interval included. That takes 73
  graphs without a violation.
- contradicted: that share is above 5 %, its interval included.
- inconclusive otherwise.

**6, tuples double per decade.** In each simulated world the mistakes shrink along a scaling law from 10^10 to
10^13 tokens, in proportion to the excess loss. How many skills at once are then handled as single skills were
at the start, on the worst fifth of the sets? The growth of that number per decade is compared with the same
world's growth when mistakes shrink with the root of the excess (Pinsker's bound), the control.

- inconclusive by rule: fewer than 5 worlds; competence on single skills at the start below 10 % or above
  95 %, where equal competence means little; no control.
- supported: the growth lies above the control's, intervals included, and is not clearly below 2.
- contradicted: it lies below the control's, or there is none.
- inconclusive otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import wilson
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.skill_emergence.emergence import ADVERSARIAL, LINEAR, ROOT, START
from taskscope.studies.skill_emergence.grids import Adversaries, Emergence
from taskscope.studies.skill_emergence.rows import CLUSTERED, WORST

MOST_VIOLATIONS = 0.05
"""Share of graphs past the bound that a claim about nearly all graphs can bear."""
FEWEST_WORLDS = 5
FLOOR, CEILING = 0.10, 0.95
DOUBLED = 2.0
"""Growth per decade that the claim names."""
END = 1e13
"""Tokens at which growth is read off."""


@dataclass(frozen=True)
class Violations:
    """Graphs past their certified bound."""

    n: int
    past: int

    @classmethod
    def of(cls, adversaries: tuple[Adversaries, ...], failures: str) -> Violations:
        """Count over all settings."""
        past = np.concatenate([np.empty(0, bool), *(each.past(failures) for each in adversaries)])
        return cls(len(past), int(past.sum()))

    @property
    def share(self) -> Measure:
        """Share with Wilson's interval."""
        value = self.past / max(self.n, 1)
        bounds = wilson(value, self.n)
        return Measure(value, float(bounds.low), float(bounds.high))


def judge_theorem(adversaries: tuple[Adversaries, ...]) -> Judgement:
    """Judge claim 5."""
    random, broken = Violations.of(adversaries, WORST), Violations.of(adversaries, CLUSTERED)
    if broken.share.low <= 0.5:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"With clustered skills {broken.past} of {broken.n} graphs get past the bound: too few to know "
            "that a violation would have been found.",
        )
    told = f"{random.past} of {random.n} random graphs get past the certified bound"
    if random.share.high < MOST_VIOLATIONS:
        return Judgement(
            Verdict.SUPPORTED,
            f"{told}, and {broken.past} of {broken.n} graphs where the skills of a text belong together.",
        )
    if random.share.low > MOST_VIOLATIONS:
        return Judgement(Verdict.CONTRADICTED, f"{told}.")
    return Judgement(
        Verdict.INCONCLUSIVE, f"{told}: too few graphs, or too many violations, to call it nearly none."
    )


def judge_growth(found: Emergence) -> Judgement:
    """Judge claim 6."""
    grown, control = growth(found, LINEAR), growth(found, ROOT)
    if grown is None or control is None:
        return Judgement(Verdict.INCONCLUSIVE, "Only one link from excess loss to mistakes was simulated.")
    values = found.competence[LINEAR, ADVERSARIAL]
    if len(values) < FEWEST_WORLDS:
        return Judgement(
            Verdict.INCONCLUSIVE, f"Only {len(values)} worlds were simulated; {FEWEST_WORLDS} are needed."
        )
    at_start = float(start_competence(found).mean())
    if not FLOOR <= at_start <= CEILING:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"Competence on single skills at the start is {at_start:.2f}: at the floor or the ceiling, where "
            "equal competence means little.",
        )
    a, b = measure(grown), measure(control)
    told = (
        f"At equal competence {a.value:.2f} times as many skills combine with each decade when mistakes go "
        f"with the excess loss, {b.value:.2f} times when they go with its root"
    )
    if a.low > b.high and a.high >= DOUBLED:
        return Judgement(
            Verdict.SUPPORTED, f"{told}; the claim stands or falls with the first of these assumptions."
        )
    if a.high < b.low or a.high <= 1:
        return Judgement(Verdict.CONTRADICTED, f"{told}.")
    if a.low > b.high:
        return Judgement(Verdict.INCONCLUSIVE, f"{told}: faster, and clearly less than double.")
    return Judgement(Verdict.INCONCLUSIVE, f"{told}: not clearly apart.")


def start_competence(found: Emergence) -> np.ndarray:
    """Competence on the worst single skills at the start, (graph,)."""
    return found.competence[LINEAR, ADVERSARIAL][:, found.tokens.index(START), 0]


def growth(found: Emergence, link: str) -> np.ndarray | None:
    """Factor per decade by which the size of sets grows at equal competence, (graph,); None if not measured.

    Read off the worst case, between the sizes that were simulated: -ln competence over ln size, by straight
    lines. A set larger than the largest one simulated counts as the largest.
    """
    values = found.competence.get((link, ADVERSARIAL))
    if values is None:
        return None
    start, end = found.tokens.index(START), found.tokens.index(END)
    hard = -np.log(np.maximum(values, 1e-12))
    sizes = np.log(found.sizes)
    reached = [np.interp(each[start, 0], each[end], sizes) for each in hard]
    return np.exp(np.array(reached) / np.log10(END / START))


def measure(values: np.ndarray) -> Measure:
    """Mean of independent units with Student's interval."""
    n = len(values)
    half = stdtrit(n - 1, 0.975) * values.std(ddof=1) / n**0.5 if n > 1 else np.inf
    mean = float(values.mean())
    return Measure(mean, float(mean - half), float(mean + half))
