"""The kernels of the theorem, the regressions they make, and their exact limits (protocol 2.3 to 2.6)."""

from taskscope.theory.kernel_regression.kernels import KERNELS, Kernel, features, fit
from taskscope.theory.kernel_regression.limits import (
    Limit,
    delta_error,
    limit,
    mismatch_bound,
    normalised_error,
    self_kernel,
)
from taskscope.theory.kernel_regression.majority import majority_agreement, state_votes
from taskscope.theory.kernel_regression.regression import (
    Vote,
    gaussian_vote,
    label_sums,
    onto_simplex,
    ridge_prediction,
    vote,
)

__all__ = [
    "KERNELS",
    "Kernel",
    "Limit",
    "Vote",
    "delta_error",
    "features",
    "fit",
    "gaussian_vote",
    "label_sums",
    "limit",
    "majority_agreement",
    "mismatch_bound",
    "normalised_error",
    "onto_simplex",
    "ridge_prediction",
    "self_kernel",
    "state_votes",
    "vote",
]
