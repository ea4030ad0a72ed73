"""Attention-only networks on in-context linear regression: built by hand, and as shipped (S6)."""

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.simulated import attention_learner, linear, trained, trained_page
from taskscope.studies.kernel_regression.simulated.attention_learner import AttentionLearner
from taskscope.studies.kernel_regression.simulated.repeated import repeats
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
def rows():
    found = RowWriter(linear.NUMBER)
    trained.simulate(found, 500, np.random.default_rng(0))
    rows = found.table()
    return rows.append_column("seed", [[0] * len(rows)])


@pytest.fixture(scope="module")
def measured(rows):
    return curves(rows, linear.NUMBER)


def test_one_block_of_linear_attention_learned_one_gradient_step(measured):
    def value(metric):
        return measured[trained.SETTING, "linear-1", metric].mean[0]

    apart = {each: value(trained.distance_to(each)) for each in trained.REFERENCES}
    assert value(trained.ERROR) == pytest.approx(0.2062, rel=0.1)
    assert min(apart, key=apart.__getitem__) == trained.ONE_STEP
    assert apart[trained.ONE_STEP] < 0.02 * apart[trained.ZERO]
    assert value(trained.COSINE) > 0.99


def test_the_nearest_ridge_regression_is_nearer_than_both_its_ends(measured):
    """Ridge regression runs from least squares (penalty 0) to a multiple of averaging."""
    for name in attention_learner.card():
        apart = {
            each: measured[trained.SETTING, name, trained.distance_to(each)].mean[0]
            for each in (trained.RIDGE, trained.LEAST_SQUARES, trained.ZERO)
        }
        assert apart[trained.RIDGE] < min(apart[trained.LEAST_SQUARES], apart[trained.ZERO])
        assert measured[trained.SETTING, name, trained.PENALTY].mean[0] in trained.PENALTIES[1:-1]


def test_two_blocks_or_softmax_with_one_head_are_nearer_to_a_ridge_regression_than_to_one_step(measured):
    for name, recipe in attention_learner.card().items():
        ridge, one, bayes = (
            measured[trained.SETTING, name, trained.distance_to(each)].mean[0]
            for each in (trained.RIDGE, trained.ONE_STEP, trained.LEAST_SQUARES)
        )
        assert (ridge < one) == (recipe["blocks"] == 2 or (recipe["softmax"] and recipe["heads"] == 1))
        assert min(ridge, one) < bayes


@pytest.mark.parametrize("n_prompts", [2, 21])
def test_few_prompts_have_fewer_parts_and_no_empty_ones(n_prompts):
    found = RowWriter(linear.NUMBER)
    trained.simulate(found, n_prompts, np.random.default_rng(1))
    table = found.table()
    assert np.isfinite(table["value"].to_numpy()).all()
    of_one = repeats(table.append_column("seed", [[0] * len(table)]), linear.NUMBER)
    assert len(of_one[trained.SETTING, "linear-1", trained.ERROR].values) == min(n_prompts, trained.PARTS)


def test_seeds_that_differ_in_the_penalty_are_told_as_a_range(rows):
    metric, value = (rows[name].to_pylist() for name in ("metric", "value"))
    doubled = [2 * v if m == trained.PENALTY else v for m, v in zip(metric, value, strict=True)]
    again = rows.set_column(rows.column_names.index("value"), "value", [doubled])
    again = again.set_column(again.column_names.index("seed"), "seed", [[1] * len(again)])
    ones, both = (trained_page.tables(each)[0] for each in (rows, pa.concat_tables([rows, again])))
    for one, two in zip(ones.rows, both.rows, strict=True):
        assert two[-1] == f"{one[-1]} to {2 * float(one[-1]):g}"


def test_the_page_tells_the_sides_whose_bookkeeping_is_a_metrics(rows, measured):
    """Roots of mean squared differences are a metric whatever networks do: this checks names and sums."""
    (_, figure), (table, _) = trained_page.figures(rows), trained_page.tables(rows)
    for name in attention_learner.card():
        one, bayes, between = (
            measured[trained.SETTING, name, metric].mean[0] ** 0.5
            for metric in (
                trained.distance_to(trained.ONE_STEP),
                trained.distance_to(trained.LEAST_SQUARES),
                trained.BETWEEN,
            )
        )
        assert abs(one - bayes) <= between <= one + bayes
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "linear attention, 1 block, 1 head: network to one gradient step" in figure.see
    drawn = [row for row in figure.spec["datasets"]["data"] if row["kind"] == "data"]
    assert len(drawn) == 4 * len(attention_learner.card())
    for row in drawn:
        assert row["low"] < row["x"] < row["high"]
    for row, name in zip(table.rows, attention_learner.card(), strict=True):
        sides = [float(cell.split()[0]) for cell in row[1:5]]
        metrics = [measured[trained.SETTING, name, metric].mean[0] for metric in trained_page.SHOWN]
        assert sides == pytest.approx(metrics, abs=1e-4)


def test_the_page_names_every_network_and_its_nearest_learner(rows):
    (figure, _), (_, table) = trained_page.figures(rows), trained_page.tables(rows)
    names = attention_learner.card()
    assert [row[0] for row in table.rows] == [trained_page.told(name) for name in names]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "linear attention, 1 block, 1 head lies nearest to one gradient step" in figure.see
    none = rows.slice(0, 0)
    assert trained_page.figures(none) == [] and trained_page.tables(none) == []


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
