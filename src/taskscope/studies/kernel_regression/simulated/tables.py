"""The tables of S1, S2, S3 and S5, each with the numbers of the protocol or the paper beside its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Table
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.simulated import convergence as s1
from taskscope.studies.kernel_regression.simulated import paper_size as s2
from taskscope.studies.kernel_regression.simulated import paper_size_page, references
from taskscope.studies.kernel_regression.simulated import posterior as s3
from taskscope.studies.kernel_regression.simulated import symmetries as s5
from taskscope.studies.kernel_regression.simulated.findings import SETTING, slopes_of
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves
from taskscope.studies.kernel_regression.simulated.slopes import FIRST
from taskscope.theory.kernel_regression.kernels import KERNELS

DRAWS = 1000
"""Bootstrap resamples behind the intervals of slopes."""
_FACTS = {
    s1.RANK_FACT: "F4: E[K(x, x)] is the rank",
    s1.WEIGHT_FACT: "F1, F2: E[K(x, x_i)] is 1, or P(x | task) / P(x)",
    s1.LABEL_FACT: "F1, F2: E[e(y_i) K(x, x_i)] is that times P(. | x, task)",
}


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate what was simulated of S1, S2, S3 and S5."""
    first, paper = curves(rows, s1.NUMBER), curves(rows, s2.NUMBER)
    found: list[Table] = []
    if (SETTING, s1.RECOMMENDED, s1.GAP) in first:
        found += [_slopes(first), _gaps(first), _facts(first), _errors(first)]
    if (s2.PEAKED, "C", s2.DISTANCE) in paper:
        found += paper_size_page.tables(paper)
    doubts, symmetries = curves(rows, s3.NUMBER), curves(rows, s5.NUMBER)
    if doubts:
        found.append(_doubts(doubts))
    if (s3.leak_name(0), s3.KERNEL, s3.GAP) in doubts:
        found.append(_floors(doubts))
    if symmetries:
        found += [_orders(symmetries), _names(symmetries)]
    return found


def _slopes(known: Curves) -> Table:
    rows: list[tuple[Any, ...]] = []
    methods = (*s1.METHODS, *s1.CONTROLS, s1.LEAKY)
    for setting in s1.SETTINGS:
        for method, resampled in slopes_of(known, setting, methods, DRAWS).items():
            slope = Measure.of(resampled)
            fact = {name: known.get((setting, method, name)) for name in (s1.RANK, s1.BIAS)}
            rank, bias = (None if each is None else float(each.mean[0]) for each in fact.values())
            biases = references.LITERAL_BIAS[setting] if method == s1.LITERAL else ""
            bound = known.get((setting, method, s1.BOUND))
            rows.append(
                (
                    setting,
                    method,
                    rank,
                    *(round(value, 3) for value in (slope.value, slope.low, slope.high)),
                    references.SLOPES[setting].get(method),
                    None if bias is None else float(f"{bias:.2g}"),
                    biases,
                    None if bound is None else f"{bound.values.min():.0e} to {bound.values.max():.0e}",
                )
            )
    columns = (
        *("worlds", "kernel", "rank", "slope", "from", "to", "slope, reference"),
        *("limit bias", "limit bias, reference", "limit bias, bound"),
    )
    return _table(
        "slopes",
        "How fast each kernel's gap shrinks",
        columns,
        rows,
        f"Log-log slopes of the median gap from n = {FIRST}, over {_worlds(known)} worlds; theory says -0.5. "
        "Limit bias: mean L1 distance, by enumeration, between what the regression tends to and the law of "
        "the label; only the formula as printed (C) has one. Bound: the theorem's eta^2 epsilon, over these "
        "worlds, which says nothing (in the protocol's from 3e6 to 4e11). Reference: simulations run for the "
        "protocol, other draws of the same kind of worlds.",
    )


def _gaps(known: Curves) -> Table:
    sizes = known[SETTING, s1.RECOMMENDED, s1.GAP].sizes.tolist()
    reference = dict(
        zip(references.PEAKED_SIZES, zip(*references.PEAKED_GAPS.values(), strict=True), strict=True)
    )
    rows = []
    for i, n in enumerate(sizes):
        measured = [round(float(known[SETTING, name, s1.GAP].mean[i]), 3) for name in s1.METHODS]
        negative = round(float(known[SETTING, s1.RECOMMENDED, s1.NEGATIVE].mean[i]), 4)
        told = reference.get(n, (None,) * len(s1.METHODS))
        pairs = [value for pair in zip(measured, told, strict=True) for value in pair]
        rows.append((n, *pairs, negative))
    heads = [head for name in s1.METHODS for head in (name, f"{name}, reference")]
    return _table(
        "gaps",
        "Median gap to exact Bayes, peaked worlds",
        ("n", *heads, "negative denominators, F"),
        rows,
        "Kernels are signed: where the weights of a few demonstrations add up to less than zero, the ratio "
        "points the wrong way; the share of queries where they do is in the last column. Denominators nearer "
        f"to zero than 1e-12: {_clipped(known)}.",
    )


def _facts(known: Curves) -> Table:
    rows = [
        (_FACTS[metric], setting, method, f"{np.nanmax(curve.values):.1e}")
        for (setting, method, metric), curve in known.items()
        if metric in _FACTS
    ]
    return _table(
        "facts",
        "Exact facts, checked by enumerating every input",
        ("fact", "worlds", "kernel", "largest deviation"),
        rows,
        "The largest over worlds of a mean over inputs, each as probable as it is under the task.",
    )


