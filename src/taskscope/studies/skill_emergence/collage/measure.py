"""Training a classifier on collages of which it is told one digit, and asking it for all of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from taskscope.errors import StudyError
from taskscope.models.vision import VisionModel
from taskscope.runs.cell import Cell, Measured, TaskRef
from taskscope.studies.skill_emergence.collage.backbone import VISION
from taskscope.studies.skill_emergence.collage.backbone import reference as vision_reference
from taskscope.studies.skill_emergence.collage.digits import CLASSES, NAME, load, reference
from taskscope.studies.skill_emergence.collage.draws import (
    Collages,
    apart,
    draw,
    only,
    singles,
    split,
)
from taskscope.studies.skill_emergence.collage.kinds import STANDARD, Kind
from taskscope.studies.skill_emergence.collage.measure_networks import (
    Perceptron,
    PlaceMixture,
    PlainNetwork,
    TileLogits,
    TileMixture,
    Transformer,
    whole,
)
from taskscope.studies.skill_emergence.collage.rows import (
    ALL_TOLD,
    BACKBONE,
    LEARNED_BEFORE,
    LOGITS,
    LONGER,
    NEVER_TOGETHER,
    ONE_BY_ONE,
    PERCEPTRON,
    PLAIN,
    PROBE,
    RELABELLED,
    REPEATED,
    SHUFFLED,
    TILES_MOVED,
    TRANSFORMER,
    examples,
    records,
)
from taskscope.studies.skill_emergence.params import CollageParams, KindParams
from taskscope.studies.skill_emergence.rows import COLLAGES, KINDS, PICTURES, to_rows

Array = np.ndarray

_BATCH, _RATE, _DECAY = 64, 1e-3, 1e-4
_HELD_OUT = 500
"""Collages by whose one label the epoch is chosen."""
_LONGER = 7
"""Times the epochs of a training that is too long: a hundred for the usual fifteen."""


def measure(cell: Cell, model: Any) -> Measured:
    """Train once under one condition and test on collages of digits that were never trained on."""
    del model
    params = CollageParams.model_validate(cell.params)
    rng = cell.rng("collages")
    given = {reference.name: reference for reference in cell.tasks}
    training, choosing, test = split(*load(_unchanged(given.get(NAME), reference)))
    split_up = params.condition == NEVER_TOGETHER
    drawn_as: dict[str, Any] = {
        "paired": False if split_up else None,
        "repeated": params.condition == REPEATED,
    }
    shown = draw(training, params.n_collages, rng, **drawn_as)
    held_out = draw(choosing, _HELD_OUT, rng, **drawn_as)
    asked = draw(test, params.n_test_collages, rng, paired=True if split_up else None)
    tiles = asked.tiles
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
            network = _network(params.condition, STANDARD, shown.tiles.shape[-1])
            if params.condition in (PROBE, LEARNED_BEFORE, TILES_MOVED):
                alone = singles(training), singles(choosing)
                train(network, *alone, params.epochs, _steps(alone[0]), rng, PLAIN)
            if params.condition == PROBE:
                assert isinstance(network, TileMixture)
                shown, held_out, asked = (_features(network, each) for each in (shown, held_out, asked))
                network = PlaceMixture(shown.tiles.shape[-1])
            scores, epoch = _all_at_once(params, network, shown, held_out, asked, rng)
    hits, first, mass = _found(scores, asked)
    added_up = None if params.condition == ONE_BY_ONE else mass  # ten separate answers are no distribution
    told = records(params.condition, params.training, asked.classes, hits, first, added_up)
    rows = to_rows(COLLAGES, told)
    if params.training == 0:
        images = whole(torch.from_numpy(tiles)).numpy()
        drawn = examples(params.condition, images, asked.classes, scores.exp().numpy())
        rows = pa.concat_tables([rows, to_rows(PICTURES, drawn)], promote_options="default")
    return Measured(rows, notes={"epoch": epoch})


def measure_kind(cell: Cell, model: Any) -> Measured:
    """Train once on collages of another kind, and test on such of digits that were never trained on."""
    del model
    params = KindParams.model_validate(cell.params)
    kind = params.kind
    rng = cell.rng("collages")
    given = {reference.name: reference for reference in cell.tasks}
    which = np.sort(rng.permutation(CLASSES)[: kind.classes])
    parts = [only(part, which) for part in split(*load(_unchanged(given.get(NAME), reference)))]
    sizes = (params.n_collages, _HELD_OUT, params.n_test_collages)
    shown, held_out, asked = (draw(part, n, rng, kind=kind) for part, n in zip(parts, sizes, strict=True))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        network = _network(params.condition, kind, shown.tiles.shape[-1])
        scores, epoch = _all_at_once(params, network, shown, held_out, asked, rng)
    told = records(params.condition, params.training, which[asked.classes], *_found(scores, asked))
    rows = to_rows(KINDS, [{**kind.model_dump(), **record} for record in told])
    return Measured(rows, notes={"epoch": epoch})


def _found(scores: Tensor, asked: Collages) -> tuple[Array, Array, Array]:
    """Say which digits of each collage are on top, (collage, tile), and whether the highest class is one.

    As many of the highest classes count as a collage has tiles. The last is the probability of all its digits
    together, (collage,).
    """
    ranked = scores.topk(asked.classes.shape[1]).indices.numpy()
    hits = (asked.classes[:, :, None] == ranked[:, None, :]).any(axis=2)
    mass = scores.exp().gather(1, torch.from_numpy(asked.classes)).sum(1)
    return hits, (asked.classes == ranked[:, :1]).any(axis=1), mass.double().numpy()


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


def _features(detector: TileMixture, collages: Collages) -> Collages:
    """Put what a pretrained detector sees in the place of the tiles."""
    with torch.no_grad():
        seen = detector.features(torch.from_numpy(collages.tiles)).numpy()
    return Collages(seen, collages.classes, collages.labels)


def _network(condition: str, kind: Kind, size: int) -> nn.Module:
    if condition in (PLAIN, LEARNED_BEFORE, TILES_MOVED):
        return PlainNetwork(kind.classes)
    if condition == BACKBONE:
        return PlaceMixture(size)
    if condition == LOGITS:
        return TileLogits(size, kind.classes)
    placed = {PERCEPTRON: Perceptron, TRANSFORMER: Transformer}
    return placed[condition](size, kind) if condition in placed else TileMixture(size, kind.classes)


def named(shown: Collages, condition: str, rng: np.random.Generator) -> Tensor:
    """Return the classes that are told of each collage in one epoch, (collage, told)."""
    if condition == ALL_TOLD:
        return torch.from_numpy(shown.classes)
    if condition == RELABELLED:
        tile = rng.integers(shown.classes.shape[1], size=(len(shown.labels), 1))
        return torch.from_numpy(np.take_along_axis(shown.classes, tile, axis=1))
    return torch.from_numpy(shown.labels)[:, None]


def _all_at_once(
    params: CollageParams,
    network: nn.Module,
    shown: Collages,
    held_out: Collages,
    asked: Collages,
    rng: np.random.Generator,
) -> tuple[Tensor, int]:
    """Train one network for all digits; returns scores (collage, class) and the epoch kept."""
    epochs = params.epochs * (_LONGER if params.condition == LONGER else 1)
    epoch = train(network, shown, held_out, epochs, _steps(shown), rng, params.condition)
    with torch.no_grad():
        return network(torch.from_numpy(asked.tiles)), epoch


def _one_by_one(
    shown: Collages, held_out: Collages, asked: Collages, epochs: int, rng: np.random.Generator
) -> tuple[Tensor, list[int]]:
    """Train a detector for each digit on its own share; returns scores (collage, class) and epochs kept."""
    scores, kept = [], []
    for mine, others in zip(apart(shown, rng), apart(held_out, rng), strict=True):
        detector = TileMixture(shown.tiles.shape[-1], classes=2)
        kept.append(train(detector, mine, others, epochs, _steps(shown), rng, ONE_BY_ONE))
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
    condition: str,
) -> int:
    """Train by what the condition tells; keep the epoch whose held-out one-label loss is lowest.

    A training that is too long keeps its last.

    Epochs are chosen by one label for each held-out collage under every condition: choosing by all four would
    leak what is asked later.

    Returns:
        The epoch that was kept, from 1.
    """
    tiles = torch.from_numpy(shown.tiles)
    others, their_labels = torch.from_numpy(held_out.tiles), torch.from_numpy(held_out.labels)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, epochs * steps)
    best, kept, state = np.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        network.train()
        labels = named(shown, condition, rng)
        if condition == TILES_MOVED:
            order = torch.from_numpy(np.argsort(rng.random(shown.classes.shape), axis=1))
            tiles = torch.from_numpy(shown.tiles)[torch.arange(len(order))[:, None], order]
        for batch in np.array_split(rng.permutation(len(tiles)), steps):
            optimiser.zero_grad()
            (-network(tiles[batch]).gather(1, labels[batch]).mean()).backward()
            optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            loss = float(nn.functional.nll_loss(network(others), their_labels))
        if loss < best or condition == LONGER:
            best, kept, state = loss, epoch, copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return kept
