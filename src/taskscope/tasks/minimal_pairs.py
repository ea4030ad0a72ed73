"""Minimal pairs: a good and a bad sentence that differ in one point of grammar, as in BLiMP.

A paradigm is one contrast with many pairs; paradigms are grouped in phenomena, twelve of them in BLiMP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taskscope.errors import TaskError
from taskscope.runs.cell import canonical_json

PHENOMENA: dict[str, str] = {
    "anaphor_agreement": "A-AGR",
    "argument_structure": "ARG-S",
    "binding": "BIND",
    "control_raising": "CON-R",
    "determiner_noun_agreement": "DN-AGR",
    "ellipsis": "ELLIP",
    "filler_gap_dependency": "FG-DEP",
    "irregular_forms": "IRR-F",
    "island_effects": "ISL-E",
    "npi_licensing": "NPI-L",
    "quantifiers": "QUANT",
    "subject_verb_agreement": "SV-AGR",
}
"""The twelve phenomena of BLiMP with their short names, in the order in which they are listed."""

FIELDS = ("morphology", "syntax", "semantics", "syntax-semantics")
"""Fields of linguistics in one spelling each."""

Method = Literal["simple", "one-prefix", "two-prefix"]
"""How a pair may be compared: whole sentences, one prefix with two words, or two prefixes with one word."""


class MinimalPair(BaseModel):
    """Two sentences of which people accept the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    """Unique within the paradigm."""
    good: str
    bad: str

    @property
    def is_identical(self) -> bool:
        """True where both sentences are the same: scored one half, and no use for training."""
        return self.good == self.bad


class Paradigm(BaseModel):
    """One contrast of grammar with its pairs.

    Raises:
        TaskError: If fewer than two pairs differ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    phenomenon: str
    """One of `PHENOMENA` in BLiMP; any name in a user's own file."""
    field: str = ""
    """One of `FIELDS` in BLiMP; may be empty elsewhere."""
    methods: frozenset[Method] = frozenset({"simple"})
    """Comparisons that its authors allow; whole sentences are allowed in every published paradigm."""
    lexically_identical: bool = False
    """True where both sentences are made of the same words."""
    pairs: tuple[MinimalPair, ...]
    source: str = ""
    """What `pair_registry.get` finds it by: empty for one of our own, else a set, a path or an id."""

    @model_validator(mode="after")
    def _usable(self) -> Paradigm:
        differing = sum(not pair.is_identical for pair in self.pairs)
        if differing < 2:
            raise TaskError(
                f"Paradigm {self.name!r} has {len(self.pairs)} pairs, of which {differing} differ.",
                "at least two pairs of sentences that differ: one to learn from and one to judge by",
                "more lines for this paradigm, each with a good sentence and another, bad one",
            )
        return self

    @property
    def short(self) -> str:
        """The phenomenon as it stands in tables and on axes."""
        return PHENOMENA.get(self.phenomenon, self.phenomenon)

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over its names and sentences, in order."""
        shown = {
            "name": self.name,
            "phenomenon": self.phenomenon,
            "pairs": [[pair.number, pair.good, pair.bad] for pair in self.pairs],
        }
        return hashlib.sha256(canonical_json(shown).encode()).hexdigest()


def in_order(paradigms: Sequence[Paradigm]) -> tuple[Paradigm, ...]:
    """Sort by phenomenon, BLiMP's first and in their order, and then by name."""
    order = list(PHENOMENA)

    def place(paradigm: Paradigm) -> tuple[int, str, str]:
        known = paradigm.phenomenon in PHENOMENA
        return (
            order.index(paradigm.phenomenon) if known else len(order),
            paradigm.phenomenon,
            paradigm.name,
        )

    return tuple(sorted(paradigms, key=place))


def credit(good: np.ndarray, bad: np.ndarray, pairs: Sequence[MinimalPair]) -> np.ndarray:
    """Say how right a model is on each pair: 1 if the good sentence is likelier, 0 if not, 0.5 if identical.

    Args:
        good: Log-probabilities of the good sentences, (pair,).
        bad: Of the bad ones, (pair,).
        pairs: The pairs, in the same order.

    Returns:
        float64 (pair,).
    """
    identical = np.array([pair.is_identical for pair in pairs], dtype=bool)
    return np.where(identical, 0.5, np.asarray(good) > np.asarray(bad)).astype(float)
