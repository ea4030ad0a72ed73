"""Maps of single prompts against their mean (M13): heads of known masses, alike, sparse or at random."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.weights.generality import figures, generality, tables
from taskscope.studies.kernel_regression.weights.grids import Heads
from taskscope.studies.kernel_regression.weights.simulation import BLOCKS, PER_BLOCK, SCENARIOS
from taskscope.studies.kernel_regression.weights.single_prompts import effective, single_prompts

HEADS = Heads((0, 1, 2), 4, 3)
N = 60


def setting(maps, task="t", query=None):
    held_out = SimpleNamespace(
        masses={"label_mass": np.asarray(maps, np.float32)},
        query=np.arange(len(maps)) if query is None else query,
    )
    return SimpleNamespace(task=task, heads=HEADS, held_out=held_out)


def test_prompts_that_all_look_alike_are_told_from_those_at_random():
    rng = np.random.default_rng(0)
    usual = rng.dirichlet(np.full(12, 0.3))
    same = single_prompts("m", [setting(usual * rng.uniform(0.5, 1, (N, 1)))], 300)
    assert same.alike.value == pytest.approx(1) and same.exchanged.high < 0.9
    assert same.heads.value == pytest.approx(same.heads_of_mean.value, rel=1e-5)
    other = single_prompts("m", [setting(rng.dirichlet(np.full(12, 0.3), N))], 300)
    assert other.alike.low < 0.05 and abs(other.exchanged.value) < 0.1
    assert other.heads.high < 0.5 * other.heads_of_mean.low


def test_depth_alone_is_what_exchanging_within_blocks_leaves():
    rng = np.random.default_rng(1)
    deep = np.repeat([0.0, 0.0, 1.0], 4) + 0.1 * rng.random((N, 12))
    found = single_prompts("m", [setting(deep)], 300)
    assert found.alike.value > 0.9 and found.exchanged.value > 0.9


def test_effective_heads_count_heads():
    assert effective(np.array([[1, 0, 0, 0], [2, 2, 0, 0], [3, 3, 3, 3], [0, 0, 0, 0]])).tolist() == [
        1,
        2,
        4,
        4,
    ]


def test_a_query_in_two_seeds_is_one_unit():
    rng = np.random.default_rng(2)
    maps = rng.dirichlet(np.full(12, 0.3), N)
    once, twice = (single_prompts("m", [setting(maps)] * times, 2000) for times in (1, 2))
    width = [found.heads.high - found.heads.low for found in (once, twice)]
    assert width[1] == pytest.approx(width[0], rel=0.15)


def test_the_page_has_a_line_and_a_map_for_every_model():
    names = ("first", "second")
    worlds = []
    for number, name in enumerate(names):
        rows = SCENARIOS[number].simulate(PARAMS, np.random.default_rng(number))
        worlds.append(
            rows.set_column(rows.column_names.index("model"), "model", pa.array([name] * len(rows)))
        )
    (found,) = generality(pa.concat_tables(worlds), PARAMS)
    (table,) = tables(found)
    assert [row[0] for row in table.rows] == list(names)
    assert {row[1] for row in table.rows} == {f"{BLOCKS} x {PER_BLOCK}"}
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert [figure.model for figure in figures(found)] == list(names)
    assert generality(pa.table({"model": ["m"]}), PARAMS) == []
