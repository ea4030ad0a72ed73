"""The worlds on which the verdicts on C1 and C2 are calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taskscope.studies.task_vectors.simulation import Scenario, SimulatedTask

N_TASKS = 6
N_BLOCKS = 10


def _curve(peak: float, first: float = 0.1, last: float = 0.1, width: int = 3) -> tuple[float, ...]:
    """Accuracy by block: `first` up to the peak, `width` equal best blocks from block 3 on, `last` after."""
    return (first,) * 3 + (peak,) * width + (last,) * (N_BLOCKS - 3 - width)


def _task(theta: Sequence[float], **changes: object) -> SimulatedTask:
    plain = SimulatedTask(baseline=0.1, regular=0.9, theta=tuple(theta), control=(0.1,) * N_BLOCKS)
    return replace(plain, **changes)  # type: ignore[arg-type]


def _world(name: str, description: str, task: SimulatedTask, **more: object) -> Scenario:
    return replace(Scenario(name, description, (task,) * N_TASKS), **more)  # type: ignore[arg-type]


_SKEWED = (0.74, 0.1, 0.08, 0.05, 0.03)
"""Label shares like those of the published location-continent task: always saying one label gets 74 %."""
_LETTERS = (1 / 26,) * 26

SCENARIOS = (
    _world(
        "midpoint",
        "theta exactly half-way between control and regular, on three equal blocks",
        _task(_curve(0.5)),
        tested=("C1",),
    ),
    _world(
        "midpoint, tasks differ",
        "the same on average, each task's theta off by 0.1 (s.d.)",
        _task(_curve(0.5)),
        task_spread=0.1,
        tested=("C1",),
    ),
    _world(
        "midpoint, few queries",
        "the same with 25 queries per task, asked again and again",
        _task(_curve(0.5), queries=25, labels=_LETTERS),
        tested=("C1",),
    ),
    _world(
        "midpoint, skewed labels",
        "one label has 74 % of the items; theta half-way between always saying it and regular",
        _task(_curve(0.84), regular=0.94, labels=_SKEWED),
        tested=("C1",),
    ),
    _world(
        "midpoint, unequal controls",
        "half-way, with some controls 5 points weaker than the strongest",
        _task(_curve(0.5), weaker=0.05),
        tested=("C1",),
    ),
    Scenario(
        "midpoint, three tasks",
        "the same with three tasks, too few to be resampled: the verdict is about these three",
        (_task(_curve(0.5)),) * 3,
        tested=("C1",),
    ),
    _world("no vector", "theta does what every control does", _task(_curve(0.1))),
    _world(
        "leak",
        "theta emits a dummy's answer in the last blocks; labels skewed, so that is right 57 % of the time",
        _task((0.1,) * 6 + (0.57,) * 4, labels=_SKEWED),
    ),
    _world(
        "half kept late",
        "theta works in the middle; the last quarter keeps exactly half of its effect",
        _task(_curve(0.7, last=0.4)),
        tested=("C2",),
    ),
    _world(
        "half kept at both ends",
        "the same at both ends",
        _task(_curve(0.7, first=0.4, last=0.4)),
        tested=("C2",),
    ),
    _world("flat", "theta works equally at every block", _task((0.6,) * N_BLOCKS), tested=("C2",)),
    _world(
        "rising",
        "theta works better and better up to the last block",
        _task(tuple(0.1 + 0.06 * b for b in range(N_BLOCKS))),
        tested=("C2",),
    ),
    _world(
        "task vector",
        "theta recovers four fifths of what demonstrations add, on three middle blocks",
        _task(_curve(0.74)),
        true=("C1", "C2"),
    ),
    _world(
        "weaker task vector",
        "the same with two thirds recovered",
        _task(_curve(0.633)),
        true=("C1", "C2"),
    ),
    _world(
        "task vector, tasks differ",
        "the same on average, each task's theta off by 0.1 (s.d.)",
        _task(_curve(0.74)),
        task_spread=0.1,
        true=("C1", "C2"),
    ),
    _world(
        "task vector, few queries",
        "the same with 25 queries per task, asked again and again",
        _task(_curve(0.74), queries=25, labels=_LETTERS),
        true=("C1", "C2"),
    ),
)
