"""Pairs and their skills as a loss falls: joined with logged losses, and when half are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.studies.skill_emergence.pairs.becoming import (
    APART,
    PRODUCT,
    SINGLE,
    SURE,
    Descent,
    descents,
    figure,
    table,
)
from taskscope.studies.skill_emergence.pairs.resampling import ModelPairs, resample
from taskscope.studies.skill_emergence.pairs.rows import grids
from taskscope.studies.skill_emergence.pairs.simulation import PairScenario
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.scaling.rows import GIVEN, Losses
from taskscope.theory.scaling_laws.points import Points

PARAMS = SkillEmergenceParams(pair_repetitions=30, pair_queries=4, draws=100)
SIZES, TOKENS = (1e6, 4e6), tuple(float(n) for n in range(1, 6))
LOSSES = Losses(
    "x",
    GIVEN,
    tuple(f"{size:g}" for size in SIZES for _ in TOKENS),
    Points.of(
        [size for size in SIZES for _ in TOKENS],
        [tokens for _ in SIZES for tokens in TOKENS],
        [5 - 0.1 * tokens - 0.5 * (size > 1e6) for size in SIZES for tokens in TOKENS],
    ),
)


def model(single: float, parameters: float, tokens: float | None) -> ModelPairs:
    rows = PairScenario("x", "", single, 1.0).simulate(PARAMS, np.random.default_rng(0))
    found = resample(grids(rows)[0], PARAMS.draws)
    return replace(found, model=f"{parameters:g} at {tokens}", parameters=parameters, tokens=tokens)


@pytest.fixture(scope="module")
def ways() -> list[Descent]:
    return descents(
        [
            model(0.3, 1e6, 1.0),
            model(0.95, 1e6, 5.0),
            model(0.6, 1e6, 3.0),
            model(0.97, 4e6, 5.0),
            model(0.9, 4e6, 7.0),  # no such loss was logged
            model(0.9, 4e6, None),
        ],
        LOSSES,
    )


def test_models_are_joined_with_their_losses(ways: list[Descent]) -> None:
    assert [way.name for way in ways] == ["sizes, fully trained", "training of 1,000,000 parameters"]
    assert [stage.loss for stage in ways[0].stages] == pytest.approx([4.5, 4.0])
    assert [stage.model.tokens for stage in ways[1].stages] == [1.0, 3.0, 5.0]
    assert descents([model(0.3, 1e6, 1.0)], LOSSES) == []
    assert descents([model(0.3, 1e6, 1.0)], None) == []


def test_pairs_come_after_their_skills(ways: list[Descent]) -> None:
    """Skills at 30, 60, 95 %: half right from the second stage on, pairs by the product from the third."""
    rows = [row for row in table(ways, "x").rows if row[0].startswith("training")]
    assert len(rows) == len(PARAMS.pairs)
    singles = [cell for row in rows for cell in row[2:4]]
    assert singles.count("4.70 (3.0e+00)") > 0.9 * len(singles)
    assert [row[4] for row in rows].count("4.50 (5.0e+00)") == len(rows)


def test_what_is_lost_again_stands_in_brackets() -> None:
    (way,) = descents([model(0.9, 1e6, 1.0), model(0.2, 1e6, 4.0)], LOSSES)
    assert all(row[2].startswith("[4.90") for row in table([way], "x").rows)


def test_the_figure_holds_the_product_and_the_guarantee(ways: list[Descent]) -> None:
    rows = figure(ways, "x").spec["datasets"]["data"]
    last = {r["series"]: r["y"] for r in rows if r.get("facet") == ways[0].name and r.get("x") == -4.0}
    assert last[PRODUCT] == pytest.approx(last[SINGLE] ** 2, abs=0.02)
    assert last[APART] == pytest.approx(last[PRODUCT], abs=0.06)
    assert 0 < last[SURE] < last[PRODUCT]
    first = {r["series"]: r["y"] for r in rows if r.get("facet") == ways[1].name and r.get("x") == -4.9}
    assert first[SURE] == 0
