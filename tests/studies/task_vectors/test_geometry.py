"""Distances, neighbours and shares of thetas: against scikit-learn, plain formulas and planted splits."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score, silhouette_score
from sklearn.neighbors import NearestNeighbors

from taskscope.errors import StudyError
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.geometry.findings import Geometry
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, Cloud, clouds, to_rows
from taskscope.studies.task_vectors.geometry.simulation import ThetaScenario
from taskscope.studies.task_vectors.geometry.statistics import (
    auc_within,
    by_task,
    centroid_distances,
    distances,
    overall,
    purity,
    silhouettes,
)
from taskscope.studies.task_vectors.geometry.tables import tables
from taskscope.studies.task_vectors.geometry.variance import (
    dummy_distances,
    mean_distances,
    set_distances,
    shares,
    task_shares,
)
from taskscope.studies.task_vectors.part_rows import of_part


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def blobs(n_tasks: int = 4, n_sets: int = 12, spread: float = 0.6, seed: int = 0) -> list[Cloud]:
    """Tasks around random centres, two dummies a set."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.standard_normal((n_tasks, 1, 1, 24)))
    noise = rng.standard_normal((n_tasks, n_sets, 2, 24)) * spread / 24**0.5
    values = unit(centres + noise)
    return [
        Cloud(f"task-{t}", f"group-{t % 2}", dict.fromkeys((THETA, SWAPPED, BARE), values[t]))
        for t in range(n_tasks)
    ]


VECTORS = unit(np.random.default_rng(1).standard_normal((40, 8)))
LABELS = np.repeat(np.arange(4), 10)


def test_distances_are_scipys_cosine_distances() -> None:
    np.testing.assert_allclose(distances(VECTORS), cdist(VECTORS, VECTORS, "cosine"), atol=1e-12)


def test_purity_is_that_of_scikit_learns_neighbours() -> None:
    index = NearestNeighbors(n_neighbors=4, metric="cosine").fit(VECTORS)
    found = index.kneighbors(return_distance=False)
    expected = (LABELS[found] == LABELS[:, None]).mean(axis=1)
    np.testing.assert_allclose(purity(distances(VECTORS), LABELS, 4), expected)


def test_purity_counts_no_more_neighbours_than_a_task_has_to_offer() -> None:
    apart = distances(np.concatenate([np.tile([[1.0, 0.0]], (3, 1)), np.tile([[0.0, 1.0]], (3, 1))]))
    assert purity(apart, np.repeat([0, 1], 3), 10).tolist() == [1.0] * 6


def test_silhouettes_and_auc_are_those_of_scikit_learn() -> None:
    apart = distances(VECTORS)
    assert silhouettes(apart, LABELS).mean() == pytest.approx(
        silhouette_score(VECTORS, LABELS, metric="cosine")
    )
    for label, found in enumerate(auc_within(apart, LABELS)):
        own = np.flatnonzero(label == LABELS)
        within = [apart[i, j] for i in own for j in own if i < j]
        between = [apart[i, j] for i in own for j in range(40) if LABELS[j] != label]
        truth = [0] * len(within) + [1] * len(between)
        assert found == pytest.approx(roc_auc_score(truth, within + between))


def test_shuffled_labels_are_chance_and_clear_clusters_are_not() -> None:
    statistics = {s.name: s for s in overall(blobs(), 99, np.random.default_rng(0))}
    near = statistics["nearest neighbours of the same task"]
    assert near.value == 1.0
    assert near.chance == pytest.approx(11 / 47, abs=0.03)
    assert all(s.p == 0.01 for s in statistics.values() if "category" not in s.name)
    noise = [
        Cloud(
            c.task,
            c.group,
            dict.fromkeys(c.states, unit(np.random.default_rng(i).standard_normal((12, 2, 24)))),
        )
        for i, c in enumerate(blobs())
    ]
    assert all(s.p > 0.01 for s in overall(noise, 99, np.random.default_rng(0)))


