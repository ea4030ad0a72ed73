"""A trained folder's card: ``card.json`` for machines, ``README.md`` for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taskscope.errors import ModelError
from taskscope.tasks import registry
from taskscope.training.cards import groups, language, language_text, learners, lines, smoothers
from taskscope.training.cards.comparing import differences
from taskscope.training.cards.language import Effort
from taskscope.training.trainer import FACTS, RECIPE

CARD, README = "card.json", "README.md"
OnPart = Callable[[str], None]
_BY_HAND = {"smoother": smoothers, "groups": groups}
_ROOMS = {"language": language_text, "learner": learners, **_BY_HAND}


def write_card(
    folder: Path,
    on_part: OnPart = lambda name: None,
    *,
    data: Path | None = None,
    effort: Effort | None = None,
) -> dict[str, Any]:
    """Measure a trained folder and write both forms of the card into it; arguments as `measure`."""
    card = measure(folder, on_part, data=data, effort=effort)
    write(card, folder)
    return card


def measure(
    folder: Path,
    on_part: OnPart = lambda name: None,
    *,
    data: Path | None = None,
    effort: Effort | None = None,
) -> dict[str, Any]:
    """Measure a trained folder.

    Args:
        folder: What `taskscope.training.trainer.train` wrote, or what is shipped of it.
        on_part: Called with the name of each part before it is measured.
        data: Folder of public data, for the parts of a language model's card that need it.
        effort: How much of a language model is measured; all by default.

    Returns:
        What stands in ``card.json``.

    Raises:
        ModelError: If the folder does not say how it was trained.
    """
    if kind(folder) == "language":
        return language.measure(folder, data, effort, on_part)
    if kind(folder) == "learner":
        return learners.measure(folder, on_part)
    if kind(folder) in _BY_HAND:
        return _BY_HAND[kind(folder)].measure(folder, on_part)
    return lines.measure(folder, on_part)


def n_parts(folder: Path, data: Path | None = None) -> int:
    """Count the parts that `measure` names."""
    if kind(folder) == "language":
        return language.n_parts(Effort(), data, folder)
    if kind(folder) == "learner":
        return learners.n_parts(folder)
    if kind(folder) in _BY_HAND:
        return _BY_HAND[kind(folder)].n_parts()
    return len(registry.names())


def kind(folder: Path) -> str:
    """Return the kind of model that a folder holds: planted, natural, learner, smoother, groups or language.

    Raises:
        ModelError: If the folder does not say how it was trained.
    """
    for name in (RECIPE, FACTS):
        if not (folder / name).is_file():
            raise ModelError(
                f"{str(folder)!r} has no {name}",
                "a folder that `taskscope train` has finished, or a built-in model",
                "taskscope list models",
            )
    return _read(folder, RECIPE)["kind"]


def is_current(folder: Path) -> bool:
    """Whether a folder's card is one of the weights that were trained there."""
    if not (folder / CARD).is_file():
        return False
    return _read(folder, CARD).get("weights_sha256") == _read(folder, FACTS)["weights_sha256"]


def write(card: dict[str, Any], folder: Path) -> None:
    """Write both forms of a card into a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / README).write_text(render(card), encoding="utf-8")


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    return _ROOMS.get(card["kind"], lines).render(card)


def derived(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements."""
    if card["kind"] == "language":
        return language.derived(card)
    if card["kind"] in _BY_HAND:
        return _BY_HAND[card["kind"]].derived(card)
    return learners.derived(card) if card["kind"] == "learner" else lines.derived(card)


def disagreements(folder: Path, stored: dict[str, Any], measured: dict[str, Any]) -> list[str]:
    """List where a stored card is not what its weights give, or not what follows from its own numbers.

    Args:
        folder: Where the card is stored, in both forms.
        stored: What stands in its ``card.json``.
        measured: What `measure` returned for the same weights.
    """
    follows = derived(stored)
    found = [f"{key}: not what the stored numbers give" for key in follows if stored[key] != follows[key]]
    if render(stored) != (folder / README).read_text(encoding="utf-8"):
        found.append(f"{README}: not the text of {CARD}")
    now = {key: value for key, value in measured.items() if key not in follows}
    return found + differences({key: stored[key] for key in stored if key not in follows}, now)


def _read(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_text(encoding="utf-8"))
