"""The kernels of the theorem: facts F1 to F5 by enumeration, equivalent routes, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov import Strings, TaskMixture, all_strings, dirichlet_mixture, read
from taskscope.theory.kernel_regression import (
    KERNELS,
    delta_error,
    features,
    fit,
    gaussian_vote,
    label_sums,
    limit,
    normalised_error,
    ridge_prediction,
    self_kernel,
    vote,
)
from taskscope.theory.kernel_regression.kernels import GRAM_CUT, OF_TASK

TASK = 0
N_TOKENS = 6


class World:
    """Everything enumerated: every string of length 3 over six tokens."""

    def __init__(self, seed: int, transition: float = 1.0, emission: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.mixture = dirichlet_mixture(3, 3, N_TOKENS, rng, transition=transition, emission=emission)
        self.strings = read(self.mixture, all_strings(N_TOKENS, 3))
        self.joint = np.exp(self.strings.log_joint[:, TASK])
        self.task_law = self.joint.sum(axis=1)
        self.mixed_law = np.exp(self.strings.log_mixed)
        self.law = self.strings.law[:, TASK]

    def weights(self, name: str) -> np.ndarray:
        return self.task_law if name in OF_TASK else self.mixed_law

    def psi(self, name: str) -> np.ndarray:
        return fit(name, self.strings, self.weights(name), TASK).whiten(self.strings)


@pytest.fixture(scope="module")
def world() -> World:
    return World(0)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ["A", "E"])
def test_fact_1_the_oracles_are_unbiased_before_the_ratio(name, seed):
    world = World(seed)
    psi = world.psi(name)
    found = limit(psi, psi, world.joint)
    assert np.abs(found.weight - 1).max() < 1e-9
    assert np.abs(found.label_weight - world.law).max() < 1e-9


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", ["B", "F"])
def test_fact_2_the_practical_kernels_have_no_bias_in_the_ratio(name, seed):
    world = World(seed)
    psi = world.psi(name)
    found = limit(psi, psi, world.joint)
    odds = world.task_law / world.mixed_law
    assert np.abs(found.weight - odds).max() < 1e-9
    assert np.abs(found.label_weight - odds[:, None] * world.law).max() < 1e-9
    assert np.abs(found.prediction - world.law).max() < 1e-9


@pytest.mark.parametrize("name", ["A", "B", "E", "F"])
def test_facts_1_and_2_hold_in_a_peaked_world_but_for_strings_next_to_impossible(name):
    world = World(1, transition=0.5, emission=0.3)
    psi = world.psi(name)
    wrong = np.abs(limit(psi, psi, world.joint).prediction - world.law).max(axis=1)
    assert world.task_law @ wrong < 1e-9


@pytest.mark.parametrize("seed", [0, 5])
def test_facts_1_and_4_hold_where_features_are_ill_conditioned(seed):
    """Inputs next to impossible under the task, by whose probability A divides: 1e-8 off if whitened once."""
    mixture = dirichlet_mixture(4, 3, 8, np.random.default_rng(seed), transition=0.5, emission=0.3)
    strings = read(mixture, all_strings(8, 4))
    joint = np.exp(strings.log_joint[:, TASK])
    law = joint.sum(axis=1)
    psi = fit("A", strings, law, TASK).whiten(strings)
    found = limit(psi, psi, joint)
    assert law @ np.abs(found.weight - 1) < 1e-12
    assert law @ np.abs(found.label_weight - strings.law[:, TASK]).sum(axis=1) < 1e-12
    assert self_kernel(psi, law) == pytest.approx(psi.shape[1], abs=1e-11)


def test_fact_3_the_literal_kernel_has_a_bias_that_stays():
    bias = []
    for seed in range(4):
        world = World(seed)
        psi = world.psi("C")
        off = np.abs(limit(psi, psi, world.joint).prediction - world.law).sum(axis=1)
        bias.append(world.task_law @ off)
    assert min(bias) > 1e-3 and max(bias) < 0.3


@pytest.mark.parametrize("name", KERNELS)
def test_fact_4_the_mean_of_the_kernel_with_itself_is_its_rank(name, world):
    kernel = fit(name, world.strings, world.weights(name), TASK)
    assert kernel.rank == {"A": 27, "B": 27, "C": 27, "E": 3, "F": 9}[name]
    assert self_kernel(kernel.whiten(world.strings), world.weights(name)) == pytest.approx(
        kernel.rank, abs=1e-9
    )


@pytest.mark.parametrize("name", ["A", "E"])
def test_fact_4_the_error_of_the_normalised_oracle_is_exact(name, world):
    """The expectation over one demonstration, summed over all of them: no sampling, so no tolerance."""
    psi = world.psi(name)
    kernel = psi @ psi.T
    second = (kernel**2 @ world.joint).sum(axis=1)  # E |e(y) K|^2, since |e(y)| = 1
    expected = world.task_law @ (second - (world.law**2).sum(axis=1))
    found = normalised_error(psi.shape[1], world.law, world.task_law)
    assert found == pytest.approx(expected, rel=1e-9)


def drawn(world: World, n: int, prompts: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw demonstrations: numbers of strings and labels, (prompt, n)."""
    cell = rng.choice(world.joint.size, p=world.joint.ravel() / world.joint.sum(), size=(prompts, n))
    return np.divmod(cell, N_TOKENS)


