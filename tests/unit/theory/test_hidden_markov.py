"""Mixtures of hidden Markov models: the fast readings against sums over every path, and the symmetries."""

from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov import (
    DELIMITER,
    TaskMixture,
    all_strings,
    dirichlet_mixture,
    draw,
    forward,
    log_posteriors,
    read,
    smoothed,
    softmax_mixture,
)


def by_paths(mixture: TaskMixture, task: int, tokens: np.ndarray) -> float:
    """P(tokens | task): the sum over every path of states, written out."""
    start, block = mixture.starts[task], mixture.block_of[task]
    move, emit = mixture.transitions[block], mixture.emissions[block]
    total = 0.0
    for path in product(range(len(start)), repeat=len(tokens)):
        p = start[path[0]]
        for i, (state, token) in enumerate(zip(path, tokens, strict=True)):
            p *= emit[state, token] * (move[state, path[i + 1]] if i + 1 < len(path) else 1.0)
        total += p
    return total


def by_tasks(mixture: TaskMixture, examples: list[np.ndarray], leak: float) -> np.ndarray:
    """Joint (task of the last example,) of a prompt: the sum over every sequence of tasks and every path."""
    tasks = len(mixture.prior)
    joint = np.zeros(tasks)
    for chain in product(range(tasks), repeat=len(examples)):
        p = mixture.prior[chain[0]]
        for before, after in pairwise(chain):
            p *= (1 - leak) * (before == after) + leak * mixture.prior[after]
        for task, tokens in zip(chain, examples, strict=True):
            p *= by_paths(mixture, task, tokens)
        joint[chain[-1]] += p
    return joint


