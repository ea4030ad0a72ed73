"""Rows of map cells simulated from a known truth, on which the verdict on H3 is calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.structured_tasks.maps.draws import NATURAL, RANDOM
from taskscope.studies.structured_tasks.maps.rows import (
    APART,
    RENAMED_TASK,
    RENAMING,
    TASK_SHOWN,
    Facts,
    answer_rows,
    fact_rows,
)
from taskscope.studies.structured_tasks.params import StructuredTaskParams

N_CLASSES = (2, 4)
"""Classes of the simulated tasks, one task each."""


@dataclass(frozen=True)
class Scenario:
    """A simulated model; every map has an ability at the renaming, from 0 (guessing) to 1 (always right)."""

    name: str
    description: str
    renaming: float = 0.6
    """Mean ability at the renaming alone."""
    renamed: float = 0.5
    """Mean ability at the renamed task."""
    link: float = 0.0
    """Correlation of the two abilities over random maps, beside what the images' traits bring."""
    trait: float = 0.0
    """Share of both abilities' variance that one trait of the images brings."""
    spread: float = 0.2
    """Standard deviation of abilities over maps."""
    natural: float = 0.0
    """What natural maps add to the ability at the renaming."""
    parts: float = 0.3
    """Mean ability at the renamed task where its parts are shown apart; at 0 every map is guessed."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("H3",)

    def simulate(self, params: StructuredTaskParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model on tasks of `N_CLASSES`."""
        tables = []
        for n_classes in N_CLASSES:
            rows = pa.concat_tables(self._task(n_classes, params, rng), promote_options="default")
            rows = rows.unify_dictionaries().combine_chunks()
            n = rows.num_rows
            tables.append(
                rows.append_column("model", pa.array(["simulated"] * n))
                .append_column("task", pa.array([f"{n_classes} classes"] * n))
                .append_column("seed", pa.array(np.zeros(n, dtype=np.int64)))
            )
        return pa.concat_tables(tables)

    def _task(self, n_classes: int, params: StructuredTaskParams, rng: np.random.Generator) -> list[pa.Table]:
        n = params.n_maps
        trait = rng.standard_normal(n)
        own = rng.multivariate_normal([0, 0], [[1, self.link], [self.link, 1]], size=n)
        both = np.sqrt(self.trait) * trait[:, None] + np.sqrt(1 - self.trait) * own
        abilities = np.clip(np.array([self.renaming, self.renamed]) + self.spread * both, 0, 1)
        numbers = np.arange(n)
        tables = [
            fact_rows([self._facts(RANDOM, i, float(trait[i]), rng) for i in range(len(numbers))], n_classes)
        ]
        sizes = {
            RENAMING: (n, params.n_word_sets, n_classes),
            RENAMED_TASK: (n, params.n_text_sets, params.n_text_queries),
        }
        for (arm, size), ability in zip(sizes.items(), abilities.T, strict=True):
            tables.append(_answers(RANDOM, numbers, arm, n_classes, size, ability, rng))
        tables += self._apart(n_classes, params, rng.spawn(1)[0])
        for kind in NATURAL:
            m = params.n_natural
            ability = np.clip(self.renaming + self.natural + self.spread * rng.standard_normal(m), 0, 1)
            numbers = np.arange(m)
            tables.append(fact_rows([self._facts(kind, i, 0.0, rng) for i in range(len(numbers))], n_classes))
            size = (m, params.n_word_sets, n_classes)
            tables.append(_answers(kind, numbers, RENAMING, n_classes, size, ability, rng))
        return tables

    def _apart(
        self, n_classes: int, params: StructuredTaskParams, rng: np.random.Generator
    ) -> list[pa.Table]:
        """Simulate the renamed task where both parts are shown, and where the texts alone are."""
        n = params.n_maps
        size = (n, max(params.n_text_sets // 2, 1), params.n_text_queries)
        both = np.clip(self.parts + self.spread * rng.standard_normal(n), 0, 1) * (self.parts > 0)
        return [
            _answers(RANDOM, np.arange(n), arm, n_classes, size, ability, rng)
            for arm, ability in ((APART, both), (TASK_SHOWN, np.zeros(n)))
        ]

    def _facts(self, kind: str, number: int, trait: float, rng: np.random.Generator) -> Facts:
        noise = rng.standard_normal(5)
        return Facts(
            kind=kind,
            map=int(number),
            images=(f"{kind}-{number}-a", f"{kind}-{number}-b"),
            prior=trait,
            prior_spread=float(noise[0]),
            rank=float(noise[1]),
            norm=float(noise[2]),
            likeness=float(noise[3]),
            nearness=float(noise[4]),
            tokens=1.0,
        )


def _answers(
    kind: str,
    numbers: np.ndarray,
    arm: str,
    n_classes: int,
    size: tuple[int, int, int],
    ability: np.ndarray,
    rng: np.random.Generator,
) -> pa.Table:
    gold = np.broadcast_to(np.arange(size[2]) % n_classes, size)
    knows = rng.random(size) < ability[:, None, None]
    predicted = np.where(knows, gold, rng.integers(n_classes, size=size))
    return answer_rows(kind, numbers, arm, n_classes, gold, predicted, np.zeros(size, dtype=bool))


SCENARIOS = (
    Scenario(
        "composes",
        "renamed tasks go with the renaming (correlation 0.5 of abilities), natural names help",
        link=0.5,
        natural=0.2,
        true=("H3",),
    ),
    Scenario(
        "composes, awkward words too",
        "the same, with a trait of the images that brings a fifth of the variance of both",
        link=0.5,
        trait=0.2,
        natural=0.2,
        true=("H3",),
    ),
    Scenario(
        "awkward words alone",
        "a trait of the images brings half of the variance of both scores, and nothing else links them",
        trait=0.5,
        natural=0.2,
    ),
    Scenario(
        "names unequally easy",
        "cannot compose; some names are hard to say in both tasks, and no measured trait of theirs tells",
        link=0.5,
        natural=0.2,
        parts=0.0,
    ),
    Scenario(
        "no link",
        "renamed tasks do not go with the renaming; natural names help",
        natural=0.2,
    ),
    Scenario(
        "names alike",
        "renamed tasks go with the renaming; natural names help no more than random ones",
        link=0.5,
    ),
    Scenario(
        "whole before part",
        "the renamed task goes much better than the renaming alone",
        renaming=0.3,
        renamed=0.8,
        link=0.5,
        natural=0.2,
    ),
    Scenario(
        "no renamed task",
        "renamed tasks are guessed; the renaming alone is done",
        renamed=0.0,
        spread=0.0,
        natural=0.2,
        parts=0.0,
    ),
)
