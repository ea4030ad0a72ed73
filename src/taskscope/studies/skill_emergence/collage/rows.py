"""What is trained, and the outcome of every test collage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray

TILES, SHUFFLED, PLAIN = "one digit detector for all tiles", "the same, labels shuffled", "a plain network"
ONE_BY_ONE = "a detector for each digit, learned alone"
"""The stand-in for a pretrained vision model, its control, a network that must find the tiles itself, and the
first taken apart: ten detectors, each with a tenth of the collages."""
CONDITIONS = (TILES, SHUFFLED, PLAIN, ONE_BY_ONE)
BACKBONE = "a pretrained vision model, frozen"
"""Trained too where one is given: a reader of what it sees at every place of the whole collage."""


@dataclass(frozen=True)
class Outcomes:
    """All test collages of all trainings under one condition."""

    hits: Array
    """bool (training, collage, tile): the digit is among the four highest classes."""
    classes: Array
    """int (training, collage, tile)."""
    first: Array
    """bool (training, collage): the highest class is one of the four."""

    @property
    def exact(self) -> Array:
        """Share of collages whose four digits are the four highest, (training,)."""
        return self.hits.all(axis=2).mean(axis=1)

    @property
    def recall(self) -> Array:
        """Share of digits among the four highest, (training,)."""
        return self.hits.mean(axis=(1, 2))

    @property
    def product(self) -> Array:
        """Share of exact collages if digits were found independently, by their recalls, (training,)."""
        found = []
        for hits, classes in zip(self.hits, self.classes, strict=True):
            counts = np.bincount(classes.ravel(), minlength=10)
            recall = np.bincount(classes.ravel(), weights=hits.ravel(), minlength=10) / np.maximum(counts, 1)
            found.append(recall[classes].prod(axis=1).mean())
        return np.array(found)


def records(condition: str, training: int, classes: Array, hits: Array, first: Array) -> list[dict[str, Any]]:
    """Lay the test collages of one training out as records; four digits in one text, found ones as 1."""
    texts = zip(classes.tolist(), hits.astype(int).tolist(), first.tolist(), strict=True)
    return [
        {
            "condition": condition,
            "training": training,
            "digits": "".join(map(str, digits)),
            "hits": "".join(map(str, found)),
            "first": bool(top),
        }
        for digits, found, top in texts
    ]


def outcomes(told: Sequence[dict[str, Any]]) -> dict[str, Outcomes]:
    """Read records back, by condition."""
    grouped: dict[str, dict[tuple[int, int], list[dict[str, Any]]]] = {}
    for record in told:
        unit = (record["seed"], record["training"])
        grouped.setdefault(record["condition"], {}).setdefault(unit, []).append(record)
    found = {}
    for condition in (name for name in (*CONDITIONS, BACKBONE) if name in grouped):
        units = [grouped[condition][unit] for unit in sorted(grouped[condition])]
        digits = np.array([[list(map(int, r["digits"])) for r in unit] for unit in units])
        hits = np.array([[[c == "1" for c in r["hits"]] for r in unit] for unit in units])
        first = np.array([[r["first"] for r in unit] for unit in units])
        found[condition] = Outcomes(hits, digits, first)
    return found
