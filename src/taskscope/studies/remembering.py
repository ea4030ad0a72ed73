"""Working a table's rows out once, though findings, figures and tables each ask for it."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

Source = TypeVar("Source")
Others = TypeVarTuple("Others")
Result = TypeVar("Result")


def once_per_table(work: Callable[[Source, *Others], Result]) -> Callable[[Source, *Others], Result]:
    """Keep the last result of a pure function of rows, or of what was read from them, while these live.

    A study's findings, figures and tables are asked for one after another, and start from the same resampled
    rows. A table of pyarrow never changes, so the same table with the same other arguments (the same objects,
    not equal ones) has the same result; it is shared and must not be changed.
    """
    kept: list[tuple[weakref.ref[Source], tuple[object, ...], Result]] = []

    @wraps(work)
    def once(rows: Source, *others: *Others) -> Result:
        for table, asked, result in kept:
            if table() is rows and all(map(operator.is_, asked, others)):
                return result
        result = work(rows, *others)
        kept[:] = [(weakref.ref(rows, lambda _: kept.clear()), others, result)]
        return result

    return once
