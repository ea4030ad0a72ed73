"""Two runs question by question: the differences are those of the rows, and what is not shared is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from taskscope.cli.console import OK
from taskscope.cli.main import app
from taskscope.errors import RunError
from taskscope.models.spec import ModelSpec
from taskscope.runs.store import RunFolder
from taskscope.studies import runner
from taskscope.studies.answers import SCHEMA
from taskscope.studies.base import Comparable
from taskscope.studies.columns import where
from taskscope.studies.comparing.differences import Word, compare
from taskscope.studies.kernel_regression.answers import answers as label_answers
from taskscope.studies.registry import registry
from taskscope.studies.request import RunRequest, StudyRequest
from taskscope.studies.structured_tasks.answers import answers as curve_answers
from taskscope.studies.structured_tasks.curves import rows as curves
from taskscope.studies.task_spaces import rows as spaces
from taskscope.studies.task_spaces.answers import answers as space_answers
from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.answers import answers as vector_answers
from taskscope.studies.task_vectors.scenarios import SCENARIOS


def run(folder: Path, *models: str, **overrides: object) -> RunFolder:
    changed = {"tasks": ["memo-trap", "neqa"], "n_items": 12, "beside": False, "shots": [], **overrides}
    request = RunRequest(
        studies=(StudyRequest(study="inverse-scaling", profile="smoke", overrides=changed),),
        models=tuple(ModelSpec(name=name) for name in models),
        command="made by a test",
    )
    plan = runner.plan(request)
    opened = runner.open_folder(folder, plan)
    runner.execute(plan, opened, lambda event: None)
    return opened


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    home = tmp_path_factory.mktemp("runs")
    return run(home / "small", "pico-xs"), run(home / "large", "pico-s", "pico-xs")


def losses(folder: RunFolder, model: str, task: str) -> np.ndarray:
    return where(folder.rows(study="inverse-scaling"), model=model, task=task, arm="task")["loss"].to_numpy()


def test_differences_are_those_of_the_rows(both) -> None:
    found = compare(both, ["pico-xs", "pico-s"])
    mine = {(one.quantity, one.task): one for one in found.differences}
    changes = {
        task: losses(both[1], "pico-s", task) - losses(both[0], "pico-xs", task)
        for task in ("memo-trap", "neqa")
    }
    for task, change in changes.items():
        assert mine["loss (task)", task].difference == pytest.approx(change.mean())
    whole = mine["loss (task)", ""]
    assert whole.difference == pytest.approx(np.mean([change.mean() for change in changes.values()]))
    assert whole.n_tasks == 2 and whole.interval is not None
    assert whole.interval.low < whole.difference < whole.interval.high


def test_the_same_weights_are_identical_and_that_is_said(both) -> None:
    found = compare(both, ["pico-xs"])
    assert {one.word for one in found.differences} == {Word.IDENTICAL}
    assert any("same weights" in note for note in found.notes)


def test_one_model_in_common_needs_no_name(both) -> None:
    found = compare(both)
    assert (found.first.model, found.second.model) == ("pico-xs", "pico-xs")


def test_runs_without_shared_questions_say_what_each_asked(both, tmp_path) -> None:
    other = run(tmp_path / "other", "pico-xs", n_items=10)
    with pytest.raises(RunError) as caught:
        compare((both[0], other))
    assert "memo-trap" in caught.value.given and "inverse-scaling" in caught.value.given
    assert "same parameters" in caught.value.expected


@pytest.mark.parametrize(
    ("models", "given", "hint"),
    [
        (["pico-x", "pico-s"], "no model 'pico-x'", "pico-xs"),
        (["pico-xs", "pico-s", "pico-m"], "3 models", ""),
    ],
)
def test_models_that_are_not_there(both, models, given, hint) -> None:
    with pytest.raises(RunError, match=given) as caught:
        compare(both, models)
    assert hint in caught.value.hint


def test_it_must_be_plain_which_models_are_meant(both) -> None:
    with pytest.raises(RunError, match="pico-s, pico-xs") as caught:
        compare((both[1], both[1]))
    assert "-m FIRST -m SECOND" in caught.value.hint


def results(folder: Path, change: float = 0.0) -> Path:
    """Results of three published models on 60 items: each larger one loses `0.1` nats, plus `change`."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(size=(3, 60)) * 0.05
    for place, name in enumerate(("opt-125m", "opt-350m", "opt-1.3b")):
        lines = [
            f"{n},{1 + (0.1 + change) * place + noise[place, n]},{int(n % 4 > place)}" for n in range(60)
        ]
        (folder / f"{name}.csv").write_text(
            "\n".join(["index,loss,correct", *lines]) + "\n", encoding="utf-8"
        )
    return folder


