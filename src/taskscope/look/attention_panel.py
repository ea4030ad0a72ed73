"""The panel about attention: a strip of tokens, the heads that look at labels, and every head's sums."""

from __future__ import annotations

import numpy as np

from taskscope.look.result import Look
from taskscope.look.shares import Shares, by_part, shares
from taskscope.look.words import shown
from taskscope.report.charts import Axis, heatmap
from taskscope.report.findings import Figure, Table
from taskscope.report.panels import Cell, Grid, Panel, Shading, Strip, StripToken

MOST_SHADINGS = 400_000
"""Weights that one page holds; a larger model shows the means of its blocks and its strongest heads."""
STRONGEST = 24


def attention_panel(look: Look, sentence: str) -> Panel:
    """Return the panel; where a model gives no attention it says why."""
    found = shares(look)
    gaps = (*look.attention.gaps, *look.gaps)
    title = "Attention of the last token"
    if found is None:
        return Panel(name="attention", title=title, sentence=sentence, gaps=gaps)
    mean = Shading(name="the mean", group="", weights=tuple(map(float, found.mean)))
    averaged = Strip(title="All blocks and heads, averaged", tokens=strip_tokens(look), shadings=(mean,))
    chosen = Strip(title="One head", tokens=strip_tokens(look), shadings=_shadings(look, found))
    shown_parts = bool(look.demonstrations) and any(token.part == "label" for token in look.tokens)
    return Panel(
        name="attention",
        title=title,
        sentence=sentence,
        gaps=gaps,
        strips=(averaged, chosen),
        grids=(_parts(look, found),) if shown_parts else (),
        figures=(_heads(look, found),) if shown_parts else (),
        tables=(_all_heads(look, found),),
    )


def _shadings(look: Look, found: Shares) -> tuple[Shading, ...]:
    """Return the strongest head, then every block with its heads, as far as a page can hold."""
    n_blocks, n_heads = found.labels.shape
    numbers = look.attention.blocks
    top_block, top_head = found.strongest

    def shading(group: str, name: str, weights: np.ndarray) -> Shading:
        return Shading(name=name, group=group, weights=tuple(map(float, weights)))

    strongest = f"head {top_head} of block {numbers[top_block]}, most on labels"
    some = [shading("Most on labels", strongest, found.weights[top_block, top_head])]
    whole = found.weights.size <= MOST_SHADINGS
    order = np.argsort(-found.labels, axis=None, kind="stable")[: None if whole else STRONGEST]
    kept = {(int(i) // n_heads, int(i) % n_heads) for i in order}
    for block in range(n_blocks):
        group = f"Block {numbers[block]}"
        some.append(
            shading(group, f"block {numbers[block]}, mean of heads", found.weights[block].mean(axis=0))
        )
        some += [
            shading(group, f"block {numbers[block]}, head {head}", found.weights[block, head])
            for head in range(n_heads)
            if (block, head) in kept
        ]
    return tuple(some)


def _parts(look: Look, found: Shares) -> Grid:
    block, head = found.strongest
    means, tops = by_part(look, found.mean), by_part(look, found.weights[block, head])
    rows = []
    for (number, *mean), (_, *top) in zip(means, tops, strict=True):
        x, y = look.demonstrations[number]
        rows.append((Cell(text=f"{x} → {y}"), *(Cell(text="", share=value) for value in (*mean, *top))))
    where = f"head {head} of block {look.attention.blocks[block]}"
    columns = ("demonstration", "input, mean", "arrow, mean", "label, mean")
    return Grid(
        title=f"By demonstration: all heads averaged, and {where}",
        columns=(*columns, "input, that head", "arrow, that head", "label, that head"),
        rows=tuple(rows),
    )


def _heads(look: Look, found: Shares) -> Figure:
    block, head = found.strongest
    data = [
        {"block": str(number), "head": str(h), "share": float(value)}
        for number, row in zip(look.attention.blocks, found.labels, strict=True)
        for h, value in enumerate(row)
    ]
    spec = heatmap(
        data,
        Axis("share", "attention on labels", domain=(0, 1), format=".2f"),
        x="head",
        y="block",
        x_title="head",
        y_title="block",
    )
    return Figure(
        name="attention-on-labels",
        title="Which heads look at the labels",
        see="Dark cells look at the demonstrations' labels; even attention would give each "
        f"{found.even:.2f}.",
        alt=f"Share of the last token's attention on labels, by block and head; the largest is "
        f"{found.labels[block, head]:.2f} in head {head} of block {look.attention.blocks[block]}.",
        spec=spec,
    )


def _all_heads(look: Look, found: Shares) -> Table:
    rows = []
    for number, weights in zip(look.attention.blocks, found.weights, strict=True):
        for head, row in enumerate(weights):
            sums = np.array([part[1:] for part in by_part(look, row)]).reshape(-1, 3).sum(axis=0)
            rows.append((str(number), str(head), *map(float, sums), float(row.sum() - sums.sum())))
    return Table(
        name="attention",
        title="Every head, summed over demonstrations",
        columns=("block", "head", "inputs", "arrows", "labels", "everything else"),
        rows=tuple(rows),
    )


def strip_tokens(look: Look) -> tuple[StripToken, ...]:
    """Return the prompt's tokens for a strip; lines end where the prompt's do."""
    return tuple(
        StripToken(text=shown(token.text) or " ", part=token.part, breaks=token.text.endswith("\n"))
        for token in look.tokens
    )
