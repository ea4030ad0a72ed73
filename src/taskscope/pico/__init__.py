"""The built-in models, found by name: weights, cards, planted mechanisms.

A built-in model is a folder under ``weights/`` (trained), ``continued/`` (one of those, trained on) or
``planted/`` (mechanism known by construction) that holds config.json, model.safetensors, tokenizer.json and
README.md. The folder's name is the model's; what it was after a step of its training is called like
``pico-s@step-500``, where that was kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from taskscope.errors import ModelError, nearest

_ROOT = Path(__file__).parent
_SHELVES = ("weights", "continued", "planted")


def names(shelf: str | None = None) -> list[str]:
    """List the built-in models by name, shelf by shelf, on each from small to large.

    Args:
        shelf: ``weights``, ``continued`` or ``planted``, for these alone.
    """
    return [name for name, folder in _folders().items() if shelf in (None, folder.parent.name)]


def folder(name: str) -> Path | None:
    """Return the folder of a built-in model or of a checkpoint of one, or None if there is no such."""
    model, _, step = name.partition("@")
    found = _folders().get(model)
    if found is None or not step:
        return found
    kept = found / "checkpoints" / step
    return kept if (kept / "config.json").is_file() else None


def require(name: str) -> Path:
    """Return the folder of a built-in model or of a checkpoint of one.

    Raises:
        ModelError: If there is no such.
    """
    found = folder(name)
    if found is None:
        known = names()
        raise ModelError(
            f"no built-in model is called {name!r}", "one of " + ", ".join(known), nearest(name, known)
        )
    return found


def checkpoints(name: str) -> list[str]:
    """List the checkpoints kept of a built-in model by name, from the first step to the last but the end.

    Raises:
        KeyError: If there is no built-in model of that name.
    """
    steps = sorted(int(p.name.removeprefix("step-")) for p in _folders()[name].glob("checkpoints/step-*"))
    return [f"{name}@step-{step}" for step in steps]


def summary(name: str) -> dict[str, Any]:
    """Return one line about a built-in model, from its ``card.json``.

    Raises:
        KeyError: If there is no built-in model of that name.
    """
    told = json.loads((_folders()[name] / "card.json").read_text(encoding="utf-8"))
    return {
        "model": name,
        **{key: told[key] for key in ("kind", "parameters", "blocks", "tokens")},
        "checkpoints": len(checkpoints(name)),
        "summary": told["summary"],
    }


def _folders() -> dict[str, Path]:
    """Folder of every model by name, in the order of `names`."""
    found: dict[str, Path] = {}
    for shelf in _SHELVES:
        weights = (_ROOT / shelf).glob("*/model.safetensors")
        for path in sorted(weights, key=lambda path: (path.stat().st_size, path.parent.name)):
            found[path.parent.name] = path.parent
    return found