def scored(folder: Path, source: Path) -> RunFolder:
    return run(folder, tasks=[], scores=[str(source)], draws=100)


def test_results_from_files_are_compared_item_by_item(tmp_path) -> None:
    held = scored(tmp_path / "run", results(tmp_path / "given" / "task"))
    found = compare((held, held), ["opt-125m", "opt-1.3b"])
    mine = {one.quantity: one for one in found.overall}
    rows = held.rows(study="inverse-scaling")
    small, large = (where(rows, member=name)["loss"].to_numpy() for name in ("opt-125m", "opt-1.3b"))
    loss = mine["loss (task)"]
    assert loss.difference == pytest.approx((large - small).mean()) and loss.n == 60
    assert loss.interval is not None and loss.interval.low < 0.2 < loss.interval.high
    assert loss.word == Word.HIGHER and mine["right answer (task)"].word == Word.LOWER
    assert not found.notes
    with pytest.raises(RunError, match="opt-350m") as caught:
        compare((held, held), ["opt-125m", "opt-9b"])
    assert "no model 'opt-9b'" in caught.value.given


def test_results_from_two_folders_are_paired_by_item_and_that_is_said(tmp_path) -> None:
    first = scored(tmp_path / "first", results(tmp_path / "one" / "task"))
    second = scored(tmp_path / "second", results(tmp_path / "other" / "task", change=0.3))
    found = compare((first, second), ["opt-1.3b"])
    loss = next(one for one in found.overall if one.quantity == "loss (task)")
    assert loss.difference == pytest.approx(0.6) and loss.word == Word.HIGHER
    assert any("different files" in note for note in found.notes)
    same = compare((first, first), ["opt-1.3b"])
    assert {one.word for one in same.differences} == {Word.IDENTICAL} and "same results" in same.notes[0]
    other = scored(tmp_path / "third", results(tmp_path / "one" / "another"))
    with pytest.raises(RunError, match="share no questions"):
        compare((first, other), ["opt-1.3b"])
    target = tmp_path / "compare.html"
    told = CliRunner().invoke(
        app, ["compare", str(first.path), str(second.path), "-m", "opt-1.3b", "--out", str(target)]
    )
    assert told.exit_code == OK, told.output
    assert "opt-1.3b in results" in target.read_text(encoding="utf-8")


def test_results_and_a_measured_model_share_no_questions(both, tmp_path) -> None:
    held = scored(tmp_path / "run", results(tmp_path / "given" / "memo-trap"))
    with pytest.raises(RunError, match="share no questions"):
        compare((both[0], held), ["pico-xs", "opt-1.3b"])


def test_the_command_prints_writes_a_page_and_tells_machines(both, tmp_path) -> None:
    paths, target = [str(folder.path) for folder in both], tmp_path / "pages" / "compare.html"
    models = ["-m", "pico-xs", "-m", "pico-s"]
    done = CliRunner().invoke(app, ["compare", *paths, *models, "--out", str(target)])
    assert done.exit_code == OK, done.output
    assert "second less first" in done.output and "loss (task)" in done.output
    text = target.read_text(encoding="utf-8")
    assert "What changes from pico-xs to pico-s?" in text and "taskscope compare" in text
    told = json.loads(CliRunner().invoke(app, ["compare", *paths, *models, "--json"]).output)
    assert told["first"]["model"] == "pico-xs" and told["second"]["model"] == "pico-s"
    assert {one["study"] for one in told["differences"]} == {"inverse-scaling"}


