import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from taskscope.runs.cell import canonical_json
from taskscope.tasks.task import Item, MappingTask

WORD = st.text(alphabet="abcdé", min_size=1, max_size=4)
LABELS = st.lists(st.sampled_from("pqrs"), min_size=2, max_size=30)


def task_of(labels: list[str], **changes: str) -> MappingTask:
    items = tuple(Item(input=f"x{i}", answers=(label,)) for i, label in enumerate(labels))
    about = {"name": "t", "title": "T", "group": "user", "description": "", **changes}
    return MappingTask.model_validate({**about, "items": items})


def test_an_items_cluster_is_its_input_unless_given() -> None:
    assert Item(input="go", answers=("went",)).cluster == "go"
    assert Item(input="go", answers=("went",), cluster="move").cluster == "move"


def test_texts_are_composed_so_that_equal_words_are_equal() -> None:
    decomposed = unicodedata.normalize("NFD", "été")
    item = Item(input=decomposed, answers=(decomposed,))
    assert (item.input, item.answers, item.cluster) == ("été", ("été",), "été")


@pytest.mark.parametrize(
    "fields",
    [
        {"input": "", "answers": ["b"]},
        {"input": " a", "answers": ["b"]},
        {"input": "a", "answers": []},
        {"input": "a", "answers": ["b", ""]},
        {"input": "a", "answers": ["b", "c", "b"]},
        {"input": "a", "answers": ["b"], "weight": 2},
    ],
)
def test_an_item_that_no_prompt_could_show_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Item.model_validate(fields)


def test_a_task_needs_two_items_and_different_inputs() -> None:
    with pytest.raises(ValidationError, match="at least 2"):
        task_of(["p"])
    twice = (Item(input="a", answers=("p",)), Item(input="a", answers=("q",)))
    with pytest.raises(ValidationError, match="'a' stands more than once"):
        MappingTask(name="t", title="", group="user", description="", items=twice)


def test_rates_of_a_task_counted_by_hand() -> None:
    items = (
        Item(input="a", answers=("p", "a")),
        Item(input="b", answers=("p",)),
        Item(input="c", answers=("p",)),
        Item(input="d", answers=("q", "p")),
    )
    task = MappingTask(name="t", title="", group="user", description="", items=items)
    assert task.majority_rate == 3 / 4


def test_fingerprint_is_the_hash_of_name_and_items_in_canonical_json() -> None:
    task = task_of(["p", "q"])
    content = {
        "name": "t",
        "items": [
            {"input": "x0", "answers": ["p"], "cluster": "x0"},
            {"input": "x1", "answers": ["q"], "cluster": "x1"},
        ],
    }
    assert task.fingerprint == hashlib.sha256(canonical_json(content).encode()).hexdigest()


@given(LABELS, LABELS)
def test_fingerprint_changes_exactly_when_items_or_name_change(one: list[str], other: list[str]) -> None:
    assert (task_of(one).fingerprint == task_of(other).fingerprint) == (one == other)
    assert task_of(one).fingerprint != task_of(one, name="u").fingerprint
    told = task_of(one, title="other", description="more", notes="n", source="s", cluster_unit="w")
    assert told.fingerprint == task_of(one).fingerprint


def test_fingerprint_sees_a_cluster_a_second_answer_and_their_order() -> None:
    def fingerprint(**item: object) -> str:
        items = (Item.model_validate({"input": "a", **item}), Item(input="b", answers=("p",)))
        return MappingTask(name="t", title="", group="user", description="", items=items).fingerprint

    variants = [
        fingerprint(answers=["p", "q"]),
        fingerprint(answers=["q", "p"]),
        fingerprint(answers=["p"]),
        fingerprint(answers=["p"], cluster="c"),
    ]
    assert len(set(variants)) == 4
