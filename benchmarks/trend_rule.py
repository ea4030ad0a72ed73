"""How often the trend rule is right and wrong, on simulated answers whose truth is known.

Right or wrong answers are drawn for series of 4, 6 and 8 models and for 300 and 1,000 items, from latent
normals that correlate at .5 between models, with and without noise between models (protocol inverse_scaling,
section 6). Beside the rule stands the common shortcut: a regression on size and its square, called a turn
where the square is significant and the vertex lies within the sizes. Run as

    python benchmarks/trend_rule.py [--runs 600] [--write docs/benchmarks/trend_rule.md]

which writes the page and a file of every cell beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import ndtri, stdtrit

from taskscope.stats.trends.noise import choose
from taskscope.stats.trends.resampling import covariance, difference_variance, influence
from taskscope.stats.trends.rule import ACCURACY, LABELS, Label, Uncertainty, decide
from trend_rule_page import page

Array = np.ndarray

MODELS, ITEMS, NOISES = (4, 6, 8), (300, 1000), (0.0, 0.02)
LATENT = 0.5
"""Correlation of the latent normals; right and wrong then correlate at 1/3 where half is right."""
TEMPLATES = ((1000, 20), (1428, 18))
SLOPES = (0.2, 0.3)
"""Standard deviation over templates of the change from the smallest to the largest model."""


@dataclass(frozen=True)
class Cell:
    """Shares of runs, of one truth in one setting."""

    truth: str
    models: int
    items: int
    true_noise: float
    rule_noise: float
    rule: dict[str, float]
    shortcut: dict[str, float]


def truths(n: int) -> dict[str, tuple[Label, Array]]:
    """Name the curves (model,) for n models, with the label that is right."""
    x = np.linspace(0, 1, n)
    bowl = x * (1 - x) / (x * (1 - x)).max()  # 1 at the lowest model, so that a depth is one that is measured
    late = np.interp(x, [0, 0.7, 1], [0.7, 0.3, 0.5])
    valley = np.interp(np.arange(n), [0, n // 2, n - 1], [0.0, 1.0, 0.0])
    levelling, slowly = ((1 - np.exp(-rate * x)) / (1 - np.exp(-rate)) for rate in (5, 3))
    return {
        "levels off, rising by .40": (Label.POSITIVE, 0.3 + 0.4 * levelling),
        "levels off, falling by .40": (Label.INVERSE, 0.7 - 0.4 * levelling),
        "falls by .20, straight": (Label.INVERSE, 0.6 - 0.2 * x),
        "rises by .50, straight": (Label.POSITIVE, 0.25 + 0.5 * x),
        "U, depth .20": (Label.U, 0.5 - 0.20 * bowl),
        "U, depth .15": (Label.U, 0.5 - 0.15 * bowl),
        "U, depth .10": (Label.U, 0.5 - 0.10 * bowl),
        "late U, .70 to .30 to .50": (Label.U, late),
        "other shape: V, depth .10": (Label.U, 0.5 - 0.10 * valley),
        "other shape: V, depth .15": (Label.U, 0.5 - 0.15 * valley),
        "other shape: parabola, depth .10": (Label.U, 0.5 - 0.10 * 4 * x * (1 - x)),
        "other shape: levels off slowly": (Label.POSITIVE, 0.3 + 0.4 * slowly),
        "flat at .50": (Label.FLAT, np.full(n, 0.5)),
    }


def answers(curve: Array, items: int, noise: float, runs: int, rng: np.random.Generator) -> Array:
    """Draw right (1) or wrong (0) answers, (run, item, model)."""
    shared = rng.standard_normal((runs, items, 1))
    own = rng.standard_normal((runs, items, len(curve)))
    chance = np.clip(curve + rng.normal(0, noise, (runs, 1, len(curve))), 1e-6, 1 - 1e-6)
    return (LATENT**0.5 * shared + (1 - LATENT) ** 0.5 * own < ndtri(chance)).astype(float)


def uncertainty(scores: Array, noise: float) -> tuple[Array, Uncertainty]:
    """Means (run, model) and what the rule knows of their differences, items all independent."""
    n, means = scores.shape[1], scores.mean(axis=1)
    centred = scores - means[:, None]
    table = centred.transpose(0, 2, 1) @ centred / (n * (n - 1))
    return means, Uncertainty(difference_variance(table), n, noise)


def shares(codes: Array) -> dict[str, float]:
    """Share of runs that get each label."""
    counts = np.bincount(codes, minlength=len(LABELS)) / len(codes)
    return {label.value: float(share) for label, share in zip(LABELS, counts, strict=True)}


def shortcut(scores: Array) -> dict[str, float]:
    """Least squares over all answers on size and its square, with textbook standard errors, 5 % two-sided."""
    _, items, n = scores.shape
    x = np.linspace(-0.5, 0.5, n)
    labels = []
    for powers in (2, 1):
        design = np.stack([x**power for power in range(powers + 1)], axis=1)
        inverse = np.linalg.inv(design.T @ design)
        weights = scores.mean(axis=1) @ design @ inverse
        left = ((scores - (weights @ design.T)[:, None]) ** 2).sum(axis=(1, 2)) / (items * n - powers - 1)
        labels.append((weights, np.abs(weights[:, -1]) > 1.96 * np.sqrt(left * inverse[-1, -1] / items)))
    (square, bent), (line, tilted) = labels
    inside = np.abs(square[:, 1]) < np.abs(square[:, 2])  # the vertex lies within -.5 and .5
    code = np.select(
        [bent & inside & (square[:, 2] > 0), bent & inside, tilted & (line[:, 1] < 0), tilted],
        [LABELS.index(one) for one in (Label.U, Label.INVERTED_U, Label.INVERSE, Label.POSITIVE)],
        LABELS.index(Label.FLAT),
    )
    return shares(code)


def grid(runs: int, rng: np.random.Generator) -> list[Cell]:
    """Simulate every truth in every setting, and judge it by the rule with its noise and with none."""
    cells = []
    for n, items, noise in product(MODELS, ITEMS, NOISES):
        for name, (_, curve) in truths(n).items():
            scores = answers(curve, items, noise, runs, rng)
            quick = shortcut(scores)
            for assumed in (ACCURACY.noise, 0.0):
                means, known = uncertainty(scores, assumed)
                found = shares(decide(means, known, ACCURACY).code)
                cells.append(Cell(name, n, items, noise, assumed, found, quick))
    return cells


def raised(name: str, noise: float, runs: int, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Labels of 8 models on 1,000 items where the rule assumes a noise of .02, by the name of the truth.

    With the assumed noise alone, and raised where the curve's own residuals show more, as in `classify`.
    """
    scores = answers(truths(8)[name][1], 1000, noise, runs, rng)
    means, known = uncertainty(scores, ACCURACY.noise)
    careful = []
    for curve, table in zip(means, known.item_variance, strict=True):
        own = replace(known, item_variance=table, noise=choose(curve, table, ACCURACY).value)
        careful.append(decide(curve[None], own, ACCURACY).code[0])
    return {
        "assumed": shares(decide(means, known, ACCURACY).code),
        "raised": shares(np.array(careful)),
    }


