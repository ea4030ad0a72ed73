"""Where the heads look in a single prompt, against the mean of many: the same heads, fewer of them (M13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.weights.grids import Setting
from taskscope.studies.randomness import stream

MASS = "label_mass"
"""What a map is of: attention of the last token that falls on labels, head by head."""


@dataclass(frozen=True)
class SinglePrompts:
    """Maps (head,) of single held-out prompts; means over prompts."""

    alike: Measure
    """Correlation over heads of a prompt's map with the mean map of the other prompts."""
    exchanged: Measure
    """The same with the prompt's heads exchanged within their blocks: what depth alone explains."""
    heads: Measure
    """Effective number of heads of a prompt's map, (sum m)^2 / sum m^2."""
    heads_of_mean: Measure
    """The same of the mean map. The mean spreads further than what it is a mean of, whatever heads do."""


def single_prompts(model: str, settings: Sequence[Setting], draws: int) -> SinglePrompts:
    """Compare the maps of single held-out prompts with their mean.

    Args:
        model: Seeds the resamples.
        settings: Of one model, each with at least two held-out questions; a query that comes in several of
            them is resampled as one.
        draws: Bootstrap resamples.
    """
    rng = stream("kernel-regression single prompts", model)
    columns, units = [], []
    for setting in settings:
        maps = setting.held_out.masses[MASS].astype(float)
        others = (maps.sum(axis=0) - maps) / (len(maps) - 1)
        shape = (len(maps), len(setting.heads.blocks), setting.heads.per_block)
        mixed = rng.permuted(maps.reshape(shape), axis=2).reshape(maps.shape)
        spread = effective(maps)
        columns.append(np.column_stack([_correlation(maps, others), _correlation(mixed, others), spread]))
        units += [f"{setting.task} {query}" for query in setting.held_out.query.tolist()]
    table = np.vstack(columns)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, np.array(units), draws, rng)])
    maps = np.vstack([setting.held_out.masses[MASS].astype(float) for setting in settings])
    mean = np.vstack([maps.mean(axis=0), bootstrap_means(maps, np.array(units), draws, rng)])
    alike, exchanged, heads = (Measure.of(column) for column in drawn.T)
    return SinglePrompts(alike, exchanged, heads, Measure.of(effective(mean)))


def effective(maps: np.ndarray) -> np.ndarray:
    """Return the effective number of heads of maps (map, head); all of them where a map is zero."""
    squares = (maps**2).sum(axis=1)
    some = squares > 0
    return np.where(some, maps.sum(axis=1) ** 2 / np.where(some, squares, 1.0), maps.shape[1])


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlate rows (row, head); 0 where one of the two is constant."""
    a, b = (each - each.mean(axis=1, keepdims=True) for each in (first, second))
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where(size > 0, (a * b).sum(axis=1) / np.where(size > 0, size, 1.0), 0.0)
