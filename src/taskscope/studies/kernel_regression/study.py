"""The kernel-regression study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression import costs
from taskscope.studies.kernel_regression.claims import ACCOUNT
from taskscope.studies.kernel_regression.draws import check_pool
from taskscope.studies.kernel_regression.params import (
    CELLS,
    EFFECTS,
    THEORY,
    WEIGHTS,
    KernelRegressionParams,
    profile,
)
from taskscope.tasks import classification_registry, thesaurus
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.classification_registry import ref

_ROOM = "taskscope.studies.kernel_regression"


class KernelRegression:
    """Attention over demonstrations as a weighted vote of their labels (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 1
    account = ACCOUNT
    Params: type[base.Params] = KernelRegressionParams
    planted: tuple[str, ...] = ("planted-smoother", "null-smoother")
    compares = False

    def profile(self, name: str) -> KernelRegressionParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: KernelRegressionParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells: those of the theory, which need no model, and for each model those of its parts.

        Raises:
            StudyError: If a parameter cannot be used, a model is needed and none is given, or k
                demonstrations cannot fit a model's context.
            TaskError: If a task is unknown or its data are not found, its pool holds too few texts of a
                class, or a thesaurus lacks a table.
        """
        params.check()
        cells = []
        if THEORY in params.parts:
            from taskscope.studies.kernel_regression.simulated import experiments

            cells += experiments.cells(params.simulated, self.name, self.version)
        asking = [part for part in params.parts if part != THEORY]
        if not asking:
            return cells
        if not models:
            raise StudyError(
                f"no model for the parts {', '.join(asking)}", "at least one -m MODEL", f"--part {THEORY}"
            )
        asked = _tasks(params)
        for task in asked:
            check_pool(task, params.k)
        for model in models:
            costs.check_context(model, params.k)
            for part in asking:
                cells += self._asking(part, params, model, asked)
        return cells

    def analyse(self, rows: pa.Table, params: KernelRegressionParams) -> list[Finding]:
        """Judge every claim that was measured; see `parts`."""
        from taskscope.studies.kernel_regression.parts import analyse

        return analyse(rows, params)

    def figures(
        self, rows: pa.Table, findings: Sequence[Finding], params: KernelRegressionParams
    ) -> list[Figure]:
        """Draw what was simulated and measured; see `parts`."""
        from taskscope.studies.kernel_regression.parts import figures

        return figures(rows, params)

    def tables(
        self, rows: pa.Table, findings: Sequence[Finding], params: KernelRegressionParams
    ) -> list[Table]:
        """Tabulate every number; see `parts`."""
        from taskscope.studies.kernel_regression.parts import tables

        return tables(rows, params)

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return answers to single questions, for comparing two runs; see `answers`."""
        from taskscope.studies.kernel_regression.answers import answers

        return answers(rows)

    def _asking(
        self,
        part: str,
        params: KernelRegressionParams,
        model: PlannedModel,
        tasks: Sequence[ClassificationTask],
    ) -> list[Cell]:
        """Plan a cell per task and seed, of attention weights for each template."""
        templates = params.templates if part == WEIGHTS else params.templates[:1]
        words = (thesaurus.ref(params.thesaurus),) if params.thesaurus and part == EFFECTS else ()
        return [
            Cell(
                study=self.name,
                study_version=self.version,
                params=params.of(CELLS[part], template).model_dump(mode="json"),
                model=model.ref,
                tasks=(ref(task), *words),
                seed=seed,
                measure=f"{_ROOM}.{part}.measure:measure",
                cost=costs.cell(params, part, template, model.n_blocks, task),
            )
            for task in tasks
            for template in templates
            for seed in params.seeds
        ]


def _tasks(params: KernelRegressionParams) -> list[ClassificationTask]:
    tasks = [classification_registry.get(name) for name in params.tasks]
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise StudyError(f"two tasks are called {name!r}", "a name of its own for each task")
    return tasks


KERNEL_REGRESSION: base.Study = KernelRegression()
"""The study, as the registry names it."""
