"""Losses with the fitted law as a figure and a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.judgement import Measure
from taskscope.studies.skill_emergence.scaling.estimates import Estimates
from taskscope.studies.skill_emergence.scaling.findings import subject

TOKENS = Axis("tokens", "training tokens", log=True)
LOSS = Axis("loss", "loss", unit="nats per token")
MEASURED, FITTED = "measured", "the law"
_MOST_SIZES = 8


def figure(found: Estimates) -> Figure:
    """Draw the loss against tokens for every size, beside the law; of many sizes some."""
    points = found.losses.points
    sizes = np.unique(points.parameters)
    shown = sizes[np.unique(np.linspace(0, len(sizes) - 1, _MOST_SIZES).round().astype(int))]
    data = [
        {
            "size": f"{size:,.0f} parameters",
            "kind": kind,
            "tokens": float(points.tokens[at]),
            "loss": round(float(value[at]), 4),
        }
        for size in shown
        for at in np.flatnonzero(points.parameters == size)[
            np.argsort(points.tokens[points.parameters == size])
        ]
        for kind, value in ((MEASURED, points.losses), (FITTED, np.exp(found.predicted)))
    ]
    return Figure(
        name="skill-emergence-losses",
        title="Losses of real trainings, and the law",
        see="Lines that bend towards a floor say that a part of the loss is out of reach; lines that go on "
        "falling say that nothing of it shows yet. Where both lines part, this law does not hold.",
        alt="Line charts by size: measured loss and the one of the fitted law against training tokens.",
        spec=charts.curves(
            data,
            TOKENS,
            LOSS,
            series="kind",
            facet="size",
            order=(MEASURED, FITTED),
            controls=(FITTED,),
            columns=4,
        ),
        model=subject(found),
    )


def table(found: Sequence[Estimates]) -> Table:
    """Tabulate the law of every text."""
    return Table(
        name="skill-emergence-losses",
        title="The law fitted to real losses",
        columns=(
            *("text", "trainings", "points", "lowest loss", "floor", "floor where there is none"),
            *("exponent of size", "exponent of tokens", "ten times of both", "tokens alone", "off"),
        ),
        rows=tuple(
            (
                each.losses.text,
                each.losses.n_trainings,
                len(each.losses.trainings),
                f"{each.lowest:.3f}",
                _told(Measure.of(each.floor)),
                f"{each.null.value:.2f} ({each.null.low:.2f} to {each.null.high:.2f})",
                _told(Measure.of(each.size_exponent)),
                _told(Measure.of(each.data_exponent)),
                f"÷{_told(Measure.of(each.together))}",
                f"÷{_told(Measure.of(each.tokens_alone))}",
                f"{each.residual:.1%}",
            )
            for each in found
        ),
        note="L = E + A / N^alpha + B / D^beta, least squares on ln L; intervals over trainings. The floor "
        "that is fitted to losses without one says what to take for none. Milestones of a training are not "
        "finished: their learning rate had not come down, so that a finished training of as many tokens "
        "would have a lower loss.",
        model=subject(found[0]),
    )


def _told(measure: Measure) -> str:
    return f"{measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f})"
