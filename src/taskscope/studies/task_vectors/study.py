"""The task-vector study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil
from statistics import fmean

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.task_vectors.conditions import SWEPT
from taskscope.studies.task_vectors.conflict.draws import admissible
from taskscope.studies.task_vectors.conflict.rows import EDITS
from taskscope.studies.task_vectors.draws import other_task
from taskscope.studies.task_vectors.heads.rows import ADDED
from taskscope.studies.task_vectors.params import TaskVectorParams, profile
from taskscope.studies.task_vectors.projection.draws import PANEL, SETS_OF_PANEL
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS, get_format
from taskscope.tasks.task import MappingTask

CHARACTERS_PER_TOKEN = 3
"""Rough, for plans only: the measurement itself counts tokens with the model's own tokenizer."""
FEWEST_TOKENS_PER_DEMONSTRATION = 3
"""Input, separator and label need at least a token each."""
HEADS_PER_BLOCK = 16
"""Rough, for plans only."""


class TaskVectors:
    """One vector carries the task, somewhere in the middle of the model (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 1
    account = ACCOUNT
    Params: type[base.Params] = TaskVectorParams

    def profile(self, name: str) -> TaskVectorParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: TaskVectorParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells.

        Per model and seed: one of accuracies (E1) and one of thetas (E3, E4, E6) for each task, one for each
        pair of tasks that share inputs (E5), and one of all tasks, whose heads are chosen on each other (FV).
        Per model, at the first seed alone: one for each generated task, and one across prompt formats for
        each task.

        Raises:
            StudyError: If a parameter cannot be used, or k demonstrations cannot fit a model's context.
            TaskError: If a task is unknown or too small.
        """
        params.check()
        asked = [registry.get(name) for name in params.tasks]
        names = [task.name for task in asked]
        for task in asked:
            if names.count(task.name) > 1:
                raise StudyError(f"two tasks are called {task.name!r}", "a name of its own for each task")
        for model in models:
            _check_context(params, model)
        at_odds = [(a, b) for a, b in combinations(asked, 2) if admissible(a, b, params.dev_share)]
        generated = [registry.get(name) for group in params.suites for name in registry.names(group)]
        cells = []
        for model in models:
            for make in (self._cell, self._theta_cell):
                cells += [make(params, model, task, seed) for task in asked for seed in params.seeds]
            cells += [
                self._conflict_cell(params, model, pair, seed) for pair in at_odds for seed in params.seeds
            ]
            cells += [self._suite_cell(params, model, task, params.seeds[0]) for task in generated]
            if params.n_templates:
                cells += [self._template_cell(params, model, task, params.seeds[0]) for task in asked]
            cells += [self._head_cell(params, model, asked, seed) for seed in params.seeds]
        return cells

    def _cell(self, params: TaskVectorParams, model: PlannedModel, task: MappingTask, seed: int) -> Cell:
        other = other_task(task, params.k, params.n_dummies)
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.cell.model_dump(mode="json"),
            model=model.ref,
            tasks=(registry.ref(task), registry.ref(other)),
            seed=seed,
            measure="taskscope.studies.task_vectors.measure:measure",
            cost=cost(params, model.n_blocks, task, other),
        )

    def _template_cell(
        self, params: TaskVectorParams, model: PlannedModel, task: MappingTask, seed: int
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.template.model_dump(mode="json"),
            model=model.ref,
            tasks=(registry.ref(task),),
            seed=seed,
            measure="taskscope.studies.task_vectors.templates.measure:measure",
            cost=template_cost(params, model.n_blocks, task),
        )

    def _suite_cell(
        self, params: TaskVectorParams, model: PlannedModel, task: MappingTask, seed: int
    ) -> Cell:
        sizes = params.model_copy(update=params.suite.model_dump())
        cell = self._cell(sizes, model, task, seed)
        return cell.model_copy(update={"measure": "taskscope.studies.task_vectors.suites.measure:measure"})

    def _theta_cell(
        self, params: TaskVectorParams, model: PlannedModel, task: MappingTask, seed: int
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.theta.model_dump(mode="json"),
            model=model.ref,
            tasks=(registry.ref(task),),
            seed=seed,
            measure="taskscope.studies.task_vectors.geometry.measure:measure",
            cost=theta_cost(params, model.n_blocks, task),
        )

    def _conflict_cell(
        self, params: TaskVectorParams, model: PlannedModel, pair: tuple[MappingTask, MappingTask], seed: int
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.conflict.model_dump(mode="json"),
            model=model.ref,
            tasks=tuple(registry.ref(task) for task in pair),
            seed=seed,
            measure="taskscope.studies.task_vectors.conflict.measure:measure",
            cost=conflict_cost(params, model.n_blocks, pair),
        )

    def _head_cell(
        self, params: TaskVectorParams, model: PlannedModel, tasks: Sequence[MappingTask], seed: int
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.heads.model_dump(mode="json"),
            model=model.ref,
            tasks=tuple(registry.ref(task) for task in tasks),
            seed=seed,
            measure="taskscope.studies.task_vectors.heads.measure:measure",
            cost=head_cost(params, model.n_blocks, tasks),
        )

    def analyse(self, rows: pa.Table, params: TaskVectorParams) -> list[Finding]:
        """Judge every claim that was measured; see `analysis`."""
        from taskscope.studies.task_vectors.analysis import analyse

        return analyse(rows, params)

    def figures(self, rows: pa.Table, findings: Sequence[Finding], params: TaskVectorParams) -> list[Figure]:
        """Draw accuracy by task and by block; see `figures`."""
        from taskscope.studies.task_vectors.figures import figures

        return figures(rows, findings, params)

    def tables(self, rows: pa.Table, findings: Sequence[Finding], params: TaskVectorParams) -> list[Table]:
        """Tabulate every number per task, and the published table; see `tables`."""
        from taskscope.studies.task_vectors.tables import tables

        return tables(rows, findings, params)


