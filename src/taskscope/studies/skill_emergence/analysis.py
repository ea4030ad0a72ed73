"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.skill_emergence import figures as drawing
from taskscope.studies.skill_emergence import findings
from taskscope.studies.skill_emergence import tables as tabulating
from taskscope.studies.skill_emergence.collage import showing
from taskscope.studies.skill_emergence.collage.findings import collages
from taskscope.studies.skill_emergence.grids import results
from taskscope.studies.skill_emergence.params import SkillEmergenceParams


def analyse(rows: pa.Table, params: SkillEmergenceParams) -> list[Finding]:
    """Judge claims 5, 6 and 8, each where it was simulated."""
    del params
    found = results(rows)
    judged = [findings.theorem(found.adversaries)] if found.adversaries else []
    judged += [findings.tuples(found.emergence)] if found.emergence is not None else []
    return judged + ([collages(found.collages, findings.SUBJECT)] if found.collages else [])


def figures(rows: pa.Table, params: SkillEmergenceParams) -> list[Figure]:
    """Draw the calculator's curves, then what was simulated."""
    found = results(rows)
    drawn = [drawing.bounds(), drawing.published_panels()]
    if found.adversaries:
        drawn.append(drawing.adversaries(found.adversaries))
    if found.emergence is not None:
        drawn += drawing.emergence(found.emergence, params)
    if found.mechanisms:
        drawn.append(drawing.peeling(found.mechanisms))
    if found.collages:
        drawn.append(showing.figure(found.collages, findings.SUBJECT))
    return drawn


def tables(rows: pa.Table, params: SkillEmergenceParams) -> list[Table]:
    """Tabulate what was simulated, and the calculator's answers."""
    found = results(rows)
    laid = []
    if found.adversaries:
        laid.append(tabulating.adversaries(found.adversaries))
    if found.emergence is not None:
        laid.append(tabulating.emergence(found.emergence, params))
    if found.mechanisms:
        laid.append(tabulating.mechanisms(found.mechanisms))
    if found.collages:
        laid.append(showing.table(found.collages, findings.SUBJECT))
    return [*laid, tabulating.tolerable(), tabulating.scale(), tabulating.readings(), tabulating.stimulus()]
