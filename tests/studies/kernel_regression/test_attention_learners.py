"""Attention-only networks on in-context linear regression: built by hand, and as shipped (S6)."""

import numpy as np
import pytest

from taskscope.studies.kernel_regression.simulated import attention_learner, linear, trained, trained_page
from taskscope.studies.kernel_regression.simulated.attention_learner import AttentionLearner
from taskscope.studies.kernel_regression.simulated.rows import RowWriter, curves
from taskscope.theory import linear_regression as learners

D, K, STEP = 4, 6, 3.0


def prompts(seed, n=20):
    rng = np.random.default_rng(seed)
    inputs, tasks = rng.uniform(-0.5, 0.5, (n, K, D)), rng.standard_normal((n, D))
    return inputs, (inputs @ tasks[:, :, None])[:, :, 0], rng.uniform(-0.5, 0.5, (n, 3, D))


def descending(blocks, heads=1):
    """The published construction: keys and queries read x, values read y, the output takes a step."""
    x, y = np.diag([1.0] * D + [0.0]), np.diag([0.0] * D + [1.0])

    def repeated(part):
        return np.tile(part, (blocks, heads, 1, 1))

    return AttentionLearner(
        repeated(x), repeated(x), repeated(y), repeated(-STEP / K / heads * y), softmax=False
    )


@pytest.mark.parametrize("blocks", [1, 2, 5])
@pytest.mark.parametrize("heads", [1, 2])
def test_blocks_of_the_construction_are_steps_of_gradient_descent(blocks, heads):
    inputs, targets, queries = prompts(0)
    weights = learners.gradient_descent(inputs, targets, STEP, blocks)
    expected = (queries @ weights[:, :, None])[:, :, 0]
    network = descending(blocks, heads)
    np.testing.assert_allclose(network.answer(inputs, targets, queries), expected, atol=1e-12)
    # The answer is linear in the query, so its gradient is the weights themselves.
    found = network.sensitivity(inputs, targets, queries[:, 0])
    np.testing.assert_allclose(found, weights, atol=1e-8)


def test_a_softmax_block_averages_what_it_reads():
    inputs, targets, queries = prompts(1)
    flat = descending(1)
    network = AttentionLearner(0 * flat.query, flat.key, flat.value, -flat.value, softmax=True)
    expected = np.repeat(targets.mean(axis=1)[:, None], 3, axis=1)
    np.testing.assert_allclose(network.answer(inputs, targets, queries), expected, atol=1e-12)


def test_queries_are_asked_alone():
    rng = np.random.default_rng(2)
    parts = [0.5 * rng.standard_normal((2, 2, D + 1, D + 1)) for _ in attention_learner.PARTS]
    inputs, targets, queries = prompts(3)
    for softmax in (False, True):
        network = AttentionLearner(*parts, softmax=softmax)
        together = network.answer(inputs, targets, queries)
        alone = [network.answer(inputs, targets, queries[:, i : i + 1])[:, 0] for i in range(3)]
        np.testing.assert_allclose(together, np.stack(alone, axis=1), atol=1e-12)


@pytest.fixture(scope="module")
def measured():
    found = RowWriter(linear.NUMBER)
    trained.simulate(found, 500, np.random.default_rng(0))
    rows = found.table()
    return curves(rows.append_column("seed", [[0] * len(rows)]), linear.NUMBER)


def test_one_block_of_linear_attention_learned_one_gradient_step(measured):
    def value(metric):
        return measured[trained.SETTING, "linear-1", metric].mean[0]

    apart = {each: value(trained.distance_to(each)) for each in trained.REFERENCES}
    assert value(trained.ERROR) == pytest.approx(0.2062, rel=0.1)
    assert min(apart, key=apart.__getitem__) == trained.ONE_STEP
    assert apart[trained.ONE_STEP] < 0.02 * apart[trained.ZERO]
    assert value(trained.COSINE) > 0.99


def test_the_page_names_every_network_and_its_nearest_learner(measured):
    (figure,), (table,) = trained_page.figures(measured), trained_page.tables(measured)
    names = attention_learner.card()
    assert [row[0] for row in table.rows] == [trained_page.told(name) for name in names]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "linear attention, 1 block, 1 head lies nearest to one gradient step" in figure.see
    assert trained_page.figures({}) == [] and trained_page.tables({}) == []


def test_what_was_learned_is_the_published_construction():
    network = attention_learner.load("linear-1")
    scores, read = network.query[0, 0].T @ network.key[0, 0], (network.output[0, 0] @ network.value[0, 0])[-1]
    step = -scores[:-1, :-1] * read[-1]
    assert np.diag(step).mean() == pytest.approx(learners.uniform_step(10, 10) / 10, rel=0.05)
    assert np.abs(step - np.diag(np.diag(step))).max() < 0.05
    assert np.abs(read[:-1]).max() < 0.1


def test_weights_have_the_shapes_of_their_recipes():
    for name, recipe in attention_learner.card().items():
        network = attention_learner.load(name)
        width = recipe["d"] + 1
        assert network.query.shape == (recipe["blocks"], recipe["heads"], width, width)
        assert recipe["losses"][-1] < recipe["losses"][0]
