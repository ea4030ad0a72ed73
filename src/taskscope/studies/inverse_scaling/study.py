"""The inverse-scaling study: what it plans, and where the rest of it lives."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.models.series import Place
from taskscope.models.server import Server
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost, TaskRef
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.inverse_scaling import costs
from taskscope.studies.inverse_scaling.asked import find
from taskscope.studies.inverse_scaling.claims import ACCOUNT
from taskscope.studies.inverse_scaling.params import CellParams, InverseScalingParams, profile
from taskscope.studies.responses import Response
from taskscope.tasks import choice_registry, contest, published_points, score_files, served_models
from taskscope.tasks.choices import ChoiceTask
from taskscope.tasks.served_models import Served

_ROOM = "taskscope.studies.inverse_scaling"


class InverseScaling:
    """Tasks that get worse with size, or worse and then better (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 2
    account = ACCOUNT
    Params: type[base.Params] = InverseScalingParams
    planted: tuple[str, ...] = ()
    compares = True

    def profile(self, name: str) -> InverseScalingParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: InverseScalingParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells: one per model, task and seed, and one per folder of results.

        Raises:
            StudyError: If two models of a series have the same size, or there is nothing to judge.
            TaskError: If a task is unknown or its data are not found, or results cannot be read.
        """
        served = [one for name in params.served for one in served_models.load_served(name)]
        if not models and not served and not params.scores:
            raise StudyError(
                "neither models nor scores", "a series of models, or --scores FOLDER", "--series pico"
            )
        asked = [(model.place, model.ref.label) for model in models]
        asked += [(_place(one), one.model.name) for one in served]
        _check_sizes(asked)
        cells = [self._scored(name) for name in params.scores]
        if params.points:
            cells.append(self._points(params.points))
        _check_names([cell.tasks[0].name for cell in cells])
        if not asked:
            return cells
        found = [
            (name, seed, find(name, params.n_items, seed))
            for name in params.tasks
            for seed in (params.seeds if name in contest.NAMES else params.seeds[:1])
        ]
        _check_names([task.name for _, seed, task in found if seed == params.seeds[0]])
        _check_shots(params, [task for _, _, task in found])
        for model in models:
            cells += [self._asked(params, model, *one) for one in found]
        for one in served:
            cells += [self._served(params, one, *task) for task in found]
        return cells

    def analyse(self, rows: pa.Table, params: InverseScalingParams) -> list[Finding]:
        """Judge every claim that was measured; see `analysis`."""
        from taskscope.studies.inverse_scaling.analysis import analyse

        return analyse(rows, params)

    def figures(
        self, rows: pa.Table, findings: Sequence[Finding], params: InverseScalingParams
    ) -> list[Figure]:
        """Draw performance and loss along every series; see `analysis`."""
        from taskscope.studies.inverse_scaling.analysis import figures

        return figures(rows, params)

    def tables(
        self, rows: pa.Table, findings: Sequence[Finding], params: InverseScalingParams
    ) -> list[Table]:
        """Tabulate every trend with its probability; see `analysis`."""
        from taskscope.studies.inverse_scaling.analysis import tables

        return tables(rows, params)

    def answers(self, rows: pa.Table) -> pa.Table:
        """Return answers to single questions, for comparing two runs; see `answers`."""
        from taskscope.studies.inverse_scaling.answers import answers

        return answers(rows)

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return who got which item right, for models of responses; see `responses`."""
        from taskscope.studies.inverse_scaling.responses import responses

        return responses(rows)

    def collected(self, rows: pa.Table) -> dict[str, pa.Table]:
        """Return answers of models that were not loaded, for comparing two runs; see `answers`."""
        from taskscope.studies.inverse_scaling.answers import collected

        return collected(rows)

    def _asked(
        self, params: InverseScalingParams, model: PlannedModel, name: str, seed: int, task: ChoiceTask
    ) -> Cell:
        own = _own(params, name, model.place)
        return Cell(
            study=self.name,
            study_version=self.version,
            params=own.model_dump(mode="json"),
            model=model.ref,
            tasks=(choice_registry.ref(task),),
            seed=seed,
            measure=f"{_ROOM}.measure:measure",
            cost=costs.task(params, model.n_blocks, name, task),
        )

    def _served(
        self, params: InverseScalingParams, served: Served, name: str, seed: int, task: ChoiceTask
    ) -> Cell:
        """Plan to ask a server: a cell without a model that could be loaded, and so without reasoning."""
        own = _own(params.model_copy(update={"reasoning": 0}), name, _place(served))
        Server(served.url, served.model.name)  # whether that is an address is to be known now
        return Cell(
            study=self.name,
            study_version=self.version,
            params=own.model_copy(update={"url": served.url}).model_dump(mode="json"),
            model=None,
            tasks=(choice_registry.ref(task),),
            seed=seed,
            measure=f"{_ROOM}.served:measure",
            cost=costs.task(params, 0, name, task),
        )

    def _scored(self, name: str) -> Cell:
        """Plan to read a folder of results: a cell without a model."""
        scores = score_files.load_scores(name)
        return self._read(scores.task, scores.fingerprint, name, "measure")

    def _points(self, name: str) -> Cell:
        path = published_points.find(name)
        published_points.load_points(path)  # whether it can be read is to be known now
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._read("published points", digest, name, "measure_points")

    def _read(self, name: str, fingerprint: str, source: str, function: str) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params={},
            model=None,
            tasks=(TaskRef(name=name, fingerprint=fingerprint, source=source),),
            seed=0,
            measure=f"{_ROOM}.given:{function}",
            cost=Cost(tokens=0, token_layers=0),
        )


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise StudyError(f"two tasks are called {name!r}", "a name of its own for each task")


def _check_shots(params: InverseScalingParams, tasks: Sequence[ChoiceTask]) -> None:
    """Refuse more demonstrations than a task has other items."""
    most = max(params.shots, default=0) if params.beside else 0
    for task in tasks:
        if most >= len(task.items):
            raise StudyError(
                f"{most} demonstrations from the {len(task.items)} items of {task.name}",
                f"at most {len(task.items) - 1}, since an item is never its own demonstration",
                f"--set shots={len(task.items) - 1}",
            )


def _own(params: InverseScalingParams, name: str, place: Place) -> CellParams:
    return CellParams(
        asked=name,
        n_items=params.n_items,
        beside=params.beside,
        shots=params.shots if params.beside else (),
        shot_draws=params.shot_draws if params.beside and params.shots else 1,
        reasoning=params.reasoning if params.beside else 0,
        strengths=params.strengths if params.beside and name in contest.NAMES else (),
        renamed=params.renamed and params.beside,
        place=place,
    )


def _place(served: Served) -> Place:
    model = served.model
    return Place(
        family=model.family,
        member=model.name,
        parameters=round(model.parameters),
        tokens=None if model.tokens is None else round(model.tokens),
    )


def _check_sizes(models: Sequence[tuple[Place, str]]) -> None:
    """Refuse two finished models of one size in a family: a series is ordered by size.

    Args:
        models: Where each stands, and what people call it.
    """
    sizes: dict[tuple[str, int], list[str]] = defaultdict(list)
    for place, label in models:
        if place.finished:
            sizes[place.family, place.parameters].append(label)
    for (family, size), labels in sizes.items():
        if len(labels) > 1:
            raise StudyError(
                f"{' and '.join(labels)} of {family} have {size:,} parameters each",
                "models that differ in size",
                "leave one out, or compare them in a run of their own",
            )


INVERSE_SCALING: base.Study = InverseScaling()
"""The study, as the registry names it."""
