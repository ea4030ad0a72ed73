"""Measuring a pair of skills: each asked alone, both asked together, after demonstrations of each alone.

All that follows one draw of demonstrations shares its encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence.pairs.asking import Asked, asked_for, draw
from taskscope.studies.skill_emergence.pairs.names import answer, prompt
from taskscope.studies.skill_emergence.pairs.rows import to_rows
from taskscope.studies.skill_emergence.params import PairParams
from taskscope.tasks import registry
from taskscope.tasks.nested.compositions import build

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the one pair that the cell's parameters name (protocol 8).

    Raises:
        TaskError: If a prompt is longer than the model's context, or a task has changed since planning.
    """
    params = PairParams.model_validate(cell.params)
    for reference in cell.tasks:
        registry.resolve(reference)
    composition = build(params.pair)
    asked: list[Asked] = []
    prompts = []
    for number, each in enumerate(draw(composition, cell.seed, params)):
        for one in asked_for(composition, number, each):
            asked.append(one)
            prompts.append(prompt(each.demonstrations[one.shown_as], one.text))
    accepted = {
        "right": [[answer(word) for word in one.right] for one in asked],
        "whole": [[answer(word) for word in one.whole] for one in asked],
    }
    with model.audited(cell.rng("audit")) as audit:
        said = model.answer(prompts, accepted)
    rows = [
        {
            **one.told,
            "right": bool(said.correct["right"][at]),
            "whole": bool(said.correct["whole"][at]),
            "logprob": float(said.logprob["right"][at]),
        }
        for at, one in enumerate(asked)
    ]
    return Measured(
        rows=to_rows(params.pair, params.place, rows), notes={**audit.notes(), "route": model.route}
    )
