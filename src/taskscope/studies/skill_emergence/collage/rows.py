"""What is trained, and the outcome of every test collage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taskscope.studies.skill_emergence.collage.kinds import Kind

Array = np.ndarray

TILES, SHUFFLED, PLAIN = "one digit detector for all tiles", "the same, labels shuffled", "a plain network"
ONE_BY_ONE = "a detector for each digit, learned alone"
"""The stand-in for a pretrained vision model, its control, a network that must find the tiles itself, and the
first taken apart: ten detectors, each with a tenth of the collages."""
NEVER_TOGETHER = "the same, asked for pairs never shown together"
"""The first, where no training collage holds certain pairs of digits and every test collage one of them."""
RELABELLED, ALL_TOLD = "the same, a new label every epoch", "the same, all four labels told"
"""What more labels bring: a label drawn anew is all four of them after some epochs."""
PERCEPTRON, TRANSFORMER = "a perceptron", "a small vision transformer"
"""Other networks from scratch, which share less between places than the plain one."""
CONDITIONS = (
    *(TILES, SHUFFLED, PLAIN, ONE_BY_ONE),
    *(NEVER_TOGETHER, RELABELLED, ALL_TOLD, PERCEPTRON, TRANSFORMER),
)
PROBE = "a detector pretrained on single digits, frozen"
"""Another stand-in for a pretrained vision model: single digits are learned with their names first, then one
reader of what the detector sees learns from the collages."""
LEARNED_BEFORE, TILES_MOVED = (
    "a plain network pretrained on single digits",
    "the same, tiles shuffled every epoch",
)
LOGITS, REPEATED, LONGER = (
    "the detector, its logits averaged",
    "the detector, digits repeat in training",
    "the detector, trained too long",
)
EXTRAS = {
    "probe": PROBE,
    "plain-pretrained": LEARNED_BEFORE,
    "plain-shuffled": TILES_MOVED,
    "logits": LOGITS,
    "repeats": REPEATED,
    "longer": LONGER,
}
"""Other rows of the protocol's table, by the names that parameters know them under. The last trains seven
times as many epochs and keeps the last: a label learned by heart tells nothing of the other digits."""
BACKBONE = "a pretrained vision model, frozen"
"""Trained too where one is given: a reader of what it sees at every place of the whole collage."""


EXAMPLES = 5
"""Test collages of which the picture is kept, of the first training under each condition."""
_SIDE = 16
"""Pixels to a side of a kept picture at most; larger ones are averaged."""


@dataclass(frozen=True)
class Outcomes:
    """All test collages of all trainings under one condition."""

    hits: Array
    """bool (training, collage, tile): the digit is among as many highest classes as there are tiles."""
    classes: Array
    """int (training, collage, tile)."""
    first: Array
    """bool (training, collage): the highest class is one of the collage's."""
    mass: Array
    """float (training, collage): probability of all the collage's digits together; NaN in rows without it."""

    @property
    def exact(self) -> Array:
        """Share of collages whose digits are all on top, (training,)."""
        return self.hits.all(axis=2).mean(axis=1)

    @property
    def recall(self) -> Array:
        """Share of digits on top, (training,)."""
        return self.hits.mean(axis=(1, 2))

    def places(self, tile: int) -> tuple[Array, Array]:
        """Share of digits on top at one tile, and at the other tiles, (training,) each."""
        return self.hits[:, :, tile].mean(axis=1), np.delete(self.hits, tile, axis=2).mean(axis=(1, 2))

    @property
    def product(self) -> Array:
        """Share of exact collages if digits were found independently, by their recalls, (training,)."""
        found = []
        for hits, classes in zip(self.hits, self.classes, strict=True):
            counts = np.bincount(classes.ravel(), minlength=10)
            recall = np.bincount(classes.ravel(), weights=hits.ravel(), minlength=10) / np.maximum(counts, 1)
            found.append(recall[classes].prod(axis=1).mean())
        return np.array(found)


def records(
    condition: str, training: int, classes: Array, hits: Array, first: Array, mass: Array | None = None
) -> list[dict[str, Any]]:
    """Lay the test collages of one training out as records; their digits in one text, found ones as 1."""
    masses = [None] * len(classes) if mass is None else mass.tolist()
    texts = zip(classes.tolist(), hits.astype(int).tolist(), first.tolist(), masses, strict=True)
    return [
        {
            "condition": condition,
            "training": training,
            "digits": "".join(map(str, digits)),
            "hits": "".join(map(str, found)),
            "first": bool(top),
            "mass": held,
        }
        for digits, found, top, held in texts
    ]


def examples(condition: str, images: Array, classes: Array, chances: Array) -> list[dict[str, Any]]:
    """Lay the first few test collages out as records, with their pictures.

    Args:
        condition: How the classifier was trained.
        images: (collage, side, side), brightness from 0 to 1.
        classes: (collage, tile), the digits in them.
        chances: (collage, class), what the classifier says.
    """
    step = -(-images.shape[-1] // _SIDE)
    kept = images[:EXAMPLES, : images.shape[1] // step * step, : images.shape[2] // step * step]
    small = kept.reshape(len(kept), kept.shape[1] // step, step, -1, step).mean(axis=(2, 4))
    told = zip(np.rint(15 * small).astype(int), classes.tolist(), chances.tolist(), strict=False)
    return [
        {
            "condition": condition,
            "digits": "".join(map(str, digits)),
            "pixels": "".join(f"{value:x}" for value in image.ravel()),
            "chances": given,
        }
        for image, digits, given in told
    ]


def outcomes(told: Sequence[dict[str, Any]]) -> dict[str, Outcomes]:
    """Read records of collages of one kind back, by condition."""
    grouped: dict[str, dict[tuple[int, int], list[dict[str, Any]]]] = {}
    for record in told:
        unit = (record["seed"], record["training"])
        grouped.setdefault(record["condition"], {}).setdefault(unit, []).append(record)
    found = {}
    for condition in (name for name in (*CONDITIONS, *EXTRAS.values(), BACKBONE) if name in grouped):
        units = [grouped[condition][unit] for unit in sorted(grouped[condition])]
        digits = np.array([[list(map(int, r["digits"])) for r in unit] for unit in units])
        hits = np.array([[[c == "1" for c in r["hits"]] for r in unit] for unit in units])
        first = np.array([[r["first"] for r in unit] for unit in units])
        mass = np.array([[r.get("mass") for r in unit] for unit in units], dtype=float)
        found[condition] = Outcomes(hits, digits, first, mass)
    return found


def by_kind(told: Sequence[dict[str, Any]]) -> dict[Kind, dict[str, Outcomes]]:
    """Read records of several kinds back: those with a tile that is always named first, then by size."""
    grouped: dict[Kind, list[dict[str, Any]]] = {}
    for record in told:
        kind = Kind(grid=record["grid"], classes=record["classes"], named=record["named"])
        grouped.setdefault(kind, []).append(record)
    order = sorted(grouped, key=lambda kind: (kind.named is None, kind.grid, kind.classes, kind.named or 0))
    return {kind: outcomes(grouped[kind]) for kind in order}
