"""S4: how well an ideal learner can answer prompts of GINC, and the trap of its zero transitions.

One draw is one language for each size of vocabulary. The ceiling is the exact Bayesian predictor over the
training concepts with smoothed transitions. Beside it stand the same without smoothing, which holds most
prompts for impossible, and prompts of concepts that it does not know.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import ginc

NUMBER = "S4"
CEILING, UNSMOOTHED = "exact Bayes", "exact Bayes, not smoothed"
UNSEEN, NO_CONCEPT = "prompts of an unseen concept", "prompts of no concept"
METHODS = (CEILING, UNSMOOTHED, UNSEEN, NO_CONCEPT)
ACCURACY, IMPOSSIBLE, ZEROS = "accuracy", "impossible", "zero transitions"


class GincParams(Params):
    """Sizes of S4."""

    vocabularies: tuple[int, ...] = Field(default=(50, 100, 150), min_length=1)
    """Symbols M, the delimiter among them."""
    lengths: tuple[int, ...] = Field(default=(3, 5, 8, 10), min_length=1)
    """Symbols k of an example, its label among them."""
    shots: tuple[int, ...] = Field(default=(0, 1, 2, 4, 8, 16, 32, 64), min_length=1)
    """Ascending numbers of examples n; the prompts of one length are nested in them."""
    n_prompts: int = Field(default=300, ge=2)
    n_control_prompts: int = Field(default=100, ge=2)
    """Prompts of each comparison, at the first and last of the lengths."""
    smoothing: float = Field(default=0.01, gt=0, lt=1)
    """Share e of uniform jumps mixed into the transitions."""


SIZES = {
    "smoke": GincParams(vocabularies=(50,), lengths=(3, 10), shots=(0, 1, 4, 16), n_prompts=100),
    "standard": GincParams(),
    "full": GincParams(n_prompts=1000, n_control_prompts=300),
    "paper": GincParams(n_prompts=2500, n_control_prompts=2500),
}
"""By profile; published prompts are 2500 of each shape."""
SEEDS = {"smoke": 1, "standard": 3, "full": 8, "paper": 5}


def simulate(params: GincParams, rng: np.random.Generator) -> pa.Table:
    """Draw languages and prompts once and answer them exactly; rows of `rows.SCHEMA`."""
    found = RowWriter(NUMBER)
    for vocabulary in params.vocabularies:
        made = ginc.language(vocabulary, rng)
        found.fact(f"M={vocabulary}", "", ZEROS, made.zeros)
        for k in params.lengths:
            _shape(found, params, made, k, rng)
    return found.table()


def shape(vocabulary: int, k: int) -> str:
    """Name of the setting of one vocabulary and one length of examples."""
    return f"M={vocabulary}, k={k}"


def _shape(
    found: RowWriter, params: GincParams, made: ginc.Language, k: int, rng: np.random.Generator
) -> None:
    setting, most, few = shape(made.vocabulary, k), params.shots[-1], params.n_control_prompts

    def drawn(count: int, first: int) -> ginc.Prompts:
        concepts = rng.integers(first, first + ginc.TRAINED, size=count)
        return ginc.prompts(made, concepts, most, k, rng, rng.integers(1, ginc.SLOTS, size=count))

    def answered(method: str, shown: ginc.Prompts, smoothing: float) -> None:
        answers = ginc.bayes_answers(made, shown, params.shots, smoothing)
        right = (answers == shown.labels).mean(axis=1)
        found.add(setting, method, ACCURACY, right[:, None], params.shots)
        if method == UNSMOOTHED:
            found.add(setting, method, IMPOSSIBLE, (answers < 0).mean(axis=1)[:, None], params.shots)

    answered(CEILING, drawn(params.n_prompts, 0), params.smoothing)
    if k in (params.lengths[0], params.lengths[-1]):
        answered(UNSMOOTHED, drawn(few, 0), 0.0)
        answered(UNSEEN, drawn(few, ginc.TRAINED), params.smoothing)
        answered(NO_CONCEPT, ginc.unseen_prompts(made, few, most, k, rng), params.smoothing)
