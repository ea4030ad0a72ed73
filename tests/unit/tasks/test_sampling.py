import itertools
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import registry
from taskscope.tasks.sampling import Draw, draw, shuffle_labels, split_queries
from taskscope.tasks.task import Item, MappingTask

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def tasks(draw_value: st.DrawFn, fewest: int = 8) -> MappingTask:
    """A task of 8 to 30 items, some of which share a cluster of two."""
    n = draw_value(st.integers(fewest, 30))
    paired = draw_value(st.integers(0, n // 4))
    items = tuple(
        Item(input=f"x{i}", answers=(f"y{i % 5}",), cluster=f"pair{i // 2}" if i < 2 * paired else f"x{i}")
        for i in range(n)
    )
    return MappingTask(name="t", title="t", group="user", description="", items=items)


@given(tasks(), SEEDS, st.floats(0.01, 0.99))
def test_pools_share_no_cluster_and_lose_no_item(task: MappingTask, seed: int, share: float) -> None:
    dev, test = split_queries(task, np.random.default_rng(seed), share)
    assert dev and test
    assert {i.cluster for i in dev}.isdisjoint(i.cluster for i in test)
    assert sorted([*dev, *test], key=task.items.index) == list(task.items)
    assert list(dev) == sorted(dev, key=task.items.index)
    n_clusters = len({i.cluster for i in task.items})
    assert abs(len({i.cluster for i in dev}) - share * n_clusters) <= 1


@given(tasks(), SEEDS, st.integers(0, 4), st.integers(0, 2), st.integers(1, 40))
def test_no_draw_gives_its_answer_away(task: MappingTask, seed: int, k: int, n_dummies: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    _, pool = split_queries(task, rng)
    draws = draw(task, pool, n, k, n_dummies, rng)
    assert len(draws) == n
    for one in draws:
        others = [*one.demonstrations, *one.dummies]
        assert (len(one.demonstrations), len(one.dummies)) == (k, n_dummies)
        assert one.query in pool
        assert one.query.cluster not in {item.cluster for item in others}
        assert len({item.input for item in [one.query, *others]}) == 1 + k + n_dummies
        assert set(others) <= set(task.items)


@given(tasks(), SEEDS, st.integers(1, 70))
def test_queries_of_a_small_pool_are_used_evenly(task: MappingTask, seed: int, n: int) -> None:
    pool = task.items[:7]
    uses = Counter(one.query for one in draw(task, pool, n, 2, 1, np.random.default_rng(seed)))
    counts = [uses[item] for item in pool]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == n


@given(tasks(), SEEDS)
def test_the_generator_decides_everything(task: MappingTask, seed: int) -> None:
    def once() -> list[Draw]:
        rng = np.random.default_rng(seed)
        return draw(task, split_queries(task, rng)[0], 5, 3, 2, rng)

    assert once() == once()


def test_seeds_and_orders_vary() -> None:
    task = registry.get("present-past")
    draws = [draw(task, task.items, 1, 5, 2, np.random.default_rng(seed))[0] for seed in range(30)]
    assert len({one.query for one in draws}) > 20
    assert len({one.demonstrations for one in draws}) == 30


def test_every_item_is_as_likely_a_demonstration() -> None:
    task = registry.get("next-letter")
    n, k = 4000, 5
    draws = draw(task, task.items, n, k, 2, np.random.default_rng(3))
    for items in (
        [i for one in draws for i in one.demonstrations],
        [i for one in draws for i in one.dummies],
    ):
        counts = Counter(items)
        expected = len(items) / len(task.items)
        # About 5 standard deviations of a count.
        assert all(abs(counts[item] - expected) < 5 * expected**0.5 for item in task.items)


def test_draws_do_not_depend_on_string_hashing() -> None:
    """Protocol task_vectors P4: the release drew from sets, and two processes with one seed disagreed."""
    code = (
        "import numpy as np\n"
        "from taskscope.tasks import registry, sampling\n"
        "rng = np.random.default_rng(41)\n"
        "task = registry.get('first-letter')\n"
        "dev, test = sampling.split_queries(task, rng)\n"
        "for d in sampling.draw(task, dev, 5, 4, 2, rng):\n"
        "    print(d.query.input, d.pairs, [i.input for i in d.dummies], sampling.shuffle_labels(d, rng))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == 5


def test_opposites_never_meet_in_a_draw() -> None:
    task = registry.get("antonyms")
    hot = next(item for item in task.items if item.input == "hot")
    for one in draw(task, [hot], 200, 5, 2, np.random.default_rng(0)):
        assert "cold" not in [item.input for item in [*one.demonstrations, *one.dummies]]


@given(st.lists(st.sampled_from("pqr"), min_size=1, max_size=5), SEEDS)
def test_shuffled_labels_are_wrong_as_far_as_the_labels_allow(labels: list[str], seed: int) -> None:
    items = tuple(
        Item(input=f"x{i}", answers=(label,) if i else tuple(dict.fromkeys((label, "q"))))
        for i, label in enumerate(labels)
    )
    one = Draw(items, Item(input="q", answers=("p",)), ())
    pairs = shuffle_labels(one, np.random.default_rng(seed))

    def n_right(given_labels: tuple[str, ...]) -> int:
        return sum(label in item.answers for item, label in zip(items, given_labels, strict=True))

    assert [x for x, _ in pairs] == [item.input for item in items]
    assert sorted(y for _, y in pairs) == sorted(labels)
    fewest = min(n_right(order) for order in itertools.permutations(labels))
    assert n_right(tuple(y for _, y in pairs)) == fewest


def test_all_derangements_of_four_labels_occur() -> None:
    items = tuple(Item(input=f"x{i}", answers=(f"y{i}",)) for i in range(4))
    rng = np.random.default_rng(0)
    seen = Counter(tuple(y for _, y in shuffle_labels(Draw(items, items[0], ()), rng)) for _ in range(900))
    assert len(seen) == 9
    # Random costs favour no derangement by more than about a fifth; a fixed rotation would be far outside.
    assert min(seen.values()) > 50


def test_shuffling_no_demonstrations_gives_none() -> None:
    assert shuffle_labels(Draw((), Item(input="a", answers=("b",)), ()), np.random.default_rng(0)) == ()


@given(tasks(), SEEDS, st.integers(20, 40))
def test_too_few_items_for_a_draw_are_named(task: MappingTask, seed: int, k: int) -> None:
    assume(k > len(task.items))
    with pytest.raises(TaskError, match="demonstrations and 2 dummy queries"):
        draw(task, task.items, 1, k, 2, np.random.default_rng(seed))


def test_unusable_pools_are_refused() -> None:
    rng = np.random.default_rng(0)
    one_cluster = tuple(Item(input=x, answers=("y",), cluster="c") for x in "ab")
    task = MappingTask(name="t", title="t", group="user", description="", items=one_cluster)
    with pytest.raises(TaskError, match="in the cluster 'c'"):
        split_queries(task, rng)
    with pytest.raises(TaskError, match="No queries"):
        draw(task, [], 1, 1, 0, rng)
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(TaskError, match="between 0 and 1"):
            split_queries(registry.get("copy"), rng, share)
