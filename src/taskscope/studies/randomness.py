"""Random numbers that depend on what they are for, and on nothing else."""

from __future__ import annotations

import hashlib

import numpy as np

from taskscope.runs.cell import canonical_json


def stream(*parts: object) -> np.random.Generator:
    """Return a generator that depends on the parts alone: JSON values, never order or process.

    Design numerics 8; task-vector protocol P4, where draws from sets differed from process to process.
    """
    digest = hashlib.sha256(canonical_json(list(parts)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))
