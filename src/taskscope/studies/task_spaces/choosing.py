"""Which pairs are learned from and which are judged; no model is needed here.

Draws depend on paradigm, seed and sizes, so that all models and all tunings are compared on the same pairs.
The pairs are dealt to two halves, each with pairs to learn from and others to judge by: a map is drawn from
each half, and what the two have in common does not come from the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.errors import StudyError
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.params import PairParams
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

N_HALVES = 2


@dataclass(frozen=True)
class Half:
    """Pairs of one half."""

    train: tuple[MinimalPair, ...]
    judged: tuple[MinimalPair, ...]


def halves(paradigm: Paradigm, seed: int, params: PairParams) -> tuple[Half, ...]:
    """Draw two halves; where there are fewer pairs than asked for, both sizes shrink alike.

    Identical pairs are left out: they have no gradient and no right answer.

    Raises:
        StudyError: If there are fewer than four pairs, one to learn and one to judge in each half.
    """
    once = {(pair.good, pair.bad): pair for pair in paradigm.pairs if not pair.is_identical}
    differing = list(once.values())  # a pair that comes twice would be learned from and judged by
    if len(differing) < 2 * N_HALVES:
        raise StudyError(
            f"paradigm {paradigm.name!r} has {len(differing)} pairs that differ",
            f"at least {2 * N_HALVES}: in each half one to learn from and one to judge by",
            "more different pairs for it, or leave it out of -t",
        )
    each = min(len(differing) // N_HALVES, params.n_train + params.n_eval)
    judged = min(max(1, round(each * params.n_eval / (params.n_train + params.n_eval))), each - 1)
    order = stream("task-spaces pairs", paradigm.fingerprint, seed).permutation(len(differing))
    shuffled = [differing[i] for i in order]
    parts = [shuffled[start * each : (start + 1) * each] for start in range(N_HALVES)]
    return tuple(Half(tuple(part[judged:]), tuple(part[:judged])) for part in parts)
