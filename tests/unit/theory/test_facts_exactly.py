"""F1, F2 and F4 in sixty digits: they hold for every string, however improbable.

In peaked worlds a task gives some strings next to no probability, and of what F1 and F2 say of those sixteen
digits leave little: other strings' weights cancel. Decimal arithmetic keeps it, and needs no singular values:
Sigma has full rank here, so that plain elimination solves for K.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest

from taskscope.theory.hidden_markov import TaskMixture, all_strings, dirichlet_mixture, read
from taskscope.theory.kernel_regression import fit
from taskscope.theory.kernel_regression.kernels import OF_TASK

TASK, DIGITS = 0, 60
EXACT = Decimal("1e-30")
N_TASKS, N_STATES, N_TOKENS, LENGTH = 4, 3, 8, 3
SOME = 16
"""Every so many strings are columns of the kernel that doubles are compared with."""
UNBIASED = ("A", "B", "E", "F")


def exact(values: np.ndarray) -> np.ndarray:
    """Doubles (..., outcome) as decimals whose rows add up to 1 in every digit that there is."""
    found = np.vectorize(Decimal, otypes=[object])(values)
    return found / found.sum(axis=-1, keepdims=True)


class World:
    """Everything about every string in decimals: joint laws and features, from their definitions."""

    def __init__(self, mixture: TaskMixture) -> None:
        move, emit, start = (exact(each) for each in (mixture.transitions, mixture.emissions, mixture.starts))
        block = mixture.block_of
        tokens = all_strings(N_TOKENS, LENGTH)
        steps = [[emit[b, :, o][:, None] * move[b] for o in range(N_TOKENS)] for b in range(len(move))]
        operators = []
        for string in tokens:
            products = []
            for step in steps:
                product = step[string[0]]
                for token in string[1:]:
                    product = product @ step[token]
                products.append(product)
            operators.append(products)
        self.operators = np.array(operators, dtype=object)  # (string, block, state, state)
        self.starts = np.array([[start[k] @ x[block[k]] for k in range(N_TASKS)] for x in self.operators])
        self.joint = np.array([[row[k] @ emit[block[k]] for k in range(N_TASKS)] for row in self.starts])
        self.prob = self.starts.sum(axis=2)  # (string, task)
        self.mixed = self.prob @ exact(mixture.prior)
        self.law = self.joint[:, TASK] / self.prob[:, [TASK]]

    def weights(self, name: str) -> np.ndarray:
        return self.prob[:, TASK] if name in OF_TASK else self.mixed

    def features(self, name: str) -> np.ndarray:
        rows = {"E": self.starts[:, TASK], "F": self.starts}.get(name, self.operators)
        return rows.reshape(len(rows), -1) / self.weights(name)[:, None]


def solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve by elimination, the largest pivot first; decimals."""
    rows = np.concatenate([matrix, right], axis=1)
    for i in range(len(rows)):
        best = i + int(np.argmax(np.abs(rows[i:, i])))
        rows[[i, best]] = rows[[best, i]]
        rows[i] = rows[i] / rows[i, i]
        others = np.arange(len(rows)) != i
        rows[others] = rows[others] - rows[others][:, [i]] * rows[i]
    return rows[:, len(matrix) :]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", UNBIASED)
def test_the_facts_hold_for_every_string_and_doubles_have_them_where_it_matters(name: str, seed: int) -> None:
    mixture = dirichlet_mixture(
        N_TASKS, N_STATES, N_TOKENS, np.random.default_rng(seed), transition=0.5, emission=0.3
    )
    with localcontext() as context:
        context.prec = DIGITS
        world = World(mixture)
        assert world.prob[:, TASK].min() < Decimal("1e-12"), "strings next to impossible"
        phi, weights = world.features(name), world.weights(name)
        dual = phi @ solved(phi.T @ (weights[:, None] * phi), np.eye(phi.shape[1], dtype=int) * Decimal(1))
        odds = world.prob[:, TASK] / weights  # 1 for A and E, who know the task
        weight, label_weight = (dual @ (phi.T @ each[:, TASK]) for each in (world.prob, world.joint))
        assert np.abs(weight / odds - 1).max() < EXACT  # F1, F2
        assert np.abs(label_weight / odds[:, None] - world.law).max() < EXACT
        assert np.abs(label_weight / weight[:, None] - world.law).max() < EXACT
        assert abs((weights * (dual * phi).sum(axis=1)).sum() - phi.shape[1]) < EXACT  # F4
        some = dual @ phi[::SOME].T
    strings = read(mixture, all_strings(N_TOKENS, LENGTH))
    law = np.exp(strings.log_prob[:, TASK] if name in OF_TASK else strings.log_mixed)
    psi = fit(name, strings, law, TASK).whiten(strings)
    off = np.sqrt(np.outer(law, law[::SOME])) * (psi @ psi[::SOME].T - some.astype(float))
    assert np.abs(off).max() < 1e-12
