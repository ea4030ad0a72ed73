"""The graded hypothesis and a user's own, beside phenomena, on maps of which it is known what they follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from taskscope.errors import StudyError
from taskscope.runs.cell import ModelRef
from taskscope.stats.matrices import off_diagonal, permuted_units, same_group
from taskscope.studies.base import PlannedModel
from taskscope.studies.request import StudyRequest
from taskscope.studies.task_spaces import findings as judging
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.hypotheses import (
    agreements,
    graded,
    hypothesis_table,
    rivals_table,
)
from taskscope.studies.task_spaces.hypothesis_files import Hypothesis, read
from taskscope.studies.task_spaces.params import FEW, TUNED, TaskSpaceParams
from taskscope.studies.task_spaces.simulation import SIZES, rows_of_maps
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.studies.task_spaces.study import TASK_SPACES

BEYOND = "beyond the phenomena (partial Mantel)"
FIELDS = ("morphology", "syntax", "morphology", "syntax", "semantics", "semantics", "syntax")
"""Of the seven phenomena."""
MODEL = PlannedModel(
    ref=ModelRef(id="toy@1", label="toy", dtype="float32", attention="sdpa"),
    n_blocks=4,
    n_parameters=1000,
    context=128,
)


def world(by_field: float, seed: int = 0) -> Space:
    """Tasks of one phenomenon help each other, and those of one field by as much as is said."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(SIZES)), SIZES)
    fields = np.array(FIELDS)[groups]
    n = len(groups)
    same = groups[:, None] == groups[None, :]
    effects = 0.4 * same + by_field * (fields[:, None] == fields[None, :]) + rng.normal(0, 0.1, (n, n))
    np.fill_diagonal(effects, 1.5)
    likeness = {name: rng.normal(0, 0.1, (n, n)) for name in ("gradient", "untrained", "words")}
    even = {name: (each + each.T) / 2 for name, each in likeness.items()}
    [space] = spaces(rows_of_maps(groups, {TUNED: effects}, even, 0.05, CALIBRATION.params, rng))
    return replace(space, fields=tuple(fields))


def written(folder: Path, tasks: tuple[str, ...], values: np.ndarray) -> Path:
    lines = [",".join(["task", *tasks])]
    lines += [
        ",".join([task, *("" if i == j else f"{values[i, j]:g}" for j in range(len(tasks)))])
        for i, task in enumerate(tasks)
    ]
    path = folder / "mine.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_graded_is_one_a_half_or_nothing() -> None:
    space = replace(
        world(0.0),
        tasks=("a", "b", "c", "d"),
        phenomena=("x", "x", "y", "z"),
        fields=("morphology", "morphology", "morphology", "syntax"),
    )
    found = graded(space)
    assert found is not None
    np.testing.assert_array_equal(found, [[1, 1, 0.5, 0], [1, 1, 0.5, 0], [0.5, 0.5, 1, 0], [0, 0, 0, 1]])
    assert graded(replace(space, fields=("morphology", "morphology", "", "syntax"))) is None
    assert graded(replace(space, fields=("m", "m", "s", "t"))) is None, "no more than the phenomena"


def test_agreements_with_it_are_those_of_plain_formulas() -> None:
    space = world(0.2)
    expected = graded(space)
    assert expected is not None
    found = {each.name: each for each in agreements(space, 200, expected)}
    off = off_diagonal(space.n)
    effects, wanted = np.arcsinh(space.effects(TUNED).mean(axis=0))[off], expected[off]
    assert found["as measured (Mantel)"].value.value == pytest.approx(np.corrcoef(effects, wanted)[0, 1])
    assert found["by ranks (Spearman)"].value.value == pytest.approx(spearmanr(effects, wanted)[0])
    assert "area under the curve" not in found
    same = same_group(space.groups)[off]
    left = [y - np.polyval(np.polyfit(same, y, 1), same) for y in (effects, wanted)]
    assert found[BEYOND].value.value == pytest.approx(np.corrcoef(*left)[0, 1])


def test_a_field_beyond_phenomena_is_found_where_it_is_and_only_there() -> None:
    there, nowhere = world(0.2), world(0.0)
    for space, by_field in ((there, True), (nowhere, False)):
        found = {each.name: each for each in agreements(space, 400, graded(space))}
        assert found["as measured (Mantel)"].p < 0.01, "phenomena are in both"
        assert (found[BEYOND].p < 0.01) is by_field
        assert (found[BEYOND].value.low > 0) is by_field


def test_exchanged_units_are_calibrated() -> None:
    rng, above = np.random.default_rng(0), 0
    for _ in range(200):
        x, y = rng.normal(size=(2, 8, 8)) + rng.normal(size=(2, 8, 1))
        seen = np.corrcoef(x[off_diagonal(8)], y[off_diagonal(8)])[0, 1]
        above += seen > np.quantile(permuted_units(x, y, (), rng, 99), 0.95)
    assert 0.02 <= above / 200 <= 0.09
    other = permuted_units(x, y, (), np.random.default_rng(0), 1201)
    assert other.shape == (1201,)


