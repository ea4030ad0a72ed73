"""Trained transformers beside exact Bayes and kernel regression: laws, distances, page (section 8)."""

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.simulated import markov_learner, triangle, triangle_page
from taskscope.studies.kernel_regression.simulated.enumerated import enumerated, fit
from taskscope.studies.kernel_regression.simulated.markov_learner import documents
from taskscope.studies.kernel_regression.simulated.repeated import means, repeats
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import DELIMITER, forward

NAMES = list(markov_learner.card())
MOST = max(triangle.SIZES_SHOWN)


@pytest.fixture(scope="module")
def learner():
    return markov_learner.load(NAMES[0])


@pytest.fixture(scope="module")
def rows():
    table = triangle.simulate(triangle.TriangleParams(n_prompts=12), np.random.default_rng(0))
    return table.append_column("seed", pa.repeat(pa.scalar(0), len(table)))


def test_documents_are_examples_of_one_task_behind_delimiters(learner):
    strings, tokens = documents(learner.world, 5, 3, learner.length, np.random.default_rng(1))
    assert strings.shape == (5, 3, learner.length + 1) and tokens.shape == (5, 3 * (learner.length + 2))
    laid = tokens.reshape(5, 3, -1)
    assert (laid[:, :, 0] == learner.world.n_tokens).all() and np.array_equal(laid[:, :, 1:], strings)


def test_the_network_reads_nothing_ahead(learner):
    _, tokens = documents(learner.world, 2, 4, learner.length, np.random.default_rng(2))
    changed = tokens.copy()
    changed[:, 15:] = (changed[:, 15:] + 1) % learner.world.n_tokens
    ours, theirs = learner.log_law(tokens), learner.log_law(changed)
    np.testing.assert_allclose(ours[:, :15], theirs[:, :15], atol=1e-6)
    assert np.abs(ours[:, 15:] - theirs[:, 15:]).max() > 0.1
    np.testing.assert_allclose(np.exp(ours).sum(axis=-1), 1, atol=1e-6)


def test_bayes_is_the_forward_algorithm_over_the_whole_document(learner):
    rng = np.random.default_rng(3)
    laws = triangle.predictions(learner, 3, rng)
    strings, tokens = documents(learner.world, 3, MOST + 1, learner.length, np.random.default_rng(3))
    marked = np.where(tokens == learner.world.n_tokens, DELIMITER, tokens)[:, 1:]
    for place, n in enumerate(triangle.SIZES_SHOWN):
        prompt = marked[:, : n * (learner.length + 2) + learner.length]
        expected = forward(learner.world, prompt).predictive
        np.testing.assert_allclose(laws[triangle.BAYES][:, place], expected, atol=1e-10)
        alone = forward(learner.world, strings[:, n, :-1]).predictive
        np.testing.assert_allclose(laws[triangle.FORGETFUL][:, place], alone, atol=1e-10)


def test_the_kernel_votes_with_the_demonstrations_in_front_of_each_query(learner):
    laws = triangle.predictions(learner, 3, np.random.default_rng(4))
    strings, _ = documents(learner.world, 3, MOST + 1, learner.length, np.random.default_rng(4))
    world = enumerated(learner.world, learner.length)
    number = {tuple(tokens): i for i, tokens in enumerate(world.strings.tokens.tolist())}
    psi = fit(world, "F").whiten(world.strings)
    for prompt, place in ((0, 0), (1, 3), (2, 6)):
        n = triangle.SIZES_SHOWN[place]
        shown = [psi[number[tuple(each[:-1])]] for each in strings[prompt, :n].tolist()]
        query = psi[number[tuple(strings[prompt, n, :-1].tolist())]]
        vote = np.zeros(learner.world.n_tokens)
        for weight, each in zip(np.array(shown) @ query, strings[prompt, :n], strict=True):
            vote[each[-1]] += weight
        expected = kernels.onto_simplex(vote / vote.sum())
        np.testing.assert_allclose(laws[triangle.KERNEL][prompt, place], expected, atol=1e-9)