def templates(runs: int, rng: np.random.Generator) -> list[dict[str, float]]:
    """False trends where templates have slopes of their own: items taken for independent, and clustered."""
    found = []
    for (items, n), spread in product(TEMPLATES, SLOPES):
        codes, ends = np.arange(items) % n, np.linspace(-0.5, 0.5, 4)
        hits = {"naive": 0, "clustered": 0}
        for _ in range(runs):
            chance = np.clip(0.5 + rng.normal(0, spread, n)[codes] * ends[:, None], 0.01, 0.99)
            latent = LATENT**0.5 * rng.standard_normal(items) + (1 - LATENT) ** 0.5 * rng.standard_normal(
                (4, items)
            )
            scores = (latent < ndtri(chance)).astype(float)
            for way, names in (("naive", np.arange(items)), ("clustered", codes)):
                variance = difference_variance(covariance(influence(scores, names)))[0, -1]
                reach = stdtrit(len(np.unique(names)) - 1, 0.975) * variance**0.5
                hits[way] += bool(abs(scores[-1].mean() - scores[0].mean()) > reach)
        found.append(
            {"items": items, "templates": n, "spread": spread} | {k: v / runs for k, v in hits.items()}
        )
    return found


def pairing(rng: np.random.Generator) -> dict[str, float]:
    """Standard error of a difference with paired items over that without, by latent correlation."""
    ratios = {}
    for latent in (0.5, 0.8):
        shared, own = rng.standard_normal(200_000), rng.standard_normal((2, 200_000))
        right = (latent**0.5 * shared + (1 - latent) ** 0.5 * own > 0).astype(float)
        ratios[f"{latent:g}"] = float(np.std(right[0] - right[1]) / np.sqrt(right.var(axis=1).sum()))
    return ratios


def main() -> None:
    """Run the simulation; print the page, and write it with every cell where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--write", type=Path, help="Markdown page; the cells are written beside it as JSON")
    arguments = parser.parse_args()
    rng, start = np.random.default_rng(0), time.process_time()
    data = {
        "runs": arguments.runs,
        "cells": [asdict(cell) for cell in grid(arguments.runs, rng)],
        "templates": templates(arguments.runs, rng),
        "pairing": pairing(rng),
        "raised": {
            "flat": raised("flat at .50", 0.05, arguments.runs, rng),
            "dip": raised("U, depth .10", 0.02, arguments.runs, rng),
        },
    }
    text = page(data)
    print(text, f"\n{time.process_time() - start:.0f} CPU seconds")
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text, encoding="utf-8")
        rounded = json.loads(json.dumps(data), parse_float=lambda digits: round(float(digits), 4))
        arguments.write.with_suffix(".json").write_text(
            json.dumps(rounded, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
