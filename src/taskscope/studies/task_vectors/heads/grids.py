"""From the rows of head cells to arrays: answers by query and block, effects by prompt and head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.errors import StudyError
from taskscope.studies.task_vectors.heads.rows import ANSWER, EFFECT, LEFT_OUT, NONE, OWN, WITHOUT_HEADS

Key = tuple[str, str, int]
"""Context, condition, heads."""


@dataclass(frozen=True)
class Answers:
    """The answers to one task's queries of one split, all seeds together."""

    cluster: np.ndarray
    """(query,) text."""
    majority: np.ndarray
    """(query,) 1 where the label is the task's most frequent one."""
    label_share: np.ndarray
    """(query,)."""
    plain: dict[str, np.ndarray]
    """Context -> (query,), 1 where right with nothing added."""
    added: dict[tuple[str, str], np.ndarray]
    """(context, condition) -> (query, block), the mean over random sets."""
    by_number: dict[tuple[str, int], np.ndarray]
    """(condition, number of heads) -> (query,) after the one block at which numbers were tried."""


@dataclass(frozen=True)
class TaskAnswers:
    """The answers to one task's queries."""

    task: str
    size: int
    """Heads in a function vector."""
    dev: Answers
    test: Answers


@dataclass(frozen=True)
class Effects:
    """Effects of single heads on one task."""

    task: str
    able: bool
    sites: np.ndarray
    """(head, 2) block and head, sorted."""
    values: np.ndarray
    """(prompt, head)."""
    chosen: np.ndarray
    """(head,) bool: writes this task's function vector, under any seed."""


def task_answers(rows: pa.Table, model: str) -> list[TaskAnswers]:
    """Read one model's answers, tasks in sorted order.

    Raises:
        StudyError: If a condition lacks queries or blocks.
    """
    found = []
    for task, part in _by_task(rows, model, ANSWER):
        own = part.filter(pc.equal(_text(part, "condition"), OWN))  # type: ignore[attr-defined]
        found.append(read(task, part, int(pc.max(own["n_heads"]).as_py())))  # type: ignore[attr-defined]
    return found


def read(task: str, rows: pa.Table, size: int) -> TaskAnswers:
    """Read the rows of one task's answers.

    Args:
        task: The task.
        rows: As `heads.rows.ANSWERS`, with the column ``seed``.
        size: Heads in a function vector; answers with another number of heads are kept by that number.

    Raises:
        StudyError: If a condition lacks queries or blocks.
    """
    halves = {
        split: _answers(task, rows.filter(pc.equal(_text(rows, "split"), split)), size)  # type: ignore[attr-defined]
        for split in ("dev", "test")
    }
    return TaskAnswers(task, size, **halves)


def head_effects(rows: pa.Table, model: str) -> list[Effects]:
    """Read one model's effects of single heads, tasks in sorted order."""
    found = []
    for task, part in _by_task(rows, model, EFFECT):
        sites, at = np.unique(
            np.stack([part[name].to_numpy() for name in ("block", "head")], axis=1),
            axis=0,
            return_inverse=True,
        )
        prompts, row = _numbered(part)
        values = np.full((prompts, len(sites)), np.nan)
        values[row, at.ravel()] = part["effect"].to_numpy()
        chosen = np.zeros(len(sites), dtype=bool)
        np.logical_or.at(chosen, at.ravel(), part["chosen"].to_numpy(zero_copy_only=False))
        found.append(Effects(task, bool(part["able"][0].as_py()), sites, values, chosen))
    return found


def left_out(rows: pa.Table, model: str) -> dict[str, str]:
    """Read one model's tasks that could not be asked, each with the reason."""
    return {task: str(part["reason"][0].as_py()) for task, part in _by_task(rows, model, LEFT_OUT)}


def without_heads(rows: pa.Table, model: str) -> dict[int, str]:
    """Read one model's blocks whose heads could not be told apart, each with the reason."""
    keep = pc.and_(pc.equal(_text(rows, "part"), WITHOUT_HEADS), pc.equal(_text(rows, "model"), model))  # type: ignore[attr-defined]
    mine = rows.filter(keep)
    if mine.num_rows == 0:
        return {}
    return dict(sorted(zip(mine["block"].to_pylist(), mine["reason"].to_pylist(), strict=True)))


def _text(rows: pa.Table, name: str) -> pa.ChunkedArray:
    return rows[name].cast(pa.string())


def _by_task(rows: pa.Table, model: str, part: str) -> Iterator[tuple[str, pa.Table]]:
    if "target" not in rows.column_names:
        return
    keep = pc.and_(pc.equal(_text(rows, "part"), part), pc.equal(_text(rows, "model"), model))  # type: ignore[attr-defined]
    mine = rows.filter(pc.and_(keep, pc.is_valid(rows["target"])))  # type: ignore[attr-defined]
    for task in sorted(_text(mine, "target").unique().to_pylist()):
        yield task, mine.filter(pc.equal(_text(mine, "target"), task))  # type: ignore[attr-defined]


def _numbered(rows: pa.Table) -> tuple[int, np.ndarray]:
    """Number the (seed, pair) of rows from 0, in sorted order: how many there are, and (row,) numbers."""
    pairs = np.stack([rows[name].to_numpy().astype(np.int64) for name in ("seed", "pair")], axis=1)
    distinct, number = np.unique(pairs, axis=0, return_inverse=True)
    return len(distinct), number.ravel()


def _answers(task: str, rows: pa.Table, size: int) -> Answers:
    if rows.num_rows == 0:
        raise StudyError(f"answers of task {task!r} lack a split", "development and test queries")
    n, query = _numbered(rows)
    first = np.unique(query, return_index=True)[1]
    blocks = rows["block"].to_numpy()
    right = rows["correct"].to_numpy(zero_copy_only=False).astype(float)
    names = [_text(rows, name).combine_chunks().dictionary_encode() for name in ("context", "condition")]
    codes = [each.indices.to_numpy(zero_copy_only=False) for each in names]
    count = rows["n_heads"].to_numpy()
    plain, added, by_number = {}, {}, {}
    groups, group = np.unique(np.stack([*codes, count], axis=1), axis=0, return_inverse=True)
    for i, (context_code, condition_code, heads) in enumerate(groups):
        context, condition = (
            names[0].dictionary[context_code].as_py(),
            names[1].dictionary[condition_code].as_py(),
        )
        mine = np.flatnonzero(group.ravel() == i)
        table = _mean(query[mine], blocks[mine], right[mine], n)
        if np.isnan(table).any():
            raise StudyError(f"answers of task {task!r} are incomplete", "every condition for every query")
        if condition == NONE:
            plain[context] = table[:, 0]
        elif heads in (0, size):
            added[context, condition] = table
        else:
            by_number[condition, int(heads)] = table[:, 0]
    return Answers(
        cluster=np.array(_text(rows, "cluster").to_pylist())[first],
        majority=rows["majority"].to_numpy(zero_copy_only=False)[first].astype(float),
        label_share=rows["label_share"].to_numpy()[first],
        plain=plain,
        added=added,
        by_number=by_number,
    )


def _mean(query: np.ndarray, block: np.ndarray, right: np.ndarray, n: int) -> np.ndarray:
    """Average repeats: (query, block), blocks in rising order, NaN where there is no row."""
    blocks, column = np.unique(block, return_inverse=True)
    total, times = np.zeros((2, n, len(blocks)))
    np.add.at(total, (query, column), right)
    np.add.at(times, (query, column), 1)
    return np.where(times > 0, total / np.maximum(times, 1), np.nan)
