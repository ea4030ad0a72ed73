"""The same law fitted by least squares on the loss: a second opinion without starts or tolerances.

For given exponents the law is linear in E, A and B, so that these follow from non-negative least squares and
only the two exponents are searched for (protocol 5.2). It minimises another distance than the third approach
of Hoffmann et al., one that listens more to the highest losses, and its constants differ by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy.optimize import minimize, nnls

from taskscope.theory.scaling_laws.law import ScalingLaw
from taskscope.theory.scaling_laws.points import Points

_COARSE = np.linspace(0.05, 1.5, 16)
"""Exponents tried before the search."""


def fit_by_projection(points: Points) -> ScalingLaw:
    """Fit E, A, B and both exponents to the losses by least squares.

    Args:
        points: Trainings, checked.
    """
    units = np.exp(np.log(points.parameters).mean()), np.exp(np.log(points.tokens).mean())

    def linear(exponents: Sequence[float]) -> tuple[np.ndarray, float]:
        size, data = exponents
        columns = (
            np.ones_like(points.losses),
            (points.parameters / units[0]) ** -size,
            (points.tokens / units[1]) ** -data,
        )
        return nnls(np.stack(columns, axis=1), points.losses)

    start = min(product(_COARSE, _COARSE), key=lambda exponents: linear(exponents)[1])
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4_000}
    found = minimize(lambda exponents: linear(exponents)[1], start, method="Nelder-Mead", options=options)
    size, data = (float(value) for value in found.x)
    e, a, b = (float(value) for value in linear(found.x)[0])
    return ScalingLaw(e, a * float(units[0]) ** size, b * float(units[1]) ** data, size, data)
