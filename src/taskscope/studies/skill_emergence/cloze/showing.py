"""Cloze questions as figures and tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.skill_emergence.cloze.fitting import LinkFit, Points
from taskscope.studies.skill_emergence.cloze.rows import Cloze
from taskscope.theory.skill_graph import links

WRONG = Axis("wrong", "share of wrong answers", domain=(0, 1), format=".0%")
FORETOLD = Axis("foretold", "share that the link foretells", domain=(0, 1), format=".0%")
TITLES = {
    "exact01": "1 - exp(-excess)",
    "linear": "the excess itself",
    "pinsker_L1": "sqrt(2 excess)",
    "pinsker_TV": "sqrt(excess / 2)",
}
ALL = "all questions"


def figures(found: Cloze, points: Points, subject: str) -> list[Figure]:
    """Draw wrong answers by kind of question, and beside what each link foretells."""
    return [_by_kind(found, points, subject), _links(found, points, subject)]


def _by_kind(found: Cloze, points: Points, subject: str) -> Figure:
    data = []
    for at, model in enumerate(found.models):
        for row, draws in (
            *((kind, points.wrong[:, at, n]) for n, kind in enumerate(points.kinds)),
            (ALL, points.total_wrong[:, at]),
        ):
            measure = Measure.of(draws)
            ends = {"low": measure.low, "high": measure.high}
            data.append({"row": row, "model": model, "wrong": measure.value, **ends})
    return Figure(
        name="skill-emergence-cloze",
        title="Cloze questions: how many answers are wrong?",
        see="Guessing is wrong half of the time, three times of four where there are four answers (cause and "
        "agreement, fact and agreement). A model that is left of that has some of the skills.",
        alt="Forest plot by kind of question: share of wrong answers of each model with 95 % intervals over "
        "groups of twins.",
        spec=charts.intervals(
            data,
            WRONG,
            row="row",
            low="low",
            high="high",
            series="model",
            rows=(*points.kinds, ALL),
            order=found.models,
            rules=[Rule(0.5, "guessing one of two", across="x")],
        ),
        model=subject,
    )


def _links(found: Cloze, points: Points, subject: str) -> Figure:
    data = [
        {
            "panel": TITLES[link],
            "model": model,
            "label": f"{model}: {kind}",
            "foretold": round(float(links.error(points.excess[0, at, n], link)), 4),
            "wrong": round(float(points.wrong[0, at, n]), 4),
        }
        for link in links.LINKS
        for at, model in enumerate(found.models)
        for n, kind in enumerate(points.kinds)
        if np.isfinite(points.wrong[0, at, n])
    ]
    return Figure(
        name="skill-emergence-links",
        title="Which link leads from excess loss to wrong answers?",
        see="On the line the link foretells the share of wrong answers from the surprise at the right one. "
        "The two roots are upper bounds: points may lie below them and never above the first.",
        alt="Four scatter plots, one for each link: measured share of wrong answers against the one "
        "foretold, a point for each model and kind of question.",
        spec=charts.scatter(
            data,
            FORETOLD,
            WRONG,
            series="model",
            label="label",
            facet="panel",
            order=found.models,
            diagonal=True,
        ),
        model=subject,
    )


def tables(found: Cloze, points: Points, fits: Sequence[LinkFit], subject: str) -> list[Table]:
    """Tabulate the models, and the links."""
    return [_models(found, points, subject), _fits(points, fits, subject)]


def _models(found: Cloze, points: Points, subject: str) -> Table:
    guessed = 1 - float(found.chance.mean())
    return Table(
        name="skill-emergence-cloze",
        title="Cloze questions by model",
        columns=("model", "parameters", "tokens", "asked", "wrong (theta)", "surprise (nats)", *points.kinds),
        rows=tuple(
            (
                model,
                f"{found.parameters[at]:,.0f}",
                "–" if np.isnan(found.tokens[at]) else f"{found.tokens[at]:,.0f}",
                int((~np.isnan(found.solved[at])).sum()),
                _share(Measure.of(points.total_wrong[:, at])),
                f"{points.total_excess[0, at]:.3f}",
                *(f"{wrong:.0%}" for wrong in points.wrong[0, at]),
            )
            for at, model in enumerate(found.models)
        ),
        note=f"Guessing is wrong in {guessed:.0%}. Surprise: -log p of the right answer "
        "among the answers, each by its mean log-probability per token. "
        "95 % intervals over groups of twins. By kind: share of wrong answers.",
        model=subject,
    )


def _fits(points: Points, fits: Sequence[LinkFit], subject: str) -> Table:
    n = int(np.isfinite(points.wrong).all(axis=0).sum())
    return Table(
        name="skill-emergence-link-fits",
        title="Which link fits?",
        columns=(
            *("link", "off with the slope 1", "slope that fits best", "off with it"),
            "share of resamples in which it fits best",
        ),
        rows=tuple(
            (
                TITLES[one.link],
                _number(one.off_as_stated),
                _number(one.slope),
                _number(one.off),
                f"{one.best:.0%}",
            )
            for one in sorted(fits, key=lambda one: one.off.value)
        ),
        note=f"Root of the mean squared distance between foretold and measured shares of wrong answers, over "
        f"{n} points (kinds of question by models); 95 % intervals over groups of twins. Slope: what the "
        "surprise is multiplied by before; with 1 the link is as the theory states it. Every link gets one "
        "slope of its own, by which the two roots become the same curve.",
        model=subject,
    )


def _share(measure: Measure) -> str:
    return f"{measure.value:.0%} ({100 * measure.low:.0f} to {100 * measure.high:.0f})"


def _number(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
