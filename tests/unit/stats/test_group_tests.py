"""Two groups, trends: error rates under the null, power, and references."""

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.group_comparison import compare, hedges_g, welch_from_summary
from taskscope.stats.trend_tests import jonckheere, page


def test_comparison_is_scipys():
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 3, 30), rng.normal(0, 1, 12)
    found = compare(a, b)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    assert (found.t, found.p) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    assert found.superiority_p == pytest.approx(stats.brunnermunzel(a, b).pvalue)
    assert found.superiority == pytest.approx(stats.mannwhitneyu(a, b).statistic / (30 * 12))


def test_hedges_g_does_not_overstate_small_groups():
    rng = np.random.default_rng(3)
    assert np.mean(
        [hedges_g(rng.normal(1, 1, 4), rng.normal(0, 1, 4)) for _ in range(4000)]
    ) == pytest.approx(1, abs=0.05)


def test_groups_without_spread_are_compared_without_a_warning():
    ceiling = np.full(5, 100.0)
    same, higher = compare(ceiling, ceiling), compare(ceiling, np.full(4, 90.0))
    assert (same.t, same.p, same.hedges_g, same.superiority, same.superiority_p) == (0, 1, 0, 0.5, 1)
    assert (higher.t, higher.p, higher.hedges_g, higher.superiority, higher.superiority_p) == (
        np.inf,
        0,
        np.inf,
        1,
        0,
    )
    noise = compare(np.full(4, 0.1 + 0.2), np.array([0.3] * 13 + [0.1 * 3]))
    assert tuple(noise) == tuple(same) == tuple(compare([0.0, 0.0], [0.0, 0.0, 0.0]))
    apart = compare(ceiling, np.array([80.0, 90.0, 95.0]))
    assert apart.superiority_p == 0 and apart.t > 0


@pytest.mark.parametrize(
    ("natural", "random", "t"),
    [
        ((99.9, 0.3), (93.8, 10.8), 12.59),
        ((84.5, 20.5), (59.8, 19.7), 19.42),
        ((95.8, 1.7), (59.8, 19.7), 40.67),
        ((93.3, 4.9), (59.8, 19.7), 36.90),
    ],
)
def test_published_t_values_are_those_of_five_hundred_maps(natural, random, t):
    assert welch_from_summary(*natural, 500, *random, 500)[0] == pytest.approx(t, rel=0.01)


def test_page_and_jonckheere_find_a_slope_and_err_at_their_level():
    rng = np.random.default_rng(4)
    slope = np.arange(5) * 0.6
    flat = [rng.normal(size=(12, 5)) for _ in range(1000)]
    for test in (page, lambda table, direction: jonckheere(list(table.T), direction)):
        assert np.mean([test(table, "rising").p < 0.05 for table in flat]) == pytest.approx(0.05, abs=0.02)
        assert np.mean([test(table + slope, "rising").p < 0.05 for table in flat[:50]]) > 0.95
        assert np.mean([test(table - slope, "falling").p < 0.05 for table in flat[:50]]) > 0.95


def test_jonckheere_is_the_textbook_statistic():
    groups = [[40, 35, 38, 43, 44, 41], [38, 40, 47, 44, 40, 42], [48, 40, 45, 43, 46, 44]]
    pairs = [(i, j) for i in range(3) for j in range(i + 1, 3)]
    j = sum((b > a) + 0.5 * (b == a) for i, k in pairs for a in groups[i] for b in groups[k])
    # Hollander & Wolfe's tie-corrected normal approximation.
    n, sizes = 18, [6, 6, 6]
    _, ties = np.unique(np.concatenate(groups), return_counts=True)
    t, m = np.asarray(ties, float), np.asarray(sizes, float)
    variance = (
        n * (n - 1) * (2 * n + 5) - (m * (m - 1) * (2 * m + 5)).sum() - (t * (t - 1) * (2 * t + 5)).sum()
    ) / 72
    variance += (m * (m - 1) * (m - 2)).sum() * (t * (t - 1) * (t - 2)).sum() / (36 * n * (n - 1) * (n - 2))
    variance += (m * (m - 1)).sum() * (t * (t - 1)).sum() / (8 * n * (n - 1))
    z = (j - (n**2 - (m**2).sum()) / 4) / np.sqrt(variance)
    assert jonckheere(groups, "rising").p == pytest.approx(stats.norm.sf(z), rel=1e-6)


def test_trends_need_conditions():
    assert jonckheere([[1, 1], [1, 1]], "rising") == (0.0, 1.0)
    with pytest.raises(ValueError, match="2 conditions"):
        jonckheere([[1.0]], "rising")
    with pytest.raises(ValueError, match="3 conditions"):
        page([[1, 2], [3, 4]], "rising")