def test_the_nearest_law_is_nearer_than_any_other():
    rng = np.random.default_rng(5)
    signed = 2 * rng.standard_normal((50, 6))
    laws = kernels.onto_simplex(signed)
    assert (laws >= 0).all()
    np.testing.assert_allclose(laws.sum(axis=-1), 1)
    own = ((laws - signed) ** 2).sum(axis=-1)
    others = rng.dirichlet(np.ones(6), size=(2000, 1))
    assert (((others - signed) ** 2).sum(axis=-1) >= own - 1e-12).all()
    np.testing.assert_allclose(kernels.onto_simplex(laws), laws, atol=1e-15)


def test_trained_models_are_close_to_bayes_and_as_far_from_the_kernel_as_bayes_is(rows):
    known = repeats(rows, triangle.NUMBER)
    for name in NAMES:
        model, kernel, bayes = (known[name, triangle.side(pair), triangle.APART] for pair in triangle.SIDES)
        assert model.mean[-1] < 0.05 and model.mean.max() < 0.12
        assert bayes.mean[-1] > 3 * model.mean[-1]
        assert bayes.mean[0] > 2 * bayes.mean[-1]
        assert abs(kernel.mean[-1] - bayes.mean[-1]) < 0.2 * bayes.mean[-1]


def test_sides_and_surprises_are_those_of_the_same_laws(rows):
    """The triangle inequality and Pinsker's hold for any laws: this checks that rows are not mixed up."""
    known = repeats(rows, triangle.NUMBER)
    for name in NAMES:
        model, kernel, bayes = (known[name, triangle.side(pair), triangle.APART] for pair in triangle.SIDES)
        assert (np.abs(kernel.values - bayes.values) <= model.values + 1e-12).all()
        surprise = known[name, triangle.side(triangle.SIDES[0]), triangle.SURPRISE]
        assert (surprise.values >= 2 * model.values**2 - 1e-9).all()


def test_repeats_are_the_rows_that_were_written():
    rng = np.random.default_rng(6)
    found = RowWriter("X")
    values = {name: rng.random((3, repeats)) for name, repeats in (("b", 4), ("a", 2), ("a, longer", 5))}
    for name, each in values.items():
        found.add("world", name, "m", each, [1, 2, 8])
        found.fact("world", name, "fact", len(name))
    table = found.table()
    rows = pa.concat_tables(
        table.append_column("seed", pa.repeat(pa.scalar(seed), len(table))) for seed in range(2)
    )
    known = repeats(rows.take(rng.permutation(len(rows))), "X")
    assert len(known) == 6
    for name, each in values.items():
        assert known["world", name, "m"].sizes.tolist() == [1, 2, 8]
        np.testing.assert_array_equal(known["world", name, "m"].values, np.tile(each.T, (2, 1)))
        assert known["world", name, "fact"].values.tolist() == [[len(name)]] * 2


def test_intervals_of_means_cover_as_often_as_they_say():
    rng = np.random.default_rng(7)
    covered = 0
    for i in range(200):
        (measure,) = means([rng.exponential(size=(60, 1)), 2 + rng.exponential(size=(60, 1))], i)
        covered += measure.low <= 2 <= measure.high
    assert 0.88 <= covered / 200 <= 0.99


def test_the_page_tells_every_side_of_every_world(rows):
    (figure,), (sides, worlds) = triangle_page.figures(rows), triangle_page.tables(rows)
    assert [row[0] for row in sides.rows] == list(triangle.SIZES_SHOWN)
    assert [row[0] for row in worlds.rows] == NAMES
    assert all(len(row) == len(table.columns) for table in (sides, worlds) for row in table.rows)
    model = sides.rows[-1][1].split()[0]
    assert f"lies {model} from exact Bayes" in figure.see
    none = rows.slice(0, 0)
    assert triangle_page.figures(none) == [] and triangle_page.tables(none) == []
