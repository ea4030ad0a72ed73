"""Generators of our own for the tasks of the inverse-scaling contest (protocol inverse_scaling 3 and 9).

They follow the rules of the contest's tasks; templates and items are ours. Each task can be asked in four
ways, its *probes*, and has two dials: how strongly the prompt suggests the wrong class, and how hard the rest
is.

    contest.build("memo-trap", n=1000, strength=2)
    contest.build("memo-trap", probe="distractor")
"""

from __future__ import annotations

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choices import ChoiceTask
from taskscope.tasks.contest import (
    hindsight_neglect,
    into_the_unknown,
    memo_trap,
    modus_tollens,
    neqa,
    pattern_matching_suppression,
    prompt_injection,
    redefine,
    repetitive_algebra,
    resisting_correction,
    sig_figs,
)
from taskscope.tasks.contest.frame import HARDEST, PROBES, Probe, Recipe, make
from taskscope.tasks.contest.shared_text import overlap

__all__ = ["HARDEST", "NAMES", "PROBES", "RECIPES", "Probe", "build", "overlap"]

_MODULES = (
    resisting_correction,
    memo_trap,
    redefine,
    prompt_injection,
    modus_tollens,
    pattern_matching_suppression,
    into_the_unknown,
    neqa,
    sig_figs,
    hindsight_neglect,
    repetitive_algebra,
)
RECIPES: dict[str, Recipe] = {module.RECIPE.name: module.RECIPE for module in _MODULES}
"""How each task is made, by name."""
NAMES: tuple[str, ...] = tuple(RECIPES)
"""The tasks, in the order of the protocol's table."""


def build(
    name: str,
    n: int = 300,
    seed: int = 0,
    strength: float = 1.0,
    difficulty: float = 1.0,
    probe: Probe = "task",
) -> ChoiceTask:
    """Write a task, the same on every machine.

    Items of the same seed and number go together over probes and dials: they are made of the same content,
    but for the few whose prompt another item has already under that probe.

    Args:
        name: One of `NAMES`.
        n: Items. The first right class and the second stand alternately, so an even number is balanced.
        seed: Items of another seed are others.
        strength: How strongly the wrong class is suggested, 0 to 3; between two steps, 1.3 say, three items
            in ten are made as at 2. `Recipe.strength` says what each step is.
        difficulty: How hard the task is beside that, 0 to 3, likewise.
        probe: What is asked.

    Raises:
        TaskError: If there is no such task or probe, an argument is out of range, or the words are too few
            for so many different items.
    """
    if name not in RECIPES:
        raise TaskError(f"No generated task {name!r}.", f"one of {', '.join(NAMES)}", nearest(name, NAMES))
    return make(RECIPES[name], n, seed, strength, difficulty, probe)
