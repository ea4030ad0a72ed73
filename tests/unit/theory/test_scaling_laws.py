"""The fit recovers laws it was not told, and agrees with published fits on published points."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad

from taskscope.theory.scaling_laws import GRID, ScalingLaw, _objective, bootstrap, fit

LAW = ScalingLaw(1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def points(sigma: float, rng: np.random.Generator):
    """Nine levels of compute, twenty sizes at each, around the best size (protocol 5.3)."""
    compute = np.repeat(np.geomspace(6e18, 3e21, 9), 20)
    n = np.sqrt(compute / 120) * np.tile(10 ** np.linspace(-0.8, 0.8, 20), 9)
    d = compute / (6 * n)
    return n, d, LAW.loss(n, d) * np.exp(sigma * rng.normal(size=len(n)))


def constants(law: ScalingLaw) -> np.ndarray:
    return np.array([law.irreducible, law.size_factor, law.data_factor, law.size_exponent, law.data_exponent])


def test_points_without_noise_give_the_law_back():
    found = fit(*points(0.0, np.random.default_rng(0)))
    np.testing.assert_allclose(constants(found.law), constants(LAW), rtol=1e-3)
    assert found.objective < 1e-12
    assert found.agreeing >= 1


def test_noise_moves_the_constants_as_much_as_simulated_elsewhere():
    """Protocol 5.3: standard deviations over 40 repeats at sigma = .002, for the law of Hoffmann et al."""
    law = ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28)
    rng = np.random.default_rng(1)
    n, d, _ = points(0.0, rng)
    start = [(*np.log([406.4, 410.7, 1.69]), 0.34, 0.28)]
    found = [
        constants(fit(n, d, law.loss(n, d) * np.exp(0.002 * rng.normal(size=len(n))), starts=start).law)
        for _ in range(40)
    ]
    np.testing.assert_allclose(np.std(found, axis=0), [0.0058, 16.5, 16.3, 0.0024, 0.0020], rtol=0.4)
    np.testing.assert_allclose(np.mean(found, axis=0), constants(law), rtol=0.03)


def test_a_few_wild_points_do_not_move_it():
    n, d, losses = points(0.0, np.random.default_rng(0))
    losses[::40] *= 2
    np.testing.assert_allclose(constants(fit(n, d, losses).law), constants(LAW), rtol=0.02)


def test_the_gradient_is_the_slope():
    n, d, losses = points(0.01, np.random.default_rng(2))
    logs = np.log(np.stack([n, d, losses], axis=1))
    for at in ([6.0, 7.0, 0.5, 0.34, 0.3], [5.5, 8.0, 0.6, 0.36, 0.37]):
        slope = np.linalg.norm(_objective(np.array(at), logs, 1e-3)[1])
        off = check_grad(lambda v: _objective(v, logs, 1e-3)[0], lambda v: _objective(v, logs, 1e-3)[1], at)
        assert off < 1e-3 * slope


def test_resampling_whole_trainings_widens_the_interval():
    """Points of one training share their noise; taking them for independent makes the interval too short."""
    rng = np.random.default_rng(3)
    sizes = np.repeat(np.geomspace(1e5, 1e8, 8), 12)
    tokens = np.tile(np.geomspace(1e7, 1e10, 12), 8)
    law = ScalingLaw(1.5, 60.0, 300.0, 0.35, 0.30)
    losses = law.loss(sizes, tokens) * np.exp(np.repeat(0.01 * rng.normal(size=8), 12))
    fitted = fit(sizes, tokens, losses)
    alone = bootstrap(sizes, tokens, losses, fitted, 40, np.random.default_rng(0))
    together = bootstrap(sizes, tokens, losses, fitted, 40, np.random.default_rng(0), clusters=sizes)
    spread = [np.std([law.size_exponent for law in laws]) for laws in (alone, together)]
    assert spread[1] > 1.2 * spread[0]


@pytest.mark.parametrize(
    ("n", "d", "losses", "match"),
    [
        ([1.0] * 4, [1.0] * 4, [1.0] * 4, "4 points"),
        ([1.0] * 6, [1.0] * 5, [1.0] * 6, "shapes"),
        ([1.0] * 6, [1.0] * 6, [0.0] * 6, "above zero"),
    ],
)
def test_points_that_cannot_be_fitted_are_refused(n, d, losses, match):
    with pytest.raises(ValueError, match=match):
        fit(n, d, losses)


@pytest.mark.data
def test_the_published_points_give_the_published_refit():
    """Besiroglu et al. 2024, optimum of the grid on 240 points (protocol 5.1), and its objective (5.2)."""
    folder = os.environ.get("TASKSCOPE_DATA")
    path = Path(folder or ".") / "chinchilla" / "svg_extracted_data.csv"
    if not folder or not path.exists():
        pytest.skip("needs the public data folder named by TASKSCOPE_DATA")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    n, flop, losses = (np.array([float(r[k]) for r in rows]) for k in ("Model Size", "Training FLOP", "loss"))
    kept = losses < np.sort(losses)[-5]
    found = fit(n[kept], (flop / (6 * n))[kept], losses[kept], starts=GRID[::450])
    assert kept.sum() == 240
    assert found.objective == pytest.approx(0.0010182740, rel=1e-4)
    np.testing.assert_allclose(
        constants(found.law), [1.817236, 477.842, 2143.864, 0.347313, 0.367183], rtol=1e-3
    )
