"""Minimal pairs of any task that has right answers: a prompt with the right answer, and with a wrong one.

A few demonstrations say which task it is; the answers are the only words in which the two texts differ. Every
item is asked once, so that no item is learned from and judged by. A wrong answer is the right one of another
item, of another class where the task has classes.
"""

from __future__ import annotations

from functools import cache

from taskscope.errors import TaskError
from taskscope.tasks import classification_registry, registry
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.draws import Stream
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm
from taskscope.tasks.prompts import get_format
from taskscope.tasks.task import Item, MappingTask

MAPPING, CLASSIFIED = "mapping", "classified"
"""Name the 18 published mapping tasks, and the built-in sets of texts; ``mapping/NAME`` is one of them."""
N_SHOWN = 3
"""Demonstrations of a mapping task; of classified texts one of each class is shown."""
N_PAIRS = 400


def get(name: str) -> tuple[Paradigm, ...]:
    """Return the paradigms that a name of either kind stands for.

    Raises:
        TaskError: If there is no such task, or it has too few items.
    """
    kind, _, wanted = name.partition("/")
    if kind == MAPPING:
        return tuple(map(_mapping, [wanted] if wanted else registry.PAPER_TASKS))
    return tuple(map(_classified, [wanted] if wanted else classification_registry.names()))


@cache
def _mapping(name: str) -> Paradigm:
    task = registry.get(name)
    stream = Stream.named("answers", task.name, task.fingerprint)
    items = stream.shuffled(task.items)[:N_PAIRS]
    pairs = [_asked(task, item, number, stream) for number, item in enumerate(items)]
    return Paradigm(name=task.name, phenomenon=task.group, pairs=tuple(pairs), source=f"{MAPPING}/{name}")


def _asked(task: MappingTask, item: Item, number: int, stream: Stream) -> MinimalPair:
    """Ask for one item behind demonstrations of other clusters."""
    others = [other for other in task.items if other.cluster != item.cluster]
    wrong = [other.label for other in others if other.label not in item.answers]
    if len(others) < N_SHOWN or not wrong:
        raise TaskError(
            f"Task {task.name!r} has too few items beside {item.input!r} to show and to answer wrongly.",
            f"at least {N_SHOWN} others, one of them with another answer",
        )
    form = get_format("arrow")
    shown = [(each.input, each.label) for each in stream.some(others, N_SHOWN)]
    prompt = form.render(shown, item.input).text
    good, bad = (prompt + form.answer(answer) for answer in (item.label, stream.one_of(wrong)))
    return MinimalPair(number=number, good=good, bad=bad)


@cache
def _classified(name: str) -> Paradigm:
    task = classification_registry.get(name)
    stream = Stream.named("answers", task.name, task.fingerprint)
    texts = stream.shuffled(task.test)[:N_PAIRS]
    pairs = []
    for number, text in enumerate(texts):
        prompt = task.render(_one_of_each(task, stream), text.text).text
        wrong = stream.one_of([label for i, label in enumerate(task.labels) if i != text.label])
        good, bad = (prompt + task.format.answer(label) for label in (task.labels[text.label], wrong))
        pairs.append(MinimalPair(number=number, good=good, bad=bad))
    return Paradigm(name=task.name, phenomenon=CLASSIFIED, pairs=tuple(pairs), source=f"{CLASSIFIED}/{name}")


def _one_of_each(task: ClassificationTask, stream: Stream) -> list[tuple[str, str]]:
    """Draw a demonstration of every class, in a random order."""
    drawn = [
        stream.one_of([text for text in task.pool if text.label == number])
        for number in range(len(task.labels))
    ]
    return [(text.text, task.labels[text.label]) for text in stream.shuffled(drawn)]
