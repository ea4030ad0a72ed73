"""The cells of all parts are read into one table, so a column's name has one type in all of them."""

from __future__ import annotations

from importlib import import_module

import pyarrow as pa
import pytest

ROOM = "taskscope.studies.kernel_regression"
MODULES = ("simulated", "weights", "similarity", "features", "influence", "rivals", "effects")


def schemas() -> list[pa.Schema]:
    found = [vars(import_module(f"{ROOM}.{part}.rows")) for part in MODULES]
    return [value for names in found for value in names.values() if isinstance(value, pa.Schema)]


@pytest.mark.parametrize("part", MODULES)
def test_every_part_has_a_schema(part) -> None:
    assert any(isinstance(value, pa.Schema) for value in vars(import_module(f"{ROOM}.{part}.rows")).values())


def test_the_rows_of_all_parts_go_together() -> None:
    whole = pa.concat_tables([schema.empty_table() for schema in schemas()], promote_options="default")
    assert {name for schema in schemas() for name in schema.names} == set(whole.column_names)
