"""Checkpoints that survive a kill at any moment: written beside, synced, then moved into place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from taskscope.errors import RunError

FILE = "checkpoint.pt"


def save(
    folder: Path,
    identity: str,
    step: int,
    tokens: int,
    model: nn.Module,
    optimisers: Sequence[torch.optim.Optimizer],
) -> None:
    """Store everything that the next step depends on.

    Documents are drawn from a generator made of (seed, step), so the step number is the generator's state.
    """
    state = {
        "identity": identity,
        "step": step,
        "tokens": tokens,
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
    }
    beside = folder / f".{FILE}.{os.getpid()}"
    with beside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / FILE)


def load(
    folder: Path, identity: str, model: nn.Module, optimisers: Sequence[torch.optim.Optimizer]
) -> tuple[int, int]:
    """Restore the newest checkpoint into model and optimisers.

    Returns:
        Steps done and tokens seen; (0, 0) where there is no checkpoint.

    Raises:
        RunError: If the checkpoint belongs to another recipe, or to other tasks.
    """
    path = folder / FILE
    if not path.exists():
        return 0, 0
    device = next(model.parameters()).device
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    if state["identity"] != identity:
        raise RunError(
            f"{folder} holds a checkpoint of another recipe or of other tasks",
            "an empty folder, or one where this very recipe was interrupted",
            "choose another --out",
        )
    model.load_state_dict(state["model"])
    for optimiser, stored in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(stored)
    return state["step"], state["tokens"]


def weights_hash(model: nn.Module) -> str:
    """Sha256 over names and values of all weights."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