def test_fact_5_the_delta_method_is_the_error_of_the_vote_with_many_demonstrations(world):
    rng = np.random.default_rng(5)
    psi = world.psi("E")
    queries = rng.choice(len(psi), p=world.task_law / world.task_law.sum(), size=40)
    x, y = drawn(world, 1000, 400, rng)
    found = vote(label_sums(psi[x], y, [1000], N_TOKENS), psi[queries][None], [1000])
    error = 1000 * ((found.ratio[:, 0] - world.law[queries]) ** 2).sum(axis=-1).mean()
    predicted = delta_error(psi[queries], world.law[queries], psi, world.joint)
    assert error == pytest.approx(predicted.mean(), rel=0.08)
    kernel = psi[queries] @ psi.T
    off = np.eye(N_TOKENS)[None] - world.law[queries][:, None]
    slow = np.einsum("qx,qx,xy,qyl,qyl->q", kernel, kernel, world.joint, off, off)
    np.testing.assert_allclose(predicted, slow / (kernel @ world.task_law) ** 2, rtol=1e-9)


@pytest.mark.parametrize("name", KERNELS)
def test_the_kernel_is_the_textbook_formula(name, world):
    """Phi Sigma^+ Phi^T, whichever way it is computed; for the ill-conditioned C up to what is left of it."""
    phi = features(name, world.strings, TASK)
    sigma = phi.T @ (world.weights(name)[:, None] * phi)
    textbook = phi @ np.linalg.pinv(sigma, rcond=1e-13, hermitian=True) @ phi.T
    psi = world.psi(name)
    weight = np.sqrt(np.outer(world.weights(name), world.weights(name)))
    np.testing.assert_allclose(
        weight * (psi @ psi.T), weight * textbook, atol=1e-4 if name in "ABC" else 1e-9
    )


def test_few_strings_go_through_their_inner_products():
    world = World(2)
    some = np.random.default_rng(0).choice(len(world.strings), size=20, replace=False)
    few = read(world.mixture, world.strings.tokens[some])
    weights = np.full(20, 1 / 20)
    kernel = fit("B", few, weights)  # 27 features
    rows = np.sqrt(weights)[:, None] * features("B", few, TASK)
    _, s, vt = np.linalg.svd(rows, full_matrices=False)
    kept = s > GRAM_CUT * s[0]
    assert kernel.rank == kept.sum()
    whole = features("B", world.strings, TASK) @ (vt[kept].T / s[kept])
    psi = kernel.whiten(world.strings)
    np.testing.assert_allclose(psi @ psi.T, whole @ whole.T, rtol=1e-3, atol=1e-4 * np.abs(whole).max() ** 2)


def test_a_kernel_of_full_rank_looks_strings_up():
    world = World(3)
    some = read(world.mixture, world.strings.tokens[:9])
    weights = np.full(9, 1 / 9)
    kernel = fit("F", some, weights)
    psi = kernel.whiten(some)
    assert kernel.rank == kernel.support == 9
    assert kernel.is_lookup
    np.testing.assert_allclose(psi @ psi.T, 9 * np.eye(9), atol=1e-9)
    assert not fit("F", world.strings, world.mixed_law).is_lookup


def test_the_literal_kernel_does_not_depend_on_the_unit_of_its_scales():
    world = World(1)
    shifted = Strings(
        **{
            name: value
            for name, value in vars(world.strings).items()
            if name in Strings.__dataclass_fields__ and name != "log_scale"
        },
        log_scale=world.strings.log_scale - 2_000,
    )
    a, b = (fit("C", each, world.mixed_law).whiten(each) for each in (world.strings, shifted))
    np.testing.assert_allclose(a @ a.T, b @ b.T, rtol=1e-6, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KERNELS))
def test_order_is_nothing_and_new_names_for_labels_rename_the_answer(seed, name):
    world = World(seed % 5)
    rng = np.random.default_rng(seed)
    psi = world.psi(name)
    x, y = drawn(world, 60, 1, rng)
    queries = psi[rng.integers(len(psi), size=5)][None]
    order, names = rng.permutation(60), rng.permutation(N_TOKENS)
    plain = vote(label_sums(psi[x], y, [60], N_TOKENS), queries, [60])
    turned = vote(label_sums(psi[x[:, order]], y[:, order], [60], N_TOKENS), queries, [60])
    renamed = vote(label_sums(psi[x], names[y], [60], N_TOKENS), queries, [60])
    scale = np.abs(plain.normalised).max()
    assert np.abs(plain.normalised - turned.normalised).max() < 1e-12 * scale
    assert np.abs(renamed.normalised[..., names] - plain.normalised).max() < 1e-12 * scale
    np.testing.assert_allclose(renamed.ratio[..., names], plain.ratio, rtol=1e-9, atol=1e-12)


