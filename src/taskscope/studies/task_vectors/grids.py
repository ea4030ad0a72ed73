"""From rows to arrays: one dense grid per model and task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    COLLISION,
    CONTROLS,
    HYPOTHESIS,
    MAJORITY,
    PLAIN,
    REGULAR,
    SWEPT,
)

_CONDITIONS = (*PLAIN, *SWEPT)


@dataclass(frozen=True)
class Half:
    """One split of one task, all seeds together."""

    cluster: np.ndarray
    """(pair,) int: pairs of one cluster are resampled together, across seeds too."""
    label: np.ndarray
    """(pair,) str: canonical answer of the query."""
    plain: dict[str, np.ndarray]
    """Condition without an edit -> (pair,) float, 1 where right."""
    swept: dict[str, np.ndarray]
    """Swept condition -> (pair, block) float."""
    leak: np.ndarray
    """(pair, block) float: under theta, a wrong answer that is a dummy's own."""
    first_token: dict[str, np.ndarray]
    """1 where the first token is that of an accepted answer (P2): regular (pair,), theta (pair, block)."""
    label_share: np.ndarray
    """(pair,) share of the task's items with the query's label."""
    majority: np.ndarray
    """(pair,) float: the query's label is the most frequent one."""

    @property
    def n_blocks(self) -> int:
        """Blocks swept."""
        return self.leak.shape[1]

    @property
    def n_clusters(self) -> int:
        """Independent queries."""
        return len(np.unique(self.cluster))

    def control(self, name: str) -> np.ndarray:
        """Return what a control scores: (pair, block), the same in every block where none is edited."""
        if name in self.swept:
            return self.swept[name]
        flat = {
            BASELINE: self.plain[BASELINE],
            MAJORITY: self.majority,
            COLLISION: self.label_share,
        }[name]
        return np.broadcast_to(flat[:, None], self.leak.shape)

    def control_means(self) -> np.ndarray:
        """Mean of every control in the order of `CONTROLS`: (control, block)."""
        return np.stack([self.control(name).mean(axis=0) for name in CONTROLS])


@dataclass(frozen=True)
class TaskGrid:
    """Everything measured on one task with one model."""

    task: str
    dev: Half
    test: Half


def grids(rows: pa.Table) -> dict[str, list[TaskGrid]]:
    """Sort rows into grids: model label -> its tasks, both in sorted order.

    Raises:
        StudyError: If a pair lacks a condition or block, or two models of one label differ in blocks.
    """
    found: dict[str, list[TaskGrid]] = {}
    if "part" in rows.column_names:  # other parts of the study fill that column
        rows = rows.filter(rows["part"].is_null())
    for model, task, part in _groups(rows):
        found.setdefault(model, []).append(_task_grid(task, part))
    for model, tasks in found.items():
        if len({grid.test.n_blocks for grid in tasks}) > 1:
            raise StudyError(
                f"rows of {model} differ in their number of blocks", "rows of one model per label"
            )
    return found


class _Part:
    """Some rows as plain columns."""

    def __init__(self, columns: dict[str, np.ndarray], names: dict[str, list[str]]) -> None:
        self.columns, self.names = columns, names

    def take(self, index: np.ndarray) -> _Part:
        return _Part({name: column[index] for name, column in self.columns.items()}, self.names)


_TEXTS = ("model", "task", "split", "cluster", "label", "condition")
_NUMBERS = ("seed", "pair", "block", "correct", "first_correct", "leak", "label_share", "majority")


def _columns(rows: pa.Table) -> _Part:
    columns, names = {}, {}
    for name in _TEXTS:
        # One chunk, so that all rows count by one dictionary.
        encoded = pa.concat_arrays(rows[name].cast(pa.string()).chunks).dictionary_encode()
        found = encoded.dictionary.to_pylist()
        # Numbered by name, so that results do not depend on the order of rows or on what else the run holds.
        names[name] = sorted(found)
        rank = {text: number for number, text in enumerate(names[name])}
        number = np.array([rank[text] for text in found], dtype=np.int64)
        columns[name] = number[encoded.indices.to_numpy(zero_copy_only=False)]
    for name in _NUMBERS:
        columns[name] = rows[name].to_numpy()
    return _Part(columns, names)


def _groups(rows: pa.Table) -> Iterator[tuple[str, str, _Part]]:
    if rows.num_rows == 0:
        return
    part = _columns(rows)
    models, tasks = part.names["model"], part.names["task"]
    group = part.columns["model"] * len(tasks) + part.columns["task"]
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    slices = {
        (models[g // len(tasks)], tasks[g % len(tasks)]): order[start:end]
        for g, start, end in zip(
            group[order][starts].tolist(), starts, [*starts[1:], len(order)], strict=True
        )
    }
    for (model, task), index in sorted(slices.items(), key=lambda entry: entry[0]):
        yield model, task, part.take(index)


def _task_grid(task: str, part: _Part) -> TaskGrid:
    splits = part.names["split"]
    halves = {}
    for split in ("dev", "test"):
        code = splits.index(split) if split in splits else -1
        index = np.flatnonzero(part.columns["split"] == code)
        if len(index) == 0:
            raise StudyError(f"rows of task {task!r} have no {split} pairs", "both splits")
        halves[split] = _half(task, part.take(index))
    return TaskGrid(task, halves["dev"], halves["test"])


def _half(task: str, part: _Part) -> Half:
    c = part.columns
    seed = np.unique(c["seed"], return_inverse=True)[1]
    first, pair = np.unique(
        seed * (int(c["pair"].max()) + 1) + c["pair"], return_index=True, return_inverse=True
    )[1:]
    n_pairs, n_blocks = pair.max() + 1, int(c["block"].max()) + 1
    correct = np.full((len(_CONDITIONS), n_pairs, n_blocks + 1), np.nan)
    leak = np.zeros((n_pairs, n_blocks))
    codes = np.array([_CONDITIONS.index(n) if n in _CONDITIONS else -1 for n in part.names["condition"]])
    condition = codes[c["condition"]]
    known = condition >= 0
    # Column -1, where conditions without an edit go, is the last one.
    correct[condition[known], pair[known], c["block"][known]] = c["correct"][known]
    mine = condition == _CONDITIONS.index(HYPOTHESIS)
    leak[pair[mine], c["block"][mine]] = c["leak"][mine] & ~c["correct"][mine]
    first_token = {HYPOTHESIS: np.zeros((n_pairs, n_blocks)), REGULAR: np.zeros(n_pairs)}
    first_token[HYPOTHESIS][pair[mine], c["block"][mine]] = c["first_correct"][mine]
    asked = condition == _CONDITIONS.index(REGULAR)
    first_token[REGULAR][pair[asked]] = c["first_correct"][asked]
    plain = {name: correct[i, :, -1] for i, name in enumerate(_CONDITIONS) if name in PLAIN}
    swept = {name: correct[i, :, :-1] for i, name in enumerate(_CONDITIONS) if name in SWEPT}
    if any(np.isnan(values).any() for values in (*plain.values(), *swept.values())):
        raise StudyError(f"rows of task {task!r} are incomplete", "every condition for every pair and block")
    return Half(
        cluster=c["cluster"][first],
        label=np.array(part.names["label"])[c["label"][first]],
        plain=plain,
        swept=swept,
        leak=leak,
        first_token=first_token,
        label_share=c["label_share"][first].astype(float),
        majority=c["majority"][first].astype(float),
    )
