"""Models of responses recover what was planted, with the accuracy of the protocol's simulations (7)."""

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import expit

from taskscope.errors import TaskscopeError
from taskscope.theory.item_response import dina, logistic
from taskscope.theory.item_response.performance import performance
from taskscope.theory.item_response.responses import mean_log_probability
from taskscope.theory.skill_graph.guarantee import guarantee


def q_matrix(n_items: int, n_skills: int, rng: np.random.Generator) -> np.ndarray:
    """One to three skills an item; the first items need each skill alone, twice over."""
    q = np.zeros((n_items, n_skills), bool)
    for item in range(n_items):
        alone = item < 2 * n_skills
        needed = [item % n_skills] if alone else rng.permutation(n_skills)[: rng.integers(1, 4)]
        q[item, needed] = True
    return q


def simulated(n_examinees: int, n_items: int, n_skills: int, rng: np.random.Generator):
    """Correlated mastery, slips .1, guesses .25."""
    q = q_matrix(n_items, n_skills, rng)
    general = rng.standard_normal((n_examinees, 1))
    mastery = 0.7 * general + 0.7 * rng.standard_normal((n_examinees, n_skills)) > 0
    able = (mastery.astype(int) @ q.T.astype(int)) == q.sum(axis=1)
    return q, mastery, (rng.random(able.shape) < np.where(able, 0.9, 0.25)).astype(float)


@pytest.mark.parametrize(
    ("size", "attribute", "pattern"), [((100, 30, 4), 0.964, 0.866), ((300, 60, 6), 0.983, 0.908)]
)
def test_skills_are_recovered_as_often_as_in_the_protocol(size, attribute, pattern):
    found, whole, slips, guesses = [], [], [], []
    for seed in range(3):
        q, mastery, responses = simulated(*size, np.random.default_rng(seed))
        model = dina.fit(responses, q)
        right = (model.mastery(responses) > 0.5) == mastery
        found.append(right.mean())
        whole.append(right.all(axis=1).mean())
        slips.append(np.sqrt(((model.slip - 0.1) ** 2).mean()))
        guesses.append(np.sqrt(((model.guess - 0.25) ** 2).mean()))
    assert np.mean(found) == pytest.approx(attribute, abs=0.025)
    assert np.mean(found) >= 0.96 or size[0] < 300  # criterion 15
    assert np.mean(whole) == pytest.approx(pattern, abs=0.08)
    assert max(slips) < 0.1
    assert max(guesses) < 0.1


@pytest.mark.parametrize(
    ("size", "attribute", "pattern", "slip", "guess"),
    [((1000, 60, 6), 0.984, 0.909, 0.017, 0.019), ((30, 500, 6), 1.0, 1.0, 0.131, None)],
)
def test_many_examinees_tell_of_items_and_many_items_of_examinees(size, attribute, pattern, slip, guess):
    """The other two sizes of the protocol's simulation: with thirty examinees slips stay unknown."""
    told = []
    for seed in range(5):
        q, mastery, responses = simulated(*size, np.random.default_rng(seed))
        model = dina.fit(responses, q)
        right = (model.mastery(responses) > 0.5) == mastery
        errors = [
            np.sqrt(((found - true) ** 2).mean()) for found, true in ((model.slip, 0.1), (model.guess, 0.25))
        ]
        told.append((right.mean(), right.all(axis=1).mean(), *errors))
    found = np.mean(told, axis=0)
    assert found[0] == pytest.approx(attribute, abs=0.01)
    assert found[1] == pytest.approx(pattern, abs=0.03)
    assert found[2] == pytest.approx(slip, rel=0.2)
    if guess is not None:
        assert found[3] == pytest.approx(guess, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "printed"),
    [
        ((200, 60), (-0.594, -0.568, -0.548, -0.601, -0.648)),
        ((500, 100), (-0.577, -0.531, -0.494, -0.532, -0.583)),
        ((60, 400), (-0.591, -0.566, -0.561, -0.631, -0.712)),
    ],
)
def test_dimensions_of_other_sizes_show_as_in_the_protocol(size, printed):
    """The peak is at the true three, and the factors there are the planted ones after rotation.

    How the slopes were drawn is not printed, so the values are met within .06.
    """
    rng = np.random.default_rng(0)
    ability, slope = rng.standard_normal((size[0], 3)), rng.standard_normal((size[1], 3))
    chances = expit(ability @ slope.T + 0.5 * rng.standard_normal(size[1]))
    responses = (rng.random(chances.shape) < chances).astype(float)
    held_out = rng.random(responses.shape) < 0.1
    seen, rest = np.where(held_out, np.nan, responses), np.where(held_out, responses, np.nan)
    fits = [logistic.fit(seen, n, np.random.default_rng(1)) for n in range(1, 6)]
    found = [mean_log_probability(rest, each.chances()) for each in fits]
    assert int(np.argmax(found)) + 1 == 3
    np.testing.assert_allclose(found, printed, atol=0.06)
    own, true = (each - each.mean(axis=0) for each in (fits[2].ability, ability))
    left, _, right = np.linalg.svd(own.T @ true)
    rotated = own @ left @ right
    together = [np.corrcoef(rotated[:, n], true[:, n])[0, 1] for n in range(3)]
    assert min(together) >= 0.88


