"""The page of the trend rule's error rates: each measured range beside what the protocol states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

TOLERANCE = 0.03
"""Sampling error allowed against the protocol's numbers, which come from 600 runs as well."""
RULE_NOISE = 0.02

Cell = dict[str, Any]
Shares = dict[str, float]


class Row(NamedTuple):
    """A row of the main table: which cells, what share of runs, and the range the protocol gives."""

    title: str
    truths: str
    """Beginning of the truths' names."""
    way: str
    share: Callable[[Shares], float]
    low: float
    high: float
    items: tuple[int, ...] = (300, 1000)
    noises: tuple[float, ...] = (0.0, 0.02)
    rule_noise: float = RULE_NOISE


def turn(found: Shares) -> float:
    """Any claim of a reversal."""
    return found["U-shaped"] + found["inverted-U"] + found["wave"]


def direction(found: Shares) -> float:
    """Any claim of a straight trend."""
    return found["inverse"] + found["positive"]


def label(name: str) -> Callable[[Shares], float]:
    """The share of one label."""
    return lambda found: found[name]


ROWS = (
    Row("levels off: false turn", "levels off", "rule", turn, 0, 0.02),
    Row("levels off: false turn", "levels off", "shortcut", turn, 0.87, 1),
    Row("falls by .20: inverse", "falls by .20", "rule", label("inverse"), 0.99, 1),
    Row("falls by .20: inverse", "falls by .20", "shortcut", label("inverse"), 0.92, 1),
    Row("rises by .50: positive", "rises by .50", "rule", label("positive"), 0.99, 1),
    Row("rises by .50: positive", "rises by .50", "shortcut", label("positive"), 0.92, 1),
    Row("U, depth .20", "U, depth .20", "rule", label("U-shaped"), 0.99, 1),
    Row("U, depth .20", "U, depth .20", "shortcut", label("U-shaped"), 1, 1),
    Row("late U", "late U", "rule", label("U-shaped"), 0.95, 1),
    Row("late U", "late U", "shortcut", label("U-shaped"), 1, 1),
    Row("U, depth .10", "U, depth .10", "rule", label("U-shaped"), 0.48, 0.71, items=(300,)),
    Row("U, depth .10", "U, depth .10", "rule", label("U-shaped"), 0.81, 0.99, items=(1000,)),
    Row("U, depth .15", "U, depth .15", "rule", label("U-shaped"), 0.95, 1, items=(300,)),
    Row("U, depth .15", "U, depth .15", "rule", label("U-shaped"), 0.99, 1, items=(1000,)),
    Row("flat: false direction", "flat", "rule", direction, 0, 0.03, noises=(0.0,)),
    Row("flat: false direction", "flat", "rule", direction, 0, 0.12, noises=(0.02,)),
    Row("flat: flat", "flat", "shortcut", label("flat"), 0.64, 0.98),
    Row("flat: false turn, rule told there is no noise", "flat", "rule", label("U-shaped"), 0.02, 0.10,
        noises=(0.02,), rule_noise=0.0),
)  # fmt: skip


U = label("U-shaped")
OTHERS = (
    Row("V, one lowest model, .10", "other shape: V, depth .10", "rule", U, 0.48, 0.71, (300,)),
    Row("V, one lowest model, .10", "other shape: V, depth .10", "rule", U, 0.81, 0.99, (1000,)),
    Row("V, one lowest model, .15", "other shape: V, depth .15", "rule", U, 0.95, 1, (300,)),
    Row("V, one lowest model, .15", "other shape: V, depth .15", "rule", U, 0.99, 1, (1000,)),
    Row("parabola, lowest between two models, .10", "other shape: par", "rule", U, 0.48, 0.71, (300,)),
    Row("parabola, lowest between two models, .10", "other shape: par", "rule", U, 0.81, 0.99, (1000,)),
    Row("levels off slowly: false turn", "other shape: levels", "rule", turn, 0, 0.02),
    Row("levels off slowly: false turn", "other shape: levels", "shortcut", turn, 0.87, 1),
)


def page(data: dict[str, Any]) -> str:
    """Make the Markdown page from the simulation's numbers."""
    cells: list[Cell] = data["cells"]
    return "\n".join(
        [
            "# How often the trend rule is right",
            "",
            f"{data['runs']} simulated series per cell: right or wrong answers of 4, 6 and 8 models to 300 "
            "and 1,000 items, latent normals correlated at .5 between models, noise between models of 0 and "
            ".02, the rule assuming .02. `benchmarks/trend_rule.py`; every cell is in the JSON file beside "
            "this page. The shortcut is a regression on size and its square. Shares of series in percent, "
            "lowest to highest over the cells; the protocol's numbers are its own simulation, whose curves "
            "it describes in words only, so the shapes here are this page's reading of them. *Within* allows "
            "three points.",
            "",
            *_table(ROWS, cells),
            "",
            "## Where the protocol's words fit other shapes",
            "",
            "Above, a U is a parabola whose lowest models lie the stated depth below both ends, and "
            "levelling off is exponential with five time constants within the sizes. These shapes were "
            "chosen, among several tried, because they come closest to the protocol's numbers; what others "
            "give:",
            "",
            *_table(OTHERS, cells),
            "",
            *_noise_and_flat(cells, data["raised"]),
            "",
            *_templates(data["templates"]),
            "",
            *_pairing(data["pairing"]),
            "",
            *_all_cells(cells),
            "",
        ]
    )


