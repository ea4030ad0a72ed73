"""One model at a time, loaded for its first cell and kept for all that follow."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from taskscope.engines.measuring import Attempt, Failure, cuda, measure
from taskscope.runs.cell import Cell, ModelRef, canonical_json
from taskscope.runs.provenance import surroundings


def identity(cell: Cell) -> str:
    """Return what cells share that can be measured on one loaded model."""
    return canonical_json(cell.model.model_dump(mode="json", exclude={"label"}) if cell.model else None)


class WarmModel:
    """Measures cells; loads a model when a cell needs another one than the last did.

    A model that a cell left changed is let go at once. One that cannot be loaded fails all its cells without
    being tried again for each.

    Args:
        load_model: Returns a model for its reference; where it has ``guard()``, that surrounds each cell.
        engine: Name of the engine, recorded.
        on_load: Called before a model is loaded.
    """

    def __init__(
        self, load_model: Callable[[ModelRef], Any], engine: str, on_load: Callable[[ModelRef], None]
    ) -> None:
        self._load_model, self._engine, self._on_load = load_model, engine, on_load
        self._identity = ""
        self._model: Any = None
        self._unloadable: Failure | None = None

    def measure(self, cell: Cell, on_start: Callable[[], None]) -> Attempt:
        """Measure one cell, loading its model if need be; whatever goes wrong becomes a `Failure`.

        Args:
            cell: What to measure.
            on_start: Called once the model is there and measuring begins.
        """
        self._make_ready(cell)
        if self._unloadable is not None:
            return Attempt(None, self._unloadable, {"engine": self._engine, **surroundings()})
        on_start()
        attempt = measure(cell, self._model, self._engine)
        if attempt.failure is not None and attempt.failure.tainted:
            self.evict()
        return attempt

    def evict(self) -> None:
        """Let the model go, and the memory it held."""
        loaded = self._model is not None
        self._identity, self._model, self._unloadable = "", None, None
        if loaded:
            gc.collect()
            if cuda() is not None:
                cuda().empty_cache()

    def _make_ready(self, cell: Cell) -> None:
        wanted = identity(cell)
        if wanted == self._identity:
            return
        self.evict()
        self._identity = wanted
        if cell.model is None:
            return
        self._on_load(cell.model)
        try:
            self._model = self._load_model(cell.model)
        except Exception as error:
            self._unloadable = Failure.of(error)
