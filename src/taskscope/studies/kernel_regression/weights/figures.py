"""The figures of RQ2 to RQ4: the map of votes, where the last token looks, votes beside their controls."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import head_map, intervals, of_model
from taskscope.studies.kernel_regression.weights.masses import POINTS
from taskscope.studies.kernel_regression.weights.masses import columns as strip_columns
from taskscope.studies.kernel_regression.weights.resampling import CONTROLS, HIGH_LIFT, ModelWeights
from taskscope.studies.wording import percent

AGREEMENT = Axis("agreement", "votes for the model's answer", domain=(0, 1), format=".0%")
LIFT = Axis("lift", "attention per token, times a demonstration's mean", format=".2~f")
DEPTH = Axis("depth", "relative depth of the block", domain=(0, 1), format=".2f")
WEIGHT = Axis("weight", "attention per token", format=".2~g")
WIDEST = 32
"""Heads of a block up to which the map by chance stands beside the map."""
POINTS_SHOWN = 6
"""Columns into which the positions of a text are averaged where a strip is drawn."""
HEAD = "the chosen head's vote"
ORDERS = "the model in another order"
ZERO = "the model without demonstrations"


def figures(found: ModelWeights) -> list[Figure]:
    """Draw what was measured on one model."""
    drawn = [_map(found), _votes(found), _lifts(found)]
    return drawn + ([_strip(found)] if found.strips else [])


def _map(found: ModelWeights) -> Figure:
    """Agreement of every head's vote, and what is left of it when answers are exchanged."""
    heads = found.heads
    beside = heads.per_block <= WIDEST
    best = int(found.map.argmax())
    return of_model(
        found.model,
        "votes-by-head",
        "How often each head's label vote is the model's answer",
        f"Highest: {heads.name(best)}, {percent(found.map[best])}. Exchanging the model's answers "
        "between questions with the same right answer leaves the best head "
        f"{percent(float(np.median(found.best_by_chance)))}" + (" (columns 'by chance')." if beside else "."),
        (
            "Heat-map",
            "agreement of label votes with the model's answer by block and head, beside the same with "
            "answers exchanged.",
        ),
        head_map(
            AGREEMENT,
            heads.sites,
            {"": found.map} | ({"by chance": found.map_by_chance} if beside else {}),
            heads.blocks,
        ),
        main=True,
    )


def _votes(found: ModelWeights) -> Figure:
    """Agreement of the chosen head beside its controls, setting by setting."""
    points = []
    for votes in found.votes:
        series = {HEAD: votes.agreement, ORDERS: votes.orders, ZERO: votes.zero_shot, **votes.controls}
        points += [(votes.setting.name, name, Measure.of(draws)) for name, draws in series.items()]
    return of_model(
        found.model,
        "votes-and-controls",
        "Votes of the chosen head on questions it was not chosen by",
        f"The head's vote is the model's answer {percent(found.agreement[0])} of the time; the strongest "
        f"control, {found.strongest}, {percent(found.controls[found.strongest][0])}.",
        (
            "Forest plot",
            "agreement with the model's answer of the chosen head's vote and of the controls.",
        ),
        intervals(
            points,
            AGREEMENT,
            "setting",
            "what",
            order=(HEAD, ORDERS, ZERO, *CONTROLS),
            controls=CONTROLS,
        ),
    )


def _lifts(found: ModelWeights) -> Figure:
    """Label lift of every head by the depth of its block, beside that of the token before the label."""
    series = {"labels": found.lift, "the token before each label": found.template_lift}
    data = [
        {"depth": round(float(depth), 4), "lift": round(float(lift), 4), "where": name, "head": label}
        for name, lifts in series.items()
        for depth, lift, label in zip(
            found.heads.depth, lifts, map(found.heads.name, range(len(found.heads))), strict=True
        )
    ]
    return of_model(
        found.model,
        "label-lift",
        "How much more the last token looks at labels than at other tokens",
        f"Each dot is a head. Above {HIGH_LIFT:g} a label's token gets twice the attention of a "
        f"demonstration's mean token; {percent(found.lifted[0])} of the heads after the first third of the "
        "blocks lie there for labels.",
        ("Scatter", "lift of labels and of the token before them, by depth."),
        charts.scatter(
            data,
            DEPTH,
            LIFT,
            series="where",
            label="head",
            order=tuple(series),
            controls=("the token before each label",),
            rules=[Rule(HIGH_LIFT, "twice the mean")],
        ),
    )


def _strip(found: ModelWeights) -> Figure:
    """Attention along the prompt: first, middle and last demonstrations and the query."""
    task, template = found.strips[0].task, found.strips[0].template
    own = [strip for strip in found.strips if (strip.task, strip.template) == (task, template)]
    data, order = [], []
    for block in sorted({strip.block for strip in own}):
        attention = np.mean([strip.attention for strip in own if strip.block == block], axis=0)
        cells = _shown(attention, own[0].n_shown)
        order = list(cells)
        data += [{"block": block, "where": name, "weight": round(w, 6)} for name, w in cells.items()]
    return of_model(
        found.model,
        "attention-strip",
        "Where the last token looks",
        "Columns follow the prompt: the first demonstration, the mean of those between, the last one, "
        "and the query; every text is laid on the same positions. Dark columns at 'label' are the claim.",
        ("Heat-map", f"mean attention of the last token along the prompt ({task}, {template}), by block."),
        charts.heatmap(
            data, WEIGHT, x="where", y="block", x_title="part of the prompt", y_title="block", x_order=order
        ),
    )


def _shown(attention: np.ndarray, n_shown: int) -> dict[str, float]:
    """Average a strip's columns to those that are drawn, in order."""
    where = {0: "first", n_shown - 1: "last"}
    cells: dict[str, list[float]] = {}
    order: list[str] = []
    for (part, number, point), weight in zip(strip_columns(n_shown), attention.tolist(), strict=True):
        demonstration = "" if number < 0 else f"{where.get(number, 'between')}: "
        position = f" {point * POINTS_SHOWN // POINTS + 1}" if part in ("text", "query") else ""
        cells.setdefault(f"{demonstration}{part}{position}", []).append(weight)
    for group in ("first: ", "between: ", "last: ", ""):
        order += [name for name in cells if (name.startswith(group) if group else ": " not in name)]
    return {name: float(np.mean(cells[name])) for name in order}
