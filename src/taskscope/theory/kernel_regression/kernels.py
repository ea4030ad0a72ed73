"""Kernels between strings: phi(x)^T Sigma^+ phi(x') for five choices of phi and of Sigma's law (2.4, 2.6).

| kernel | phi(x)                                    | Sigma under     |
|--------|-------------------------------------------|-----------------|
| A      | vec(T_x) / P(x, task)                     | the task        |
| B      | vec(T_x) / P(x)                           | the mixture     |
| C      | vec(T_x), as the theorem writes it        | the mixture     |
| E      | belief state after x, given the task      | the task        |
| F      | every task's start row of T_x, over P(x)  | the mixture     |

No matrix is inverted: with A = diag(sqrt weight) Phi = U S V^T the whitened features are Psi = Phi V / S
over the singular values that are kept, and K = Psi Psi^T. Where there are fewer strings than features the
same comes from the eigenvectors of A A^T.

Whitening is done twice. Where the smallest kept singular value is a billionth of the largest, as in A,
rounding leaves the second moment of Psi up to 1e-8 off the identity. What is then whitened again is well
conditioned, and F1, F2 and F4 hold to 1e-12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov.strings import Strings

KERNELS = ("A", "B", "C", "E", "F")
OF_TASK = ("A", "E")
"""Kernels that know the task; the others know the mixture alone."""
CUT = 1e-10
"""Singular values below this share of the largest count as zero (2.6)."""
GRAM_CUT = 1e-6
"""The same where they are roots of eigenvalues, which double precision knows to 1e-16 of the largest only."""
LOOKUP = 0.5
"""Rank over number of strings beyond which a kernel does little more than look strings up (2.6)."""


@dataclass(frozen=True)
class Kernel:
    """A fitted kernel: a map from features to whitened ones, whose inner products are the kernel."""

    name: str
    task: int
    projection: np.ndarray
    """(feature, rank)."""
    correction: np.ndarray
    """(rank, rank) applied to what the projection gives: the second whitening."""
    log_unit: float
    """What the logarithms of C's scales are counted from: the kernel does not depend on it."""
    support: int
    """Different strings from which it was fitted."""

    @property
    def rank(self) -> int:
        """Rank of Sigma: the number of demonstrations below which nothing can be expected (F4)."""
        return self.projection.shape[1]

    @property
    def is_lookup(self) -> bool:
        """Whether it is close to an exact match, K(x, x') = 1[x = x'] / P(x), and generalises little."""
        return self.rank > LOOKUP * self.support

    def whiten(self, strings: Strings) -> np.ndarray:
        """Return Psi (string, rank); K between two sets of strings is Psi Psi'^T.

        Raises:
            TheoryError: If the kernel's task rules a string out.
        """
        once = features(self.name, strings, self.task, self.log_unit) @ self.projection
        return once @ self.correction


def features(name: str, strings: Strings, task: int, log_unit: float = 0.0) -> np.ndarray:
    """Return phi (string, feature) of a kernel.

    In A, B, E and F the scale of the operators cancels; C keeps it, counted from `log_unit`.

    Raises:
        TheoryError: If there is no such kernel, or A or E are asked of a string that the task rules out.
    """
    if name not in KERNELS:
        raise TheoryError(f"kernel {name!r}", f"one of {', '.join(KERNELS)}")
    n = len(strings)
    if name == "C":
        scale = np.exp(strings.log_scale - log_unit)
        return strings.operators.reshape(n, -1) * scale[:, None]
    known = strings.log_prob[:, task] if name in OF_TASK else strings.log_mixed
    if not np.isfinite(known).all():
        raise TheoryError(
            f"string {int(np.flatnonzero(~np.isfinite(known))[0])} is impossible under task {task}",
            f"strings that the task of kernel {name} can produce",
            "smooth the mixture first: smoothed(mixture, 0.01)",
        )
    scaled = np.exp(known - strings.log_scale)[:, None]
    if name == "E":
        return strings.starts[:, task] / scaled
    return (strings.starts if name == "F" else strings.operators).reshape(n, -1) / scaled


def fit(name: str, strings: Strings, weights: np.ndarray, task: int = 0) -> Kernel:
    """Fit a kernel to a law over strings.

    Args:
        name: One of `KERNELS`.
        strings: Different strings: all there are, or a sample of the law that Sigma is taken under.
        weights: (string,) the law, adding up to 1.
        task: The task that A and E know.

    Raises:
        TheoryError: If the weights are no law, or Sigma is zero.
    """
    if weights.shape != (len(strings),) or (weights < 0).any() or abs(weights.sum() - 1) > 1e-6:
        raise TheoryError(
            f"weights of shape {weights.shape} that add up to {weights.sum():.6g}",
            f"{len(strings)} weights, none negative, that add up to 1",
        )
    log_unit = float(strings.log_scale.max())
    phi, root = features(name, strings, task, log_unit), np.sqrt(weights)[:, None]
    projection = _whitening(root * phi)
    triangle = np.linalg.qr(root * (phi @ projection), mode="r")
    correction = solve_triangular(triangle, np.eye(len(triangle)))
    return Kernel(name, task, projection, correction, log_unit, int((weights > 0).sum()))


def _whitening(rows: np.ndarray) -> np.ndarray:
    """Return V / S (feature, rank) of the weighted features (string, feature)."""
    if len(rows) < rows.shape[1]:
        values, vectors = np.linalg.eigh(rows @ rows.T)
        _some(values[-1] > 0)
        kept = values > GRAM_CUT**2 * values[-1]
        return rows.T @ (vectors[:, kept] / values[kept])
    _, s, vt = np.linalg.svd(rows, full_matrices=False)
    _some(s[0] > 0)
    kept = s > CUT * s[0]
    return vt[kept].T / s[kept]


def _some(found: bool) -> None:
    if not found:
        raise TheoryError("features that are zero for every string of the law", "a Sigma of rank 1 at least")
