"""Which pretrained vision model is shown the collages."""

from __future__ import annotations

from taskscope.models.folders import digest, weights
from taskscope.models.vision_folders import find
from taskscope.runs.cell import TaskRef

VISION = "vision model"


def reference(folder: str) -> TaskRef:
    """Name an image model's folder and what is in it.

    Raises:
        ModelError: If it holds none.
    """
    path = find(folder)
    return TaskRef(name=VISION, fingerprint=digest(path, weights(path), path, code=False), source=folder)
