"""Words that stand near a label word in meaning: synonyms, opposites, keywords of its topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

Natural = Literal["synonym", "antonym", "keyword"]
Origin = Literal["own", "release"]
"""Lists of this package, or those published with the paper (protocol structured_tasks 4.4)."""
Lists = Mapping[str, tuple[str, ...]]
"""Words by label word."""

_FILE = resources.files("taskscope.tasks") / "data" / "label_words.json"


@cache
def load(kind: Natural, origin: Origin = "own") -> Lists:
    """Return the words of one kind for every label word that has any."""
    return {label: tuple(words) for label, words in _document()[origin][kind].items()}


@cache
def _document() -> dict:
    return json.loads(_FILE.read_text(encoding="utf-8"))
