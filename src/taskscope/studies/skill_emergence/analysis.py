"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.remembering import once_per_table
from taskscope.studies.skill_emergence import explored, findings
from taskscope.studies.skill_emergence import figures as drawing
from taskscope.studies.skill_emergence import tables as tabulating
from taskscope.studies.skill_emergence.cloze import fitting
from taskscope.studies.skill_emergence.cloze import showing as cloze_showing
from taskscope.studies.skill_emergence.cloze.graph import graph, tags
from taskscope.studies.skill_emergence.cloze.rows import Cloze, read
from taskscope.studies.skill_emergence.collage import kind_showing, showing
from taskscope.studies.skill_emergence.collage.findings import collages
from taskscope.studies.skill_emergence.collage.together import sharing
from taskscope.studies.skill_emergence.grids import results
from taskscope.studies.skill_emergence.mix import resampling as mixing
from taskscope.studies.skill_emergence.mix import showing as mix_showing
from taskscope.studies.skill_emergence.mix.rows import mixes
from taskscope.studies.skill_emergence.pairs import becoming
from taskscope.studies.skill_emergence.pairs import showing as pair_showing
from taskscope.studies.skill_emergence.pairs.findings import stimulus
from taskscope.studies.skill_emergence.pairs.resampling import ModelPairs, resample
from taskscope.studies.skill_emergence.pairs.rows import grids
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.responses import showing as response_showing
from taskscope.studies.skill_emergence.rows import PICTURES, of_part
from taskscope.studies.skill_emergence.scaling import findings as scaling
from taskscope.studies.skill_emergence.scaling import showing as scaling_showing
from taskscope.studies.skill_emergence.scaling.estimates import Estimates, estimate
from taskscope.studies.skill_emergence.scaling.rows import Losses, losses

MODELS = "models given"
"""What figures are about that compare models."""


def analyse(rows: pa.Table, params: SkillEmergenceParams) -> list[Finding]:
    """Judge every claim where it was measured: 7 for every model, 4 for all, the others without any."""
    found = results(rows)
    fitted = _scaling(rows)[:1]
    judged = [judge(each) for each in fitted for judge in (scaling.floor, scaling.halving)]
    judged += [sharing(found.collages, findings.SUBJECT)] if found.collages else []
    if (cloze := _cloze(rows, params)) is not None and (held := graph(*cloze)) is not None:
        judged.append(tags(held, MODELS))
    judged += [findings.theorem(found.adversaries)] if found.adversaries else []
    judged += [findings.tuples(found.emergence)] if found.emergence is not None else []
    judged += [stimulus(each) for each in _pairs(rows, params)]
    return judged + ([collages(found.collages, findings.SUBJECT)] if found.collages else [])


def figures(rows: pa.Table, params: SkillEmergenceParams) -> list[Figure]:
    """Draw the calculator's curves, then what was simulated."""
    found = results(rows)
    drawn = [drawing.bounds(), explored.figure(), drawing.published_panels()]
    if found.adversaries:
        drawn.append(drawing.adversaries(found.adversaries))
    if found.emergence is not None:
        drawn += drawing.emergence(found.emergence, params)
    if found.mechanisms:
        drawn.append(drawing.peeling(found.mechanisms))
    if found.collages:
        drawn.append(showing.figure(found.collages, findings.SUBJECT))
        if told := of_part(rows, PICTURES):
            drawn.append(showing.pictures(told, findings.SUBJECT))
    if found.kinds:
        drawn.append(kind_showing.figure(found.collages, found.kinds, findings.SUBJECT))
    if fitted := _scaling(rows):
        drawn.append(scaling_showing.figure(fitted[0]))
    if pairs := _pairs(rows, params):
        drawn.append(pair_showing.figure(pairs, MODELS))
        if ways := becoming.descents(pairs, _judged_losses(rows)):
            drawn.append(becoming.figure(ways, MODELS))
    if cloze := _cloze(rows, params):
        drawn += [*cloze_showing.figures(*cloze, MODELS), *response_showing.figures(cloze[0], MODELS)]
    if mixed := _mixes(rows, params):
        drawn.append(mix_showing.figure(mixed, MODELS))
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
    if found.kinds:
        laid.append(kind_showing.table(found.collages, found.kinds, findings.SUBJECT))
    if fitted := _scaling(rows):
        laid.append(scaling_showing.table(fitted))
    if pairs := _pairs(rows, params):
        laid += pair_showing.tables(pairs, MODELS)
        if ways := becoming.descents(pairs, _judged_losses(rows)):
            laid.append(becoming.table(ways, MODELS))
    if cloze := _cloze(rows, params):
        laid += cloze_showing.tables(*cloze, fitting.fit(cloze[1]), MODELS)
    if mixed := _mixes(rows, params):
        laid += mix_showing.tables(mixed, MODELS)
    if mixed := _drawn_mixes(rows, params):
        laid.append(mix_showing.sampled(mixed, params.mix_temperature, MODELS))
    return [*laid, tabulating.tolerable(), tabulating.scale(), tabulating.readings(), tabulating.stimulus()]


@once_per_table
def _pairs(rows: pa.Table, params: SkillEmergenceParams) -> list[ModelPairs]:
    return [resample(each, params.draws) for each in grids(rows)]


def _judged_losses(rows: pa.Table) -> Losses | None:
    return next(iter(losses(rows)), None)


@once_per_table
def _scaling(rows: pa.Table) -> list[Estimates]:
    return [estimate(each) for each in losses(rows)]


@once_per_table
def _cloze(rows: pa.Table, params: SkillEmergenceParams) -> tuple[Cloze, fitting.Points] | None:
    found = read(rows)
    return None if found is None else (found, fitting.resample(found, params.draws))


@once_per_table
def _mixes(rows: pa.Table, params: SkillEmergenceParams) -> list[mixing.ModelMix]:
    return [mixing.resample(each, params.draws) for each in mixes(rows)]


@once_per_table
def _drawn_mixes(rows: pa.Table, params: SkillEmergenceParams) -> list[mixing.ModelMix]:
    return [mixing.resample(each, params.draws) for each in mixes(rows, drawn=True)]