def test_categories_are_judged_like_tasks_against_shuffled_tasks() -> None:
    tasks = blobs(n_tasks=6)
    shift = np.random.default_rng(3).standard_normal((2, 1, 1, 24))
    grouped = [
        Cloud(c.task, c.group, {kind: unit(x + 3 * unit(shift[t % 2])) for kind, x in c.states.items()})
        for t, c in enumerate(tasks)
    ]
    for clouds_, clear in ((grouped, True), (tasks, False)):
        found = {s.name: s for s in overall(clouds_, 99, np.random.default_rng(0))}
        vectors = unit(np.concatenate([cloud.means() for cloud in clouds_]))
        categories = np.repeat([t % 2 for t in range(6)], 12)
        outline = found["silhouette by category"]
        assert outline.value == pytest.approx(silhouette_score(vectors, categories, metric="cosine"))
        assert abs(outline.chance) < 0.1
        assert (outline.value > 0.3) == clear
        near = found["nearest neighbours of the same category"]
        graph = found["nearest task of the same category"]
        centres = np.stack([unit(vectors[12 * t : 12 * t + 12].mean(axis=0)) for t in range(6)])
        there = np.argsort(cdist(centres, centres, "cosine"), axis=1)[:, 1]
        assert graph.value == pytest.approx((there % 2 == np.arange(6) % 2).mean())
        assert graph.chance == pytest.approx(2 / 5, abs=0.15)
        if clear:
            assert near.p == outline.p == graph.p == 0.01


def test_the_nearest_task_may_have_another_nearest_itself() -> None:
    angles = {"a": 0.0, "b": 0.3, "c": 1.0}
    line = [
        Cloud(name, "letters", {THETA: np.tile([np.cos(x), np.sin(x)], (4, 2, 1))})
        for name, x in angles.items()
    ]
    found = by_task(line)
    assert [(task.nearest, task.mutual) for task in found] == [("b", True), ("a", True), ("b", False)]
    assert found[0].middle[:2] == pytest.approx((0, 0), abs=1e-12)
    assert found[0].middle[2:] == pytest.approx((1 - np.cos(0.3), 1 - np.cos(1.0)), abs=1e-12)


def test_the_nearest_task_is_the_one_whose_centre_is_nearest() -> None:
    near = blobs(3)
    twin = Cloud("twin", "group-0", {k: unit(v + 0.1) for k, v in near[0].states.items()})
    tasks = {task.task: task for task in by_task([*near, twin])}
    assert tasks["twin"].nearest == "task-0"
    assert tasks["task-0"].nearest == "twin"
    apart = centroid_distances([*near, twin])
    assert tasks["twin"].distance == pytest.approx(apart[3, 0])


def test_distances_between_sets_are_means_over_all_pairs_of_dummies() -> None:
    a, b = blobs(2)[0].states[THETA], blobs(2)[1].states[THETA]
    pairs = [1 - a[3, i] @ b[5, j] for i in range(2) for j in range(2)]
    assert set_distances(a, b)[3, 5] == pytest.approx(np.mean(pairs))
    assert dummy_distances(a)[4] == pytest.approx(1 - a[4, 0] @ a[4, 1])


