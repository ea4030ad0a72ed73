"""S5: what the order of demonstrations and the names of labels are to exact Bayes and to the kernels.

Kernels sum over demonstrations, so order is nothing to them, and renaming labels renames the answer. Bayes is
as blind to order while a delimiter resets exactly; where it may change the task, later demonstrations count
for more. Renamed labels are another task to it, which it has never seen.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
from pydantic import Field
from scipy.special import softmax

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.posterior import LEAKS, leak_name
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import (
    DELIMITER,
    Strings,
    TaskMixture,
    all_strings,
    dirichlet_mixture,
    draw,
    forward,
    log_posteriors,
    read,
)
from taskscope.theory.kernel_regression.kernels import KERNELS, OF_TASK

NUMBER = "S5"
TASK, OTHER = 0, 1
SHOWN = 4
"""Demonstrations, in each of their 24 orders."""
BAYES = "Bayes"
WORST_ORDER, WORST_NAMES = "largest change with order", "largest change with names"
"""Of an answer, its labels renamed back."""
SPREAD, TURNED = "mean spread over orders", "answers changed by order"
TOKENWISE = "forward algorithm is off by"
"""Largest difference of its prediction, token by token, from that example by example (F6)."""
RECENCY = "recency"
"""Posterior of task b after demonstrations a a b b, minus that after b b a a."""


class SymmetryParams(Params):
    """Sizes of S5."""

    n_tasks: int = Field(default=8, ge=2)
    n_states: int = Field(default=4, ge=2)
    n_tokens: int = Field(default=12, ge=2)
    length: int = Field(default=4, ge=1)
    n_prompts: int = Field(default=200, ge=1)
    """Prompts of Bayes under a leak."""
    kernel_tokens: int = Field(default=6, ge=2)
    """Tokens of the enumerated world in which the kernels are tried."""
    n_kernel_prompts: int = Field(default=50, ge=1)


SIZES = {
    "smoke": SymmetryParams(n_prompts=50, n_kernel_prompts=20),
    "standard": SymmetryParams(),
    "full": SymmetryParams(n_prompts=1000),
    "paper": SymmetryParams(),
}
SEEDS = {"smoke": 2, "standard": 8, "full": 16, "paper": 8}


def simulate(params: SymmetryParams, rng: np.random.Generator) -> pa.Table:
    """Simulate one mixture for Bayes, and a smaller one for the kernels; rows of `rows.SCHEMA`."""
    found = RowWriter(NUMBER)
    mixture = dirichlet_mixture(params.n_tasks, params.n_states, params.n_tokens, rng)
    _orders_of_bayes(found, params, mixture, rng)
    small = dirichlet_mixture(params.n_tasks, params.n_states, params.kernel_tokens, rng)
    _kernels(found, params, small, rng)
    return found.table()


def _orders_of_bayes(
    found: RowWriter, params: SymmetryParams, mixture: TaskMixture, rng: np.random.Generator
) -> None:
    """Put demonstrations into every order, and two tasks one after the other."""

    def drawn(task: int, n: int) -> np.ndarray:
        return draw(mixture, np.full(params.n_prompts * n, task), params.length + 1, rng)

    def evidence(examples: np.ndarray) -> np.ndarray:
        return read(mixture, examples).log_prob.reshape(params.n_prompts, -1, len(mixture.prior))

    examples = drawn(TASK, SHOWN)
    shown, first, second = (evidence(each) for each in (examples, drawn(TASK, 2), drawn(OTHER, 2)))
    queries = read(mixture, draw(mixture, np.full(params.n_prompts, TASK), params.length, rng))
    names = rng.permutation(mixture.n_tokens)
    renamed = np.column_stack([examples[:, :-1], names[examples[:, -1]]])
    plain, turned = (_asked(mixture, each, queries, 0.0) for each in (shown, evidence(renamed)))
    found.fact(leak_name(0), BAYES, WORST_NAMES, float(np.abs(turned[:, names] - plain).max()))
    for leak in LEAKS:
        orders = permutations(range(SHOWN))
        answers = np.stack([_asked(mixture, shown[:, list(order)], queries, leak) for order in orders])
        setting = leak_name(leak)
        whole = forward(mixture, _joined(examples, queries.tokens), leak).predictive
        found.fact(setting, BAYES, TOKENWISE, float(np.abs(whole - answers[0]).max()))
        found.fact(setting, BAYES, WORST_ORDER, float(np.ptp(answers, axis=0).max()))
        spread = np.abs(answers - answers.mean(axis=0)).sum(axis=2).mean()
        found.fact(setting, BAYES, SPREAD, float(spread))
        best = answers.argmax(axis=2)
        # Ties that rounding breaks are no change: with an exact reset the answers differ by nothing else.
        apart = np.ptp(answers, axis=0).max(axis=1) > 1e-9
        found.fact(setting, BAYES, TURNED, float(((best != best[0]).any(axis=0) & apart).mean()))
        late, early = (
            np.exp(log_posteriors(np.concatenate(pair, axis=1), mixture.prior, leak)[:, -1, OTHER])
            for pair in ((first, second), (second, first))
        )
        found.fact(setting, BAYES, RECENCY, float((late - early).mean()))


def _joined(examples: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Join the examples of each prompt and its query by delimiters, (prompt, position)."""
    delimited = np.column_stack([examples, np.full(len(examples), DELIMITER)])
    return np.column_stack([delimited.reshape(len(queries), -1), queries])


