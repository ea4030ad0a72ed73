"""BLiMP files: their irregularities, their counts, and complaints that name the line."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.tasks.minimal_pairs import (
    PHENOMENA,
    MinimalPair,
    credit,
    load_file,
    load_folder,
)


def row(**changes) -> dict:
    return {
        "sentence_good": "Who should Derek hug?",
        "sentence_bad": "Who should Derek hug Richard?",
        "field": "syntax",
        "linguistics_term": "island_effects",
        "UID": "adjunct",
        "simple_LM_method": True,
        "one_prefix_method": False,
        "two_prefix_method": False,
        "lexically_identical": False,
        "pairID": "0",
        **changes,
    }


def write(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def test_a_file_becomes_a_paradigm(tmp_path):
    path = write(
        tmp_path / "a.jsonl", row(), row(pairID="7", sentence_good="A.", two_prefix_prefix_good="rare")
    )
    paradigm = load_file(path)
    assert (paradigm.name, paradigm.phenomenon, paradigm.field) == ("adjunct", "island_effects", "syntax")
    assert paradigm.methods == {"simple"}
    assert [(p.number, p.good) for p in paradigm.pairs] == [(0, "Who should Derek hug?"), (7, "A.")]


@pytest.mark.parametrize(
    ("raw", "wanted"), [("syntax_semantics", "syntax-semantics"), ("syntax/semantics", "syntax-semantics")]
)
def test_spellings_of_the_field_are_one(tmp_path, raw, wanted):
    assert load_file(write(tmp_path / "a.jsonl", row(field=raw))).field == wanted


def test_the_thirteenth_label_belongs_to_argument_structure(tmp_path):
    path = write(tmp_path / "a.jsonl", row(linguistics_term="s-selection"))
    assert load_file(path).phenomenon == "argument_structure"


def test_identical_sentences_count_one_half_whatever_the_scores():
    pairs = [MinimalPair(number=i, good="a", bad=bad) for i, bad in enumerate("bbba")]
    got = credit(np.array([-1.0, -2.0, -3.0, -9.0]), np.array([-2.0, -1.0, -3.0, -1.0]), pairs)
    np.testing.assert_array_equal(got, [1, 0, 0, 0.5])


@pytest.mark.parametrize(
    ("second", "match"),
    [
        ("{", "line 2: this is not JSON"),
        ("[]", "line 2: .* is not a JSON object"),
        (
            json.dumps(row(pairID="1", sentence_bad=" ")),
            "line 2: the field 'sentence_bad' is missing or empty",
        ),
        (json.dumps(row(pairID="one")), "line 2: pairID 'one'"),
        (json.dumps(row()), "line 2: pair 0 stands in the file already"),
        (json.dumps(row(pairID="1", UID="other")), "line 2: this pair belongs to another paradigm"),
        (
            json.dumps(row(pairID="1", field="syntaxx")),
            "line 2: unknown field 'syntaxx'(.|\n)*did you mean 'syntax",
        ),
        (json.dumps(row(pairID="1", linguistics_term="bindin")), "line 2: unknown linguistics_term 'bindin'"),
    ],
)
def test_complaints_name_the_line(tmp_path, second, match):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row()) + "\n" + second + "\n", encoding="utf-8")
    with pytest.raises(TaskError, match=match):
        load_file(path)


def test_missing_and_empty_files_are_named(tmp_path):
    with pytest.raises(TaskError, match=r"no \.jsonl file"):
        load_folder(tmp_path)
    (tmp_path / "adjunct_island.jsonl").write_text("\n")
    with pytest.raises(TaskError, match="is empty"):
        load_folder(tmp_path)
    with pytest.raises(TaskError, match=r"did you mean 'adjunct_island\.jsonl'"):
        load_file(tmp_path / "adjunct_islands.jsonl")
    (tmp_path / "adjunct_island.jsonl").write_bytes(b"\xff\n")
    with pytest.raises(TaskError, match="not UTF-8"):
        load_folder(tmp_path)


def test_a_paradigm_in_two_files_is_refused(tmp_path):
    write(tmp_path / "a.jsonl", row())
    write(tmp_path / "b.jsonl", row())
    with pytest.raises(TaskError, match="stands in another file too"):
        load_folder(tmp_path)


@pytest.mark.data
def test_the_published_files_are_read_whole():
    data = os.environ.get("TASKSCOPE_DATA")
    folder = Path(data or ".") / "blimp"
    if not data or not folder.is_dir():
        pytest.skip("needs the public data folder named by TASKSCOPE_DATA")
    paradigms = load_folder(folder)
    assert len(paradigms) == 67
    assert {len(p.pairs) for p in paradigms} == {1000}
    assert list(dict.fromkeys(p.phenomenon for p in paradigms)) == list(PHENOMENA)
    fields = [p.field for p in paradigms]
    assert {f: fields.count(f) for f in set(fields)} == {
        "morphology": 18,
        "syntax": 26,
        "semantics": 9,
        "syntax-semantics": 14,
    }
    identical = {p.name: n for p in paradigms if (n := sum(pair.is_identical for pair in p.pairs))}
    assert identical == {"principle_A_case_2": 5, "passive_1": 2}
    assert all("simple" in p.methods for p in paradigms)
