"""Classified texts from files: the published sets by their counts, the hub's layout, a user's own file."""

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taskscope.errors import TaskError
from taskscope.tasks import classification_registry as registry
from taskscope.tasks import datasets, hub_datasets, labelled_files


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder or not (Path(folder) / "classification").is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return Path(folder) / "classification"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "pool", "test", "labels"),
    [
        ("cr", (367, 1403), (998, 997), ["negative", "positive"]),
        ("sst2", (3304, 3605), (912, 909), ["negative", "positive"]),
        ("ag-news", (950,) * 4, (950,) * 4, ["world", "sports", "business", "science"]),
        ("dbpedia", (158,) * 14, (24, 19, 19, 19, 11, 21, 23, 17, 15, 18, 14, 18, 18, 20), None),
        ("mnli", (1740, 1562, 1607), (1739, 1561, 1606), ["True", "Neither", "False"]),
        ("rotten-tomatoes", (4331, 4331), (1000, 1000), ["negative", "positive"]),
        ("hate", (5202, 3781), (572, 427), ["neutral", "hate"]),
        ("irony", (1417, 1445), (499, 456), ["sincere", "ironic"]),
        ("offensive", (7944, 3930), (864, 459), ["polite", "offensive"]),
    ],
)
def test_published_sets_have_their_classes(data, name, pool, test, labels):
    task = registry.get(name)
    assert (task.counts("pool"), task.counts("test")) == (pool, test)
    assert labels is None or list(task.labels) == labels
    assert registry.resolve(registry.ref(task)) is task


@pytest.mark.data
def test_classes_of_dbpedia_are_matched_by_name_in_both_numberings(data):
    task = registry.get("dbpedia")
    label = {item.text: task.labels[item.label] for item in (*task.pool, *task.test)}
    for start, wanted in (
        ("Monster Night is a 2006 film", "film"),
        ("RNA Biology is a peer-reviewed", "book"),
        ("Twilight Motel is album by", "album"),
        ("Podocarpus levis is a species of conifer", "plant"),
        ("Sangpang Bum is one of the highest mountains", "nature"),
    ):
        assert {found for text, found in label.items() if text.startswith(start)} == {wanted}


@pytest.mark.data
def test_a_reordered_list_of_classes_changes_no_label(data, tmp_path):
    folder = tmp_path / "ag_news"
    folder.mkdir()
    shutil.copy(data / "ag_news" / "test.csv", folder)
    (folder / "classes.txt").write_text("Sports\nWorld\nBusiness\nSci/Tech\n", encoding="utf-8")
    task, usual = datasets.load("ag-news", folder), registry.get("ag-news")
    swapped = {1: 0, 0: 1, 2: 2, 3: 3}
    there = {item.text: item.label for item in (*usual.pool, *usual.test)}
    assert all(swapped[there[item.text]] == item.label for item in task.pool)
    (folder / "classes.txt").write_text("A\nB\n", encoding="utf-8")
    with pytest.raises(TaskError, match=r"classes.txt names A, B"):
        datasets.load("ag-news", folder)


@pytest.mark.data
def test_a_set_with_dummy_labels_or_a_missing_file_is_refused_with_its_counts(data, tmp_path):
    folder = tmp_path / "sst2"
    shutil.copytree(data / "sst2", folder)
    test = folder / "stsa.binary.test"
    test.chmod(0o644)
    test.write_text("".join(f"0{line[1:]}\n" for line in test.read_text().splitlines()), encoding="utf-8")
    with pytest.raises(TaskError, match=r"1821 texts: negative 1821.\nExpected: .* positive 909"):
        datasets.load("sst2", folder)
    folder.chmod(0o755)
    test.unlink()
    with pytest.raises(TaskError, match=r"no file .*stsa.binary.test"):
        datasets.load("sst2", folder)


def test_without_a_data_folder_a_published_set_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.delenv("TASKSCOPE_DATA", raising=False)
    with pytest.raises(TaskError, match=r"TASKSCOPE_DATA=FOLDER.*classification/cr"):
        registry.get("cr")
    monkeypatch.setenv("TASKSCOPE_DATA", str(tmp_path))
    with pytest.raises(TaskError, match="There is no folder"):
        registry.get("dbpedia")


def parquet(path: Path, rows: list[dict], names: list[str] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows)
    if names:
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(table, path)


def numbered(n: int, start: int = 0) -> list[dict]:
    return [{"text": f"text {start + i}", "label": i % 4} for i in range(n)]


def cached(root: Path, repo: str) -> Path:
    """Lay out a data set as the cache of the hub's client does."""
    top = root / f"datasets--{repo.replace('/', '--')}"
    (top / "refs").mkdir(parents=True)
    (top / "refs" / "main").write_text("c0ffee")
    return top / "snapshots" / "c0ffee"


AG = ["World", "Sports", "Business", "Sci/Tech"]


def test_a_set_is_read_from_the_cache_of_the_hub_with_its_label_words(tmp_path, monkeypatch):
    folder = cached(tmp_path, "fancyzhx/ag_news")
    parquet(folder / "data" / "train-00000-of-00002.parquet", numbered(8), AG)
    parquet(folder / "data" / "train-00001-of-00002.parquet", numbered(8, 8), AG)
    parquet(folder / "data" / "test-00000-of-00001.parquet", numbered(4, 100), AG)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    task = registry.get("fancyzhx/ag_news")
    assert task.labels == ("world", "sports", "business", "science")
    assert (task.counts("pool"), task.counts("test")) == ((4,) * 4, (1,) * 4)
    assert registry.resolve(registry.ref(task)).fingerprint == task.fingerprint
    with pytest.raises(TaskError, match="not in the cache and cannot be downloaded"):
        registry.get("nobody/nothing")


