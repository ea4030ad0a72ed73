"""Correlations against scipy, textbook values, and data in which the truth was planted."""

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.correlation import disattenuated, kendall, partial, pearson, spearman, split_half


def related(n: int, r: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, n))
    return x, r * x + np.sqrt(1 - r**2) * noise


@pytest.mark.parametrize(("n", "low", "high"), [(500, 0.22, 0.38), (200, 0.17, 0.42), (50, 0.02, 0.53)])
def test_fisher_intervals_of_a_true_three_tenths_are_the_protocols(n, low, high):
    x, y = related(n, 0.0)
    y = y - stats.linregress(x, y).slope * x
    exact = 0.3 * (x - x.mean()) / x.std() + np.sqrt(1 - 0.09) * (y - y.mean()) / y.std()
    found = pearson(x, exact)
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.006), pytest.approx(high, abs=0.006))


def test_pearson_is_scipys():
    x, y = related(40, 0.5)
    theirs = stats.pearsonr(x, y)
    interval = theirs.confidence_interval()
    np.testing.assert_allclose(pearson(x, y), [theirs.statistic, *interval, theirs.pvalue])


def test_spearman_intervals_cover_the_truth():
    truth = 6 / np.pi * np.arcsin(0.5 / 2)  # of a bivariate normal with r = 0.5
    covered = 0
    for seed in range(60):
        x, y = related(60, 0.5, seed)
        found = spearman(x, y, np.random.default_rng(seed), draws=300)
        covered += found.low <= truth <= found.high
        assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert 50 <= covered <= 60


def test_a_common_cause_is_taken_out():
    rng = np.random.default_rng(3)
    cause, a, b = rng.normal(size=(3, 400))
    x, y = cause + a, cause + b
    assert pearson(x, y).low > 0.3
    left = partial(x, y, cause[:, None])
    assert left.low < 0 < left.high
    ranked = partial(np.exp(x), np.exp(y), np.exp(cause[:, None]), ranks=True)
    assert abs(ranked.value) < 0.15


def test_partial_is_the_textbook_formula():
    rng = np.random.default_rng(1)
    x, y, z = rng.normal(size=(3, 30)) + rng.normal(size=30)
    r = np.corrcoef([x, y, z])
    wanted = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    found = partial(x, y, z)
    assert found.value == pytest.approx(wanted)
    t = wanted * np.sqrt(27 / (1 - wanted**2))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 27))
    assert partial(x, y, np.column_stack([z, z, np.ones(30)])) == pytest.approx(found)


def test_without_covariates_partial_is_pearson():
    x, y = related(50, 0.4)
    assert partial(x, y, np.empty((50, 0))) == pytest.approx(pearson(x, y))


def test_a_constant_has_no_correlation():
    flat, x = np.full(10, 100.0), np.arange(10.0)
    rng = np.random.default_rng(0)
    for found in (pearson(flat, x), spearman(x, flat, rng), partial(flat, x, x), partial(x, x**2, x)):
        assert np.isnan(found).all()
    assert np.isnan(kendall(flat, x)).all()


def test_kendall_allows_for_a_ceiling():
    x, y = np.array([100, 100, 100, 90, 80.0]), np.array([100, 99, 98, 80, 90.0])
    assert kendall(x, y) == pytest.approx(tuple(stats.kendalltau(x, y)))


def test_unreliable_scores_are_corrected_to_the_truth():
    rng = np.random.default_rng(5)
    x, y = related(4000, 0.6)
    halves = [v + rng.normal(size=4000) for v in (x, x, y, y)]
    reliable = split_half(halves[0], halves[1]), split_half(halves[2], halves[3])
    assert reliable == (pytest.approx(2 / 3, abs=0.03), pytest.approx(2 / 3, abs=0.03))
    raw = pearson(halves[0] + halves[1], halves[2] + halves[3]).value
    assert raw == pytest.approx(0.4, abs=0.04)
    assert disattenuated(raw, *reliable) == pytest.approx(0.6, abs=0.05)
    assert np.isnan(disattenuated(0.3, 0.5, 0.0))


def test_what_cannot_be_correlated_is_refused():
    with pytest.raises(ValueError, match="at least 4"):
        pearson([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="finite"):
        pearson([1, 2, 3, np.nan], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="too few"):
        partial(np.arange(5.0), np.arange(5.0) ** 2, np.eye(5))
