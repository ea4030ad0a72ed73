"""The rules by which RQ2, RQ3 and RQ4 are judged.

Queries are resampled, one that was asked in several templates or seeds as one unit; values are means over
settings (task, template, seed). All intervals are 95 %.

RQ2, labels are looked at. The lift of a head is how often more than at a demonstration's mean token it looks
at a label; S is the share of heads after the first third of the blocks whose lift is above 2 (M1).
- supported: the interval of S lies above a quarter, and those of S less each control above 0.
- contradicted: the interval of S lies below a quarter, or that of S less the strongest control below 0.
Controls are the same share for the token before each label, which is as frequent, nearly as far and belongs
to the template, and for the labels in a model of the same make with random weights.

RQ3, a few heads of the upper blocks. A voting head agrees with the model, over all questions, more than the
best of all heads does in 95 % of permutations of the outputs between prompts with the same right answer and
the same last label: it follows the model's errors too, and beyond copying what is nearest.
- inconclusive by rule: no head is one; the model nearly always gives one answer (see RQ4); or a fifth of the
  questions are alone with their right answer and last label, so that there is nothing to exchange.
- contradicted: more than a quarter of all heads are; or at most half as many as by chance lie in the upper
  half of the blocks, with a probability below 5 %.
- supported: at most a quarter are, and as many or more of them would lie in the upper half with a probability
  below 5 % if they were placed at random.

RQ4, the vote of one head is the model's answer. The head is the one that agrees most on the selection
questions; everything else is computed on held-out questions.
- inconclusive by rule: fewer than 20 held-out queries; a control agrees 95 % of the time, so that nothing is
  left to rebuild.
- supported: the intervals of its agreement less that of every control lie above 0, and no head agrees as much
  by chance on the selection questions (5 %, outputs permuted between all prompts).
- contradicted: the interval of its agreement less that of the strongest control lies below 0.
Controls are always giving the model's most frequent answer, the demonstrations' most frequent label, the
label of the last one, random attention, and what head and model would share if they had only the right answer
in common: a vote that rebuilds the model must follow its errors too. The model's answer without
demonstrations and its own agreement with itself in other orders are shown beside them.

- inconclusive otherwise.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import hypergeom

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.kernel_regression.weights.resampling import ModelWeights
from taskscope.studies.wording import percent

LEAST_LIFTED = 0.25
"""Share of heads that must look at labels (M1, pass)."""
MOST_VOTING = 0.25
"""Share of heads that are still a few."""
MOST_ALONE = 0.20
"""Share of questions without any to exchange outputs with that the null of RQ3 can bear."""
CHANCE = 0.05
FEWEST_QUERIES = 20
CEILING = 0.95
"""Agreement of a control from which nothing is left to rebuild."""


def judge_labels(found: ModelWeights) -> Judgement:
    """Judge RQ2."""
    share = Measure.of(found.lifted)
    name = strongest(found.lifted_controls)
    least = {n: Measure.of(found.lifted - control) for n, control in found.lifted_controls.items()}
    if share.low > LEAST_LIFTED and all(each.low > 0 for each in least.values()):
        return Judgement(
            Verdict.SUPPORTED,
            f"{interval(share)} of the heads after the first third look at labels more than twice as much as "
            f"at a mean token, {points(least[name])} more than for {name}.",
        )
    if share.high < LEAST_LIFTED:
        return Judgement(
            Verdict.CONTRADICTED,
            f"Only {interval(share)} of the heads after the first third look at labels more than twice as "
            "much as at a mean token.",
        )
    if least[name].high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"Fewer heads look at labels than at {name}, by {points(least[name], -1)}.",
        )
    return _inconclusive(
        f"{interval(share)} of the heads after the first third look at labels more than twice as much as at "
        f"a mean token, {points(least[name])} more than for {name}."
    )


def judge_place(found: ModelWeights) -> Judgement:
    """Judge RQ3."""
    heads, n = found.voting_heads, len(found.heads)
    if found.controls[found.strongest][0] >= CEILING:
        return _inconclusive(f"{_sentence(found.strongest)} is nearly always the model's answer already.")
    if found.alone > MOST_ALONE:
        return _inconclusive(
            f"{percent(found.alone)} of the questions share right answer and last label with no other, so "
            "chance cannot be simulated: more questions for as many classes are needed."
        )
    if not len(heads):
        return _inconclusive("No head's vote agrees with the model more than the best head would by chance.")
    above = int(found.upper[heads].sum())
    told = f"{above} of the {len(heads)} heads whose votes agree lie in the upper half of the blocks"
    if len(heads) > MOST_VOTING * n:
        return Judgement(
            Verdict.CONTRADICTED,
            f"These are not a few heads: the votes of {len(heads)} of {n} agree with the model more than "
            "the best head would by chance.",
        )
    if found.p_placed < CHANCE:
        return Judgement(Verdict.SUPPORTED, f"{told}, by chance p = {found.p_placed:.2g}.")
    below = float(hypergeom.cdf(above, n, int(found.upper.sum()), len(heads)))
    if below < CHANCE:
        return Judgement(Verdict.CONTRADICTED, f"Only {told}, by chance p = {below:.2g}.")
    return _inconclusive(f"{told}, which may be by chance (p = {found.p_placed:.2g}).")


def judge_votes(found: ModelWeights) -> Judgement:
    """Judge RQ4."""
    if found.n_queries < FEWEST_QUERIES:
        return _inconclusive(
            f"Only {found.n_queries} held-out queries were asked; at least {FEWEST_QUERIES} are needed."
        )
    name = found.strongest
    if found.controls[name][0] >= CEILING:
        return _inconclusive(
            f"{_sentence(name)} agrees with the model {percent(found.controls[name][0])} of the time, so "
            "there is nothing left to rebuild."
        )
    ahead = {n: Measure.of(found.agreement - control) for n, control in found.controls.items()}
    if ahead[name].high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"The chosen head's vote says less about the model's answer than {name}, by "
            f"{points(ahead[name], -1)}.",
        )
    closest = min(ahead, key=lambda n: ahead[n].low)
    if ahead[closest].low > 0 and found.p_selection < CHANCE:
        return Judgement(
            Verdict.SUPPORTED,
            f"On questions it was not chosen by, the head's vote agrees with the model "
            f"{points(ahead[closest])} more often than {closest} does, and more than every other control.",
        )
    if found.p_selection >= CHANCE:
        return _inconclusive(
            "On the questions it was chosen by, the head agrees no more than the best of all heads would by "
            f"chance (p = {found.p_selection:.2g})."
        )
    return _inconclusive(
        f"The head's vote agrees with the model {points(ahead[closest])} more often than {closest} does."
    )


def strongest(controls: dict[str, np.ndarray]) -> str:
    """Name the control with the highest estimate."""
    return max(controls, key=lambda name: float(controls[name][0]))


def points(measure: Measure, sign: int = 1) -> str:
    """Print a difference of shares with its interval, in points."""
    low, high = sorted((sign * measure.low, sign * measure.high))
    return f"{100 * sign * measure.value:.0f} points ({100 * low:.0f} to {100 * high:.0f})"


def interval(measure: Measure) -> str:
    """Print a share with its interval: ``40 % (30 to 50)``."""
    return f"{percent(measure.value)} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"


def _sentence(name: str) -> str:
    return name[0].upper() + name[1:]


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
