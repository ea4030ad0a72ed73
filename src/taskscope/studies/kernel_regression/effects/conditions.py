"""Names of the conditions in which every question of an effect cell is asked (M7 to M10)."""

from __future__ import annotations

from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, SENTENCE, STATE, WORDS

RANDOM = "random texts"
"""The plain condition: demonstrations drawn at random, classes equally often."""
ZERO = "no demonstrations"


def by(way: str, scorer: str) -> str:
    """Name of demonstrations that are the nearest or farthest by one likeness."""
    return f"{way} by {scorer}"


def without(condition: str) -> str:
    """Name of the control that asks the same without demonstrations."""
    return f"{condition}, {ZERO}"


# M7. Classes equally often but in the last, the order at random, so that neither tells what was retrieved.
NEAREST, FARTHEST = "nearest", "farthest"
ANY_LABEL = "nearest by words, whatever their labels"
RETRIEVED = (
    *(by(way, scorer) for scorer in (WORDS, STATE, PREDICTION, SENTENCE) for way in (NEAREST, FARTHEST)),
    ANY_LABEL,
)

# M8.
UNRELATED, SYMBOLS, SWAPPED = "unrelated words", "symbols", "swapped words"
RANDOM_LABELS, EXCHANGED, NO_LABELS = "random labels", "labels exchanged", "no labels"
LABELS = (UNRELATED, SYMBOLS, SWAPPED, RANDOM_LABELS, EXCHANGED)

# M9.
TYPO_RATES = {"typos 5 %": 0.05, "typos 10 %": 0.10, "typos 20 %": 0.20}
"""Share of letters that are spoiled."""
RARE, CLAUSES = "rare words", "clauses around it"
INPUTS = (*TYPO_RATES, RARE, CLAUSES)

# M10.
TYPICAL, OUTLIERS, PLAINEST = "representative texts", "outliers", "texts of lowest perplexity"
OTHER_DOMAIN, OTHER_TEXTS = "texts of another domain", "texts of another task, labels at random"
SAMPLES = (TYPICAL, OUTLIERS, PLAINEST, OTHER_DOMAIN, OTHER_TEXTS)

KINDS = {"retrieval": RETRIEVED, "label words": LABELS, "inputs": INPUTS, "samples": SAMPLES}
"""Conditions of each kind of change; which of them were asked depends on the task and what is installed."""
