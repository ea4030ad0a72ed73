"""Files that nobody would write: every reader either reads them or says what is wrong, without a traceback.

`TASKSCOPE_FUZZ` sets how many files each reader is given (`make soak`: enough for 10,000 in all).
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from report_sample import finding
from taskscope.cli.main import app
from taskscope.engines import inline
from taskscope.errors import ModelError, RunError, TaskError, TaskscopeError
from taskscope.models.identity import identify
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Verdict
from taskscope.runs.store import RunFolder
from taskscope.tasks import choice_files, files, labelled_files, pair_files
from taskscope.tasks.score_files import load_scores
from taskscope.tasks.served_models import load_served
from toy_cells import load as load_toy
from toy_cells import toy_plan

CASES = int(os.environ.get("TASKSCOPE_FUZZ", "60"))
fuzz = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ODD_TEXT = [
    "",
    "\x00",
    "\ufeff",
    "NaN",
    "1e999",
    "-1",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\u202e",
    "💥",
]
odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(ODD_TEXT) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(ODD_TEXT) | st.text(max_size=5), inner)
    ),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, sample: bytes) -> bytes:
    """Bytes of a good file with some cut out, doubled, replaced, or moved."""
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["cut", "double", "replace", "odd", "end"]))
        if kind == "cut":
            del data[at:to]
        elif kind == "double":
            data[at:at] = data[at:to]
        elif kind == "replace":
            data[at:to] = draw(st.binary(max_size=12))
        elif kind == "odd":
            data[at:to] = draw(st.sampled_from(ODD_TEXT)).encode()
        else:
            del data[at:]
    return bytes(data)


@st.composite
def rearranged(draw: st.DrawFn, sample: bytes) -> bytes:
    """A good JSON file or line with one value replaced by another kind of value, or dropped."""
    lines = (
        sample.decode().splitlines()
        if sample.lstrip().startswith(b"{") and b"}\n{" in sample
        else [sample.decode()]
    )
    at = draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[at])
    place: Any = value
    for _ in range(draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys)) if keys else None
        if key is None or not isinstance(place[key], dict | list) or draw(st.booleans()):
            if key is not None and draw(st.booleans()):
                place[key] = draw(odd_values)
            elif key is not None:
                del place[key]
            break
        place = place[key]
    lines[at] = json.dumps(value)
    return "\n".join(lines).encode()


def hostile(sample: bytes) -> st.SearchStrategy[bytes]:
    """What may stand where a good file is expected."""
    kinds = [spoiled(sample), st.binary(max_size=60)]
    if sample.lstrip()[:1] in (b"{", b"["):
        kinds += [rearranged(sample), odd_values.map(lambda value: json.dumps(value).encode())]
    return st.one_of(kinds)


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


MAPPING = json.dumps({"name": "mine", "items": [{"input": w, "output": w.upper()} for w in "abcd"]}).encode()
TEXTS = lines(*({"text": f"text {n}", "label": "good" if n % 2 else "bad"} for n in range(6)))
CHOICES = lines(
    *({"prompt": f"Item {n}:", "classes": [" yes", " no"], "answer_index": n % 2} for n in range(4))
)
PAIRS = lines(*({"good": f"The cat sleeps {n}.", "bad": f"The cat sleep {n}."} for n in range(3)))
READERS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "mapping, JSON": ("x.json", MAPPING, files.load),
    "mapping, CSV": ("x.csv", b"input,output\na,A\nb,B\nc,C\n", files.load),
    "texts, JSON lines": ("x.jsonl", TEXTS, labelled_files.load),
    "texts, CSV": ("x.csv", b"text,label\none,good\ntwo,bad\nthree,good\nfour,bad\n", labelled_files.load),
    "choices, JSON lines": ("x.jsonl", CHOICES, choice_files.load),
    "choices, CSV": ("x.csv", b"prompt,classes,answer_index\nQ,\"[' a', ' b']\",1\n", choice_files.load),
    "pairs, JSON lines": ("x.jsonl", PAIRS, pair_files.load_file),
    "served models": ("x.csv", b"url,model,family,parameters,tokens\nhttp://h,m,f,1.3B,3B\n", load_served),
}


@pytest.mark.parametrize("name", READERS)
def test_task_files(tmp_path: Path, name: str) -> None:
    file, sample, read = READERS[name]
    path = tmp_path / file
    path.write_bytes(sample)
    read(path)  # the sample itself is good

    @fuzz
    @given(hostile(sample))
    @example(b'"')
    def is_read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except TaskscopeError as error:
            assert error.given

    is_read_or_refused()


@fuzz
@given(
    hostile(b"item,loss,correct\n1,0.5,1\n2,1.5,0\n"), hostile(b"model,family,parameters\nm,f,1B\nn,f,2B\n")
)
def test_score_files(tmp_path: Path, scores: bytes, sizes: bytes) -> None:
    (tmp_path / "m.csv").write_bytes(scores)
    (tmp_path / "n.csv").write_bytes(b"item,loss,correct\n1,0.5,1\n2,1.5,0\n")
    (tmp_path / "models.csv").write_bytes(sizes)
    try:
        load_scores(tmp_path)
    except TaskscopeError as error:
        assert error.given


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@fuzz
@given(st.data())
def test_archives(tmp_path: Path, data: st.DataObject) -> None:
    whole = zipped(tmp_path / "whole.zip", {"part-1.jsonl": CHOICES, "part-2.jsonl": CHOICES}).read_bytes()
    path = tmp_path / "x.zip"
    path.write_bytes(data.draw(spoiled(whole)))
    try:
        choice_files.load(path)
    except TaskscopeError as error:
        assert error.given


def test_an_archive_whose_member_has_another_name_inside_is_refused(tmp_path: Path) -> None:
    """The name in front of a member says that it is UTF-8 and is not; the directory has the right one."""
    path = zipped(tmp_path / "x.zip", {"pärt-1.jsonl": CHOICES})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xdd\x28", 1))
    with pytest.raises(TaskError, match="cannot be read"):
        choice_files.load(path)


@pytest.mark.parametrize("member", ["../outside.jsonl", "/tmp/outside.jsonl", "a/../../outside.jsonl"])
def test_an_archive_writes_nothing_wherever_its_members_point(tmp_path: Path, member: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    path = zipped(folder / "x.zip", {member: CHOICES})
    before = sorted(tmp_path.rglob("*"))
    assert len(choice_files.load(path).items) == 4  # read from within, under whatever name
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/outside.jsonl").exists()


def model_folder(root: Path) -> tuple[bytes, bytes]:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(16)
    config = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 2, "max_position_embeddings": 8}
    (root / "tokenizer.json").write_text("{}")
    return json.dumps(config).encode(), weights


@fuzz
@given(st.data())
def test_model_folders(tmp_path: Path, data: st.DataObject) -> None:
    config, weights = model_folder(tmp_path)
    spoil_config = data.draw(st.booleans())
    (tmp_path / "config.json").write_bytes(data.draw(hostile(config)) if spoil_config else config)
    (tmp_path / "model.safetensors").write_bytes(weights if spoil_config else data.draw(spoiled(weights)))
    try:
        identify(ModelSpec(name=str(tmp_path)))
    except TaskscopeError as error:
        assert error.given


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return os.mkdir, (str(self.mark),)  # type: ignore[return-value]


@pytest.mark.parametrize("allowed", [False, True])
def test_pickles_are_never_loaded(tmp_path: Path, allowed: bool) -> None:
    from taskscope.models.loading import load

    config, _ = model_folder(tmp_path)
    (tmp_path / "config.json").write_bytes(config)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    with pytest.raises(ModelError):
        load(ModelSpec(name=str(tmp_path), allow_pickle=allowed))
    assert not (tmp_path / "mark").exists()
    pickle.loads((tmp_path / "pytorch_model.bin").read_bytes())  # the bomb is live
    assert (tmp_path / "mark").exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    folder = RunFolder.create_or_open(path, {"studies": []})
    inline.run(toy_plan("a", 2), folder, load_toy, on_event=lambda event: None)
    return path


@pytest.fixture
def restored(finished: Path) -> Iterator[Path]:
    """A finished run whose files are put back as they were."""
    kept = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    yield finished
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["run.json", "cell.json", "rows.parquet", "arrays.safetensors"])
def test_run_folders(restored: Path, name: str) -> None:
    path = next(restored.rglob(name))
    sample = path.read_bytes()

    @fuzz
    @given(hostile(sample))
    def is_read_or_refused(content: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        try:
            folder = RunFolder.open(restored)
            rows = folder.rows()
            assert rows.num_rows == 7 * sum(record.status == "done" for record in folder.cells())
            for record in folder.cells():
                folder.arrays(record.key)
        except RunError as error:
            assert error.given

    is_read_or_refused()


FINDING = finding("C1", "One vector", "m", Verdict.SUPPORTED).model_dump(mode="json")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("findings.json", ["show"]),
        ("findings.json", ["show", "--json"]),
        ("run.json", ["show"]),
        ("run.json", ["report"]),
    ],
)
def test_commands_on_run_folders(tmp_path: Path, name: str, words: list[str]) -> None:
    """What the commands make of findings and requests that nobody wrote."""
    keys = [cell.key for cell in toy_plan("a", 1)]
    spec = {"request": {"studies": [], "models": [], "command": "x"}, "studies": [], "models": []}
    spec["studies"] = [{"study": "task-vectors", "params": {}, "keys": keys}]  # type: ignore[assignment]
    folder = RunFolder.create_or_open(tmp_path / "run", spec)
    inline.run(toy_plan("a", 1), folder, load_toy, on_event=lambda event: None)
    folder.write_findings([FINDING])
    path = folder.path / name
    sample = path.read_bytes()

    @fuzz
    @given(hostile(sample))
    def is_read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        result = CliRunner().invoke(app, [*words, str(folder.path)])
        assert result.exception is None or isinstance(result.exception, TaskscopeError | SystemExit), (
            result.exc_info
        )

    is_read_or_refused()


@pytest.mark.parametrize("member", ["../../x.parquet", "/etc/passwd", "a/../../x", ".."])
def test_a_record_that_names_files_outside_its_folder_is_not_followed(restored: Path, member: str) -> None:
    path = next(restored.rglob("cell.json"))
    record = json.loads(path.read_bytes())
    record["files"][member] = record["files"]["rows.parquet"]
    path.write_text(json.dumps(record))
    folder = RunFolder.open(restored)
    assert folder.damaged.keys() == {f"cells/{path.parent.name}"}
    assert "outside" in folder.damaged[f"cells/{path.parent.name}"]
