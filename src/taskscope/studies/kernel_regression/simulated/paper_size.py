"""S2: the check of the paper's appendix C, at its sizes: 8 tasks in one model of 80 states and 100 tokens.

Inputs are too many to enumerate, so Sigma is taken over strings drawn from the mixture (those that know the
task: from the task). The paper does not say how its model is drawn; here rows are softmaxes of normal
numbers. In the peaked setting few inputs matter, as the published curve needs; in the diffuse one the rank is
far above the number of demonstrations, and no kernel can converge.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field
from scipy.special import softmax

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.convergence import (
    AGREEMENT,
    GAP,
    LOOKUP,
    RANK,
)
from taskscope.studies.kernel_regression.simulated.enumerated import TASK
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import (
    Strings,
    TaskMixture,
    draw,
    log_posteriors,
    read,
    smoothed,
    softmax_mixture,
)
from taskscope.theory.kernel_regression.kernels import OF_TASK

NUMBER = "S2"
PEAKED, DIFFUSE = "peaked", "diffuse"
TEMPERATURES = {PEAKED: (0.1, 0.03), DIFFUSE: (0.2, 0.2)}
"""Of the softmaxes of transitions and emissions."""
LENGTHS = {PEAKED: 3, DIFFUSE: 5}
"""Tokens of an input; the label is the next."""
METHODS = ("C", "B", "F", "E")
DISTANCE = "distance"
"""Mean over queries of the squared L2 distance, the larger ones counted as `MOST`."""
MOST = 2.0
"""Largest squared L2 distance of two laws: a ratio with a denominator next to zero exceeds any mean."""
SUPPORT, ZEROS = "support", "zeros smoothed away"
SURE = "probability of the answer"
"""Mean over queries of the largest probability of exact Bayes after the most demonstrations: where it is low,
labels nearly tie, and which of them comes first is known late."""
DOUBT = "doubt"
"""1 - posterior of the prompts' task, at the start of a query."""
NEAREST = "smallest divergence"
"""Nats a demonstration by which the task differs from the one most like it, mean over the prompts'."""
BY_STATE = "majority by state"
"""Stands where a row names its kernel: what `majority_agreement` expects of the model, nothing simulated."""
SMOOTHING = 1e-6
"""Weight of the uniform law where a softmax underflows to exact zeros."""


class PaperSizeParams(Params):
    """Sizes of S2."""

    n_tasks: int = Field(default=8, ge=1)
    n_states: int = Field(default=80, ge=2)
    n_tokens: int = Field(default=100, ge=2)
    n_strings: int = Field(default=800, ge=2)
    """Strings from which Sigma is taken."""
    n_diffuse_strings: int = Field(default=0, ge=0)
    """The same in the diffuse setting, whose rank is in the thousands; 0 leaves it out."""
    most: int = Field(default=128, ge=1)
    n_queries: int = Field(default=64, ge=1)
    repeats: int = Field(default=16, ge=1)
    """Prompts from each world."""

    @property
    def sizes(self) -> list[int]:
        """Numbers of demonstrations."""
        return [2**i for i in range(self.most.bit_length())]


SIZES = {
    "smoke": PaperSizeParams(n_strings=300, n_queries=32, repeats=2),
    "standard": PaperSizeParams(),
    "full": PaperSizeParams(n_strings=2000, n_diffuse_strings=2500),
    "paper": PaperSizeParams(n_strings=2000, n_diffuse_strings=2500),
}
"""By profile; smoke and standard leave the diffuse setting out, which costs more than all the rest."""
SEEDS = {"smoke": 2, "standard": 24, "full": 24, "paper": 24}


