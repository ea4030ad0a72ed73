"""The rows of a map cell: one per response map, arm, draw of demonstrations and query; and one per map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated

PART = "maps"
"""What the column `part` says in rows of answers."""
FACTS = "map facts"
"""What it says in the one row of each map."""

RENAMING = "the renaming alone"
RENAMED_TASK = "the renamed task"
"""The two arms that ask the model: label word -> image (tau_g), and text -> image of its label (tau_RA)."""
WITHHELD = "a name never shown"
"""The renaming asked for a label that no demonstration shows: what is known of a map beside pairs (9.3)."""
APART = "the renamed task, parts shown apart"
TASK_SHOWN = "the renamed task, the task alone shown"
RENAMING_SHOWN = "the renamed task, the renaming alone shown"
SHOWN = (APART, TASK_SHOWN, RENAMING_SHOWN)
"""The renamed task asked where no demonstration shows it: texts under their own labels and labels under new
words stand among the demonstrations, or one of the two (9.4)."""


def linear(steps: int | float) -> str:
    """Name the arm of the linear map after a number of gradient steps."""
    return "linear map, to the end" if np.isinf(steps) else f"linear map, {steps:g} steps"


_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("kind", _TEXT),  # of the map: random, synonym, antonym, keyword ...
        ("map", pa.int32()),  # number of the map within its kind
        ("arm", _TEXT),
        ("n_classes", pa.int16()),
        ("set", pa.int32()),  # number of the draw of demonstrations
        ("query", pa.int32()),
        ("gold", pa.int16()),
        ("predicted", pa.int16()),
        ("missing", pa.bool_()),  # the query's class is not among the demonstrations
    ]
)
FACTS_SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("kind", _TEXT),
        ("map", pa.int32()),
        ("n_classes", pa.int16()),
        ("images", pa.list_(pa.string())),
        ("prior", pa.float64()),  # mean log p of the images behind a query alone, nats
        ("prior_spread", pa.float64()),  # highest minus lowest of them, nats
        ("rank", pa.float64()),  # mean log of the images' token numbers: rarer words have higher ones
        ("norm", pa.float64()),  # mean length of the images' embeddings
        ("likeness", pa.float64()),  # mean cosine between images
        ("nearness", pa.float64()),  # mean cosine between label and image
        ("tokens", pa.float64()),  # mean number of tokens of an image
    ]
)
COVARIATES = ("prior", "prior_spread", "rank", "norm", "likeness", "nearness")
"""What two tasks with the same images may share beside the map (protocol 6, partial correlation)."""


@dataclass(frozen=True)
class Facts:
    """One map, and what might make its images awkward; fields as in `FACTS_SCHEMA`."""

    kind: str
    map: int
    images: tuple[str, ...]
    prior: float
    prior_spread: float
    rank: float
    norm: float
    likeness: float
    nearness: float
    tokens: float


def answer_rows(
    kind: str,
    maps: np.ndarray,
    arm: str,
    n_classes: int,
    gold: np.ndarray,
    predicted: np.ndarray,
    missing: np.ndarray,
) -> pa.Table:
    """Lay the answers of one arm out as rows.

    Args:
        kind: Of the maps.
        maps: (map,) their numbers.
        arm: Which.
        n_classes: Classes of the task.
        gold: (map, set, query) class.
        predicted: (map, set, query) class.
        missing: (map, set, query) bool.
    """
    number, set_, query = (index.ravel() for index in np.indices(gold.shape))
    columns = {
        "part": repeated(PART, gold.size),
        "kind": repeated(kind, gold.size),
        "map": maps[number],
        "arm": repeated(arm, gold.size),
        "n_classes": np.full(gold.size, n_classes),
        "set": set_,
        "query": query,
        "gold": gold.ravel(),
        "predicted": predicted.ravel(),
        "missing": missing.ravel(),
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def fact_rows(facts: Sequence[Facts], n_classes: int) -> pa.Table:
    """Lay the facts of maps out as rows."""
    columns: dict[str, Any] = {
        f.name: [getattr(each, f.name) for each in facts] for f in FACTS_SCHEMA if f.name in _OWN
    }
    columns["part"] = repeated(FACTS, len(facts))
    columns["kind"] = pa.array(columns["kind"]).dictionary_encode()
    columns["n_classes"] = np.full(len(facts), n_classes)
    return pa.table([pa.array(columns[f.name], f.type) for f in FACTS_SCHEMA], schema=FACTS_SCHEMA)


_OWN = tuple(Facts.__dataclass_fields__)
