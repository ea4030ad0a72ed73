"""Small pieces of text that several generators use."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.tasks.contest.frame import Slot, load

LETTERS = (" A", " B")
YES_NO = (" Yes", " No")

_MARKS = ("{}. ", "({}) ", "[{}] ", "{}) ", "{}: ")


def fillers(slot: Slot, n: int) -> str:
    """Return `n` sentences that have nothing to do with the task, each with a space before it."""
    return "".join(f" {text}" for text in slot.draws("fillers").some(load("fillers"), n))


def options(slot: Slot, truth: str, lure: str) -> str:
    """Write two options on a line each, the true one at the slot's place; templates mark them differently."""
    mark = _MARKS[slot.template % len(_MARKS)]
    shown = (truth, lure) if slot.place == 0 else (lure, truth)
    return "\n".join(mark.format(letter.strip()) + text for letter, text in zip(LETTERS, shown, strict=True))


def apart(words: Sequence[str], *others: str) -> list[str]:
    """Keep the words with another first letter than all of the others, so that first tokens differ too."""
    taken = {other[0].lower() for other in others}
    return [word for word in words if word[0].lower() not in taken]


def sentence(text: str) -> str:
    """Return the text with a capital at its start."""
    return text[:1].upper() + text[1:]


def a(noun: str) -> str:
    """Return the noun with "a" or "an" before it, by its first letter."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
