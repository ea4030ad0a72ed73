"""In how few heads and neurons tasks live: read, tabulated and drawn (E10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.heatmaps import heatmap
from taskscope.report.wording import slug
from taskscope.stats.matrices import jackknife, leave_one_out
from taskscope.studies.columns import where
from taskscope.studies.task_spaces.lives.rows import HEAD, NEURON, UNITS
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.wording import percent

Array = np.ndarray
MEASURES = ("owned", "half_held", "gini", "shuffled_held", "shuffled_gini", "repeats")
_FEWEST = 3
"""Tasks from which an interval over tasks can be told."""


@dataclass(frozen=True)
class Spread:
    """How the squared gradients of the tasks of one model are spread over units of one kind."""

    model: str
    unit: str
    units: int
    tasks: tuple[str, ...]
    measures: dict[str, Array]
    """Name of `MEASURES` to (task,), means over halves and seeds."""
    shares: dict[int, Array]
    """Block to (head,): what each head holds of what all do, mean over tasks; empty of neurons."""


def spreads(rows: pa.Table, spaces: list[Space]) -> list[Spread]:
    """Read every model that was asked, heads before neurons; nothing from rows measured before."""
    if "unit" not in rows.column_names:
        return []
    mine = where(rows, part=UNITS)
    found = []
    for space in spaces:
        of_model = where(mine, model=space.model)
        for unit in (HEAD, NEURON):
            records = [r for r in where(of_model, unit=unit).to_pylist() if r["judged"] in space.tasks]
            if records:
                found.append(_of(records, space, unit))
    return found


def _of(records: list[dict], space: Space, unit: str) -> Spread:
    known = {record["judged"] for record in records}
    tasks = tuple(task for task in space.tasks if task in known)
    measures = {
        name: np.array([np.mean([float(r[name]) for r in records if r["judged"] == task]) for task in tasks])
        for name in MEASURES
    }
    shares: dict[int, Array] = {}
    if unit == HEAD:
        mean = np.mean([record["shares"] for record in records], axis=0)
        blocks = np.array(records[0]["blocks"])
        shares = {int(block): mean[blocks == block] for block in np.unique(blocks)}
    return Spread(space.model, unit, records[0]["units"], tasks, measures, shares)


def table(found: list[Spread]) -> Table:
    """Tabulate the kinds of units of one model."""
    rows = tuple(
        (
            f"{each.unit}s",
            f"{each.units:,}",
            percent(each.measures["owned"].mean()),
            _share(each.measures["half_held"]),
            _share(each.measures["shuffled_held"]),
            _number(each.measures["gini"]),
            _number(each.measures["shuffled_gini"]),
            _number(each.measures["repeats"]),
        )
        for each in found
    )
    return Table(
        name=f"task-spaces-{slug(found[0].model)}-lives-units",
        title="In how few heads and neurons does a task live?",
        columns=(
            "units",
            "number",
            "squared gradient",
            "half is held by",
            "with labels exchanged",
            "Gini",
            "with labels exchanged, Gini",
            "the same in both halves",
        ),
        rows=rows,
        note=f"Mean over {len(found[0].tasks)} tasks, 95 % intervals over tasks. A head has its rows of "
        "query, key and value and its columns of the attention output, a row that serves several heads in "
        "equal parts; a neuron has the rows that lead into it and the column that leads out. Squared "
        "gradient: share of all that stands in these units. Half is held by: the share of units, largest "
        "first, that hold half of what all of them hold; all have as many weights, so 50 % is what chance "
        "gives, and Gini's coefficient is then 0. Labels exchanged: the same of the gradient of the same "
        "pairs with good and bad exchanged at random, which is concentrated too without any task. The same "
        "in both halves: rank correlation over units.",
        model=found[0].model,
    )


def figure(found: Spread) -> Figure | None:
    """Draw heads by block, in units of an equal share; None of neurons, which are too many."""
    if not found.shares:
        return None
    data = [
        {"block": str(block), "head": str(head), "value": round(float(share) * found.units, 3)}
        for block, held in found.shares.items()
        for head, share in enumerate(held)
    ]
    heads = [str(h) for h in range(max(map(len, found.shares.values())))]
    return Figure(
        name=f"task-spaces-{slug(found.model)}-lives-heads",
        title="In which heads do tasks live?",
        see="The squared gradient that a head holds, mean over tasks: 1 is an equal share of what all heads "
        "hold.",
        alt=f"Heat map for {found.model}: blocks in rows, heads in columns; colour is the share of the "
        "squared gradient against an equal one.",
        spec=heatmap(
            data,
            Axis("value", "against an equal share", format=".2f"),
            x="head",
            y="block",
            x_title="head",
            y_title="block",
            x_order=heads,
            y_order=[str(block) for block in found.shares],
        ),
        model=found.model,
    )


def _share(values: Array) -> str:
    value, low, high = _interval(values)
    text = f"{100 * value:.1f} %"
    return text if np.isnan(low) else f"{text} ({100 * low:.1f} to {100 * high:.1f})"


def _number(values: Array) -> str:
    value, low, high = _interval(values)
    return f"{value:.2f}" if np.isnan(low) else f"{value:.2f} ({low:.2f} to {high:.2f})"


def _interval(values: Array) -> tuple[float, float, float]:
    if len(values) < _FEWEST:
        return float(values.mean()), np.nan, np.nan
    return jackknife(leave_one_out(lambda keep: float(values[keep].mean()), len(values)))
