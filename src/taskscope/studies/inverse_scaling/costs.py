"""What a cell of the inverse-scaling study costs, in tokens, estimated from the lengths of its texts."""

from __future__ import annotations

from math import ceil

from taskscope.runs.cell import Cost
from taskscope.studies.inverse_scaling.arms import PROBES
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.tasks import contest
from taskscope.tasks.choices import ChoiceTask

CHARACTERS_PER_TOKEN = 3.5
"""Rough, for plans only: the measurement itself counts tokens with the model's own tokenizer."""


def task(params: InverseScalingParams, n_blocks: int, name: str, asked: ChoiceTask) -> Cost:
    """Estimate the tokens of one task: every prompt once, and the classes that are longer than a token.

    The arms beside a task are about as long as the task itself, k demonstrations make it k + 1 times as long.
    """
    characters = sum(
        len(item.prompt) + len(item.other_prompt) + sum(len(text) for text in item.classes)
        for item in asked.items
    )
    times = 1
    if params.beside:
        times += 1 + params.shot_draws * sum(k + 1 for k in params.shots) + 2 * params.renamed
        if name in contest.NAMES:
            times += len(PROBES) + len(params.strengths)
    tokens = ceil(times * characters / CHARACTERS_PER_TOKEN)
    if params.beside and params.reasoning and asked.metric == "classification":
        # Written once, then read before the choice, as the filler of the same length is.
        tokens += ceil(3 * characters / CHARACTERS_PER_TOKEN) + 3 * params.reasoning * len(asked.items)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)
