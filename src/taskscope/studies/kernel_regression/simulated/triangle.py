"""A trained transformer, exact Bayes and kernel regression on the same prompts: how far apart (section 8).

The transformers were trained on nothing but documents of a world of S1, so that what they learned can be held
against the two things that the theorem compares: the posterior prediction of a Bayes who knows the world, and
the kernel regression of its Sigma. All three predict the label of the example that follows n others.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field
from scipy.special import rel_entr, softmax

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated import convergence, markov_learner
from taskscope.studies.kernel_regression.simulated.enumerated import enumerated, fit
from taskscope.studies.kernel_regression.simulated.markov_learner import MarkovLearner
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import TaskMixture, log_posteriors, read

NUMBER = "triangle"
"""The protocol names it (section 8) and gives it no number."""
SIZES_SHOWN = (1, 2, 4, 8, 16, 32, 64)
KERNELS = ("F", "B", "C")
"""Those that know the mixture alone, as the network does."""
MODEL, BAYES = "model", "Bayes"
FORGETFUL = "Bayes without demonstrations"
KERNEL = f"kernel {convergence.RECOMMENDED}"
SIDES = ((MODEL, BAYES), (MODEL, KERNEL), (BAYES, KERNEL))
BESIDE = ((BAYES, FORGETFUL), *((MODEL, f"kernel {name}") for name in KERNELS[1:]))
"""What demonstrations are worth at all, and the model's distance to the other kernels."""
APART = "total variation"
SURPRISE = "KL(Bayes || model), nats"


class TriangleParams(Params):
    """Sizes of the triangle; those of the worlds are the learners' own."""

    n_prompts: int = Field(default=300, ge=2)
    """Prompts of each world."""


SIZES = {
    "smoke": TriangleParams(n_prompts=24),
    "standard": TriangleParams(),
    "full": TriangleParams(n_prompts=1000),
    "paper": TriangleParams(),
}
SEEDS = {"smoke": 1, "standard": 1, "full": 1, "paper": 1}
"""One: what differs is the prompts, and the worlds that learners were trained on."""


def side(pair: tuple[str, str]) -> str:
    """Name the distance between two predictors."""
    return " - ".join(pair)


def simulate(params: TriangleParams, rng: np.random.Generator) -> pa.Table:
    """Let every shipped learner answer prompts of its own world; rows of `rows.SCHEMA`, a repeat a prompt."""
    found = RowWriter(NUMBER)
    for name in markov_learner.card():
        learner = markov_learner.load(name)
        laws = predictions(learner, params.n_prompts, rng)
        for pair in (*SIDES, *BESIDE):
            first, second = (laws[each] for each in pair)
            apart = 0.5 * np.abs(first - second).sum(axis=-1)
            found.add(name, side(pair), APART, apart.T, SIZES_SHOWN)
        surprise = rel_entr(laws[BAYES], laws[MODEL]).sum(axis=-1)
        found.add(name, side(SIDES[0]), SURPRISE, surprise.T, SIZES_SHOWN)
    return found.table()


def predictions(learner: MarkovLearner, n_prompts: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return every predictor's law (prompt, size, label) of the label after `SIZES_SHOWN` demonstrations.

    A document holds the prompts of all sizes: its example n + 1 is the query after n demonstrations.
    """
    strings, tokens = markov_learner.documents(
        learner.world, n_prompts, SIZES_SHOWN[-1] + 1, learner.length, rng
    )
    asked = list(SIZES_SHOWN)
    # A document at a time: attention maps of one fit into a processor's cache.
    laws = {MODEL: np.concatenate([learner.label_law(one[None])[:, asked] for one in tokens])}
    laws |= _bayes(learner.world, strings)
    world = enumerated(learner.world, learner.length)
    powers = learner.world.n_tokens ** np.arange(learner.length)[::-1]
    inputs, labels = strings[:, :, :-1] @ powers, strings[:, :, -1]
    for name in KERNELS:
        psi = fit(world, name).whiten(world.strings)
        sums = kernels.label_sums(psi[inputs], labels, SIZES_SHOWN, learner.world.n_tokens)
        ratio = kernels.vote(sums, psi[inputs[:, asked]], SIZES_SHOWN).ratio
        own = np.einsum("pssy->psy", ratio)  # each size asks its own query
        laws[f"kernel {name}"] = kernels.onto_simplex(own)
    return laws


def _bayes(world: TaskMixture, strings: np.ndarray) -> dict[str, np.ndarray]:
    """Predict as Bayes who knows the world, with the demonstrations and from the query alone."""
    n, examples, _ = strings.shape
    seen = read(world, strings[:, :, :-1].reshape(n * examples, -1))
    joint = seen.log_joint.reshape(n, examples, len(world.prior), -1)
    evidence = np.take_along_axis(joint, strings[:, :, None, -1:], axis=3)[..., 0]
    asked = list(SIZES_SHOWN)
    posterior = log_posteriors(evidence, world.prior)[:, asked]
    prob = seen.log_prob.reshape(n, examples, -1)[:, asked]
    law = seen.law.reshape(n, examples, len(world.prior), -1)[:, asked]

    def mixed(log_weight: np.ndarray) -> np.ndarray:
        return np.einsum("psk,psky->psy", softmax(log_weight + prob, axis=-1), law)

    return {BAYES: mixed(posterior), FORGETFUL: mixed(np.broadcast_to(seen.log_prior, posterior.shape))}
