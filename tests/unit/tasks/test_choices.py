"""Choice tasks: what is accepted, what is refused, and what a fingerprint sees."""

import pytest
from pydantic import ValidationError

from taskscope.tasks.choices import ChoiceItem, ChoiceTask, Metric


def _task(*items: ChoiceItem, metric: Metric = "classification") -> ChoiceTask:
    return ChoiceTask(name="t", title="T", description="D", metric=metric, items=items)


def test_items_without_an_id_are_numbered_and_texts_stay_to_the_letter() -> None:
    task = _task(
        ChoiceItem(prompt="Q: ", classes=(" a", "b "), answer=1),
        ChoiceItem(prompt="Q", classes=(" a", " b"), id="own"),
    )
    assert [item.id for item in task.items] == ["0", "own"]
    assert task.items[0].classes == (" a", "b ")


@pytest.mark.parametrize(
    ("item", "metric", "message"),
    [
        ({"prompt": "p", "classes": (" a",)}, "classification", "a choice needs two or more"),
        ({"prompt": "p", "classes": (" a", " b")}, "sequence", "a sequence has one completion"),
        (
            {"prompt": "p", "classes": (" a", " b", " c"), "other_prompt": "q"},
            "log-odds",
            "log-odds need two",
        ),
        ({"prompt": "p", "classes": (" a", " b")}, "absolute-log-odds", "no other prompt"),
        ({"prompt": "p", "classes": (" a", " b"), "answer": 2}, "classification", "none of the 2 classes"),
        ({"prompt": "p", "classes": (" a", " b"), "answer": -1}, "classification", "none of the 2 classes"),
    ],
)
def test_an_item_must_fit_its_kind(item: dict[str, object], metric: Metric, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _task(ChoiceItem.model_validate(item), metric=metric)


def test_an_id_stands_once() -> None:
    item = ChoiceItem(prompt="p", classes=(" a", " b"), id="x")
    with pytest.raises(ValidationError, match="1 ids stand more than once, among them 'x'"):
        _task(item, item)


def test_the_fingerprint_sees_every_item_and_the_kind_but_no_title() -> None:
    item = ChoiceItem(prompt="p", classes=(" a",), id="x")
    task = _task(item, metric="sequence")
    assert task.fingerprint == task.model_copy(update={"title": "other"}).fingerprint
    assert task.fingerprint != _task(item.model_copy(update={"part": 2}), metric="sequence").fingerprint
    two = ChoiceItem(prompt="p", classes=(" a", " b"), id="x", other_prompt="q")
    assert _task(two).fingerprint != _task(two, metric="log-odds").fingerprint
