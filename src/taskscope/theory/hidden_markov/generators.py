"""Random mixtures: the worlds in which the theorem is checked (kernel_regression S1 to S3)."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov.mixture import TaskMixture


def dirichlet_mixture(
    n_tasks: int,
    n_states: int,
    n_tokens: int,
    rng: np.random.Generator,
    *,
    transition: float = 1.0,
    emission: float = 1.0,
) -> TaskMixture:
    """Draw a mixture with one block for each task, whose start is its state 0; the tasks are equally likely.

    Args:
        n_tasks: Tasks.
        n_states: States of each task.
        n_tokens: Tokens, shared by all tasks.
        rng: Source of randomness.
        transition: Concentration of the Dirichlet law of each row of transitions; small is peaked.
        emission: The same of emissions.
    """
    states = np.arange(n_tasks)
    return TaskMixture(
        transitions=rng.dirichlet(np.full(n_states, transition), size=(n_tasks, n_states)),
        emissions=rng.dirichlet(np.full(n_tokens, emission), size=(n_tasks, n_states)),
        starts=np.tile(np.eye(n_states)[0], (n_tasks, 1)),
        block_of=states,
        prior=np.full(n_tasks, 1 / n_tasks),
    )


def softmax_mixture(
    n_tasks: int,
    n_states: int,
    n_tokens: int,
    rng: np.random.Generator,
    *,
    transition: float,
    emission: float,
) -> TaskMixture:
    """Draw one block whose rows are softmaxes of normal numbers; each task starts in a state of its own.

    Args:
        n_tasks: Tasks, equally likely.
        n_states: States, shared by all tasks.
        n_tokens: Tokens.
        rng: Source of randomness.
        transition: Temperature of the transitions; small is peaked.
        emission: Temperature of the emissions.

    Raises:
        TheoryError: If there are more tasks than states.
    """
    if n_tasks > n_states:
        raise TheoryError(f"{n_tasks} tasks in {n_states} states", "a start state of its own for each task")
    starts = rng.choice(n_states, size=n_tasks, replace=False)
    return TaskMixture(
        transitions=softmax(rng.standard_normal((1, n_states, n_states)) / transition, axis=-1),
        emissions=softmax(rng.standard_normal((1, n_states, n_tokens)) / emission, axis=-1),
        starts=np.eye(n_states)[starts],
        block_of=np.zeros(n_tasks, int),
        prior=np.full(n_tasks, 1 / n_tasks),
    )
