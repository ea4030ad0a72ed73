"""Responses read from stored rows and files, and what is said of them (protocol 7)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from taskscope.cli.main import app
from taskscope.errors import TaskscopeError
from taskscope.studies.base import Responding
from taskscope.studies.registry import registry
from taskscope.studies.skill_emergence.pairs.rows import grids
from taskscope.studies.skill_emergence.pairs.simulation import SCENARIOS
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.responses import own
from taskscope.studies.skill_emergence.responses.stored import Responses, of_csv
from taskscope.studies.skill_emergence.responses.summary import summarise

runner = CliRunner()


def written(path: Path, lines: list[str], head: str = "model,item,correct,skills") -> Path:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def planted(path: Path) -> Path:
    """Twelve models by 40 items of two skills; better models have the second too."""
    rng = np.random.default_rng(0)
    lines = []
    for model in range(12):
        for item in range(40):
            tags = ("add", "carry", "add; carry")[item % 3]
            able = {"add": model > 2, "carry": model > 6, "add; carry": model > 6}[tags]
            lines.append(f"m{model},i{item},{int(rng.random() < (0.9 if able else 0.2))},{tags}")
        lines.append(f"m{model},easy,1,add")
    return written(path, lines)


def test_a_file_is_read_and_constant_items_are_named(tmp_path: Path) -> None:
    responses = of_csv(planted(tmp_path / "r.csv"))
    assert responses.table.shape == (12, 41) and set(responses.skills) == {"add", "carry"}
    assert responses.needs.sum(axis=1).max() == 2
    found = summarise(responses)
    assert "easy" in found.screened.dropped_items
    assert found.measured.theta == pytest.approx(1 - responses.table.mean())
    at = {name: found.measured.competence[n] for n, name in enumerate(responses.skills)}
    assert at["add"] > at["carry"]
    assert found.mastery is not None and found.own_tags is not None and found.shuffled_tags is not None
    mastered = found.mastery.mean(axis=0)[list(responses.skills).index("carry")]
    assert mastered == pytest.approx(5 / 12, abs=0.1)


@pytest.mark.parametrize(
    ("lines", "head", "match"),
    [
        (["a,x,1"], "model,item,right", "without the columns correct"),
        (["a,x,2,s"], "model,item,correct,skills", "correct = '2' in line 2"),
        (["a,x,1,s", "a,x,0,s"], "model,item,correct,skills", "answers 'x' twice"),
        (["a,x,1, ;"], "model,item,correct,skills", "item 'x' with no skill"),
        (["a,x,1,s", "b,x,0,t"], "model,item,correct,skills", "here and"),
        ([], "model,item,correct", "without the columns|no responses"),
        (["a,x,1", "b,x,1"], "model,item,correct", "never vary"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, lines: list[str], head: str, match: str) -> None:
    with pytest.raises(TaskscopeError, match=match):
        summarise(of_csv(written(tmp_path / "r.csv", lines, head)))
    with pytest.raises(TaskscopeError):
        of_csv(tmp_path / "none.csv")


def test_pairs_of_skills_come_out_of_their_rows_tagged() -> None:
    params = SkillEmergenceParams(pair_repetitions=3, pair_queries=2)
    rows = (
        SCENARIOS[0]
        .simulate(params, np.random.default_rng(0))
        .append_column("task", pa.array([""] * (12 * 5 * 6)))
    )
    responses = Responses.of(own.responses(rows))
    (found,) = grids(rows)
    assert responses.table.shape == (1, 12 * 6 * 3)  # first, second, both
    two = responses.needs.sum(axis=1) == 2
    assert two.sum() == 12 * 6
    both = np.concatenate([pair.both.ravel() for pair in found.pairs])
    assert responses.table[0, two].mean() == pytest.approx(both.mean())


@pytest.mark.parametrize(
    ("study", "columns", "expected"),
    [
        (
            "inverse-scaling",
            {"arm": ["task", "control"], "item": ["1", "1"], "correct": [1.0, 0.0], "task": ["neqa", "neqa"]},
            ("neqa/1", 1.0, ("neqa",)),
        ),
        (
            "task-vectors",
            {
                "condition": ["regular", "zero"],
                "split": ["test", "test"],
                "pair": [4, 4],
                "block": [-1, 2],
                "correct": [True, False],
                "task": ["en-fr", "en-fr"],
            },
            ("en-fr/0/4", 1.0, ("en-fr",)),
        ),
        (
            "structured-tasks",
            {
                "composition": ["to-upper(next-letter)"] * 2,
                "condition": ["functions shown apart", "nested calls shown"],
                "repetition": [1, 1],
                "query": [2, 2],
                "step": [0, 0],
                "right": [False, True],
                "task": ["x", "x"],
            },
            ("to-upper(next-letter)/0/1/2/0", 0.0, ("next-letter", "to-upper")),
        ),
        (
            "task-spaces",
            {
                "part": ["score", "score"],
                "condition": ["", "tuned"],
                "judged": ["plurals", "plurals"],
                "half": [1, 1],
                "margins": [[-0.5], [2.0]],
                "task": ["", ""],
            },
            ("plurals/0/1/0", 0.0, ("plurals",)),
        ),
    ],
)
def test_every_study_hands_its_responses_out(study: str, columns: dict, expected: tuple) -> None:
    rows = pa.table({"model": ["m", "m"], "seed": [0, 0], **columns})
    found = registry()[study]
    assert isinstance(found, Responding)
    (one,) = found.responses(rows)
    assert (one.examinee, one.item, one.right, one.skills) == ("m", *expected)


def test_the_command_prints_and_tells_machines(tmp_path: Path) -> None:
    path = str(planted(tmp_path / "r.csv"))
    printed = runner.invoke(app, ["theory", "item-response", path])
    assert printed.exit_code == 0, printed.output
    assert "1 items never vary" in printed.output and "conjunctive, own tags" in printed.output
    told = json.loads(runner.invoke(app, ["theory", "item-response", path, "--json"]).output)
    assert told["dropped"]["items"] == ["easy"]
    assert told["skills"]["add"]["items"] == 28
    held_out = told["held_out_log_probability"]
    assert held_out["own_tags"] > np.mean(held_out["shuffled_tags"])
    assert [row["alpha"] for row in told["worst"]] == [0.5, 1.0]


def test_names_that_look_like_markup_are_printed_as_they_are(tmp_path: Path) -> None:
    path = planted(tmp_path / "r.csv")
    path.write_text(path.read_text().replace("add", "add[/x]"), encoding="utf-8")
    printed = runner.invoke(app, ["theory", "item-response", str(path)])
    assert printed.exit_code == 0, printed.output
    assert "add[/x]" in printed.output
