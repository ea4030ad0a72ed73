"""Choice tasks from the cache of the hub's client: its layout of blobs and links, parts of a repository."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taskscope.errors import TaskError
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.inverse_scaling.asked import asked
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.study import INVERSE_SCALING
from taskscope.tasks import choice_files, choice_registry
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Cache:
    """The cache of the hub's client: blobs by digest, and links to them under a commit."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, repo: str, path: str, content: bytes) -> None:
        """Put a file of a data set there as a download does."""
        top = self.root / f"datasets--{repo.replace('/', '--')}"
        for folder in ("refs", "blobs"):
            (top / folder).mkdir(parents=True, exist_ok=True)
        (top / "refs" / "main").write_text(COMMIT)
        blob = top / "blobs" / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        link = top / "snapshots" / COMMIT / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return Cache(tmp_path / "hub")


def items(n: int, start: int = 0) -> tuple[ChoiceItem, ...]:
    return tuple(
        ChoiceItem(prompt=f"Is {k} even? Answer:", classes=(" yes", " no"), answer=k % 2)
        for k in range(start, start + n)
    )


def parquet(folder: Path, some: tuple[ChoiceItem, ...]) -> bytes:
    """As the library `datasets` writes: classes as the text of a list, and columns of its own."""
    table = pa.table(
        {
            "prompt": [item.prompt for item in some],
            "classes": [str(list(item.classes)) for item in some],
            "answer_index": [item.answer for item in some],
            "round": [1] * len(some),
            "part": [1] * len(some),
        }
    )
    path = folder / "written.parquet"
    pq.write_table(table, path, row_group_size=2)
    return path.read_bytes()


def csv(folder: Path, some: tuple[ChoiceItem, ...]) -> bytes:
    task = ChoiceTask(name="w", title="W", description="", items=some)
    path = folder / f"w{len(list(folder.glob('w*.csv')))}.csv"
    choice_files.write_csv(task, path)
    return path.read_bytes()


def test_a_set_of_one_task_is_read_from_the_cache(cache: Cache, tmp_path: Path) -> None:
    cache.add("inverse-scaling/NeQA", "data/train-00000-of-00001.parquet", parquet(tmp_path, items(5)))
    cache.add("inverse-scaling/NeQA", "README.md", b"# NeQA")
    task = choice_registry.get("inverse-scaling/NeQA")
    assert (task.name, task.metric, len(task.items)) == ("inverse-scaling/NeQA", "classification", 5)
    assert [(item.prompt, item.classes, item.answer) for item in task.items] == [
        (item.prompt, item.classes, item.answer) for item in items(5)
    ]
    assert task.source == "Hugging Face data set inverse-scaling/NeQA"


def test_files_are_joined_in_the_order_of_their_names(cache: Cache, tmp_path: Path) -> None:
    cache.add("org/two", "data/train-00001-of-00002.parquet", parquet(tmp_path, items(3, start=4)))
    cache.add("org/two", "data/train-00000-of-00002.parquet", parquet(tmp_path, items(4)))
    assert [item.prompt for item in choice_registry.get("org/two").items] == [i.prompt for i in items(7)]


def test_part_of_a_path_chooses_among_many_tasks(cache: Cache, tmp_path: Path) -> None:
    cache.add("org/many", "neqa/neqa.csv", csv(tmp_path, items(4)))
    cache.add("org/many", "redefine/redefine.csv", csv(tmp_path, items(3, start=10)))
    assert len(choice_registry.get("org/many:neqa").items) == 4
    assert choice_registry.get("org/many:redefine").items[0].prompt == "Is 10 even? Answer:"
    assert choice_registry.get("org/many:neqa").title == "neqa"
    with pytest.raises(
        TaskError, match=r"(?s)no files of items for 'nequa'.*neqa/neqa.csv.*did you mean 'neqa'"
    ):
        choice_registry.get("org/many:nequa")


def test_a_study_asks_a_set_of_the_hub_and_finds_it_again(cache: Cache, tmp_path: Path) -> None:
    cache.add("org/name", "train.csv", csv(tmp_path, items(6)))
    ref = ModelRef(id="m@1", label="m", dtype="float32", attention="sdpa")
    model = PlannedModel(ref=ref, n_blocks=1, n_parameters=10, context=100)
    (cell,) = INVERSE_SCALING.plan(InverseScalingParams(tasks=("org/name",)), [model])
    assert (cell.tasks[0].name, cell.tasks[0].source) == ("org/name", "")
    assert asked(cell).fingerprint == cell.tasks[0].fingerprint
    cache.add("org/name", "more.csv", csv(tmp_path, items(2, start=50)))
    with pytest.raises(TaskError, match="has other items now"):
        asked(cell)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"prompt,classes,answer_index\np,\"[' a', ' b']\",2\n", "answer_index 2 is none of the 2"),
        (b"text,label\nx,1\n", "no column 'prompt'"),
        (b"prompt,classes,answer_index\n\xff,a,0\n", "not UTF-8"),
    ],
)
def test_what_is_no_item_is_told(cache: Cache, content: bytes, told: str) -> None:
    cache.add("org/bad", "train.csv", content)
    with pytest.raises(TaskError, match=told):
        choice_registry.get("org/bad")


def test_a_set_that_is_not_there_is_told_with_the_way_to_get_it(cache: Cache) -> None:
    with pytest.raises(
        TaskError, match=r"(?s)'nobody/nothing' is not in the cache.*hf download nobody/nothing"
    ):
        choice_registry.get("nobody/nothing")
    with pytest.raises(TaskError, match="No data set can be called"):
        choice_registry.get("nobody/no thing")
