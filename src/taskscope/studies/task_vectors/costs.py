"""What a cell of the task-vector study costs, in tokens, estimated from the lengths of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import fmean

from taskscope.runs.cell import Cost
from taskscope.studies.task_vectors.averaged.rows import PUT_IN
from taskscope.studies.task_vectors.composition.rows import ADDED as COMPOSED
from taskscope.studies.task_vectors.conditions import SWEPT
from taskscope.studies.task_vectors.conflict.rows import EDITS
from taskscope.studies.task_vectors.heads.rows import ADDED
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection.draws import PANEL, SETS_OF_PANEL
from taskscope.tasks import paragraphs, surroundings
from taskscope.tasks.prompts import FORMATS, get_format
from taskscope.tasks.task import MappingTask

CHARACTERS_PER_TOKEN = 3
"""Rough, for plans only: the measurement itself counts tokens with the model's own tokenizer."""
FEWEST_TOKENS_PER_DEMONSTRATION = 3
"""Input, separator and label need at least a token each."""
LENS_BATCH = 64
"""States of one step of a tuned lens."""
READ_OUT = 3
"""Blocks that reading one state out costs as much as; rough, for it is by the vocabulary."""
LENS_FOLDS = 4
"""Maps tuned for each block, one for each group of tasks; rough."""
HEADS_PER_BLOCK = 16
"""Rough, for plans only."""


def accuracies(params: TaskVectorParams, n_blocks: int, task: MappingTask, other: MappingTask) -> Cost:
    """Estimate a cell's tokens from the lengths of its texts (protocol 6.3, 6.4, 6.6).

    Every S is encoded once for all the queries that follow it; a sweep is one column per condition and block.
    """
    shown, lent = _lengths(task, params.format), _lengths(other, params.format)
    query, answer = shown["query"], shown["answer"]
    demonstrations = params.k * (2 * shown["demonstration"] + lent["demonstration"])
    branches = (2 * (1 + params.n_dummies) + params.n_dummies + 1) * query + params.n_dummies * lent["query"]
    sweep = query + n_blocks * len(SWEPT) * answer
    by_shots = params.n_test * 2 * (params.k - 1) * query  # a query after each demonstration (6.9)
    tokens = ceil((params.n_dev + params.n_test) * (demonstrations + branches + sweep) + by_shots)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def thetas(params: TaskVectorParams, n_blocks: int, task: MappingTask) -> Cost:
    """Estimate the tokens of a theta cell: every S with right and with swapped labels, then its dummies.

    A few S of other tasks come with them (E6), as long as the task's own.
    """
    shown, sizes = _lengths(task, params.format), params.theta
    per_set = 2 * sizes.k * shown["demonstration"] + 3 * sizes.n_dummies * shown["query"]
    of_others = len(PANEL) * SETS_OF_PANEL * (sizes.k * shown["demonstration"] + shown["query"])
    tokens = ceil(sizes.n_sets * per_set + of_others)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def lens(params: TaskVectorParams, n_blocks: int, tasks: Sequence[MappingTask]) -> Cost:
    """Estimate the tokens of a lens cell: the thetas of every task, plain text, and what each step reads out.

    A step passes no block, only the norm and the head: the target, what is said, and twice as much back. Both
    lenses are judged on some text and at every theta's prompts, against what is read after the last block.
    """
    per, sizes = CHARACTERS_PER_TOKEN, params.theta
    text = sum(len(part) for texts in paragraphs.paragraphs() for part in texts) / per
    tokens = text
    for task in tasks:
        shown = _lengths(task, params.format)
        tokens += sizes.n_sets * (2 * sizes.k * shown["demonstration"] + 3 * sizes.n_dummies * shown["query"])
    tuned = LENS_FOLDS * params.lens_steps * LENS_BATCH * 4
    judged = 4 * len(tasks) * sizes.n_sets * sizes.n_dummies + (1 + LENS_FOLDS) * text / 4
    read = ceil((tuned + judged) * READ_OUT * n_blocks)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks + read)


