"""Training a classifier on collages of which it is told one digit, and asking it for all four."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from taskscope.errors import StudyError
from taskscope.models.vision import VisionModel
from taskscope.runs.cell import Cell, Measured, TaskRef
from taskscope.studies.skill_emergence.collage.backbone import VISION
from taskscope.studies.skill_emergence.collage.backbone import reference as vision_reference
from taskscope.studies.skill_emergence.collage.digits import CLASSES, NAME, load, reference
from taskscope.studies.skill_emergence.collage.draws import TILES, Collages, apart, draw, split
from taskscope.studies.skill_emergence.collage.rows import BACKBONE, ONE_BY_ONE, PLAIN, SHUFFLED, records
from taskscope.studies.skill_emergence.params import CollageParams
from taskscope.studies.skill_emergence.rows import COLLAGES, to_rows

_BATCH, _RATE, _DECAY, _DROPOUT = 64, 1e-3, 1e-4, 0.3
_LARGE = 16
"""Side from which tiles are halved."""
_HELD_OUT = 500
"""Collages by whose one label the epoch is chosen."""


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
        each = self.detector(tiles.reshape(-1, 1, *tiles.shape[2:])).log_softmax(-1)
        return each.reshape(len(tiles), TILES, self.classes).logsumexp(1) - float(np.log(TILES))


class PlainNetwork(nn.Module):
    """Convolutions over the whole collage, which nothing tells where one digit ends."""

    def __init__(self) -> None:
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
            nn.Linear(64, CLASSES),
        )

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        return self.layers(whole(tiles)[:, None]).log_softmax(-1)


class PlaceMixture(nn.Module):
    """One linear reader at every place of what a pretrained model sees; classes are the mean of places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reader = nn.Sequential(nn.LayerNorm(width), nn.Dropout(_DROPOUT), nn.Linear(width, CLASSES))

    def forward(self, seen: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of features (collage, place, width)."""
        return self.reader(seen).log_softmax(-1).logsumexp(1) - float(np.log(seen.shape[1]))


def measure(cell: Cell, model: Any) -> Measured:
    """Train once under one condition and test on collages of digits that were never trained on."""
    del model
    params = CollageParams.model_validate(cell.params)
    rng = cell.rng("collages")
    given = {reference.name: reference for reference in cell.tasks}
    training, choosing, test = split(*load(_unchanged(given.get(NAME), reference)))
    shown = draw(training, params.n_collages, rng)
    held_out = draw(choosing, _HELD_OUT, rng)
    asked = draw(test, params.n_test_collages, rng)
    if params.condition == SHUFFLED:
        shown = Collages(shown.tiles, shown.classes, rng.permutation(shown.labels))
        held_out = Collages(held_out.tiles, held_out.classes, rng.permutation(held_out.labels))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        if params.condition == ONE_BY_ONE:
            scores, epoch = _one_by_one(shown, held_out, asked, params.epochs, rng)
        else:
            if params.condition == BACKBONE:
                eye = VisionModel(_unchanged(given.get(VISION), vision_reference))
                shown, held_out, asked = (_seen(eye, each) for each in (shown, held_out, asked))
            network = _network(params.condition, shown)
            epoch = train(network, shown, held_out, params.epochs, _steps(shown), rng)
            with torch.no_grad():
                scores = network(torch.from_numpy(asked.tiles))
    ranked = scores.topk(TILES).indices.numpy()
    hits = (asked.classes[:, :, None] == ranked[:, None, :]).any(axis=2)
    first = (asked.classes == ranked[:, :1]).any(axis=1)
    told = records(params.condition, params.training, asked.classes, hits, first)
    return Measured(to_rows(COLLAGES, told), notes={"epoch": epoch})


def whole(tiles: Tensor) -> Tensor:
    """Put tiles (collage, tile, side, side) together to images (collage, 2 side, 2 side)."""
    side = tiles.shape[-1]
    grid = tiles.reshape(-1, 2, 2, side, side).transpose(2, 3)
    return grid.reshape(-1, 2 * side, 2 * side)


def _unchanged(planned: TaskRef | None, refer: Callable[[str], TaskRef]) -> str:
    """Return the folder that was planned with; empty for none.

    Raises:
        StudyError: If it holds something else by now.
    """
    if planned is not None and refer(planned.source).fingerprint != planned.fingerprint:
        raise StudyError(f"{planned.source} changed since the run was planned", hint="planning the run again")
    return "" if planned is None else planned.source


def _seen(eye: VisionModel, collages: Collages) -> Collages:
    """Put what a pretrained model sees in the place of the tiles."""
    images = whole(torch.from_numpy(collages.tiles)).numpy()
    return Collages(eye.features(images), collages.classes, collages.labels)


def _network(condition: str, shown: Collages) -> nn.Module:
    if condition == BACKBONE:
        return PlaceMixture(shown.tiles.shape[-1])
    return PlainNetwork() if condition == PLAIN else TileMixture(shown.tiles.shape[-1])


def _one_by_one(
    shown: Collages, held_out: Collages, asked: Collages, epochs: int, rng: np.random.Generator
) -> tuple[Tensor, list[int]]:
    """Train a detector for each digit on its own share; returns scores (collage, class) and epochs kept."""
    scores, kept = [], []
    for mine, others in zip(apart(shown, rng), apart(held_out, rng), strict=True):
        detector = TileMixture(shown.tiles.shape[-1], classes=2)
        kept.append(train(detector, mine, others, epochs, _steps(shown), rng))
        with torch.no_grad():
            scores.append(detector(torch.from_numpy(asked.tiles))[:, 1])
    return torch.stack(scores, dim=1), kept


def _steps(shown: Collages) -> int:
    """Steps of an epoch: those of all collages, so that a share of them is not trained on for less."""
    return -(-len(shown.labels) // _BATCH)


def train(
    network: nn.Module,
    shown: Collages,
    held_out: Collages,
    epochs: int,
    steps: int,
    rng: np.random.Generator,
) -> int:
    """Train by the one label of each collage; keep the epoch whose held-out one-label loss is lowest.

    Nothing but one label for each collage is looked at: choosing by all four would leak what is asked later.

    Returns:
        The epoch that was kept, from 1.
    """
    tiles, labels = torch.from_numpy(shown.tiles), torch.from_numpy(shown.labels)
    others, their_labels = torch.from_numpy(held_out.tiles), torch.from_numpy(held_out.labels)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, epochs * steps)
    best, kept, state = np.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        network.train()
        for batch in np.array_split(rng.permutation(len(labels)), steps):
            optimiser.zero_grad()
            nn.functional.nll_loss(network(tiles[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            loss = float(nn.functional.nll_loss(network(others), their_labels))
        if loss < best:
            best, kept, state = loss, epoch, copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return kept


def _convolution(inside: int, outside: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()
