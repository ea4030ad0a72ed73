"""The tables of M3: the strongest heads, and every way of comparing."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.similarity.findings import Similarity

LISTED = 12


def tables(found: Similarity) -> list[Table]:
    """Tabulate one model and task."""
    return [_heads(found), _variants(found)]


def _heads(found: Similarity) -> Table:
    size = np.nan_to_num(np.abs(found.centred.value), nan=-1)
    chosen = np.argsort(-size, kind="stable")[:LISTED]
    rows = []
    for at in chosen:
        block, head = found.sites[at]
        numbers = (
            found.centred.value[at],
            found.centred.low[at],
            found.centred.high[at],
            found.q[at],
            found.spearman.value[at],
            found.partial.value[at],
            found.pooled.value[at],
            found.agreement[at],
        )
        rows.append((block, head, *(_rounded(float(number)) for number in numbers)))
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-similarity",
        title=f"Heads by their correlation with prediction similarity: {found.task}",
        columns=(
            "block",
            "head",
            "correlation",
            "from",
            "to",
            "q",
            "of ranks",
            "labels and lengths taken out",
            "all pairs together",
            "vote is the model's answer",
        ),
        rows=tuple(rows),
        note=f"Correlation over {found.k} demonstrations within each of {found.n_questions} prompts of a "
        "head's attention to the label with the dot product of the next-token laws of both texts alone "
        "(with the label cue). Intervals by Fisher's z with standard errors from prompts; q is adjusted for "
        "the number of heads. Where all texts alone predict the same there is no correlation. The "
        f"best of {len(found.q)} heads passes {found.chance:.3f} by chance once in "
        "twenty. The last column is of every other question.",
        model=found.model,
    )


def _variants(found: Similarity) -> Table:
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-similarities",
        title=f"Every way of comparing weights with similarity: {found.task}",
        columns=("run alone", "similarity", "weight", "strongest head", "mean size", "maps alike", "p"),
        rows=tuple(
            (v.cue, v.kind, v.weight, *(_rounded(x) for x in (v.strongest, v.mean, v.map_r, v.map_p)))
            for v in found.variants
        ),
        note="Within-prompt correlations. Weights: attention summed over the label's tokens, its logarithm, "
        "or the largest in text and label as published. Maps alike: over heads, size of the correlation on "
        "every other question against agreement of the vote on the rest; p: heads exchanged within blocks.",
        model=found.model,
    )


def _rounded(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
