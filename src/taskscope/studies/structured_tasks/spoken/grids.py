"""Shares of right answers, with intervals over sentences, beside the product of the single functions' shares.

Arrays have the estimate in front: (1 + draw,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.columns import where
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.shares import product, share
from taskscope.studies.structured_tasks.spoken.rows import CONDITIONS, JOIN, PART


@dataclass(frozen=True)
class Spoken:
    """One language, asked in one way."""

    language: str
    condition: str
    chat: bool
    n_sentences: int
    """Different sentences, the unit of analysis."""
    right: dict[tuple[str, ...], np.ndarray]
    """Functions in order -> share of right answers; nothing where prompts did not fit the model's context."""

    @property
    def nests(self) -> list[tuple[str, ...]]:
        """What was asked for together, less deep ones first."""
        return sorted((asked for asked in self.right if len(asked) > 1), key=len)

    def product(self, asked: tuple[str, ...]) -> np.ndarray:
        """What steps that fail each on its own would give."""
        return np.prod([self.right[(name,)] for name in asked], axis=0)

    def share(self, draws: np.ndarray) -> Measure:
        """Read a share with its interval over sentences."""
        return share(draws, self.n_sentences)

    def expected(self, asked: tuple[str, ...]) -> Measure:
        """Read the product with its interval over sentences."""
        return product([self.right[(name,)] for name in asked], self.n_sentences)


def grids(rows: pa.Table, draws: int) -> dict[str, list[Spoken]]:
    """Read all rows: model -> its languages, each in both conditions."""
    if "asked" not in rows.column_names:
        return {}
    mine = where(rows, part=PART).unify_dictionaries()
    found: dict[str, list[Spoken]] = {}
    for model in sorted(set(mine["model"].to_pylist())):
        own = where(mine, model=model)
        for language in sorted(set(own["language"].to_pylist())):
            for condition in CONDITIONS:
                asked = where(own, language=language, condition=condition)
                found.setdefault(model, []).append(_read(language, condition, asked, draws))
    return found


def _read(language: str, condition: str, rows: pa.Table, draws: int) -> Spoken:
    chat = bool(rows["chat"][0].as_py())
    if rows["asked"].null_count:  # in one seed prompts were too long: those of the others are the short ones
        return Spoken(language, condition, chat, 0, {})
    # A sentence that comes in several seeds is one unit, whatever was shown before it.
    known, unit = np.unique(rows["sentence"].to_numpy(zero_copy_only=False), return_inverse=True)
    n = len(known)
    rng = stream("structured-tasks spoken bootstrap", language, condition)
    weights = np.vstack([np.ones(n), resampling_weights(n, draws, rng)])
    right = np.array(rows["right"].to_pylist(), dtype=float)
    asked = np.array(rows["asked"].to_pylist())
    shares = {}
    for name in dict.fromkeys(asked.tolist()):
        own = asked == name
        sums, sizes = (np.bincount(unit[own], each[own], n) for each in (right, np.ones(len(right))))
        shares[tuple(name.split(JOIN))] = (weights @ sums) / (weights @ sizes)
    return Spoken(language, condition, chat, n, shares)
