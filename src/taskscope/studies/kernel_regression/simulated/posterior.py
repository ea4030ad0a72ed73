"""S3: how fast exact Bayes finds the task, and the doubt that stays where a delimiter may change it.

Kernel regression never doubts the task: with demonstrations without end it has the law of the label given the
prompts' task. So its gap to a Bayes who keeps a doubt ends at what this doubt does to his answers, the floor.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.enumerated import TASK, enumerated, exact_bayes, fit
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import TaskMixture, dirichlet_mixture, draw, log_posteriors, read

NUMBER = "S3"
LEAKS = (0.0, 0.01, 0.1)
"""What Bayes believes of the delimiter: the probability that it changes the task. The prompts never do."""
SIZES_SHOWN = (0, 1, 2, 4, 8, 16, 32)
DOUBT = "doubt"
"""Mean over prompts of 1 - posterior of the prompts' task, at the start of the query."""
CLOSEST = "smallest divergence"
"""Nats per demonstration by which the task differs from the one most like it."""
SLOPE = "log-odds per demonstration"
"""Nats by which the mean log-odds of the task against that one grow with each demonstration."""


KERNEL = "E"
"""Of the smallest rank, so that what its demonstrations leave open soon falls below the floor."""
GAP, FLOOR = "gap", "floor"
"""Median over queries of the L1 distance to Bayes: of the kernel regression, and of what it tends to."""


class PosteriorParams(Params):
    """Sizes of S3."""

    n_tasks: int = Field(default=8, ge=2)
    n_states: int = Field(default=4, ge=2)
    n_tokens: int = Field(default=12, ge=2)
    length: int = Field(default=4, ge=1)
    """Tokens of an input; the label is the next."""
    n_prompts: int = Field(default=400, ge=2)
    n_divergence: int = Field(default=3000, ge=2)
    """Demonstrations from which divergences between tasks are estimated."""
    most: int = Field(default=16_384, ge=16)
    """Demonstrations at most of which kernel regressions are made, from 16 by steps of four times as many."""
    n_queries: int = Field(default=32, ge=1)
    repeats: int = Field(default=8, ge=1)
    """Prompts of which kernel regressions are made."""

    @property
    def sizes(self) -> list[int]:
        """Numbers of demonstrations of kernel regressions."""
        return [4**i for i in range(2, 16) if 4**i <= self.most]


SIZES = {
    "smoke": PosteriorParams(n_prompts=100, n_divergence=1000, most=4096),
    "standard": PosteriorParams(),
    "full": PosteriorParams(n_prompts=2000, n_divergence=10_000),
    "paper": PosteriorParams(),
}
SEEDS = {"smoke": 3, "standard": 12, "full": 24, "paper": 12}


def leak_name(leak: float) -> str:
    """Name the setting of a leak."""
    return f"leak {leak:g}"


def simulate(params: PosteriorParams, rng: np.random.Generator) -> pa.Table:
    """Simulate one mixture; rows of `rows.SCHEMA`, one setting for each leak."""
    found = RowWriter(NUMBER)
    mixture = dirichlet_mixture(params.n_tasks, params.n_states, params.n_tokens, rng)

    def evidence(n: int) -> np.ndarray:
        examples = draw(mixture, np.full(n, TASK), params.length + 1, rng)
        return read(mixture, examples).log_prob  # (example, task)

    most = SIZES_SHOWN[-1]
    shown = evidence(params.n_prompts * most).reshape(params.n_prompts, most, -1)
    for leak in LEAKS:
        posterior = np.exp(log_posteriors(shown, mixture.prior, leak)[:, SIZES_SHOWN])
        # The sum over the others, since 1 - p loses all digits where p is next to 1.
        doubt = np.delete(posterior, TASK, axis=2).sum(axis=2).mean(axis=0)
        found.add(leak_name(leak), "Bayes", DOUBT, doubt[:, None], SIZES_SHOWN)
    apart = evidence(params.n_divergence)
    divergence = np.delete(apart[:, [TASK]] - apart, TASK, axis=1).mean(axis=0)
    nearest = int(divergence.argmin())
    odds = np.delete(shown[:, :, [TASK]] - shown, TASK, axis=2)[:, :, nearest].sum(axis=1)
    found.fact(leak_name(0), "Bayes", CLOSEST, float(divergence[nearest]))
    found.fact(leak_name(0), "Bayes", SLOPE, float(odds.mean() / most))
    _gaps(found, params, mixture, rng)
    return found.table()


def _gaps(found: RowWriter, params: PosteriorParams, mixture: TaskMixture, rng: np.random.Generator) -> None:
    """Compare one kernel regression, and what it tends to, with a Bayes of every leak."""
    world, sizes = enumerated(mixture, params.length), params.sizes
    psi = fit(world, KERNEL).whiten(world.strings)
    inputs, labels = world.draw(TASK, (params.repeats, sizes[-1]), rng)
    queries, _ = world.draw(TASK, (params.repeats, params.n_queries), rng)
    sums = kernels.label_sums(psi[inputs], labels, sizes, params.n_tokens)
    predicted = kernels.vote(sums, psi[queries], sizes).ratio
    for leak in LEAKS:
        bayes = exact_bayes(world, inputs, labels, queries, sizes, mixture.prior, leak)
        for metric, answer in ((GAP, predicted), (FLOOR, world.law[queries][:, None])):
            off = np.abs(answer - bayes).sum(axis=-1)  # (prompt, size, query)
            found.add(leak_name(leak), KERNEL, metric, np.median(off, axis=2).T, sizes)
