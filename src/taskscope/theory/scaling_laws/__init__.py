"""Loss as a function of parameters and tokens, L = E + A / N^alpha + B / D^beta: fitted, published, used."""

from taskscope.theory.scaling_laws.fitting import GRID, Fit, bootstrap, fit
from taskscope.theory.scaling_laws.law import ScalingLaw

__all__ = ["GRID", "Fit", "ScalingLaw", "bootstrap", "fit"]
