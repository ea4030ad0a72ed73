"""Anatomy of a loaded model: its blocks, final norm, output head and attention output projections.

One rule finds the blocks of any decoder (design numerics 1): the shallowest ``nn.ModuleList`` whose length
is the text config's number of hidden layers. A dotted path overrides it. Nothing here depends on the name of
a family.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from taskscope.errors import ModelError, nearest
from taskscope.models.config import DEPTH_NAMES, HEADS_NAMES, first_int

PROJECTION_NAMES = (
    "o_proj",
    "out_proj",
    "c_proj",
    "dense",
    "wo",
    "proj",
    "out",
    "linear_out",
    "output_linear",
)
"""Names of the attention output projection in lower case, most specific first."""
_OTHER_MIXERS = re.compile(r"cross|mlp|mamba|linear_?att|lightning|delta|conv|rwkv")
"""What marks a module that mixes tokens by other means, or attends to something else."""


@dataclass(frozen=True)
class Anatomy:
    """The parts of a causal language model that are read and edited."""

    blocks: nn.ModuleList
    path: str
    """Dotted path of `blocks` inside the model."""
    final_norm: nn.Module | None
    head: nn.Module
    """Output embeddings: final state (..., d_model) to logits (..., vocabulary)."""
    projections: tuple[nn.Module | None, ...]
    """Attention output projection of each block; None where a block has none of width n_heads * head_dim."""
    n_heads: int
    """Query heads per block, 0 where the model has no attention."""
    head_dim: int
    """Width of one head in the input of the projection, read from it and never taken as d_model / n_heads."""


def locate(hf: nn.Module, override: str | None = None) -> Anatomy:
    """Take a model apart.

    Args:
        hf: A Hugging Face causal language model.
        override: Dotted path of the block list, for models that the rule does not fit.

    Raises:
        ModelError: If no list of blocks or no output head is found, or `override` names no module list.
    """
    path, blocks = _override(hf, override) if override else _blocks(hf)
    projections, n_heads, head_dim = _projections(hf, blocks)
    return Anatomy(
        blocks=blocks,
        path=path,
        final_norm=_final_norm(hf, path),
        head=_head(hf),
        projections=projections,
        n_heads=n_heads,
        head_dim=head_dim,
    )


def text_config(hf: nn.Module) -> Any:
    """Return the config of the language part, which is the whole config unless the model is multimodal."""
    config: Any = hf.config
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def _module_lists(hf: nn.Module) -> Iterator[tuple[str, nn.ModuleList]]:
    for path, module in hf.named_modules():
        if isinstance(module, nn.ModuleList):
            yield path, module


def _blocks(hf: nn.Module) -> tuple[str, nn.ModuleList]:
    depth = first_int(text_config(hf), DEPTH_NAMES)
    lists = list(_module_lists(hf))
    matches = [(path, module) for path, module in lists if len(module) == depth]
    if matches:
        # Experts of a mixture can be as many as the blocks: they lie deeper. Of lists that lie equally deep
        # the one that holds the most weights is the trunk.
        return min(matches, key=lambda m: (m[0].count("."), -_n_weights(m[1])))
    found = ", ".join(f"{path} ({len(module)})" for path, module in lists[:8]) or "none"
    raise ModelError(
        f"no list of blocks found in {type(hf).__name__}",
        f"a module list of length {depth} (the config's number of hidden layers); lists found: {found}",
        "name the list with `--blocks path.to.list`",
    )


def _override(hf: nn.Module, path: str) -> tuple[str, nn.ModuleList]:
    lists = dict(_module_lists(hf))
    if path in lists and len(lists[path]):
        return path, lists[path]
    found = ", ".join(f"{p} ({len(m)})" for p, m in list(lists.items())[:8]) or "none"
    raise ModelError(
        f"{type(hf).__name__} has no list of blocks at {path!r}",
        f"the dotted path of a module list; lists found: {found}",
        nearest(path, lists),
    )


def _n_weights(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _head(hf: nn.Module) -> nn.Module:
    find = getattr(hf, "get_output_embeddings", None)
    head = find() if find is not None else None
    if isinstance(head, nn.Module):
        return head
    raise ModelError(
        f"{type(hf).__name__} has no output embeddings",
        "a causal language model, which maps its final state to logits over a vocabulary",
        "check the `architectures` entry of its config.json",
    )


def _final_norm(hf: nn.Module, path: str) -> nn.Module | None:
    """Find the norm beside the block list: the first one after it, else the last before it."""
    parent, _, name = path.rpartition(".")
    children = list(hf.get_submodule(parent).named_children())
    at = next(i for i, (child, _) in enumerate(children) if child == name)
    after = [module for child, module in children[at + 1 :] if _is_norm(child, module)]
    # Norms of the embeddings stand before the blocks; one family calls its final norm that, but after them.
    before = [m for child, m in children[:at] if _is_norm(child, m) and "embed" not in child]
    return after[0] if after else before[-1] if before else None


def _is_norm(name: str, module: nn.Module) -> bool:
    kind = type(module).__name__.lower()
    return not isinstance(module, nn.ModuleList) and (
        "norm" in kind or "norm" in name or name.startswith("ln_")
    )


def _projections(hf: nn.Module, blocks: nn.ModuleList) -> tuple[tuple[nn.Module | None, ...], int, int]:
    """Find each block's attention output projection, the number of heads and the width of one head.

    Blocks whose projection is of another width than most (a few families mix head widths, hybrids mix
    mixers) count as having none, since one (block, head, head_dim) array cannot hold them.
    """
    n_heads = first_int(text_config(hf), HEADS_NAMES) or 0
    found = [attention_output(block, n_heads) if n_heads else None for block in blocks]
    widths = Counter(input_width(p) for p in found if p is not None)
    if not widths:
        return (None,) * len(found), 0, 0
    width = widths.most_common(1)[0][0]
    kept = tuple(p if p is not None and input_width(p) == width else None for p in found)
    return kept, n_heads, width // n_heads


def attention_output(block: nn.Module, n_heads: int) -> nn.Module | None:
    """Return the linear map that mixes the heads of a block's own (not cross) attention, or None."""
    candidates: list[tuple[int, int, nn.Module]] = []
    for path, module in block.named_modules():
        parents, _, name = path.rpartition(".")
        width = input_width(module)
        if name.lower() not in PROJECTION_NAMES or not width or width % n_heads:
            continue
        if _in_attention(parents, type(block.get_submodule(parents)).__name__):
            candidates.append((PROJECTION_NAMES.index(name.lower()), path.count("."), module))
    return min(candidates, key=lambda c: c[:2])[2] if candidates else None


def _in_attention(path: str, kind: str) -> bool:
    """Tell whether a module (path in its block, class name) is attention over the block's own input."""
    where = f"{path} {kind}".lower()
    return ("attn" in where or "attention" in where) and not _OTHER_MIXERS.search(where)


def head_weights(projection: nn.Module, n_heads: int) -> Tensor:
    """Return the map of each head into the residual, (head, head_dim, d_model), without the bias.

    The bias belongs to the sum of all heads; adding it per head counts it n_heads times (pitfall P9).
    """
    weight = projection.get_parameter("weight")
    weight = weight if transposed(projection) else weight.T
    return weight.unflatten(0, (n_heads, -1))


def transposed(module: nn.Module | None) -> bool:
    """Tell whether a linear map keeps its weights as (input, output), as GPT-2's ``Conv1D`` does."""
    return type(module).__name__ == "Conv1D"


def input_width(module: nn.Module) -> int:
    """Return the input width of a linear map, also of GPT-2's transposed ``Conv1D``; 0 for anything else."""
    width = getattr(module, "in_features", None)
    if isinstance(width, int):
        return width
    if transposed(module):
        weight = module.weight
        return int(weight.shape[0]) if isinstance(weight, nn.Parameter) else 0
    return 0
