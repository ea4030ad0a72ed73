"""Checkpoints of one training: folders ``NAME/checkpoints/step-N`` with weights and config alone.

The tokenizer, which does not change in training, stays in ``NAME``; so do ``recipe.json``, which says how
many tokens a step reads, and ``training.json``, which says how many the finished model has read, and how many
the one that it was trained on from.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from taskscope.errors import ModelError

SHELF = "checkpoints"
STARTED = "started_from"
"""What ``training.json`` calls the model that training began with, and the tokens which that had read."""
_STEP = re.compile(r"step-(\d+)")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "spiece.model")


def of(folder: Path, name: str) -> Path | None:
    """Return the checkpoint that ``step-N`` or ``N`` names in a model's folder, or None."""
    step = name if _STEP.fullmatch(name) else f"step-{name}"
    found = folder / SHELF / step
    return found if (found / "config.json").is_file() else None


def parent(folder: Path) -> Path | None:
    """Return the folder of the model that a checkpoint belongs to; None for what is no checkpoint."""
    is_one = folder.parent.name == SHELF and _STEP.fullmatch(folder.name)
    return folder.parent.parent if is_one else None


def label(folder: Path) -> str | None:
    """Say which checkpoint it is: ``pico-s at 1,024,000 tokens``, or ``at step 500`` without a recipe."""
    whole = parent(folder)
    if whole is None:
        return None
    read = tokens(folder)
    place = f"step {_step(folder):,}" if read is None else f"{read:,} tokens"
    return f"{whole.name} at {place}"


def tokens(folder: Path) -> int | None:
    """Say how many training tokens a checkpoint or a finished model has read; None where nothing says so."""
    whole = parent(folder)
    before = _number((whole or folder) / "training.json", STARTED, "tokens") or 0
    if whole is None:
        own = _number(folder / "training.json", "tokens")
        return None if own is None else before + own
    per_step = _number(whole / "recipe.json", "tokens_per_step")
    return None if per_step is None else before + _step(folder) * per_step


def tokenizer_folder(folder: Path) -> Path:
    """Return the folder that holds a model's tokenizer: its own, or for a checkpoint that of its model.

    Raises:
        ModelError: If a checkpoint has none in either.
    """
    whole = parent(folder)
    if whole is None or _has_tokenizer(folder):
        return folder
    if _has_tokenizer(whole):
        return whole
    raise ModelError(
        f"the checkpoint {str(folder)!r} has no tokenizer, and neither has {str(whole)!r}",
        "tokenizer.json beside the weights, or in the folder that holds `checkpoints`",
        "copy the tokenizer of the finished model there",
    )


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER)


def _step(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


def _number(file: Path, *place: str) -> int | None:
    """Read the number under one key after another; None where the file, a key or a number is missing."""
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        for key in place:
            told = told.get(key)
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return told if isinstance(told, int) else None
