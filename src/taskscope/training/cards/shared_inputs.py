"""Queries that belong to several tasks: do answers follow the demonstrations?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taskscope.models.language_model import LanguageModel
from taskscope.stats.intervals import wilson
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS, PromptFormat
from taskscope.tasks.sampling import draw
from taskscope.tasks.task import Item
from taskscope.training.cards.questions import generator, with_items
from taskscope.training.documents.splits import Split

GROUPS: dict[str, tuple[str, ...]] = {
    "verbs": ("present-gerund", "present-past", "en-fr", "capitalise", "first-letter", "copy"),
    "opposites": ("antonyms", "en-fr", "capitalise", "first-letter", "copy"),
    "countries": ("country-capital", "location-continent", "first-letter", "copy"),
    "letters": ("next-letter", "to-upper"),
    "lists": ("list-first", "list-last"),
}
"""Tasks that share inputs; lists of all of them were trained on."""
DEMONSTRATIONS = 8


def measure(
    model: LanguageModel,
    split: Split,
    n: int,
    seed: int,
    form: PromptFormat = FORMATS["arrow"],
    on_part: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Show demonstrations of each task of a group in turn, with queries that are inputs of all of them.

    Queries are facts seen in every task of the group whose answers all differ.  An answer that matches the
    task shown follows the demonstrations; one that matches another task of the group does not.

    Args:
        model: What is asked.
        split: Which facts were seen.
        n: Most draws for each task shown.
        seed: Of the draws.
        form: How it is asked.
        on_part: Called with the name of each group before it is asked.

    Returns:
        By group: number of shared queries, and for each task shown the share of answers that match each task.
    """
    found = {}
    for group, tasks in GROUPS.items():
        on_part(group)
        inputs = shared(tasks, split)
        if len(inputs) >= 2:
            found[group] = {
                "queries": len(inputs),
                "shown": {task: _ask(model, split, tasks, task, inputs, n, seed, form) for task in tasks},
            }
    return found


def shared(tasks: tuple[str, ...], split: Split) -> list[str]:
    """Inputs that are facts seen in every one of the tasks and have a different answer in each."""
    known = [answers(task, split) for task in tasks]
    inputs = [text for text in known[0] if all(text in one for one in known[1:])]
    return [text for text in inputs if _all_differ([one[text].answers for one in known])]


def answers(task: str, split: Split) -> dict[str, Item]:
    """Facts seen of a task, by input."""
    return {item.input: item for item in split.items(task, "train")}


def _all_differ(accepted: list[tuple[str, ...]]) -> bool:
    return len({answer for some in accepted for answer in some}) == sum(map(len, accepted))


def _ask(
    model: LanguageModel,
    split: Split,
    tasks: tuple[str, ...],
    shown: str,
    inputs: list[str],
    n: int,
    seed: int,
    form: PromptFormat,
) -> dict[str, Any]:
    rng = generator(seed, *tasks, shown)
    known = {task: answers(task, split) for task in tasks}
    pool = with_items(registry.get(shown), known[shown].values())
    chosen = [known[shown][inputs[i]] for i in rng.permutation(len(inputs))[:n]]
    draws = draw(pool, chosen, len(chosen), DEMONSTRATIONS, 0, rng)
    prompts = [form.render(d.pairs, d.query.input).text for d in draws]
    accepted = {
        task: [[form.answer(y) for y in items[d.query.input].answers] for d in draws]
        for task, items in known.items()
    }
    matches = {task: float(np.mean(right)) for task, right in model.answer(prompts, accepted).correct.items()}
    low, high = wilson(matches[shown], len(draws))
    return {"n": len(draws), "follows": [matches[shown], float(low), float(high)], "answers": matches}
