"""Measuring one task with one model: log p of every class after every prompt, arm by arm.

Class branches share their prompt, and prompts that begin alike share that beginning (protocol 7.2), because
`LanguageModel.classify` encodes what is shared once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.models.choosing import encode, logprobs
from taskscope.models.encoding import Tokens
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.inverse_scaling import reasoning
from taskscope.studies.inverse_scaling.arms import FILLED, REASONED
from taskscope.studies.inverse_scaling.asked import asked
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.studies.inverse_scaling.scored import Scored, ask, rows_of, without
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Score every arm of one task.

    Items that this model's tokenizer or context cannot take are left out by name, never cut (V6, V11, V20).

    Raises:
        StudyError: If no item of the task itself can be scored.
    """
    params = CellParams(**cell.params)
    with model.audited(cell.rng("audit")) as audit:
        tables, notes = ask(cell, partial(score, model), model.label)
        task = asked(cell)
        if params.reasoning and task.metric == "classification":
            tables += _reasoning(params, model, task, notes)
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries(), notes={**audit.notes(), **notes})


def _reasoning(
    params: CellParams, model: LanguageModel, task: ChoiceTask, notes: dict[str, Any]
) -> list[pa.Table]:
    """Let the model write before it chooses, and beside that as many tokens that say nothing (E4)."""
    prompts = reasoning.openings(task)
    ids = [
        _room(model, prompt, item, params.reasoning) for prompt, item in zip(prompts, task.items, strict=True)
    ]
    own = [place for place, tokens in enumerate(ids) if tokens]
    written = dict(zip(own, model.write([ids[place] for place in own], params.reasoning), strict=True))
    texts = [model.decode(written[place]) if place in written else "" for place in range(len(ids))]
    told = [reasoning.read(text, item.classes) for text, item in zip(texts, task.items, strict=True)]
    reasoned = reasoning.closed(task, [one.text for one in told])
    lengths = [_added(model, prompt, one.text) for prompt, one in zip(prompts, told, strict=True)]
    filled = reasoning.closed(task, [reasoning.FILLER * n for n in lengths])
    named = np.array([one.named for one in told])
    reasons = [
        "" if place in written else "no room for reasoning in the context" for place in range(len(ids))
    ]
    tables = []
    for arm, changed, own_names in ((REASONED, reasoned, named), (FILLED, filled, None)):
        scored = without(score(model, changed), reasons)
        tables.append(rows_of(params.place, changed, arm, scored, own_names))
        notes[f"left out: {arm}"] = sum(map(bool, scored.left_out))
    return tables


def _added(model: LanguageModel, prompt: str, text: str) -> int:
    """Count the tokens that a text adds to a prompt; what is too long in the end is left out when scored."""
    whole, before = model.tokenizer([prompt + text, prompt])["input_ids"]
    return len(whole) - len(before)


def _room(model: LanguageModel, prompt: str, item: ChoiceItem, limit: int) -> Tokens:
    """Encode the start of reasoning; nothing where the context has no room to reason and choose."""
    try:
        tokens = tuple(model.encode(prompt))
        closing = max(len(model.encode(reasoning.CUE + text)) for text in item.classes)
    except TaskError:
        return ()
    return tokens if len(tokens) + limit + closing <= model.context else ()


def score(model: LanguageModel, task: ChoiceTask) -> Scored:
    """Score every item of a task; for the log-odds kinds after both of its prompts."""
    encoded = [encode(model, item.prompt, item.classes) for item in task.items]
    if task.metric not in ("log-odds", "absolute-log-odds"):
        first = logprobs(model, encoded)
        return Scored(first, first, [one.left_out for one in encoded])
    others = [encode(model, item.other_prompt, item.classes) for item in task.items]
    encoded = [b if b.left_out else a for a, b in zip(encoded, others, strict=True)]
    others = [a if a.left_out else b for a, b in zip(encoded, others, strict=True)]
    first, second = logprobs(model, encoded), logprobs(model, others)
    return Scored(first, second, [one.left_out for one in encoded])
