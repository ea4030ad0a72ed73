"""On models whose groups of tasks are planted the map is that of the groups, and nowhere else."""

from __future__ import annotations

import pyarrow as pa
import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.models.untrained import untrained
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_spaces import measure
from taskscope.studies.task_spaces.params import PREDICTED, TaskSpaceParams, profile
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.studies.task_spaces.study import TASK_SPACES
from taskscope.tasks import pair_planted

TASKS = tuple(f"{group}-{first}" for group in pair_planted.GROUPS for first, _ in pair_planted.CONTRASTS[:5])
PARAMS = profile("smoke").model_copy(update={"tasks": TASKS})


def measured(name: str, model: LanguageModel, params: TaskSpaceParams = PARAMS) -> pa.Table:
    spec = ModelSpec(name=name)
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    parts = []
    for cell in TASK_SPACES.plan(params, [planned]):
        rows = getattr(measure, cell.measure.rpartition(":")[2])(cell, model).rows
        front = {"key": "", "model": name, "task": "", "seed": 0}
        columns = [pa.array([value] * len(rows)) for value in front.values()]
        parts.append(pa.table([*columns, *rows.columns], names=[*front, *rows.column_names]))
    return pa.concat_tables(parts)


def judged(table: pa.Table) -> tuple[dict[str, Finding], Space]:
    [space] = spaces(table)
    return {finding.claim: finding for finding in TASK_SPACES.analyse(table, PARAMS)}, space


def test_planted_groups_are_found_and_words_do_not_explain_them() -> None:
    found, space = judged(measured("planted-groups", load("planted-groups")))
    assert {claim: found[claim].verdict for claim in "46"} == dict.fromkeys("46", Verdict.SUPPORTED)
    assert found["1"].estimate > 0.7
    words = next(control for control in found["6"].controls if control.name == "words")
    assert found["6"].estimate > 0.6 and words.estimate < 0
    assert space.phenomena == ("north",) * 5 + ("south",) * 5
    assert found["7"].verdict == Verdict.INCONCLUSIVE
    assert found["7"].reason == "Fewer than three phenomena have two tasks."


def test_gradients_alone_draw_the_same_map() -> None:
    params = PARAMS.model_copy(update={"first_order": True})
    table = measured("planted-groups", load("planted-groups"), params)
    found, space = judged(table)
    assert space.drawn == PREDICTED
    assert found["6"].verdict == Verdict.SUPPORTED and found["6"].estimate > 0.6
    assert found["3"].verdict == found["4"].verdict == Verdict.INCONCLUSIVE
    assert "gradients alone" in found["4"].reason
    figures = TASK_SPACES.figures(table, [], params)
    assert [figure.name.rpartition("-")[2] for figure in figures] == ["map", "neighbours", "tree"]
    assert not any(
        word in f"{figure.title} {figure.see} {figure.alt}"
        for figure in figures
        for word in ("tuned", "tuning")
    )
    phenomena, tasks, licence, *more = TASK_SPACES.tables(table, [], params)
    assert [each.name.rpartition("-")[2] for each in more] == [
        "hypothesis",
        "polarity",
        "differences",
        "likeness",
    ]
    assert {row[phenomena.columns.index("pattern")] for row in phenomena.rows} == {"–"}
    assert "no accuracy was gained" in phenomena.note and "not measured" in tasks.note
    assert [float(row[2]) > 0.95 for row in licence.rows] == [True, True]


@pytest.mark.parametrize("learned", [True, False])
def test_tasks_that_share_words_alone_and_an_untrained_model_have_no_groups(learned: bool) -> None:
    name = "null-groups" if learned else "planted-groups"
    model = load(name)
    found, _ = judged(measured(name, model if learned else untrained(model)))
    assert found["6"].verdict != Verdict.SUPPORTED
    assert found["4"].verdict != Verdict.SUPPORTED
    assert found["7"].verdict == Verdict.INCONCLUSIVE
