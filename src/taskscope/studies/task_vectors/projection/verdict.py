"""The rule by which C5 is judged.

Read is theta at the shared block of C1, or deeper by one block in sixteen (published: two of 32 to 40). The
description words of every task were written down before (`tasks/data/descriptions.json`); which of them
a tokenizer lets one read is decided by `words`. A task's *gain* is how much higher its words' reciprocal
ranks are under its own thetas than under those of other tasks (`statistics`).

A task *shows its description* if all of these hold:

- its gain is more than task labels permuted over whole sets of demonstrations give (Holm over tasks, 0.05);
- its gain is larger than that of its strongest control, the interval of the difference above 0. Controls are
  the same gain read from the state behind the dummies without demonstrations, and from theta of swapped
  labels (where swapping hides the task, as for C1): words of inputs and labels may call up a description too;
- its gain is at least 0.01, one description word in ten at rank ten: less would not be seen in any list.

- inconclusive by rule: fewer than four tasks with two readable words (among those on which demonstrations
  help); fewer than 20 sets of demonstrations; no shared block.
- supported: a third of the tasks, and two at least, show their descriptions; and lists dealt to tasks at
  random reach the mean gain in at most 5 % of deals. The second guards against thetas that promote a few
  words each, whatever they mean: labels permuted over sets alone would count those.
- contradicted: fewer tasks show theirs, and the mean gain above the strongest control is less than 0.01, its
  whole interval.
- inconclusive otherwise.

C5 is not necessary for C1: theta may work where nothing can be read from it (protocol section 8).
"""

from __future__ import annotations

from math import ceil

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.projection.reading import SIGNIFICANT, VISIBLE, Projection

FEWEST_TASKS = 4
"""Tasks below which dealing their lists at random can never be told from the true deal."""
FEWEST_SETS = 20
SHARE_OF_TASKS = 1 / 3
"""The protocol's own mark (E6)."""
BLOCKS_PER_STEP = 16


def reading_block(shared: int, n_blocks: int) -> int:
    """Return the block at which theta is read, given the shared block of C1."""
    return min(shared + n_blocks // BLOCKS_PER_STEP, n_blocks - 1)


def judge_projection(found: Projection | None, block: int | None) -> Judgement:
    """Judge C5.

    Args:
        found: None where no task has words that can be read.
        block: Where theta is read; None where no task tells.
    """
    if block is None:
        return _inconclusive("Demonstrations help on no task, so there is no theta to read.")
    if found is None or len(found.tasks) < FEWEST_TASKS:
        n = 0 if found is None else len(found.tasks)
        return _inconclusive(
            f"Only {n} tasks have two description words that this tokenizer keeps apart from all others; "
            f"at least {FEWEST_TASKS} are needed."
        )
    if found.n_sets < FEWEST_SETS:
        return _inconclusive(
            f"Only {found.n_sets} sets of demonstrations were read; at least {FEWEST_SETS} are needed."
        )
    n, needed = len(found.tasks), max(2, ceil(SHARE_OF_TASKS * len(found.tasks)))
    above = Measure.of(found.above)
    span = f"{above.value:.3f} ({above.low:.3f} to {above.high:.3f})"
    shown = f"{found.n_shown} of {n} tasks show words that describe them"
    if found.n_shown >= needed and found.p_dealt <= SIGNIFICANT:
        return Judgement(
            Verdict.SUPPORTED, f"{shown}; lists dealt at random do as well in {found.p_dealt:.1%} of deals."
        )
    if found.n_shown < needed and above.high < VISIBLE:
        return Judgement(
            Verdict.CONTRADICTED,
            f"{shown}, and the mean gain above the strongest control, {span}, is below {VISIBLE}: what one "
            "word in ten at rank ten would give.",
        )
    if found.n_shown >= needed:
        return _inconclusive(
            f"{shown}, but so do lists dealt to tasks at random in {found.p_dealt:.0%} of deals."
        )
    return _inconclusive(f"{shown}, fewer than a third; the mean gain above the strongest control is {span}.")


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
