"""What single heads do to the answer, and which of many heads are worth asking (FV-2, FV-3, 6.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.studies.task_vectors.heads.draws import TaskPrompts
from taskscope.studies.task_vectors.heads.plain import Plain
from taskscope.studies.task_vectors.params import HeadParams

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

EXACT_SHARE = 0.05
"""Share of a large model's heads that get the exact pass (6.8)."""

Prompt = tuple[str, str]
"""A text, and the answer as it follows it."""


def head_means(drawn: TaskPrompts, blocks: Sequence[int], model: LanguageModel) -> np.ndarray:
    """Read the mean outputs of all heads behind right demonstrations, (head, head_dim) float32 (FV-2)."""
    heads = model.capture([one.shown for one in drawn.means], blocks=blocks, what="heads").mean(axis=0)
    return heads.reshape(-1, model.head_dim)


def disturbed(drawn: TaskPrompts, said: Plain) -> list[Prompt]:
    """Return the prompts in which heads are replaced, with the answer that they should bring back.

    Labels are swapped (FV-3), unless the model does the task from swapped labels too: then nothing is left to
    bring back, and the query stands alone.
    """
    return [(one.swapped if said.swapping_hides else one.bare, one.gold[0]) for one in drawn.effects]


def worth_it(
    prompts: Sequence[Sequence[Prompt]],
    mean: Sequence[np.ndarray],
    able: Sequence[bool],
    sites: np.ndarray,
    size: int,
    params: HeadParams,
    model: LanguageModel,
) -> np.ndarray:
    """Return the heads that are replaced one by one: all, or those that gradients say are strongest (6.8)."""
    if len(sites) <= params.exact_heads:
        return np.arange(len(sites))
    estimates = []
    for each, its, helped in zip(prompts, mean, able, strict=True):
        if helped or not any(able):
            outputs = its.reshape(-1, model.n_heads, model.head_dim)
            texts, answers = zip(*each, strict=True)
            estimates.append(model.estimated_head_effects(texts, outputs, answers).mean(axis=0).ravel())
    n = min(len(sites), max(round(EXACT_SHARE * len(sites)), 4 * size))
    return np.sort(np.argsort(-np.mean(estimates, axis=0), kind="stable")[:n])


def effects(
    prompts: Sequence[Prompt], mean: np.ndarray, sites: np.ndarray, tried: np.ndarray, model: LanguageModel
) -> np.ndarray:
    """Replace heads one by one by their mean: (prompt, head), NaN where a head was not replaced (FV-3)."""
    found = np.full((len(prompts), len(sites)), np.nan)
    some = [(int(block), int(head)) for block, head in sites[tried]]
    texts, answers = zip(*prompts, strict=True)
    found[:, tried] = model.head_effects(texts, mean[tried], answers, some).indirect
    return found
