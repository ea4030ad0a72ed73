"""Choice tasks by name: paths, the release with its digests, copies on the hub, the generated ones."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taskscope.errors import TaskError
from taskscope.tasks import choice_files, choice_hub, references, released_choices
from taskscope.tasks import choice_registry as registry
from taskscope.tasks.choices import ChoiceItem, ChoiceTask
from taskscope.tasks.released_choices import OtherVersion, released

NEQA = "neqa_classification.jsonl"


@pytest.fixture(scope="module")
def official() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    path = Path(folder or "", "inverse_scaling", "official")
    if not folder or not path.is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return path


def small() -> ChoiceTask:
    items = tuple(ChoiceItem(prompt=f"q{k}", classes=(" a", " b"), answer=k % 2) for k in range(3))
    return ChoiceTask(name="small", title="Small", description="Few.", items=items)


def test_a_path_is_read_and_found_again_until_it_changes(tmp_path: Path) -> None:
    choice_files.write_csv(small(), tmp_path / "small.csv")
    task = registry.get(str(tmp_path / "small.csv"))
    reference = registry.ref(task)
    assert reference.source == str((tmp_path / "small.csv").resolve())
    again = registry.get(reference.source)
    assert again == task
    references.check(again.fingerprint, reference, "items")
    (tmp_path / "small.csv").write_text("prompt,completion\np, c\n", encoding="utf-8")
    (tmp_path / "small.json").unlink()
    with pytest.raises(TaskError, match="has other items now"):
        references.check(registry.get(reference.source).fingerprint, reference, "items")


def test_eleven_tasks_were_released_of_four_causes() -> None:
    assert len(released()) == 11
    assert sum(entry.bytes for entry in released().values()) == pytest.approx(23.4e6, rel=0.01)
    causes = [entry.cause for entry in released().values()]
    assert [
        causes.count(c) for c in ("strong-prior", "unwanted-imitation", "distractor", "spurious-few-shot")
    ] == [
        4,
        1,
        4,
        2,
    ]
    assert all(len(entry.sha256) == 64 for entry in released().values())


@pytest.mark.data
def test_the_digests_are_those_of_the_manifest(official: Path) -> None:
    with (official / "official_lfs_manifest.csv").open(newline="") as stream:
        rows = {
            row["file"]: (row["sha256_of_official_file"], int(row["bytes"])) for row in csv.DictReader(stream)
        }
    assert rows == {entry.file: (entry.sha256, entry.bytes) for entry in released().values()}


@pytest.mark.data
def test_a_released_task_is_known_by_its_digest(official: Path) -> None:
    task = registry.get("released/neqa")
    assert (task.name, task.cause, len(task.items)) == ("released/neqa", "distractor", 300)
    assert task.notes.startswith("As published, sha256 50ca9dca517d")
    assert registry.ref(task).source == ""
    assert registry.get(registry.ref(task).name) is task


@pytest.mark.data
@pytest.mark.parametrize("swap", [(b"barometer", b"thermometer"), (b"sunshine", b"moonbeam")])
def test_another_version_warns_and_is_read(official: Path, tmp_path: Path, swap: tuple[bytes, bytes]) -> None:
    (tmp_path / NEQA).write_bytes((official / NEQA).read_bytes().replace(*swap))
    with pytest.warns(OtherVersion, match="another version"):
        task = released_choices.load("neqa", tmp_path)
    assert len(task.items) == 300 and "another version" in task.notes


def test_a_released_task_needs_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TASKSCOPE_DATA", raising=False)
    with pytest.raises(TaskError, match=r"TASKSCOPE_DATA=FOLDER.*neqa_classification.jsonl"):
        registry.get("released/neqa")
    monkeypatch.setenv("TASKSCOPE_DATA", str(tmp_path))
    with pytest.raises(TaskError, match=f"There is no file .*{NEQA}"):
        registry.get("released/neqa")
    with pytest.raises(TaskError, match="did you mean 'released/neqa'"):
        registry.get("released/nequa")


def test_copies_on_the_hub_are_read_from_parquet_and_json_lines(tmp_path: Path) -> None:
    rows = {"prompt": ["p", "q"], "classes": [[" A", " B"], [" A", " B"]], "answer_index": [0, 1]}
    (tmp_path / "neqa").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "neqa" / "train-00000-of-00001.parquet")
    choice_files.write_jsonl(small(), tmp_path / "redefine.jsonl")
    task = choice_hub.read_folder("org/many:neqa", tmp_path)
    assert (task.name, task.title, task.metric) == ("org/many:neqa", "neqa", "classification")
    assert [(i.prompt, i.classes, i.answer) for i in task.items] == [
        ("p", (" A", " B"), 0),
        ("q", (" A", " B"), 1),
    ]
    assert len(choice_hub.read_folder("org/many:redefine", tmp_path).items) == 3
    with pytest.raises(TaskError, match="did you mean 'redefine'"):
        choice_hub.read_folder("org/many:redefin-e", tmp_path)
    shutil.rmtree(tmp_path / "neqa")
    (tmp_path / "redefine.jsonl").unlink()
    with pytest.raises(TaskError, match="'org/many' has no files of items"):
        choice_hub.read_folder("org/many", tmp_path)


def test_generated_tasks_are_found_by_name() -> None:
    task = registry.get("memo-trap")
    assert task.name == "memo-trap"
    assert registry.get(registry.ref(task).name) is task
    with pytest.raises(TaskError, match="did you mean 'memo-trap'"):
        registry.get("memo-trp")
