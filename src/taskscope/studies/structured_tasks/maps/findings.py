"""From resampled maps to the finding on H3."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.claims import ACCOUNT
from taskscope.studies.structured_tasks.maps.draws import RANDOM
from taskscope.studies.structured_tasks.maps.resampling import ModelMaps, TaskMaps
from taskscope.studies.structured_tasks.maps.rows import RENAMED_TASK, RENAMING
from taskscope.studies.structured_tasks.maps.verdict import JUDGED, advantage, judge_composition, mean
from taskscope.studies.wording import control, finding, percent

N_PERMUTATIONS = 2000


def composition(found: ModelMaps) -> Finding:
    """Judge H3."""
    tasks = found.varying
    return finding(
        ACCOUNT,
        "H3",
        found.model,
        judge_composition(found),
        statement=_statement(found),
        quantity="correlation of the renamed task with the renaming alone, images' traits held constant",
        measure=Measure.of(mean([task.partial for task in tasks])) if tasks else None,
        n=found.n_maps,
        unit="random maps",
        controls=_controls(tasks),
    )


def _controls(tasks: list[TaskMaps]) -> list[Control | None]:
    if not tasks:
        return []
    null = mean([_permuted(task) for task in tasks])
    zero = Measure(0.0, float(np.quantile(null, 0.025)), float(np.quantile(null, 0.975)))
    return [
        control(
            "strongest",
            "maps dealt out anew",
            zero,
            "The correlation if the renaming of one map had nothing to do with the task renamed by it: the "
            "interval of random pairings.",
        ),
        control(
            "raw",
            "Pearson's r as it is",
            Measure.of(mean([task.pearson for task in tasks])),
            "Nothing held constant: words that are awkward anywhere count too. No control.",
        ),
        control(
            "rank",
            "Spearman's rho as it is",
            Measure.of(mean([task.spearman for task in tasks])),
            "The same on ranks. No control.",
        ),
    ]


def _permuted(task: TaskMaps) -> np.ndarray:
    """Pearson's r of random pairings, (permutation,)."""
    rng = stream("structured-tasks permutations", task.grid.task)
    x, y = task.random.f1[RENAMING], task.random.f1[RENAMED_TASK]
    x, y = (x - x.mean()) / max(x.std(), 1e-12), (y - y.mean()) / max(y.std(), 1e-12)
    shuffled = np.stack([rng.permutation(len(x)) for _ in range(N_PERMUTATIONS)])
    return (x[shuffled] * y).mean(axis=1)


def _statement(found: ModelMaps) -> str:
    if not found.able:
        return "The model learns none of these tasks under random names, so there is nothing to take apart."
    renamed = mean([task.renamed for task in found.able])[0]
    renaming = mean([task.renaming[RANDOM] for task in found.able])[0]
    text = (
        f"Under random names the model reaches {percent(renamed)} macro-F1, and {percent(renaming)} on the "
        "renaming alone (label word to new word)"
    )
    natural = advantage(found.able, JUDGED)
    if natural is None:
        return text + "."
    return text + f"; with synonyms and keywords as new words that is {percent(renaming + natural.value)}."
