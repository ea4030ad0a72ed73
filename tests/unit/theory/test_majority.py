"""How often a majority of one kind's demonstrations has the likeliest label, against counting and by hand."""

import numpy as np
import pytest
from scipy.stats import poisson

from taskscope.theory.hidden_markov import TaskMixture, draw, softmax_mixture
from taskscope.theory.kernel_regression import majority_agreement, state_votes


def counted(mass: np.ndarray, law: np.ndarray, n: int, trials: int, rng: np.random.Generator) -> float:
    """Draw n demonstrations and a query many times over, and count: multinomial, not Poisson."""
    found = 0.0
    for shown in rng.multinomial(n, (mass[:, None] * law).ravel(), size=trials).reshape(trials, *law.shape):
        best = shown == shown.max(axis=1, keepdims=True)
        known = shown.max(axis=1) > 0
        right = best[np.arange(len(law)), law.argmax(axis=1)] / best.sum(axis=1)
        found += float(mass @ np.where(known, right, 0.0))
    return found / trials


@pytest.mark.parametrize("n", [1, 4, 32])
def test_it_is_what_counting_finds(n):
    """Up to what independent Poisson numbers differ from n demonstrations, of which no kind has many."""
    rng = np.random.default_rng(n)
    mass, law = rng.dirichlet(np.ones(30)), rng.dirichlet(np.full(12, 0.3), size=30)
    assert majority_agreement(mass, law, n) == pytest.approx(counted(mass, law, n, 4000, rng), abs=0.03)


def test_one_label_is_found_by_its_first_demonstration():
    mass, law = np.array([0.25, 0.75]), np.array([[1.0, 0.0], [0.0, 1.0]])
    expected = float(mass @ (1 - poisson.pmf(0, 8 * mass)))
    assert majority_agreement(mass, law, 8) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("labels", [2, 5, 20])
def test_equal_labels_are_told_apart_by_chance_alone(labels):
    """Each of them is found equally often, where any is; more rivals than the quadrature has points."""
    law = np.full((1, labels), 1 / labels)
    found = majority_agreement(np.ones(1), law, 6)
    assert found == pytest.approx((1 - poisson.pmf(0, 6)) / labels, rel=1e-9)


def test_it_rises_with_demonstrations_and_with_the_margin_to_one():
    mass = np.ones(1)
    margins = (0.52, 0.6, 0.8)
    curves = [
        [majority_agreement(mass, np.array([[p, 1 - p]]), n) for n in (4, 16, 64, 256)] for p in margins
    ]
    assert (np.diff(curves, axis=1) > 0).all() and (np.diff(curves, axis=0) > 0).all()
    assert curves[-1][-1] > 1 - 1e-9
    # A normal count of the difference: 256 * 0.04 over its standard deviation 16.
    assert curves[0][-1] == pytest.approx(0.739, abs=0.01)


def test_states_and_labels_are_those_that_are_drawn():
    mixture = softmax_mixture(2, 5, 7, np.random.default_rng(3), transition=0.5, emission=0.5)
    # Every state says its own name: what is drawn shows the states.
    named = TaskMixture(mixture.transitions, np.eye(5)[None], mixture.starts, mixture.block_of, mixture.prior)
    ends, law = state_votes(named, 1, 3)
    tokens = draw(named, np.full(40_000, 1), 4, np.random.default_rng(4))
    shown = np.histogram2d(tokens[:, 2], tokens[:, 3], bins=5)[0] / len(tokens)
    np.testing.assert_allclose(shown, ends[:, None] * law, atol=0.01)
    assert ends.sum() == pytest.approx(1)
    assert state_votes(mixture, 0, 1)[0].tolist() == mixture.starts[0].tolist()