def _check_context(params: TaskVectorParams, model: PlannedModel) -> None:
    fewest = FEWEST_TOKENS_PER_DEMONSTRATION * params.k + 2
    if fewest > model.context:
        most = max((model.context - 2) // FEWEST_TOKENS_PER_DEMONSTRATION, 0)
        raise StudyError(
            f"{params.k} demonstrations take {fewest} tokens or more; {model.ref.label} reads "
            f"{model.context}",
            f"at most {most} demonstrations",
            f"--set k={min(5, most)}",
        )


def cost(params: TaskVectorParams, n_blocks: int, task: MappingTask, other: MappingTask) -> Cost:
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


def theta_cost(params: TaskVectorParams, n_blocks: int, task: MappingTask) -> Cost:
    """Estimate the tokens of a theta cell: every S with right and with swapped labels, then its dummies.

    A few S of other tasks come with them (E6), as long as the task's own.
    """
    shown, sizes = _lengths(task, params.format), params.theta
    per_set = 2 * sizes.k * shown["demonstration"] + 3 * sizes.n_dummies * shown["query"]
    of_others = len(PANEL) * SETS_OF_PANEL * (sizes.k * shown["demonstration"] + shown["query"])
    tokens = ceil(sizes.n_sets * per_set + of_others)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def template_cost(params: TaskVectorParams, n_blocks: int, task: MappingTask) -> Cost:
    """Estimate the tokens of a template cell: in every format each S, its branches, and a sweep."""
    tokens = 0.0
    for name in FORMATS:
        shown = _lengths(task, name)
        branches = (params.n_dummies + 2) * shown["query"]
        sweep = shown["query"] + n_blocks * len(FORMATS) * shown["answer"]
        tokens += params.n_templates * (2 * params.k * shown["demonstration"] + branches + sweep)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def conflict_cost(params: TaskVectorParams, n_blocks: int, pair: tuple[MappingTask, MappingTask]) -> Cost:
    """Estimate the tokens of a conflict cell: each S before its dummies, then before the query's columns."""
    tokens = 0.0
    for task in pair:
        shown = _lengths(task, params.format)
        demonstrations = params.k * shown["demonstration"]
        captured = demonstrations + params.n_dummies * shown["query"]
        asked = 2 * (demonstrations + shown["query"]) + (1 + n_blocks * len(EDITS)) * shown["answer"]
        tokens += params.n_conflicts * (captured + asked)
    return Cost(tokens=ceil(tokens), token_layers=ceil(tokens) * n_blocks)


def head_cost(params: TaskVectorParams, n_blocks: int, tasks: Sequence[MappingTask]) -> Cost:
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


TASK_VECTORS: base.Study = TaskVectors()
"""The study, as the registry names it."""