def test_label_texts_of_json_lines_are_used_and_hidden_test_labels_passed_over(tmp_path):
    rows = [{"text": f"t{i}", "label": i % 2, "label_text": ("bad", "good")[i % 2]} for i in range(6)]
    for split, part in (("train", rows[:4]), ("validation", rows[4:])):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    (tmp_path / "test.csv").write_text("text,label\nx,-1\ny,-1\n")
    task = hub_datasets.read("some/set", tmp_path)
    assert (task.labels, task.counts("pool"), task.counts("test")) == (("bad", "good"), (2, 2), (1, 1))


def test_hub_sets_that_name_no_class_or_have_no_labels_are_refused(tmp_path):
    parquet(tmp_path / "a" / "train.parquet", numbered(8))
    parquet(tmp_path / "a" / "test.parquet", numbered(8, 50))
    with pytest.raises(TaskError, match="numbers its classes and does not name them"):
        hub_datasets.read("some/set", tmp_path / "a")
    parquet(tmp_path / "b" / "train.parquet", numbered(8), AG)
    with pytest.raises(TaskError, match=r"train \(8 texts\)"):
        hub_datasets.read("some/set", tmp_path / "b")
    parquet(tmp_path / "c" / "train.parquet", [{"label": 1, "words": "x"}])
    with pytest.raises(TaskError, match="one of text, sentence, content"):
        hub_datasets.read("some/set", tmp_path / "c")


def lines(n: int = 8) -> list[dict]:
    return [{"text": f"text {i}", "label": ("no", "yes")[i % 2]} for i in range(n)]


def write(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_file_of_ones_own_is_dealt_to_both_sides(tmp_path):
    path = write(tmp_path / "mine.jsonl", lines())
    task = registry.get(path)
    assert (task.name, task.labels, task.counts("pool"), task.counts("test")) == (
        "mine",
        ("no", "yes"),
        (2, 2),
        (2, 2),
    )
    assert task.render([], "q").text == "\nText: q\nLabel:"
    assert registry.resolve(registry.ref(task)) == task


def test_a_header_beside_gives_words_fields_and_the_order_of_classes(tmp_path):
    (tmp_path / "mine.csv").write_text(
        'Text,Label,Split\n"a, b",1,train\nc,0,train\nd,1,test\ne,0,test\n', encoding="utf-8-sig"
    )
    header = {"labels": {"1": "positive", "0": "negative"}, "text_field": "Review", "name": "shop"}
    (tmp_path / "mine.json").write_text(json.dumps(header), encoding="utf-8")
    task = labelled_files.load(tmp_path / "mine.csv")
    assert (task.name, task.classes, task.labels) == ("shop", ("1", "0"), ("positive", "negative"))
    assert [(item.text, item.label) for item in task.pool] == [("a, b", 0), ("c", 1)]
    (tmp_path / "mine.json").write_text('{"label": {}}', encoding="utf-8")
    with pytest.raises(TaskError, match=r"unknown field 'label'.*\n.*\n.*labels"):
        labelled_files.load(tmp_path / "mine.csv")


def test_numbered_classes_are_in_the_order_of_the_numbers(tmp_path):
    rows = [{"text": f"t{i}", "label": i % 11} for i in range(44)]
    assert registry.get(write(tmp_path / "n.jsonl", rows)).classes == tuple(map(str, range(11)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "a"}], "line 1: the label is None"),
        ([*lines(), {"text": " ", "label": "no"}], "line 9: the text is missing"),
        ([{"text": "a", "label": "x", "split": "dev"}], "line 1: the split is 'dev'"),
        ([*lines(), {"text": "a", "label": "no", "split": "test"}], "only some rows have a split"),
        ([{"text": f"t{i}", "label": "same"} for i in range(9)], "at least two classes"),
        ([*lines(), {"text": "once", "label": "rare"}], "no 2, rare 0, yes 2"),
        ([], "holds no text"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, rows, said):
    with pytest.raises(TaskError, match=said):
        registry.get(write(tmp_path / "mine.jsonl", rows))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", "{", "line 1: this is not JSON"),
        ("a.jsonl", "[1]\n", "line 1"),
        ("a.csv", "text,class\n", "the columns are 'text', 'class'"),
        ("a.csv", "text,label\na\n", "line 2: not as many columns"),
        ("a.csv", 'text,label\n"a\n', "not CSV"),
        ("a.txt", "x", r"ends in .jsonl or .csv"),
    ],
)
def test_what_is_no_file_of_texts_is_told(tmp_path, name, text, said):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(TaskError, match=said):
        registry.get(str(tmp_path / name))


def test_a_missing_file_names_its_neighbour(tmp_path):
    write(tmp_path / "mine.jsonl", lines())
    with pytest.raises(TaskError, match=r"did you mean 'mine.jsonl'"):
        registry.get(str(tmp_path / "mime.jsonl"))
