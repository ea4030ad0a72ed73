"""Curves with a floor: exact ones are found, noisy ones on average, and nothing is found where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.stats.floors import aic_of_floor, fit_floors, slopes

N = np.array([2.0, 4, 8, 16, 32, 64])


def test_exact_curves_are_found() -> None:
    values = np.stack([0.8 * N**-0.5 + 0.1, 1.5 * N**-1.0, np.full(len(N), 0.3)])
    found = fit_floors(N, values)
    assert found.exponent[:2] == pytest.approx([0.5, 1.0], abs=0.013)
    assert found.factor[:2] == pytest.approx([0.8, 1.5], rel=0.01)
    assert found.floor == pytest.approx([0.1, 0.0, 0.3], abs=2e-3)
    assert (found.squares < 1e-6).all()


def test_neither_floor_nor_factor_falls_below_zero() -> None:
    found = fit_floors(N, np.stack([1 - N / 100, np.sqrt(N)]))
    assert (found.floor >= 0).all() and (found.factor >= 0).all()
    assert found.factor[1] == 0 and found.floor[1] == pytest.approx(np.sqrt(N).mean())


def test_noise_moves_estimates_but_not_their_middle() -> None:
    rng = np.random.default_rng(0)
    found = fit_floors(N, 0.8 * N**-0.5 + 0.1 + 0.01 * rng.normal(size=(400, len(N))))
    assert np.median(found.exponent) == pytest.approx(0.5, abs=0.08)
    assert np.median(found.floor) == pytest.approx(0.1, abs=0.03)


def test_criterion_tells_a_floor() -> None:
    rng = np.random.default_rng(1)
    noise = 0.003 * rng.normal(size=len(N))
    assert aic_of_floor(N, N**-1.0 + 0.2 + noise) < -5
    assert aic_of_floor(N, N**-0.5 + noise) > -4


def test_slope_is_that_of_logarithms() -> None:
    assert slopes(N, np.stack([3 * N**-0.5, N**0.25])) == pytest.approx([-0.5, 0.25])
    assert np.isnan(slopes(N, np.zeros((1, len(N)))))[0]


def test_too_few_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 sizes"):
        fit_floors(N[:3], np.ones((1, 3)))
