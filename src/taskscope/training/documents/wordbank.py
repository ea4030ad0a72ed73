"""Words with what is known about them: kinds, sizes, sayings; topics and feelings stand with the tasks."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from taskscope.tasks import texts

_FOLDER = resources.files("taskscope.training.documents") / "data"


@cache
def load(name: str) -> Any:
    """Read one data file by its name without suffix; the result is shared and must not be changed."""
    if name in texts.LISTS:
        return texts.load(name)
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def kinds() -> dict[str, list[str]]:
    """Kinds of things in the singular, each with its members: ``bird -> robin, crow ...``."""
    return load("kinds")


def meanings() -> dict[str, str]:
    """Nouns with a short description that fits after "a"."""
    return load("meanings")


def article(word: str) -> str:
    """Return "a" or "an", by the first letter."""
    return "an" if word[:1].lower() in "aeiou" else "a"
