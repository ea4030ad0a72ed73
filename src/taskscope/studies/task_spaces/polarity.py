"""Whether transfer follows the label that a word carries or the structure (the polarity test, E8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import off_diagonal, same_group
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.wording import percent

Array = np.ndarray
WORDED = 0.3
"""Cosine in words from which two tasks contrast the same words, with the same labels or opposite ones."""


@dataclass(frozen=True)
class Side:
    """Pairs of different tasks of one kind."""

    phenomenon: str
    labels: str
    n: int
    mean: float
    """Of transfer, standard deviations; nan for no pair, as the next one."""
    followed: float
    """Share of the pairs whose transfer has the sign of the words."""


def sides(space: Space) -> list[Side]:
    """Tell transfer between tasks that contrast the same words, by label and by phenomenon.

    Same structure with opposite labels against another structure with the same labels: if the sign follows
    the words in both, the effect is lexical; if tasks of one phenomenon help whatever the labels, it is not.
    """
    effects = space.effects(space.drawn).mean(axis=0)
    words, same = space.likeness["words"], same_group(space.groups) == 1
    off = off_diagonal(space.n)
    found = []
    for where, inside in (("the same", same), ("another", ~same)):
        for labels, mask in (("opposite", words <= -WORDED), ("the same", words >= WORDED)):
            cells = off & inside & mask
            values = effects[cells]
            sign = np.sign(words[cells])
            mean = float(values.mean()) if len(values) else np.nan
            followed = float((np.sign(values) == sign).mean()) if len(values) else np.nan
            found.append(Side(where, labels, len(values), mean, followed))
    return found


def polarity_table(space: Space) -> Table | None:
    """Tabulate the four kinds; None where no two tasks contrast the same words."""
    found = sides(space)
    if not any(side.n for side in found):
        return None
    rows = tuple(
        (
            side.phenomenon,
            side.labels,
            side.n,
            f"{side.mean:+.2f}" if side.n else "–",
            percent(side.followed) if side.n else "–",
        )
        for side in found
    )
    return Table(
        name=f"task-spaces-{slug(space.model)}-polarity",
        title="Does transfer follow words or structure?",
        columns=("phenomenon", "labels of the words", "pairs of tasks", "mean effect", "sign of the words"),
        rows=rows,
        note=f"Pairs of different tasks whose words have a cosine of {WORDED} or more, or -{WORDED} or less. "
        "Sign of the words: share of the pairs on which tuning on one helps the other where they prefer the "
        "same words, and hurts where they prefer opposite ones; 50 % is chance. Near 100 % in the same "
        "phenomenon with opposite labels says that transfer follows words, not structure.",
        model=space.model,
    )
