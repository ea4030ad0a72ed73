"""The classifiers that are trained on collages; some are told where the tiles are."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt

import numpy as np
import torch
from torch import Tensor, nn

from taskscope.studies.skill_emergence.collage.digits import CLASSES
from taskscope.studies.skill_emergence.collage.kinds import STANDARD, Kind

_DROPOUT = 0.3
_LARGE = 16
"""Side from which tiles are halved."""
_PATCHES = 2
"""Patches of the transformer to a side of each tile."""


class TileMixture(nn.Module):
    """The same digit detector on every tile; a collage's classes are the mean of the tiles' probabilities."""

    def __init__(self, side: int, classes: int = CLASSES) -> None:
        super().__init__()
        self.classes = classes
        # Large tiles are halved first: half the side is enough to tell digits, at a quarter of the work.
        shrink = 2 if side >= _LARGE else 1
        self.detector = nn.Sequential(
            nn.AvgPool2d(shrink),
            *_convolution(1, 32),
            *_convolution(32, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 64),
            nn.Flatten(),
            nn.Dropout(_DROPOUT),
            nn.Linear(64 * (side // shrink // 2) ** 2, classes),
        )

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        return self.each(tiles).log_softmax(-1).logsumexp(1) - float(np.log(tiles.shape[1]))

    def each(self, tiles: Tensor) -> Tensor:
        """Return logits (collage, tile, class)."""
        return self.detector(tiles.reshape(-1, 1, *tiles.shape[2:])).reshape(*tiles.shape[:2], self.classes)

    def features(self, tiles: Tensor) -> Tensor:
        """Return what the last layer reads of each tile, (collage, tile, width)."""
        return self.detector[:-2](tiles.reshape(-1, 1, *tiles.shape[2:])).reshape(*tiles.shape[:2], -1)


class TileLogits(TileMixture):
    """The same detector with its logits averaged: tiles that see nothing can outvote the one that sees it."""

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        return self.each(tiles).mean(1).log_softmax(-1)


class PlainNetwork(nn.Module):
    """Convolutions over the whole collage, which nothing tells where one digit ends."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(1, 16),
            *_convolution(16, 16),
            nn.MaxPool2d(2),
            *_convolution(16, 32),
            *_convolution(32, 64),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(_DROPOUT),
            nn.Linear(64, classes),
        )

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        return self.layers(whole(tiles)[:, None]).log_softmax(-1)


class Perceptron(nn.Module):
    """Layers between all pixels of the collage and all classes; nothing is shared between places."""

    def __init__(self, side: int, kind: Kind = STANDARD) -> None:
        super().__init__()
        sizes = (kind.tiles * side**2, 512, 512)
        hidden = [
            layer
            for inside, outside in pairwise(sizes)
            for layer in (nn.Linear(inside, outside), nn.ReLU(), nn.Dropout(_DROPOUT))
        ]
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], kind.classes))

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        return self.layers(whole(tiles)).log_softmax(-1)


class Transformer(nn.Module):
    """A small vision transformer, from scratch: two blocks over patches of the collage, four to a tile."""

    def __init__(self, side: int, kind: Kind = STANDARD, width: int = 64) -> None:
        super().__init__()
        self.patch = side // _PATCHES
        self.embed = nn.Linear(self.patch**2, width)
        self.places = nn.Parameter(0.02 * torch.randn(kind.tiles * _PATCHES**2, width))
        block = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=2 * width, dropout=0.1, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.reader = nn.Sequential(nn.LayerNorm(width), nn.Dropout(_DROPOUT), nn.Linear(width, kind.classes))

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        images = whole(tiles)
        patches = images.unfold(1, self.patch, self.patch).unfold(2, self.patch, self.patch)
        seen = self.embed(patches.flatten(3).flatten(1, 2)) + self.places
        return self.reader(self.blocks(seen).mean(1)).log_softmax(-1)


class PlaceMixture(nn.Module):
    """One linear reader at every place of what a pretrained model sees; classes are the mean of places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reader = nn.Sequential(nn.LayerNorm(width), nn.Dropout(_DROPOUT), nn.Linear(width, CLASSES))

    def forward(self, seen: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of features (collage, place, width)."""
        return self.reader(seen).log_softmax(-1).logsumexp(1) - float(np.log(seen.shape[1]))


def whole(tiles: Tensor) -> Tensor:
    """Put tiles (collage, tile, side, side) together to images (collage, grid side, grid side), square."""
    side, grid = tiles.shape[-1], isqrt(tiles.shape[1])
    placed = tiles.reshape(-1, grid, grid, side, side).transpose(2, 3)
    return placed.reshape(-1, grid * side, grid * side)


def _convolution(inside: int, outside: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()
