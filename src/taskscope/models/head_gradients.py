"""A quick estimate of what single heads do, from gradients: all from one pass forward and one back (6.8).

The exact effect of replacing a head's output z by m is approximated to first order: (m - z) times the
gradient by z. Heads that saturate can be missed, so the estimate chooses which heads get the exact pass of
`heads.effects` and is never reported as an effect.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Encoder
from taskscope.models.execution import Executor
from taskscope.models.heads import all_sites, check_sites
from taskscope.models.work import Edits, Places, Work


def attribute(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    outputs: np.ndarray,
    answers: Sequence[str],
    blocks: Sequence[int],
) -> np.ndarray:
    """Estimate what replacing each head's output at the last token adds to p of the answer's first token.

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts and answers.
        prompts: Texts.
        outputs: float32 (block, n_heads, head_dim): what would be put in place, the same for all prompts.
        answers: By prompt, the answer as it follows the prompt.
        blocks: Blocks whose heads are asked about.

    Returns:
        float32 (prompt, block, n_heads).

    Raises:
        ModelError: If heads of a block cannot be told apart.
        TaskError: If a prompt is too long, or an answer does not start at a token boundary.
    """
    check_sites(executor.anatomy, all_sites(blocks, executor.anatomy.n_heads))
    pairs = encoder.encode_pairs(list(zip(prompts, answers, strict=True)))
    works = []
    for number, (tokens, _) in enumerate(pairs):
        last = len(tokens) - 1
        places = Places(np.zeros(1, np.int64), np.array([last]), np.array([number]))
        works.append(Work(Tree(tokens[:last], (Branch(tokens[last:], last),)), places, Edits.none()))
    targets = np.array([answer[0] for _, answer in pairs], dtype=np.int64)
    found, slopes = executor.slopes(works, targets, blocks)
    return ((outputs - found) * slopes).sum(axis=-1)
