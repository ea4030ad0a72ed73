"""The rows of thetas read through a tuned lens, and of how good that lens is, on text and there (E6 iii)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.part_rows import of_part

PART, FIT = "tuned lens", "tuned lens fit"
SIGNIFICANT = 0.05
TARGET = "target"
"""The column that says the task: one cell holds them all."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
FITS = pa.schema(
    [
        ("part", _TEXT),
        ("block", pa.int32()),
        ("text", pa.int32()),  # number of the held-out piece of text; null at thetas
        (TARGET, _TEXT),  # the task whose prompts these are, at their last arrow; null on text
        ("n_tokens", pa.int32()),  # that were read
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
    means = (np.bincount(text, off) / count for off in (logit, tuned))
    return _fits(block, range(len(count)), [None] * len(count), count, *means)


def theta_fit_rows(block: int, task: str, logit: np.ndarray, tuned: np.ndarray) -> pa.Table:
    """Lay out how far both lenses are off where the thetas of a task are read, at one prompt each.

    Args:
        block: After which block.
        task: Name.
        logit: (prompt,) nats.
        tuned: (prompt,) nats.
    """
    means = (np.array([off.mean()]) for off in (logit, tuned))
    return _fits(block, [None], [task], np.array([len(logit)]), *means)


def _fits(
    block: int,
    texts: Sequence[int | None],
    tasks: Sequence[str | None],
    count: np.ndarray,
    logit: np.ndarray,
    tuned: np.ndarray,
) -> pa.Table:
    n = len(count)
    columns = [[FIT] * n, [block] * n, texts, tasks, count, logit, tuned]
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, FITS, strict=True)], schema=FITS
    )


def nothing_to_read() -> pa.Table:
    """Return the one row of a model from whose states no description word can be read."""
    return pa.Table.from_pylist([{"part": FIT}], schema=FITS)


def with_target(rows: pa.Table, task: str) -> pa.Table:
    """Say of rows which task they are of."""
    named = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows.num_rows), pa.int32()), [task])
    return rows.append_column(TARGET, named)


@dataclass(frozen=True)
class Off:
    """How far both lenses are off on some states, in nats; means over these."""

    logit: float
    tuned: float
    n_nearer: int
    """Pieces of text, or tasks, on which the tuned lens is the one that is less off."""
    n: int
    n_states: int


@dataclass(frozen=True)
class Fit:
    """How far both lenses are off after one block."""

    block: int
    text: Off
    """By piece of held-out text."""
    thetas: Off
    """By task, at the prompts from which thetas are read."""

    @property
    def nearer_on_text(self) -> bool:
        """Whether the tuned lens comes nearer than the logit lens on every piece."""
        return self.text.n_nearer == self.text.n

    @property
    def nearer_at_thetas(self) -> bool:
        """Whether it comes nearer on the mean over prompts, and on more tasks than a coin would have it.

        One-sided sign test over tasks at 5 %: five of five, or ten of thirteen. Fewer tasks tell nothing.
        """
        from scipy.stats import binomtest

        p = binomtest(self.thetas.n_nearer, self.thetas.n, alternative="greater").pvalue
        return self.thetas.tuned < self.thetas.logit and bool(p < SIGNIFICANT)

    @property
    def better(self) -> bool:
        """Whether it is nearer than the logit lens to what the last block says, on text and there."""
        return self.nearer_on_text and self.nearer_at_thetas


def fits(rows: pa.Table, model: str, tasks: Sequence[str]) -> list[Fit]:
    """Read back the fits of one model in the order of its blocks; none where no lens was tuned.

    None either where it was not measured at these thetas.

    Args:
        rows: Rows of the whole study.
        model: Label.
        tasks: Whose thetas are read.
    """
    table = of_part(rows, FIT)
    if table.num_rows == 0 or TARGET not in table.column_names:
        return []
    mine = table.filter(pc.equal(table["model"].cast(pa.string()), model))  # type: ignore[attr-defined]
    by_block: dict[int, tuple[list[dict], list[dict]]] = {}
    for row in mine.select(FITS.names).to_pylist():
        if row["block"] is not None and (row[TARGET] is None or row[TARGET] in tasks):
            by_block.setdefault(row["block"], ([], []))[row[TARGET] is not None].append(row)
    if not all(text and thetas for text, thetas in by_block.values()):
        return []
    return [Fit(block, *map(_off, by_block[block])) for block in sorted(by_block)]


def _off(rows: Sequence[dict]) -> Off:
    count = np.array([row["n_tokens"] for row in rows])
    logit, tuned = (np.array([row[name] for row in rows]) for name in ("logit", "tuned"))
    return Off(
        logit=float(np.average(logit, weights=count)),
        tuned=float(np.average(tuned, weights=count)),
        n_nearer=int((tuned < logit).sum()),
        n=len(rows),
        n_states=int(count.sum()),
    )
