"""The conjunctive model DINA: an item is solved by whoever has all its skills, but for slips and guesses.

Fitted by expectation and maximisation over the 2^K sets of skills. The E step stays in logarithms, since the
product of a long test's probabilities underflows, and the share of each set is estimated too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from taskscope.errors import TaskscopeError
from taskscope.theory.item_response.responses import checked, tags

Array = np.ndarray

MOST_SKILLS = 12
"""Beyond it the sets of skills are too many to list."""
_START = 0.2
_MOST_STEPS, _ENOUGH = 500, 1e-7


@dataclass(frozen=True)
class Dina:
    """A fitted model."""

    slip: Array
    """(item,) probability that somebody with all skills fails."""
    guess: Array
    """(item,) probability that somebody without succeeds."""
    share: Array
    """(set,) of examinees with each set of skills."""
    sets: Array
    """(set, skill) bool."""
    solves: Array
    """(set, item) bool: the set holds all skills of the item."""

    def posterior(self, responses: ArrayLike) -> Array:
        """Probability of each set of skills given an examinee's responses, (examinee, set)."""
        return np.exp(_log_posterior(self, checked(responses))[0])

    def mastery(self, responses: ArrayLike) -> Array:
        """Probability that an examinee has a skill, (examinee, skill)."""
        return self.posterior(responses) @ self.sets

    def chances(self, responses: ArrayLike) -> Array:
        """Probability that an examinee solves an item, given the responses, (examinee, item)."""
        return self.posterior(responses) @ np.where(self.solves, 1 - self.slip, self.guess)


def fit(responses: ArrayLike, q: ArrayLike) -> Dina:
    """Fit slips, guesses and the shares of all sets of skills.

    A skill is identified where at least one item, better two, needs it alone.

    Args:
        responses: (examinee, item), 1 right, 0 wrong, NaN not asked.
        q: (item, skill) whether the item needs the skill.

    Raises:
        TaskscopeError: If responses or q are unusable, or there are more than twelve skills.
    """
    table = checked(responses)
    needs = tags(q, table.shape[1])
    n_skills = needs.shape[1]
    if n_skills > MOST_SKILLS:
        raise TaskscopeError(
            f"{n_skills} skills",
            f"at most {MOST_SKILLS}: the model lists all sets of them",
            "fewer, wider skills",
        )
    sets = (np.arange(2**n_skills)[:, None] >> np.arange(n_skills)) % 2 == 1
    solves = (sets.astype(int) @ needs.T.astype(int)) == needs.sum(axis=1)
    start = np.full(len(needs), _START)
    now = Dina(start, start, np.full(len(sets), 1 / len(sets)), sets, solves)
    reached = -np.inf
    for _ in range(_MOST_STEPS):
        log_posterior, fits = _log_posterior(now, table)
        if fits - reached < _ENOUGH * abs(fits):
            break
        reached = fits
        now = _maximise(now, table, np.exp(log_posterior))
    return now


def _log_posterior(model: Dina, table: Array) -> tuple[Array, float]:
    """Log posterior of the sets, (examinee, set), and the log likelihood of all responses."""
    chance = np.where(model.solves, 1 - model.slip, model.guess)
    right, wrong = np.nan_to_num(table), np.nan_to_num(1 - table)
    joint = right @ np.log(chance).T + wrong @ np.log1p(-chance).T + np.log(model.share)
    total = np.asarray(logsumexp(joint, axis=1))
    return joint - total[:, None], float(total.sum())


def _maximise(model: Dina, table: Array, posterior: Array) -> Dina:
    """Count expected right and wrong answers with and without all skills; one of each is added."""
    asked, right = (~np.isnan(table)).astype(float), np.nan_to_num(table)
    in_sets, right_in_sets = posterior.T @ asked, posterior.T @ right
    able, able_right = ((counts * model.solves).sum(axis=0) for counts in (in_sets, right_in_sets))
    others, others_right = in_sets.sum(axis=0) - able, right_in_sets.sum(axis=0) - able_right
    slip = 1 - (able_right + 1) / (able + 2)
    guess = (others_right + 1) / (others + 2)
    share = posterior.sum(axis=0) + 1e-9
    return Dina(slip, guess, share / share.sum(), model.sets, model.solves)
