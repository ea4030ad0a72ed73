"""What single attention heads do to the answer, all in one pass; and what they write (6.7, FV-3, FV-5).

The prompt without its last token is a trunk; from it grows a copy of the last token per head, in which that
head's output is replaced, and one copy that is left alone. No copy sees another, so that each says what a
pass of its own would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from taskscope.errors import ModelError, TaskscopeError
from taskscope.models.blocks import Anatomy, attention_output, head_weights, input_width, text_config
from taskscope.models.branching import Branch, Tree
from taskscope.models.config import HEADS_NAMES, first_int
from taskscope.models.encoding import Encoder
from taskscope.models.execution import Executor, Vectors
from taskscope.models.reading import projection
from taskscope.models.work import Edits, Places, Work

Site = tuple[int, int]
"""Block and head."""


@dataclass(frozen=True)
class HeadEffects:
    """What comes out of the answer's first token when one head's output is replaced."""

    sites: tuple[Site, ...]
    clean: np.ndarray
    """(prompt,) float32: log p of the answer's first token with nothing replaced, nats."""
    patched: np.ndarray
    """(prompt, site) float32: the same with the output of one head replaced."""

    @property
    def indirect(self) -> np.ndarray:
        """Causal indirect effect of every head, (prompt, site): what its replacement adds to p (FV-3)."""
        return np.exp(self.patched) - np.exp(self.clean)[:, None]


def attending_blocks(anatomy: Anatomy, hf: object) -> tuple[int, ...]:
    """Return the blocks whose heads can be told apart.

    Raises:
        ModelError: If there is none.
    """
    found = tuple(block for block, module in enumerate(anatomy.projections) if module is not None)
    if found:
        return found
    kind = getattr(text_config(hf), "model_type", type(hf).__name__)  # type: ignore[arg-type]
    raise ModelError(
        f"heads of a model of type {kind!r} cannot be told apart: no block has an attention output "
        "projection that takes n_heads slices of one width",
        "softmax attention whose heads are mixed by one linear map in at least one block",
        "look at `taskscope doctor MODEL`",
    )


def blocks_without_heads(anatomy: Anatomy, hf: object) -> dict[int, str]:
    """Say of every block whose heads cannot be told apart why that is."""
    n_heads = first_int(text_config(hf), HEADS_NAMES) or 0  # type: ignore[arg-type]

    def reason(block: int) -> str:
        if not n_heads:
            return "the model's configuration names no number of heads"
        found = attention_output(anatomy.blocks[block], n_heads)
        if found is None:
            return f"no linear map was found that mixes {n_heads} attention heads of equal width"
        width = input_width(found) // n_heads
        return f"its heads are {width} numbers wide, those of most blocks {anatomy.head_dim}"

    lacking = [block for block, module in enumerate(anatomy.projections) if module is None]
    return {block: reason(block) for block in lacking}


def all_sites(blocks: Sequence[int], n_heads: int) -> tuple[Site, ...]:
    """Return every head of the blocks, block by block."""
    return tuple((block, head) for block in blocks for head in range(n_heads))


def check_sites(anatomy: Anatomy, sites: Sequence[Site]) -> None:
    """Check that the heads exist and can be told apart.

    Raises:
        ModelError: If one does not.
    """
    for block, head in sites:
        if not (0 <= block < len(anatomy.blocks) and 0 <= head < anatomy.n_heads):
            raise ModelError(
                f"head {head} of block {block}",
                f"blocks 0 to {len(anatomy.blocks) - 1}, heads 0 to {anatomy.n_heads - 1}",
            )
        projection(anatomy, block)


def effects(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    outputs: np.ndarray,
    answers: Sequence[str],
    sites: Sequence[Site],
) -> HeadEffects:
    """Replace the output of every head at the last token in turn, and read log p of the answer's first token.

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts and answers.
        prompts: Texts.
        outputs: What to put in place: float32 (site, head_dim) for all prompts, or (prompt, site, head_dim).
        answers: By prompt, the answer as it follows the prompt.
        sites: The heads.

    Raises:
        ModelError: If a head cannot be told apart from the others.
        TaskscopeError: If the outputs do not fit prompts and sites.
        TaskError: If a prompt is too long, or an answer does not start at a token boundary.
    """
    check_sites(executor.anatomy, sites)
    look_up = _look_up(outputs, len(prompts), len(sites), executor.anatomy.head_dim)
    ids = encoder.encode_all(prompts)
    first = [answer[0] for _, answer in encoder.encode_pairs(list(zip(prompts, answers, strict=True)))]
    n = len(sites)
    block, head = np.array(sites, dtype=np.int64).reshape(n, 2).T
    works = []
    for prompt, tokens in enumerate(ids):
        at = len(tokens) - 1
        edits = Edits(np.arange(n), np.full(n, at), block, prompt * n + np.arange(n), head)
        places = Places(np.arange(n + 1), np.full(n + 1, at), prompt * (n + 1) + np.arange(n + 1))
        works.append(Work(Tree(tokens[:-1], (Branch(tokens[-1:], at),) * (n + 1)), places, edits))
    targets = np.repeat(np.array(first, dtype=np.int64), n + 1)[:, None]
    found = executor.predict(works, targets, look_up).logprob.reshape(len(prompts), n + 1)
    return HeadEffects(tuple(sites), found[:, n], found[:, :n])


def _look_up(outputs: np.ndarray, n_prompts: int, n_sites: int, width: int) -> Vectors:
    shared = outputs.shape == (n_sites, width)
    if not shared and outputs.shape != (n_prompts, n_sites, width):
        raise TaskscopeError(
            f"head outputs of shape {outputs.shape}",
            f"(site, head_dim) = {(n_sites, width)}, or the same for each of {n_prompts} prompts",
        )

    def look_up(index: np.ndarray) -> np.ndarray:
        prompt, site = np.divmod(index, n_sites)
        return outputs[site] if shared else outputs[prompt, site]

    return look_up


def writes(anatomy: Anatomy, outputs: np.ndarray, sites: Sequence[Site]) -> np.ndarray:
    """Push outputs of heads through the attention output projection, without its bias (FV-5, P9).

    A norm that some families put behind the projection is left out, as published.

    Args:
        anatomy: The model taken apart.
        outputs: float32 (..., site, head_dim).
        sites: The heads.

    Returns:
        What each head writes, float32 (..., site, d_model).

    Raises:
        ModelError: If a head cannot be told apart from the others.
    """
    check_sites(anatomy, sites)
    found = []
    with torch.no_grad():
        for number, (block, head) in enumerate(sites):
            weight = head_weights(projection(anatomy, block), anatomy.n_heads)[head]
            found.append(outputs[..., number, :] @ weight.float().cpu().numpy())
    return np.stack(found, axis=-2).astype(np.float32)
