"""Scores from files: the four headers, what the real ones hold, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.tasks.score_files import Scores, load_scores
from taskscope.tasks.scored_models import ScoredModel, number

SIZES = ("ada", "babbage", "curie", "davinci")


@pytest.fixture(scope="module")
def pilots() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    path = Path(folder or "", "inverse_scaling", "pilot_results")
    if not folder or not path.is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return path


def folder_of(tmp_path: Path, *, header: str = "index,loss,correct,total_logprob", **rows: list[str]) -> Path:
    for name, lines in rows.items():
        (tmp_path / f"{name}.csv").write_text("\r\n".join([header, *lines]) + "\r\n", encoding="utf-8")
    return tmp_path


def test_models_stand_by_size_and_items_are_matched_by_index(tmp_path: Path) -> None:
    scores = load_scores(
        folder_of(
            tmp_path,
            davinci=["b,0.1,1,-0.5", "a,0.9,0,-1.0"],
            ada=["a,0.6931,1,0.0", "b,2.0,0,-0.1"],
        )
    )
    assert scores.models == (
        ScoredModel("ada", "GPT-3", 0.35e9, 300e9),
        ScoredModel("davinci", "GPT-3", 175e9, 300e9),
    )
    assert (scores.metric, scores.items) == ("classification", ("a", "b"))
    assert scores.loss is not None and scores.correct is not None and scores.coverage is not None
    assert scores.loss.tolist() == [[0.6931, 2.0], [0.9, 0.1]]
    assert scores.correct.tolist() == [[True, False], [False, True]]
    np.testing.assert_allclose(scores.coverage, np.exp([[0.0, -0.1], [-1.0, -0.5]]))
    assert any("2 items, fewer than the 300" in note for note in scores.notes)
    assert any("GPT-3: 2 sizes, fewer than the 4" in note for note in scores.notes)


@pytest.mark.parametrize("sign", [1, -1])
def test_log_odds_of_either_sign_give_the_loss_of_the_right_class(tmp_path: Path, sign: int) -> None:
    odds, correct = [1.5, -0.25, 0.0, 3.0], [1, 0, 1, 1]
    rows = [f"{k},{sign * o},{c},-1.0" for k, (o, c) in enumerate(zip(odds, correct, strict=True))]
    scores = load_scores(folder_of(tmp_path, header="index,logodds,correct,total_logprob", gpt2=rows))
    assert scores.metric == "classification" and scores.loss is not None
    right = 1 / (1 + np.exp(-np.array([odds])))
    np.testing.assert_allclose(np.exp(-scores.loss), right)
    np.testing.assert_array_equal(scores.log_odds, [odds])


def test_differences_are_absolute_where_none_is_negative_and_coverage_is_over_both_prompts(
    tmp_path: Path,
) -> None:
    header = "index,logodds_difference,correct,total_logprob"
    total = float(np.log(0.9 + 0.7))
    scores = load_scores(folder_of(tmp_path, header=header, ada=[f"0,0.5,1,{total}"]))
    assert (scores.metric, scores.loss) == ("absolute-log-odds", None)
    np.testing.assert_allclose(scores.coverage, [[0.8]])
    assert load_scores(folder_of(tmp_path, header=header, ada=["0,-0.5,1,-1"])).metric == "log-odds"


def test_rows_of_no_value_are_left_out_and_counted(tmp_path: Path) -> None:
    scores = load_scores(folder_of(tmp_path, gpt2=["0,0.1,1,-1", "1,,,", "2,,,", "1,0.2,True,-1", "2,,,"]))
    assert scores.items == ("0", "1")
    assert any(note.startswith("3 rows without any value") for note in scores.notes)


def test_suspect_numbers_are_told(tmp_path: Path) -> None:
    above = load_scores(folder_of(tmp_path, ada=["0,0.1,0,0.7", "1,0.2,1,-1"]))
    assert above.coverage is None
    assert any("50% of the rows a probability above 1" in note for note in above.notes)
    assert any("1 rows are called wrong though" in note for note in above.notes)
    low = load_scores(folder_of(tmp_path, ada=["0,0.1,1,-9", "1,0.2,1,-0.1"]))
    assert any("1 of 2 items have less than 1%" in note for note in low.notes)


def test_sizes_of_other_models_come_from_a_file_beside_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, header="index,loss", mine=["0,1"], other=["0,2"])
    with pytest.raises(TaskError, match=r"size of the model 'mine' is not known(?s:.*)models.csv"):
        load_scores(folder)
    sizes = folder / "models.csv"
    sizes.write_text("model,family,parameters,tokens\nmine,M,1.3B,300e9\nother,M,7b,\n", encoding="utf-8")
    scores = load_scores(folder)
    assert scores.models == (ScoredModel("mine", "M", 1.3e9, 300e9), ScoredModel("other", "M", 7e9, None))
    assert (scores.metric, scores.correct, scores.coverage) == ("sequence", None, None)
    sizes.write_text("model,family,parameters,tokens\nmine,M,big,\n", encoding="utf-8")
    with pytest.raises(TaskError, match="line 2: mine, M, big"):
        load_scores(folder)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"ada": ["0,1,1,-1"], "davinci": ["1,1,1,-1"]}, "the same items in every file"),
        ({"ada": ["0,1,1,-1", "0,1,1,-1"]}, "line 3: the index '0' stands twice"),
        ({"ada": ["0,x,1,-1"]}, "line 2: loss is 'x'"),
        ({"ada": ["0,nan,1,-1"]}, "line 2: loss is 'nan'"),
        ({"ada": ["0,1,,-1"]}, "line 2: correct is ''"),
        ({"ada": ["0,1,0.5,-1"]}, "0 or 1"),
        ({"ada": ["0,,,"]}, "holds no score"),
        ({}, "No score files"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, list[str]], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        load_scores(folder_of(tmp_path, **files))


def test_headers_must_be_known_and_alike_and_sizes_distinct(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="the columns are index, score"):
        load_scores(folder_of(tmp_path, header="index,score", ada=["0,1"]))
    folder_of(tmp_path, header="index,loss", ada=["0,1"])
    with pytest.raises(TaskError, match="the same columns in every file"):
        load_scores(folder_of(tmp_path, davinci=["0,1,1,-1"]))
    folder_of(tmp_path, header="index,loss", davinci=["0,1"])
    (tmp_path / "models.csv").write_text(
        "model,family,parameters\nada,F,1B\ndavinci,F,1000M\n", encoding="utf-8"
    )
    with pytest.raises(TaskError, match=r"ada and davinci are both F with 1e\+09 parameters"):
        load_scores(tmp_path)


def test_sizes_are_read_as_people_write_them() -> None:
    assert [number(t) for t in ("350M", "1.3 b", "1e9", "2.5e+11", 7)] == [350e6, 1.3e9, 1e9, 2.5e11, 7.0]
    assert [number(t) for t in ("", "0", "-1", "big", "1e999", None)] == [None] * 6


def means(scores: Scores) -> list[float]:
    values = scores.correct if scores.correct is not None else scores.loss
    assert values is not None
    return [round(float(v), 4) for v in values.mean(axis=1)]


@pytest.mark.data
def test_every_pilot_folder_is_read(pilots: Path) -> None:
    found = {p.name: load_scores(p) for p in sorted(pilots.iterdir()) if p.is_dir()}
    assert {name: (s.metric, len(s.models), len(s.items)) for name, s in found.items()} == {
        "QA-v2-gpt3": ("log-odds", 4, 40),
        "QA-v2-gpt3-abs": ("absolute-log-odds", 4, 40),
        "dice-1shot-gpt2": ("classification", 4, 1560),
        "dice-1shot-gpt3": ("classification", 4, 1560),
        "fat-vs-thin-gpt2": ("classification", 4, 200),
        "fat-vs-thin-gpt3": ("classification", 4, 200),
        "lambada-1k-gpt3": ("sequence", 3, 1000),
        "scope-neglect-1shot-gpt2": ("classification", 4, 1320),
        "scope-neglect-1shot-gpt3": ("classification", 4, 1320),
        "syllogism-0shot-gpt2": ("classification", 4, 1000),
        "syllogism-0shot-gpt3": ("classification", 4, 1000),
    }
    assert means(found["dice-1shot-gpt3"]) == [0.5385, 0.6667, 0.6667, 0.6667]
    assert means(found["fat-vs-thin-gpt2"]) == [0.615, 1.0, 1.0, 1.0]
    assert means(found["lambada-1k-gpt3"]) == [2.4169, 1.7708, 1.3987]


@pytest.mark.data
def test_what_is_odd_about_the_dice_scores_of_gpt2_is_told(pilots: Path) -> None:
    """Two blank rows follow each of the 1,560, and 60 prompts of that run ended in a space."""
    scores = load_scores(pilots / "dice-1shot-gpt2")
    assert [m.name for m in scores.models] == ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"]
    assert scores.items == tuple(str(k) for k in range(1560))
    assert scores.notes[0].startswith("12,480 rows without any value")
    assert scores.notes[1].startswith("60 of 1560 items have less than 1%")
    assert load_scores(pilots / "dice-1shot-gpt3").notes == ()


@pytest.mark.data
def test_log_odds_agree_in_sign_with_what_was_correct(pilots: Path) -> None:
    for name in ("fat-vs-thin-gpt2", "fat-vs-thin-gpt3"):
        scores = load_scores(pilots / name)
        assert scores.loss is not None and scores.correct is not None
        np.testing.assert_array_equal(scores.loss < np.log(2), scores.correct)
