"""What a law is fitted to: parameters, tokens and loss of finished trainings, from arrays or a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError, nearest
from taskscope.theory.scaling_laws.law import FLOP_PER_PAIR

Array = np.ndarray

FEWEST = 10
"""Points below which five constants fit anything."""
NAMES = {
    "parameters": ("parameters", "n", "params", "model size"),
    "tokens": ("tokens", "d", "training tokens"),
    "flop": ("flop", "flops", "compute", "training flop"),
    "loss": ("loss", "l"),
}
"""Column names that are understood, in any case; tokens may be given as FLOP, D = FLOP / (6 N)."""


@dataclass(frozen=True)
class Points:
    """Trainings; arrays (point,)."""

    parameters: Array
    tokens: Array
    losses: Array
    """Nats per token, or any other unit; E, A and B come out in it."""

    @classmethod
    def of(cls, parameters: ArrayLike, tokens: ArrayLike, losses: ArrayLike) -> Points:
        """Check points.

        Raises:
            TaskscopeError: If the arrays differ in length, a value is not a number above 0, there are fewer
                than ten points, or all have one size or one number of tokens.
        """
        columns = [np.asarray(values, float) for values in (parameters, tokens, losses)]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            told = f"parameters, tokens and losses of shapes {[column.shape for column in columns]}"
            raise TaskscopeError(told, "three lists of one length", "one row for each training")
        for name, column in zip(("parameters", "tokens", "loss"), columns, strict=True):
            wrong = np.flatnonzero(~(np.isfinite(column) & (column > 0)))
            if len(wrong):
                raise TaskscopeError(
                    f"{name} = {column[wrong[0]]:g} in point {wrong[0] + 1}",
                    "finite numbers above zero",
                    "leave trainings that failed out",
                )
        if len(columns[0]) < FEWEST:
            raise TaskscopeError(
                f"{len(columns[0])} points for a law with five constants",
                f"{FEWEST} or more",
                "losses at several sizes and numbers of tokens",
            )
        for name, column in (("size", columns[0]), ("number of tokens", columns[1])):
            if len(np.unique(column)) < 2:
                raise TaskscopeError(
                    f"{len(column)} points, all of one {name}",
                    f"several, since a law in the {name} is fitted",
                    "trainings that differ in it",
                )
        return cls(*columns)

    def without_highest(self, n: int) -> Points:
        """Leave the n highest losses out, and those that equal the lowest of them.

        Raises:
            TaskscopeError: If too few are left.
        """
        if n < 1:
            return self
        kept = self.losses < np.sort(self.losses)[-min(n, len(self.losses))]
        return Points.of(self.parameters[kept], self.tokens[kept], self.losses[kept])


def read_csv(path: Path) -> Points:
    """Read points from a CSV file with a head; `NAMES` says which columns are understood.

    Raises:
        TaskscopeError: If the file cannot be read, a column is missing, a value is no number, or as in
            `Points.of`.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows, head = list(reader), list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskscopeError(f"{path}: {error}", "a CSV file with a head of column names") from None
    parameters = _column(path, rows, head, "parameters")
    losses = _column(path, rows, head, "loss")
    if _find(head, "tokens") is None and _find(head, "flop") is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            tokens = _column(path, rows, head, "flop") / (FLOP_PER_PAIR * parameters)
    else:
        tokens = _column(path, rows, head, "tokens")
    return Points.of(parameters, tokens, losses)


def _find(head: Sequence[str], what: str) -> str | None:
    return next((name for name in head if name.strip().lower() in NAMES[what]), None)


def _column(path: Path, rows: Sequence[dict[str, str]], head: Sequence[str], what: str) -> Array:
    name = _find(head, what)
    if name is None:
        raise TaskscopeError(
            f"{path} has the columns {', '.join(head) or 'none'}",
            f"one called {' or '.join(NAMES[what])}" + (", or flop" if what == "tokens" else ""),
            nearest(NAMES[what][0], head),
        )
    found = np.empty(len(rows))
    for number, row in enumerate(rows):
        try:
            found[number] = float(row[name])
        except (TypeError, ValueError):
            raise TaskscopeError(
                f"{path}, line {number + 2}: {name} = {row[name]!r}", "a number", "1e9, or 1000000000"
            ) from None
    return found
