"""Writes a model as a plain Hugging Face folder, read by both supported transformers lines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from taskscope.training.network import ROPE_THETA

WEIGHTS = "model.safetensors"


def write_folder(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    out: Path,
    stored: torch.dtype = torch.float32,
) -> None:
    """Write config, weights and tokeniser; arguments as `write_weights`."""
    write_weights(model, out, stored)
    tokenizer.save_pretrained(out)
    _close_up(out / "tokenizer.json")
    # The class name that transformers 5 writes by itself is unknown to the 4 line; this one is known to both.
    _edit(out / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})


def write_weights(model: PreTrainedModel, out: Path, stored: torch.dtype = torch.float32) -> None:
    """Write config and weights.

    Args:
        model: The network.
        out: Folder to write.
        stored: Precision of the file.  The config says float32 whatever this is, so that weights kept in half
            precision are computed with in single precision unless someone asks otherwise.
    """
    model.config.save_pretrained(out)
    named = {"architectures": [type(model).__name__]}
    # transformers 5 writes this base as one of several parameters, where the 4 line does not look for it.
    base = (getattr(model.config, "rope_parameters", None) or {}).get("rope_theta", ROPE_THETA)
    turning = {} if base == ROPE_THETA else {"rope_theta": base}
    _edit(out / "config.json", {**turning, "use_cache": True, "dtype": "float32", **named})
    weights = {
        name: value.detach().to("cpu", stored).contiguous()
        for name, value in model.state_dict().items()
        if not (model.config.tie_word_embeddings and name == "lm_head.weight")
    }
    beside = out / f".{WEIGHTS}.{os.getpid()}"
    save_file(weights, beside, metadata={"format": "pt"})
    beside.chmod(0o644)  # the writer leaves it readable by its owner alone
    beside.replace(out / WEIGHTS)


def _close_up(path: Path) -> None:
    """Leave the white space of a JSON file out: three fifths of a tokeniser's."""
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


def _edit(path: Path, changes: dict[str, object]) -> None:
    text = json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