def _errors(known: Curves) -> Table:
    rows = []
    for setting in s1.SETTINGS:
        for metric, predicted, fact in (
            (s1.NORMALISED_ERROR, s1.PREDICTED_NORMALISED, "F4, exact: rank - E|P|^2"),
            (s1.RATIO_ERROR, s1.PREDICTED_RATIO, "F5, to first order"),
        ):
            curve = known[setting, "E", metric]
            large = curve.sizes >= FIRST
            rows.append(
                (
                    setting,
                    fact,
                    round(float(known[setting, "E", predicted].mean[0]), 3),
                    round(float(curve.values[:, large].mean()), 3),
                )
            )
    return _table(
        "errors",
        "The error at n demonstrations, predicted and measured (kernel E)",
        ("worlds", "law", "n x squared error, predicted", "measured"),
        rows,
        f"Measured: the mean over all n from {FIRST}, against the law of the label given the task. The first "
        "is of the sum over n, the second of the ratio.",
    )


def _doubts(known: Curves) -> Table:
    rows = []
    for i, n in enumerate(s3.SIZES_SHOWN):
        measured = [float(known[s3.leak_name(leak), "Bayes", s3.DOUBT].mean[i]) for leak in s3.LEAKS]
        rows.append((n, *(float(f"{value:.3g}") for value in measured), references.DOUBTS["leak 0"][i]))
    closest, slope = (float(known[s3.leak_name(0), "Bayes", each].mean[0]) for each in (s3.CLOSEST, s3.SLOPE))
    floors = ", ".join(f"about {value} at {name}" for name, value in references.DOUBT_FLOORS.items())
    return _table(
        "posterior",
        "Doubt about the task at the start of the query",
        ("n", *map(s3.leak_name, s3.LEAKS), "leak 0, reference"),
        rows,
        f"1 - posterior of the prompts' task, mean over prompts and {_worlds(known)} worlds of 8 tasks. The "
        f"task most like it differs by {closest:.2f} nats a demonstration, and the log-odds against it grow "
        f"by {slope:.2f}. Reference floors: {floors}.",
    )


def _floors(known: Curves) -> Table:
    names = [s3.leak_name(leak) for leak in s3.LEAKS]
    metrics = (s3.GAP, s3.FLOOR)
    sizes = known[names[0], s3.KERNEL, s3.GAP].sizes.tolist()
    rows = [
        (
            n,
            *(float(f"{known[name, s3.KERNEL, each].mean[i]:.2g}") for name in names for each in metrics),
        )
        for i, n in enumerate(sizes)
    ]
    return _table(
        "leaks",
        "Where a delimiter may change the task the gap ends at a floor",
        ("n", *(f"{name}, {metric}" for name in names for metric in metrics)),
        rows,
        f"Gap: median L1 distance of kernel {s3.KERNEL} to a Bayes who believes in the leak, in the worlds "
        "above. Floor: the same of what the kernel regression tends to, the law of the label given "
        "the prompts' task. Without a leak Bayes tends to it too; with one he keeps a doubt, which no "
        "demonstration takes away.",
    )


def _orders(known: Curves) -> Table:
    metrics = (s5.TOKENWISE, s5.WORST_ORDER, s5.SPREAD, s5.TURNED, s5.RECENCY)
    rows = []
    for leak in s3.LEAKS:
        values = [known[s3.leak_name(leak), s5.BAYES, metric] for metric in metrics]
        worst = [f"{np.nanmax(value.values):.1e}" for value in values[:2]]
        rows.append((f"{leak:g}", *worst, *(round(float(value.mean[0]), 4) for value in values[2:])))
    return _table(
        "orders",
        "What the order of four demonstrations does to exact Bayes",
        (
            *("leak", "F6: forward algorithm off by", "largest change with order"),
            *("mean L1 spread over orders", "answers changed by order", "recency"),
        ),
        rows,
        "F6: the largest difference of the forward algorithm's prediction, over the whole prompt token by "
        "token, from that of posteriors example by example. Recency: posterior of task b after "
        "demonstrations a a b b, minus that after b b a a. A delimiter that may change the task makes an "
        "exact reader sensitive to order; references at leak 0.01 and 0.1: "
        "spread .004 and .0245, answers changed 3 % and 28 %, recency .20 at 0.1.",
    )


def _names(known: Curves) -> Table:
    rows = []
    for method in (s5.BAYES, *KERNELS):
        order, names = (
            float(np.nanmax(known[s3.leak_name(0), method, metric].values))
            for metric in (s5.WORST_ORDER, s5.WORST_NAMES)
        )
        rows.append((method, f"{order:.1e}", f"{names:.1e}"))
    return _table(
        "symmetries",
        "Order and names of labels, under an exact reset",
        ("reader", "largest change with order", "largest change with names"),
        rows,
        "Kernels: as a share of the largest entry of the vote before it is divided by its sum of weights. "
        "Renamed labels rename a kernel's answer exactly; to Bayes they are a task it has never seen.",
    )


def _worlds(known: Curves) -> int:
    return max(len(curve.values) for curve in known.values())


def _clipped(known: Curves) -> int:
    return int(
        sum((curve.values > 0).sum() for (_, _, metric), curve in known.items() if metric == s1.CLIPPED)
    )


def _table(
    name: str, title: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], note: str
) -> Table:
    return Table(
        name=f"kernel-regression-theory-{name}",
        title=title,
        columns=tuple(columns),
        rows=tuple(rows),
        note=note,
    )
