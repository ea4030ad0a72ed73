"""A cell: the smallest unit that is measured, stored and resumed, and the key that identifies it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

KEY_VERSION = 1
"""Raised when the meaning of a key changes; cells of another version are never reused."""


def canonical_json(value: Any) -> str:
    """Serialise to the one JSON text that equal values share: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: If `value` holds NaN or an infinity, which JSON cannot say.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class ModelRef(BaseModel):
    """Which model a cell is measured on: its identity, and how to load it again on any worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Identity that a change of weights changes: ``org/name@commit`` or ``name@sha256:...`` for a folder."""
    label: str
    """What people call it in tables and legends."""
    dtype: str
    attention: str
    load: dict[str, Any] = {}
    """Arguments for the loader (`taskscope.models.ModelSpec`); not part of the key."""


class TaskRef(BaseModel):
    """Which task a cell uses: its name, and a fingerprint that any change of its items changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fingerprint: str
    source: str = ""
    """File the task was read from, empty for a built-in one; not part of the key."""


class Cost(BaseModel):
    """What a cell will cost, counted before it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int
    """Tokens sent through the model."""
    token_layers: int
    """Tokens times blocks, the unit in which work is planned."""


class Cell(BaseModel):
    """One (study, params, model, tasks, seed) to be measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: str
    study_version: int
    params: dict[str, Any]
    """The parameters this cell depends on, as JSON values."""
    model: ModelRef | None
    """None for cells of pure theory."""
    tasks: tuple[TaskRef, ...]
    seed: int
    measure: str
    """Dotted path ``package.module:function`` called with (cell, model); returns `Measured`."""
    cost: Cost

    @cached_property
    def key(self) -> str:
        """Sha256 over the canonical JSON of everything that may change the numbers, and nothing else."""
        identity = {
            "key_version": KEY_VERSION,
            "study": self.study,
            "study_version": self.study_version,
            "params": self.params,
            "model": None
            if self.model is None
            else {"id": self.model.id, "dtype": self.model.dtype, "attention": self.model.attention},
            "tasks": [{"name": t.name, "fingerprint": t.fingerprint} for t in self.tasks],
            "seed": self.seed,
        }
        return hashlib.sha256(canonical_json(identity).encode()).hexdigest()

    def rng(self, purpose: str = "") -> np.random.Generator:
        """Return a generator that depends on the cell and the purpose alone, never on order or process."""
        digest = hashlib.sha256(f"{self.key}/{purpose}".encode()).digest()
        return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


TOLD = "told"
"""Name of the note that holds sentences for the page: what a reader must know before trusting the rows."""


@dataclass(frozen=True)
class Measured:
    """What measuring a cell gives: its rows, arrays worth keeping, and notes about the measurement."""

    rows: pa.Table
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    """JSON values recorded beside the cell (audit results, skipped items); not used by findings."""
