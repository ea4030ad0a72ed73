"""Figures and tables of S4, S6 and S7: every reference beside its number, nothing where nothing was run."""

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.simulated import (
    ginc,
    ginc_page,
    linear,
    linear_page,
    smoothing,
    smoothing_page,
)
from taskscope.studies.kernel_regression.simulated.rows import SCHEMA

PAGES = {ginc_page: ginc, linear_page: linear, smoothing_page: smoothing}


@pytest.fixture(scope="module")
def rows():
    tables = []
    for seed in range(2):
        drawn = [
            ginc.simulate(
                ginc.SIZES["smoke"].model_copy(update={"n_prompts": 20, "n_control_prompts": 20}),
                np.random.default_rng(seed),
            ),
            linear.simulate(
                linear.SIZES["smoke"].model_copy(update={"n_prompts": 30, "most_doublings": 3}),
                np.random.default_rng(seed),
            ),
            smoothing.simulate(
                smoothing.SIZES["smoke"].model_copy(update={"shots": (64, 128), "n_queries": 10}),
                np.random.default_rng(seed),
            ),
        ]
        one = pa.concat_tables(drawn)
        tables.append(one.append_column("seed", pa.repeat(pa.scalar(seed), len(one))))
    return pa.concat_tables(tables)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__.rpartition(".")[2])
def test_each_page_draws_and_tabulates_what_was_run_and_nothing_else(rows, page):
    figures, tables = page.figures(rows), page.tables(rows)
    assert figures and tables
    assert len({figure.name for figure in figures}) == len(figures)
    for table in tables:
        assert table.rows and all(len(row) == len(table.columns) for row in table.rows)
        assert not any(isinstance(cell, float) and np.isnan(cell) for row in table.rows for cell in row)
    empty = SCHEMA.empty_table().append_column("seed", pa.array([], pa.int64()))
    assert page.figures(empty) == [] and page.tables(empty) == []


def test_linear_tables_carry_the_reference_rows(rows):
    gaussian, uniform, *_ = linear_page.tables(rows)
    closed, reference = gaussian.columns.index("closed form"), gaussian.columns.index("reference")
    assert len(gaussian.rows) == 18
    for row in gaussian.rows:
        assert row[closed] == pytest.approx(row[reference], abs=0.0051)
    known = {row[0]: row[uniform.columns.index("reference")] for row in uniform.rows}
    assert known == {
        "answering 0": 0.4167,
        "one gradient step": 0.2062,
        "2 gradient steps": 0.154,
        "5 gradient steps": 0.109,
    }


def test_ginc_table_sets_ceiling_and_trained_model_side_by_side(rows):
    (table,) = ginc_page.tables(rows)
    records = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    known = {(r["prompts"], r["predictor"], r["examples"]): r for r in records}
    assert known["M=50, k=3", ginc.CEILING, 1]["reference"] == 0.75
    assert known["M=50, k=3", ginc.CEILING, 0]["trained"] == 0.368
    assert known["M=50, k=10", ginc.CEILING, 16]["reference"] == 1.0
    assert all(r["reference"] is None for r in records if r["predictor"] != ginc.CEILING)
    assert known["M=50, k=10", ginc.UNSMOOTHED, 16]["impossible"] > 0.5


def test_smoothing_tables_carry_theory_and_reference(rows):
    rates, fixed, hidden = smoothing_page.tables(rows)
    assert [row[0] for row in rates.rows] == [1, 2, 4]
    assert [row[2] for row in rates.rows] == [-0.8, -0.667, -0.5]
    assert [row[3] for row in rates.rows] == [-0.81, -0.71, -0.5]
    assert any("(0.016)" in row[3] for row in fixed.rows)
    references = {row[:3]: row[4] for row in hidden.rows}
    assert references["kernel E", "nearest", 64] == 0.24
    assert references["kernel E", "largest K", 64] is None
