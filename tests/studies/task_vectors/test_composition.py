"""Adding function vectors up: planned, measured on machines that add and that do not, and judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from adding_model import NAMES, THINGS, AddingModel
from letters_model import N_BLOCKS, model
from rowmaker import world

from taskscope.errors import StudyError
from taskscope.report.findings import Finding, Verdict
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.composition import measure as measuring
from taskscope.studies.task_vectors.composition import rows as marks
from taskscope.studies.task_vectors.composition import simulation
from taskscope.studies.task_vectors.composition.grids import squares
from taskscope.studies.task_vectors.composition.rows import ADDED, COMPOSED, PART
from taskscope.studies.task_vectors.figures import figures
from taskscope.studies.task_vectors.heads import plain
from taskscope.studies.task_vectors.heads.draws import prompts
from taskscope.studies.task_vectors.heads.mediation import head_means
from taskscope.studies.task_vectors.heads.rows import NONE, RANDOM_HEADS, SHOWN, VECTOR, ZERO_SHOT
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.studies.task_vectors.tables import tables
from taskscope.tasks import registry
from taskscope.tasks.compositions import SQUARES
from taskscope.tasks.prompts import get_format

WORDS = "en-fr-then-capitalise"
LETTERS = "next-letter-then-to-upper"
PARAMS = TaskVectorParams(
    tasks=("to-upper",), k=3, suites=(), n_templates=0, draws=200, squares=(WORDS, LETTERS),
    n_means=3, n_effects=3, n_vector_dev=4, n_vector_test=40, n_random_sets=2,
)  # fmt: skip


def cells(**changes: object) -> dict[str, Cell]:
    ref = ModelRef(id="toy", label="toy", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
    plan = TASK_VECTORS.plan(PARAMS.model_copy(update=changes), [planned])
    return {cell.tasks[0].name: cell for cell in plan if ".composition." in cell.measure}


def in_front(cell: Cell, rows: pa.Table) -> pa.Table:
    for name, value in {"model": "toy", "task": cell.tasks[0].name, "seed": cell.seed}.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def judged(*tables: pa.Table) -> Finding:
    rows = pa.concat_tables([world(1, {"baseline": 0, "regular": 20}), *tables], promote_options="permissive")
    [found] = [finding for finding in analyse(rows, PARAMS) if finding.claim == "C7"]
    return found


def test_every_square_has_a_cell_at_the_first_seed() -> None:
    assert [t.name for t in cells()[WORDS].tasks] == [
        WORDS, "copy-on-en-fr", "en-fr", "capitalise-on-en-fr"
    ]  # fmt: skip
    assert cells(seeds=(5, 6))[LETTERS].seed == 5
    assert len(cells(squares=tuple(SQUARES))) == len(SQUARES) == 12
    with pytest.raises(StudyError, match="did you mean 'next-letter-then-to-upper'"):
        PARAMS.model_copy(update={"squares": ("next-letter-then-upper",)}).check()


@pytest.mark.parametrize(
    ("codes", "expected"), [(THINGS, Verdict.SUPPORTED), (NAMES, Verdict.CONTRADICTED)], ids=["adds", "names"]
)
def test_a_machine_is_found_to_add_if_and_only_if_its_code_does(codes: np.ndarray, expected: Verdict) -> None:
    cell = cells()[WORDS]
    rows = in_front(cell, measuring.measure(cell, AddingModel(WORDS, codes)).rows)  # type: ignore[arg-type]
    found = judged(rows)
    assert found.verdict is expected, found.reason
    [square] = squares(rows)
    assert square.counted
    test = square.both.test
    assert test.plain[SHOWN].mean() == 1
    assert square.one.test.added[ZERO_SHOT, VECTOR][:, 0].mean() == 1, "each part does its own task"
    adds = expected is Verdict.SUPPORTED
    assert (test.added[ZERO_SHOT, COMPOSED].mean(axis=0) == (float(adds), 0)).all()
    for condition in (marks.ONE, marks.OTHER, marks.WRONG_SIGN, RANDOM_HEADS):
        assert test.added[ZERO_SHOT, condition].max() == 0
    assert test.added[ZERO_SHOT, marks.OWN][:, 0].mean() == 1


def test_where_demonstrations_do_not_help_no_vector_is_made() -> None:
    cell = cells()[LETTERS]
    measured = measuring.measure(cell, model())
    assert measured.notes["able"] == []
    conditions = set(measured.rows["condition"].cast(pa.string()).to_pylist())
    assert conditions == {NONE}
    [square] = squares(in_front(cell, measured.rows))
    assert not square.measured
    assert len(square.unable) == 4
    found = judged(in_front(cell, measured.rows))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "none can be judged" in found.statement


def test_composed_vectors_are_sums_of_what_heads_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "ABLE_GAIN", -1.0)
    cell, seen = cells()[LETTERS], []
    monkeypatch.setattr(
        measuring, "_answers", lambda drawn, vectors, *rest: seen.append((drawn.task.name, vectors)) or []
    )
    measuring.measure(cell, model())
    (both, made), (one, alone), (other, again) = seen
    assert (one, other, both) == tuple(ref.name for ref in (cell.tasks[2], cell.tasks[3], cell.tasks[0]))
    assert {name for name, _ in made} == {*ADDED, RANDOM_HEADS}
    np.testing.assert_array_equal(alone[VECTOR, 0], made[marks.ONE, 0])
    np.testing.assert_array_equal(again[VECTOR, 0], made[marks.OTHER, 0])
    np.testing.assert_allclose(
        made[COMPOSED, 0] + made[marks.WRONG_SIGN, 0], 2 * made[marks.ONE, 0], atol=1e-6
    )
    asked = get_format("arrow")
    blocks = model().attending_blocks
    means = {
        ref.name: head_means(prompts(registry.resolve(ref), 0, PARAMS.composition, asked), blocks, model())
        for ref in cell.tasks
    }
    expected = None
    for head in range(len(blocks) * 2):  # sets are of one head here: it is one of them
        written = {
            name: model().head_writes(mean[[head]], [(head // 2, head % 2)])[0]
            for name, mean in means.items()
        }
        if np.allclose(written[one], made[marks.ONE, 0], atol=1e-6):
            expected = written[one] + written[other] - written["copy-on-next-letter"]
    assert expected is not None
    np.testing.assert_allclose(made[COMPOSED, 0], expected, atol=1e-5)


def simulated(scenario: simulation.CompositionScenario) -> pa.Table:
    return scenario.simulate(PARAMS, stream("test of compositions", scenario.name))


def scenario(name: str) -> simulation.CompositionScenario:
    return next(s for s in simulation.SCENARIOS if s.name == name)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("sums", {}, Verdict.SUPPORTED),
        ("no sum", {}, Verdict.CONTRADICTED),
        ("sums", {"parts": 0.1}, Verdict.INCONCLUSIVE),
        ("sums", {"reference": 0.25, "control": 0.02, "composed": 0.02}, Verdict.INCONCLUSIVE),
        ("sums", {"n_squares": 0}, None),
    ],
    ids=["sums", "no sum", "no parts", "nothing to recover", "not asked"],
)
def test_worlds_far_from_every_border_get_their_verdict(
    name: str, changes: dict, expected: Verdict | None
) -> None:
    rows = simulated(replace(scenario(name), **changes))
    found = [finding for finding in analyse(rows, PARAMS) if finding.claim == "C7"]
    assert [finding.verdict for finding in found] == ([] if expected is None else [expected])


def test_the_page_shows_every_composition_counted_or_not() -> None:
    rows = simulated(replace(scenario("sums"), n_squares=3))
    drawn = [figure for figure in figures(rows, [], PARAMS) if "compositions" in figure.name]
    [figure], [made] = drawn, [t for t in tables(rows, [], PARAMS) if "compositions" in t.name]
    assert "3 compositions" in figure.see
    assert [row[0] for row in made.rows] == list(SQUARES)[:3]
    assert all(len(row) == len(made.columns) for row in made.rows)
    unable = simulated(replace(scenario("sums"), n_squares=1, reference=0.1))
    [found] = [finding for finding in analyse(unable, PARAMS) if finding.claim == "C7"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.estimate is None


def test_a_model_whose_heads_cannot_be_told_apart_is_inconclusive() -> None:
    lone = in_front(cells()[WORDS], marks.no_heads())
    assert PART in lone["part"].to_pylist()
    found = judged(lone)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "told apart" in found.reason
