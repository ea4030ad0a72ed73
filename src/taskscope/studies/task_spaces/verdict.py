"""The rules by which the claims are judged; all intervals are 95 % and leave out one task at a time.

- inconclusive by rule: fewer than 6 tasks; a claim whose control was not measured; for claim 6 fewer than two
  phenomena with two tasks each; for claims 3 and 4 a tuning that does not help the very task it was for.
- claim 1, supported: the maps of two halves of the pairs, rows and columns taken out, are alike (interval
  above 0) and more so than after tuning on pairs with good and bad exchanged at random (interval of the
  difference above 0). Contradicted: less so.
- claim 2, supported: of what plain training does, counted in squares, a share falls on other tasks (interval
  above 0), and a larger one than with gradient differences. Contradicted: a smaller one.
- claim 3, supported: the share of what tuning does that stays with its own task is larger than under every
  other way of tuning that was measured (plain training on all weights and on the same few, weights drawn at
  random). Contradicted: smaller than under one of them.
- claim 4, supported: likeness of gradients goes with transfer (interval above 0), and better than words or
  the gradients of an untrained model do. Contradicted: likeness goes with less transfer (interval below 0).
- claim 6, supported: tasks of one phenomenon transfer more to each other, beyond what words and an untrained
  model explain: interval above 0, and estimate above where 97.5 % of random groupings lie. Contradicted: the
  same below 0.
- inconclusive otherwise.

The rule of claim 5 stands at the head of `damage/findings.py`, that of claim 7 at the head of
`patterns/findings.py`, those of claims 8 and 9 at the head of `along/findings.py`.
"""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement
from taskscope.studies.task_spaces.params import PLAIN, SCATTERED
from taskscope.studies.task_spaces.statistics import Compared, Grouping, Isolation

LABELS = {
    "difference": "gradient differences",
    "shuffled": "labels exchanged at random",
    "plain": "plain training on the good sentences",
    "plain-masked": "plain training on the same few weights",
    "scattered": "weights drawn at random",
    "words": "words",
    "word_pairs": "pairs of words",
    "untrained": "gradients of an untrained model",
}
"""Controls, as readers meet them."""


def judge_map(found: Compared) -> Judgement:
    """Judge claim 1."""
    if found.lead is None:
        return _inconclusive(
            "No map was made of pairs with labels exchanged at random, so nothing to compare with."
        )
    if found.value.low > 0 and found.lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED, "Other pairs of the same tasks draw the same map, and chance does not."
        )
    if found.lead.high < 0:
        return Judgement(Verdict.CONTRADICTED, "The map repeats less than one that nothing was learned for.")
    if found.value.low <= 0:
        return _inconclusive("Other pairs of the same tasks may draw another map.")
    return _inconclusive("Tuning on pairs with labels exchanged at random may give a map as steady.")


def judge_entanglement(found: Compared | None) -> Judgement:
    """Judge claim 2; None where there was no plain training."""
    if found is None or found.lead is None:
        return _inconclusive("Plain training on the good sentences was not measured.")
    if found.lead.high < 0:
        return Judgement(Verdict.CONTRADICTED, "Gradient differences change other tasks more.")
    if found.value.low > 0 and found.lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            "Plain training changes other tasks too, more than gradient differences do.",
        )
    return _inconclusive("Gradient differences may change other tasks as much.")


def judge_isolation(found: Isolation) -> Judgement:
    """Judge claim 3."""
    result = found.compared
    missing = [LABELS[name] for name in (PLAIN, SCATTERED) if name not in result.controls]
    if result.lead is None or missing:
        return _inconclusive(f"Not measured: {' and '.join(missing)}.")
    if not result.value.low > 0:
        return _inconclusive("Tuning does not clearly help even the task it is for.")
    other = LABELS[result.strongest]
    if result.lead.low > 0:
        return Judgement(Verdict.SUPPORTED, f"More of it stays with its own task than with {other}.")
    if result.lead.high < 0:
        return Judgement(Verdict.CONTRADICTED, f"More of it stays with its own task with {other}.")
    return _inconclusive(f"With {other} about as much stays with the own task.")


def judge_agreement(found: Compared, isolated: Isolation) -> Judgement:
    """Judge claim 4."""
    if not isolated.compared.value.low > 0:
        return _inconclusive("Tuning does not clearly help even the task it is for.")
    if found.value.high < 0:
        return Judgement(Verdict.CONTRADICTED, "Tasks with like gradients transfer less to each other.")
    if found.value.low <= 0 or found.lead is None:
        return _inconclusive("Likeness of gradients does not clearly go with transfer.")
    if found.lead.low > 0:
        return Judgement(
            Verdict.SUPPORTED, f"Gradients tell transfer better than {LABELS[found.strongest]} do."
        )
    return _inconclusive(f"{LABELS[found.strongest].capitalize()} may tell transfer as well.")


def judge_grouping(found: Grouping) -> Judgement:
    """Judge claim 6."""
    if np.isnan(found.partial.value):
        return _inconclusive("Words alone tell the phenomena apart, so nothing is left to compare.")
    if found.partial.low > 0 and found.partial.value > found.chance.high:
        return Judgement(
            Verdict.SUPPORTED, "Tasks of one phenomenon help each other beyond what their words explain."
        )
    if found.partial.high < 0 and found.partial.value < found.chance.low:
        return Judgement(
            Verdict.CONTRADICTED, "Beyond what their words explain, tasks of one phenomenon hurt each other."
        )
    return _inconclusive("Beyond words, tasks of one phenomenon do not clearly help each other.")


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
