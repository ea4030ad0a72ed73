"""Mixtures of hidden Markov models, read exactly: the world of the kernel-regression theorem (2.1 to 2.6)."""

from taskscope.theory.hidden_markov.filtering import DELIMITER, Filtered, forward, log_posteriors
from taskscope.theory.hidden_markov.generators import dirichlet_mixture, softmax_mixture
from taskscope.theory.hidden_markov.mixture import TaskMixture, smoothed
from taskscope.theory.hidden_markov.strings import Strings, all_strings, draw, read

__all__ = [
    "DELIMITER",
    "Filtered",
    "Strings",
    "TaskMixture",
    "all_strings",
    "dirichlet_mixture",
    "draw",
    "forward",
    "log_posteriors",
    "read",
    "smoothed",
    "softmax_mixture",
]
