"""Measuring one cell: find its function, run it under the model's guard, and note what it took."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, cast

from taskscope.errors import RunError
from taskscope.runs.cell import Cell, Measured
from taskscope.runs.provenance import surroundings
from taskscope.runs.record import validate

_NOTED = ("device", "dtype", "attention", "route", "limits")
"""Attributes of a model that are recorded with every cell, where it has them."""


@dataclass(frozen=True)
class Failure:
    """Why a cell has no numbers."""

    error: Exception
    traceback: str
    tainted: bool = False

    @classmethod
    def of(cls, *errors: Exception | None, tainted: bool = False) -> Failure:
        """Tell of the last error, with the tracebacks of all."""
        met = [error for error in errors if error is not None]
        told = ["".join(traceback.format_exception(error)) for error in met]
        # The frames hold tensors, which must be free before the next cell.
        return cls(met[-1].with_traceback(None), "\n".join(told), tainted)

    def __str__(self) -> str:
        """Type and message in one line."""
        lines = str(self.error).splitlines()
        return f"{type(self.error).__name__}: {lines[0]}" if lines else type(self.error).__name__


@dataclass(frozen=True)
class Attempt:
    """What came of measuring one cell; exactly one of `measured` and `failure` is given."""

    measured: Measured | None
    failure: Failure | None
    provenance: dict[str, Any] = field(default_factory=dict)


def measure(cell: Cell, model: Any, engine: str) -> Attempt:
    """Measure one cell; whatever goes wrong inside becomes a `Failure`.

    `model.guard()`, where the model has one, surrounds the measurement. If it complains, even after the
    measuring function failed too, the cell is tainted: the model must not be used again.

    Args:
        cell: What to measure.
        model: Handed to the cell's function; None for a cell of pure theory.
        engine: Name of the engine, recorded.
    """
    provenance: dict[str, Any] = {
        "engine": engine,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    provenance["model"] = {name: getattr(model, name) for name in _NOTED if hasattr(model, name)}
    measured, problem, taint = None, None, None
    _reset_device_peak()
    start = time.perf_counter()
    try:
        with model.guard() if hasattr(model, "guard") else nullcontext():
            try:
                measured = resolve(cell.measure)(cell, model)
                validate(cell, measured)
            except Exception as error:
                problem = error  # kept inside, so that the guard looks at the model in any case
    except Exception as error:
        taint = error
    provenance["seconds"] = round(time.perf_counter() - start, 6)
    provenance["peak_bytes"] = {"process": _process_peak(), "device": _device_peak()}
    provenance.update(surroundings())
    if problem is None and taint is None:
        return Attempt(measured, None, provenance)
    return Attempt(None, Failure.of(problem, taint, tainted=taint is not None), provenance)


def resolve(path: str) -> Callable[[Cell, Any], Measured]:
    """Return the function that a dotted path ``package.module:function`` names.

    Raises:
        RunError: If there is no such function.
    """
    module, _, name = path.partition(":")
    expected = "package.module:function, a function of (cell, model)"
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise RunError(f"{path!r} cannot be found: {error}.", expected=expected) from error
    if not callable(function):
        raise RunError(f"{path!r} is no function.", expected=expected)
    return cast("Callable[[Cell, Any], Measured]", function)


def _process_peak() -> int | None:
    """Most memory this process ever held, in bytes; None where the system does not say."""
    with suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return None


def cuda() -> Any:
    """Return `torch.cuda` if this process has it in use; torch is never imported for asking."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None


def _reset_device_peak() -> None:
    if cuda() is not None:
        for device in range(cuda().device_count()):
            cuda().reset_peak_memory_stats(device)


def _device_peak() -> int | None:
    """Most memory that tensors held during the cell on all accelerators together, in bytes."""
    if cuda() is None:
        return None
    return sum(cuda().max_memory_allocated(device) for device in range(cuda().device_count()))
