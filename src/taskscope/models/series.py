"""Series: models that differ in one thing only, size or training step, and where each stands among them.

A name stands for a whole series on the command line: a family (``pico``, ``opt``), or one model of which
checkpoints were kept (``pico-s``, ``EleutherAI/pythia-160m``).
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict

from taskscope import pico
from taskscope.errors import ModelError, nearest

PICO = "pico"
GIVEN = "models given"
"""Family of models that belong to no family known here."""


class Place(BaseModel):
    """Where a model stands on the axes of a series."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    member: str
    """The model, or for a checkpoint the finished model it became."""
    parameters: int
    body_parameters: int | None = None
    """Those that are not embeddings; None where nobody counted."""
    tokens: int | None = None
    """Training tokens read; None where nothing says so."""
    finished: bool = True
    """False for a checkpoint."""

    @property
    def flops(self) -> float | None:
        """Training compute, 6ND with N without embeddings where that is known (protocol 2)."""
        return None if self.tokens is None else 6.0 * (self.body_parameters or self.parameters) * self.tokens


def names() -> list[str]:
    """Names of the families that `expand` knows."""
    return [PICO, *_families()]


def expand(name: str) -> list[str]:
    """Return the names of the models of a series, small to large or early to late.

    Args:
        name: A family, or a model whose checkpoints are meant: a built-in one, or one on the hub of a family
            that published them.

    Raises:
        ModelError: If there is no such series.
    """
    if name == PICO:
        return pico.names("weights")
    families = _families()
    if name in families:
        return list(families[name]["models"])
    if name in pico.names():
        kept = pico.checkpoints(name)
        if kept:
            return [*kept, name]
        raise ModelError(
            f"none of the checkpoints of {name} was kept", f"one of {', '.join(_with_checkpoints())}"
        )
    for family in families.values():
        if name in family["models"] and "checkpoints" in family:
            return [*(f"{name}@{step}" for step in family["checkpoints"]), name]
    known = [*names(), *_with_checkpoints()]
    raise ModelError(f"no series is called {name!r}", f"one of {', '.join(known)}", nearest(name, known))


def place(
    id: str,
    label: str,
    parameters: int,
    *,
    body_parameters: int | None = None,
    tokens: int | None = None,
    checkpoint_of: str | None = None,
) -> Place:
    """Say where a model stands; of a family known here the training tokens are looked up.

    Args:
        id: Its identity, ``org/name@commit`` or ``label@sha256:...``.
        label: What people call it.
        parameters: All of them.
        body_parameters: Those that are not embeddings.
        tokens: Training tokens read.
        checkpoint_of: For a checkpoint, the name of the finished model.
    """
    member = checkpoint_of or label
    family = PICO if member in pico.names("weights") else GIVEN
    repo = id.partition("@")[0]
    for known in _families().values():
        if repo in known["models"]:
            family = known["title"]
            tokens = tokens or _tokens(known, repo, label, finished=checkpoint_of is None)
    return Place(
        family=family,
        member=member,
        parameters=parameters,
        body_parameters=body_parameters,
        tokens=tokens,
        finished=checkpoint_of is None,
    )


def _tokens(family: dict[str, Any], repo: str, label: str, *, finished: bool) -> int | None:
    """Tokens that a model on the hub has read: all of them, or those up to its revision ``stepN``."""
    if finished:
        return family["models"][repo].get("tokens")
    step = label.rpartition("step")[2]
    return int(step) * family["tokens_per_step"] if step.isdigit() and "tokens_per_step" in family else None


def _with_checkpoints() -> list[str]:
    return [name for name in pico.names() if pico.checkpoints(name)]


@cache
def _families() -> dict[str, Any]:
    text = resources.files("taskscope.models").joinpath("data", "families.json").read_text(encoding="utf-8")
    return json.loads(text)
