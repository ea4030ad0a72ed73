"""Values that need neither model nor data: linear map, chance, coverage, printed t values."""

from __future__ import annotations

from itertools import product

import numpy as np

from taskscope.stats.classification import constant_f1, macro_f1, uniform_f1
from taskscope.stats.group_comparison import welch_from_summary
from taskscope.studies.structured_tasks.references import published
from taskscope.studies.structured_tasks.references.reference import Reference
from taskscope.theory.coverage import absent, covered
from taskscope.theory.linear_map import predict

_ASSUMED_DRAWS = 100
"""Behind the protocol's simulated values, which do not say how many: fixes their standard errors alone."""
_CLASSES, _QUERIES, _WIDTH = 14, 256, 512


def linear_scores(
    n_demos: int,
    every_class: bool,
    steps: float,
    runs: int,
    rng: np.random.Generator,
    shared: float = 0.0,
) -> np.ndarray:
    """Score the linear map on random embeddings of fourteen classes (E3).

    Args:
        n_demos: Demonstrations, of classes drawn alike.
        every_class: Put each class among them.
        steps: Steps of gradient descent.
        runs: Repetitions.
        rng: Source of randomness.
        shared: Size, in standard deviations, of a direction that all embeddings have in common.

    Returns:
        Macro-F1 in percent over 256 queries, float64 (run,).
    """
    truth, answers = np.empty((2, runs, _QUERIES), dtype=np.int64)
    for run in range(runs):
        inputs, outputs = rng.normal(shared, 1, size=(2, _CLASSES, _WIDTH))
        labels = rng.integers(_CLASSES, size=n_demos)
        if every_class:
            labels[:_CLASSES] = np.arange(_CLASSES)
        answer = predict(inputs, outputs, np.bincount(labels, minlength=_CLASSES), steps)
        truth[run] = rng.integers(_CLASSES, size=_QUERIES)
        answers[run] = answer[truth[run]]
    return 100 * macro_f1(truth, answers, _CLASSES)


def linear(runs: int = 400) -> list[Reference]:
    """Compare the linear map with the protocol's simulation."""
    rng, found = np.random.default_rng(0), []
    for (n_demos, every_class, steps), (mean, sd) in published.LINEAR.items():
        scores = linear_scores(n_demos, every_class, steps, runs, rng)
        found.append(
            Reference(
                table="linear",
                row=f"L = {n_demos}, {'every class shown' if every_class else 'drawn alike'}",
                column=f"{steps} step{'s' if steps > 1 else ''}",
                published=mean,
                published_sd=sd,
                published_error=max(sd / _ASSUMED_DRAWS**0.5, 0.05),
                value=float(scores.mean()),
                sd=float(scores.std(ddof=1)),
                error=float(scores.std(ddof=1) / runs**0.5),
            )
        )
    return found


def chance() -> list[Reference]:
    """Compare macro-F1 of guessing, and of always one class, with the protocol's."""
    rng, found = np.random.default_rng(0), []
    for name, (counts, mean, sd, constant) in published.CHANCE.items():
        guess = uniform_f1(counts, rng)
        found.append(
            Reference(
                table="chance",
                row=name,
                column="guess",
                published=mean,
                published_sd=sd,
                published_error=sd / _ASSUMED_DRAWS**0.5,
                value=100 * guess.mean,
                sd=100 * guess.sd,
            )
        )
        # 256 is no multiple of 14: the classes of a balanced set are taken as equally frequent.
        balanced = max(counts) - min(counts) <= 1
        shares = np.full(len(counts), 1 / len(counts)) if balanced else np.array(counts) / sum(counts)
        always = 100 * constant_f1(shares)
        found.append(
            Reference(
                table="chance",
                row=name,
                column="always one class",
                published=constant,
                published_error=0.005 if constant < 1 else 0.05,
                value=always,
            )
        )
    return found


def coverage() -> list[Reference]:
    """Compare the chances that demonstrations leave a class out with the protocol's."""
    even = np.full(_CLASSES, 1 / _CLASSES)
    rows = [("a class is absent", n, p, 0.05, absent(even, n)[0]) for n, p in published.ABSENT.items()]
    rows += [("all are covered", n, p, 0.5, covered(even, n)) for n, p in published.COVERED.items()]
    return [
        Reference(
            table="coverage",
            row=f"L = {n}",
            column=what,
            published=percent,
            published_error=half,
            value=float(100 * share),
        )
        for what, n, percent, half, share in rows
    ]


def t_range(
    natural: tuple[float, float], random: tuple[float, float], n: int = published.N_MAPS
) -> tuple[float, float]:
    """Return the lowest and highest Welch t that means and sds printed to one decimal allow."""
    found = []
    for gap, spread in product((-0.1, 0.1), (-0.05, 0.05)):
        sds = [max(sd + spread, 0.0) for sd in (natural[1], random[1])]
        found.append(welch_from_summary(natural[0] + gap, sds[0], n, random[0], sds[1], n)[0])
    return min(found), max(found)


def maps() -> list[Reference]:
    """Compute the t values of E5 anew from the printed means and sds, 500 maps a group.

    The error of the printed value is taken as half of what the rounding of its inputs leaves open, so that
    two errors are all of it.
    """
    found = []
    for (labels, kind), (mean, sd, t) in published.NATURAL_MAPS.items():
        groups = [("", published.RANDOM_MAPS[labels])]
        if labels == "CR / SST-2":
            groups.append((" (random maps of E3)", published.RANDOM_MAPS_E3))
        for note, random in groups:
            low, high = t_range((mean, sd), random)
            middle, _ = welch_from_summary(mean, sd, published.N_MAPS, *random, published.N_MAPS)
            found.append(
                Reference(
                    table="maps",
                    row=labels + note,
                    column=kind,
                    published=t,
                    published_error=max(high - middle, middle - low) / 2,
                    value=middle,
                )
            )
    return found
