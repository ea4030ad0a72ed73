"""Where each parameter of a model stands: in which block and which part of it (protocol task_spaces E10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from torch import nn

from taskscope.models.blocks import Anatomy, input_width

OUTSIDE = -1
"""Number of the block of parameters that stand in none: embeddings and the last norm."""
EMBEDDING, NORM, OTHER = "embedding", "norms", "other"
QUERY, KEY, VALUE, FUSED, WRITE = "query", "key", "value", "query, key, value", "attention output"
MLP_IN, MLP_OUT, EXPERTS = "MLP in", "MLP out", "experts"
MODULES = (EMBEDDING, QUERY, KEY, VALUE, FUSED, WRITE, MLP_IN, MLP_OUT, EXPERTS, NORM, OTHER)
_READS = (
    (FUSED, re.compile(r"c_attn|query_key_value|qkv|attn_in")),
    (QUERY, re.compile(r"^(q|query|wq)(_|$)|q_proj")),
    (KEY, re.compile(r"^(k|key|wk)(_|$)|k_proj")),
    (VALUE, re.compile(r"^(v|value|wv)(_|$)|v_proj")),
)
"""Names of what reads the residual for attention, in lower case."""


@dataclass(frozen=True)
class Place:
    """Where a parameter stands."""

    block: int
    """Number of the block, from 0; `OUTSIDE` for none."""
    module: str
    """One of `MODULES`."""


def places(hf: Any, anatomy: Anatomy) -> dict[str, Place]:
    """Say of every parameter, tied ones once, where it stands.

    Nothing here knows a family: blocks are told by the path of their list, embeddings by what they are,
    linear maps of a feed-forward part by whether they read the width of the residual.
    """
    ends = {id(module) for module in (hf.get_input_embeddings(), anatomy.head) if module is not None}
    width = int(hf.get_input_embeddings().weight.shape[-1])
    found = {}
    for name, _ in hf.named_parameters():
        owner_path = name.rpartition(".")[0]
        owner = hf.get_submodule(owner_path)
        inside = re.match(re.escape(anatomy.path) + r"\.(\d+)\.(.*)", name)
        if inside is None:
            found[name] = Place(OUTSIDE, _outside(owner_path, owner, ends))
        else:
            number = int(inside[1])
            module = _in_block(owner_path, owner, anatomy.projections[number], width)
            found[name] = Place(number, module)
    return found


def _outside(path: str, owner: nn.Module, ends: set[int]) -> str:
    if id(owner) in ends or isinstance(owner, nn.Embedding):
        return EMBEDDING
    return NORM if _is_norm(path, owner) else OTHER


def _in_block(path: str, owner: nn.Module, projection: nn.Module | None, width: int) -> str:
    if owner is projection:
        return WRITE
    last = path.rpartition(".")[2].lower()
    if _is_norm(path, owner):
        return NORM
    if "expert" in path.lower():
        return EXPERTS
    for module, names in _READS:
        if names.search(last):
            return module
    if "attn" in path.lower() or "attention" in path.lower() or not input_width(owner):
        return OTHER
    return MLP_IN if input_width(owner) == width else MLP_OUT


def _is_norm(path: str, owner: nn.Module) -> bool:
    last = path.rpartition(".")[2].lower()
    return "norm" in type(owner).__name__.lower() or "norm" in last or last.startswith("ln_")
