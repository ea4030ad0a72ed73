"""The guarantee for whatever theta, k and alpha a reader chooses with sliders."""

from __future__ import annotations

import numpy as np

from taskscope.report.chart_data import Axis
from taskscope.report.explorer import Slider, explorer
from taskscope.report.findings import Figure
from taskscope.studies.skill_emergence.findings import SUBJECT
from taskscope.theory.skill_graph.guarantee import guarantee
from taskscope.theory.skill_graph.worst_case import worst_case

THETA = Slider("theta", "theta, share of failed texts", 0.02, 0.2, 0.02, 0.1)
K = Slider("k", "k, skills of a text", 2, 16, 2, 8)
ALPHA = Slider("alpha", "alpha, share of skills left out", 0.05, 0.95, 0.05, 0.2)
LEFT_OUT = Axis("alpha", "share of skills left out", domain=(0, 1), format=".0%")
COMPETENCE = Axis("competence", "competence on all others", domain=(0, 1), format=".0%")
LINES = {"t": "theorem", "e": "exact worst case", "g": "any graph"}


def figure() -> Figure:
    """Draw the three bounds for the chosen numbers."""
    alphas = _values(ALPHA)
    data = []
    for theta in _values(THETA).tolist():
        for k in _values(K).astype(int).tolist():
            found = guarantee(alphas, theta, k)
            for alpha, beta in zip(alphas.tolist(), found.beta, strict=True):
                bounds = {"t": beta, "e": worst_case(alpha, theta, k), "g": 1 / alpha}
                sure = {name: round(max(0.0, 1 - float(b) * theta), 3) for name, b in bounds.items()}
                data.append({"theta": theta, "k": k, "alpha": alpha, **sure})
    return Figure(
        name="skill-emergence-explorer",
        title="What is guaranteed, for the numbers of your choice",
        see="Move the sliders: fewer failed texts and more skills in each lift the curves; the broken line "
        "reads them off. Where the theorem meets the bound of any graph, randomness has nothing to add.",
        alt="Line chart with sliders for theta, k and alpha: guaranteed competence against the share of "
        "skills left out, by the theorem, in the exact worst case and for any graph.",
        spec=explorer(
            data, LEFT_OUT, COMPETENCE, lines=LINES, sliders=(THETA, K), along=ALPHA, controls=("any graph",)
        ),
        model=SUBJECT,
    )


def _values(slider: Slider) -> np.ndarray:
    """All numbers that a slider can show, as they are printed."""
    n = round((slider.high - slider.low) / slider.step) + 1
    return np.round(np.linspace(slider.low, slider.high, n), 6)
