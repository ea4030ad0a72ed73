"""The rules by which H1 and H2 are judged.

Everything is macro-F1 over queries, averaged over the tasks that the model does as they are: those whose
unaltered F1 lies 10 points or more above the floor. The floor is guessing, or labels given at random where
those score higher. Draws of demonstrations are resampled. Intervals are 95 %. All values are at the largest
number of demonstrations. "Guessed" means less than 5 points above guessing, the upper end of the interval
included: a model that always gives one class lies below guessing and has learned as little (P5).

**H1, demonstrations select a known task.** Renamed: the label words are replaced by random words, which no
pre-training can have contained. H1 predicts that this is never learned.

- inconclusive by rule: no task that the model does; fewer than 5 draws of demonstrations.
- contradicted: renamed tasks lie above their floor, and rise with the number of demonstrations (the intervals
  of the gain and of the slope on log2 L lie above 0).
- supported: renamed tasks are guessed.
- inconclusive otherwise.

**H2, demonstrations are the training set of a general learner.** Ciphered: the texts' words are replaced
by a random bijection of the vocabulary; a learner of token counts does not notice. H2 predicts that a model
learns what such a learner learns. The floor is guessing, or the same with a new image at each occurrence.

- inconclusive by rule: as for H1; texts could not be put in cipher; the reference learner itself is at its
  floor (its gain's interval reaches 0) so that nothing could have been learned.
- contradicted: ciphered tasks are guessed.
- supported: ciphered tasks rise with the number of demonstrations, and gain more than half of what the
  reference learner gains (the intervals of the slope and of gain - reference/2 lie above 0).
- inconclusive otherwise: something is learned, and less than half of it.
"""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves

FEWEST_DRAWS = 5
"""Draws of demonstrations of a task below which a bootstrap says nothing."""
MARGIN = 0.05
"""Macro-F1 above guessing that counts as nothing (protocol 6)."""


def judge_selection(found: ModelCurves) -> Judgement:
    """Judge H1."""
    gate = _gate(found)
    if gate is not None:
        return gate
    gain, slope = Measure.of(found.renamed_gain), Measure.of(found.renamed_slope)
    if gain.low > 0 and slope.low > 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"Tasks whose label words are new are learned: {points(gain)} above the floor, and "
            f"{points(slope)} more with each doubling of the demonstrations.",
        )
    if guessed(found.renamed_over_guessing):
        return Judgement(
            Verdict.SUPPORTED,
            "The model does these tasks under their own label words and guesses under new ones: its F1 lies "
            f"{from_guessing(found.renamed_over_guessing)}.",
        )
    return _inconclusive(
        f"With new label words the model scores {points(gain)} above the floor, and {points(slope)} more "
        "with each doubling of the demonstrations."
    )


def judge_learning(found: ModelCurves) -> Judgement:
    """Judge H2."""
    gate = _gate(found)
    if gate is not None:
        return gate
    if not found.ciphers_measured:
        return _inconclusive("This model's tokenizer does not say where texts stand, so none was ciphered.")
    reference, gain = Measure.of(found.reference_gain), Measure.of(found.ciphered_gain)
    if reference.low <= 0:
        return _inconclusive(
            f"The reference learner itself is near guessing ({points(reference)} above it): these "
            "demonstrations do not hold enough for anybody to learn from."
        )
    if guessed(found.ciphered_over_guessing):
        return Judgement(
            Verdict.CONTRADICTED,
            f"Texts in cipher are guessed: F1 lies {from_guessing(found.ciphered_over_guessing)}, where "
            f"logistic regression gains {points(reference)} from the same demonstrations.",
        )
    half = Measure.of(found.ciphered_gain - found.reference_gain / 2)
    slope = Measure.of(found.ciphered_slope)
    if half.low > 0 and slope.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"Texts in cipher are learned: {points(gain)} above the floor, where logistic regression gains "
            f"{points(reference)} from the same demonstrations.",
        )
    return _inconclusive(
        f"From texts in cipher the model gains {points(gain)}, logistic regression {points(reference)}: "
        "neither nothing nor clearly more than half."
    )


def guessed(over_guessing: np.ndarray) -> bool:
    """Whether F1 is less than the margin above guessing, the upper end of its interval included."""
    return Measure.of(over_guessing).high < MARGIN


def points(measure: Measure) -> str:
    """Print a difference of F1 with its interval, in points."""
    return f"{100 * measure.value:.0f} points ({100 * measure.low:.0f} to {100 * measure.high:.0f})"


def from_guessing(draws: np.ndarray) -> str:
    """Print where F1 lies beside guessing: ``9 points below guessing (95 %: -16 to -3)``."""
    found = Measure.of(draws)
    side = "below" if found.value < 0 else "above"
    low, high = (100 * end for end in (found.low, found.high))
    return f"{100 * abs(found.value):.0f} points {side} guessing (95 %: {low:+.0f} to {high:+.0f})"


def _gate(found: ModelCurves) -> Judgement | None:
    if not found.able:
        return _inconclusive(
            "The model does none of these tasks even as they are, so changing them can show nothing."
        )
    fewest = min(task.grid.n_repetitions for task in found.able)
    if fewest < FEWEST_DRAWS:
        return _inconclusive(
            f"Only {fewest} draws of demonstrations were measured; at least {FEWEST_DRAWS} are needed."
        )
    return None


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
