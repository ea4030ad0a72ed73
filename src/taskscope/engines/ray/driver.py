"""The engine that hands cells to workers on a Ray cluster and keeps order when they die.

A worker takes the cells of one model until none is left, so models are loaded as seldom as can be. Workers
write into the run folder themselves; keys alone come back. A cell whose worker died is given to another one
after a pause; after the third death it is set aside and stored as a failure, for it is likely the cause.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from taskscope.engines.events import CellStarted, Event, ModelLoading
from taskscope.engines.outcome import Outcome, Tally
from taskscope.engines.queues import Queue, Queues, Work
from taskscope.engines.ray.cluster import cluster, places
from taskscope.engines.ray.worker import ENGINE, Told, Worker
from taskscope.engines.sharing import Awaited, settled_elsewhere
from taskscope.errors import RunError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.claims import Claims
from taskscope.runs.provenance import surroundings
from taskscope.runs.store import RunFolder

TRIES = 3
"""Workers that may die with a cell before it is set aside."""
PAUSE = 1.0
"""Seconds before a cell is tried again; doubled with every try."""
_LOOK_EVERY = 0.2
"""Seconds between looks at cells that rest or are measured elsewhere."""


class WorkerLostError(Exception):
    """A cell was set aside because its workers died."""


def run(
    cells: Sequence[Cell],
    folder: RunFolder,
    load_model: Callable[[ModelRef], Any],
    *,
    on_event: Callable[[Event], None],
    engine: str,
    work: Work,
) -> Outcome:
    """Measure every cell that `folder` does not hold, on a cluster; else like `taskscope.engines.inline.run`.

    Args:
        cells: The plan; a cell named twice is measured once.
        folder: What is kept, on a file system that every machine of the cluster sees.
        load_model: Returns a model for its reference, on a worker.
        on_event: Called with every event, in this process.
        engine: ``ray`` or the address of a cluster.
        work: How cells are weighed and what models need.

    Raises:
        RunError: If there is no such cluster, no room on it, or the folder cannot be written.
    """
    tally = Tally(on_event)
    missing: dict[str, Cell] = {}
    for cell in cells:
        if cell.key in missing or folder.has(cell.key):
            tally.held(cell)
        else:
            missing[cell.key] = cell
    if missing:
        with cluster(engine) as ray, Claims(folder.path) as claims:
            _Driver(ray, folder, claims, load_model, tally).run(list(missing.values()), work)
    return tally.outcome()


@dataclass(eq=False)
class _Hand:
    """One worker as its driver sees it."""

    actor: Any
    queue: Queue
    due: Any
    """What Ray will answer with."""
    cell: Cell | None = None
    """What it measures; None while it starts."""
    fresh: bool = True
    """Whether it holds no model yet."""


class _Driver:
    """One run in progress on a cluster."""

    def __init__(
        self,
        ray: ModuleType,
        folder: RunFolder,
        claims: Claims,
        load_model: Callable[[ModelRef], Any],
        tally: Tally,
    ) -> None:
        self._ray, self._folder, self._claims, self._tally = ray, folder, claims, tally
        self._load_model = load_model
        self._hands: list[_Hand] = []
        self._awaited: list[Awaited] = []
        self._resting: list[tuple[float, Cell]] = []
        self._losses: Counter[str] = Counter()
        self._lost_starting = 0
        self._next_look = 0.0

    def run(self, cells: Sequence[Cell], work: Work) -> None:
        """Measure cells that the folder does not hold."""
        self._queues = Queues(cells, work)
        self._before = {cell.key: self._folder.failure(cell.key) for cell in cells}
        try:
            while True:
                if time.monotonic() >= self._next_look:
                    self._look_around()
                if not (self._hands or self._resting or self._awaited):
                    return
                self._collect()
        finally:
            for hand in list(self._hands):
                self._let_go(hand)

    def _look_around(self) -> None:
        """Wake cells that rested, see what other processes did, and hire where there is room."""
        now = time.monotonic()
        self._next_look = now + _LOOK_EVERY
        for until, cell in list(self._resting):
            if until <= now:
                self._resting.remove((until, cell))
                self._queues.put_back(cell)
        for awaited in list(self._awaited):
            if settled_elsewhere(awaited, self._folder, self._tally):
                self._awaited.remove(awaited)
            elif self._claims.take(awaited.cell.key):
                self._claims.release(awaited.cell.key)
                self._awaited.remove(awaited)
                self._queues.put_back(awaited.cell)
        self._hire()

    def _hire(self) -> None:
        """Start a worker for every place that is free, as long as cells wait for more than have started."""
        while self._queues.n_waiting > sum(hand.cell is None for hand in self._hands):
            queue = self._queues.choose(None)
            if queue is None:
                return
            if len(self._hands) >= places(self._ray, queue.needs):
                queue.workers -= 1
                return
            self._start(queue)

    def _start(self, queue: Queue) -> None:
        options = {"num_cpus": queue.needs.cpus, "num_gpus": queue.needs.gpus, "max_restarts": 0}
        actor = (
            self._ray.remote(Worker)
            .options(**options)
            .remote(
                str(self._folder.path.resolve()),
                self._folder.manifest["opened"],
                os.getcwd(),
                self._load_model,
                self._folder.forgotten,
            )
        )
        self._hands.append(_Hand(actor, queue, actor.open.remote()))

    def _collect(self) -> None:
        """Take in what a worker finished, if one does before it is time to look around."""
        patience = max(0.0, self._next_look - time.monotonic())
        if not self._hands:
            time.sleep(patience)
            return
        by_due = {hand.due: hand for hand in self._hands}
        ready, _ = self._ray.wait(list(by_due), num_returns=1, timeout=patience)
        for due in ready:
            hand = by_due[due]
            try:
                told = self._ray.get(due)
            except self._ray.exceptions.RayTaskError as error:
                raise error.cause from None  # the run folder is not seen or cannot be written
            except self._ray.exceptions.RayError as error:
                self._lost(hand, error)
            else:
                self._take_in(hand, told)
                self._assign(hand)

    def _take_in(self, hand: _Hand, told: Told | None) -> None:
        cell, hand.cell = hand.cell, None
        if cell is None or told is None:
            self._lost_starting = 0
            return
        self._claims.release(cell.key)
        if told.error:
            self._tally.failed(cell, told.error, told.tainted)
        else:
            self._folder.remember(cell.key)  # written by the worker; what was forgotten counts again
            self._tally.done(cell, told.seconds)

    def _assign(self, hand: _Hand) -> None:
        """Give a free worker its next cell, or let it go."""
        while True:
            held, queue = hand.queue, self._queues.choose(hand.queue)
            if queue is None:
                self._let_go(hand)
                return
            if queue.needs != held.needs:
                self._let_go(hand)
                self._start(queue)
                return
            hand.queue = queue
            cell = queue.waiting.pop(0)
            if self._may_measure(cell):
                break
        if cell.model is not None and (queue is not held or hand.fresh):
            self._tally.on_event(ModelLoading(cell.model))
        self._tally.on_event(CellStarted(cell))
        hand.fresh = False
        hand.cell, hand.due = cell, hand.actor.measure.remote(cell)

    def _may_measure(self, cell: Cell) -> bool:
        awaited = Awaited(cell, self._before[cell.key])
        if not self._claims.take(cell.key):
            self._awaited.append(awaited.told(self._tally.on_event))
            return False
        if settled_elsewhere(awaited, self._folder, self._tally):
            self._claims.release(cell.key)
            return False
        return True

    def _lost(self, hand: _Hand, error: Exception) -> None:
        """Give the cell of a worker that died another chance, or set it aside."""
        hand.queue.workers -= 1
        self._let_go(hand)
        self._next_look = 0.0
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        cell = hand.cell
        if cell is None:
            self._lost_starting += 1
            if self._lost_starting >= TRIES:
                raise RunError(f"{TRIES} workers in a row died before their first cell: {why}")
            return
        self._claims.release(cell.key)
        self._losses[cell.key] += 1
        n = self._losses[cell.key]
        if n < TRIES:
            self._resting.append((time.monotonic() + PAUSE * 2 ** (n - 1), cell))
            return
        lost = WorkerLostError(f"{n} workers died while measuring it, the last with: {why}")
        self._folder.write_failure(cell, lost, "", {"engine": ENGINE, **surroundings()})
        self._tally.failed(cell, f"{type(lost).__name__}: {lost}")

    def _let_go(self, hand: _Hand) -> None:
        self._hands.remove(hand)
        self._ray.kill(hand.actor)
