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
from taskscope.studies.kernel_regression.features.rows import ALL_HEADS, OFFSETS, PART, PROBED
from taskscope.studies.randomness import stream

BEFORE, SHUFFLE, MAJORITY = "one token before the label", "shuffled targets", "most frequent target"
CONTROLS = (BEFORE, SHUFFLE, MAJORITY)


@dataclass(frozen=True)
class Gain:
    """What vectors of a block at the label say beyond every control, on texts that did not choose it."""

    block: int
    accuracy: Measure
    """Mean over the block's heads at the label (offset 0)."""
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
    """None where there is a single target, or fewer than 8 texts."""


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
                gain=_gain(mine, blocks, draws) if n_targets > 1 else None,
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


def _gain(rows: list[dict], blocks: tuple[int, ...], draws: int) -> Gain | None:
    """Choose a block on every other text, and judge it on the rest."""
    by_text: dict[tuple[int, bool], list[np.ndarray]] = {}
    texts, majority = [], []
    for row in rows:
        if row["head"] != ALL_HEADS or row["penalty"] != PENALTIES[0]:
            continue
        by_text.setdefault((row["offset"], row["shuffled"]), []).append(np.array(row["by_text"]))
        if (row["offset"], row["shuffled"], row["block"]) == (0, False, blocks[0]):
            texts.append(np.array(row["texts"]))
            majority.append(np.full(len(row["texts"]), row["majority"]))
    text = np.concatenate(texts)
    own, before, mixed = (
        _by_block(by_text[key], len(blocks)) for key in ((0, False), (OFFSETS[0], False), (0, True))
    )
    chooses = text % 2 == 0
    if min(chooses.sum(), (~chooses).sum()) < 4:
        return None
    block = int((own - np.maximum(before, mixed))[:, chooses].mean(axis=1).argmax())
    columns = np.stack([own[block], before[block], mixed[block], np.concatenate(majority)], axis=1)[~chooses]
    rng = stream("kernel-regression features bootstrap", *(str(rows[0][name]) for name in ("model", "task")))
    drawn = np.vstack([columns.mean(axis=0), bootstrap_means(columns, text[~chooses], draws, rng)])
    return Gain(
        block=blocks[block],
        accuracy=Measure.of(drawn[:, 0]),
        controls={name: Measure.of(drawn[:, i + 1]) for i, name in enumerate(CONTROLS)},
        gain=Measure.of(drawn[:, 0] - drawn[:, 1:].max(axis=1)),
        n_texts=len(np.unique(text[~chooses])),
    )


def _by_block(parts: list[np.ndarray], n_blocks: int) -> np.ndarray:
    """Put the lists of all seeds, each block after block, into (block, text)."""
    return np.stack([np.concatenate(parts[block::n_blocks]) for block in range(n_blocks)])