def prompt_of(examples: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Join examples (example, position) and a query (position,) with delimiters."""
    parts = [np.append(example, DELIMITER) for example in examples]
    return np.concatenate([*parts, query])


def random_mixture(rng: np.random.Generator) -> TaskMixture:
    if rng.random() < 0.5:
        return dirichlet_mixture(3, 2, 3, rng)
    return softmax_mixture(3, 4, 3, rng, transition=0.5, emission=0.5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 1.0]))
def test_the_forward_algorithm_is_the_sum_over_all_tasks_and_paths(seed, leak):
    rng = np.random.default_rng(seed)
    mixture = random_mixture(rng)
    examples, query = rng.integers(3, size=(2, 3)), rng.integers(3, size=2)
    found = forward(mixture, prompt_of(examples, query)[None], leak)
    joint = by_tasks(mixture, [*examples, query], leak)
    following = [by_tasks(mixture, [*examples, np.append(query, y)], leak).sum() for y in range(3)]
    np.testing.assert_allclose(np.exp(found.log_likelihood[0]), joint.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.posterior[0], joint / joint.sum(), rtol=1e-10)
    np.testing.assert_allclose(found.predictive[0], np.array(following) / joint.sum(), rtol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_strings_are_read_as_the_sum_over_all_paths(seed, length):
    rng = np.random.default_rng(seed)
    mixture = random_mixture(rng)
    tokens = rng.integers(3, size=(4, length))
    found = read(mixture, tokens)
    prob = np.array([[by_paths(mixture, task, x) for task in range(3)] for x in tokens])
    np.testing.assert_allclose(np.exp(found.log_prob), prob, rtol=1e-11)
    np.testing.assert_allclose(np.exp(found.log_mixed), prob @ mixture.prior, rtol=1e-11)
    joint = [[[by_paths(mixture, k, np.append(x, y)) for y in range(3)] for k in range(3)] for x in tokens]
    np.testing.assert_allclose(np.exp(found.log_joint), joint, rtol=1e-11)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.05]))
def test_fact_6_examples_multiply_and_their_order_is_nothing_under_an_exact_reset(seed, leak):
    rng = np.random.default_rng(seed)
    mixture = dirichlet_mixture(4, 3, 6, rng)
    examples, query = rng.integers(6, size=(4, 4)), rng.integers(6, size=(1, 3))
    evidence = read(mixture, examples).log_prob[None]
    posterior = log_posteriors(evidence, mixture.prior, leak)[0, -1]
    asked = read(mixture, query)
    weight = posterior + asked.log_prob[0]
    product_form = np.exp(weight - np.logaddexp.reduce(weight)) @ asked.law[0]
    orders = [prompt_of(examples[list(order)], query[0]) for order in permutations(range(4))]
    found = forward(mixture, np.stack(orders), leak).predictive
    assert np.abs(found[0] - product_form).max() < 1e-13
    if leak == 0:
        assert np.ptp(found, axis=0).max() < 1e-12
    else:
        assert np.ptp(found, axis=0).max() > 1e-6


def test_long_strings_do_not_underflow():
    mixture = dirichlet_mixture(2, 3, 5, np.random.default_rng(0))
    tokens = np.tile(np.arange(5), (1, 400))
    found = read(mixture, tokens)
    assert (found.log_prob < -2_000).all()
    filtered = forward(mixture, tokens)
    np.testing.assert_allclose(filtered.log_likelihood, found.log_mixed, rtol=1e-10)
    np.testing.assert_allclose(found.law.sum(axis=-1), 1)


def test_drawn_strings_follow_the_enumerated_law():
    rng = np.random.default_rng(3)
    mixture = dirichlet_mixture(2, 3, 3, rng)
    strings = all_strings(3, 2)
    drawn = draw(mixture, np.ones(40_000, int), 2, rng)
    share = np.bincount(drawn @ [3, 1], minlength=9) / len(drawn)
    law = np.exp(read(mixture, strings).log_prob[:, 1])
    assert law.sum() == pytest.approx(1, abs=1e-12)
    assert np.abs(share - law).max() < 5 * np.sqrt(law / len(drawn)).max()


def test_the_leak_takes_the_posterior_back_towards_the_prior():
    evidence = np.tile([[[0.0, -50.0]]], (1, 3, 1))
    prior = np.array([0.25, 0.75])
    np.testing.assert_allclose(np.exp(log_posteriors(evidence, prior)[0, 1:, 0]), 1)
    np.testing.assert_allclose(np.exp(log_posteriors(evidence, prior, 0.2)[0, 1:, 0]), 0.85)
    np.testing.assert_allclose(np.exp(log_posteriors(evidence, prior, 1.0)[0, 1:, 0]), 0.25)


def chain_with_zeros() -> TaskMixture:
    cycle = np.eye(2)[[1, 0]][None]
    return TaskMixture(cycle, np.eye(2)[None], np.eye(2), np.zeros(2, int), np.full(2, 0.5))


def test_exact_zeros_are_counted_smoothed_away_and_refused_where_they_rule_everything_out():
    mixture = chain_with_zeros()
    assert mixture.zeros == 4
    with pytest.raises(TheoryError, match=r"probability zero under every task.*\n.*\n.*smoothed"):
        read(mixture, np.array([[0, 1, 0], [0, 0, 1]]))
    with pytest.raises(TheoryError, match="prompt 0 has probability zero"):
        forward(mixture, np.array([[0, 1, DELIMITER, 1, 1]]))
    with pytest.raises(TheoryError, match="prompt 0 has probability zero"):
        log_posteriors(np.full((1, 2, 2), -np.inf), mixture.prior)
    soft = smoothed(mixture, 0.1)
    assert soft.zeros == 0
    np.testing.assert_allclose(soft.transitions[0], [[0.05, 0.95], [0.95, 0.05]])
    assert np.isfinite(read(soft, np.array([[0, 0, 1]])).log_prob).all()


def test_a_task_that_rules_a_string_out_says_nothing_of_it():
    found = read(chain_with_zeros(), np.array([[0, 1]]))
    assert found.log_prob[0].tolist() == [0.0, -np.inf]
    np.testing.assert_array_equal(found.law[0], [[1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"prior": np.array([0.5, 0.6])}, "prior that are no probabilities"),
        ({"starts": np.array([[2.0, -1.0], [1.0, 0.0]])}, "starts that are no probabilities: smallest -1"),
        ({"emissions": np.full((1, 2, 2), np.nan)}, "emissions that are no probabilities"),
        ({"block_of": np.array([0, 1])}, "tasks in blocks"),
        ({"prior": np.ones(1)}, "of shapes"),
    ],
)
def test_what_is_no_mixture_is_refused(change, told):
    good = vars(chain_with_zeros())
    with pytest.raises(TheoryError, match=told):
        TaskMixture(**{**good, **change})


def test_wrong_arguments_are_refused():
    mixture = chain_with_zeros()
    with pytest.raises(TheoryError, match="tokens from 0 to 2"):
        read(mixture, np.array([[0, 2]]))
    with pytest.raises(TheoryError, match=r"a leak of 1\.5"):
        forward(mixture, np.array([[0, 1]]), leak=1.5)
    with pytest.raises(TheoryError, match="different places"):
        forward(mixture, np.array([[0, DELIMITER, 1], [0, 1, DELIMITER]]))
    with pytest.raises(TheoryError, match="1,000,000 strings"):
        all_strings(100, 3)
    with pytest.raises(TheoryError, match="9 tasks in 8 states"):
        softmax_mixture(9, 8, 2, np.random.default_rng(0), transition=1, emission=1)
    with pytest.raises(TheoryError, match="a share of 0"):
        smoothed(mixture, 0)
