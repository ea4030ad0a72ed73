"""Classification tasks: what is refused, what a prompt looks like, what a fingerprint covers."""

import pytest
from pydantic import ValidationError

from taskscope.errors import TaskError
from taskscope.tasks.classification import ClassificationTask, Text

POOL = (Text(text="a good day", label=1), Text(text="a bad day", label=0))
TEST = (Text(text="good food", label=1), Text(text="bad food", label=0))


def task(**changes) -> ClassificationTask:
    given = {
        "name": "days",
        "title": "Days",
        "description": "Good and bad days.",
        "classes": ("low", "high"),
        "labels": ("negative", "positive"),
        "text_field": "Review",
        "label_field": "Sentiment",
        "pool": POOL,
        "test": TEST,
    }
    return ClassificationTask(**{**given, **changes})


def test_a_prompt_has_the_published_fields_and_ends_at_the_colon():
    prompt = task().render([("a good day", "positive"), ("a bad day", "negative")], "good food")
    assert prompt.text == (
        "\nReview: a good day\nSentiment: positive\nReview: a bad day\nSentiment: negative"
        "\nReview: good food\nSentiment:"
    )
    assert task().format.answer("positive") == " positive"
    label = prompt.span("demo_label", 1)
    assert prompt.text[label.start : label.end] == " negative"


def test_label_pairs_are_shown_as_texts_are():
    shown = task().render([("negative", "bar")], "positive").text
    assert shown == "\nReview: negative\nSentiment: bar\nReview: positive\nSentiment:"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  a\nb ", "a b"), ("one \r\n two", "one two"), ("a  b", "a  b"), ("e\u0301te\u2028", "\u00e9te")],
)
def test_texts_are_one_line_in_nfc(given, kept):
    assert Text(text=given, label=0).text == kept


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_text_of_nothing_is_refused(text):
    with pytest.raises(ValidationError, match="empty"):
        Text(text=text, label=0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pool": (POOL[0],)}, "the pool .* low 0, high 1"),
        ({"test": (TEST[1],)}, "the test set .* low 1, high 0"),
        ({"test": tuple(Text(text=f"t{n}", label=0) for n in range(5))}, "low 5, high 0"),
        ({"pool": (*POOL, Text(text="x", label=2))}, "has class 2"),
        ({"test": (*TEST, POOL[0])}, "1 texts are in the pool and in the test set, such as 'a good day'"),
        ({"labels": ("positive", "positive")}, "all different"),
        ({"labels": ("", "positive")}, "label ''"),
        ({"labels": ("negative", " positive")}, "label ' positive'"),
        ({"labels": ("a", "b", "c")}, "3 labels for 2 classes"),
        ({"classes": ("one",), "labels": ("one",)}, "at least two classes"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_counts(changes, said):
    with pytest.raises(TaskError, match=said):
        task(**changes)


def test_counts_are_by_class():
    more = task(pool=(*POOL, Text(text="again good", label=1)))
    assert more.counts("pool") == (1, 2)
    assert more.counts("test") == (1, 1)


def test_a_fingerprint_covers_what_a_prompt_can_show_and_nothing_else():
    same = task(title="Other", description="Other.", notes="n", licence="l", source="s")
    assert same.fingerprint == task().fingerprint
    changes = [
        {"name": "x"},
        {"classes": ("a", "b")},
        {"labels": ("bad", "good")},
        {"text_field": "News"},
        {"label_field": "Type"},
        {"pool": POOL[::-1]},
        {"test": TEST[::-1]},
    ]
    assert len({task(**change).fingerprint for change in [{}, *changes]}) == len(changes) + 1