def test_sums_at_several_sizes_are_those_of_each_size_alone(world):
    psi = world.psi("E")
    x, y = drawn(world, 40, 2, np.random.default_rng(0))
    sizes = [1, 7, 40]
    together = label_sums(psi[x], y, sizes, N_TOKENS)
    for i, n in enumerate(sizes):
        alone = np.stack(
            [[psi[a[:n]][b[:n] == k].sum(axis=0) for k in range(N_TOKENS)] for a, b in zip(x, y, strict=True)]
        )
        np.testing.assert_allclose(together[:, i], alone, atol=1e-12)


def test_a_vote_is_the_weighted_share_of_labels_and_counts_bad_denominators():
    demonstrations = np.array([[[1.0], [3.0], [-4.0]]])
    labels = np.array([[0, 1, 1]])
    found = vote(label_sums(demonstrations, labels, [2, 3], 2), np.array([[[2.0], [-1.0]]]), [2, 3])
    np.testing.assert_allclose(found.ratio[0, 0], [[0.25, 0.75], [0.25, 0.75]])
    np.testing.assert_allclose(found.normalised[0, 0], [[1, 3], [-0.5, -1.5]])
    assert found.negative.sum() == 1  # the second query with two demonstrations
    assert found.clipped.sum() == 2  # both queries with three, whose weights add up to nothing
    assert np.isfinite(found.ratio).all()


def test_the_gaussian_vote_is_the_formula_and_does_not_underflow():
    rng = np.random.default_rng(0)
    keys, labels, query = rng.normal(size=(2, 9, 3)), rng.integers(4, size=(2, 9)), rng.normal(size=(2, 5, 3))
    apart = ((query[:, :, None] - keys[:, None]) ** 2).sum(axis=-1)
    weight = np.exp(-apart / (2 * 0.3**2))
    expected = weight @ np.eye(4)[labels] / weight.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(gaussian_vote(keys, labels, query, 0.3, 4), expected, atol=1e-12)
    nearest = np.eye(4)[np.take_along_axis(labels, apart.argmin(axis=2), axis=1)]
    np.testing.assert_array_equal(gaussian_vote(keys, labels, query, 1e-3, 4).round(6), nearest)


def test_ridge_is_the_minimiser(world):
    psi = world.psi("F")
    x, y = (values[0] for values in drawn(world, 50, 1, np.random.default_rng(1)))
    phi, marked = psi[x], np.eye(N_TOKENS)[y]
    sums = label_sums(phi[None], y[None], [50], N_TOKENS)[0, 0]
    found = ridge_prediction(phi.T @ phi, sums, psi[:7], 50, 0.01)
    grown = np.vstack([phi / np.sqrt(50), np.sqrt(0.01) * np.eye(phi.shape[1])])
    target = np.vstack([marked / np.sqrt(50), np.zeros((phi.shape[1], N_TOKENS))])
    np.testing.assert_allclose(found, psi[:7] @ np.linalg.lstsq(grown, target, rcond=None)[0], atol=1e-9)


@pytest.mark.parametrize("seed", range(60))
def test_a_system_of_deficient_rank_is_refused_whatever_rounding_makes_of_it(seed):
    """Seeds 3, 20 and 29 pass a Cholesky factorisation, with answers of 1e15."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(1, 6)), int(rng.integers(6, 12))
    phi = rng.normal(size=(n, d))
    sums, query = rng.normal(size=(2, d)), rng.normal(size=(1, d))
    with pytest.raises(TheoryError, match=f"a kernel system of rank {n} in {d} features") as refused:
        ridge_prediction(phi.T @ phi, sums, query, n, 0.0)
    assert refused.value.expected and refused.value.hint == "a ridge above zero"
    assert np.abs(ridge_prediction(phi.T @ phi, sums, query, n, 1e-3)).max() < 1e6


def test_wrong_arguments_are_refused(world):
    with pytest.raises(TheoryError, match="kernel 'D'"):
        features("D", world.strings, TASK)
    with pytest.raises(TheoryError, match=r"weights .* add up to 2"):
        fit("B", world.strings, 2 * world.mixed_law)
    with pytest.raises(TheoryError, match=r"a kernel system of rank 1 in 3 features"):
        ridge_prediction(np.ones((3, 3)), np.ones((2, 3)), np.ones((1, 3)), 1, 0.0)
    with pytest.raises(TheoryError, match="a bandwidth of 0"):
        gaussian_vote(np.ones((1, 1, 1)), np.zeros((1, 1), int), np.ones((1, 1, 1)), 0, 2)
    cycle = TaskMixture(
        np.eye(2)[[1, 0]][None], np.eye(2)[None], np.eye(2), np.zeros(2, int), np.full(2, 0.5)
    )
    with pytest.raises(TheoryError, match=r"string 0 is impossible under task 1.*\n.*\n.*smoothed"):
        features("E", read(cycle, np.array([[0, 1]])), 1)
    nothing = read(cycle, np.array([[0, 1]]))
    with pytest.raises(TheoryError, match="zero for every string"):
        fit(
            "C",
            Strings(
                **{
                    **{k: getattr(nothing, k) for k in Strings.__dataclass_fields__},
                    "operators": 0 * nothing.operators,
                }
            ),
            np.ones(1),
        )
