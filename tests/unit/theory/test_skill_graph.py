"""The guarantee of the skill graph against the protocol's reference values, and facts of sign and order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph import inverse, links, stimulus, tuples
from taskscope.theory.skill_graph.certificate import certificate, closed_form, log_tails
from taskscope.theory.skill_graph.guarantee import (
    condition,
    divergence,
    guarantee,
    largest_alpha,
    needed_divergence,
)
from taskscope.theory.skill_graph.worst_case import worst_case

ALPHAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
TABLE = """
.05 2 .137360 57.8011 33.4087 16.3587 9.4823 - - - - - - -
.05 4 .370621 35.5436 21.2528 11.0633 6.8673 4.2720 3.1920 - - - - -
.05 8 .608786 22.0666 13.6472 7.5197 4.9334 3.2981 2.6088 2.1954 1.9011 1.6631 - -
.05 16 .780248 13.9907 8.9749 5.2457 3.6319 2.5879 2.1394 1.8676 1.6735 1.5196 1.3861 -
.10 2 .196830 50.2381 29.3340 14.6403 8.6874 - - - - - - -
.10 4 .443655 30.9280 18.6706 9.8796 6.2339 3.9653 3.0201 2.4515 - - - -
.10 8 .666075 19.2997 12.0582 6.7560 4.5019 3.0672 2.4591 2.0934 1.8334 1.6262 - -
.10 16 .816134 12.3299 7.9989 4.7585 3.3461 2.4264 2.0292 1.7876 1.6148 1.4776 1.3589 1.2452
.20 2 .286217 41.7961 24.7171 12.6211 7.6796 4.6402 - - - - - -
.20 4 .534992 25.8245 15.7888 8.5354 5.4992 3.5939 2.7957 2.3176 1.9748 - - -
.20 8 .731432 16.2428 10.2890 5.8944 4.0084 2.7976 2.2807 1.9686 1.7463 1.5699 1.4156 -
.20 16 .855238 10.4906 6.9101 4.2087 3.0200 2.2396 1.9002 1.6928 1.5441 1.4258 1.3236 1.2267
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]

shares = st.floats(0.001, 0.999)
skills = st.integers(1, 64)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"theta {row[0]} k {row[1]}")
def test_the_curve_is_the_protocols(row):
    theta, k, border, *printed = row
    found = guarantee(ALPHAS, float(theta), float(k))
    assert float(largest_alpha(float(theta), float(k))) == pytest.approx(float(border), abs=1e-6)
    wanted = [1 / a if value == "-" else float(value) for value, a in zip(printed, ALPHAS, strict=True)]
    np.testing.assert_allclose(found.beta, wanted, atol=5e-5)
    assert found.clamped.tolist() == [value == "-" for value in printed]


@pytest.mark.parametrize(
    ("k", "theta", "alpha", "beta", "competence"),
    [
        (4, 0.1, 0.2, 3.96534277, 0.60346572),
        (8, 0.05, 0.2, 3.29811045, 0.83509448),
        (8, 0.1, 0.2, 3.06716263, 0.69328374),
        (8, 0.2, 0.2, 2.79758042, 0.44048392),
        (16, 0.1, 0.2, 2.42642313, 0.75735769),
        (16, 0.05, 0.1, 3.63193115, 0.81840344),
        (8, 0.1, 0.5, 1.83336880, 0.81666312),
        (2, 0.1, 0.19, 5.23948530, 0.47605147),
        (32, 0.01, 0.3, 1.95359744, 0.98046403),
    ],
)
def test_anchors_to_eight_digits(k, theta, alpha, beta, competence):
    found = guarantee(alpha, theta, k)
    assert float(found.beta) == pytest.approx(beta, abs=6e-9)
    assert float(found.competence) == pytest.approx(competence, abs=6e-9)


def test_signs_of_the_printed_inequality():
    assert condition(0.1, 8, 0.2, 3.1) == pytest.approx(-0.0097826, abs=5e-8)
    assert condition(0.1, 8, 0.2, 3.0) == pytest.approx(0.0195562, abs=5e-8)
    assert condition(0.1, 16, 0.9, 1.0) == pytest.approx(0.3250830, abs=5e-8)


