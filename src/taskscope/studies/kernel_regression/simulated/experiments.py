"""The simulated experiments: how each is run and at which sizes. A new one is a module and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError, nearest
from taskscope.runs.cell import Cell, Cost
from taskscope.studies.base import PROFILES, Params
from taskscope.studies.kernel_regression.simulated import (
    convergence,
    ginc,
    linear,
    paper_size,
    posterior,
    smoothing,
    symmetries,
    triangle,
)


@dataclass(frozen=True)
class Experiment:
    """One experiment of the protocol."""

    number: str
    """``S1``."""
    simulate: Callable[[Any, np.random.Generator], pa.Table]
    """From sizes and a source of randomness to rows of `rows.SCHEMA`: one draw of the world."""
    sizes: Mapping[str, Params]
    """Parameters by profile; one class for all of them."""
    seeds: Mapping[str, int]
    """Draws of the world by profile; each is a cell."""


EXPERIMENTS = (
    Experiment(convergence.NUMBER, convergence.simulate, convergence.SIZES, convergence.SEEDS),
    Experiment(paper_size.NUMBER, paper_size.simulate, paper_size.SIZES, paper_size.SEEDS),
    Experiment(posterior.NUMBER, posterior.simulate, posterior.SIZES, posterior.SEEDS),
    Experiment(ginc.NUMBER, ginc.simulate, ginc.SIZES, ginc.SEEDS),
    Experiment(symmetries.NUMBER, symmetries.simulate, symmetries.SIZES, symmetries.SEEDS),
    Experiment(linear.NUMBER, linear.simulate, linear.SIZES, linear.SEEDS),
    Experiment(smoothing.NUMBER, smoothing.simulate, smoothing.SIZES, smoothing.SEEDS),
    Experiment(triangle.NUMBER, triangle.simulate, triangle.SIZES, triangle.SEEDS),
)
"""In the order of the protocol."""


def find(number: str) -> Experiment:
    """Return an experiment by its number.

    Raises:
        StudyError: If there is no such experiment.
    """
    known = {experiment.number: experiment for experiment in EXPERIMENTS}
    if number not in known:
        raise StudyError(f"experiment {number!r}", f"one of {', '.join(known)}", nearest(number, known))
    return known[number]


def cells(profile: str, study: str, version: int) -> list[Cell]:
    """Plan every experiment at the sizes of a profile: one cell for each draw of a world.

    Raises:
        StudyError: If there is no such profile.
    """
    if profile not in PROFILES:
        raise StudyError(f"profile {profile!r}", f"one of {', '.join(PROFILES)}", nearest(profile, PROFILES))
    return [
        Cell(
            study=study,
            study_version=version,
            params={"experiment": each.number, **each.sizes[profile].model_dump(mode="json")},
            model=None,
            tasks=(),
            seed=seed,
            measure="taskscope.studies.kernel_regression.simulated.measure:measure",
            cost=Cost(tokens=0, token_layers=0),
        )
        for each in EXPERIMENTS
        for seed in range(each.seeds[profile])
    ]
