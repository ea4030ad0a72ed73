"""What is worked out of a table is kept for that table, and for no longer."""

from __future__ import annotations

import gc
import weakref

import pyarrow as pa
import pytest

from taskscope.studies.remembering import once_per_table


class Sum:
    """A result that can be watched."""

    def __init__(self, value: int) -> None:
        self.value = value


def test_a_table_is_worked_out_once_and_another_one_anew() -> None:
    asked = []

    @once_per_table
    def total(rows: pa.Table, times: list[int]) -> Sum:
        asked.append(rows)
        return Sum(sum(rows["x"].to_pylist()) * times[0])

    one, other, twice, thrice = pa.table({"x": [1, 2]}), pa.table({"x": [1, 2, 3]}), [2], [3]
    first = total(one, twice)
    assert total(one, twice) is first and first.value == 6
    assert total(one, thrice).value == 9
    assert total(other, twice).value == 12
    assert total(one, twice).value == 6
    assert len(asked) == 4


def test_a_result_does_not_outlive_its_table() -> None:
    total = once_per_table(lambda rows: Sum(rows.num_rows))
    rows = pa.table({"x": [1]})
    kept = weakref.ref(total(rows))
    gc.collect()
    assert kept() is not None
    del rows
    gc.collect()
    assert kept() is None


def test_what_fails_is_not_kept() -> None:
    @once_per_table
    def refuse(rows: pa.Table) -> Sum:
        raise ValueError("no rows")

    rows = pa.table({"x": [1]})
    for _ in range(2):
        with pytest.raises(ValueError, match="no rows"):
            refuse(rows)
