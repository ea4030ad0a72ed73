"""Scores written as the contest's pipeline did are read back; published points are read and checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.tasks.choices import ChoiceItem, ChoiceTask, Metric
from taskscope.tasks.published_points import PublishedPoint, load_points
from taskscope.tasks.score_export import COLUMNS, write_scores
from taskscope.tasks.score_files import load_scores
from taskscope.tasks.scored_models import ScoredModel

MODELS = (ScoredModel("org/small", "mine", 1.5e6, 3e9), ScoredModel("org/large", "mine", 2.5e8, None))


def task_of(metric: Metric, n: int = 5) -> ChoiceTask:
    odds = "log-odds" in metric
    items = tuple(
        ChoiceItem(
            prompt=f"q{k}",
            classes=(" a",) if metric == "sequence" else (" a", " b"),
            other_prompt=f"r{k}" if odds else "",
        )
        for k in range(n)
    )
    return ChoiceTask(name="t", title="T", description="D", metric=metric, items=items)


def scores_of(metric: Metric, n: int = 5) -> dict[ScoredModel, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    found: dict[ScoredModel, dict[str, np.ndarray]] = {}
    for model in MODELS:
        odds = rng.normal(size=n)
        every = {
            "loss": np.logaddexp(0, -odds),
            "correct": odds > 0,
            "predicted": (odds <= 0).astype(int),
            "total_logprob": -rng.random(n),
            "logodds_difference": odds,
        }
        found[model] = {name: every[name] for name in COLUMNS[metric]}
    return found


@pytest.mark.parametrize("metric", ["classification", "sequence", "log-odds"])
def test_written_scores_are_read_back_to_the_last_digit(tmp_path: Path, metric: Metric) -> None:
    scores = scores_of(metric)
    write_scores(task_of(metric), scores, tmp_path / "t")
    back = load_scores(tmp_path / "t")
    assert (back.task, back.metric, back.items) == ("t", metric, ("0", "1", "2", "3", "4"))
    assert [(m.name, m.parameters, m.tokens) for m in back.models] == [
        ("small", 1.5e6, 3e9),
        ("large", 2.5e8, None),
    ]
    wanted = {name: np.stack([scores[model][name] for model in MODELS]) for name in COLUMNS[metric]}
    pairs = {"loss": back.loss, "correct": back.correct, "logodds_difference": back.log_odds}
    for name, found in pairs.items():
        assert (found is None) == (name not in wanted)
        if found is not None:
            np.testing.assert_array_equal(found, wanted[name])
    if back.coverage is not None:
        n_prompts = 2 if metric == "log-odds" else 1
        np.testing.assert_allclose(back.coverage, np.exp(wanted["total_logprob"]) / n_prompts)


def test_the_merged_file_holds_items_and_every_models_columns(tmp_path: Path) -> None:
    write_scores(task_of("classification"), scores_of("classification"), tmp_path)
    first = json.loads((tmp_path / "labelled_data.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first)[:3] == ["prompt", "classes", "answer_index"]
    assert [name for name in first if name.startswith("small_")] == [
        f"small_{c}" for c in COLUMNS["classification"]
    ]
    assert first["large_correct"] in (0, 1) and isinstance(first["large_loss"], float)
    header = (tmp_path / "small.csv").read_bytes().splitlines()[0]
    assert header == b"index,loss,correct,predicted,total_logprob"


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    task, scores = task_of("sequence"), scores_of("sequence")
    with pytest.raises(TaskError, match=r"each of shape \(5,\)"):
        write_scores(task, {MODELS[0]: {"loss": np.ones(4)}}, tmp_path)
    with pytest.raises(TaskError, match="share a name"):
        twin = ScoredModel("other/small", "mine", 1.0, None)
        write_scores(task, {MODELS[0]: scores[MODELS[0]], twin: scores[MODELS[0]]}, tmp_path)
    write_scores(task, scores, tmp_path)
    with pytest.raises(TaskError, match="is there already"):
        write_scores(task, scores, tmp_path)


POINTS = "family,N,D,task,metric,value,se,source\nPaLM,540B,780B,neqa,classification_acc,0.5,0.02,paper\n"


def test_published_points_are_read(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(POINTS + "GPT-3,6.7e9,,neqa,loss,0.7,,\n", encoding="utf-8")
    assert load_points(path) == (
        PublishedPoint("PaLM", 540e9, 780e9, "neqa", "accuracy", 0.5, 0.02, "paper"),
        PublishedPoint("GPT-3", 6.7e9, None, "neqa", "loss", 0.7, None, ""),
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("PaLM,big,,neqa,loss,1,,", "line 3: parameters is 'big'"),
        ("PaLM,1B,,neqa,loss,,,", "line 3: no value"),
        ("PaLM,1B,,neqa,f1,1,,", "the metric 'f1'"),
        ("PaLM,1B,,neqa,accuracy,70,,", "an accuracy from 0 to 1"),
        ("PaLM,1B,,neqa,loss,1,-1,", "with error -1"),
        ("PaLM,1B,,neqa,loss,nan,,", "value is 'nan'"),
    ],
)
def test_points_that_are_none_are_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(POINTS + row + "\n", encoding="utf-8")
    with pytest.raises(TaskError, match=message):
        load_points(path)


def test_misspelt_and_empty_files_of_points_are_told(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(POINTS.replace("metric", "metrik"), encoding="utf-8")
    with pytest.raises(TaskError, match=r"(?s)no metric.*did you mean 'metrik'"):
        load_points(path)
    path.write_text(POINTS.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(TaskError, match="holds no point"):
        load_points(path)