@given(st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_weights_are_the_same_as_drawing_sets_again(times: list[int]) -> None:
    """Averages under weights equal those over the drawn sets, copies of one set never paired."""
    if sum(t > 0 for t in times) < 2:
        return
    clouds_ = [cloud.states[THETA][:5] for cloud in blobs(2)]
    weights = [np.array([times], float), np.ones((1, 5))]
    found = mean_distances(clouds_, weights)[0]
    drawn = np.repeat(np.arange(5), times)
    within = [set_distances(clouds_[0], clouds_[0])[i, j] for i in drawn for j in drawn if i != j]
    between = [set_distances(clouds_[0], clouds_[1])[i, j] for i in drawn for j in range(5)]
    assert found[0, 0] == pytest.approx(np.mean(within))
    assert found[0, 1] == pytest.approx(np.mean(between))


def test_a_task_drawn_twice_is_no_other_task_to_itself() -> None:
    apart = np.array([[[0.1, 0.5, 0.9], [0.5, 0.2, 0.7], [0.9, 0.7, 0.3]]])
    once = task_shares(apart, np.ones((1, 3)))[0]
    np.testing.assert_allclose(once, [1 - 0.1 / 0.7, 1 - 0.2 / 0.6, 1 - 0.3 / 0.8])
    twice = task_shares(apart, np.array([[2.0, 1.0, 0.0]]))[0]
    np.testing.assert_allclose(twice[:2], [1 - 0.1 / 0.5, 1 - 0.2 / 0.5])


@pytest.mark.parametrize("split", [(0.6, 0.3), (0.9, 0.0), (0.2, 0.1)])
def test_the_planted_split_comes_back(split: tuple[float, float]) -> None:
    """Many tables of right-angled tasks: the three parts average to what was planted."""
    world = ThetaScenario("planted", "", split, 0.3, first=0.1, orthogonal=True)
    parts = []
    for i in range(6):
        rows = world._thetas(stream("planted", i))
        here = clouds(rows, "simulated", [f"task-{t:02d}" for t in range(6)], 2)
        found = shares(here, None, [True] * 6, 100)
        parts.append(np.mean(list(found.parts.values()), axis=0))
        assert sum(parts[-1]) == pytest.approx(1)
        assert found.controls[BARE][0] == pytest.approx(0.3, abs=0.06)
    np.testing.assert_allclose(np.mean(parts, axis=0), [*split, 1 - sum(split)], atol=0.03)


def test_swapped_labels_are_a_control_only_where_they_hide_the_task() -> None:
    near, far = blobs(2, spread=0.3), blobs(2, spread=3.0)
    mixed = [
        Cloud(c.task, c.group, {**c.states, BARE: d.states[BARE]}) for c, d in zip(near, far, strict=True)
    ]
    hidden, shown = (shares(mixed, None, [h, h], 100) for h in (True, False))
    assert set(hidden.named.values()) == {SWAPPED}
    assert hidden.strongest[0] == pytest.approx(hidden.theta[0])
    assert SWAPPED not in shown.named.values()
    assert shown.strongest[0] < 0.5


def test_rows_give_the_states_back() -> None:
    rng = np.random.default_rng(0)
    kinds = (THETA, SWAPPED, BARE)
    states = {kind: rng.standard_normal((5, 2, 3, 16)).astype(np.float32) for kind in kinds}
    rows = to_rows(states, "user")
    front = {"model": "m", "task": "t", "seed": 0}
    for at, (name, value) in enumerate(front.items()):
        rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
    mixed = rows.take(rng.permutation(rows.num_rows))
    [cloud] = clouds(of_part(mixed, "theta"), "m", ["t"], 1)
    np.testing.assert_allclose(cloud.states[SWAPPED], unit(states[SWAPPED][:, :, 1]), atol=1e-3)
    assert cloud.group == "user"
    with pytest.raises(StudyError, match="incomplete"):
        clouds(rows.filter(pa.array([i != 4 for i in range(rows.num_rows)])), "m", ["t"], 1)


def test_a_residual_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(StudyError, match="not a number"):
        to_rows({THETA: np.full((1, 1, 1, 2), np.nan, np.float32)}, "user")


def test_the_tables_count_the_tasks_whose_thetas_lie_apart() -> None:
    """Two tight tasks, and one strewn over the whole sphere: within it nothing is nearer than outside."""
    tight, strewn = blobs(2, spread=0.2), blobs(3, spread=40.0)[2]
    seen = [*tight, strewn]
    whole, each = tables(Geometry("toy", 3, seen, shares(seen, None, [True] * 3, 100), [True] * 3))
    assert all(len(row) == len(whole.columns) for row in whole.rows)
    rows = [dict(zip(each.columns, row, strict=True)) for row in each.rows]
    below = sum(row["distance within"] < row["distance to other tasks"] for row in rows)
    apart = sum(row["within is nearer"] >= 0.95 for row in rows)
    assert apart == 2
    assert rows[2]["within is nearer"] < 0.7
    assert f"On {below} of 3 tasks the mean distance within is the smaller one, on 2 a" in each.note
    assert tables(Geometry("toy", None, [], None, [])) == []
