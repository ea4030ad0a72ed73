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
from taskscope.studies.task_vectors.projection.lens_rows import FIT, PART, TARGET, fit_rows, theta_fit_rows
from taskscope.studies.task_vectors.projection.rows import KINDS
from taskscope.studies.task_vectors.projection.simulation import N_BLOCKS, SCENARIOS, TASKS
from taskscope.studies.task_vectors.results import results

OFF = {"good": (0.5, 0.5), "bad": (2.0, 2.0), "good on text alone": (0.5, 1.5)}
"""Nats that the tuned lens is off on text and at thetas; the logit lens 1."""


def simulated(lens_kind: str) -> pa.Table:
    """A run in which every task spells its words, and the same rows as if read through a lens."""
    world = next(s for s in SCENARIOS if s.name == "every task spells")
    rows = world.simulate(TaskVectorParams(draws=100), stream("through a lens"))
    plain = of_part(rows, "projection")
    sets = plain.filter(np.isin(plain["kind"].to_pylist(), KINDS))
    lent = sets.append_column(TARGET, sets["task"].dictionary_encode())
    lent = lent.set_column(
        lent.column_names.index("part"),
        "part",
        pa.array([PART] * lent.num_rows).cast(rows.schema.field("part").type),
    )
    on_text, at_thetas = OFF[lens_kind]
    made = []
    for block in range(N_BLOCKS):
        early = float(block < N_BLOCKS - 1)
        logit = np.full(10, early)
        made.append(fit_rows(block, np.repeat([0, 1], 5), logit, on_text * logit))
        made += [theta_fit_rows(block, task, logit, at_thetas * logit) for task in TASKS]
    fitted = fronted(pa.concat_tables(made).unify_dictionaries().combine_chunks(), "simulated")
    fitted = fitted.append_column("task", pa.array(["next-letter"] * fitted.num_rows))
    return pa.concat_tables([rows, lent, fitted], promote_options="permissive")


@pytest.mark.parametrize("lens_kind", OFF)
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
    better = "yes" if lens_kind == "good" else "no"
    assert [row[-1] for row in blocks.rows] == [better, "nothing to learn"]
    assert blocks.rows[0][1:3] == (1, OFF[lens_kind][0]) and blocks.rows[0][4:6] == (1, OFF[lens_kind][1])
    earlier = replace(found.tuned, projection=replace(found.tuned.projection, block=0))
    said = lens_figures(earlier)[0].see
    assert ("the tuned one is nearer at both" in said) == (lens_kind == "good")
    assert ("this comparison says nothing" in said) == (lens_kind != "good")
    assert ("nearer on held-out text" in said) == (lens_kind == "bad")
    assert ("at the prompts of theta, so" in said) == (lens_kind != "good")
    assert "both lenses are the same" in figure.see


def test_both_lenses_are_compared_on_the_sets_of_the_first_seed() -> None:
    params = TaskVectorParams(draws=100)
    rows = simulated("good")
    world = next(s for s in SCENARIOS if s.name == "nothing is spelt out")
    silent = of_part(world.simulate(params, stream("another seed")), "projection")
    silent = silent.set_column(
        silent.column_names.index("seed"),
        "seed",
        pa.array([1] * silent.num_rows, rows.schema.field("seed").type),
    )
    rows = pa.concat_tables([rows, silent], promote_options="permissive")
    [found] = reads(rows, results(rows, params), params)
    assert found.tuned is not None and found.projection is not None
    assert found.projection.theta[0] < 0.6 * found.tuned.projection.theta[0]
    assert found.tuned.by_logit.theta[0] == found.tuned.projection.theta[0]
    gain = f"{found.tuned.projection.theta[0]:.3f}"
    assert f"the mean gain is {gain}, there {gain}." in lens_figures(found.tuned)[0].see


def test_a_lens_of_which_it_is_not_known_how_good_it_is_at_thetas_is_not_shown() -> None:
    params, rows = TaskVectorParams(draws=100), simulated("good")
    at_thetas = np.array(
        [
            part == FIT and target is not None
            for part, target in zip(rows["part"].to_pylist(), rows[TARGET].to_pylist(), strict=True)
        ]
    )
    assert at_thetas.sum() == N_BLOCKS * len(TASKS)
    some = rows.filter(~at_thetas)
    [found] = reads(some, results(some, params), params)
    assert found.projection is not None and found.tuned is None
