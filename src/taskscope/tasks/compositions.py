"""Squares of four tasks that differ in two things, each done or not (protocol task_vectors FV-8).

Of a list, the *first or last* element is *copied or changed*: ``first-of-en-fr`` copies the first word,
``first-then-en-fr`` translates it, ``last-of-en-fr`` and ``last-then-en-fr`` do so with the last word. Of a
word, one step, the other, both or none is done: ``copy-on-en-fr``, ``en-fr``, ``capitalise-on-en-fr`` and
``en-fr-then-capitalise``. Whether a vector of the last task of a square can be added up from those of the
other three is what composition asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from taskscope.tasks import generated, mappings
from taskscope.tasks.task import Item, MappingTask

CHANGES = (
    *("to-upper", "next-letter", "capitalise"),
    *("antonyms", "country-capital", "en-fr", "present-past", "plural-singular"),
)
"""What is done with the element of a list: the six published ones or their like, and two on letters."""
FIRST, LAST = "first", "last"
OF, THEN, ON = "-of-", "-then-", "-on-"
LENGTH = 3
"""Elements of a list."""
N_LISTS = 400
"""Lists sampled for each change."""


class Square(NamedTuple):
    """Four tasks: neither of two things is done, one, the other, both."""

    neither: str
    one: str
    other: str
    both: str


def _of_lists(change: str) -> Square:
    return Square(*(place + what + change for place, what in product((FIRST, LAST), (OF, THEN))))


def _of_steps(both: str) -> Square:
    first, second = generated.steps(both)
    return Square(f"copy{ON}{first}", first, second + ON + first, both)


SQUARES: dict[str, Square] = {
    square.both: square
    for square in (
        *(_of_steps(name) for name in generated.SUITES["two-step"] if not name.startswith("list-")),
        *map(_of_lists, CHANGES),
    )
}
"""By the task of which a vector is added up."""
NAMES = tuple(
    name
    for square in SQUARES.values()
    for name in square
    if name not in generated.NAMES and (ON in name or name.startswith((FIRST, LAST)))
)
"""The tasks that are made here; the others of the squares are built-in or generated ones."""


@cache
def build(name: str) -> MappingTask:
    """Make one of `NAMES`."""
    if ON in name:
        done, _, source = name.partition(ON)
        return _alone(name, done, _source(source))
    place, what = (FIRST if name.startswith(FIRST) else LAST), (OF if OF in name else THEN)
    change = name.removeprefix(place + what)
    items = []
    for some in lists(change):
        element = some[0] if place == FIRST else some[-1]
        answers = (element.input,) if what == OF else element.answers
        text = ",".join(item.input for item in some)
        # Lists that ask for the same element would give each other away.
        items.append(Item(input=text, answers=answers, cluster=element.cluster))
    told = "itself" if what == OF else f"then {change}"
    return _task(name, f"The {place} of a list of {LENGTH}, {told}.", items, _source(change).cluster_unit)


@cache
def lists(change: str) -> tuple[tuple[Item, ...], ...]:
    """Sample the lists that the four tasks of a change share, in a fixed order.

    No two of the four tasks have an answer in common on any list. The raw stream of the bit generator is used
    because it never changes between numpy releases.
    """
    pool = _source(change).items
    source = np.random.PCG64(CHANGES.index(change))
    found: dict[tuple[str, ...], tuple[Item, ...]] = {}
    while len(found) < N_LISTS:
        some = tuple(pool[int(source.random_raw() % len(pool))] for _ in range(LENGTH))
        answers = [answer for item in (some[0], some[-1]) for answer in (item.input, *item.answers)]
        inputs = tuple(item.input for item in some)
        if len(set(answers)) == len(answers) and len(set(inputs)) == LENGTH:
            found[inputs] = some
    return tuple(found.values())


def _alone(name: str, done: str, source: MappingTask) -> MappingTask:
    """Copy the inputs of a task, or do the second step without the first; inputs it leaves alone are out."""
    change: Callable[[str], str] = str if done == "copy" else generated.SECOND[done]
    items = [
        Item(input=item.input, answers=(change(item.input),), cluster=item.cluster)
        for item in source.items
        if done == "copy" or change(item.input) != item.input
    ]
    return _task(name, f"{done.capitalize()} the inputs of {source.name}.", items, source.cluster_unit)


def _source(name: str) -> MappingTask:
    return mappings.build_rule(name) if name in mappings.RULES else mappings.load_list(name)


def _task(name: str, description: str, items: Iterable[Item], unit: str) -> MappingTask:
    return MappingTask(
        name=name,
        title=name.replace("-", " ").capitalize(),
        group="composition",
        description=description,
        items=tuple(items),
        cluster_unit=unit,
        source="Generated from built-in tasks.",
    )
