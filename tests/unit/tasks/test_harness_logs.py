"""Sample logs of lm-evaluation-harness as scores: the numbers, the newest log, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.tasks.score_files import load_scores

OPTIONS = (" yes", " no", " maybe")
DATE = "2025-03-01T10-00-00.000001"


def sample(number: int, logs: list[float], target: object, **more: object) -> dict:
    """One line as the harness writes it: every number below the metrics is a text."""
    return {
        "doc_id": number,
        "doc": {"question": f"q{number}"},
        "target": str(target),
        "arguments": {f"gen_args_{i}": {"arg_0": "Q:", "arg_1": OPTIONS[i]} for i in range(len(logs))},
        "resps": [[[str(log), "False"]] for log in logs],
        "filtered_resps": [[str(log), "False"] for log in logs],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"{number:064x}",
        **more,
    }


def write(folder: Path, model: str, samples: list[dict], task: str = "memo", date: str = DATE) -> Path:
    path = folder / model / f"samples_{task}_{date}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in samples), encoding="utf-8")
    return path


LOGS = [[-1.0, -2.0, -3.0], [-4.0, -0.5, -2.5]]


def test_choices_give_the_loss_over_their_options(tmp_path: Path) -> None:
    write(
        tmp_path,
        "EleutherAI__pythia-160m",
        [sample(0, LOGS[0], 1, acc=0.0), sample(1, LOGS[1], "no", acc=1.0)],
    )
    write(
        tmp_path, "EleutherAI__pythia-70m", [sample(1, LOGS[0], 1, acc=0.0), sample(0, LOGS[1], 1, acc=1.0)]
    )
    scores = load_scores(tmp_path)
    assert scores.task == "memo" and scores.metric == "classification"
    assert [model.name.rpartition("/")[2] for model in scores.models] == ["pythia-70m", "pythia-160m"]
    law = np.exp(LOGS) / np.exp(LOGS).sum(axis=1, keepdims=True)
    assert scores.loss is not None and scores.correct is not None and scores.coverage is not None
    # The smaller model's document 0 stands second in its log, and holds the second list of numbers.
    place = [item.startswith("0-") for item in scores.items].index(True)
    assert scores.loss[1, place] == pytest.approx(-np.log(law[0, 1]))
    assert scores.loss[0, place] == pytest.approx(-np.log(law[1, 1]))
    assert scores.correct[:, place].tolist() == [True, False]
    assert scores.coverage[1, place] == pytest.approx(np.exp(LOGS[0]).sum())


def test_completions_give_their_loss_and_options_asked_alone_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "pythia-70m", [sample(0, [-2.5], "yes"), sample(1, [-0.5], "yes")], task="words")
    scores = load_scores(tmp_path)
    assert scores.metric == "sequence" and scores.loss is not None
    assert scores.loss.tolist() == [[2.5, 0.5]]
    twice = sample(0, LOGS[0][:2], 1, metrics=["acc", "acc_mutual_info"], acc=0.0)
    twice["filtered_resps"] += [["-9.0", "False"], ["-0.1", "False"]]
    other = tmp_path / "other"
    write(other, "pythia-70m", [twice])
    found = load_scores(other)
    assert found.loss is not None
    assert found.loss[0, 0] == pytest.approx(np.log(1 + np.exp(1)))


def test_the_newest_log_counts_and_several_tasks_need_a_name(tmp_path: Path) -> None:
    write(tmp_path, "pythia-70m", [sample(0, LOGS[0], 0, acc=1.0)], date="2024-01-01T00-00-00")
    write(tmp_path, "pythia-70m", [sample(0, LOGS[0], 2, acc=0.0)])
    assert load_scores(tmp_path).correct.tolist() == [[False]]  # type: ignore[union-attr]
    write(tmp_path, "pythia-70m", [sample(0, LOGS[0], 0, acc=1.0)], task="memo_two")
    with pytest.raises(TaskError, match="memo, memo_two") as caught:
        load_scores(tmp_path)
    assert f"{tmp_path}#memo" in caught.value.expected
    assert load_scores(f"{tmp_path}#memo_two").task == "memo_two"
    again = load_scores(load_scores(f"{tmp_path}#memo_two").source)
    assert again.task == "memo_two"
    with pytest.raises(TaskError, match="none of 'memo_tow'") as caught:
        load_scores(f"{tmp_path}#memo_tow")
    assert "memo_two" in caught.value.hint


def generated() -> dict:
    return {**sample(0, LOGS[0], 0), "filtered_resps": ["The answer is 4"]}


@pytest.mark.parametrize(
    ("samples", "given"),
    [
        ([generated()], "line 1: 'The answer is 4' is no log-likelihood"),
        ([sample(0, [0.5, -1.0], 0)], "'0.5' is no log-likelihood"),
        ([sample(0, [float("nan"), -1.0], 0)], "'nan' is no log-likelihood"),
        ([sample(0, LOGS[0], "perhaps")], "'perhaps' is none of the 3 options"),
        ([sample(0, LOGS[0], 0), sample(1, [-1.0], 0)], "choices and completions"),
        ([sample(0, LOGS[0], 0), sample(0, LOGS[1], 0)], "two different results"),
        ([{"doc_id": 0}], "no field filtered_resps"),
        ([], "no sample"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_line(tmp_path: Path, samples: list[dict], given: str) -> None:
    write(tmp_path, "pythia-70m", samples)
    with pytest.raises(TaskError) as caught:
        load_scores(tmp_path)
    assert given in caught.value.given


def test_models_that_saw_other_documents_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path, "pythia-70m", [sample(0, LOGS[0], 0, acc=1.0)])
    write(tmp_path, "pythia-160m", [sample(0, LOGS[0], 0, acc=1.0, doc_hash="f" * 64)])
    with pytest.raises(TaskError, match="is in one alone"):
        load_scores(tmp_path)
