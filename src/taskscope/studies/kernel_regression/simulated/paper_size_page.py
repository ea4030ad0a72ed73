"""The tables of S2: agreement at the paper's sizes, what decides it, and the ranks of the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.studies.kernel_regression.simulated import convergence as s1
from taskscope.studies.kernel_regression.simulated import paper_size as s2
from taskscope.studies.kernel_regression.simulated import references
from taskscope.studies.kernel_regression.simulated.rows import Curves
from taskscope.theory.kernel_regression.kernels import LOOKUP

EARLY, WELL = 32, 0.9
"""By how many demonstrations S2 expects the literal kernel to agree with Bayes, and how often."""
CLEAR = 0.8
"""Probability of Bayes's answer from which labels are called clear."""


def tables(known: Curves) -> list[Table]:
    """Tabulate S2, whose literal kernel was simulated in the peaked setting."""
    explained = [_deciding(known)] if (s2.PEAKED, s2.BY_STATE, s1.AGREEMENT) in known else []
    return [_agreement(known), *explained, _ranks(known)]


def _agreement(known: Curves) -> Table:
    rows = []
    curve = known[s2.PEAKED, "C", s1.AGREEMENT]
    reached = curve.values[:, curve.sizes <= EARLY].max(axis=1) >= WELL
    sure = known[s2.PEAKED, "", s2.SURE].values[:, 0] >= CLEAR
    sizes = known[s2.PEAKED, "C", s2.DISTANCE].sizes.tolist()
    published = dict(
        zip(
            references.PUBLISHED_SIZES,
            zip(references.PUBLISHED_DISTANCES, references.PUBLISHED_ACCURACIES, strict=True),
            strict=True,
        )
    )
    for i, n in enumerate(sizes):
        measured = [
            round(float(known[s2.PEAKED, method, metric].mean[i]), 3)
            for metric in (s2.DISTANCE, s1.AGREEMENT)
            for method in s2.METHODS
        ]
        rows.append((n, *published.get(n, (None, None)), *measured))
    return _table(
        "paper-size",
        "At the paper's sizes: 8 tasks, 80 states, 100 tokens",
        (
            *("n", "distance, published", "accuracy, published"),
            *(f"{metric}, {name}" for metric in ("distance", "agreement") for name in s2.METHODS),
        ),
        rows,
        "Distance: mean squared L2 to exact Bayes, at most 2 for a query; agreement: how often the most "
        f"probable label is Bayes's. With C it reaches {WELL:.0%} by n = {EARLY} in {reached.sum()} of "
        f"the {len(reached)} models: in {reached[sure].sum()} of the {sure.sum()} in which Bayes gives its "
        f"answer {CLEAR:.0%} or more on average, and in {reached[~sure].sum()} of the others, where labels "
        "nearly tie. The paper says neither what its distance is nor how its "
        "model was drawn.",
    )


def _deciding(known: Curves) -> Table:
    """Tell what agreement waits for: not for the task, but for the likeliest label of each state."""
    literal, expected = (known[s2.PEAKED, name, s1.AGREEMENT] for name in ("C", s2.BY_STATE))
    doubt = known[s2.PEAKED, "", s2.DOUBT]
    rows = [
        (
            n,
            float(f"{doubt.mean[i]:.1g}"),
            round(float(literal.mean[i]), 3),
            round(float(expected.mean[i]), 3),
            round(float(np.sqrt(((literal.values - expected.values)[:, i] ** 2).mean())), 3),
            round(float((literal.values[:, i] >= WELL).mean()), 3),
            round(float((expected.values[:, i] >= WELL).mean()), 3),
        )
        for i, n in enumerate(literal.sizes.tolist())
    ]
    nearest = known[s2.PEAKED, "", s2.NEAREST].values
    return _table(
        "paper-size-states",
        "What decides at the paper's sizes: the labels of one state",
        (
            *("n", "doubt about the task", "agreement, C", "agreement of a majority by state, expected"),
            *("root mean square difference over models", f"models at {WELL:.0%}", "the same, expected"),
        ),
        rows,
        f"The task most like the prompts' differs by {nearest.min():.0f} to {nearest.max():.0f} nats a "
        "demonstration, so that one is enough. What is left is to find the likeliest label of the state in "
        "which the query ends. Expected, without a free number: how often a majority among the "
        "demonstrations that end in the query's state has it, each state with its own share of them and its "
        "own law of the label.",
    )


def _ranks(known: Curves) -> Table:
    rows = []
    for setting, method, metric in known:
        if metric != s1.RANK:
            continue
        rank, support, lookup = (
            float(known[setting, method, each].mean[0]) for each in (s1.RANK, s2.SUPPORT, s1.LOOKUP)
        )
        warning = "looks strings up" if lookup > LOOKUP else ""
        end = float(known[setting, method, s1.AGREEMENT].mean[-1])
        rows.append(
            (setting, method, round(rank, 1), round(support, 1), round(lookup, 3), round(end, 3), warning)
        )
    zeros = int(sum(known[each].values.sum() for each in known if each[2] == s2.ZEROS))
    return _table(
        "paper-size-ranks",
        "How much the kernels at the paper's sizes generalise",
        ("worlds", "kernel", "rank", "different strings", "rank over strings", "agreement at the end", ""),
        rows,
        f"Above {LOOKUP} of the strings a kernel does little more than match them exactly. Transitions and "
        f"emissions that were exactly zero and smoothed away: {zeros}.",
    )


def _table(name: str, title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]], note: str) -> Table:
    return Table(
        name=f"kernel-regression-theory-{name}", title=title, columns=columns, rows=tuple(rows), note=note
    )