def test_large_k_goes_like_a_gaussian():
    assert float(guarantee(0.5, 0.05, 512).beta) == pytest.approx(1.12437, abs=5e-6)
    assert 1 + np.sqrt(2 * float(needed_divergence(0.05, 512))) == pytest.approx(1.12453, abs=6e-6)


@given(shares, skills, shares)
def test_the_printed_form_is_the_divergence(theta, k, alpha):
    """H(theta) + k theta [H(ba) - ba log 1/a - (1 - ba) log 1/(1 - a)], here in bits."""

    def bits(p):
        return -p * np.log2(p) - (1 - p) * np.log2(1 - p)

    beta = 1 + 0.7 * (1 / alpha - 1)
    x = beta * alpha
    printed = bits(theta) + k * theta * (
        bits(x) - x * np.log2(1 / alpha) - (1 - x) * np.log2(1 / (1 - alpha))
    )
    assert condition(theta, k, alpha, beta) / np.log(2) == pytest.approx(printed, abs=1e-9 * k)


@given(shares, skills, shares)
def test_the_solution_lies_where_it_must(theta, k, alpha):
    found = guarantee(alpha, theta, k)
    beta = float(found.beta)
    assert 1 < beta <= 1 / alpha * (1 + 1e-12)
    assert bool(found.clamped) == (alpha >= float(largest_alpha(theta, k)))
    if not found.clamped:
        slack = max(1e-9, 1e-9 * k)
        assert condition(theta, k, alpha, beta) == pytest.approx(0, abs=slack)
        assert condition(theta, k, alpha, 1 + 0.5 * (beta - 1)) > 0
    else:
        assert beta == pytest.approx(1 / alpha)


@given(shares, shares, skills, shares)
def test_more_is_never_worse(low, high, k, alpha):
    low, high = sorted((low, high))
    at = guarantee(alpha, [low, high], k)
    assert at.beta[0] >= at.beta[1] * (1 - 1e-9)  # beta falls in theta ...
    assert at.competence[0] >= at.competence[1] - 1e-9  # ... and so does competence
    by_alpha = guarantee([low, high], alpha, k)
    assert by_alpha.beta[0] >= by_alpha.beta[1] * (1 - 1e-9)
    assert float(guarantee(alpha, low, k + 1).beta) <= float(guarantee(alpha, low, k).beta) * (1 + 1e-9)


@given(shares, skills, shares, st.floats(0, 0.9), st.floats(0.05, 0.1))
def test_the_condition_falls_from_the_entropy_at_one(theta, k, alpha, at, step):
    """F(beta = 1) = H(theta) > 0, and F falls from there to 1/alpha: one root at most (3.1)."""
    entropy = -theta * np.log(theta) - (1 - theta) * np.log1p(-theta)
    assert condition(theta, k, alpha, 1.0) == pytest.approx(entropy)
    assert entropy > 0
    low, high = (1 + part * (1 / alpha - 1) for part in (at, at + step))
    assert condition(theta, k, alpha, low) > condition(theta, k, alpha, high)
    last = condition(theta, k, alpha, 1 / alpha)
    assert last == pytest.approx(entropy - k * theta * np.log(1 / alpha))
    if abs(last) > 1e-9:
        assert (last < 0) == (alpha < float(largest_alpha(theta, k)))


@given(shares, skills, shares, st.floats(0.01, 0.99))
def test_the_inequality_comes_true_below_one_as_far_as_above(theta, k, alpha, beta):
    """Why there is a guard: D(beta alpha || alpha) grows on both sides of beta = 1."""
    assert divergence(beta * alpha, alpha) > 0
    assert divergence(0.5 * beta * alpha, alpha) > divergence(beta * alpha, alpha)
    assert divergence(0.0, alpha) == pytest.approx(-np.log1p(-alpha))
    with pytest.raises(TaskscopeError, match="without meaning") as caught:
        condition(theta, k, alpha, beta)
    assert caught.value.expected and caught.value.hint


