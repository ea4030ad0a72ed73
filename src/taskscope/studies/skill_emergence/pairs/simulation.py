"""Rows of pairs simulated from a known truth, on which the verdict on claim 7 is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.skill_emergence.pairs.rows import (
    APART,
    BOTH,
    FIRST,
    OUTER,
    PAIRS,
    SCHEMA,
    SECOND,
    TOGETHER,
)
from taskscope.studies.skill_emergence.params import SkillEmergenceParams

_SPREAD = 0.5
"""Standard deviation, in logits, of a draw of demonstrations around the truth."""


@dataclass(frozen=True)
class PairScenario:
    """A model that has its single skills with a known chance, and pairs with a known share of the product."""

    name: str
    description: str
    single: float
    kept: float
    """Competence on pairs over the product of the single skills."""
    alone: float = 0.01
    """Chance of the answer of both where one skill alone is asked for."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("7",)

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model on all pairs."""
        product = self.single**2
        kinds = (
            (APART, FIRST, self.single, self.alone),
            (APART, SECOND, self.single, 0.0),
            (APART, BOTH, self.kept * product, 0.0),
            (APART, OUTER, 0.0, self.alone),
            (TOGETHER, BOTH, product, 0.0),
        )
        shape = (len(params.pairs), len(kinds), params.pair_repetitions, params.pair_queries)
        own = _SPREAD * rng.standard_normal((shape[0], shape[2], 1))
        one = (shape[0], *shape[2:])
        chances = [right for _, _, right, _ in kinds], [whole for *_, whole in kinds]
        right, whole = (
            np.stack([_drawn(chance, own, one, rng) for chance in each], axis=1) for each in chances
        )
        pair, kind, repetition, query = (at.ravel().astype(np.int32) for at in np.indices(shape))
        n = pair.size
        once = np.zeros(n, np.int32)
        # The answer of both is right where both are asked for.
        whole[:, [2, 4]] = right[:, [2, 4]]
        columns = {
            "part": _named(once, [PAIRS]),
            "pair": _named(pair, params.pairs),
            "parameters": pa.array(np.full(n, 1e6)),
            "pretraining_tokens": pa.array(np.full(n, 1e7)),
            "shown": _named(kind, [shown for shown, *_ in kinds]),
            "repetition": pa.array(repetition),
            "query": pa.array(query),
            "asked": _named(kind, [asked for _, asked, *_ in kinds]),
            "input": pa.array([""] * n),
            "answer": pa.array([""] * n),
            "right": pa.array(right.ravel()),
            "whole": pa.array(whole.ravel()),
            "logprob": pa.array(np.zeros(n)),
        }
        rows = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
        rows = rows.append_column("seed", pa.array(np.zeros(n, np.int64)))
        return rows.append_column("model", _named(once, ["simulated"]))


def _named(numbers: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
    """Make a column of texts from their numbers; texts that stand twice are merged."""
    different = list(dict.fromkeys(names))
    place = np.array([different.index(name) for name in names], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(place[numbers]), pa.array(different))


def _drawn(chance: float, own: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw outcomes with a chance that a draw of demonstrations shifts; (pair, draw, query) bool."""
    if chance <= 0:
        return np.zeros(shape, bool)
    odds = chance / (1 - chance) * np.exp(own)
    return rng.random(shape) < odds / (1 + odds)


SCENARIOS = (
    PairScenario("skills combine", "skills at 80 %, pairs as the product says", 0.8, 1.0, true=("7",)),
    PairScenario("weak skills combine", "skills at 50 %, pairs as the product says", 0.5, 1.0, true=("7",)),
    PairScenario(
        "no more than alone",
        "skills at 50 %, pairs as the product says, but the answer of both comes as often where one is asked",
        0.5,
        1.0,
        alone=0.25,
    ),
    PairScenario("never combined", "skills at 80 %, pairs never right", 0.8, 0.0),
    PairScenario("a quarter", "skills at 80 %, pairs right a quarter as often as foretold", 0.8, 0.25),
    PairScenario("no skills", "skills at 10 %: nothing to combine", 0.1, 1.0),
)
