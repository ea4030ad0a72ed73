"""What is shown to the model and to the reference learners, and what pages call it."""

from __future__ import annotations

VANILLA = "vanilla"
RENAMED = "renamed"
UNLEARNABLE = "labels at random"
SWAPPED = "swapped"
CIPHERED = "ciphered"
SCRAMBLED = "scrambled"
WHOLE = "ciphered whole"

LABELS = {
    VANILLA: "the task as it is",
    RENAMED: "label words replaced by random words",
    UNLEARNABLE: "random label words, given at random",
    SWAPPED: "label words exchanged",
    CIPHERED: "texts in cipher",
    SCRAMBLED: "texts in a new cipher at each token",
    WHOLE: "texts and template in cipher",
}
"""The conditions in the order in which they are shown; of the rows, `RENAMED` is the published RA task and
`WHOLE` the published PA task. `UNLEARNABLE` and `SCRAMBLED` are controls: there is nothing to learn in them
(protocol 5.6)."""
CONTROLS = (UNLEARNABLE, SCRAMBLED)

WORDS, BUCKETED = "words", "bucketed"
OTHER_CIPHERS = {
    WORDS: "texts in a cipher of words alone",
    BUCKETED: "texts in a cipher among tokens of similar frequency",
}
"""Measured at the largest number of demonstrations alone (P9)."""

LEARNERS = {
    "token_logistic": "logistic regression on token counts",
    "token_logistic_cv": "logistic regression, regularisation chosen by cross-validation",
    "token_logistic_oracle": "logistic regression, regularisation chosen on the answers (as published)",
    "naive_bayes": "naive Bayes on token counts",
    "nearest": "nearest demonstration (Jaccard)",
    "centroid": "nearest class centroid (TF-IDF)",
    "majority": "most frequent label shown",
    "recency": "last label shown",
}
"""Reference learners, which see the same demonstrations; none of them can tell a cipher from plain text."""
REFERENCE = "token_logistic"
"""The learner that decides whether the demonstrations hold enough to learn from (H2)."""


def ladder(share: float) -> str:
    """Name the condition in which a share of the tokens is ciphered."""
    return f"{100 * share:g} % ciphered"


def scrambled_ladder(share: float) -> str:
    """Name its control: the same share, a new image at each occurrence."""
    return f"{100 * share:g} % scrambled"
