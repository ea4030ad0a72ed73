"""Published numbers of the account, for marks on axes (protocol E5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "published.json"


@dataclass(frozen=True)
class NaturalMaps:
    """One cell of the published table: macro-F1 of the renaming alone, from 0 to 1."""

    labels: int
    """How many label words there were."""
    kind: str
    mean: float
    sd: float


@cache
def natural_maps() -> tuple[NaturalMaps, ...]:
    """Return the published table of random and natural maps."""
    table = json.loads(_FILE.read_text(encoding="utf-8"))["natural_maps"]
    return tuple(NaturalMaps(row["labels"], row["kind"], row["mean"] / 100, row["sd"] / 100) for row in table)
