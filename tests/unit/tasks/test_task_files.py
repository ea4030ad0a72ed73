import json
from pathlib import Path, PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks.files import load, parse
from taskscope.tasks.task import MappingTask

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=5).filter(
    lambda text: text == text.strip() and "|" not in text
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def items(task: MappingTask) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.input, item.answers) for item in task.items]


def complaint(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(TaskError) as caught:
        load(write(folder, name, content))
    return str(caught.value)


GO = [("go", ("went",)), ("learn", ("learned", "learnt"))]
AB = '{"input": "a", "output": "b"}'
CD = '{"input": "c", "output": "d"}'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "t.json",
            '{"items": [{"input": "go", "answers": ["went"]}, '
            '{"input": "learn", "answers": ["learned", "learnt"]}]}',
        ),
        (
            "t.json",
            '[{"input": "go", "output": "went"}, {"input": "learn", "output": ["learned", "learnt"]}]',
        ),
        (
            "t.json",
            '[{"input": "go", "answer": "went"}, {"input": "learn", "answers": ["learned", "learnt"]}]',
        ),
        ("t.json", '{"go": "went", "learn": ["learned", "learnt"]}'),
        ("t.json", '\ufeff{"go": " went ", "learn": ["learned", " learnt"]}\r\n'),
        ("t.csv", "input,answer\ngo,went\nlearn,learned|learnt\n"),
        ("t.CSV", "\ufeffAnswer , Input\r\nwent, go \r\n\r\nlearned | learnt,learn"),
        ("t.csv", '\n"input","output"\n"go","went"\n"learn","learned|learnt|"\n'),
    ],
)
def test_every_shape_gives_the_same_items(tmp_path: Path, name: str, content: str) -> None:
    task = load(write(tmp_path, name, content))
    assert items(task) == GO
    assert (task.name, task.title, task.group) == ("t", "t", "user")
    assert task.source == str((tmp_path / name).resolve())


def test_what_a_file_says_about_its_task_is_kept(tmp_path: Path) -> None:
    about = {
        "name": "mine",
        "title": "Mine",
        "group": "knowledge",
        "description": "d",
        "cluster_unit": "river",
        "notes": "n.",
        "source": "An atlas.",
        "items": [{"input": "a", "answers": ["b"], "cluster": "c"}, {"input": "d", "answers": ["e"]}],
    }
    path = write(tmp_path, "file.json", json.dumps(about))
    task = load(path)
    assert (task.name, task.title, task.description, task.cluster_unit) == ("mine", "Mine", "d", "river")
    assert [item.cluster for item in task.items] == ["c", "d"]
    assert task.notes == "n. Source: An atlas."
    assert (task.group, task.source) == ("user", str(path))


