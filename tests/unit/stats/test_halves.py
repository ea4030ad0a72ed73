"""Tests of matrices that were measured in two halves: false discoveries hold whatever chance looks like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from taskscope.stats.halves import in_common, moderated, spread
from taskscope.stats.matrices import off_diagonal
from taskscope.stats.tests import benjamini_hochberg

N = 16
DRAWS = 120
OFF = off_diagonal(N)


def even(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 0.3, (1, 2, N, N))


def uneven(rng: np.random.Generator) -> np.ndarray:
    """Some rows and some columns are ten times as loud as others."""
    loud = np.exp(rng.normal(0, 0.8, (N, 1))) * np.exp(rng.normal(0, 0.8, N))
    return loud * rng.normal(0, 0.3, (1, 2, N, N))


def single_cells(rng: np.random.Generator) -> np.ndarray:
    """Each cell has a loudness of its own, as Student's t with four degrees of freedom has."""
    loud = np.sqrt(4 / rng.chisquare(4, (N, N)))
    return loud * rng.normal(0, 0.3, (1, 2, N, N))


def seeds_of_the_same_cases(rng: np.random.Generator) -> np.ndarray:
    """Three draws of halves from the same cases: what the cases say comes again in each."""
    cases = rng.normal(0, 0.3, (8, N, N))
    dealt = [rng.permutation(8) for _ in range(3)]
    return np.array([[cases[order[:4]].mean(axis=0), cases[order[4:]].mean(axis=0)] for order in dealt])


@pytest.mark.parametrize("noise", [even, uneven, single_cells, seeds_of_the_same_cases])
def test_chance_alone_is_seldom_claimed(noise: Callable[[np.random.Generator], np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    small, claimed = 0.0, 0
    for _ in range(DRAWS):
        p = moderated(noise(rng))[OFF]
        small += (p <= 0.05).mean() / DRAWS
        claimed += bool((benjamini_hochberg(p) <= 0.05).any())
    # Where nothing is there each claim is false, so the rate is that of tables with any claim.
    assert claimed / DRAWS <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert small <= 0.055


@pytest.mark.parametrize("noise", [even, uneven, single_cells])
def test_the_share_of_false_claims_holds_beside_true_ones(
    noise: Callable[[np.random.Generator], np.ndarray],
) -> None:
    rng, false, found = np.random.default_rng(1), [], []
    for _ in range(DRAWS):
        there = (rng.random((N, N)) < 0.2) & OFF
        halves = noise(rng)
        # As loud as the cell's own chance: effects that one in two finds, and that must not hide the spread.
        size = 4 * np.abs(halves[0, 0] - halves[0, 1]).mean()
        p = moderated(halves + size * there * rng.choice([-1, 1], (N, N)))
        claimed = np.zeros((N, N), dtype=bool)
        claimed[OFF] = benjamini_hochberg(p[OFF]) <= 0.05
        false.append((claimed & ~there).sum() / max(claimed.sum(), 1))
        found.append((claimed & there).sum() / there.sum())
    assert np.mean(false) <= 0.05 + 3 * np.std(false) / np.sqrt(DRAWS)
    assert np.mean(found) > 0.5


def test_spreads_are_those_of_rows_and_columns_without_the_cell_itself() -> None:
    rng = np.random.default_rng(2)
    rows, columns = np.exp(rng.normal(0, 0.5, 60)), np.exp(rng.normal(0, 0.5, 60))
    differences = np.outer(rows, columns) * rng.normal(size=(1, 60, 60))
    known = spread(differences)
    off = off_diagonal(60)
    ratio = np.sqrt(known.square[off]) / np.outer(rows, columns)[off]
    assert np.abs(np.log(ratio)).mean() < 0.2 and known.freedom > 10
    louder = differences.copy()
    louder[0, 3, 7] = 50 * rows[3] * columns[7]
    # The factor and the freedom are those of all cells; the cell's own square is not in its own spread.
    rest = spread(louder)
    change = rest.square / known.square
    assert change[3, 7] == pytest.approx(np.nanmedian(change), rel=0.1)
    assert change[3, 8] > 2 * change[3, 7]


def test_cells_that_say_opposite_things_or_nothing_are_no_findings() -> None:
    halves = even(np.random.default_rng(3)) / 100
    halves[0, :, 1, 2] += 1
    halves[0, 0, 4, 5] += 2
    halves[0, 1, 4, 5] -= 0.1
    halves[0, 1, 6, 7] = np.nan
    p = moderated(halves)
    assert p[1, 2] < 1e-6 and p[4, 5] == 1
    assert np.isnan(p[6, 7]) and np.isnan(np.diag(p)).all() and np.isfinite(p).sum() == N * (N - 1) - 1
    twisted = moderated(-halves)
    np.testing.assert_allclose(twisted, p)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_what_rows_or_columns_have_in_common_is_told(share: float) -> None:
    rng, found = np.random.default_rng(4), []
    for _ in range(40):
        own = np.sqrt(1 - share) * rng.normal(size=(1, 2, N, N))
        by_row = np.sqrt(share) * rng.normal(size=(1, 2, N, 1))
        found.append((in_common(own + by_row), in_common(np.swapaxes(own + by_row, -1, -2))))
    rows, columns = np.mean(found, axis=0).T
    # Of rows as planted, and turned round of columns; where there is none, cutting off at 0 lifts the mean.
    assert rows[0] == pytest.approx(columns[1]) == pytest.approx(share, abs=0.05)
    assert rows[1] == pytest.approx(columns[0]) and rows[1] < 0.04


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_a_little_in_common_makes_no_more_false_claims(share: float) -> None:
    rng, claimed = np.random.default_rng(5), 0
    for _ in range(DRAWS):
        halves = np.sqrt(1 - share) * rng.normal(size=(1, 2, N, N))
        halves += np.sqrt(share) * rng.normal(size=(1, 2, N, 1))
        claimed += bool((benjamini_hochberg(moderated(halves)[OFF]) <= 0.05).any())
    assert claimed / DRAWS <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / DRAWS)
