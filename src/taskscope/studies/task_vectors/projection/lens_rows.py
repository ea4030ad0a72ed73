"""The rows of thetas read through a tuned lens, and of how well it says what the model will (E6 iii)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.part_rows import of_part

PART, FIT = "tuned lens", "tuned lens fit"
TARGET = "target"
"""The column that says the task: one cell holds them all."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
FITS = pa.schema(
    [
        ("part", _TEXT),
        ("block", pa.int32()),
        ("text", pa.int32()),  # number of the held-out piece of text
        ("n_tokens", pa.int32()),  # of it that were read
        ("logit", pa.float32()),  # nats: read out as it is, from what is read after the last block; mean
        ("tuned", pa.float32()),  # the same, translated first
    ]
)


def fit_rows(block: int, text: np.ndarray, logit: np.ndarray, tuned: np.ndarray) -> pa.Table:
    """Lay out how far both lenses are off on held-out text.

    Args:
        block: After which block.
        text: (state,) the piece of text that each state is of, counted from 0.
        logit: (state,) nats.
        tuned: (state,) nats.
    """
    count = np.bincount(text)
    columns = {
        "part": [FIT] * len(count),
        "block": [block] * len(count),
        "text": np.arange(len(count)),
        "n_tokens": count,
        "logit": np.bincount(text, logit) / count,
        "tuned": np.bincount(text, tuned) / count,
    }
    return pa.table({name: pa.array(values, FITS.field(name).type) for name, values in columns.items()})


def nothing_to_read() -> pa.Table:
    """Return the one row of a model from whose states no description word can be read."""
    return pa.Table.from_pylist([{"part": FIT}], schema=FITS)


def with_target(rows: pa.Table, task: str) -> pa.Table:
    """Say of rows which task they are of."""
    named = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows.num_rows), pa.int32()), [task])
    return rows.append_column(TARGET, named)


@dataclass(frozen=True)
class Fit:
    """How far both lenses are off after one block, on held-out text."""

    block: int
    n_tokens: int
    logit: float
    """Mean over tokens, nats; so is the tuned lens."""
    tuned: float
    n_better: int
    """Pieces of text on which the tuned lens is the one that is less off."""
    n_texts: int

    @property
    def learnt(self) -> bool:
        """Whether the tuned lens says better than the logit lens what the model will."""
        return self.tuned < self.logit


def fits(rows: pa.Table, model: str) -> list[Fit]:
    """Read back the fits of one model in the order of its blocks; none where no lens was tuned.

    Args:
        rows: Rows of the whole study.
        model: Label.
    """
    table = of_part(rows, FIT)
    if table.num_rows == 0:
        return []
    mine = table.filter(pc.equal(table["model"].cast(pa.string()), model))  # type: ignore[attr-defined]
    by_block: dict[int, list[dict]] = {}
    for row in mine.select(FITS.names).to_pylist():
        if row["block"] is not None:
            by_block.setdefault(row["block"], []).append(row)
    return [_fit(block, by_block[block]) for block in sorted(by_block)]


def _fit(block: int, rows: Sequence[dict]) -> Fit:
    count = np.array([row["n_tokens"] for row in rows])
    logit, tuned = (np.array([row[name] for row in rows]) for name in ("logit", "tuned"))
    return Fit(
        block=block,
        n_tokens=int(count.sum()),
        logit=float(np.average(logit, weights=count)),
        tuned=float(np.average(tuned, weights=count)),
        n_better=int((tuned < logit).sum()),
        n_texts=len(rows),
    )
