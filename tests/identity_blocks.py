"""Moves what was planted: identity blocks in front of a model shift every block's number and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from taskscope.errors import ModelError

_FRONT = "model.layers."
_WRITES = ("self_attn.o_proj.weight", "mlp.down_proj.weight")
"""The two projections through which a block of the Llama kind writes to the residual."""


def prepend_identity_blocks(folder: Path, m: int, out: Path) -> Path:
    """Copy a model folder with `m` blocks in front that write nothing to the residual.

    Each new block is a copy of the first one with zero output projections.  Logits stay what they were; the
    mechanism after block l is then after block l + m (design 7).

    Args:
        folder: Model folder of the Llama kind with one safetensors file.
        m: How many blocks to put in front.
        out: Folder to write.

    Returns:
        `out`.

    Raises:
        ModelError: If `m` is negative or the folder is of another kind.
    """
    if m < 0:
        raise ModelError(f"{m} identity blocks", "zero or more")
    config = AutoConfig.from_pretrained(folder)
    if config.model_type != "llama":
        raise ModelError(f"{folder} holds a model of type {config.model_type!r}", "a model of type 'llama'")
    weights = load_file(folder / "model.safetensors")
    moved: dict[str, torch.Tensor] = {}
    for name, value in weights.items():
        if not name.startswith(_FRONT):
            moved[name] = value
            continue
        number, part = name.removeprefix(_FRONT).split(".", 1)
        moved[f"{_FRONT}{int(number) + m}.{part}"] = value
        if number == "0":
            for i in range(m):
                moved[f"{_FRONT}{i}.{part}"] = torch.zeros_like(value) if part in _WRITES else value.clone()
    shutil.copytree(
        folder, out, ignore=shutil.ignore_patterns("model.safetensors", "config.json"), dirs_exist_ok=True
    )
    config.num_hidden_layers += m
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[0]] * m + list(config.layer_types)
    config.save_pretrained(out)
    save_file(moved, out / "model.safetensors", metadata={"format": "pt"})
    return out