@given(shares, skills, shares, st.floats(0.01, 0.99))
def test_the_spurious_region_is_refused_though_the_inequality_holds_there(theta, k, alpha, beta):
    with pytest.raises(TaskscopeError, match="without meaning"):
        condition(theta, k, alpha, beta)
    with pytest.raises(TaskscopeError, match="1/alpha"):
        condition(theta, k, alpha, 1.01 / alpha)


def test_the_spurious_example_would_count_as_fulfilled():
    theta, k, alpha, beta = 0.1, 16, 0.9, 0.1
    entropy = -theta * np.log(theta) - (1 - theta) * np.log(1 - theta)
    assert entropy - k * theta * float(divergence(beta * alpha, alpha)) == pytest.approx(-2.5586, abs=5e-5)


@pytest.mark.parametrize(
    ("alpha", "theta", "k", "told"),
    [
        (0.0, 0.1, 8, "alpha = 0"),
        (0.2, 1.0, 8, "theta = 1"),
        (0.2, 0.1, 0.5, "k = 0.5"),
        (np.nan, 0.1, 8, "nan"),
    ],
)
def test_what_is_no_share_is_refused_with_an_example(alpha, theta, k, told):
    with pytest.raises(TaskscopeError, match=told) as caught:
        guarantee(alpha, theta, k)
    assert caught.value.expected
    assert caught.value.hint


WORST = """
.05 4 6.4506 5.1900 3.2200 2.6350 2.0000
.05 8 5.3088 3.5893 2.6466 2.1887 1.6953
.05 16 3.7722 2.7609 2.0964 1.8111 1.5035
.10 4 5.7253 3.9025 2.8600 2.4317 1.8125
.10 8 4.0855 3.0446 2.3000 1.9609 1.5977
.10 16 3.1361 2.4330 1.9285 1.6855 1.4393
.20 8 3.2928 2.6904 2.0875 1.8015 1.4795
.20 16 2.7508 2.1540 1.7455 1.5462 1.3478
"""


@pytest.mark.parametrize("line", WORST.strip().splitlines())
def test_the_exact_worst_case_is_the_protocols(line):
    theta, k, *printed = line.split()
    found = [worst_case(alpha, float(theta), int(k)) for alpha in (0.05, 0.1, 0.2, 0.3, 0.5)]
    np.testing.assert_allclose(found, [float(value) for value in printed], atol=6e-5)


FINITE = [  # N1, N2, k, theta, alpha, hypergeometric worst case, certificate at 99.9 %, theorem
    (500, 20, 4, 0.1, 0.2, 2.670, 4.0750, 3.9653),
    (2000, 20, 4, 0.1, 0.2, 2.670, 3.9875, 3.9653),
    (8000, 20, 4, 0.1, 0.2, 2.670, 3.9703, 3.9653),
    (8000, 20, 8, 0.05, 0.2, 2.056, 3.3047, 3.2981),
    (8000, 20, 8, 0.1, 0.2, 1.965, 3.0703, 3.0672),
    (8000, 20, 8, 0.2, 0.2, 1.774, 2.7992, 2.7976),
    (2000, 16, 2, 0.1, 0.1875, 3.333, 5.3200, 5.2988),
]


@pytest.mark.parametrize("row", FINITE, ids=str)
def test_finite_graphs_are_certified_as_in_the_protocol(row):
    n_texts, n_skills, k, theta, alpha, worst, exact, theorem = row
    assert worst_case(alpha, theta, k, n_skills) == pytest.approx(worst, abs=6e-4)
    found = certificate(alpha, theta, k, n_texts, n_skills)
    assert found == pytest.approx(exact, abs=5.1e-5)
    assert float(guarantee(alpha, theta, k).beta) == pytest.approx(theorem, abs=5e-5)
    assert closed_form(alpha, theta, k, n_texts, n_skills) >= found


