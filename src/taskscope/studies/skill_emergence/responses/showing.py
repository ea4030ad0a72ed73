"""How failures gather on the worst tagged skills, under what the theorem allows with the tags' own k."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.studies.skill_emergence.cloze.rows import Cloze
from taskscope.studies.skill_emergence.responses.summary import allowed
from taskscope.theory.item_response.performance import performance

LEFT_OUT = Axis("alpha", "share of skills left out, the worst", domain=(0, 1), format=".0%")
BETA = Axis("beta", "their failure share over the average")
MEASURED, THEOREM, ANY_GRAPH = "measured", "theorem, with the mean number of tags as k", "any graph"


def figures(found: Cloze, subject: str) -> list[Figure]:
    """Draw the measured curve of every model that fails somewhere under the bounds; nothing if none does."""
    data = []
    for at, model in enumerate(found.models):
        asked = ~np.isnan(found.solved[at])
        measured = performance(found.solved[at : at + 1, asked], found.needs[asked])
        if measured.theta > 0:
            curves = {MEASURED: measured.beta, THEOREM: allowed(measured), ANY_GRAPH: 1 / measured.alpha}
            data += [
                {"model": model, "curve": name, "alpha": float(alpha), "beta": round(float(beta), 5)}
                for name, values in curves.items()
                for alpha, beta in zip(measured.alpha, values, strict=True)
            ]
    if not data:
        return []
    drawn = Figure(
        name="skill-emergence-measured",
        title="Do failures gather on some skills more than the theorem allows?",
        see="Below the line of the theorem the measured failures are spread as random tags would have it at "
        "worst. With so few skills in a question the theorem allows nearly all that any graph does.",
        alt="Line charts by model: failure share of the worst skills over the average, against the share of "
        "skills left out, measured, allowed by the theorem, and for any graph.",
        spec=charts.curves(
            data,
            LEFT_OUT,
            BETA,
            series="curve",
            facet="model",
            order=(MEASURED, THEOREM, ANY_GRAPH),
            controls=(THEOREM, ANY_GRAPH),
        ),
        model=subject,
    )
    return [drawn]
