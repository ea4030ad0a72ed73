"""The rule by which H3 is judged.

H3 says that a renamed task is carried out as the renaming after the task. Then renamed tasks should go well
where the renaming alone goes well (E4), and renamings that mean something should go better than random ones
(E5). Maps are resampled; all intervals are 95 %; values are averaged over tasks.

- inconclusive by rule: no task that the model learns under random names (the interval of its macro-F1
  reaches guessing); every such task has a renaming without spread over maps (80 % of the maps done without
  fault, or a standard deviation below 2 points); fewer than 12 random maps.
- supported: over random maps, F1 of the renamed task and of the renaming go together, also when what the
  images are like is held constant (the intervals of the correlation and of the partial correlation lie above
  0), natural renamings (synonym, keyword) go better than random ones (that interval lies above 0), and the
  renamed task lies above its floor where its two parts are shown apart (9.4; the floor is guessing, or the
  same with the texts alone shown). The last is asked because names that are hard to say for a reason that
  nothing measured tells would make both scores go together in a model that cannot compose.
- contradicted: the renamed task goes better than the renaming alone, which would be a part of it (by more
  than 10 points); or natural renamings go worse than random ones.
- inconclusive otherwise.

The partial correlation holds constant how likely the images are without demonstrations and how unequal that
is, how rare they are, how long their embeddings, how alike to one another and to their labels (protocol 6).
"""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.structured_tasks.maps.draws import RANDOM
from taskscope.studies.structured_tasks.maps.resampling import ModelMaps, TaskMaps
from taskscope.studies.structured_tasks.maps.rows import APART, TASK_SHOWN

FEWEST_MAPS = 12
"""Random maps of a task below which a correlation says nothing."""
LARGEST_LEAD = 0.1
"""Macro-F1 by which the whole may be ahead of its part."""
JUDGED = ("synonym", "keyword")
"""Natural kinds that enter the verdict: antonyms may fail on small models for a reason of their own (E5)."""


def judge_composition(found: ModelMaps) -> Judgement:
    """Judge H3."""
    if not found.able:
        return _inconclusive("The model learns none of these tasks under random names.")
    lead = Measure.of(mean([t.renamed - t.renaming[RANDOM] for t in found.able]))
    if lead.low > LARGEST_LEAD:
        return Judgement(
            Verdict.CONTRADICTED,
            f"The renamed task goes better than the renaming alone, by {points(lead)}, so it is not carried "
            "out as the renaming after the task.",
        )
    if not found.varying:
        return _inconclusive(
            "All random renamings go equally well or badly, so nothing can be said about what goes with them."
        )
    fewest = min(len(task.random.images) for task in found.varying)
    if fewest < FEWEST_MAPS:
        return _inconclusive(f"Only {fewest} random maps were measured; at least {FEWEST_MAPS} are needed.")
    natural = advantage(found.able, JUDGED)
    if natural is None:
        return _inconclusive("No natural renaming is known for these labels.")
    raw = Measure.of(mean([task.pearson for task in found.varying]))
    partial = Measure.of(mean([task.partial for task in found.varying]))
    if natural.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"Synonyms and keywords are harder names than random words, by {points(natural, -1)}.",
        )
    gone_together = (
        f"({numbers(raw)}; {numbers(partial)} with the images' own traits held constant), and synonyms and "
        f"keywords go {points(natural)} better than random words"
    )
    if not (raw.low > 0 and partial.low > 0 and natural.low > 0):
        return _inconclusive(
            f"The renaming alone and the renamed task go together by {numbers(raw)}, {numbers(partial)} with "
            f"the images' own traits held constant; synonyms and keywords go {points(natural)} better than "
            "random words."
        )
    if not all(arm in task.apart for task in found.able for arm in (APART, TASK_SHOWN)):
        return _inconclusive(
            f"Renamed tasks go well where the renaming alone goes well {gone_together}; but the task was "
            "never asked for where its parts are shown apart, and names that are hard to say anywhere would "
            "show the same."
        )
    put_together = Measure.of(mean([task.put_together for task in found.able]))
    if put_together.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"Renamed tasks go well where the renaming alone goes well {gone_together}; shown the parts "
            f"apart, the model puts them together, {points(put_together)} above the floor.",
        )
    return _inconclusive(
        f"Renamed tasks go well where the renaming alone goes well {gone_together}; but shown the parts "
        f"apart, the model scores {points(put_together)} above the floor, and names that are hard to say "
        "anywhere would show the same."
    )


def mean(values: list[np.ndarray]) -> np.ndarray:
    """Average over exactly these tasks; their draws are independent."""
    return np.mean(values, axis=0)


def advantage(tasks: list[TaskMaps], kinds: tuple[str, ...]) -> Measure | None:
    """Return what natural kinds gain over random maps; None where none was measured."""
    found = [(task, [kind for kind in kinds if kind in task.renaming]) for task in tasks]
    values = [task.advantage(own) for task, own in found if own]
    return Measure.of(mean(values)) if values else None


def points(measure: Measure, sign: int = 1) -> str:
    """Print a difference of F1 with its interval, in points."""
    low, high = sorted((sign * measure.low, sign * measure.high))
    return f"{100 * sign * measure.value:.0f} points ({100 * low:.0f} to {100 * high:.0f})"


def numbers(measure: Measure) -> str:
    """Print a correlation with its interval."""
    return f"r = {measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f})"


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
