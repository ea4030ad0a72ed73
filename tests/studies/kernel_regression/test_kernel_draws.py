"""Questions are fresh, balanced and split by text; what cannot be asked is refused in plain words."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.studies.kernel_regression.draws import questions, rendered, split_queries
from taskscope.studies.kernel_regression.templates import TEMPLATES, template_for
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import ClassificationTask, Text


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def task_of(n_pool: tuple[int, ...], n_test: tuple[int, ...]) -> ClassificationTask:
    def texts(side: str, counts: tuple[int, ...]) -> tuple[Text, ...]:
        return tuple(Text(text=f"{side} {c} {i}", label=c) for c, n in enumerate(counts) for i in range(n))

    labels = ("no", "yes", "maybe")[: len(n_pool)]
    return ClassificationTask(
        name="made",
        title="Made",
        description="",
        classes=labels,
        labels=labels,
        text_field="Text",
        label_field="Answer {really}",
        pool=texts("pool", n_pool),
        test=texts("test", n_test),
    )


@pytest.mark.parametrize("name", ["sentiment", "topics"])
def test_the_splits_share_no_text_and_leave_none_out(name) -> None:
    task = classification_registry.get(name)
    chosen, judged = ({t.text for t in split_queries(task, s)} for s in ("selection", "held-out"))
    assert not chosen & judged
    assert chosen | judged == {text.text for text in task.test}
    assert len(chosen) / len(task.test) == pytest.approx(0.7, abs=0.01)


def test_a_texts_side_depends_on_no_other_text() -> None:
    task = task_of((20, 20), (60, 60))
    turned = task.model_copy(update={"test": task.test[::-1]})
    assert {t.text for t in split_queries(task, "held-out")} == {
        t.text for t in split_queries(turned, "held-out")
    }


def test_demonstrations_are_balanced_fresh_and_from_the_pool() -> None:
    task = classification_registry.get("topics")
    drawn = questions(task, "selection", 50, 10, rng())
    assert len({one.query.text for one in drawn}) == 50
    assert len({one.demonstrations for one in drawn}) == 50
    for one in drawn:
        counts = np.bincount(one.classes, minlength=4)
        assert sorted(counts) == [2, 2, 3, 3]
        assert len(set(one.demonstrations)) == 10
        assert set(one.demonstrations) <= set(task.pool)
    orders = {tuple(one.classes) for one in drawn}
    assert len(orders) > 40, "classes come in a fresh order"


def test_unbalanced_draws_follow_the_pool() -> None:
    task = task_of((90, 10), (60, 60))
    shares = [one.classes.mean() for one in questions(task, "selection", 80, 10, rng(), balanced=False)]
    assert np.mean(shares) == pytest.approx(0.1, abs=0.03)


def test_the_same_generator_gives_the_same_questions() -> None:
    task = classification_registry.get("sentiment")
    assert questions(task, "held-out", 5, 4, rng()) == questions(task, "held-out", 5, 4, rng())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_every_label_stands_in_a_span_of_its_own(template) -> None:
    task = task_of((20, 20), (60, 60))
    one = questions(task, "held-out", 1, 4, rng())[0]
    prompt = rendered(task, one, template)
    for i, shown in enumerate(one.demonstrations):
        x, y = prompt.span("demo_input", i), prompt.span("demo_label", i)
        assert prompt.text[x.start : x.end] == shown.text
        assert prompt.text[y.start : y.end] == f" {task.labels[shown.label]}"
    assert prompt.text.endswith(":")
    assert "{text_field}" not in prompt.text


def test_the_default_template_is_the_protocols() -> None:
    task = task_of((20, 20), (60, 60))
    format_ = template_for("input-output", task)
    assert format_.render([("a", "no")], "b").text == "Input: a\nOutput: no\n\nInput: b\nOutput:"


def test_field_names_with_braces_are_kept() -> None:
    assert template_for("fields", task_of((20, 20), (60, 60))).arrow == "\nAnswer {really}:"


@pytest.mark.parametrize(
    ("n_pool", "n_test", "k", "error", "told"),
    [
        ((20, 20, 20), (60, 60, 60), 2, StudyError, "2 demonstrations for the 3 classes"),
        ((20, 2), (60, 60), 8, TaskError, "the pool holds no 20, yes 2"),
        ((20, 20), (20, 20), 4, StudyError, "28 texts to choose a head by"),
    ],
)
def test_what_cannot_be_asked_is_refused(n_pool, n_test, k, error, told) -> None:
    with pytest.raises(error, match=told):
        questions(task_of(n_pool, n_test), "selection", 10, k, rng())


def test_more_unbalanced_demonstrations_than_texts_are_refused() -> None:
    with pytest.raises(TaskError, match="a pool of 6 texts"):
        questions(task_of((3, 3), (60, 60)), "selection", 10, 8, rng(), balanced=False)


def test_unknown_names_are_refused() -> None:
    task = task_of((20, 20), (60, 60))
    with pytest.raises(StudyError, match="template 'input'"):
        template_for("input", task)
    with pytest.raises(StudyError, match="split 'test'"):
        split_queries(task, "test")  # type: ignore[arg-type]
