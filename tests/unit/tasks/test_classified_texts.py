"""The sets written from word lists: balance, noise that is what is promised, sameness for ever."""

import re

import pytest

from taskscope.errors import TaskError
from taskscope.tasks import classification_registry as registry
from taskscope.tasks import texts
from taskscope.tasks.classification import ClassificationTask, Text


def signals(task: ClassificationTask) -> list[set[str]]:
    source = texts.load("sentiment" if task.name.startswith("sentiment") else "topics")
    return [set(source[label]) for label in task.labels]


def votes(task: ClassificationTask, item: Text) -> list[int]:
    """Signal words of each class in a text."""
    words = re.findall(r"\w+", item.text)
    return [sum(word in known for word in words) for known in signals(task)]


@pytest.mark.parametrize("name", [*texts.NAMES, *texts.FEW])
def test_sides_are_balanced_and_share_no_text(name):
    task = texts.build(name)
    assert set(task.counts("pool")) == set(task.counts("test")) == {512 // len(task.labels)}
    everything = [item.text for item in (*task.pool, *task.test)]
    assert len(set(everything)) == 1024
    assert not any("{" in text for text in everything)


@pytest.mark.parametrize("name", texts.NAMES)
def test_one_signal_word_in_ten_comes_from_another_class(name):
    task = texts.build(name)
    own = total = 0
    for item in (*task.pool, *task.test):
        found = votes(task, item)
        own, total = own + found[item.label], total + sum(found)
    # 1,024 texts hold about 1,900 signal words: a standard error of 0.7 %.
    assert 1 - own / total == pytest.approx(texts.STRAY, abs=0.025)


@pytest.mark.parametrize("name", texts.NAMES)
def test_a_perfect_reader_is_right_nine_times_in_ten(name):
    task = texts.build(name)
    right = 0.0
    for item in task.test:
        found = votes(task, item)
        best = [c for c, count in enumerate(found) if count == max(found)]
        right += (item.label in best) / len(best)
    assert right / len(task.test) == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize("name", texts.FEW)
def test_few_words_come_back_soon_and_never_stray(name):
    """32 demonstrations show every signal word, and two of them stand in each text."""
    task = texts.build(name)
    words = [re.findall(r"\w+", item.text) for item in (*task.pool, *task.test)]
    known = [found & {word for text in words for word in text} for found in signals(task)]
    assert {len(found) for found in known} == {texts.N_SIGNALS_OF_FEW}
    assert all(votes(task, item)[item.label] == sum(votes(task, item)) == 2 for item in task.test)
    assert len({word for text in words[:32] for word in text if word in set().union(*known)}) > 7
    assert registry.get(name) is task and name not in registry.names()
    assert "another class" not in task.description


def test_without_straying_every_signal_word_tells_the_class():
    task = texts.build("topics", stray=0.0)
    assert all(sum(found) == found[item.label] > 0 for item in task.test for found in [votes(task, item)])
    assert task.description.endswith("Every signal word is of the text's own class.")


def test_with_full_straying_the_words_tell_nothing():
    task = texts.build("sentiment", stray=0.5)
    own = [votes(task, item)[item.label] / sum(votes(task, item)) for item in (*task.pool, *task.test)]
    assert sum(own) / len(own) == pytest.approx(0.5, abs=0.05)


def test_signal_words_belong_to_one_class_only():
    for name in texts.NAMES:
        known = signals(texts.build(name))
        assert len(set().union(*known)) == sum(map(len, known))


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("sentiment", "c0f520b5d3120fa484f2bda961eda2983e05b1ad19d1c0e38cb0f3e707ce798f"),
        ("topics", "88cfd2c4e0aebff965917b639839f138b784c0a93e9aa5eff43248cb756151e7"),
        ("topics-8", "c80bf10543bb1fd8f502044ce80a954c39df5aaf7940beb1ee6361abe15b6693"),
    ],
)
def test_written_sets_never_change(name, fingerprint):
    """Cells are found again by these; a new numpy or a new machine must not change them."""
    assert texts.build(name).fingerprint == fingerprint


@pytest.mark.parametrize("name", registry.names())
def test_a_built_in_set_tells_what_it_is_and_is_found_again(name):
    task = registry.get(name)
    assert task.name == name
    assert all((task.title, task.notes, task.source, task.licence)) and task.description.endswith(".")
    assert registry.resolve(registry.ref(task)) is task


def test_unknown_names_and_changed_tasks_are_told():
    with pytest.raises(TaskError, match="did you mean 'sentiment'"):
        registry.get("sentimental")
    other = registry.ref(texts.build("topics")).model_copy(update={"fingerprint": "0" * 64})
    with pytest.raises(TaskError, match="has other texts now"):
        registry.resolve(other)