def _table(rows: tuple[Row, ...], cells: list[Cell]) -> list[str]:
    return [
        "| truth and answer | way | items | noise | measured | protocol | within |",
        "|---|---|---|---|---:|---:|---|",
        *(_row(row, cells) for row in rows),
    ]


def _percent(low: float, high: float) -> str:
    ends = [f"{100 * value:.0f}" for value in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def _row(row: Row, cells: list[Cell]) -> str:
    values = [
        row.share(cell[row.way])
        for cell in cells
        if cell["truth"].startswith(row.truths)
        and cell["items"] in row.items
        and cell["true_noise"] in row.noises
        and cell["rule_noise"] == row.rule_noise
    ]
    fits = row.low - TOLERANCE <= min(values) and max(values) <= row.high + TOLERANCE
    items = " and ".join(f"{n:,}" for n in row.items)
    noise = " and ".join(f"{value:g}" for value in row.noises)
    return (
        f"| {row.title} | {row.way} | {items} | {noise} | {_percent(min(values), max(values))} "
        f"| {_percent(row.low, row.high)} | {'yes' if fits else '**no**'} |"
    )


def _noise_and_flat(cells: list[Cell], raised: dict[str, dict[str, Shares]]) -> list[str]:
    flats = [c for c in cells if c["truth"].startswith("flat") and c["rule_noise"] == RULE_NOISE]
    lines = [
        "## How willing the rule is to say flat",
        "",
        "Share of flat series that are called flat; the rest is nearly all undetermined.",
        "",
        "| items | noise | 4 models | 6 models | 8 models |",
        "|---:|---:|---:|---:|---:|",
    ]
    for items in (300, 1000):
        for noise in (0.0, 0.02):
            shares = [
                f"{100 * c['rule']['flat']:.0f}"
                for c in flats
                if (c["items"], c["true_noise"]) == (items, noise)
            ]
            lines.append(f"| {items:,} | {noise:g} | {' | '.join(shares)} |")
    told = [100 * (turn(found) + direction(found)) for found in raised["flat"].values()]
    dip = [100 * found["U-shaped"] for found in raised["dip"].values()]
    return [
        *lines,
        "",
        "With noise of .05 between 8 models, more than the assumed .02, a flat truth of 1,000 items gets a "
        f"false trend or turn in {told[0]:.0f} % of series; with the noise raised where the curve's own "
        f"residuals show more, as `classify` does, in {told[1]:.0f} %: replicates with other seeds are worth "
        "more than any rule. Where the assumed noise is right, raising costs next to nothing: a dip of .10 "
        f"is found in {dip[1]:.0f} % of series with it and in {dip[0]:.0f} % without.",
    ]


def _templates(rows: list[dict[str, float]]) -> list[str]:
    return [
        "## Items made from templates",
        "",
        "No trend on average, but each template with a slope of its own (standard deviation of its change "
        "from the smallest to the largest of 4 models). Share of series with a significant change, 5 % "
        "two-sided. The protocol does not say how far its slopes spread; these two were chosen to span it. "
        "The protocol: 41–60 % naive and 3–5 % clustered for 20 templates, 50–67 % and 5 % for 18.",
        "",
        "| items | templates | slopes | items taken as independent | clusters of templates |",
        "|---:|---:|---:|---:|---:|",
        *(
            f"| {r['items']:,} | {r['templates']} | {r['spread']:g} | {100 * r['naive']:.0f} | "
            f"{100 * r['clustered']:.0f} |"
            for r in rows
        ),
    ]


def _pairing(ratios: dict[str, float]) -> list[str]:
    measured = " and ".join(f"{ratio:.2f} at {latent}" for latent, ratio in ratios.items())
    return [
        "## What pairing is worth",
        "",
        f"Standard error of a difference of two models over the same items, relative to items of their own: "
        f"{measured} latent correlation (protocol: .81 and .65). That these agree is why the correlation is "
        "read as that of the latent normals.",
    ]


def _all_cells(cells: list[Cell]) -> list[str]:
    short = {
        "positive": "pos",
        "inverse": "inv",
        "U-shaped": "U",
        "inverted-U": "inv-U",
        "wave": "wave",
        "flat": "flat",
        "undetermined": "?",
    }
    rows = [c for c in cells if c["rule_noise"] == RULE_NOISE]
    return [
        "## Every cell",
        "",
        "Labels of the rule, in percent; under half a percent is left out. ? is undetermined.",
        "",
        "| truth | models | items | noise | labels |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {c['truth']} | {c['models']} | {c['items']:,} | {c['true_noise']:g} | "
            + ", ".join(f"{short[k]} {100 * v:.0f}" for k, v in c["rule"].items() if v >= 0.005)
            + " |"
            for c in sorted(rows, key=lambda c: (c["truth"], c["items"], c["true_noise"], c["models"]))
        ),
    ]
