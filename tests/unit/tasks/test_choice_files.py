"""Choice files: what is read, what is refused and where, and what comes back from a file that was written."""

from __future__ import annotations

import json
import os
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import choice_files
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
CLASSES = st.lists(TEXTS, min_size=2, max_size=5, unique=True).map(tuple)


@st.composite
def tasks(draw: st.DrawFn) -> ChoiceTask:
    metric = draw(st.sampled_from(["classification", "sequence", "log-odds", "absolute-log-odds"]))
    odds, alone = "log-odds" in metric, metric == "sequence"
    items = []
    for place in range(draw(st.integers(1, 4))):
        classes = (draw(TEXTS),) if alone else draw(CLASSES)[: 2 if odds else None]
        items.append(
            ChoiceItem(
                prompt=draw(TEXTS),
                classes=classes,
                answer=draw(st.integers(0, len(classes) - 1)),
                other_prompt=draw(TEXTS) if odds else "",
                id=draw(st.sampled_from(["", f"own-{place}"])),
                part=draw(st.integers(1, 3)),
                cluster=draw(st.sampled_from(["", "a", "b"])),
                control=draw(st.booleans()),
            )
        )
    about = {"title": "T", "description": "D", "cause": "distractor", "licence": "L", "notes": "N"}
    return ChoiceTask(name="mine", metric=metric, items=tuple(items), **about)


@given(tasks(), st.sampled_from([".jsonl", ".csv"]))
def test_what_was_written_is_read_back_to_the_letter(task: ChoiceTask, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, f"a{suffix}"), Path(folder, "b.csv")
        (choice_files.write_csv if suffix == ".csv" else choice_files.write_jsonl)(task, first)
        choice_files.convert(first, second)
        for path in (first, second):
            back = choice_files.load(path)
            assert back.model_copy(update={"source": ""}) == task
            assert back.fingerprint == task.fingerprint


def test_the_first_unnamed_column_is_dropped_and_the_kind_told_by_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(',Prompt,completion\n0,"one, two"," three"\n1,four, five\n', encoding="utf-8")
    task = choice_files.load(path)
    assert (task.name, task.metric, task.source) == ("t", "sequence", str(path.resolve()))
    assert [(i.prompt, i.classes) for i in task.items] == [("one, two", (" three",)), ("four", (" five",))]


