"""The page of a run with a tuned lens: both lenses side by side, and a verdict that rests on one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from reading_model import fronted

from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.projection.figures import figures, tables
from taskscope.studies.task_vectors.projection.findings import finding, reads
from taskscope.studies.task_vectors.projection.lens_figures import lens_figures
from taskscope.studies.task_vectors.projection.lens_rows import FIT, PART, TARGET, fit_rows
from taskscope.studies.task_vectors.projection.rows import KINDS
from taskscope.studies.task_vectors.projection.simulation import N_BLOCKS, SCENARIOS
from taskscope.studies.task_vectors.results import results


def simulated(lens_kind: str) -> pa.Table:
    """A run in which every task spells its words, and the same rows as if read through a lens."""
    world = next(s for s in SCENARIOS if s.name == "every task spells")
    rows = world.simulate(TaskVectorParams(draws=100), stream("through a lens"))
    plain = of_part(rows, "projection")
    sets = plain.filter(np.isin(plain["kind"].to_pylist(), KINDS))
    lent = sets.append_column(TARGET, sets["task"])
    lent = lent.set_column(
        lent.column_names.index("part"),
        "part",
        pa.array([PART] * lent.num_rows).cast(rows.schema.field("part").type),
    )
    off = {"good": 0.5, "bad": 2.0}[lens_kind]
    made = []
    for block in range(N_BLOCKS):
        early = float(block < N_BLOCKS - 1)
        made.append(fit_rows(block, np.repeat([0, 1], 5), np.full(10, early), np.full(10, off * early)))
    fitted = fronted(pa.concat_tables(made), "simulated").append_column("task", pa.array(["next-letter"] * 4))
    return pa.concat_tables([rows, lent, fitted], promote_options="permissive")


@pytest.mark.parametrize("lens_kind", ["good", "bad"])
def test_the_page_shows_both_lenses_and_the_verdict_rests_on_one(lens_kind: str) -> None:
    params = TaskVectorParams(draws=100)
    rows = simulated(lens_kind)
    without = rows.filter(~np.isin(rows["part"].to_pylist(), [PART, FIT]))
    [found], [plain] = (reads(some, results(some, params), params) for some in (rows, without))
    assert plain.tuned is None and found.tuned is not None
    assert finding(found) == finding(plain)
    # The lens that changes no row reads the same.
    assert found.tuned.projection.theta[0] == found.projection.theta[0]  # type: ignore[union-attr]
    assert found.tuned.projection.n_shown == found.projection.n_shown  # type: ignore[union-attr]
    assert [figure.name for figure in figures(plain)] == ["task-vectors-simulated-projection"]
    figure = figures(found)[1]
    assert figure.name == "task-vectors-simulated-tuned-lens"
    assert "The verdict rests on the logit lens alone." in figure.see
    _, tasks, blocks = tables(found)
    assert all(len(row) == len(tasks.columns) for row in tasks.rows)
    assert [row[0] for row in tasks.rows] == [task.task for task in found.projection.tasks]  # type: ignore[union-attr]
    assert all(
        row[tasks.columns.index("gain")] == row[tasks.columns.index("gain, logit lens")] for row in tasks.rows
    )
    assert [row[-1] for row in blocks.rows] == [{"good": "yes", "bad": "no"}[lens_kind], "nothing to learn"]
    earlier = replace(found.tuned, projection=replace(found.tuned.projection, block=0))
    said = lens_figures(earlier, found.readings, found.projection)[0].see  # type: ignore[arg-type]
    assert ("it has not learnt" in said) == (lens_kind == "bad")
    assert "both lenses are the same" in figure.see
