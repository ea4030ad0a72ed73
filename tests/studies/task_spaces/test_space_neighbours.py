"""Maps of neighbouring checkpoints: their likeness, and a change of its level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from taskscope.stats.matrices import off_diagonal, pairwise_rest
from taskscope.studies.task_spaces.along import neighbours as drawing
from taskscope.studies.task_spaces.along.neighbours import change, neighbours
from taskscope.studies.task_spaces.along.series import SIZES, TRAINING, Series, likeness

N = 12


def series(truths: list[np.ndarray], noise: float = 0.2, kind: str = TRAINING) -> Series:
    rng = np.random.default_rng(0)
    maps = np.stack([np.stack([truth + rng.normal(0, noise, (N, N)) for _ in (0, 1)]) for truth in truths])
    m = len(truths)
    return Series(
        name="own",
        kind=kind,
        models=tuple(f"step {i}" for i in range(m)),
        at=10.0 ** np.arange(m),
        tasks=tuple(f"t{i}" for i in range(N)),
        groups=np.arange(N) // 3,
        drawn="difference",
        effects=maps,
        own=np.ones((m, N)),
        nulls=tuple(np.zeros((m, N, N)) for _ in range(3)),
        above=np.ones((m, N)),
        holding=np.ones((m, N)),
    )


def staged(restless: int, still: int) -> Series:
    """Maps that are new at each of the first steps, and the same from then on."""
    rng = np.random.default_rng(1)
    new = [rng.normal(size=(N, N)) for _ in range(restless + 1)]
    return series([*new, *[new[-1]] * still])


def test_where_the_map_comes_to_rest_is_found() -> None:
    one = staged(5, 6)
    found = neighbours(one)
    assert len(found) == 11
    assert max(each.linear.value for each in found[:5]) < 0.5 < min(each.linear.value for each in found[5:])
    place = change(one, found)
    assert place is not None and place.place == 5 and place.p < 0.01
    table = drawing.table(one)
    assert table is not None and "behind the step to step 5" in table.note
    figure = drawing.figure(one)
    assert figure is not None and len(next(iter(figure.spec["datasets"].values()))) >= 11


def test_a_steady_map_has_no_stage() -> None:
    one = staged(0, 8)
    found = neighbours(one)
    place = change(one, found)
    assert place is not None and place.p > 0.05
    assert all(each.cleared == pytest.approx(1, abs=0.05) for each in found), "noise is not change"
    assert all(each.linear.value < each.cleared for each in found)


def test_a_map_that_does_not_repeat_itself_is_not_cleared_of_noise() -> None:
    rng = np.random.default_rng(0)
    one = series([0.02 * rng.normal(size=(N, N))] * 5, noise=1.0)
    assert all(np.isnan(each.cleared) for each in neighbours(one))


def test_ranks_are_those_of_the_rest_behind_rows_and_columns() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 2, N, N)) ** 3
    off, keep = off_diagonal(N), np.arange(N)
    crossed = [(pairwise_rest(x)[off], pairwise_rest(y)[off]) for x, y in ((a[0], b[1]), (a[1], b[0]))]
    wanted = np.mean([spearmanr(x, y)[0] for x, y in crossed])
    assert likeness(a, b, keep, ranks=True) == pytest.approx(wanted)
    assert likeness(a, b, keep) == pytest.approx(np.mean([np.corrcoef(x, y)[0, 1] for x, y in crossed]))


def test_few_steps_and_sizes_are_not_tested() -> None:
    short = staged(1, 2)
    assert change(short, neighbours(short)) is None
    table = drawing.table(short)
    assert table is not None and "tested from 4 steps on; here are 3" in table.note
    by_size = series([np.eye(N)] * 4, kind=SIZES)
    assert drawing.table(by_size) is None and drawing.figure(by_size) is None
