"""What the cells of a plan weigh and what their models need of a machine, for engines that place them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from taskscope.engines.queues import Needs, Work
from taskscope.errors import StudyError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.provenance import accelerator_bytes

_BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
_ROOM = 1.5
"""Memory of a model at work, as a multiple of its weights."""
_USUAL_GPU = 16 * 2**30
"""Bytes of a GPU where this machine has none to ask: as few as those in use for such work have."""
_SHARES = 8
"""Most models on one GPU."""


def work_of(n_parameters: Mapping[str, int]) -> Work:
    """Say what cells weigh and what models need.

    Args:
        n_parameters: Of each model, by the id of its reference.
    """
    return Work(
        weigh=lambda cell: flops(cell, n_parameters),
        needs_of=lambda model: _needs(model, n_parameters[model.id] if model else 0),
    )


def flops(cell: Cell, n_parameters: Mapping[str, int]) -> float:
    """Count what a cell takes: two FLOPs for each parameter and token, or what a cell of theory states."""
    if cell.model is None:
        return float(cell.cost.token_layers)
    return 2.0 * n_parameters[cell.model.id] * cell.cost.tokens


def _needs(model: ModelRef | None, n_parameters: int) -> Needs:
    """One core on the processor; on a GPU the share that the model fills; several where it is spread.

    Raises:
        StudyError: If the model is to stand on a GPU of a certain number.
    """
    device = str(model.load.get("device", "cpu")) if model else "cpu"
    spread = model.load.get("device_map") if model else None
    if ":" in device:
        raise StudyError(
            f"--device {device} on a cluster",
            "a kind of device, since every worker is shown GPUs of its own",
            f"--device {device.partition(':')[0]}",
        )
    bytes_there = accelerator_bytes()
    on_gpu = device == "cuda" or (device == "auto" and bytes_there is not None)
    if model is None or spread == "cpu" or not (on_gpu or spread):
        return Needs()
    share = _ROOM * n_parameters * _BYTES[model.dtype] / (bytes_there or _USUAL_GPU)
    if spread:
        return Needs(gpus=max(1, math.ceil(share)))
    return Needs(gpus=min(1.0, max(1, math.ceil(share * _SHARES)) / _SHARES))
