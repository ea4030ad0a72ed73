"""Measuring in how few heads and neurons a task's gradient stands (E10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from taskscope.models import gradients
from taskscope.models.weight_units import Units, heads, neurons
from taskscope.studies.task_spaces.lives.rows import HEAD, NEURON, UNITS

if TYPE_CHECKING:
    from taskscope.models.gradients import Gradient
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.weight_places import Place
    from taskscope.studies.task_spaces.ways import Lesson

Array = np.ndarray


def of_units(
    model: LanguageModel, where: Mapping[str, Place], parts: Sequence[Lesson], rng: np.random.Generator
) -> list[dict[str, object]]:
    """Tell how a task's squared gradient is spread over heads and over neurons, a record for each half.

    Units of a kind have as many weights each, so chance is that all hold alike. Gradients are never so, hence
    the control: that of the same pairs with good and bad exchanged at random.

    Args:
        model: The model, in float32.
        where: Of every parameter.
        parts: What is learned in each of two halves.
        rng: Source of the exchange.

    Returns:
        None of a kind whose weights could not be told apart in any block.
    """
    shuffled = [
        gradients.margin(model.executor, part.pairs.swapped(rng.random(len(part.pairs)) < 0.5))[0]
        for part in parts
    ]
    records: list[dict[str, object]] = []
    for kind, blocks in (
        (HEAD, heads(model.hf, model.anatomy, where)),
        (NEURON, neurons(model.hf, where)),
    ):
        if not blocks:
            continue
        held, control = ([_held(blocks, g) for g in each] for each in ([p.gradient for p in parts], shuffled))
        repeats = float(np.corrcoef(*map(rankdata, held))[0, 1]) if len(held) == 2 else None
        for half, (own, other, part) in enumerate(zip(held, control, parts, strict=True)):
            whole = sum(float(g.double().square().sum()) for g in part.gradient.values())
            record: dict[str, object] = {
                "part": UNITS,
                "unit": kind,
                "half": half,
                "units": len(own),
                "owned": float(own.sum()) / whole,
                "half_held": half_held(own),
                "gini": gini(own),
                "shuffled_held": half_held(other),
                "shuffled_gini": gini(other),
                "repeats": repeats,
            }
            if kind == HEAD:
                record["shares"] = (own / own.sum()).tolist()
                record["blocks"] = [block for block, units in blocks.items() for _ in range(units.n)]
            records.append(record)
    return records


def _held(blocks: Mapping[int, Units], gradient: Gradient) -> Array:
    """Sum the squared gradient over each unit, block after block: (unit,)."""
    return np.concatenate([units.squares(gradient).numpy() for units in blocks.values()])


def half_held(held: Array) -> float:
    """Return the smallest share of units that together hold half; a half where all hold alike.

    Args:
        held: (unit,) none below 0 and some above.
    """
    order = np.sort(held)[::-1].cumsum()
    return float(np.searchsorted(order, order[-1] / 2 * (1 - 1e-12)) + 1) / len(held)


def gini(held: Array) -> float:
    """Return Gini's coefficient: 0 where all hold alike, 1 - 1 / units where one holds everything."""
    n = len(held)
    places = np.arange(1, n + 1)
    return float((2 * places - n - 1) @ np.sort(held) / (n * held.sum()))
