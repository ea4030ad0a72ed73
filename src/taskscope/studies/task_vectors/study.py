"""The task-vector study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.responses import Response
from taskscope.studies.task_vectors import costs
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.task_vectors.conflict.draws import admissible, unrelated_task
from taskscope.studies.task_vectors.draws import other_task
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.profiles import profile
from taskscope.tasks import registry
from taskscope.tasks.compositions import SQUARES
from taskscope.tasks.task import MappingTask

_ROOM = "taskscope.studies.task_vectors"


class TaskVectors:
    """One vector carries the task, somewhere in the middle of the model (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 1
    account = ACCOUNT
    Params: type[base.Params] = TaskVectorParams
    planted: tuple[str, ...] = ("planted-vector", "null-vector", "planted-head")
    compares = False

    def profile(self, name: str) -> TaskVectorParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: TaskVectorParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells.

        Per model and seed: one of accuracies (E1) and one of thetas (E3, E4, E6) for each task, one for each
        pair of tasks that share inputs (E5), and one of all tasks, whose heads are chosen on each other (FV).
        Per model, at the first seed alone: one of all tasks' thetas through a tuned lens (E6), one for each
        generated task, one of averaged thetas (E7) and one across prompt formats for each task, and one for
        each composition (FV-8).

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
            plan = _Planner(self, params, model)
            for make in (plan.accuracies, plan.thetas):
                cells += [make(task, seed) for task in asked for seed in params.seeds]
            cells += [plan.conflict(pair, seed) for pair in at_odds for seed in params.seeds]
            if params.lens_steps:
                cells.append(plan.lens(asked, params.seeds[0]))
            cells += [plan.suite(task, params.seeds[0]) for task in generated]
            if params.n_averaged:
                cells += [plan.averaged(task, params.seeds[0]) for task in asked]
            if params.n_templates:
                cells += [plan.templates(task, params.seeds[0]) for task in asked]
            cells += [plan.heads(asked, seed) for seed in params.seeds]
            cells += [plan.composition(name, params.seeds[0]) for name in params.squares]
        return cells

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

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return answers to single questions, for comparing two runs; see `answers`."""
        from taskscope.studies.task_vectors.answers import answers

        return answers(rows)

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return who got which item right, for models of responses; see `responses`."""
        from taskscope.studies.task_vectors.responses import responses

        return responses(rows)


@dataclass(frozen=True)
class _Planner:
    """Makes the cells of one model."""

    study: TaskVectors
    params: TaskVectorParams
    model: PlannedModel

    def accuracies(self, task: MappingTask, seed: int) -> Cell:
        return self._accuracies("measure", self.params, self.params.cell, task, seed)

    def suite(self, task: MappingTask, seed: int) -> Cell:
        part = self.params.suite
        sizes = self.params.model_copy(update=part.accuracies.model_dump())
        return self._accuracies("suites.measure", sizes, part, task, seed)

    def thetas(self, task: MappingTask, seed: int) -> Cell:
        cost = costs.thetas(self.params, self.model.n_blocks, task)
        return self._cell("geometry.measure", self.params.theta, (task,), seed, cost)

    def lens(self, tasks: Sequence[MappingTask], seed: int) -> Cell:
        cost = costs.lens(self.params, self.model.n_blocks, tasks)
        return self._cell("projection.measure_lens", self.params.lens, tasks, seed, cost)

    def conflict(self, pair: tuple[MappingTask, MappingTask], seed: int) -> Cell:
        part = self.params.conflict
        unrelated = unrelated_task(pair, seed, part.k, part.n_dummies)
        cost = costs.conflicts(self.params, self.model.n_blocks, pair, unrelated)
        return self._cell("conflict.measure", part, (*pair, unrelated), seed, cost)

    def averaged(self, task: MappingTask, seed: int) -> Cell:
        part = self.params.averaged
        other = other_task(task, part.k, part.n_dummies)
        cost = costs.averaged(self.params, self.model.n_blocks, task, other)
        return self._cell("averaged.measure", part, (task, other), seed, cost)

    def templates(self, task: MappingTask, seed: int) -> Cell:
        cost = costs.templates(self.params, self.model.n_blocks, task)
        return self._cell("templates.measure", self.params.template, (task,), seed, cost)

    def heads(self, tasks: Sequence[MappingTask], seed: int) -> Cell:
        cost = costs.heads(self.params, self.model.n_blocks, tasks)
        return self._cell("heads.measure", self.params.heads, tasks, seed, cost)

    def composition(self, name: str, seed: int) -> Cell:
        square = SQUARES[name]
        tasks = [registry.get(task) for task in (square.both, *square[:-1])]
        cost = costs.composition(self.params, self.model.n_blocks, tasks)
        return self._cell("composition.measure", self.params.composition, tasks, seed, cost)

    def _accuracies(
        self, module: str, sizes: TaskVectorParams, part: base.Params, task: MappingTask, seed: int
    ) -> Cell:
        other = other_task(task, sizes.k, sizes.n_dummies)
        cost = costs.accuracies(sizes, self.model.n_blocks, task, other)
        return self._cell(module, part, (task, other), seed, cost)

    def _cell(
        self, module: str, part: base.Params, tasks: Sequence[MappingTask], seed: int, cost: Cost
    ) -> Cell:
        return Cell(
            study=self.study.name,
            study_version=self.study.version,
            params=part.model_dump(mode="json"),
            model=self.model.ref,
            tasks=tuple(registry.ref(task) for task in tasks),
            seed=seed,
            measure=f"{_ROOM}.{module}:measure",
            cost=cost,
        )


def _check_context(params: TaskVectorParams, model: PlannedModel) -> None:
    asked = {
        "k": params.k,
        "k_sets": params.theta.k,
        "k_conflicts": params.conflict.k,
        "k_heads": params.heads.k,
    }
    name = max(asked, key=lambda each: asked[each])  # k itself where the others are not larger
    fewest = costs.FEWEST_TOKENS_PER_DEMONSTRATION * asked[name] + 2
    if fewest > model.context:
        most = max((model.context - 2) // costs.FEWEST_TOKENS_PER_DEMONSTRATION, 0)
        raise StudyError(
            f"{asked[name]} demonstrations take {fewest} tokens or more; {model.ref.label} reads "
            f"{model.context}",
            f"at most {most} demonstrations",
            f"--set {name}={min(5, most)}",
        )


TASK_VECTORS: base.Study = TaskVectors()
"""The study, as the registry names it."""