def test_a_certificate_goes_to_the_theorem_as_texts_become_many():
    theorem = float(guarantee(0.2, 0.1, 8).beta)
    gaps = [certificate(0.2, 0.1, 8, n, 20) - theorem for n in (500, 5_000, 50_000)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 1e-3


@given(st.floats(0.02, 0.5), st.integers(1, 20), st.floats(0.02, 0.9))
def test_the_curves_stand_in_their_order(theta, k, alpha):
    exact, bound = worst_case(alpha, theta, k), float(guarantee(alpha, theta, k).beta)
    assert 1 - 1e-9 <= exact <= bound + 1e-9
    assert bound <= 1 / alpha + 1e-9


def test_the_worst_case_is_the_mean_of_the_top_of_many_draws():
    rng = np.random.default_rng(0)
    counts = np.sort(rng.binomial(8, 0.2, 400_000))[-40_000:]
    assert worst_case(0.2, 0.1, 8) == pytest.approx(counts.mean() / 1.6, rel=0.005)
    distinct = np.sort(hypergeom.rvs(20, 4, 8, size=400_000, random_state=1))[-40_000:]
    assert worst_case(0.2, 0.1, 8, 20) == pytest.approx(distinct.mean() / 1.6, rel=0.005)


def test_tails_are_exact_where_they_can_be_checked_and_finite_far_out():
    np.testing.assert_allclose(log_tails(40, 0.2), binom.logsf(np.arange(-1, 40), 40, 0.2), 1e-9, 1e-11)
    far = log_tails(6400, 0.2)
    assert np.isfinite(far).all()
    assert far[-1] == pytest.approx(6400 * np.log(0.2))
    assert (np.diff(far) <= 0).all()
    assert far[0] == pytest.approx(0, abs=1e-9)


def test_a_graph_too_small_for_its_shares_is_refused():
    for arguments, told in (
        ((0.2, 0.001, 8, 100, 20), "theta = 0.001 of 100"),
        ((0.2, 0.1, 2.5, 100, 20), "k = 2.5"),
        ((0.01, 0.1, 8, 100, 20), "alpha = 0.01 of 20"),
    ):
        with pytest.raises(TaskscopeError, match=told):
            certificate(*arguments)
    with pytest.raises(TaskscopeError, match="confidence"):
        certificate(0.2, 0.1, 8, 100, 20, confidence=1.0)
    with pytest.raises(TaskscopeError, match="of 5 skills"):
        worst_case(0.2, 0.1, 8, 5)


THETAS = {
    2: (0.10000, 0.06000, 0.02000),
    4: (0.13048, 0.07297, 0.02184),
    8: (0.17525, 0.09753, 0.02888),
    16: (0.22716, 0.12680, 0.03776),
    32: (0.28036, 0.15766, 0.04756),
}


@pytest.mark.parametrize("k", THETAS)
def test_the_largest_theta_is_the_protocols(k):
    found = [inverse.largest_theta(0.2, k, competence) for competence in (0.5, 0.7, 0.9)]
    np.testing.assert_allclose(found, THETAS[k], atol=6e-6)


def test_a_share_of_skills_below_which_nothing_is_guaranteed():
    found = [inverse.smallest_alpha(0.1, k, 1e-12) for k in (2, 4, 8, 16)]
    np.testing.assert_allclose(found, [0.083026, 0.049112, 0.026664, 0.013895], atol=6e-7)
    assert float(guarantee(inverse.smallest_alpha(0.1, 8, 0.7), 0.1, 8).competence) == pytest.approx(0.7)


@settings(max_examples=15)
@given(st.floats(0.01, 0.9), skills, st.floats(0.01, 0.99))
def test_the_inverse_undoes_the_guarantee(alpha, k, competence):
    theta = inverse.largest_theta(alpha, k, competence)
    assert float(guarantee(alpha, theta, k).competence) == pytest.approx(competence, abs=1e-6)


def test_tuples_are_guaranteed_as_in_the_protocol():
    np.testing.assert_allclose(
        tuples.tensor(0.2, 0.05, 8, [1, 2, 4]), [0.835094, 0.693284, 0.440484], atol=6e-7
    )
    np.testing.assert_allclose(
        tuples.sharper(0.2, 0.05, 8, [1, 2, 4]), [0.835094, 0.700074, 0.475148], atol=6e-7
    )
    assert float(tuples.naive(0.2, 0.05, 8, 2)) == pytest.approx(float(guarantee(0.2, 0.05, 4).competence))
    assert tuples.tensor(0.2, 0.3, 8, 4) == 0.0
    with pytest.raises(TaskscopeError, match="at most k"):
        tuples.naive(0.2, 0.05, 8, 9)


@given(st.floats(0.01, 0.9), st.floats(0.001, 0.9), skills, st.integers(1, 16))
def test_a_tth_of_the_failures_brings_tuples_to_where_skills_were(alpha, theta, k, t):
    """Corollary 13, under the linear link; and the sharper share of failures never guarantees less."""
    assert float(tuples.tensor(alpha, theta / t, k, t)) == pytest.approx(
        float(guarantee(alpha, theta, k).competence), abs=1e-12
    )
    assert tuples.sharper(alpha, theta / t, k, t) >= tuples.tensor(alpha, theta / t, k, t) - 1e-12


def test_joined_texts_succeed_when_every_part_does():
    rng = np.random.default_rng(0)
    right = rng.random((200_000, 3)) < [0.9, 0.5, 0.7]
    assert float(tuples.composite([0.9, 0.5, 0.7])) == pytest.approx(right.all(axis=1).mean(), abs=0.005)


def test_uniform_tuples_succeed_on_average_as_often_as_all_parts_do():
    """Mean over all pairs of the product of competences whose mean is 1 - theta: (1 - theta)^2 (3.6)."""
    competence = np.random.default_rng(1).random(50)
    pairs = np.stack(np.meshgrid(competence, competence), axis=-1)
    assert tuples.composite(pairs).mean() == pytest.approx(competence.mean() ** 2)


def test_below_the_theorems_alpha_the_clamp_still_answers():
    """k = 8, alpha = .2, theta = 1e-6 has no root although competence is nearly 1 (pitfall 2)."""
    found = guarantee(0.2, 1e-6, 8)
    assert bool(found.clamped) and float(found.beta) == 5.0
    assert float(found.competence) == pytest.approx(1 - 5e-6)
    below = guarantee(float(largest_alpha(0.1, 8)) * (1 - 1e-6), 0.1, 8)
    assert not bool(below.clamped)
    assert float(below.beta) == pytest.approx(1 / float(largest_alpha(0.1, 8)), rel=1e-5)


def test_most_tuples_cannot_have_been_seen():
    found = [stimulus.log10_seen(1e11, 16, t, 10_000) for t in (2, 3, 4, 8)]
    np.testing.assert_allclose(found, [5.38, 2.53, -0.36, -12.28], atol=6e-3)
    assert stimulus.coverage(1e11, 16, 4, 10_000) == pytest.approx(0.35, abs=0.006)
    assert stimulus.coverage(1e11, 16, 2, 10_000) == 1.0
    assert stimulus.log10_tuples(10_000, 8, ordered=True) == pytest.approx(32)
    assert stimulus.log10_tuples(10_000, 8) == pytest.approx(27.39, abs=5e-3)
    for arguments in ((1e11, 4, 8, 10_000), (0.0, 16, 8, 10_000)):
        with pytest.raises(TaskscopeError):
            stimulus.log10_seen(*arguments)


def test_four_links_from_excess_to_mistakes():
    wanted = {
        "exact01": (0.09516, 0.3935),
        "linear": (0.1, 0.5),
        "pinsker_L1": (0.4472, 1.0),
        "pinsker_TV": (0.2236, 0.5),
    }
    assert set(wanted) == set(links.LINKS)
    for link, values in wanted.items():
        np.testing.assert_allclose(links.error([0.1, 0.5], link), values, atol=6e-5)
        assert links.error(100.0, link) == 1.0
        slope = links.slope_through(1.7, 0.1, link)
        assert float(links.error(1.7, link, slope)) == pytest.approx(0.1)
        halved = float(links.error(0.01, link) / links.error(0.005, link))
        assert halved == pytest.approx(2**0.5 if link.startswith("pinsker") else 2, rel=0.003)
    assert links.error(0.1, "linear", 0.5) == 0.05
    with pytest.raises(TaskscopeError, match="excess of 0 nats"):
        links.slope_through(0.0, 0.1)
    with pytest.raises(TaskscopeError, match="did you mean 'linear'"):
        links.error(0.1, "liner")
    with pytest.raises(TaskscopeError, match=r"-0\.1 nats"):
        links.error(-0.1)
