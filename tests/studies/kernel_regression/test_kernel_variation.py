"""What templates and seeds do to a task's numbers, against numbers laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.weights import tables, variation
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.resampling import ModelWeights
from taskscope.studies.kernel_regression.weights.simulation import SCENARIOS

RIGHT = {("fields", 0): 0.5, ("fields", 1): 0.6, ("colon", 0): 0.9, ("colon", 1): 1.0}


def asked(right: dict[tuple[str, int], float]) -> ModelWeights:
    """A model that is right in a share of the questions that depends on template and seed."""
    parts = []
    for number, ((template, seed), share) in enumerate(right.items()):
        made = replace(SCENARIOS[0], right=share).simulate(PARAMS, np.random.default_rng(number))
        for name, values in (
            ("template", pa.array([template] * made.num_rows).dictionary_encode()),
            ("seed", pa.array([seed] * made.num_rows)),
        ):
            made = made.set_column(made.column_names.index(name), name, values)
        parts.append(made)
    (found,) = weights(pa.concat_tables(parts).unify_dictionaries(), PARAMS)
    return found


def test_what_templates_and_seeds_do_is_told_apart() -> None:
    found = asked(RIGHT)
    (table,) = variation.tables(found)
    rows = {row[3]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    right = rows[variation.RIGHT]
    assert (right["task"], right["templates"], right["seeds"]) == ("two classes", 2, 2)
    grid = np.zeros((2, 2))
    for votes in found.votes:
        judged = votes.setting.held_out
        at = ("colon", "fields").index(votes.setting.template), votes.setting.seed
        grid[at] = (judged.predicted == judged.gold).mean()
    assert right["s.d. over templates"] == pytest.approx(grid.mean(axis=1).std(ddof=1), abs=1e-4)
    assert right["s.d. over seeds"] == pytest.approx(np.sqrt(grid.var(axis=1, ddof=1).mean()), abs=1e-4)
    assert right["s.d. over templates"] > 2 * right["s.d. over seeds"] > right["s.d. of as many questions"]
    assert (right["lowest"], right["highest"]) == pytest.approx((grid.min(), grid.max()), abs=1e-4)
    # Heads vote for the answer, right or wrong: nothing but the number of questions scatters there.
    agrees = rows[variation.AGREES]
    assert agrees["s.d. over seeds"] < 3 * agrees["s.d. of as many questions"]


def test_one_template_leaves_that_column_empty_and_one_setting_no_table() -> None:
    (table,) = variation.tables(asked({key: 0.7 for key in RIGHT if key[0] == "fields"}))
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert first["s.d. over templates"] is None and first["s.d. over seeds"] is not None
    with_hole = asked({key: share for key, share in RIGHT.items() if key != ("colon", 1)})
    (table,) = variation.tables(with_hole)
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert first["s.d. over seeds"] is not None and first["s.d. over templates"] is not None
    alone = asked({("fields", 0): 0.7})
    assert variation.tables(alone) == [] and len(tables.tables(alone)) == 5
