"""Compositions of built-in tasks: their items, found by rule, and what half a composition would answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from taskscope.tasks import registry
from taskscope.tasks.mappings import RULES
from taskscope.tasks.nested.names import nest, steps
from taskscope.tasks.task import MappingTask


@dataclass(frozen=True)
class NestedItem:
    """One input of a composition, with every answer on the way."""

    words: tuple[str, ...]
    """What each task is called with when it is called alone, innermost first; the first is the input."""
    alone: tuple[tuple[str, ...], ...]
    """Accepted answers of each of these calls; the first leads on to the next word."""
    answers: tuple[str, ...]
    """Accepted answers of the nested call: all that accepted answers of the inner calls lead to."""
    stops: tuple[str, ...]
    """Accepted answers of the inner calls: what a model would say that stops before the outermost."""
    skips: tuple[str, ...]
    """What a model would say that leaves out an inner call and makes the outermost, where that exists."""
    cluster: str
    """Near-twins of the input that would give its first answer away."""


@dataclass(frozen=True)
class Composition:
    """Tasks around one another."""

    name: str
    tasks: tuple[MappingTask, ...]
    """Innermost first."""
    items: tuple[NestedItem, ...]

    @property
    def depth(self) -> int:
        """How many tasks."""
        return len(self.tasks)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tasks, innermost first."""
        return tuple(task.name for task in self.tasks)


def answers(task: MappingTask, word: str) -> tuple[str, ...]:
    """Return what a task accepts for a word; nothing where the word is none of its inputs.

    A rule on words takes every word of letters, beside those that it is kept with.
    """
    if word in (known := _inputs(task.name)):
        return known[word]
    rule = RULES.get(task.name)
    if rule is not None and rule.group == "word" and len(word) > 1 and word.isalpha():
        return (rule.answer(word),)
    return ()


@cache
def build(name: str) -> Composition:
    """Find the items of a composition, in the order of the innermost task's.

    An input is kept if each answer is an input of the next task, and if the answer of the whole is neither
    the input itself nor what stopping early or skipping an inner call would give: otherwise a right answer
    would not show a composition.

    Raises:
        TaskError: If the name is no nest of built-in tasks.
    """
    tasks = tuple(registry.get(task) for task in steps(name))
    found = (_item(tasks, item.input, item.cluster) for item in tasks[0].items)
    return Composition(name, tasks, tuple(item for item in found if item is not None))


def possible(depth: int, least: int) -> Iterator[Composition]:
    """Find every composition of so many built-in tasks with enough items, in the order of the tasks' names.

    Args:
        depth: How many tasks, 2 or more.
        least: Items that are enough.
    """
    inner: Iterable[tuple[str, ...]] = ((name,) for name in registry.names())
    if depth > 2:
        inner = [one.names for one in possible(depth - 1, least)]
    for names in inner:
        for last in registry.names():
            composition = build(nest((*names, last)))
            if len(composition.items) >= least:
                yield composition


def _item(tasks: Sequence[MappingTask], word: str, cluster: str) -> NestedItem | None:
    words, alone = [word], []
    for task in tasks:
        alone.append(answers(task, words[-1]))
        if not alone[-1]:
            return None
        words.append(alone[-1][0])
    whole = _reach(tasks, word)
    stops = [early for end in range(1, len(tasks)) for early in _reach(tasks[:end], word)]
    inner, outermost = tasks[:-1], tasks[-1]
    left_out = [some for n in range(len(inner)) for some in combinations(inner, n)]
    skips = [late for some in left_out for late in _reach((*some, outermost), word) if late not in stops]
    if {word, *stops, *skips} & set(whole):
        return None
    return NestedItem(tuple(words[:-1]), tuple(alone), whole, _once(stops), _once(skips), cluster)


def _reach(tasks: Sequence[MappingTask], word: str) -> tuple[str, ...]:
    """Return all that accepted answers lead to, the canonical one first; nothing where the way ends."""
    reached: tuple[str, ...] = (word,)
    for task in tasks:
        reached = _once(after for before in reached for after in answers(task, before))
    return reached


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


@cache
def _inputs(name: str) -> dict[str, tuple[str, ...]]:
    return {item.input: item.answers for item in registry.get(name).items}
