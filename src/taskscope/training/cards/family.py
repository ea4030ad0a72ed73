"""The shipped language models side by side: their cards, curves of their training, one scaling law."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taskscope import pico
from taskscope.stats.intervals import percentile_interval
from taskscope.theory import scaling_laws
from taskscope.training.cards.gate import FEW, NONE
from taskscope.training.cards.questions import SEEN, UNSEEN

NATURAL = "natural/"
"""Held-out parts of natural text begin with this."""
SETTLED = 200
"""Steps before which the learning rate is still rising, or has just risen: no law describes those losses."""
FEWEST_SIZES = 3
"""A law in sizes needs them: its exponent, its factor and the irreducible loss."""
DRAWS = 200


@dataclass(frozen=True)
class Member:
    """One shipped model."""

    name: str
    card: dict[str, Any]
    series: list[dict[str, Any]]
    """Rows of `taskscope.training.cards.series`."""
    evaluations: list[dict[str, Any]]
    """Held-out losses at every milestone."""

    @property
    def parameters(self) -> int:
        """Parameters without the embeddings."""
        return self.card["parameters_without_embeddings"]


@dataclass(frozen=True)
class Law:
    """A scaling law fitted to the held-out losses of the family on natural text."""

    law: scaling_laws.ScalingLaw
    intervals: dict[str, tuple[float, float]]
    """Of each constant, by name; whole trainings are resampled."""
    points: int
    spread: float
    """Root mean square of the residuals of ln L."""


def members(names: Sequence[str] | None = None) -> list[Member]:
    """Read shipped models that have a series, from small to large.

    Args:
        names: Built-in models; by default those trained from scratch.
    """
    found = []
    for name in pico.names("weights") if names is None else names:
        folder = pico.folder(name)
        if folder is not None and (folder / "series.json").is_file():
            found.append(
                Member(
                    name,
                    json.loads((folder / "card.json").read_text(encoding="utf-8")),
                    json.loads((folder / "series.json").read_text(encoding="utf-8")),
                    _lines(folder / "evaluations.jsonl"),
                )
            )
    return sorted(found, key=lambda member: member.parameters)


def natural_losses(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Held-out loss in nats per token of natural text, the mean of its sources, at every milestone."""
    return [
        {
            "model": member.name,
            "parameters": member.parameters,
            "step": row["step"],
            "tokens": row["tokens"],
            "loss": float(np.mean([v for k, v in row["held_out"].items() if k.startswith(NATURAL)])),
        }
        for member in family
        for row in member.evaluations
    ]


def law(family: Sequence[Member]) -> Law | None:
    """Fit L(N, D) to the held-out losses on natural text; None with too few sizes.

    Points along one training lie on a falling learning rate, which a law for finished trainings does not
    know: the exponent of the tokens is steeper for it.  Intervals resample trainings, so with four sizes they
    are rough.
    """
    rows = [row for row in natural_losses(family) if row["step"] >= SETTLED]
    if len({row["model"] for row in rows}) < FEWEST_SIZES:
        return None
    n, d, loss = (np.array([row[key] for row in rows], float) for key in ("parameters", "tokens", "loss"))
    fitted = scaling_laws.fit(n, d, loss)
    models = np.array([row["model"] for row in rows])
    rng = np.random.default_rng(0)
    drawn = scaling_laws.bootstrap(n, d, loss, fitted, DRAWS, rng, clusters=models)
    intervals = {
        name: tuple(map(float, percentile_interval(np.array([getattr(each, name) for each in drawn]))))
        for name in ("irreducible", "size_exponent", "data_exponent")
    }
    return Law(fitted.law, intervals, len(rows), float(np.sqrt(np.mean(fitted.residuals**2))))  # type: ignore[arg-type]


def by_checkpoint(family: Sequence[Member], quantity: str) -> list[dict[str, Any]]:
    """Rows of one quantity along training: model, parameters, tokens, series, value, low, high.

    Args:
        family: The models.
        quantity: ``english`` (bits per byte), ``grammar`` (accuracy) or ``few_shot`` (accuracy, a series for
            each number of demonstrations and kind of facts).
    """
    rows = []
    for member in family:
        for point in member.series:
            at = {"model": member.name, "parameters": member.parameters, "tokens": point["tokens"]}
            for series, (value, low, high) in _values(point, quantity).items():
                rows.append({**at, "series": series, "value": value, "low": low, "high": high})
    return rows


def shots(k: str, facts: str) -> str:
    """Name of the series of few-shot accuracy with `k` demonstrations, on facts seen or held out."""
    return f"{'none' if k == NONE else f'{k} demonstrations'}, {facts}"


def _values(point: dict[str, Any], quantity: str) -> dict[str, tuple[float, float, float]]:
    measured = point[quantity]
    if not measured:
        return {}
    if quantity == "few_shot":
        return {
            shots(k, facts): tuple(measured[facts][k])
            for facts in (SEEN, UNSEEN)
            if facts in measured
            for k in (FEW, NONE)
        }
    value = measured["bits_per_byte"] if quantity == "english" else measured["accuracy"]
    return {"": (value, *measured["interval"])}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