@given(st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=3, unique=True), min_size=2, max_size=6))
@example({"0": ["0"], "items": ["0"]})
def test_json_and_csv_of_the_same_items_agree(content: dict[str, list[str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    rows = ["input,answer", *(f"{quoted(x)},{quoted('|'.join(ys))}" for x, ys in content.items())]
    sources = [
        ("t.json", json.dumps(content, indent=1)),
        ("t.csv", "\n".join(rows)),
        (
            "t.json",
            json.dumps([{"input": x, "answers": ys} for x, ys in content.items()], ensure_ascii=False),
        ),
    ]
    outcomes = {outcome(name, text) for name, text in sources}
    assert len(outcomes) == 1


def outcome(name: str, text: str) -> str:
    """The fingerprint of what was read, or why not: two texts may be one after Unicode composition."""
    try:
        return parse(text.encode(), PurePath(name)).fingerprint
    except TaskError as error:
        return "twice" if "stands" in str(error) else str(error)


@pytest.mark.parametrize("name", ["t.json", "t.csv"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    assert "t." in complaint(tmp_path, name, "") and "is empty" in complaint(tmp_path, name, " \n\n")


@pytest.mark.parametrize(
    ("name", "content", "first", "second"),
    [
        ("t.json", f'[\n{AB},\n{CD},\n\n{{"input": "a", "output": "e"}}]', 2, 5),
        ("t.json", f'{{"name": "x",\n"items": [\n{AB},\n{{"input": "a ", "answer": "e"}}]}}', 3, 4),
        ("t.json", '{"a": "b",\n"c": "d",\n"a": "b"}', 1, 3),
        ("t.json", '{"\u00e9": "b", "c": "d",\n"e\u0301": "b"}', 1, 2),
        ("t.json", f"[{AB}, {AB}]", 1, 1),
        ("t.csv", 'input,answer\na,b\n"c\nc",d\n\na,e\n', 2, 6),
    ],
)
def test_an_input_that_stands_twice_is_named_with_both_lines(
    tmp_path: Path, name: str, content: str, first: int, second: int
) -> None:
    said = complaint(tmp_path, name, content)
    assert f"stands on line {first} and on line {second}" in said
    assert "a|b" in said


def test_items_on_one_line_are_told_apart_by_number(tmp_path: Path) -> None:
    assert "(items 1 and 3)" in complaint(tmp_path, "t.json", f"[{AB}, {CD}, {AB}]")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.json", f'[{AB},\n{{"input": "c"}}]', "line 2: the field 'answer' is missing"),
        ("t.json", f'[{AB},\n{{"input": "c", "anwser": "d"}}]', "did you mean 'anwser'"),
        ("t.json", f'[{{"output": "b"}}, {CD}]', "line 1: the field 'input' is missing"),
        ("t.json", f'[{AB},\n{{"input": "c", "output": ""}}]', "line 2: the field 'answer'"),
        ("t.json", '{"a": "b",\n"c": null}', "line 2: the field 'answer' is missing"),
        ("t.csv", "input,answer\na,b\nc,|\n", "line 3: the field 'answer' is missing or empty"),
        ("t.csv", "input,answer\na,b\n,d\n", "line 3: the field 'input' is missing or empty"),
        ("t.csv", "input;answer\na;b\n", "line 1: the columns are 'input;answer'"),
        ("t.csv", "input,answer\na,b\nParis, France,c\n", "line 3: 3 columns where the header has 2"),
        ("t.csv", 'input,answer\na,b\nc,"d\n', "line 3: this is not CSV"),
        ("t.csv", "input,answer\na,b\nc, \n", "line 3"),
    ],
)
def test_a_missing_field_is_named_with_its_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    assert said in complaint(tmp_path, name, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'[{{"input": 3, "output": "b"}}, {CD}]', "line 1: 3 is not a text"),
        ('{"a": "b",\n "c": ["d", 4]}', "line 2: 4 is not a text"),
        ('{"a": "b",\n "c": ["d", "d"]}', "line 2: answers: an answer stands twice"),
        ('{"a": "b",\n "c": ["d", " "]}', "line 2: answers: '' is empty"),
        (f'[{AB},\n"c"]', "line 2: item 'c'"),
        ('{"a": "b",\n "c": }', "line 2, column 7: this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("7", "holds int 7"),
        ('{"group": "knowlege", "items": []}', "group: Input should be"),
        ('{"titel": "x", "items": []}', "did you mean 'title'"),
        ('{"title": 3, "items": []}', "title: "),
        ('{"items": []}', "has 0 items"),
        (f"[{AB}]", "has 1 item."),
    ],
)
def test_a_wrong_json_file_is_explained(tmp_path: Path, content: str, said: str) -> None:
    explained = complaint(tmp_path, "t.json", content)
    assert said in explained
    assert "pydantic" not in explained


def test_a_file_in_another_encoding_is_named_with_the_byte(tmp_path: Path) -> None:
    said = complaint(tmp_path, "t.csv", "input,answer\ngo,aller\nbe,être\n".encode("latin-1"))
    assert "line 3: byte 0xea at position 25 is not UTF-8" in said
    assert "UTF-16" not in said
    assert "is not UTF-8" in complaint(tmp_path, "t.json", '{"a": "b", "c": "d"}'.encode("utf-16"))


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "verbs.csv", "input,answer\na,b\nc,d\n")
    with pytest.raises(TaskError, match=r"did you mean 'verbs\.csv'"):
        load(tmp_path / "verb.csv")
    with pytest.raises(TaskError, match=r"a name that ends in \.json or \.csv"):
        load(write(tmp_path, "verbs.txt", "a b"))
    with pytest.raises(TaskError, match="There is no file"):
        load(tmp_path / "nowhere" / "verbs.csv")


def test_line_numbers_far_into_a_long_file(tmp_path: Path) -> None:
    rows = [{"input": f"x{i}", "output": f"y{i}"} for i in range(20_000)]
    text = "[\n" + ",\n".join(map(json.dumps, [*rows, rows[-1]])) + "\n]"
    assert "line 20001 and on line 20002" in complaint(tmp_path, "t.json", text)
