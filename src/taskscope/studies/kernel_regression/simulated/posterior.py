"""S3: how fast exact Bayes finds the task, and the doubt that stays where a delimiter may change it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory.hidden_markov import dirichlet_mixture, draw, log_posteriors, read

NUMBER = "S3"
TASK = 0
LEAKS = (0.0, 0.01, 0.1)
"""What Bayes believes of the delimiter: the probability that it changes the task. The prompts never do."""
SIZES_SHOWN = (0, 1, 2, 4, 8, 16, 32)
DOUBT = "doubt"
"""Mean over prompts of 1 - posterior of the prompts' task, at the start of the query."""
CLOSEST = "smallest divergence"
"""Nats per demonstration by which the task differs from the one most like it."""
SLOPE = "log-odds per demonstration"
"""Nats by which the mean log-odds of the task against that one grow with each demonstration."""


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


SIZES = {
    "smoke": PosteriorParams(n_prompts=100, n_divergence=1000),
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
    return found.table()
