"""What a cell of the kernel-regression study costs, in tokens, estimated from the lengths of its texts."""

from __future__ import annotations

from math import ceil
from statistics import fmean

from taskscope.errors import StudyError
from taskscope.runs.cell import Cost
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.draws import split_queries
from taskscope.studies.kernel_regression.effects.conditions import KINDS
from taskscope.studies.kernel_regression.params import EFFECTS, WEIGHTS, KernelRegressionParams
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.tasks.classification import ClassificationTask

CHARACTERS_PER_TOKEN = 3.5
"""Rough, for plans only: the measurement itself counts tokens with the model's own tokenizer."""
FEWEST_TOKENS_PER_DEMONSTRATION = 4
"""A text, two pieces of template and a label: what no demonstration can do without."""

N_CONDITIONS = 1 + sum(map(len, KINDS.values()))
"""Conditions with demonstrations in which each question of an effect cell is asked, at most."""


def demonstration(task: ClassificationTask, template: str) -> float:
    """Estimate the tokens of a demonstration."""
    around = len(template_for(template, task).render((("", task.labels[0]),), "").text)
    return (fmean(len(text.text) for text in task.pool) + around) / CHARACTERS_PER_TOKEN


def prompts(params: KernelRegressionParams, part: str, task: ClassificationTask) -> int:
    """Count the prompts with demonstrations in a cell; one whose attention is read is run twice."""
    if part == WEIGHTS:
        n_selection = min(params.n_selection, len(split_queries(task, "selection")))
        n_held_out = min(params.n_held_out, len(split_queries(task, "held-out")))
        attended = 2 * (n_selection + 2 * n_held_out) + params.n_random
        return attended + n_held_out * (params.n_orders + 1)
    if part == "similarity":
        return 2 * params.n_similarity
    if part == "features":
        return params.n_probed
    if part == EFFECTS:
        return 2 * (params.n_choosing + N_CONDITIONS * params.n_effects)
    if part == "rivals":
        shown = sum(2 * shots for shots in params.shots) / params.k  # in prompts of k demonstrations
        return ceil((params.n_chosen + params.n_judged) * shown)
    replaced = 2 * (1 + params.n_matched_sets)
    return 2 * params.n_choosing + params.n_influence * (2 + params.k + replaced)


def cell(
    params: KernelRegressionParams, part: str, template: str, n_blocks: int, task: ClassificationTask
) -> Cost:
    """Estimate the tokens of a cell; texts that are run alone cost little beside prompts."""
    tokens = ceil(prompts(params, part, task) * (params.k + 1) * demonstration(task, template))
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def check_context(model: PlannedModel, k: int) -> None:
    """Refuse what cannot fit a model's context, before anything is loaded.

    Raises:
        StudyError: If k demonstrations take more tokens than the model reads, however short they are.
    """
    fewest = FEWEST_TOKENS_PER_DEMONSTRATION * (k + 1)
    if fewest > model.context:
        most = max(model.context // FEWEST_TOKENS_PER_DEMONSTRATION - 1, 0)
        raise StudyError(
            f"{k} demonstrations take {fewest} tokens or more; {model.ref.label} reads {model.context}",
            f"at most {most} demonstrations",
            f"--set k={min(8, most)}",
        )
