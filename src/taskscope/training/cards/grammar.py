"""English grammar: accuracy on BLiMP's minimal pairs, by whole-sentence log-probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.models.language_model import LanguageModel
from taskscope.stats.intervals import bootstrap_means, percentile_interval
from taskscope.tasks import minimal_pairs, pair_files
from taskscope.tasks.minimal_pairs import PHENOMENA, Paradigm

DRAWS = 2_000


def measure(
    model: LanguageModel,
    folder: Path,
    pairs: int | None = None,
    on_part: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Score every paradigm of a folder.

    The good sentence must be likelier, both after the end of text. Intervals resample paradigms, for pairs of
    one paradigm are made from one template.

    Args:
        model: What scores.
        folder: BLiMP's files.
        pairs: First pairs of each paradigm that are scored; None for all.
        on_part: Called with the name of each paradigm before it is scored.

    Raises:
        TaskError: If the folder holds no minimal pairs, or they cannot be read.
    """
    paradigms = pair_files.load_folder(folder)
    credits = {}
    for paradigm in paradigms:
        on_part(paradigm.name)
        credits[paradigm.name] = _credit(model, paradigm, pairs)
    phenomena = [name for name in PHENOMENA if any(p.phenomenon == name for p in paradigms)]
    return {
        "pairs": sum(map(len, credits.values())),
        "pairs_a_paradigm": max(map(len, credits.values())),
        "paradigms": {name: float(values.mean()) for name, values in credits.items()},
        "overall": _summary(paradigms, credits),
        "phenomena": {
            name: _summary([p for p in paradigms if p.phenomenon == name], credits) for name in phenomena
        },
    }


def _credit(model: LanguageModel, paradigm: Paradigm, pairs: int | None) -> np.ndarray:
    chosen = paradigm.pairs[:pairs]
    scores = model.score_contrasts(model.contrasts([(pair.good, pair.bad) for pair in chosen]))
    return minimal_pairs.credit(scores[:, 0], scores[:, 1], chosen)


def _summary(paradigms: Sequence[Paradigm], credits: dict[str, np.ndarray]) -> dict[str, Any]:
    """Mean over paradigms, each counting the same, with its interval; over pairs where there is one only."""
    means = np.array([credits[p.name].mean() for p in paradigms])
    units = means if len(paradigms) > 1 else credits[paradigms[0].name]
    drawn = bootstrap_means(units[:, None], np.arange(len(units)), DRAWS, np.random.default_rng(0))
    low, high = percentile_interval(drawn[:, 0])
    return {"accuracy": float(means.mean()), "interval": [float(low), float(high)], "paradigms": len(means)}
