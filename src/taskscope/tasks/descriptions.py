"""Words about a task, written down before anything is measured: what describes it, and what it puts out.

A description word says what the task does and is never an answer of it: ``preceding`` for b -> a. An output
word is an answer. Whether a vector spells out its task can only be told where the two are kept apart
(protocol task_vectors E6).
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from taskscope.tasks.task import MappingTask

MOST_OUTPUT_WORDS = 10
"""Output words read of each task, spread over its labels."""
_FILE = resources.files("taskscope.tasks") / "data" / "descriptions.json"


@cache
def descriptions() -> dict[str, tuple[str, ...]]:
    """Return the description words of every built-in task, by its name."""
    lists = json.loads(_FILE.read_text(encoding="utf-8"))
    return {name: tuple(words) for name, words in lists.items()}


def output_words(task: MappingTask, most: int = MOST_OUTPUT_WORDS) -> tuple[str, ...]:
    """Return distinct labels of a task, evenly spread over them in the order of its items."""
    labels = list(dict.fromkeys(item.label for item in task.items))
    n = min(most, len(labels))
    return tuple(labels[i * len(labels) // n] for i in range(n))
