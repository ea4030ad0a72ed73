"""A pretrained vision model from a local folder, frozen: what it sees at each place of an image.

Images are scaled and normalised as the folder's ``preprocessor_config.json`` says, without an image library.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from taskscope.errors import ModelError
from taskscope.models.vision_folders import EXPECTED, find, preprocessing

_GRID = 4
"""Places to a side that features are averaged to."""
_BATCH = 64


class VisionModel:
    """A frozen encoder of grey images."""

    def __init__(self, folder: str) -> None:
        """Load it.

        Raises:
            ModelError: If the folder holds no image model that can be loaded.
        """
        from transformers import AutoModel

        path = find(folder)
        try:
            model: Any = AutoModel.from_pretrained(
                str(path), local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder}: {str(error).splitlines()[0]}", EXPECTED) from error
        self.model = getattr(model, "vision_model", model).eval().requires_grad_(False)
        if self.model.main_input_name != "pixel_values":
            raise ModelError(f"{folder} holds a model of {self.model.main_input_name}", EXPECTED)
        self.side, mean, spread = preprocessing(path)
        plain = [0.5] * getattr(self.model.config, "num_channels", 3)
        self.mean, self.spread = (
            torch.tensor(values or plain).reshape(1, -1, 1, 1) for values in (mean, spread)
        )

    @torch.no_grad()
    def features(self, images: np.ndarray) -> np.ndarray:
        """Encode images, averaged to a grid of at most 4 x 4 places.

        Args:
            images: float32 (image, side, side) from 0 to 1, grey.

        Returns:
            float32 (image, place, width).
        """
        found = [
            self._of(torch.from_numpy(part)) for part in np.array_split(images, -(-len(images) // _BATCH))
        ]
        return torch.cat(found).numpy()

    def _of(self, images: Tensor) -> Tensor:
        size = (self.side, self.side)
        scaled = functional.interpolate(images[:, None], size=size, mode="bilinear", antialias=True)
        pixels = (scaled.expand(-1, self.mean.shape[1], -1, -1) - self.mean) / self.spread
        seen = self.model(pixel_values=pixels).last_hidden_state
        if seen.ndim == 3:  # places in a row, perhaps with a few in front that stand for the whole
            side = isqrt(seen.shape[1])
            seen = seen[:, -side * side :].transpose(1, 2).reshape(len(seen), -1, side, side)
        if min(seen.shape[2:]) > _GRID:
            seen = functional.adaptive_avg_pool2d(seen, _GRID)
        return seen.flatten(2).transpose(1, 2).float()