def averaged(params: TaskVectorParams, n_blocks: int, task: MappingTask, other: MappingTask) -> Cost:
    """Estimate the tokens of a cell of averaged thetas: prompts asked and read, and a sweep of each query."""
    shown, lent, sizes = _lengths(task, params.format), _lengths(other, params.format), params.averaged
    own = sizes.k * shown["demonstration"] + shown["query"]
    foreign = sizes.k * lent["demonstration"] + lent["query"]
    # Asked, read with right and with swapped labels, and read before the dummies.
    prompts = 4 * own + (sizes.n_dummies - 1) * shown["query"] + foreign
    sweep = 2 * shown["query"] + n_blocks * len(PUT_IN) * shown["answer"]
    tokens = ceil(sizes.n_averaged * (prompts + sweep))
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def templates(params: TaskVectorParams, n_blocks: int, task: MappingTask) -> Cost:
    """Estimate the tokens of a template cell: in every format each S, its branches, and a sweep."""
    tokens = 0.0
    for name in FORMATS:
        shown = _lengths(task, name)
        branches = (params.n_dummies + 2) * shown["query"]
        sweep = shown["query"] + n_blocks * len(FORMATS) * shown["answer"]
        tokens += params.n_templates * (2 * params.k * shown["demonstration"] + branches + sweep)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def conflicts(
    params: TaskVectorParams,
    n_blocks: int,
    pair: tuple[MappingTask, MappingTask],
    unrelated: MappingTask,
) -> Cost:
    """Estimate the tokens of a conflict cell: each S before its dummies, then before the query's columns."""
    lent = _lengths(unrelated, params.format)
    k = params.conflict.k
    tokens = params.n_conflicts * (k * lent["demonstration"] + params.n_dummies * lent["query"])
    for task in pair:
        shown = _lengths(task, params.format)
        demonstrations = k * shown["demonstration"]
        captured = demonstrations + params.n_dummies * shown["query"]
        asked = 2 * (demonstrations + shown["query"]) + (1 + n_blocks * len(EDITS)) * shown["answer"]
        tokens += params.n_conflicts * (captured + asked)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def heads(params: TaskVectorParams, n_blocks: int, tasks: Sequence[MappingTask]) -> Cost:
    """Estimate the tokens of a head cell (6.11); a plan does not know how many heads a block has."""
    sizes, tokens = params.heads, 0.0
    added = len(ADDED) + sizes.n_random_sets - 1
    for task in tasks:
        shown = _lengths(task, params.format)
        prompt = sizes.k * shown["demonstration"] + shown["query"]
        n_asked = sizes.n_vector_dev + sizes.n_vector_test
        tokens += 2 * sizes.n_means * prompt + sizes.n_effects * (prompt + HEADS_PER_BLOCK * n_blocks)
        tokens += n_asked * (2 * prompt + shown["query"] + added * n_blocks * shown["answer"])
        tokens += sizes.n_vector_dev * (prompt + shown["query"])
        tokens += sizes.n_vector_test * (prompt + 3 * n_blocks * shown["answer"])
        # Elsewhere: each query in a template, in a sentence and alone, with what is added as columns.
        in_text = sum(range(1, surroundings.WORD_TOKENS + 1))
        tokens += sizes.n_vector_test * 5 * (3 * shown["query"] + 2 * shown["answer"] + in_text)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def composition(params: TaskVectorParams, n_blocks: int, tasks: Sequence[MappingTask]) -> Cost:
    """Estimate the tokens of a composition cell, `tasks` as in the cell: the one that is added up to first.

    The most that it can be: where demonstrations do not help, no vector is added.
    """
    sizes, tokens = params.heads, 0.0
    n_asked = sizes.n_vector_dev + sizes.n_vector_test
    added = (len(COMPOSED) + sizes.n_random_sets, 0, 1, 1)
    for task, n_vectors in zip(tasks, added, strict=True):
        shown = _lengths(task, params.format)
        prompt = sizes.k * shown["demonstration"] + shown["query"]
        tokens += sizes.n_means * prompt + sizes.n_effects * (prompt + HEADS_PER_BLOCK * n_blocks)
        tokens += n_asked * (2 * prompt + 2 * shown["query"] + n_vectors * n_blocks * shown["answer"])
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def _lengths(task: MappingTask, format_name: str) -> dict[str, float]:
    """Mean tokens, estimated, of a demonstration, a bare query and an answer."""
    asked = get_format(format_name)
    query = fmean(len(asked.render((), item.input).text) for item in task.items)
    pair = fmean(len(asked.render(((item.input, item.label),), "").text) for item in task.items)
    answer = fmean(len(asked.answer(item.label)) for item in task.items)
    per = CHARACTERS_PER_TOKEN
    return {
        "query": max(query / per, 2.0),
        "demonstration": max(pair / per, float(FEWEST_TOKENS_PER_DEMONSTRATION)),
        "answer": max(answer / per, 1.0),
    }
