"""The rows of mixed skills: one per model and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.models.series import Place
from taskscope.studies.columns import where
from taskscope.tasks.text_skills.skills import SKILLS

Array = np.ndarray

MIX = "mix"
"""What the column `part` says."""
JOIN = "+"
"""What stands between the names of skills."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", pa.string()),
        ("parameters", pa.float64()),
        ("pretraining_tokens", pa.float64()),  # null where nobody says
        ("k", pa.int64()),  # skills asked for
        ("text", pa.int32()),  # number of the request
        ("sample", pa.int32()),  # 0 for the greedy text, from 1 for those drawn; null before there were any
        ("topic", _TEXT),
        ("asked", _TEXT),  # skills in the order in which they were named
        ("chat", pa.bool_()),  # asked through the model's chat template
        ("said", pa.string()),
        ("met", pa.string()),  # all skills that the text shows, asked for or not
        ("on_topic", pa.bool_()),  # names its topic; told, not judged
        ("unfinished", pa.bool_()),  # the model wrote on until it was stopped
    ]
)


@dataclass(frozen=True)
class Mix:
    """All texts of one model, of all seeds: those written greedily, or those drawn."""

    model: str
    parameters: float
    tokens: float | None
    chat: bool
    asked: Array
    """bool (text, skill): skills asked for, in the order of `SKILLS`."""
    met: Array
    """bool (text, skill): skills shown."""
    requests: Array
    """int (text,): which request it answers."""
    topics: Array
    """str (text,)."""
    on_topic: Array
    """bool (text,)."""
    unfinished: Array
    """bool (text,)."""
    different: int
    """Different texts among them."""

    @property
    def k(self) -> Array:
        """Skills asked of every text, (text,)."""
        return self.asked.sum(axis=1)


def to_rows(place: Place, texts: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay out what a model wrote.

    Args:
        place: Where the model stands.
        texts: One mapping per text, from every other column of the schema to its value.
    """
    same = {
        "part": MIX,
        "parameters": float(place.parameters),
        "pretraining_tokens": place.tokens and float(place.tokens),
    }
    return pa.Table.from_pylist([{**same, **one} for one in texts], schema=SCHEMA)


def mixes(rows: pa.Table, *, drawn: bool = False) -> list[Mix]:
    """Read the texts of all models, from small to large and early to late.

    Args:
        rows: Of all cells.
        drawn: True for the texts that were drawn at random, False for those written greedily.
    """
    if "met" not in rows.column_names:
        return []
    known = [name for name in SCHEMA.names if name in rows.column_names]  # older runs have no samples
    told = where(rows, part=MIX).select(["model", "seed", *known]).to_pylist()
    by_model: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(told, key=lambda row: (row["seed"], row["text"], row.get("sample") or 0)):
        if bool(row.get("sample")) == drawn:
            by_model.setdefault(row["model"], []).append(row)
    found = [_mix(model, own) for model, own in by_model.items()]
    return sorted(found, key=lambda each: (each.parameters, each.tokens or 0.0, each.model))


def _mix(model: str, rows: Sequence[Mapping[str, Any]]) -> Mix:
    return Mix(
        model,
        rows[0]["parameters"],
        rows[0]["pretraining_tokens"],
        rows[0]["chat"],
        asked=_named([row["asked"] for row in rows]),
        met=_named([row["met"] for row in rows]),
        requests=np.unique([(row["seed"], row["text"]) for row in rows], axis=0, return_inverse=True)[1],
        topics=np.array([row["topic"] for row in rows]),
        on_topic=np.array([row["on_topic"] for row in rows]),
        unfinished=np.array([row["unfinished"] for row in rows]),
        different=len({row["said"] for row in rows}),
    )


def _named(texts: Sequence[str]) -> Array:
    return np.array([[name in text.split(JOIN) for name in SKILLS] for text in texts])
