"""The picture of thetas and how far it depends on its start: planted clusters, no clusters, and one seed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from taskscope.studies.task_vectors.geometry.figures import figures
from taskscope.studies.task_vectors.geometry.findings import Geometry
from taskscope.studies.task_vectors.geometry.pictures import TSNE_SEED, pictures, tsne
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, Cloud
from taskscope.studies.task_vectors.geometry.tables import tables
from taskscope.studies.task_vectors.geometry.variance import shares
from taskscope.studies.task_vectors.profiles import profile

N_TASKS, N_SETS = 4, 14


def tasks(spread: float) -> list[Cloud]:
    """Tasks around random centres; with a spread far above 1 there is nothing but noise."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((N_TASKS, 1, 1, 24))
    values = centres + spread * rng.standard_normal((N_TASKS, N_SETS, 2, 24))
    values /= np.linalg.norm(values, axis=-1, keepdims=True)
    return [
        Cloud(f"task-{t}", f"group-{t % 2}", dict.fromkeys((THETA, SWAPPED, BARE), values[t]))
        for t in range(N_TASKS)
    ]


def seen(spread: float, n_starts: int) -> Geometry:
    some = tasks(spread)
    return Geometry("toy", 3, some, shares(some, None, [True] * N_TASKS, 100), [True] * N_TASKS, n_starts)


def test_statistics_in_the_plane_are_those_of_scikit_learn() -> None:
    made = pictures(tasks(0.3), 2)
    vectors = np.concatenate([cloud.means() for cloud in tasks(0.3)])
    labels = np.repeat(np.arange(N_TASKS), N_SETS)
    for place, random_state in enumerate((None, TSNE_SEED, TSNE_SEED + 1)):
        plane = tsne(vectors) if random_state is None else tsne(vectors, "random", random_state)
        near = NearestNeighbors(n_neighbors=10).fit(plane).kneighbors(return_distance=False)
        purity = (labels[near] == labels[:, None]).mean()
        outline = silhouette_score(plane, labels)
        found = {each.name: each for each in made.measured}
        task, shape = found["nearest neighbours of the same task"], found["silhouette by task"]
        if place == 0:
            assert (task.drawn, shape.drawn) == pytest.approx((purity, outline), abs=1e-5)
        else:
            assert task.lowest - 1e-9 <= purity <= task.highest + 1e-9
            assert shape.lowest - 1e-5 <= outline <= shape.highest + 1e-5
            assert min(abs(outline - end) for end in (shape.lowest, shape.highest)) < 1e-5


def test_pictures_of_noise_show_no_task_and_pictures_of_clusters_do() -> None:
    clear, noise = (pictures(tasks(spread), 3).measured for spread in (0.2, 50.0))
    assert clear[0].lowest > 0.95
    assert clear[1].lowest > 0.3
    assert noise[0].highest < 0.45  # chance: 13 of 55
    assert noise[1].highest < 0.1
    assert [each.name for each in clear] == [each.name for each in noise]


def test_a_picture_from_a_start_is_always_the_same_and_another_start_gives_another() -> None:
    vectors = np.concatenate([cloud.means() for cloud in tasks(1.5)])
    np.testing.assert_array_equal(tsne(vectors, "random", 43), tsne(vectors, "random", 43))
    assert not np.allclose(tsne(vectors, "random", 43), tsne(vectors, "random", 44))
    one, other = pictures(tasks(1.5), 5), pictures(tasks(1.5), 5)
    assert one == other
    np.testing.assert_array_equal(one.places, other.places)
    np.testing.assert_array_equal(one.places, tsne(vectors))
    # Why other random states of the picture drawn would say nothing.
    np.testing.assert_allclose(tsne(vectors, "pca", 41), tsne(vectors, "pca", 44), atol=1e-3)


def test_the_page_says_the_range_over_the_starts() -> None:
    found = seen(1.5, 3)
    assert found.pictures is not None
    near = found.pictures.measured[0]
    table = next(each for each in tables(found) if each.name.endswith("pictures"))
    assert table.rows[0][1:] == tuple(
        round(v, 4) for v in (near.whole, near.drawn, near.mean, near.lowest, near.highest)
    )
    assert near.lowest <= near.mean <= near.highest
    assert "random states 41 to 43" in table.note
    said = f"({100 * near.lowest:.0f} to {100 * near.highest:.0f}) in 3 that start at random"
    assert said in figures(found)[0].see


def test_the_quick_profile_leaves_other_starts_out() -> None:
    assert (profile("smoke").n_picture_starts, profile("standard").n_picture_starts) == (0, 5)
    found = seen(1.5, 0)
    assert found.pictures is None
    assert "start at random" not in figures(found)[0].see
    assert [each.name for each in tables(found)] == ["task-vectors-toy-geometry", "task-vectors-toy-thetas"]
