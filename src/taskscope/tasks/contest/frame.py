"""What the eleven generators share: a recipe, the slot it fills, and the task that many slots make.

A *slot* says which template and which family of content an item is made of, at which place its right class
stands, and how far the two dials are turned. Every choice inside an item is drawn from a stream that is named
after the purpose, so that turning a dial or asking another probe leaves all other choices as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choices import Cause, ChoiceItem, ChoiceTask, Metric
from taskscope.tasks.draws import Stream

Probe = Literal["task", "distractor", "true", "control"]
PROBES: tuple[Probe, ...] = get_args(Probe)
"""What is asked: the trap; what it lures into, alone; what it asks for, alone; its form without a lure."""
HARDEST = 3
"""The last step of both dials; 0 is the first and 1 the contest's form."""

_ATTEMPTS = 500
_FOLDER = resources.files("taskscope.tasks") / "data" / "contest"


@cache
def load(name: str) -> Any:
    """Read a word list by its name without suffix; the result is shared and must not be changed."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Slot:
    """Where an item stands in the plan of its task."""

    task: str
    seed: int
    number: int
    """The item's number in the task."""
    template: int
    family: str
    place: int
    """Index of the class that is true of the full task, 0 or 1."""
    strength: int = 1
    difficulty: int = 1
    probe: Probe = "task"
    attempt: int = 0
    """How often this slot was filled with a text that another item has already."""

    def draws(self, purpose: str) -> Stream:
        """Return the stream of one purpose; it depends on neither dial, nor on the probe."""
        return Stream.named(self.task, self.seed, self.number, self.attempt, purpose)


@dataclass(frozen=True)
class Draft:
    """An item as its writer leaves it; classes begin with their own space."""

    prompt: str
    truth: str
    """The class that the full task asks for, or the completion where there is no choice."""
    lure: str = ""
    """The class that the distractor asks for."""
    lure_is_right: bool = False
    """Whether this probe asks for the lure."""


@dataclass(frozen=True)
class Recipe:
    """One of the tasks: what it is about and how an item is written."""

    name: str
    title: str
    about: str
    cause: Cause
    templates: int
    families: tuple[str, ...]
    strength: str
    """What each step of the first dial does."""
    difficulty: str
    """What each step of the second dial does."""
    probes: str
    """What the three probes other than the task are."""
    write: Callable[[Slot], Draft]
    metric: Metric = "classification"


def make(recipe: Recipe, n: int, seed: int, strength: float, difficulty: float, probe: Probe) -> ChoiceTask:
    """Write a task of `n` items; the arguments are those of `contest.build`.

    Raises:
        TaskError: If an argument is out of range, or the recipe has fewer different items.
    """
    _check(n, strength, difficulty, probe)
    dials = {"strength": strength, "difficulty": difficulty}
    turned = "".join(f"-{dial}-{value:g}" for dial, value in dials.items() if value != 1)
    return ChoiceTask(
        name=recipe.name + f"-{probe}" * (probe != "task") + turned,
        title=recipe.title + f" ({probe})" * (probe != "task"),
        description=recipe.about,
        metric=recipe.metric,
        cause=recipe.cause,
        items=tuple(_items(recipe, n, seed, strength, difficulty, probe)),
        source="Written by a rule.",
        licence="Apache-2.0",
        notes=(
            f"Seed {seed}. Strength {strength:g}: {recipe.strength} Difficulty {difficulty:g}: "
            f"{recipe.difficulty} Probes: {recipe.probes}"
        ),
    )


def _check(n: int, strength: float, difficulty: float, probe: str) -> None:
    if n < 1:
        raise TaskError(f"A task of {n} items.", "1 item or more")
    for dial, value in (("strength", strength), ("difficulty", difficulty)):
        if not 0 <= value <= HARDEST:
            raise TaskError(f"A {dial} of {value:g}.", f"a number from 0 to {HARDEST}; 1 is the usual one")
    if probe not in PROBES:
        raise TaskError(f"No probe {probe!r}.", f"one of {', '.join(PROBES)}", nearest(probe, PROBES))


def _items(
    recipe: Recipe, n: int, seed: int, strength: float, difficulty: float, probe: Probe
) -> Iterator[ChoiceItem]:
    """Fill slot after slot; two in a row share their cluster and differ in the place of the right class."""
    pairs = [(template, family) for template in range(recipe.templates) for family in recipe.families]
    clusters = Stream.named(recipe.name, seed, "clusters").shuffled(pairs)
    seen: set[str] = set()
    for number in range(n):
        template, family = clusters[number // 2 % len(clusters)]
        usual = Slot(recipe.name, seed, number, template, family, place=number % 2)
        steps = usual.draws("dials")
        slot = replace(
            usual, strength=_step(strength, steps), difficulty=_step(difficulty, steps), probe=probe
        )
        draft, attempt = _new(recipe, slot, usual, seen)
        yield _item(draft, replace(slot, attempt=attempt))


def _new(recipe: Recipe, slot: Slot, usual: Slot, seen: set[str]) -> tuple[Draft, int]:
    """Write an item that is new, and new in its usual form too: so content is the same whatever is turned."""
    for attempt in range(_ATTEMPTS):
        plain = recipe.write(replace(usual, attempt=attempt))
        draft = plain if slot == usual else recipe.write(replace(slot, attempt=attempt))
        prompts = {"usual " + plain.prompt, draft.prompt}
        if not prompts & seen:
            seen |= prompts
            return draft, attempt
    raise TaskError(
        f"More items of {recipe.name} than the generator has different ones.", f"{slot.number} items or fewer"
    )


def _step(dial: float, stream: Stream) -> int:
    """Turn a dial between two steps into the upper one for that share of items: 1.3 is 2 in three of ten."""
    whole = int(dial)
    return whole + stream.chance(dial - whole)


def _item(draft: Draft, slot: Slot) -> ChoiceItem:
    classes, answer = (draft.truth,), 0
    if draft.lure:
        classes = (draft.truth, draft.lure) if slot.place == 0 else (draft.lure, draft.truth)
        answer = 1 - slot.place if draft.lure_is_right else slot.place
    return ChoiceItem(
        prompt=draft.prompt,
        classes=classes,
        answer=answer,
        id=f"{slot.seed}-{slot.number}",
        cluster=f"template {slot.template + 1}, {slot.family}",
        control=slot.probe == "control",
    )
