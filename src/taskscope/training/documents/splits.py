"""What is kept out of training: a seeded quarter of the facts, and whole tasks.

A fact is one item of one task.  Items that give each other away go to the same side: a translation and its
reverse, a word that French and Spanish spell alike, both directions of a pair of opposites, a small letter
and its capital.  The split is a function of the seed and the fact alone, so cards and studies can tell later
what a model was never shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Literal

from taskscope.errors import TaskError
from taskscope.tasks import registry
from taskscope.tasks.task import Item

Side = Literal["train", "held-out"]

HELD_OUT_TASKS: tuple[str, ...] = ("prev-letter", "last-letter", "en-es", "es-en")
"""Built-in tasks of which no list is ever trained on.

The letter rules are in no training document at all.  The Spanish facts of the training side are stated in
prose, so that an answer in a list can only come from recall and from reading the demonstrations together.
"""

_FAMILIES = {
    "en-fr": "translation",
    "fr-en": "translation",
    "en-es": "translation",
    "es-en": "translation",
    "to-upper": "case",
    "to-lower": "case",
    "next-letter": "alphabet",
    "prev-letter": "alphabet",
}
"""Tasks that state one another's facts; every other task is a family of its own."""


@dataclass(frozen=True)
class Split:
    """Which facts are held out.

    Raises:
        TaskError: If the share is not a number from 0 up to, not including, 1.
    """

    seed: int = 0
    share: float = 0.25
    """Expected share of groups of facts that are held out."""

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise TaskError(f"a held-out share of {self.share}", "a number from 0 to below 1")

    def side(self, family: str, fact: str) -> Side:
        """Say to which side a fact belongs; depends on nothing but seed, share and the two texts."""
        return "held-out" if _place(self.seed, family, fact) < self.share else "train"

    def choose(self, family: str, facts: Iterable[str], side: Side) -> list[str]:
        """Keep the facts of one side, in their order."""
        return [fact for fact in facts if self.side(family, fact) == side]

    def items(self, task: str, side: Side) -> tuple[Item, ...]:
        """Items of a built-in task that are on one side.

        Raises:
            TaskError: If there is no such task.
        """
        return tuple(item for item in registry.get(task).items if self.side_of(task, item.input) == side)

    def side_of(self, task: str, given: str) -> Side:
        """Say to which side an input of a task belongs; the input of a rule need not be among its items."""
        family = _FAMILIES.get(task, task)
        return self.side(family, _groups(family).get((task, given), f"{task}/{given}"))


@lru_cache(maxsize=2**17)
def _place(seed: int, family: str, fact: str) -> float:
    """Give a fact its place in [0, 1), the same on every machine."""
    digest = blake2b(f"{seed}\x1f{family}\x1f{fact}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@cache
def _groups(family: str) -> dict[tuple[str, str], str]:
    """Name the group of every item (task, input) of a family by its smallest member.

    Items are in one group if they state the same unordered pair of texts, or share a cluster of their task.
    """
    tasks = [task for task, name in _FAMILIES.items() if name == family] or [family]
    tasks = [task for task in tasks if task in registry.names()]
    parent: dict[object, object] = {}

    def root(node: object) -> object:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    members: list[tuple[str, str]] = []
    for task in tasks:
        for item in registry.get(task).items:
            member = (task, item.input)
            members.append(member)
            parent[root(("cluster", task, item.cluster))] = root(member)
            for answer in item.answers:
                parent[root(frozenset((item.input, answer)))] = root(member)
    smallest: dict[object, str] = {}
    for task, text in members:
        name = f"{task}/{text}"
        at = root((task, text))
        smallest[at] = min(name, smallest.get(at, name))
    return {member: smallest[root(member)] for member in members}
