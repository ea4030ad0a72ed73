"""The parts of the study: how each is read from the rows, judged, drawn and tabulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.kernel_regression import voters
from taskscope.studies.kernel_regression.effects import figures as effect_figures
from taskscope.studies.kernel_regression.effects import findings as effect_findings
from taskscope.studies.kernel_regression.effects import tables as effect_tables
from taskscope.studies.kernel_regression.encoders import figures as encoder_figures
from taskscope.studies.kernel_regression.encoders import sweep
from taskscope.studies.kernel_regression.encoders import tables as encoder_tables
from taskscope.studies.kernel_regression.encoders.findings import encoders
from taskscope.studies.kernel_regression.features import figures as feature_figures
from taskscope.studies.kernel_regression.features import tables as feature_tables
from taskscope.studies.kernel_regression.features.findings import features
from taskscope.studies.kernel_regression.growth import figures as growth_figures
from taskscope.studies.kernel_regression.growth import tables as growth_tables
from taskscope.studies.kernel_regression.growth.findings import growths
from taskscope.studies.kernel_regression.influence import figures as influence_figures
from taskscope.studies.kernel_regression.influence import tables as influence_tables
from taskscope.studies.kernel_regression.influence.findings import influences
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.scoreboard import figures as board_figures
from taskscope.studies.kernel_regression.scoreboard import tables as board_tables
from taskscope.studies.kernel_regression.scoreboard.findings import scoreboards
from taskscope.studies.kernel_regression.similarity import figures as similarity_figures
from taskscope.studies.kernel_regression.similarity import tables as similarity_tables
from taskscope.studies.kernel_regression.similarity.findings import similarities
from taskscope.studies.kernel_regression.simulated import findings as simulated_findings
from taskscope.studies.kernel_regression.simulated import pages
from taskscope.studies.kernel_regression.weights import figures as weight_figures
from taskscope.studies.kernel_regression.weights import findings as weight_findings
from taskscope.studies.kernel_regression.weights import generality, orders
from taskscope.studies.kernel_regression.weights import tables as weight_tables
from taskscope.studies.remembering import once_per_table


class Part(NamedTuple):
    """What was found in one part of the study, a list of results, and how each is judged and shown."""

    read: Callable[[pa.Table, KernelRegressionParams], list[Any]]
    """Rows to what was found; nothing where the part was not measured."""
    findings: Callable[[Any], list[Finding]]
    figures: Callable[[Any], list[Figure]]
    tables: Callable[[Any], list[Table]]


class Simulated(NamedTuple):
    """Rows of the simulated experiments, all models' among them, and the resamples behind intervals."""

    rows: pa.Table
    draws: int


def _not_judged(found: Any) -> list[Finding]:
    """What is shown beside the claims and decides none of them."""
    del found
    return []


def _not_drawn(found: Any) -> list[Figure]:
    """What is tabulated and needs no figure."""
    del found
    return []


PARTS = (
    Part(
        lambda rows, params: [Simulated(rows, params.draws)],
        lambda found: simulated_findings.findings(found.rows, found.draws),
        lambda found: pages.figures(found.rows),
        lambda found: pages.tables(found.rows),
    ),
    Part(
        weight_findings.weights,
        weight_findings.findings,
        weight_figures.figures,
        weight_tables.tables,
    ),
    Part(
        generality.generality,
        _not_judged,
        generality.figures,
        generality.tables,
    ),
    Part(
        orders.orders,
        _not_judged,
        orders.figures,
        orders.tables,
    ),
    Part(
        lambda rows, params: effect_findings.effects(rows, params.draws),
        effect_findings.findings,
        effect_figures.figures,
        effect_tables.tables,
    ),
    Part(
        lambda rows, params: features(rows, params.draws),
        _not_judged,
        feature_figures.figures,
        feature_tables.tables,
    ),
    Part(
        once_per_table(voters.voters),
        _not_judged,
        _not_drawn,
        voters.tables,
    ),
    Part(
        once_per_table(lambda rows, params: similarities(rows)),
        _not_judged,
        similarity_figures.figures,
        similarity_tables.tables,
    ),
    Part(
        once_per_table(lambda rows, params: influences(rows, params.draws)),
        _not_judged,
        influence_figures.figures,
        influence_tables.tables,
    ),
    Part(
        once_per_table(lambda rows, params: encoders(rows, params.k, params.draws)),
        _not_judged,
        encoder_figures.figures,
        encoder_tables.tables,
    ),
    Part(
        once_per_table(lambda rows, params: sweep.sweeps(rows, params.draws)),
        _not_judged,
        sweep.figures,
        sweep.tables,
    ),
    Part(
        once_per_table(lambda rows, params: growths(rows, params.draws)),
        _not_judged,
        growth_figures.figures,
        growth_tables.tables,
    ),
    Part(
        once_per_table(lambda rows, params: scoreboards(rows, params.k, params.draws)),
        _not_judged,
        board_figures.figures,
        board_tables.tables,
    ),
)
"""In the order in which the page shows them."""


def analyse(rows: pa.Table, params: KernelRegressionParams) -> list[Finding]:
    """Judge every claim that was measured; parts that decide none are not read."""
    judged = [part for part in PARTS if part.findings is not _not_judged]
    return [each for part in judged for found in part.read(rows, params) for each in part.findings(found)]


def figures(rows: pa.Table, params: KernelRegressionParams) -> list[Figure]:
    """Draw what was simulated and measured."""
    return [each for part in PARTS for found in part.read(rows, params) for each in part.figures(found)]


def tables(rows: pa.Table, params: KernelRegressionParams) -> list[Table]:
    """Tabulate every number."""
    return [each for part in PARTS for found in part.read(rows, params) for each in part.tables(found)]
