"""Training a classifier on collages of which it is told one digit, and asking it for all four."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence.collage.draws import CLASSES, SIDE, TILES, Collages, draw, split
from taskscope.studies.skill_emergence.collage.rows import PLAIN, SHUFFLED, records
from taskscope.studies.skill_emergence.params import CollageParams
from taskscope.studies.skill_emergence.rows import COLLAGES, to_rows

_BATCH, _RATE, _DECAY, _DROPOUT = 64, 1e-3, 1e-4, 0.3
_HELD_OUT = 500
"""Collages by whose one label the epoch is chosen."""


class TileMixture(nn.Module):
    """The same digit detector on every tile; a collage's classes are the mean of the tiles' probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.detector = nn.Sequential(
            *_convolution(1, 32),
            *_convolution(32, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 64),
            nn.Flatten(),
            nn.Dropout(_DROPOUT),
            nn.Linear(64 * (SIDE // 2) ** 2, CLASSES),
        )

    def forward(self, tiles: Tensor) -> Tensor:
        """Return log probabilities (collage, class) of tiles (collage, tile, side, side)."""
        each = self.detector(tiles.reshape(-1, 1, SIDE, SIDE)).log_softmax(-1)
        return each.reshape(len(tiles), TILES, CLASSES).logsumexp(1) - float(np.log(TILES))


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
        grid = tiles.reshape(-1, 2, 2, SIDE, SIDE).transpose(2, 3)
        return self.layers(grid.reshape(-1, 1, 2 * SIDE, 2 * SIDE)).log_softmax(-1)


def measure(cell: Cell, model: Any) -> Measured:
    """Train once under one condition and test on collages of digits that were never trained on."""
    del model
    params = CollageParams.model_validate(cell.params)
    rng = cell.rng("collages")
    training, choosing, test = split()
    shown = draw(training, params.n_collages, rng)
    held_out = draw(choosing, _HELD_OUT, rng)
    asked = draw(test, params.n_test_collages, rng)
    if params.condition == SHUFFLED:
        shown = Collages(shown.tiles, shown.classes, rng.permutation(shown.labels))
        held_out = Collages(held_out.tiles, held_out.classes, rng.permutation(held_out.labels))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        network = PlainNetwork() if params.condition == PLAIN else TileMixture()
        epoch = train(network, shown, held_out, params.epochs, rng)
    with torch.no_grad():
        ranked = network(torch.from_numpy(asked.tiles)).topk(TILES).indices.numpy()
    hits = (asked.classes[:, :, None] == ranked[:, None, :]).any(axis=2)
    first = (asked.classes == ranked[:, :1]).any(axis=1)
    told = records(params.condition, params.training, asked.classes, hits, first)
    return Measured(to_rows(COLLAGES, told), notes={"epoch": epoch})


def train(
    network: nn.Module, shown: Collages, held_out: Collages, epochs: int, rng: np.random.Generator
) -> int:
    """Train by the one label of each collage; keep the epoch whose held-out one-label loss is lowest.

    Nothing but one label for each collage is looked at: choosing by all four would leak what is asked later.

    Returns:
        The epoch that was kept, from 1.
    """
    tiles, labels = torch.from_numpy(shown.tiles), torch.from_numpy(shown.labels)
    others, their_labels = torch.from_numpy(held_out.tiles), torch.from_numpy(held_out.labels)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = -(-len(labels) // _BATCH)
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
