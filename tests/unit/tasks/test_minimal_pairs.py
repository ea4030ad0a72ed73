"""Files of minimal pairs: irregularities and counts of BLiMP, a user's own form, messages naming the line."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taskscope.errors import TaskError
from taskscope.tasks import pair_hub, pair_registry
from taskscope.tasks.minimal_pairs import PHENOMENA, MinimalPair, Paradigm, credit
from taskscope.tasks.pair_files import load_file, load_folder


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


def published(folder: Path, **changes) -> Paradigm:
    [paradigm] = load_file(write(folder / "a.jsonl", *(row(pairID=str(i), **changes) for i in range(2))))
    return paradigm


def test_a_file_becomes_a_paradigm(tmp_path):
    path = write(
        tmp_path / "a.jsonl", row(), row(pairID="7", sentence_good="A.", two_prefix_prefix_good="rare")
    )
    [paradigm] = load_file(path)
    assert (paradigm.name, paradigm.phenomenon, paradigm.field) == ("adjunct", "island_effects", "syntax")
    assert paradigm.methods == {"simple"}
    assert [(p.number, p.good) for p in paradigm.pairs] == [(0, "Who should Derek hug?"), (7, "A.")]


@pytest.mark.parametrize(
    ("raw", "wanted"), [("syntax_semantics", "syntax-semantics"), ("syntax/semantics", "syntax-semantics")]
)
def test_spellings_of_the_field_are_one(tmp_path, raw, wanted):
    assert published(tmp_path, field=raw).field == wanted


def test_the_thirteenth_label_belongs_to_argument_structure(tmp_path):
    assert published(tmp_path, linguistics_term="s-selection").phenomenon == "argument_structure"


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
        (json.dumps(row(pairID="1", field="semantics")), "line 2: field 'semantics' .* before 'syntax'"),
        (json.dumps({"good": "A.", "bad": "B.", "task": 3}), "line 2: task 3"),
        (json.dumps({"good": "A.", "badd": "B."}), "line 2: the field 'bad' .*(.|\n)*did you mean 'badd'"),
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
    for name in ("a", "b"):
        write(tmp_path / f"{name}.jsonl", row(), row(pairID="1"))
    with pytest.raises(TaskError, match="stands in another file too"):
        load_folder(tmp_path)


def plain(good: str = "She is here.", bad: str = "She are here.", **more) -> dict:
    return {"good": good, "bad": bad, **more}


def test_a_plain_file_holds_any_number_of_paradigms(tmp_path):
    rows = [plain(task=t, group=g) for t, g in (("b", "own"), ("a", "own"), ("c", "binding"))]
    found = load_file(write(tmp_path / "mine.jsonl", *rows, *rows))
    assert [(p.name, p.short, len(p.pairs)) for p in found] == [
        ("c", "BIND", 2),
        ("a", "own", 2),
        ("b", "own", 2),
    ]
    [bare] = load_file(write(tmp_path / "bare.jsonl", plain(), plain("It is.", "It are.")))
    assert (bare.name, bare.phenomenon) == ("bare", "ungrouped")
    assert [pair.number for pair in bare.pairs] == [0, 1]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([plain()], "1 pairs, of which 1 differ"),
        ([plain("A.", "A."), plain("B.", "B.")], "2 pairs, of which 0 differ"),
    ],
)
def test_pairs_that_nothing_can_be_learned_from_are_refused(tmp_path, rows, told):
    with pytest.raises(TaskError, match=told) as refused:
        load_file(write(tmp_path / "a.jsonl", *rows))
    assert refused.value.expected and "more lines" in refused.value.hint


def test_a_missing_field_is_asked_for_as_a_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"good": "A."}) + "\n", encoding="utf-8")
    with pytest.raises(TaskError, match="line 1: the field 'bad' is missing") as refused:
        load_file(path)
    assert refused.value.expected == "a text" and "with 'bad' filled in" in refused.value.hint


def test_a_fingerprint_follows_the_sentences(tmp_path):
    same, other = (load_file(write(tmp_path / "a.jsonl", plain(), plain(g)))[0] for g in ("I am.", "I was."))
    assert same.fingerprint != other.fingerprint


def test_a_set_of_the_hub_is_read_from_its_parts(tmp_path):
    """Copies on the hub keep a folder for each paradigm and call the number `pair_id`."""
    for name in ("adjunct", "other"):
        (tmp_path / name).mkdir()
        rows = [{**row(UID=name), "pair_id": i} for i in range(4)]
        for part in range(2):
            some = [{k: v for k, v in r.items() if k != "pairID"} for r in rows[part::2]]
            pq.write_table(pa.Table.from_pylist(some), tmp_path / name / f"train-{part}.parquet")
    both = pair_hub.read("someone/pairs", tmp_path)
    assert [(p.name, [pair.number for pair in p.pairs]) for p in both] == [
        ("adjunct", [0, 2, 1, 3]),
        ("other", [0, 2, 1, 3]),
    ]
    [one] = pair_hub.read("someone/pairs:other", tmp_path)
    assert (one.name, one.source) == ("other", "someone/pairs:other")
    with pytest.raises(TaskError, match="no paradigm 'othe'"):
        pair_hub.read("someone/pairs:othe", tmp_path)


@pytest.mark.data
def test_the_published_files_are_read_whole():
    data = os.environ.get("TASKSCOPE_DATA")
    folder = Path(data or ".") / "blimp"
    if not data or not folder.is_dir():
        pytest.skip("needs the public data folder named by TASKSCOPE_DATA")
    paradigms = pair_registry.get("blimp")
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
    [one] = pair_registry.get("blimp/passive_1")
    assert pair_registry.ref(one).source == "blimp/passive_1"
    assert pair_registry.resolve(pair_registry.ref(one)) == one
    with pytest.raises(TaskError, match="did you mean 'passive_1'"):
        pair_registry.get("blimp/passive_11")