def _asked(mixture: TaskMixture, evidence: np.ndarray, queries: Strings, leak: float) -> np.ndarray:
    """Return the exact prediction (prompt, label) for one query after each prompt."""
    posterior = log_posteriors(evidence, mixture.prior, leak)[:, -1]
    weight = softmax(posterior + queries.log_prob, axis=1)
    return np.einsum("pk,pky->py", weight, queries.law)


def _kernels(
    found: RowWriter, params: SymmetryParams, mixture: TaskMixture, rng: np.random.Generator
) -> None:
    """Put demonstrations into every order and rename their labels, with every kernel.

    Changes are of the n-normalised vote, as a share of its largest entry: dividing by a sum of signed weights
    that is next to zero would magnify the last digit without end.
    """
    n = params.n_kernel_prompts
    strings = read(mixture, all_strings(mixture.n_tokens, params.length))
    place = mixture.n_tokens ** np.arange(params.length)[::-1]
    examples = draw(mixture, np.full(n * SHOWN, TASK), params.length + 1, rng)
    inputs = (examples[:, :-1] @ place).reshape(n, SHOWN)
    labels = examples[:, -1].reshape(n, SHOWN)
    queries = (draw(mixture, np.full(n, TASK), params.length, rng) @ place)[:, None]
    names = rng.permutation(mixture.n_tokens)
    law = {True: np.exp(strings.log_prob[:, TASK]), False: np.exp(strings.log_mixed)}
    for name in KERNELS:
        psi = kernels.fit(name, strings, law[name in OF_TASK], TASK).whiten(strings)

        def voted(order: tuple[int, ...], called: np.ndarray, psi: np.ndarray = psi) -> np.ndarray:
            x, y = inputs[:, list(order)], called[labels[:, list(order)]]
            sums = kernels.label_sums(psi[x], y, [SHOWN], mixture.n_tokens)
            return kernels.vote(sums, psi[queries], [SHOWN]).normalised[:, 0, 0]

        same = np.arange(mixture.n_tokens)
        orders = list(permutations(range(SHOWN)))
        answers = np.stack([voted(order, same) for order in orders])
        scale = np.abs(answers).max(axis=(0, 2))
        found.fact(
            leak_name(0), name, WORST_ORDER, float((np.ptp(answers, axis=0).max(axis=1) / scale).max())
        )
        renamed = voted(orders[0], names)[:, names]
        off = np.abs(renamed - answers[0]).max(axis=1) / scale
        found.fact(leak_name(0), name, WORST_NAMES, float(off.max()))
