"""Numbers to read a simulation against: the published ones, and those of the protocol's own simulations."""

from __future__ import annotations

from taskscope.report.findings import Published
from taskscope.studies.kernel_regression.simulated.slopes import log_log_slope

PUBLISHED_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
PUBLISHED_DISTANCES = (1.322, 0.942, 0.519, 0.218, 0.163, 0.085, 0.093, 0.083)
PUBLISHED_ACCURACIES = (0.337, 0.532, 0.745, 0.901, 0.926, 0.968, 0.961, 0.964)
"""Han et al., appendix C: what kind of distance, and how the model was drawn, is not said (S2)."""

PUBLISHED = (
    Published(
        label="Han et al., 8 tasks, 80 states",
        value=round(log_log_slope(PUBLISHED_SIZES, PUBLISHED_DISTANCES), 3),
        source="arXiv 2305.12766, appendix C; slope fitted here to its distances at n = 1 to 128",
    ),
)
"""Marks on the axis of the finding on RQ1."""

PEAKED_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
PEAKED_GAPS = {
    "A": (1.51, 1.45, 1.16, 0.89, 0.65, 0.47, 0.33, 0.24, 0.166, 0.120, 0.083, 0.060, 0.042),
    "B": (1.51, 1.44, 1.22, 0.96, 0.72, 0.52, 0.38, 0.27, 0.188, 0.134, 0.094, 0.068, 0.048),
    "C": (1.51, 1.49, 1.43, 1.31, 1.10, 0.86, 0.66, 0.49, 0.356, 0.258, 0.191, 0.143, 0.107),
    "E": (1.51, 1.43, 1.15, 0.87, 0.62, 0.44, 0.31, 0.23, 0.156, 0.112, 0.078, 0.057, 0.039),
    "F": (1.51, 1.42, 1.17, 0.92, 0.66, 0.47, 0.34, 0.24, 0.168, 0.119, 0.082, 0.060, 0.042),
    "KRR": (1.40, 1.58, 1.28, 0.90, 0.62, 0.44, 0.31, 0.23, 0.156, 0.112, 0.078, 0.056, 0.039),
    "RBF": (1.51, 1.37, 1.21, 1.00, 0.76, 0.55, 0.38, 0.28, 0.199, 0.141, 0.099, 0.073, 0.052),
}
"""Median L1 gap in peaked worlds: the protocol's table for S1, means over eight worlds.

The ridge of its KRR is not told; it is felt below 16 demonstrations.
"""
PEAKED_AGREEMENT = (0.39, 0.40, 0.48, 0.48, 0.60, 0.71, 0.78, 0.82, 0.87, 0.91, 0.94, 0.96, 0.98)
"""How often the most probable label is Bayes's in the same worlds, kernel E."""
SLOPES = {
    "peaked": {"A": -0.499, "B": -0.499, "C": -0.445, "E": -0.499, "F": -0.499, "KRR": -0.498, "RBF": -0.480},
    "dirichlet": {"A": -0.496, "B": -0.497, "C": -0.482, "E": -0.486, "F": -0.494},
}
"""Log-log slopes of the protocol's simulations of S1, by setting and kernel."""
NORMALISED_ERRORS = (2.80, 2.86)
"""n times the mean squared error of the n-normalised E, as F4 has it, in six of its Dirichlet worlds."""
LITERAL_BIAS = {"peaked": "0.017 to 0.257", "dirichlet": "0.010 to 0.046"}
"""Limit bias of the literal kernel in them (F3)."""
DOUBTS = {"leak 0": (0.875, 0.719, 0.528, 0.299, 0.073, 0.0023, 6e-8)}
"""1 - posterior of the task after 0, 1, 2, 4, 8, 16, 32 demonstrations (S3), one model."""
DOUBT_FLOORS = {"leak 0.01": 0.05, "leak 0.1": 0.30}
"""About where doubt stays (S3)."""
