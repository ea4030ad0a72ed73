"""The structured-task study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost, TaskRef
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.responses import Response
from taskscope.studies.structured_tasks import costs
from taskscope.studies.structured_tasks.claims import ACCOUNT
from taskscope.studies.structured_tasks.params import StructuredTaskParams, profile
from taskscope.tasks import classification_registry, registry, sentences, thesaurus
from taskscope.tasks.classification_registry import ref
from taskscope.tasks.nested.compositions import Composition, build

_ROOM = "taskscope.studies.structured_tasks"


class StructuredTasks:
    """Select, learn or compose (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 1
    account = ACCOUNT
    Params: type[base.Params] = StructuredTaskParams
    planted: tuple[str, ...] = ("selector", "learner", "composer")
    compares = False

    def profile(self, name: str) -> StructuredTaskParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: StructuredTaskParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells: per model, task and seed one of learning curves, of response maps and of stages.

        And per model and seed one of nested calls for each composition, one of sentences for each language.

        Raises:
            StudyError: If a parameter cannot be used.
            TaskError: If a task is unknown or its data are not found, or a thesaurus lacks a table.
        """
        params.check()
        asked = [classification_registry.get(name) for name in params.tasks]
        names = [task.name for task in asked]
        for name in names:
            if names.count(name) > 1:
                raise StudyError(f"two tasks are called {name!r}", "a name of its own for each task")
        words = (thesaurus.ref(params.thesaurus),) if params.thesaurus else ()
        nested = [
            (one, seed, costs.nested(params, one, seed))
            for seed in params.seeds
            for one in map(build, params.nested)
        ]
        cells: list[Cell] = []
        for model in models:
            for seed in params.seeds:
                for task in asked:
                    cost = costs.curves(params, model.n_blocks, task)
                    cells.append(self._cell("curves", params.curves, model, (ref(task),), seed, cost))
                    cost = costs.maps(params, model.n_blocks, task)
                    cells.append(self._cell("maps", params.maps, model, (ref(task), *words), seed, cost))
                    if params.n_stage_maps:
                        cost = costs.stages(params, model.n_blocks, task)
                        cells.append(self._cell("stages", params.stages, model, (ref(task),), seed, cost))
            cells += [self._nested(params, model, *each) for each in nested]
            cells += [
                self._cell(
                    "spoken",
                    params.spoken_in(language),
                    model,
                    (sentences.ref(language),),
                    seed,
                    costs.spoken(params, model.n_blocks, language, seed),
                )
                for seed in params.seeds
                for language in sentences.LANGUAGES
                if language in params.spoken
            ]
        return cells

    def analyse(self, rows: pa.Table, params: StructuredTaskParams) -> list[Finding]:
        """Judge every claim that was measured; see `analysis`."""
        from taskscope.studies.structured_tasks.analysis import analyse

        return analyse(rows, params)

    def figures(
        self, rows: pa.Table, findings: Sequence[Finding], params: StructuredTaskParams
    ) -> list[Figure]:
        """Draw learning curves, response maps, stages, nested calls and sentences; see `analysis`."""
        from taskscope.studies.structured_tasks.analysis import figures

        return figures(rows, params)

    def tables(
        self, rows: pa.Table, findings: Sequence[Finding], params: StructuredTaskParams
    ) -> list[Table]:
        """Tabulate every number; see `analysis`."""
        from taskscope.studies.structured_tasks.analysis import tables

        return tables(rows, params)

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return answers to single questions, for comparing two runs; see `answers`."""
        from taskscope.studies.structured_tasks.answers import answers

        return answers(rows)

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return who got which item right, for models of responses; see `responses`."""
        from taskscope.studies.structured_tasks.nested.responses import responses

        return responses(rows)

    def _nested(
        self,
        params: StructuredTaskParams,
        model: PlannedModel,
        composition: Composition,
        seed: int,
        tokens: int,
    ) -> Cell:
        tasks = tuple(registry.ref(task) for task in composition.tasks)
        cost = Cost(tokens=tokens, token_layers=tokens * model.n_blocks)
        return self._cell("nested", params.nested_call(composition.name), model, tasks, seed, cost)

    def _cell(
        self,
        part: str,
        params: base.Params,
        model: PlannedModel,
        tasks: tuple[TaskRef, ...],
        seed: int,
        cost: Cost,
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.model_dump(mode="json"),
            model=model.ref,
            tasks=tasks,
            seed=seed,
            measure=f"{_ROOM}.{part}.measure:measure",
            cost=cost,
        )


STRUCTURED_TASKS: base.Study = StructuredTasks()
"""The study, as the registry names it."""
