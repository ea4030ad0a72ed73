"""What an item's log-probabilities come to, for each kind of task (protocol 2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taskscope.stats import choice_metrics
from taskscope.tasks.choices import Metric


class Outcomes(NamedTuple):
    """One number per item, (item,); NaN where the item was left out or the kind has none."""

    loss: np.ndarray
    """Nats, lower is better; for the log-odds kinds how far the other prompt draws away from the answer."""
    correct: np.ndarray
    total: np.ndarray
    """Log of the probability on all classes together, nats."""


def outcomes(metric: Metric, logprobs: np.ndarray, other: np.ndarray, answers: np.ndarray) -> Outcomes:
    """Turn log-probabilities into what is analysed.

    Args:
        metric: Kind of the task.
        logprobs: (item, class) nats, NaN throughout an item left out, minus infinity where it has fewer.
        other: The same after the prompts compared with; read for the log-odds kinds alone.
        answers: (item,) index of the right class.
    """
    kept = np.asarray(~np.isnan(logprobs).any(axis=1))
    if not kept.any():
        nothing = np.full(len(kept), np.nan)
        return Outcomes(nothing, nothing, nothing)
    own, right = logprobs[kept], answers[kept]
    total = choice_metrics.total_logprob(own)
    if metric == "sequence":
        found = Outcomes(-own[:, 0], np.full(len(own), np.nan), total)
    elif metric == "classification":
        loss = choice_metrics.classification_loss(own, right)
        found = Outcomes(loss, choice_metrics.correct(own, right).astype(float), total)
    else:
        difference = choice_metrics.log_odds_difference(own, other[kept], right)
        if metric == "absolute-log-odds":
            difference = np.abs(difference)
        found = Outcomes(difference, np.full(len(own), np.nan), total)
    return Outcomes(*(_spread(values, kept) for values in found))


def _spread(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    whole = np.full(len(kept), np.nan)
    whole[kept] = values
    return whole
