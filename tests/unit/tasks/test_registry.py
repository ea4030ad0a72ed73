import string
from pathlib import Path

import pytest

from taskscope.errors import TaskError
from taskscope.runs.cell import TaskRef
from taskscope.tasks import mappings, registry
from taskscope.tasks.task import MappingTask

LETTERS = string.ascii_lowercase
GROUPS = ("algorithmic", "translation", "linguistic", "knowledge", "word")


def answers(name: str) -> dict[str, str]:
    return {item.input: item.label for item in registry.get(name).items}


def test_the_published_tasks_come_first_and_all_are_there() -> None:
    assert len(registry.PAPER_TASKS) == 18
    assert registry.names()[:18] == list(registry.PAPER_TASKS)
    assert registry.names("word") == ["copy", "capitalise", "first-letter", "last-letter"]


def test_groups_part_the_names() -> None:
    assert sorted(name for group in GROUPS for name in registry.names(group)) == sorted(registry.names())
    assert registry.names("algorithmic") == list(registry.PAPER_TASKS[:6])
    assert registry.names("user") == []
    with pytest.raises(TaskError, match="did you mean 'linguistic'"):
        registry.names("linguistics")


@pytest.mark.parametrize("name", registry.names())
def test_a_built_in_task_tells_what_it_is(name: str) -> None:
    task = registry.get(name)
    assert task.name == name
    assert all((task.title, task.description, task.cluster_unit, task.notes, task.source))
    assert task.title[0].isupper() and task.description.endswith(".")
    # A constant answer must never look like a learned task (P1).
    assert task.majority_rate < 0.25


@pytest.mark.parametrize("name", [name for name in registry.names() if name != "copy"])
def test_copying_scores_nothing_except_in_copy(name: str) -> None:
    task = registry.get(name)
    assert not any(item.input in item.answers for item in task.items)
    assert all(item.input in item.answers for item in registry.get("copy").items)


def test_letter_rules() -> None:
    assert "".join(answers("next-letter")) == LETTERS[:25]
    assert "".join(answers("next-letter").values()) == LETTERS[1:]
    assert answers("prev-letter") == {y: x for x, y in answers("next-letter").items()}
    assert "".join(answers("to-upper").values()) == string.ascii_uppercase
    assert answers("to-lower") == {y: x for x, y in answers("to-upper").items()}


def test_list_rules() -> None:
    first, last = answers("list-first"), answers("list-last")
    assert list(first) == list(last)
    assert len(first) == 1000
    for text in first:
        letters = text.split(",")
        assert 2 <= len(letters) <= 4 and all(letter in LETTERS and len(letter) == 1 for letter in letters)
        assert (first[text], last[text]) == (letters[0], letters[-1])
        assert first[text] != last[text]
    lengths = [len(text.split(",")) for text in first]
    assert all(250 < lengths.count(n) < 420 for n in (2, 3, 4))


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("next-letter", "a6cf89752f513cd907ad44fb68d5022d752459755167ec81b416143befcd8937"),
        ("list-first", "89751d7c203d4a4bae3ea94a7a6e521c7b17a4203914b40bd3298e3a69ea63f2"),
        ("list-last", "80f584c1bb5d15f9f6a65ea678f4296467d11e232658bf601d554fad3ee31af3"),
    ],
)
def test_computed_tasks_never_change(name: str, fingerprint: str) -> None:
    """Cells are found again by these; a new numpy or a new machine must not change them."""
    assert registry.get(name).fingerprint == fingerprint


def test_word_rules_run_over_the_words_of_all_lists() -> None:
    words = list(answers("copy"))
    assert words == sorted(words)
    assert {"go", "hot", "feet", "être", "France"} <= set(words)
    assert not [word for word in words if not word.isalpha() or len(word) < 2]
    assert answers("first-letter") == {word: word[0] for word in words}
    assert answers("last-letter") == {word: word[-1] for word in words}
    capitals = answers("capitalise")
    assert set(words) - set(capitals) == {
        word for word in words if word != word.lower() and word[0].isupper()
    }
    assert (capitals["go"], capitals["être"]) == ("Go", "Être")
    assert all(len(y) == len(x) and y[1:] == x[1:] and y[0].lower() == x[0] for x, y in capitals.items())


@pytest.mark.parametrize("name", mappings.list_names())
def test_most_words_of_a_list_are_inputs_of_other_tasks_too(name: str) -> None:
    inputs = [item.input for item in registry.get(name).items]
    words = [text for text in inputs if text.isalpha() and len(text) > 1]
    assert set(words) <= set(answers("copy"))


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(TaskError, match="did you mean 'present-past'"):
        registry.get("present-passed")
    with pytest.raises(TaskError, match="taskscope list tasks"):
        registry.get("zzz")


def test_a_path_is_read_and_its_reference_resolves_to_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "verbs.csv"
    path.write_text("input,answer\ngo,went\nsee,saw\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    reference = registry.ref(registry.get("verbs.csv"))
    assert (reference.name, reference.source) == ("verbs", str(path))
    monkeypatch.chdir("/")
    assert registry.resolve(reference) == registry.get(str(path))

    path.write_text("input,answer\ngo,gone\nsee,seen\n", encoding="utf-8")
    with pytest.raises(TaskError, match="has other items now"):
        registry.resolve(reference)


def test_a_file_of_a_known_suffix_that_is_missing_is_a_file_error() -> None:
    with pytest.raises(TaskError, match="There is no file"):
        registry.get("antonyms.json")


@pytest.mark.parametrize("name", registry.names())
def test_a_built_in_reference_names_no_file(name: str) -> None:
    task = registry.get(name)
    reference = registry.ref(task)
    assert reference == TaskRef(name=name, fingerprint=task.fingerprint)
    assert registry.resolve(reference) is task


def test_tasks_with_equal_content_have_equal_references(tmp_path: Path) -> None:
    task = registry.get("present-past")
    path = tmp_path / "copy.json"
    path.write_text(task.model_dump_json(), encoding="utf-8")
    read = registry.get(str(path))
    assert isinstance(read, MappingTask)
    assert read.fingerprint == task.fingerprint
    assert read.group == "user"
