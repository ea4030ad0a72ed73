"""The task-space study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import fmean

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.responses import Response
from taskscope.studies.task_spaces.choosing import N_HALVES, halves
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.params import N_STEPPED, ProbeCell, TaskSpaceParams, profile
from taskscope.tasks import pair_registry
from taskscope.tasks.minimal_pairs import Paradigm

_ROOM = "taskscope.studies.task_spaces"
_FILES = {"probe": "measure", "transfer": "measure", "lives": "lives.measure"}
"""By function the module that measures it."""
_CHARACTERS_PER_TOKEN = 4
_BACKWARD = 3
"""What a pass forward and back costs, in passes forward."""


class TaskSpaces:
    """How learning one task moves every other (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 4
    account = ACCOUNT
    Params: type[base.Params] = TaskSpaceParams
    planted: tuple[str, ...] = ()
    compares = False

    def profile(self, name: str) -> TaskSpaceParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: TaskSpaceParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells: per model and seed one for all tasks, and one of tuning on each task.

        Where it is asked where tasks live, there is one more for each task.

        Raises:
            StudyError: If a parameter cannot be used, two tasks share a name, there is one task only, or a
                task has too few pairs.
            TaskError: If a task is unknown or its data are not found.
        """
        params.check()
        asked = [paradigm for name in params.tasks for paradigm in pair_registry.get(name)]
        names = [paradigm.name for paradigm in asked]
        for name in names:
            if names.count(name) > 1:
                raise StudyError(f"two tasks are called {name!r}", "a name of its own for each task")
        if len(asked) < 2:
            raise StudyError("one task alone", "at least two, of which one may move the other", "-t grammar")
        if params.hypothesis is not None:
            params.hypothesis.check(names)
        for paradigm in asked:
            halves(paradigm, 0, params)
        cells = []
        for model in models:
            for seed in params.seeds:
                probe = ProbeCell(**params.probe.model_dump(), place=model.place)
                cells.append(self._cell("probe", probe, model, asked, seed, _probe(params, asked)))
                for own in () if params.first_order else asked:
                    others = [own, *(each for each in asked if each is not own)]
                    cost = _transfer(params, others)
                    cells.append(self._cell("transfer", params.transfer, model, others, seed, cost))
                if params.lives and not params.first_order:
                    cells += [
                        self._cell("lives", params.tune, model, [task], seed, _lives(params, task, model))
                        for task in asked
                    ]
        return cells

    def analyse(self, rows: pa.Table, params: TaskSpaceParams) -> list[Finding]:
        """Judge every claim that was measured; see `analysis`."""
        from taskscope.studies.task_spaces.analysis import analyse

        return analyse(rows, params)

    def figures(self, rows: pa.Table, findings: Sequence[Finding], params: TaskSpaceParams) -> list[Figure]:
        """Draw the map of every model; see `analysis`."""
        from taskscope.studies.task_spaces.analysis import figures

        return figures(rows, findings, params)

    def tables(self, rows: pa.Table, findings: Sequence[Finding], params: TaskSpaceParams) -> list[Table]:
        """Tabulate every number; see `analysis`."""
        from taskscope.studies.task_spaces.analysis import tables

        return tables(rows, params)

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return answers to single questions, for comparing two runs; see `answers`."""
        from taskscope.studies.task_spaces.answers import answers

        return answers(rows)

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return which pairs each model got right, for models of responses; see `responses`."""
        from taskscope.studies.task_spaces.responses import responses

        return responses(rows)

    def _cell(
        self,
        function: str,
        part: base.Params,
        model: PlannedModel,
        tasks: Sequence[Paradigm],
        seed: int,
        tokens: int,
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=part.model_dump(mode="json"),
            model=model.ref,
            tasks=tuple(map(pair_registry.ref, tasks)),
            seed=seed,
            measure=f"{_ROOM}.{_FILES[function]}:{function}",
            cost=Cost(tokens=tokens, token_layers=tokens * model.n_blocks),
        )


def _probe(params: TaskSpaceParams, tasks: Sequence[Paradigm]) -> int:
    """Count tokens: scores of judged pairs, their gradients, a few steps, and three gradients of others."""
    judged = params.n_eval * (1 + _BACKWARD + N_STEPPED / N_HALVES)
    return sum(ceil(N_HALVES * _length(task) * (judged + 3 * _BACKWARD * params.n_train)) for task in tasks)


def _transfer(params: TaskSpaceParams, tasks: Sequence[Paradigm]) -> int:
    """Count tokens: for each way of tuning, its mask and steps on the first task, and scores of all."""
    learned = params.n_train + params.steps * params.batch
    tuning = N_HALVES * _length(tasks[0]) * _BACKWARD * learned
    return ceil(len(params.conditions) * (tuning + sum(_score(params, task) for task in tasks)))


def _lives(params: TaskSpaceParams, task: Paradigm, model: PlannedModel) -> int:
    """Count tokens: mask, steps and control, and scores after two parts of its change for each block."""
    learned = 2 * params.n_train + params.steps * params.batch
    tuning = N_HALVES * _length(task) * _BACKWARD * learned
    return ceil(tuning + 2 * (model.n_blocks + 2) * _score(params, task))


def _score(params: TaskSpaceParams, task: Paradigm) -> float:
    return N_HALVES * _length(task) * params.n_eval


def _length(task: Paradigm) -> float:
    """Estimate the tokens of a pair, what both start with counted twice."""
    characters = fmean(len(pair.good) + len(pair.bad) for pair in task.pairs[:50])
    return characters / _CHARACTERS_PER_TOKEN + 2


TASK_SPACES: base.Study = TaskSpaces()
"""The study, as the registry names it."""
