"""What cells inside a phenomenon are like, beside the same of groups mixed of several phenomena."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.patterns.explained import Explained, explained
from taskscope.studies.task_spaces.patterns.outside import Outside, mixed_groups
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import NULLS

Array = np.ndarray


@dataclass(frozen=True)
class Likeness:
    """Groups of tasks, one number each (group,), in units of cells outside phenomena."""

    mean: Array
    """Of the cells."""
    helping: Array
    """Share of the cells above 0."""
    opposition: Array
    """How far cells help that help in the other half of the pairs, or how far those hurt that hurt there,
    whichever is less; 0 where all do the same. Chance does not repeat in the other half."""
    size: Array
    """Root mean square of the cells."""


def likeness(cells: Array, counted: Array) -> Likeness:
    """Describe groups.

    Args:
        cells: (half, group, member, member), two halves.
        counted: (group, member, member) bool, which cells there are.
    """
    cells = np.where(counted, cells, 0)
    n = np.maximum(counted.sum(axis=(1, 2)), 1)
    both = cells.mean(axis=0)
    return Likeness(
        mean=both.sum(axis=(1, 2)) / n,
        helping=((both > 0) & counted).sum(axis=(1, 2)) / n,
        opposition=np.maximum(np.minimum(_repeated(cells), _repeated(-cells)), 0),
        size=np.sqrt((both**2).sum(axis=(1, 2)) / n),
    )


def _repeated(cells: Array) -> Array:
    """Mean in the other half of the cells above 0 in one half, crossed both ways: (group,)."""
    found = np.zeros(cells.shape[1])
    for one, other in ((cells[0], cells[1]), (cells[1], cells[0])):
        chosen = one > 0
        found += (other * chosen).sum(axis=(1, 2)) / np.maximum(chosen.sum(axis=(1, 2)), 1) / 2
    return found


@dataclass(frozen=True)
class Inside:
    """One phenomenon; pairs of numbers are as measured, and without what words and the like explain."""

    name: str
    tasks: int
    mean: tuple[float, float]
    helping: tuple[float, float]
    opposition: tuple[float, float]
    size: float
    """Root mean square of the cells as measured."""
    noise: float
    """Standard error of a cell as measured."""
    alike: float
    """Share of mixed groups with as large a mean, the larger of both."""
    hurting: float
    """Share of mixed groups with as small a mean."""
    opposed: float
    """Share of mixed groups with as large an opposition."""


@dataclass(frozen=True)
class Chance:
    """The largest over mixed groups, one for each phenomenon and of its size, as measured."""

    mean: Array
    """(draw,)"""
    opposition: Array
    """(draw,) over groups of three tasks or more; empty without."""


def phenomena(space: Space, draws: int) -> tuple[list[Inside], Chance]:
    """Hold every phenomenon of two tasks or more against mixed groups.

    Args:
        space: With three phenomena or more of two tasks or more, all cells measured in two halves.
        draws: Mixed groups of each size; the same ones are counted once.
    """
    effects = space.effects(space.drawn)
    measured = Outside(effects, space.groups)
    told = explained(measured, [space.likeness[name] for name in NULLS])
    beyond = Outside(effects - told.part, space.groups)
    members = [np.flatnonzero(space.groups == group) for group in np.unique(space.groups)]
    members = [each for each in members if len(each) > 1]
    rng = stream("task-spaces patterns", space.model, space.tasks)
    mixed = {}
    for size in sorted({len(each) for each in members}):
        dealt = mixed_groups(space.groups, size, draws, rng)
        cells, counted = measured.mixed(dealt)
        mixed[size] = likeness(cells, counted), beyond.mixed(dealt)
    found = [_inside(space, each, measured, beyond, told, mixed[len(each)], rng) for each in members]
    return found, Chance(
        mean=_largest([mixed[len(each)][0].mean for each in members], draws, rng),
        opposition=_largest(
            [mixed[len(each)][0].opposition for each in members if len(each) > 2], draws, rng
        ),
    )


def _inside(
    space: Space,
    members: Array,
    measured: Outside,
    beyond: Outside,
    told: Explained,
    mixed: tuple[Likeness, tuple[Array, Array]],
    rng: np.random.Generator,
) -> Inside:
    plain, (cells, counted) = mixed
    # What is explained here is not sure; mixed groups, whose words are less alike, get the same error.
    columns = told.columns[np.ix_(members, members)]
    errors = rng.normal(size=(len(counted), len(told.error))) @ told.error
    errors = np.tensordot(errors, columns, axes=(1, 2))
    both = [
        (likeness(*measured.inside(members)), plain),
        (likeness(*beyond.inside(members)), likeness(cells + errors, counted)),
    ]

    def pair(name: str) -> tuple[float, float]:
        first, second = (float(getattr(own, name)[0]) for own, _ in both)
        return first, second

    return Inside(
        name=space.phenomena[members[0]],
        tasks=len(members),
        mean=pair("mean"),
        helping=pair("helping"),
        opposition=pair("opposition"),
        size=float(both[0][0].size[0]),
        noise=measured.noise,
        alike=max(_share(others.mean >= own.mean) for own, others in both),
        hurting=max(_share(others.mean <= own.mean) for own, others in both),
        opposed=max(_share(others.opposition >= own.opposition) for own, others in both),
    )


def _share(as_far: Array) -> float:
    """Count the phenomenon among the groups, so that a share of few groups is never small."""
    return float((1 + as_far.sum()) / (1 + len(as_far)))


def _largest(values: list[Array], draws: int, rng: np.random.Generator) -> Array:
    """Take the largest of one group for each phenomenon, drawn anew each time."""
    if not values:
        return np.zeros(0)
    return np.max([rng.choice(each, draws) for each in values], axis=0)
