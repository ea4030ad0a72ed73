"""Cells that wait for workers: a queue for each model, longest first, models loaded as seldom as can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from taskscope.engines.warm import identity
from taskscope.runs.cell import Cell, ModelRef


@dataclass(frozen=True)
class Needs:
    """What a worker asks of its machine while it holds a model."""

    cpus: float = 1
    gpus: float = 0
    """Several for a model spread over devices, a fraction for one that leaves room for others."""


@dataclass(frozen=True)
class Work:
    """How cells are weighed, in any unit, and what their models need."""

    weigh: Callable[[Cell], float]
    needs_of: Callable[[ModelRef | None], Needs]


@dataclass
class Queue:
    """The cells of one model that wait, longest first."""

    model: ModelRef | None
    needs: Needs
    waiting: list[Cell]
    workers: int = 0
    """How many hold the model."""


class Queues:
    """All cells that wait.

    Args:
        cells: The cells, each once.
        work: What they weigh and need.
    """

    def __init__(self, cells: Sequence[Cell], work: Work) -> None:
        self._weigh = work.weigh
        self._queues: dict[str, Queue] = {}
        for cell in sorted(cells, key=work.weigh, reverse=True):
            key = identity(cell)
            if key not in self._queues:
                self._queues[key] = Queue(cell.model, work.needs_of(cell.model), [])
            self._queues[key].waiting.append(cell)

    @property
    def n_waiting(self) -> int:
        """How many cells wait."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    def choose(self, held: Queue | None) -> Queue | None:
        """Choose the queue of a worker that is free: its own while that lasts, else the one most in need.

        A model that nobody holds comes before one that has workers; among equals, the one with most work left
        for each worker.

        Args:
            held: The queue whose model the worker holds.
        """
        if held is not None and held.waiting:
            return held
        open_queues = [queue for queue in self._queues.values() if queue.waiting]
        chosen = max(open_queues, key=lambda queue: (queue.workers == 0, self._share(queue)), default=None)
        if held is not None:
            held.workers -= 1
        if chosen is not None:
            chosen.workers += 1
        return chosen

    def put_back(self, cell: Cell) -> None:
        """Let a cell wait again, before all others of its model."""
        self._queues[identity(cell)].waiting.insert(0, cell)

    def _share(self, queue: Queue) -> float:
        return sum(map(self._weigh, queue.waiting)) / (queue.workers + 1)


@dataclass
class Turn:
    """What one worker would do in a simulated run."""

    seconds: float = 0.0
    cells: int = 0
    models: list[str] = field(default_factory=list)
    """Labels in the order of loading; empty for a cell that needs none."""
    queue: Queue | None = None


def simulate(queues: Queues, seconds_of: Callable[[Cell], float], workers: int) -> list[Turn]:
    """Play through a run without measuring: what each of `workers` equal workers would do, and for how long.

    Loading a model counts as no time.

    Args:
        queues: Emptied by this.
        seconds_of: How long a cell takes.
        workers: How many there are.
    """
    turns = [Turn() for _ in range(workers)]
    busy = list(turns)
    while busy:
        turn = min(busy, key=lambda turn: turn.seconds)
        held, turn.queue = turn.queue, queues.choose(turn.queue)
        if turn.queue is None:
            busy.remove(turn)
            continue
        if turn.queue is not held and turn.queue.model is not None:
            turn.models.append(turn.queue.model.label)
        cell = turn.queue.waiting.pop(0)
        turn.seconds += seconds_of(cell)
        turn.cells += 1
    return turns
