"""The theorem's bound on the bias of its literal kernel, eta^2 epsilon, and the bias itself (F3)."""

import numpy as np
import pytest

from taskscope.theory.hidden_markov import all_strings, dirichlet_mixture, read
from taskscope.theory.kernel_regression import features, fit, limit, mismatch_bound

TASK = 0


def test_fact_3_the_literal_bias_and_its_vacuous_bound_are_those_of_the_protocol():
    """Six Dirichlet(1) worlds of S1, from the first seeds there are: bias .010 to .046, bound 3e6 to 4e11."""
    biases, bounds = [], []
    for seed in range(6):
        mixture = dirichlet_mixture(4, 3, 8, np.random.default_rng(seed))
        strings = read(mixture, all_strings(8, 4))
        mixed, joint = np.exp(strings.log_mixed), np.exp(strings.log_joint[:, TASK])
        of_task = joint.sum(axis=1)
        psi = fit("C", strings, mixed, TASK).whiten(strings)
        off = limit(psi, psi, joint).prediction - strings.law[:, TASK]
        biases.append(of_task @ np.abs(off).sum(axis=1))
        bounds.append(mismatch_bound(strings, mixed, of_task))
    assert (min(biases), max(biases)) == pytest.approx((0.010, 0.046), abs=0.0005)
    assert 1e6 < min(bounds) < 4e6 and 4e11 < max(bounds) < 5e11
    assert min(np.divide(bounds, biases)) > 1e7


def test_the_bound_is_nothing_where_the_task_is_all_there_is():
    """And grows with the mismatch of task and mixture, by hand for a Sigma that is twice as large."""
    strings = read(dirichlet_mixture(3, 3, 6, np.random.default_rng(0)), all_strings(6, 3))
    of_task = np.exp(strings.log_prob[:, TASK])
    assert mismatch_bound(strings, of_task, of_task) == 0
    phi = features("C", strings, TASK)
    smallest = np.linalg.eigvalsh(phi.T @ (of_task[:, None] * phi))[0]
    eta = np.sqrt((phi**2).sum(axis=1).max())
    halved = mismatch_bound(strings, 2 * of_task, of_task)
    assert halved == pytest.approx(eta**2 * 0.5 / smallest, rel=1e-3)