def simulate(params: PaperSizeParams, rng: np.random.Generator) -> pa.Table:
    """Simulate one model in each setting; rows of `rows.SCHEMA`."""
    found = RowWriter(NUMBER)
    for setting, (transition, emission) in TEMPERATURES.items():
        n_strings = params.n_strings if setting == PEAKED else params.n_diffuse_strings
        if n_strings == 0:
            continue
        mixture = softmax_mixture(
            params.n_tasks, params.n_states, params.n_tokens, rng, transition=transition, emission=emission
        )
        found.fact(setting, "", ZEROS, mixture.zeros)
        if mixture.zeros:
            mixture = smoothed(mixture, SMOOTHING)
        _gaps(found, setting, params, mixture, n_strings, rng)
    return found.table()


def _gaps(
    found: RowWriter,
    setting: str,
    params: PaperSizeParams,
    mixture: TaskMixture,
    n_strings: int,
    rng: np.random.Generator,
) -> None:
    """Compare every regression with Bayes on the same prompts."""
    sizes, length = params.sizes, LENGTHS[setting]
    of_task = np.full(params.repeats * (params.most + params.n_queries), TASK)
    tokens = draw(mixture, of_task, length + 1, rng)
    different, which = np.unique(tokens[:, :-1], axis=0, return_inverse=True)
    strings = read(mixture, different)
    number = which.reshape(params.repeats, -1)
    inputs, queries = number[:, : params.most], number[:, params.most :]
    labels = tokens[:, -1].reshape(params.repeats, -1)[:, : params.most]

    evidence = strings.log_joint.transpose(0, 2, 1)[inputs, labels]
    log_posterior = log_posteriors(evidence, mixture.prior)[:, sizes]
    posterior = np.exp(log_posterior)
    weight = softmax(log_posterior[:, :, None] + strings.log_prob[queries][:, None], axis=-1)
    bayes = np.einsum("psqk,pqky->psqy", weight, strings.law[queries], optimize=True)
    found.fact(setting, "", SURE, float(bayes[:, -1].max(axis=-1).mean()))
    found.add(setting, "", DOUBT, np.delete(posterior, TASK, axis=2).sum(axis=2).T, sizes)
    apart = np.delete(evidence[:, :, [TASK]] - evidence, TASK, axis=2).mean(axis=(0, 1))
    found.fact(setting, "", NEAREST, float(apart.min()))
    ends, law = kernels.state_votes(mixture, TASK, length)
    expected = [[kernels.majority_agreement(ends, law, n)] for n in sizes]
    found.add(setting, BY_STATE, AGREEMENT, expected, sizes)
    for name in METHODS:
        kernel = _fitted(name, mixture, n_strings, length, rng)
        found.fact(setting, name, RANK, kernel.rank)
        found.fact(setting, name, SUPPORT, kernel.support)
        found.fact(setting, name, LOOKUP, kernel.rank / kernel.support)
        psi = kernel.whiten(strings)
        sums = kernels.label_sums(psi[inputs], labels, sizes, params.n_tokens)
        ratio = kernels.vote(sums, psi[queries], sizes).ratio
        off = ratio - bayes
        found.add(setting, name, GAP, np.median(np.abs(off).sum(axis=-1), axis=2).T, sizes)
        distance = np.minimum((off**2).sum(axis=-1), MOST).mean(axis=2)
        found.add(setting, name, DISTANCE, distance.T, sizes)
        agree = (ratio.argmax(axis=-1) == bayes.argmax(axis=-1)).mean(axis=2)
        found.add(setting, name, AGREEMENT, agree.T, sizes)


def _fitted(
    name: str, mixture: TaskMixture, n_strings: int, length: int, rng: np.random.Generator
) -> kernels.Kernel:
    """Fit a kernel to strings drawn from the law that its Sigma is taken under."""
    if name in OF_TASK:
        task = np.full(n_strings, TASK)
    else:
        task = rng.choice(len(mixture.prior), size=n_strings, p=mixture.prior)
    different, counts = np.unique(draw(mixture, task, length, rng), axis=0, return_counts=True)
    strings: Strings = read(mixture, different)
    return kernels.fit(name, strings, counts / n_strings, TASK)
