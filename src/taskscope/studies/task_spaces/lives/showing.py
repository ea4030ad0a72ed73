"""Where tasks live, drawn and tabulated."""

from __future__ import annotations

import numpy as np

from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.heatmaps import heatmap
from taskscope.report.wording import slug
from taskscope.studies.task_spaces.lives.found import Lives, told
from taskscope.studies.wording import percent

Array = np.ndarray
_NONE = "none"
"""Name of what stands in no block."""


def figures(found: Lives) -> list[Figure]:
    """Draw by task and block where the chosen weights stand, and what the change there does alone."""
    many = found.shares["chosen"].sum(axis=2)
    return [
        _by_block(
            found,
            many,
            "lives",
            title="Where does a task live?",
            label="share of the chosen weights",
            see="A row is a task; the column tells how many of the weights chosen for it stand in the block. "
            f'"{_NONE}": in no block (embeddings and the last norm).',
        ),
        _by_block(
            found,
            found.caused,
            "lives-causes",
            title="Which part of the change does the work?",
            label="gain of the part alone, of the whole",
            see="Only the part of the change that stands in the block is put on: 1 does all that the whole "
            "change does for its task, below 0 it does harm.",
        ),
    ]


def _by_block(found: Lives, values: Array, name: str, *, title: str, label: str, see: str) -> Figure:
    names = [f"{p}: {t}" for p, t in zip(found.phenomena, found.tasks, strict=True)]
    blocks = [_NONE, *map(str, range(found.n_blocks))]
    data = [
        {"task": names[i], "block": blocks[b], "value": round(v, 4) if np.isfinite(v) else None}
        for i in range(len(names))
        for b, v in enumerate(map(float, values[i]))
    ]
    return Figure(
        name=f"task-spaces-{slug(found.model)}-{name}",
        title=title,
        see=see,
        alt=f"Heat map for {found.model}: {len(names)} tasks in rows, blocks in columns; colour is the "
        f"{label}.",
        spec=heatmap(
            data,
            Axis("value", label, domain=(-1.0, 1.0), format=".2f")
            if name == "lives-causes"
            else Axis("value", label, format=".2f"),
            x="block",
            y="task",
            x_title="block",
            y_title="task",
            x_order=blocks,
            y_order=names,
            diverging=name == "lives-causes",
            text=False,
        ),
        model=found.model,
    )


def tables(found: Lives) -> list[Table]:
    """Tabulate blocks and modules, mean over tasks."""
    return [_blocks(found), _modules(found)]


def _blocks(found: Lives) -> Table:
    shares = {name: matrix.sum(axis=2).mean(axis=0) for name, matrix in found.shares.items()}
    caused, needed = (_means(each) for each in (found.caused, found.needed))
    rows = tuple(
        (
            _NONE if b == 0 else str(b - 1),
            percent(shares["size"][b]),
            percent(shares["squares"][b]),
            percent(shares["chosen"][b]),
            caused[b],
            needed[b],
        )
        for b in range(found.n_blocks + 1)
    )
    return Table(
        name=f"task-spaces-{slug(found.model)}-lives-blocks",
        title="Where tasks live, by block",
        columns=("block", "weights", "squared gradient", "chosen", "gain alone", "lost without"),
        rows=rows,
        note=f"Mean over {len(found.tasks)} tasks. Weights: what chance gives. Gain alone: only the part "
        "of the change in this block is put on; lost without: all but that part; both as a share of what the "
        "whole change adds to the task's margin on pairs that nobody learned from, over tasks that gained "
        f"({int((found.whole > 0).sum())}). Parts need not add up to the whole. {_told(found)} The chosen "
        f"weights inside blocks stand in the mean {percent(found.depth.mean())} of the way up "
        f"({percent(found.depth.min())} to {percent(found.depth.max())} by task).",
        model=found.model,
    )


def _told(found: Lives) -> str:
    said = []
    for name, words in (("squares", "squared gradient"), ("chosen", "chosen weights"), ("size", "weights")):
        value = told(found, name)
        if value is not None:
            said.append(f"{words} {value.value:.2f} ({value.low:.2f} to {value.high:.2f})")
    if not said:
        return "Too few tasks gained to say whether shares tell what parts do."
    return (
        "How far the share of a block tells what its part does alone, correlation over blocks, mean of "
        f"tasks with a 95 % interval: {', '.join(said)}."
    )


def _modules(found: Lives) -> Table:
    shares = {name: matrix.sum(axis=1).mean(axis=0) for name, matrix in found.shares.items()}
    rows = tuple(
        (
            module,
            percent(shares["size"][m]),
            percent(shares["squares"][m]),
            percent(shares["chosen"][m]),
            f"{shares['chosen'][m] / shares['size'][m]:.2f}",
        )
        for m, module in enumerate(found.modules)
    )
    return Table(
        name=f"task-spaces-{slug(found.model)}-lives-modules",
        title="Where tasks live, by module",
        columns=("module", "weights", "squared gradient", "chosen", "chosen against chance"),
        rows=rows,
        note=f"Mean over {len(found.tasks)} tasks and all blocks. Against chance: chosen over weights; 1 is "
        "what chance gives. Embeddings that are used at both ends count once.",
        model=found.model,
    )


def _means(values: Array) -> list[str]:
    """Print column means over tasks that gained; a dash where none did."""
    known = values[np.isfinite(values).all(axis=1)]
    return [f"{each:+.2f}" for each in known.mean(axis=0)] if len(known) else ["–"] * values.shape[1]
