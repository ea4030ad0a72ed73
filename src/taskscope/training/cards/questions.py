"""What is asked of a language model for its card: tasks, and which of their facts it was shown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from taskscope.tasks import registry
from taskscope.tasks.task import Item, MappingTask
from taskscope.training.documents.rules import WORD_RULES, held_out_tasks, letter_relations
from taskscope.training.documents.splits import HELD_OUT_TASKS, Split

SEEN, UNSEEN, NEW_TASK = "seen", "held out", "held-out task"
STATED_ONLY = ("en-es", "es-en")
"""Held-out tasks whose facts of the training side are stated in prose, never in a list."""


@dataclass(frozen=True)
class Question:
    """Queries of one task of which the model was shown the same, and where demonstrations come from."""

    task: MappingTask
    facts: str
    """`SEEN`, `UNSEEN` or `NEW_TASK`."""
    listed: bool
    """Whether lists of the task were trained on."""
    pool: tuple[Item, ...]
    """Items that demonstrations are drawn from."""
    queries: tuple[Item, ...]

    @property
    def demonstrations(self) -> MappingTask:
        """The task with the items of the pool alone."""
        return with_items(self.task, self.pool)

    @property
    def copying(self) -> float:
        """Share of queries that saying the input again would answer."""
        return float(np.mean([item.input in item.answers for item in self.queries]))

    @property
    def best_label(self) -> float:
        """Share of queries that always giving the task's most frequent label would answer."""
        label = self.task.label_counts.most_common(1)[0][0]
        return float(np.mean([label in item.answers for item in self.queries]))

    @property
    def best_rule(self) -> float:
        """Share of queries that the best of the rules trained on would answer."""
        return max(_share_right(rule, self.queries) for rule in trained_rules())


def questions(split: Split) -> list[Question]:
    """List what is asked: every built-in task and every held-out rule, seen facts and held-out facts apart.

    Demonstrations are of facts seen wherever the task has any, and are always true.
    """
    asked = []
    for name in registry.names():
        task = registry.get(name)
        train, held_out = split.items(name, "train"), split.items(name, "held-out")
        listed = name not in HELD_OUT_TASKS
        if listed or name in STATED_ONLY:
            asked.append(Question(task, SEEN, listed, train, train))
            if held_out:
                asked.append(Question(task, UNSEEN, listed, train, held_out))
        else:
            asked.append(Question(task, NEW_TASK, False, task.items, task.items))
    asked += [Question(task, NEW_TASK, False, task.items, task.items) for task in held_out_tasks().values()]
    return asked


def with_items(task: MappingTask, items: Iterable[Item]) -> MappingTask:
    """Return the task with other items."""
    return MappingTask(
        **{**{name: getattr(task, name) for name in MappingTask.model_fields}, "items": tuple(items)}
    )


def generator(seed: int, *names: str) -> np.random.Generator:
    """Make a generator from a seed and names, the same on every machine."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return np.random.default_rng((seed, int.from_bytes(digest, "big")))


@cache
def trained_rules() -> tuple[Callable[[str], str | None], ...]:
    """Rules on words, letters and lists that training shows, each from an input to its answer, if any."""
    rules: list[Callable[[str], str | None]] = list(WORD_RULES.values())
    for relations in letter_relations().values():
        for relation in relations:
            if relation.pairs:
                rules.append(dict(relation.pairs).get)
    rules += [_first_of_list, _last_of_list]
    return tuple(rules)


def _first_of_list(text: str) -> str:
    return text.split(",")[0]


def _last_of_list(text: str) -> str:
    return text.split(",")[-1]


def _share_right(rule: Callable[[str], str | None], queries: Sequence[Item]) -> float:
    return float(np.mean([rule(item.input) in item.answers for item in queries]))
