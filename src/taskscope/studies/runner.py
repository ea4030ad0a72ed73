"""From a request to a page: plan the cells, let an engine compute what is missing, judge what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from taskscope.engines import inline
from taskscope.engines.events import Event
from taskscope.engines.outcome import Outcome
from taskscope.engines.ray import driver
from taskscope.errors import RunError, StudyError
from taskscope.models.identity import identify, reference
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.store import RunFolder
from taskscope.studies.base import Params, PlannedModel, Study
from taskscope.studies.placement import work_of
from taskscope.studies.request import RunRequest, StudyRequest, find_study
from taskscope.studies.stored_request import not_a_request, studies_asked


@dataclass(frozen=True)
class StudyPlan:
    """One study's cells and the parameters they were planned with."""

    request: StudyRequest
    study: Study
    params: Params
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Plan:
    """Everything a run will measure, before anything is measured."""

    request: RunRequest
    models: tuple[PlannedModel, ...]
    studies: tuple[StudyPlan, ...]

    @property
    def cells(self) -> list[Cell]:
        """All cells, study by study."""
        return [cell for study in self.studies for cell in study.cells]

    @property
    def n_parameters(self) -> dict[str, int]:
        """Parameters of each model, by the id of its reference."""
        return {model.ref.id: model.n_parameters for model in self.models}


def _label_apart(models: Sequence[PlannedModel]) -> tuple[PlannedModel, ...]:
    """Give models of one name different labels, by the head of their identity's hash."""
    count = Counter(m.ref.label for m in models)

    def apart(model: PlannedModel) -> PlannedModel:
        if count[model.ref.label] == 1:
            return model
        tail = model.ref.id.rsplit(":", 1)[-1].rsplit("@", 1)[-1][:8]
        ref = model.ref.model_copy(update={"label": f"{model.ref.label} {tail}"})
        return model.model_copy(update={"ref": ref})

    return tuple(apart(m) for m in models)


def _planned(spec: ModelSpec) -> PlannedModel:
    known = identify(spec)
    return PlannedModel(
        ref=reference(spec),
        n_blocks=known.n_blocks,
        n_parameters=known.n_parameters,
        context=known.context,
        body_parameters=known.body_parameters,
        tokens=known.tokens,
        checkpoint_of=known.checkpoint_of,
    )


def plan(request: RunRequest) -> Plan:
    """List every cell of a request without loading a model's weights.

    Raises:
        TaskscopeError: Anything in the request that could not be measured.
    """
    resolved = [wanted.resolve() for wanted in request.studies]  # before models, which may need a network
    models = _label_apart([_planned(spec) for spec in request.models])
    names = [spec.name for spec in request.models]
    studies = []
    for wanted, (study, params) in zip(request.studies, resolved, strict=True):
        own = [m for name, m in zip(names, models, strict=True) if name in (wanted.models or names)]
        studies.append(StudyPlan(wanted, study, params, tuple(study.plan(params, own))))
    if not models and any(not planned.cells for planned in studies):
        raise StudyError("no model given", "at least one -m MODEL or --series NAME", "taskscope list models")
    return Plan(request, models, tuple(studies))


def default_folder(request: RunRequest) -> Path:
    """Name the run folder after the request, so that the same command finds its own run again."""
    studies = "all" if len(request.studies) > 1 else "".join(wanted.study for wanted in request.studies)
    given = [
        name
        for wanted in request.studies
        for what in ("scores", "served", "parts")
        for name in wanted.overrides.get(what, ())
    ]
    models = "+".join(Path(name).name for name in (*(spec.name for spec in request.models), *given))
    profile = "+".join(sorted({wanted.profile for wanted in request.studies}))
    return Path("runs") / "--".join(filter(None, (studies, models[:60], profile)))


def _load(ref: ModelRef) -> Any:
    from taskscope.models.loading import load

    return load(ModelSpec(**ref.load))


def open_folder(path: Path, plan: Plan) -> RunFolder:
    """Create the run folder, or open it to resume or extend; the newest request becomes its specification."""
    spec = {
        "request": plan.request.model_dump(mode="json"),
        "studies": [
            {
                "study": s.study.name,
                "params": s.params.model_dump(mode="json"),
                "keys": [cell.key for cell in s.cells],
            }
            for s in plan.studies
        ],
        "models": [m.model_dump(mode="json", exclude={"ref": {"load"}}) for m in plan.models],
    }
    return RunFolder.create_or_open(path, spec)


def forget_stale(plan: Plan, folder: RunFolder) -> list[Cell]:
    """Make `execute` measure those cells again that other code measured; returns them."""
    stale = folder.stale(plan.cells)
    folder.forget([cell.key for cell in stale])
    return stale


def execute(
    plan: Plan, folder: RunFolder, on_event: Callable[[Event], None], engine: str = inline.ENGINE
) -> Outcome:
    """Compute every cell the folder does not hold; a failing cell is stored and does not stop the others.

    Args:
        plan: What to measure.
        folder: What is kept.
        on_event: Called with every event.
        engine: ``inline``, ``ray`` or the address of a Ray cluster.

    Raises:
        RunError: The folder cannot be written, or there is no such cluster.
    """
    if engine == inline.ENGINE:
        return inline.run(plan.cells, folder, _load, on_event=on_event)
    work = work_of(plan.n_parameters)
    return driver.run(plan.cells, folder, _load, on_event=on_event, engine=engine, work=work)


@dataclass(frozen=True)
class StudyResult:
    """One study's findings and what is drawn of them."""

    study: Study
    params: Params
    findings: list[Finding]
    figures: list[Figure]
    tables: list[Table]


def conclude(folder: RunFolder) -> list[StudyResult]:
    """Judge the stored rows of a run folder and keep the findings; needs no model and no network.

    Raises:
        RunError: None of the cells the run asked for was measured, or `run.json` is not what a command wrote.
    """
    results = []
    for asked in studies_asked(folder):
        study = find_study(asked.study)
        try:
            params = study.Params.model_validate(asked.params)
        except ValidationError as error:
            raise not_a_request(folder, error) from None
        keys = [key for key in asked.keys if folder.has(key)]
        rows = folder.rows(keys, study=study.name)
        if not rows.num_rows:
            continue
        findings = study.analyse(rows, params)
        figures = study.figures(rows, findings, params)
        results.append(StudyResult(study, params, findings, figures, study.tables(rows, findings, params)))
    if not results:
        raise RunError(
            f"{folder.path} holds none of the cells it was asked for",
            "at least one measured cell",
            f"taskscope show {folder.path}, which names what failed",
        )
    folder.write_findings([f.model_dump(mode="json") for r in results for f in r.findings])
    return results
