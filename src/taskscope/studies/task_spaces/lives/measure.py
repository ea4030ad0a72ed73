"""Measuring where a task lives: gradient, mask and change of one task, split by block and module (E10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.models.weight_places import OUTSIDE, places
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_spaces.choosing import Half, halves
from taskscope.studies.task_spaces.lives.rows import LIVES, SCHEMA, UNITS
from taskscope.studies.task_spaces.lives.units import of_units
from taskscope.studies.task_spaces.measure import as_float32, encode
from taskscope.studies.task_spaces.params import TUNED, TuneParams
from taskscope.studies.task_spaces.ways import Lesson, learn, lesson
from taskscope.tasks import pair_registry

if TYPE_CHECKING:
    from taskscope.models.contrasts import Contrasts
    from taskscope.models.deltas import Delta
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.weight_places import Place


def lives(cell: Cell, model: LanguageModel) -> Measured:
    """Split gradient, mask and change of the cell's task, and put the parts of the change on one by one.

    Raises:
        ModelError: If tuning leads to numbers that are none.
        StudyError: If the task has too few pairs, or no weight is chosen.
        TaskError: If a sentence is too long for the model, or the task has changed since planning.
    """
    params, model, notes = TuneParams(**cell.params), *as_float32(model)
    (paradigm,) = map(pair_registry.resolve, cell.tasks)
    where = places(model.hf, model.anatomy)
    same = {"part": LIVES, "judged": paradigm.name, "phenomenon": paradigm.short}
    records: list[dict[str, object]] = []
    parts: list[Lesson] = []
    for number, half in enumerate(halves(paradigm, cell.seed, params)):
        rng = cell.rng(f"{LIVES} {number}")
        parts.append(lesson(model, encode(model, half.train), TUNED, params, rng))
        found = _half(model, where, half, parts[-1], params, rng)
        records += [{**same, "half": number, **record} for record in found]
    records += [{**same, **record} for record in of_units(model, where, parts, cell.rng(UNITS))]
    return Measured(rows=pa.Table.from_pylist(records, schema=SCHEMA), notes=notes)


def _half(
    model: LanguageModel,
    where: dict[str, Place],
    half: Half,
    told: Lesson,
    params: TuneParams,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    judged, gradient, mask = encode(model, half.judged), told.gradient, told.mask
    amounts = {
        name: np.array([float(g.numel()), float(g.double().square().sum()), float(mask[name].sum())])
        for name, g in gradient.items()
    }
    total = np.sum(list(amounts.values()), axis=0)
    records: list[dict[str, object]] = []
    for place in sorted(set(where.values()), key=lambda p: (p.block, p.module)):
        here = np.sum([amounts[name] for name in gradient if where[name] == place], axis=0) / total
        shares = dict(zip(("size", "squares", "chosen"), map(float, here), strict=True))
        records.append({"block": place.block, "module": place.module, **shares})
    delta = learn(model, told, params, rng).delta
    first = _mean_margin(model, judged)
    whole = _gain(model, judged, delta, first)
    for block in range(OUTSIDE, len(model.anatomy.blocks)):
        inside = {name for name, place in where.items() if place.block == block}
        rest = set(where) - inside
        records.append(
            {
                "block": block,
                "module": "",
                "whole": whole,
                "alone": _gain(model, judged, delta.only(inside), first),
                "without": _gain(model, judged, delta.only(rest), first),
            }
        )
    return records


def _gain(model: LanguageModel, judged: Contrasts, delta: Delta, first: float) -> float:
    with model.edited(delta):
        return _mean_margin(model, judged) - first


def _mean_margin(model: LanguageModel, pairs: Contrasts) -> float:
    scores = model.score_contrasts(pairs)
    return float((scores[:, 0] - scores[:, 1]).mean())
