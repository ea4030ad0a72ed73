"""The skill-emergence study: what it plans, and where the rest of it lives."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.runs.cell import Cell, Cost
from taskscope.studies import base
from taskscope.studies.base import PlannedModel
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.params import (
    COLLAGES,
    GRAPHS,
    LAW,
    MECHANISMS,
    GraphParams,
    SkillEmergenceParams,
    profile,
)

_ROOM = "taskscope.studies.skill_emergence"


class SkillEmergence:
    """Theory against its worst adversary (see `claims.ACCOUNT`); no cell needs a model."""

    name = ACCOUNT.name
    version = 1
    account = ACCOUNT
    Params: type[base.Params] = SkillEmergenceParams
    planted: tuple[str, ...] = ()
    compares = False

    def profile(self, name: str) -> SkillEmergenceParams:
        """Return the parameters of a profile."""
        return profile(name)

    def plan(self, params: SkillEmergenceParams, models: Sequence[PlannedModel]) -> list[Cell]:
        """List the cells, the same whatever the models: graphs by setting, laws, trainings on collages.

        Raises:
            StudyError: If a parameter cannot be used.
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
                cells += [self._cell("measure", own, seed, room=".collage") for own in params.trainings]
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

    def _cell(self, measure: str, params: base.Params, seed: int, room: str = "") -> Cell:
        return Cell(
            study=self.name,
            study_version=self.version,
            params=params.model_dump(mode="json"),
            model=None,
            tasks=(),
            seed=seed,
            measure=f"{_ROOM}{room}.measure:{measure}",
            cost=Cost(tokens=0, token_layers=0),
        )


SKILL_EMERGENCE: base.Study = SkillEmergence()
"""The study, as the registry names it."""
