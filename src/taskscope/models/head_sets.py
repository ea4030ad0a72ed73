"""What follows a prompt when the outputs of several heads are replaced together at its last token.

As in `heads`, every set is a copy of the last token that grows from the rest of the prompt, so all sets of a
prompt cost one pass (protocol kernel_regression section 8, ablation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.errors import TaskscopeError
from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Tokens
from taskscope.models.execution import Executor
from taskscope.models.heads import Site, check_sites
from taskscope.models.work import Edits, Places, Work


@dataclass(frozen=True)
class HeadSet:
    """Heads whose outputs are replaced together; none leaves the model as it is."""

    sites: tuple[Site, ...]
    outputs: np.ndarray
    """float32 (site, head_dim), what is put in place."""


def after_replacing(
    executor: Executor, prompts: Sequence[Tokens], sets: Sequence[HeadSet], targets: Sequence[int]
) -> np.ndarray:
    """Return log p of some next tokens with each set of heads replaced, (prompt, set, target) float32, nats.

    Args:
        executor: Runs the passes.
        prompts: Token ids, special tokens included.
        sets: The heads.
        targets: Token ids.

    Raises:
        ModelError: If a head does not exist or cannot be told apart from the others.
        TaskscopeError: If outputs do not fit their heads, or a set names a head twice.
    """
    width = executor.anatomy.head_dim
    for one in sets:
        check_sites(executor.anatomy, one.sites)
        if one.outputs.shape != (len(one.sites), width) or len(set(one.sites)) < len(one.sites):
            raise TaskscopeError(
                f"outputs of shape {one.outputs.shape} for heads {list(one.sites)}",
                f"different heads, and (site, head_dim) = {(len(one.sites), width)}",
            )
    table = np.concatenate([one.outputs for one in sets]).astype(np.float32)
    branch = np.repeat(np.arange(len(sets)), [len(one.sites) for one in sets])
    sites = np.array([site for one in sets for site in one.sites], dtype=np.int64).reshape(-1, 2)
    works = []
    for number, tokens in enumerate(prompts):
        at = len(tokens) - 1
        edits = Edits(branch, np.full(len(branch), at), sites[:, 0], np.arange(len(branch)), sites[:, 1])
        order = np.arange(len(sets))
        places = Places(order, np.full(len(sets), at), number * len(sets) + order)
        works.append(Work(Tree(tokens[:-1], (Branch(tokens[-1:], at),) * len(sets)), places, edits))
    wanted = np.tile(np.array(targets, dtype=np.int64), (len(prompts) * len(sets), 1))
    found = executor.predict(works, wanted, lambda index: table[index]).logprob
    return found.reshape(len(prompts), len(sets), len(targets))
