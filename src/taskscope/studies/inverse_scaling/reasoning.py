"""Written reasoning before a choice: how it is opened, closed and read (protocol inverse_scaling E4).

The published prompts are not known. Here no demonstration of reasoning is given, because one would have to be
written for every task: a cue opens the reasoning, the model writes greedily, and a fixed cue asks for the
answer, after which the classes are scored as they always are. Whatever a model wrote, it can so be asked.
Beside that stands what the reasoning says itself: a closing sentence of the fixed form, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from taskscope.tasks.choices import ChoiceTask

OPENING = "\nLet us think step by step."
CUE = "\nSo the answer is"
FILLER = " ."
"""Stands for a token of reasoning in the control: room to compute, and nothing said."""
CLOSING = re.compile(r"so,? the answer is:?", re.IGNORECASE)
NEXT = "\n\n"
"""Where a model begins another item of its own; what follows belongs to no reasoning about this one."""


@dataclass(frozen=True)
class Reasoning:
    """What a model wrote before its choice."""

    text: str
    """Without its closing sentence."""
    named: int
    """Index of the class that its closing sentence names; -1 where it has none, or that names no class."""


def openings(task: ChoiceTask) -> list[str]:
    """Return the prompts with the cue that opens reasoning."""
    return [item.prompt + OPENING for item in task.items]


def read(text: str, classes: Sequence[str]) -> Reasoning:
    """Take reasoning apart; of several closing sentences the last counts, and in it the first class."""
    text = text.partition(NEXT)[0]
    closings = list(CLOSING.finditer(text))
    if not closings:
        return Reasoning(text, -1)
    last = closings[-1]
    return Reasoning(text[: last.start()].rstrip(), _first(text[last.end() :], classes))


def closed(task: ChoiceTask, texts: Sequence[str]) -> ChoiceTask:
    """Return the task with something written before every choice, and the cue that asks for it."""
    items = tuple(
        item.model_copy(update={"prompt": item.prompt + OPENING + text + CUE})
        for item, text in zip(task.items, texts, strict=True)
    )
    return task.model_copy(update={"items": items})


def _first(text: str, classes: Sequence[str]) -> int:
    """Return the class that stands first in a text as words of their own, the longest of several; or -1."""
    found = []
    for number, name in enumerate(classes):
        match = re.search(rf"(?<!\w){re.escape(name.strip())}(?!\w)", text)
        if match:
            found.append((match.start(), -len(name), number))
    return min(found)[2] if found else -1
