"""What a probe's rows say of each task: margins of its pairs, what the sentences differ by, small steps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

Array = np.ndarray
ByPairs = dict[tuple[int, int, str], Array]
"""(seed, half, task) to a number for each judged pair."""


def first_margins(scores: pa.Table) -> ByPairs:
    """Read the margins of judged pairs, nats."""
    rows = scores.select(["seed", "half", "judged", "margins"]).to_pylist()
    return {(row["seed"], row["half"], row["judged"]): np.array(row["margins"]) for row in rows}


def described(scores: pa.Table) -> tuple[dict[str, str], ByPairs, ByPairs]:
    """Read fields, lengths and frequencies; rows that were measured before these were kept tell none."""
    fields: dict[str, str] = {}
    longer: ByPairs = {}
    commoner: ByPairs = {}
    for row in scores.to_pylist():
        fields[row["judged"]] = row.get("field") or ""
        for name, found in (("longer", longer), ("commoner", commoner)):
            if row.get(name) is not None:
                found[row["seed"], row["half"], row["judged"]] = np.array(row[name], dtype=float)
    return fields, longer, commoner


def steps_of(rows: pa.Table, tasks: list[str]) -> tuple[Array, Array]:
    """Read slopes (half, tuned, judged) and measured steps (tuned, judged), mean over seeds."""
    place = {task: i for i, task in enumerate(tasks)}
    n = len(tasks)
    total, count = np.zeros((3, n, n)), np.zeros((3, n, n))
    for row in rows.to_pylist():
        if row["tuned"] in place and row["judged"] in place:
            cell = place[row["tuned"]], place[row["judged"]]
            for layer, value in ((row["half"], row["slope"]), (2, row["stepped"])):
                if value is not None:
                    total[layer][cell] += value
                    count[layer][cell] += 1
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean[:2], mean[2]
