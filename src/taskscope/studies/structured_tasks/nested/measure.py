"""Measuring nested calls: each function called alone, and one inside the other.

All calls that follow one draw of demonstrations share its encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.structured_tasks.nested.drawing import draw
from taskscope.studies.structured_tasks.nested.rows import NEST, to_rows
from taskscope.studies.structured_tasks.params import NestedParams
from taskscope.tasks import registry
from taskscope.tasks.nested.compositions import NestedItem, build
from taskscope.tasks.nested.names import answer, prompt

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

KINDS = ("right", "stops", "skips")


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the one composition that the cell's parameters name.

    Raises:
        TaskError: If a prompt is longer than the model's context, or a task has changed since planning.
    """
    params = NestedParams(**cell.params)
    for reference in cell.tasks:
        registry.resolve(reference)
    (name,) = params.nested
    composition = build(name)
    asked, prompts, accepted = [], [], {kind: [] for kind in KINDS}
    for number, each in enumerate(draw(composition, cell.seed, params)):
        for condition, query, step, call in each.prompts(composition):
            item = each.queries[query]
            prompts.append(prompt(each.demonstrations[condition], call))
            for kind, words in zip(KINDS, _accepted(item, step), strict=True):
                accepted[kind].append([answer(word) for word in words])
            asked.append(
                {
                    "condition": condition,
                    "repetition": number,
                    "query": query,
                    "step": step,
                    "input": item.words[max(step - 1, 0)],
                    "answer": _accepted(item, step)[0][0],
                }
            )
    with model.audited(cell.rng("audit")) as audit:
        said = model.answer(prompts, accepted)
    for at, row in enumerate(asked):
        row |= {kind: bool(said.correct[kind][at]) for kind in KINDS}
        row["logprob"] = float(said.logprob["right"][at])
    return Measured(
        rows=to_rows(name, composition.depth, asked), notes={**audit.notes(), "route": model.route}
    )


def _accepted(item: NestedItem, step: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the accepted answers, those of stopping early and those of skipping, as in `KINDS`."""
    if step == NEST:
        return item.answers, item.stops, item.skips
    return item.alone[step - 1], (), ()