def test_parts_of_a_zip_keep_their_number_and_order(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        row = json.dumps({"prompt": "p", "completion": " c"})
        for name in ("part10.jsonl", "part2.jsonl"):
            archive.writestr(f"mine/{name}", row)
        archive.writestr("__MACOSX/mine/._part2.jsonl", b"\x00\xff")
        archive.writestr("mine/read me.txt", "not items")
    task = choice_files.load(path)
    assert [(item.id, item.part) for item in task.items] == [("0", 1), ("1", 2)]
    assert [row.where for row in choice_files.read(path)] == [
        "mine/part2.jsonl, line 1",
        "mine/part10.jsonl, line 1",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt,classes,answer_index\np,\"[' a', ' b']\",2\n", r"line 2: answer_index 2 is none of the 2"),
        ("prompt,classes,answer_index\np,\"[' a', ' b']\",x\n", "'x', which is no whole number"),
        ("prompt,classes,answer_index\np,\"[' a', ' a']\",0\n", "not two or more distinct texts"),
        ("prompt,classes,answer_index\np,\"[' a', 1]\",0\n", "no list of texts"),
        ("prompt,classes,answer_index\np,\"__import__('os').getpid()\",0\n", "no list of texts"),
        ('prompt,classes,answer_index\np,"' + "[" * 5000 + '",0\n', "no list of texts"),
        ("prompt,classes,answer_index\n", "holds no item"),
        ("prompt,completion\n p ,\n", "line 2: the class '' is empty"),
        ("prompt,completion\n,c\n", "the prompt is '', which is no text"),
        ("prompt,completion\na,b,c\n", "3 columns where the header has 2"),
        ('prompt,completion\n"a,b\n', "line 2: this is not CSV"),
        ("prompt,prompt\na,b\n", "two columns are called 'prompt'"),
        ("promt,completion\na,b\n", r"(?s)no column 'prompt'.*did you mean 'promt'"),
        ("prompt,true_answer,anchor\na,1,2\n", "ask for a number"),
        ("id,prompt,completion\nx,a,b\nx,c,d\n", "line 3: the id 'x' stands on line 2 too"),
        ("prompt,completion,control\na,b,perhaps\n", "neither true nor false"),
        ("prompt,other_prompt,classes,answer_index\np,q,\"['a', 'b', 'c']\",0\n", "log-odds need two"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TaskError, match=message):
        choice_files.load(path)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"prompt": "p", "completion": " c"}\n[1]\n', "line 2: '\\[1\\]'"),
        (b'{"prompt": "p"\n', "line 1: this is not JSON"),
        (b'{"prompt": "\xff", "completion": "c"}\n', "line 1: this is not UTF-8"),
        (b'{"prompt": "\\ud800", "completion": "c"}\n', "lone surrogate"),
        (b'{"prompt": 3, "completion": "c"}\n', "the prompt is 3, which is no text"),
        (b'{"prompt": "p", "completion": "c"}\n{"prompt": "q"}\n', "line 2: no completion"),
        (
            b'{"prompt": "p", "classes": [" a", " b"], "answer_index": true}\n',
            "True, which is no whole number",
        ),
    ],
)
def test_json_lines_are_refused_with_their_line(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(raw)
    with pytest.raises(TaskError, match=message):
        choice_files.load(path)


def test_files_that_are_not_there_and_zips_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(b"no zip")
    with pytest.raises(TaskError, match="this is not a zip"):
        choice_files.load(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(TaskError, match="holds no part"):
        choice_files.load(tmp_path / "empty.zip")
    with pytest.raises(TaskError, match=r"did you mean 'mine.zip'"):
        choice_files.load(tmp_path / "mime.zip")
    with pytest.raises(TaskError, match=r"ends in .csv, .jsonl, .zip"):
        choice_files.load(tmp_path / "mine.txt")


PIECES = st.sampled_from(
    [
        *(
            b"prompt",
            b"classes",
            b"completion",
            b"answer_index",
            b"[' a', ' b']",
            b"null",
            b"1e999",
            b"-1",
            b"0",
        ),
        *(
            b",",
            b'"',
            b"\n",
            b"\r",
            b"{",
            b"}",
            b":",
            b"[",
            b"]",
            b"\\",
            b" ",
            b"\x00",
            b"\xff",
            b"\xef\xbb\xbf",
        ),
    ]
)


@given(st.lists(PIECES, max_size=30).map(b"".join), st.sampled_from([".csv", ".jsonl"]))
def test_any_bytes_are_a_task_or_an_error_that_tells(raw: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t{suffix}")
        path.write_bytes(raw)
        try:
            assert choice_files.load(path).items
        except TaskError as error:
            assert "t." in error.given


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_damaged_zip_is_told(at: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "a.jsonl", "".join(f'{{"prompt": "{k}", "completion": " c"}}\n' for k in range(99))
            )
        raw = bytearray(path.read_bytes())
        raw[at % len(raw)] ^= change
        path.write_bytes(raw)
        try:
            assert len(choice_files.load(path).items) == 99
        except TaskError as error:
            assert "t.zip" in error.given


def test_a_description_beside_the_file_is_read_and_its_mistakes_told(tmp_path: Path) -> None:
    path, beside = tmp_path / "t.csv", tmp_path / "t.json"
    path.write_text("prompt,other_prompt,classes,answer_index\np,q,\"[' a', ' b']\",1\n", encoding="utf-8")
    beside.write_text('{"metric": "absolute-log-odds", "title": "Title", "authors": ["A"]}', encoding="utf-8")
    task = choice_files.load(path)
    assert (task.metric, task.title, task.name) == ("absolute-log-odds", "Title", "t")
    choice_files.convert(path, tmp_path / "t.jsonl")  # shares the description with its source
    choice_files.convert(path, tmp_path / "u.jsonl")
    assert json.loads((tmp_path / "u.json").read_text())["authors"] == ["A"]
    for text, message in (
        ('{"titel": "T"}', "did you mean 'title'"),
        ('{"metric": "sequence"}', "the metric 'sequence'"),
        ("{", "this is not JSON"),
        ("[]", "holds list"),
        ('{"cause": "bad luck"}', "a known metric and cause"),
    ):
        beside.write_text(text, encoding="utf-8")
        with pytest.raises(TaskError, match=message):
            choice_files.load(path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    task = ChoiceTask(
        name="n", title="t", description="d", items=(ChoiceItem(prompt="p", classes=("a", "b")),)
    )
    choice_files.write_csv(task, tmp_path / "a.csv")
    with pytest.raises(TaskError, match="is there already"):
        choice_files.write_csv(task, tmp_path / "a.csv")
    with pytest.raises(TaskError, match="describes another task"):
        choice_files.write_jsonl(task.model_copy(update={"notes": "x"}), tmp_path / "a.jsonl")
    with pytest.raises(TaskError, match=r"ends in .jsonl or .csv"):
        choice_files.convert(tmp_path / "a.csv", tmp_path / "a.parquet")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_long_file_is_read_in_constant_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    text = "word " * 2000
    row = f"{text}, c\n" if suffix == ".csv" else json.dumps({"prompt": text, "completion": " c"}) + "\n"
    path.write_text(("prompt,completion\n" if suffix == ".csv" else "") + row * 1000, encoding="utf-8")
    tracemalloc.start()
    try:
        assert sum(row.item is not None for row in choice_files.read(path)) == 1000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 10_000_000 and peak < 1_000_000


@pytest.mark.data
def test_the_released_and_the_pilot_files_are_read() -> None:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder or not Path(folder, "inverse_scaling").is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    data = Path(folder, "inverse_scaling")
    neqa = choice_files.load(data / "official" / "neqa_classification.jsonl")
    assert (len(neqa.items), neqa.metric, neqa.items[0].classes) == (300, "classification", (" A", " B"))
    sizes = {p.stem: choice_files.load(p) for p in sorted((data / "pilot_tasks").glob("*.csv"))}
    assert {name: (task.metric, len(task.items)) for name, task in sizes.items()} == {
        "QA_bias-v2": ("log-odds", 40),
        "boolq-1k": ("classification", 1000),
        "conjunction_fallacy-0shot": ("classification", 1008),
        "dice-1shot": ("classification", 1560),
        "fat-vs-thin": ("classification", 200),
        "lambada-1k": ("sequence", 1000),
        "scope-neglect-1shot": ("classification", 1320),
        "sentiment-0shot": ("classification", 1000),
        "syllogism-0shot": ("classification", 1000),
    }
