"""From the rows of feature cells to accuracy by block and offset, and gains over the strongest control."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.columns import models_and_tasks, where
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.features.probes import PENALTIES
from taskscope.studies.kernel_regression.features.rows import ALL_HEADS, OFFSETS, PART, PROBED, judged
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table

BEFORE, SHUFFLE, MAJORITY = "one token before the label", "shuffled targets", "most frequent target"
CONTROLS = (BEFORE, SHUFFLE, MAJORITY)
FEWEST_TEXTS = 4
"""By which a place is chosen, and by which it is judged."""


@dataclass(frozen=True)
class Gain:
    """What vectors of a block or head at the label say beyond controls, on texts that did not choose it."""

    block: int
    head: int
    """`ALL_HEADS` for the mean over the block's heads."""
    accuracy: Measure
    """At the label (offset 0)."""
    controls: dict[str, Measure]
    gain: Measure
    """Accuracy less the strongest control, which is chosen anew in every resample."""
    n_texts: int


@dataclass(frozen=True)
class Probe:
    """One target predicted from keys or from values."""

    vector: str
    target: str
    accuracy: np.ndarray
    """(block, offset) mean over heads."""
    shuffled: np.ndarray
    """(block, offset) the same with shuffled targets."""
    scaled: np.ndarray
    """(block, offset) with the penalty that grows with the number of items."""
    by_head: np.ndarray
    """(block, head) at the label."""
    majority: float
    n_targets: int
    """Different targets: with a single one nothing can be told."""
    gain: Gain | None
    """Of a block; None where there is a single target, or fewer than 8 texts."""
    head_gain: Gain | None
    """Of a single head, likewise."""


@dataclass(frozen=True)
class Features:
    """What was found on one model and task."""

    model: str
    task: str
    blocks: tuple[int, ...]
    probes: tuple[Probe, ...]

    def probe(self, vector: str, target: str) -> Probe:
        """Return one of `probes`."""
        return next(p for p in self.probes if (p.vector, p.target) == (vector, target))


@once_per_table
def features(rows: pa.Table, draws: int) -> list[Features]:
    """Read every model and task that was measured, in sorted order; all seeds together."""
    if "part" not in rows.column_names:
        return []
    mine = where(rows, part=PART)
    found = []
    for model, task in models_and_tasks(mine):
        table = where(mine, model=model, task=task)
        blocks = tuple(sorted(set(table["block"].to_pylist())))
        found.append(Features(model, task, blocks, tuple(_probes(table, blocks, draws))))
    return found


def _probes(table: pa.Table, blocks: tuple[int, ...], draws: int) -> Iterator[Probe]:
    for vector, targets in PROBED.items():
        for target in targets:
            mine = where(table, vector=vector, target=target).to_pylist()
            grids = {
                (penalty, mixed): _grid(mine, blocks, penalty, mixed)
                for penalty, mixed in ((PENALTIES[0], False), (PENALTIES[0], True), (PENALTIES[1], False))
            }
            n_targets = min(row["n_targets"] for row in mine)
            yield Probe(
                vector=vector,
                target=target,
                accuracy=grids[PENALTIES[0], False],
                shuffled=grids[PENALTIES[0], True],
                scaled=grids[PENALTIES[1], False],
                by_head=_by_head(mine, blocks),
                majority=float(np.mean([row["majority"] for row in mine])),
                n_targets=n_targets,
                gain=_gain([r for r in mine if r["head"] == ALL_HEADS], draws) if n_targets > 1 else None,
                head_gain=_gain([r for r in mine if r["head"] != ALL_HEADS], draws)
                if n_targets > 1
                else None,
            )


def _grid(rows: list[dict], blocks: tuple[int, ...], penalty: str, mixed: bool) -> np.ndarray:
    """Average accuracy over seeds, (block, offset)."""
    grid = np.zeros((len(blocks), len(OFFSETS)))
    counts = np.zeros_like(grid)
    for row in rows:
        if row["head"] == ALL_HEADS and (row["penalty"], row["shuffled"]) == (penalty, mixed):
            at = blocks.index(row["block"]), OFFSETS.index(row["offset"])
            grid[at] += row["accuracy"]
            counts[at] += 1
    return grid / np.maximum(counts, 1)


def _by_head(rows: list[dict], blocks: tuple[int, ...]) -> np.ndarray:
    """Average accuracy at the label over seeds, (block, head)."""
    own = [r for r in rows if r["head"] != ALL_HEADS and r["offset"] == 0 and not r["shuffled"]]
    own = [r for r in own if r["penalty"] == PENALTIES[0]]
    grid = np.zeros((len(blocks), 1 + max(r["head"] for r in own)))
    for row in own:
        grid[blocks.index(row["block"]), row["head"]] += row["accuracy"]
    return grid * grid.size / len(own)


def _gain(rows: list[dict], draws: int) -> Gain | None:
    """Choose a place, a block or a head, on half of the texts, and judge it on the rest."""
    rows = [row for row in rows if judged(row)]
    places = sorted({(row["block"], row["head"]) for row in rows})
    lists: dict[tuple[int, bool, tuple[int, int]], list[list[float]]] = {}
    for row in rows:
        key = row["offset"], row["shuffled"], (row["block"], row["head"])
        lists.setdefault(key, []).append(row["by_text"])
    own, before, mixed = (
        np.stack([np.concatenate(lists[offset, shuffled, place]) for place in places])
        for offset, shuffled in ((0, False), (OFFSETS[0], False), (0, True))
    )
    first = [row for row in rows if (row["offset"], row["shuffled"]) == (0, False)]
    first = [row for row in first if (row["block"], row["head"]) == places[0]]
    text = np.concatenate([row["texts"] for row in first])
    majority = np.repeat([row["majority"] for row in first], [len(row["texts"]) for row in first])
    names = [str(rows[0][name]) for name in ("model", "task")]
    # At random: in a pool whose classes take turns, every other text has the same label.
    rng = stream("kernel-regression features halves", *names)
    chooses = (rng.permutation(text.max() + 1) % 2 == 0)[text]
    if min(chooses.sum(), (~chooses).sum()) < FEWEST_TEXTS:
        return None
    best = int((own - np.maximum(before, mixed))[:, chooses].mean(axis=1).argmax())
    columns = np.stack([own[best], before[best], mixed[best], majority], axis=1)[~chooses]
    rng = stream("kernel-regression features bootstrap", *names)
    drawn = np.vstack([columns.mean(axis=0), bootstrap_means(columns, text[~chooses], draws, rng)])
    block, head = places[best]
    return Gain(
        block=block,
        head=head,
        accuracy=Measure.of(drawn[:, 0]),
        controls={name: Measure.of(drawn[:, i + 1]) for i, name in enumerate(CONTROLS)},
        gain=Measure.of(drawn[:, 0] - drawn[:, 1:].max(axis=1)),
        n_texts=len(np.unique(text[~chooses])),
    )