def test_the_table_shows_every_hypothesis_and_says_why_one_is_missing(tmp_path: Path) -> None:
    space = world(0.2)
    result = judging.result(space, 200)
    expected = graded(space)
    assert expected is not None
    own = read(written(tmp_path, space.tasks, expected))
    table = rivals_table(result, own)
    assert table is not None
    assert table.columns == ("agreement", "same phenomenon", "graded by field", "mine.csv")
    told = {row[0]: row[1:] for row in table.rows}
    assert told[BEYOND][0] == "–" and told["area under the curve"][1:] == ("–", "–")
    for row in told.values():
        assert row[1].partition(",")[0] == row[2].partition(",")[0], "the file says what fields say"
    plain = hypothesis_table(result)
    assert plain is not None and "graded by field" not in plain.note
    blank = judging.Result(replace(space, fields=("", *space.fields[1:])), result.numbers)
    assert rivals_table(blank) is None
    missing = hypothesis_table(blank)
    assert missing is not None and f"of 1 of {space.n} tasks no field" in missing.note


def test_a_run_keeps_the_file_and_refuses_one_for_other_tasks(tmp_path: Path) -> None:
    tasks = ("what-with-gap", "that-without-gap", "verb-of-subject", *FEW[:3])
    values = np.zeros((6, 6))
    values[:3, :3] = [[0, -1, 0.25], [-1, 0, 0], [0.5, 0, 0]]
    path = written(tmp_path, tasks, values)
    asked = {"tasks": list(tasks), "hypothesis": str(path)}
    _, params = StudyRequest(study="task-spaces", profile="smoke", overrides=asked).resolve()
    assert isinstance(params, TaskSpaceParams) and params.hypothesis is not None
    order = ("verb-of-subject", "what-with-gap", "that-without-gap")
    np.testing.assert_array_equal(params.hypothesis.of(order), [[0, 0.5, 0], [0.25, 0, -1], [0, -1, 0]])
    path.unlink()
    again = TaskSpaceParams.model_validate(params.model_dump(mode="json"))
    assert again == params
    cells = TASK_SPACES.plan(params, [MODEL])
    assert [c.key for c in cells] == [
        c.key for c in TASK_SPACES.plan(params.model_copy(update={"hypothesis": None}), [MODEL])
    ]
    with pytest.raises(StudyError, match="task 'past-form' does not stand in mine"):
        TASK_SPACES.plan(params.model_copy(update={"tasks": (*tasks, "past-form")}), [MODEL])
    with pytest.raises(StudyError, match="names 'verb-of-subject', which is no task of the run"):
        TASK_SPACES.plan(params.model_copy(update={"tasks": tasks[:2]}), [MODEL])
    few = written(tmp_path, tasks[:3], values)
    with pytest.raises(StudyError, match=r"mine\.csv for 3 tasks"):
        TASK_SPACES.plan(params.model_copy(update={"tasks": tasks[:3], "hypothesis": read(few)}), [MODEL])


def test_a_hypothesis_of_ones_own_needs_no_phenomena(tmp_path: Path) -> None:
    space = world(0.2)
    expected = graded(space)
    assert expected is not None
    own = read(written(tmp_path, space.tasks, expected))
    # A file without groups: every task is of a phenomenon of its own.
    alone = replace(space, phenomena=("ungrouped",) * space.n, fields=("",) * space.n)
    table = rivals_table(judging.result(alone, 200), own)
    assert table is not None and table.columns == ("agreement", "mine.csv")
    told = {row[0]: row[1] for row in table.rows}
    assert float(told["as measured (Mantel)"].partition(" ")[0]) > 0.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has 0 lines"),
        ("task,a,b\na,0,1\n", "has 2 lines"),
        ("task,a,a\na,0,1\na,1,0\n", "'a' in the header, empty or twice"),
        ("task,a,b\na,0,1\nc,1,0\n", "line 3: row 'c'"),
        ("task,a,b\na,0,1\na,1,0\n", "line 3: row 'a'"),
        ("task,a,b\na,0,1\nb,1\n", "line 3: 1 cells"),
        ("task,a,b\na,0,much\nb,1,0\n", "line 2: 'much'"),
        ("task,a,b\na,0,\nb,1,0\n", "line 2: ''"),
        ("task,a,b\na,0,inf\nb,1,0\n", "line 2: 'inf'"),
        ("task,a,b,c\na,0,1,0\nb,1,0,0\n", "no row for 'c'"),
        ("task,a,b,c\na,0,1,1\nb,1,0,1\nc,1,1,0\n", "the same of any two tasks"),
    ],
)
def test_files_that_say_nothing_clear_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=told):
        read(path)
    with pytest.raises(StudyError, match="No such file"):
        read(tmp_path / "none.csv")


def test_rows_and_columns_may_stand_in_different_order(tmp_path: Path) -> None:
    path = tmp_path / "turned.csv"
    path.write_text(",a,b\nb,2,\na,,3\n", encoding="utf-8")
    assert read(path) == Hypothesis(source="turned.csv", tasks=("a", "b"), values=((0.0, 3.0), (2.0, 0.0)))