def test_the_true_tags_foretell_held_out_responses_better_than_shuffled_ones():
    rng = np.random.default_rng(5)
    q, _, responses = simulated(300, 60, 6, rng)
    held_out = rng.random(responses.shape) < 0.1
    seen, rest = np.where(held_out, np.nan, responses), np.where(held_out, responses, np.nan)
    true, shuffled = (
        mean_log_probability(rest, dina.fit(seen, tagged).chances(seen))
        for tagged in (q, q[rng.permutation(len(q))])
    )
    assert true > shuffled + 0.03


def test_a_long_test_does_not_underflow():
    """Products of two thousand probabilities are zero in floating point; their logarithms are not."""
    q, mastery, responses = simulated(40, 2_000, 3, np.random.default_rng(1))
    found = dina.fit(responses, q)
    assert np.isfinite(found.posterior(responses)).all()
    assert ((found.mastery(responses) > 0.5) == mastery).mean() > 0.97


def test_one_skill_and_no_slips_is_counting():
    responses = np.array([[1.0, 1, 1]] * 30 + [[0.0, 0, 0]] * 10)
    found = dina.fit(responses, np.ones((3, 1)))
    assert found.share[1] == pytest.approx(0.75, abs=1e-3)
    np.testing.assert_allclose(found.slip, 1 / 32, atol=1e-3)
    np.testing.assert_allclose(found.guess, 1 / 12, atol=1e-3)


def test_the_number_of_dimensions_shows_on_held_out_responses():
    rng = np.random.default_rng(0)
    ability, slope = rng.standard_normal((300, 3)), 1.3 * rng.standard_normal((80, 3))
    chances = expit(ability @ slope.T + 0.5 * rng.standard_normal(80))
    responses = (rng.random(chances.shape) < chances).astype(float)
    held_out = rng.random(responses.shape) < 0.1
    seen, rest = np.where(held_out, np.nan, responses), np.where(held_out, responses, np.nan)
    by_dimension = [
        mean_log_probability(rest, logistic.fit(seen, n, np.random.default_rng(1)).chances())
        for n in range(1, 6)
    ]
    assert int(np.argmax(by_dimension)) + 1 == 3
    assert by_dimension[2] < mean_log_probability(rest, chances)


def test_the_fit_is_a_stationary_point():
    rng = np.random.default_rng(2)
    responses = (rng.random((12, 9)) < 0.6).astype(float)
    responses[0, 0] = np.nan
    model = logistic.fit(responses, 2, rng)

    def objective(at: np.ndarray) -> float:
        ability, slope = at[:24].reshape(12, 2), at[24:42].reshape(9, 2)
        chances = expit(ability @ slope.T + at[42:])
        counted = ~np.isnan(responses)
        logs = np.where(responses == 1, np.log(chances), np.log1p(-chances))
        return float(-logs[counted].sum() + (at[:24] ** 2).sum() / 2 + 0.05 * (at[24:] ** 2).sum())

    at = np.concatenate([model.ability.ravel(), model.slope.ravel(), model.intercept])
    assert check_grad(objective, lambda _: np.zeros(51), at) < 0.02


def test_random_tags_gather_failures_less_than_the_theorem_allows():
    rng = np.random.default_rng(3)
    q = np.zeros((4_000, 50), bool)
    np.put_along_axis(q, np.argsort(rng.random(q.shape), axis=1)[:, :4], True, axis=1)
    weak = rng.random(50) < 0.2
    right = rng.random((1, 4_000)) < np.where(q[:, weak].sum(axis=1) >= 2, 0.5, 0.97)
    found = performance(right.astype(float), q)
    assert found.tags_per_item == 4
    assert found.beta[-1] == pytest.approx(1.0, abs=0.05)
    assert (np.diff(found.beta) <= 1e-12).all()
    allowed = guarantee(found.alpha[:-1], found.theta, found.tags_per_item).beta
    assert (found.beta[:-1] < allowed).all()
    assert set(np.argsort(found.competence)[: weak.sum()]) == set(np.flatnonzero(weak))


@pytest.mark.parametrize(
    ("attempt", "match"),
    [
        (lambda: dina.fit([[0.5]], [[1]]), "neither 0 nor 1"),
        (lambda: dina.fit([[1, np.nan], [0, np.nan]], np.ones((2, 1))), "item 1 without a response"),
        (lambda: dina.fit([[1, 0]], [[1], [0]]), "item 1 needs no skill"),
        (lambda: dina.fit([[1, 0]], [[1]]), "for 2 items"),
        (lambda: dina.fit([[1, 0]], np.ones((2, 13))), "13 skills"),
        (lambda: dina.fit([1, 0], [[1]]), "a table of examinees"),
        (lambda: logistic.fit([[1, 0], [0, 1]], 2, np.random.default_rng(0)), "2 dimensions"),
    ],
)
def test_what_cannot_be_fitted_is_refused(attempt, match):
    with pytest.raises(TaskscopeError, match=match):
        attempt()


def test_a_row_of_the_q_matrix_without_skills_is_named_with_a_way_out():
    with pytest.raises(TaskscopeError, match="item 1 needs no skill") as caught:
        performance([[1, 0]], [[1], [0]])
    assert "at least one skill" in caught.value.expected and "leave that item out" in caught.value.hint
