"""The rows of the parts that need no model; each has its own columns, side by side in the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from taskscope.studies.columns import where

GRAPHS, EMERGENCE, MECHANISMS, COLLAGES = "graphs", "emergence", "mechanisms", "collages"
KINDS, PICTURES, SCALING = "collage kinds", "pictures", "scaling"
"""What the column `part` says."""

WORST, CHANCE, CLUSTERED = "worst failures found", "random failures", "skills in clusters"
"""What happens to one graph: an adversary, failures at random, an adversary on a clustered graph."""

_COLLAGE = [
    ("condition", pa.string()),
    ("training", pa.int64()),
    ("digits", pa.string()),  # those of a test collage, tile by tile: "0379"
    ("hits", pa.string()),  # 1 for each that is among as many highest classes: "1101"
    ("first", pa.bool_()),  # the highest class is one of them
    ("mass", pa.float64()),  # probability that it gives all of them together
]
_LATER = {"mass"}
"""Columns that runs from before they were kept do without."""

SCHEMAS = {
    GRAPHS: pa.schema(
        [
            ("part", pa.string()),
            ("setting", pa.string()),
            ("n_texts", pa.int64()),
            ("n_skills", pa.int64()),
            ("k", pa.int64()),
            ("theta", pa.float64()),
            ("alpha", pa.float64()),
            ("enumerated", pa.bool_()),
            ("failures", pa.string()),  # WORST, CHANCE or CLUSTERED
            ("graph", pa.int64()),
            ("beta", pa.float64()),  # edges to left-out skills over those expected
            ("above", pa.float64()),  # share of skills failed more often than the theorem's beta theta
        ]
    ),
    EMERGENCE: pa.schema(
        [
            ("part", pa.string()),
            ("graph", pa.int64()),
            ("link", pa.string()),
            ("mode", pa.string()),
            ("tokens", pa.float64()),
            ("theta", pa.float64()),
            ("t", pa.int64()),  # skills used together
            ("competence", pa.float64()),  # mean over the worst share alpha of sets
        ]
    ),
    MECHANISMS: pa.schema(
        [
            ("part", pa.string()),
            ("law", pa.string()),
            ("condition", pa.string()),
            ("per_text", pa.float64()),  # skills of a text, where the law has them
            ("x", pa.float64()),
            ("simulated", pa.float64()),
            ("predicted", pa.float64()),
        ]
    ),
    SCALING: pa.schema(
        [
            ("part", pa.string()),
            ("source", pa.string()),  # the built-in series, or the name of a table
            ("trained", pa.string()),  # which training it was; its milestones share their noise
            ("text", pa.string()),  # what the loss is on
            ("parameters", pa.float64()),
            ("tokens", pa.float64()),
            ("loss", pa.float64()),  # nats per token, or the unit of the table
        ]
    ),
    COLLAGES: pa.schema([("part", pa.string()), *_COLLAGE]),
    KINDS: pa.schema(
        [
            ("part", pa.string()),
            ("grid", pa.int64()),  # tiles to a side
            ("classes", pa.int64()),  # digits to tell apart
            ("named", pa.int64()),  # the tile whose digit is the label; null for any
            *_COLLAGE,
        ]
    ),
    PICTURES: pa.schema(
        [
            ("part", pa.string()),
            ("condition", pa.string()),
            ("digits", pa.string()),  # the four of a test collage, tile by tile
            ("pixels", pa.string()),  # brightness of the collage, row by row, a digit from 0 to f each
            ("chances", pa.list_(pa.float64())),  # what the classifier gives each of the ten classes
        ]
    ),
}


def to_rows(part: str, records: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay records out under the part's schema."""
    return pa.Table.from_pylist([{"part": part, **record} for record in records], schema=SCHEMAS[part])


def of_part(rows: pa.Table, part: str) -> list[dict[str, Any]]:
    """Return the records of one part, none if it was not measured."""
    missing = set(SCHEMAS[part].names) - set(rows.column_names)
    if missing - _LATER:
        return []
    kept = [name for name in SCHEMAS[part].names if name not in missing]
    return where(rows, part=part).select(["seed", *kept]).to_pylist()