def test_every_study_that_asks_a_model_can_be_compared() -> None:
    able = {name for name, study in registry().items() if isinstance(study, Comparable)}
    assert able == set(registry()) - {"skill-emergence"}


def test_answers_of_task_vectors_read_theta_at_a_block_chosen_elsewhere() -> None:
    rows = simulation.rows(SCENARIOS[0], 20, 30, np.random.default_rng(0))
    found = vector_answers(rows)
    assert found.schema == SCHEMA
    for task in set(found["task"].to_pylist()):
        mine = where(found, task=task)
        sizes = {name: where(mine, quantity=name).num_rows for name in set(mine["quantity"].to_pylist())}
        assert sizes == dict.fromkeys(
            ("right without demonstrations", "right with demonstrations", "right with one vector"), 30
        )
        plain = where(rows, task=task, split="test", condition="baseline")["correct"]
        right = where(mine, quantity="right without demonstrations")["value"]
        assert right.to_pylist() == plain.cast(pa.float64()).to_pylist()


def front(rows: pa.Table, task: str) -> pa.Table:
    for name, value in (("seed", 0), ("task", task)):
        rows = rows.add_column(0, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def test_answers_on_learning_curves_hang_together_by_draw() -> None:
    gold, predicted = np.array([[0, 1, 1], [1, 0, 0]]), np.array([[0, 0, 1], [1, 0, 1]])
    rows = [curves.to_rows(name, 4, gold, predicted, gold < 0, 2) for name in ("vanilla", "labels at random")]
    found = curve_answers(front(curves.join(rows), "topics"))
    assert set(found["quantity"].to_pylist()) == {"right label, vanilla, 4 demonstrations"}
    assert found["value"].to_pylist() == [1, 0, 1, 1, 1, 0]
    assert len(set(found["cluster"].to_pylist())) == 2 and len(set(found["question"].to_pylist())) == 6


def test_answers_on_pairs_are_margins_and_their_signs() -> None:
    record = {"part": spaces.SCORE, "judged": "agreement", "phenomenon": "SV-AGR", "half": 0}
    rows = spaces.to_rows([{**record, "margins": [1.5, -0.5]}])
    found = space_answers(front(rows, "agreement"))
    assert found["value"].to_pylist() == [1, 0, 1.5, -0.5]
    assert found["unit"].to_pylist() == ["share of questions"] * 2 + ["nats"] * 2


def test_answers_on_attention_are_of_held_out_questions_that_got_a_label() -> None:
    names = ("part", "template", "split", "condition", "query", "gold", "predicted")
    told = [
        ("weights", "a", "held-out", "plain", 7, 1, 1),
        ("weights", "a", "held-out", "plain", 9, 1, 0),
        ("weights", "a", "held-out", "plain", 11, 1, -1),
        ("weights", "a", "selection", "plain", 8, 1, 1),
        ("weights", "a", "held-out", "other order", 7, 1, 1),
    ]
    rows = front(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in told]), "sentiment")
    found = label_answers(rows)
    assert list(zip(found["cluster"].to_pylist(), found["value"].to_pylist(), strict=True)) == [
        ("7", 1),
        ("9", 0),
    ]


def test_two_settings_in_one_folder_are_refused_rather_than_mixed(tmp_path) -> None:
    mixed = run(tmp_path / "mixed", "pico-xs", tasks=["neqa"], n_items=12)
    run(tmp_path / "mixed", "pico-xs", tasks=["neqa"], n_items=8)
    with pytest.raises(RunError, match="under several parameters"):
        compare((mixed, RunFolder.open(mixed.path)))
