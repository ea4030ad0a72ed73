"""Several draws of a simulated experiment, as a run folder holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from taskscope.studies.randomness import stream


def many(simulate: Callable[[Any, Any], pa.Table], params: Any, seeds: int) -> pa.Table:
    """Simulate several draws, with the columns that a run folder puts in front."""
    tables = []
    for seed in range(seeds):
        table = simulate(params, stream("test", simulate.__module__, seed))
        for place, (name, value) in enumerate({"model": "", "task": "", "seed": seed}.items()):
            table = table.add_column(place, name, pa.repeat(pa.scalar(value), len(table)))
        tables.append(table)
    return pa.concat_tables(tables)
