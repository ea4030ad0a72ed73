"""A trend that is one of coverage alone disappears among items of like coverage; another stays (E7 c)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from taskscope.models.series import Place
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.analysis import asked_beside, results, tables
from taskscope.studies.inverse_scaling.arms import COVERED
from taskscope.studies.inverse_scaling.coverage import matched
from taskscope.studies.inverse_scaling.outcomes import Outcomes
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.rows import Items, to_rows
from taskscope.studies.inverse_scaling.simulation import in_front

PARAMS = InverseScalingParams(tasks=(), draws=300)
MODELS, N = 6, 600


def by_hand(scores: np.ndarray, total: np.ndarray, strata: int, fewest: int) -> np.ndarray:
    """Matched means, a stratum and a model at a time."""
    edges = [-np.inf, *np.quantile(total, np.linspace(0, 1, strata + 1)[1:-1]), np.inf]
    found = np.zeros(len(scores))
    weight = 0
    for low, high in pairwise(edges):
        inside = (total >= low) & (total < high)
        if inside.sum(axis=1).min() < fewest:
            continue
        weight += inside.sum()
        for model, own in enumerate(inside):
            found[model] += inside.sum() * scores[model][own].mean()
    return found / weight


def drawn(rng: np.random.Generator, *, by_coverage: bool) -> tuple[np.ndarray, np.ndarray]:
    """Coverage that falls along the models; right answers that follow it, or fall by themselves."""
    size = np.linspace(0, 1, MODELS)[:, None]
    total = np.log(np.clip(0.75 - 0.35 * size + rng.normal(0, 0.15, (MODELS, N)), 0.02, 0.99))
    chance = 0.2 + 0.8 * np.exp(total) if by_coverage else 0.75 - 0.35 * size
    return (rng.random((MODELS, N)) < chance).astype(float), total


def test_matched_means_are_those_by_hand() -> None:
    scores, total = drawn(np.random.default_rng(0), by_coverage=True)
    found = matched(scores, total)
    assert found is not None
    np.testing.assert_allclose(found.mean(axis=1), by_hand(scores, total, 5, 10), atol=1e-12)


def test_nothing_to_match_and_nothing_in_common() -> None:
    scores, total = drawn(np.random.default_rng(0), by_coverage=True)
    assert matched(scores, None) is None
    assert matched(scores, np.full_like(total, np.log(0.9))) is None
    apart = np.repeat(np.arange(MODELS, dtype=float)[:, None], N, axis=1)
    assert matched(scores, apart) is None


def measured(scores: np.ndarray, total: np.ndarray, metric: str, loss: np.ndarray) -> pa.Table:
    items = Items(metric, "", [str(n) for n in range(N)], [""] * N, [2] * N, [0] * N)
    parts = []
    for size, (right, covered, lost) in enumerate(zip(scores, total, loss, strict=True)):
        place = Place(family="f", member=f"m{size}", parameters=int(1e7 * 10 ** (size / 2)), tokens=10**9)
        parts.append(to_rows(place, "task", items, Outcomes(lost, right, covered)))
    return in_front(pa.concat_tables(parts), "t")


@pytest.mark.parametrize("by_coverage", [True, False])
def test_a_fall_of_coverage_alone_loses_its_name(by_coverage: bool) -> None:
    scores, total = drawn(np.random.default_rng(1), by_coverage=by_coverage)
    rows = measured(scores, total, "classification", np.where(scores == 1, 0.4, 1.1))
    (series,) = results(rows, PARAMS)
    (task,) = series.tasks
    assert task.deciding.label is Label.INVERSE
    assert task.artefacts == ((COVERED,) if by_coverage else ())
    assert task.label is (Label.UNDETERMINED if by_coverage else Label.INVERSE)
    (told,) = [one for one in tables(rows, PARAMS) if one.name.endswith("-trends")]
    assert ("not found again among items of like coverage" in told.rows[0][-1]) is by_coverage
    (arms,) = asked_beside(rows, PARAMS)
    assert not arms  # nothing was asked beside the task


def test_a_completion_has_no_coverage_beside_its_score() -> None:
    """Its probability is what is judged: matched by it, every fall would be lost."""
    _, total = drawn(np.random.default_rng(2), by_coverage=True)
    rows = measured(np.full_like(total, np.nan), total, "sequence", -total)
    (series,) = results(rows, PARAMS)
    (task,) = series.tasks
    assert task.label is Label.INVERSE and not task.artefacts
