"""The skill-emergence study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost, ModelRef, TaskRef
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.responses import Response
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.collage import backbone, digits
from taskscope.studies.skill_emergence.mix import asking as mixing
from taskscope.studies.skill_emergence.pairs import asking
from taskscope.studies.skill_emergence.pairs.names import skills
from taskscope.studies.skill_emergence.params import (
    CLOZE,
    COLLAGES,
    GRAPHS,
    LAW,
    MECHANISMS,
    MIX,
    PAIRS,
    SCALING,
    GraphParams,
    SkillEmergenceParams,
)
from taskscope.studies.skill_emergence.profiles import profile
from taskscope.tasks import registry
from taskscope.tasks.cloze import questions
from taskscope.tasks.text_skills import skills as text_skills

_NONE = Cost(tokens=0, token_layers=0)
_ROOM = "taskscope.studies.skill_emergence"


class SkillEmergence:
    """Theory against its worst adversary, and against models (see `claims.ACCOUNT`)."""

    name = ACCOUNT.name
    version = 2
    account = ACCOUNT
    Params: type[base.Params] = SkillEmergenceParams
    planted: tuple[str, ...] = ()
    compares = False

    def profile(self, name: str) -> SkillEmergenceParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: SkillEmergenceParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells: graphs by setting, laws, trainings on collages; for each model what it is asked.

        Raises:
            StudyError: If a parameter cannot be used.
            TaskscopeError: If the losses cannot be read or fitted.
        """
        params.check()
        large = [setting for setting in params.settings if not setting.enumerated]
        kinds = [(setting, params.n_graphs, 0) for setting in params.settings]
        kinds.append((large[0], params.n_clustered, params.clusters))
        cells: list[Cell] = []
        for seed in params.seeds:
            for setting, n_graphs, clusters in kinds if GRAPHS in params.parts else ():
                own = GraphParams(
                    setting=setting, n_graphs=n_graphs, clusters=clusters, restarts=params.restarts
                )
                cells.append(self._cell("graphs", own, seed))
            if LAW in params.parts:
                cells.append(self._cell("along_the_law", params.emergence, seed))
            if MECHANISMS in params.parts:
                cells.append(self._cell("other_laws", params.mechanisms, seed))
            if COLLAGES in params.parts:
                seen = (digits.reference(params.digits),) if params.digits else ()
                seen += (backbone.reference(params.backbone),) if params.backbone else ()
                cells += [
                    self._cell("measure", own, seed, room=".collage", tasks=seen) for own in params.trainings
                ]
                cells += [
                    self._cell("measure_kind", own, seed, room=".collage", tasks=seen[: bool(params.digits)])
                    for own in params.kind_trainings
                ]
            if SCALING in params.parts:
                from taskscope.studies.skill_emergence.scaling import sources  # imports scipy

                own, seen = base.Params(), (sources.reference(params.losses),)
                cells.append(self._cell("measure", own, seed, room=".scaling", tasks=seen))
            if PAIRS in params.parts:
                cells += [self._pair(params, model, pair, seed) for model in models for pair in params.pairs]
            if CLOZE in params.parts:
                cells += [self._cloze(params, model, seed) for model in models]
            if MIX in params.parts:
                cells += [self._mix(params, model, seed) for model in models]
        return cells

    def analyse(self, rows: pa.Table, params: SkillEmergenceParams) -> list[Finding]:
        """Judge the claims that simulations decide; see `analysis`."""
        from taskscope.studies.skill_emergence.analysis import analyse

        return analyse(rows, params)

    def figures(
        self, rows: pa.Table, findings: Sequence[Finding], params: SkillEmergenceParams
    ) -> list[Figure]:
        """Draw the guarantee, the adversaries, emergence and the other laws; see `analysis`."""
        from taskscope.studies.skill_emergence.analysis import figures

        return figures(rows, params)

    def tables(
        self, rows: pa.Table, findings: Sequence[Finding], params: SkillEmergenceParams
    ) -> list[Table]:
        """Tabulate what was simulated, and the calculator; see `analysis`."""
        from taskscope.studies.skill_emergence.analysis import tables

        return tables(rows, params)

    def responses(self, rows: pa.Table) -> Iterator[Response]:
        """Return who got which item right, for models of responses; see `responses`."""
        from taskscope.studies.skill_emergence.responses.own import responses

        return responses(rows)

    def _pair(self, params: SkillEmergenceParams, model: PlannedModel, pair: str, seed: int) -> Cell:
        own = params.of_pair(pair, model.place)
        tasks = tuple(registry.ref(registry.get(name)) for name in skills(pair))
        cost = asking.cost(own, seed, model.n_blocks)
        return self._cell("measure", own, seed, room=".pairs", model=model.ref, tasks=tasks, cost=cost)

    def _cloze(self, params: SkillEmergenceParams, model: PlannedModel, seed: int) -> Cell:
        own = params.cloze(model.place)
        items = questions(seed, own.cloze_items).items
        tokens = sum(len(item.prompt) + sum(map(len, item.classes)) for item in items) // 3
        cost = Cost(tokens=tokens, token_layers=tokens * model.n_blocks)
        return self._cell("measure", own, seed, room=".cloze", model=model.ref, cost=cost)

    def _mix(self, params: SkillEmergenceParams, model: PlannedModel, seed: int) -> Cell:
        own = params.mix(model.place)
        cost = mixing.cost(own, seed, model.n_blocks)
        return self._cell(
            "measure", own, seed, room=".mix", model=model.ref, tasks=(text_skills.ref(),), cost=cost
        )

    def _cell(
        self,
        measure: str,
        params: base.Params,
        seed: int,
        room: str = "",
        model: ModelRef | None = None,
        tasks: tuple[TaskRef, ...] = (),
        cost: Cost = _NONE,
    ) -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.model_dump(mode="json"),
            model=model,
            tasks=tasks,
            seed=seed,
            measure=f"{_ROOM}{room}.measure:{measure}",
            cost=cost,
        )


SKILL_EMERGENCE: base.Study = SkillEmergence()
"""The study, as the registry names it."""
