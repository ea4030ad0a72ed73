"""The built-in models, found by name: weights, cards, planted mechanisms.

A built-in model is a folder under ``weights/`` (trained) or ``planted/`` (mechanism known by construction)
that holds config.json, model.safetensors, tokenizer.json and README.md. The folder's name is the model's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent
_SHELVES = ("weights", "planted")


def names() -> list[str]:
    """List the built-in models by name, sorted."""
    return sorted(_folders())


def folder(name: str) -> Path | None:
    """Return the folder of a built-in model, or None if there is none of that name."""
    return _folders().get(name)


def card(name: str) -> str:
    """Return a built-in model's card (Markdown): what it was made of, what it can and cannot do.

    Raises:
        KeyError: If there is no built-in model of that name.
    """
    return (_folders()[name] / "README.md").read_text(encoding="utf-8")


def summary(name: str) -> dict[str, Any]:
    """Return one line about a built-in model, from its ``card.json``.

    Raises:
        KeyError: If there is no built-in model of that name.
    """
    told = json.loads((_folders()[name] / "card.json").read_text(encoding="utf-8"))
    return {
        "model": name,
        **{key: told[key] for key in ("kind", "parameters", "blocks", "tokens", "summary")},
    }


def _folders() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for shelf in _SHELVES:
        for config in (_ROOT / shelf).glob("*/config.json"):
            found[config.parent.name] = config.parent
    return found
