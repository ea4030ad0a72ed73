"""What the order of demonstrations does to a model's answers, and which positions it follows (M12b).

A kernel regression gives the same answer in every order. How far a model's answers move is the most that any
vote could be expected to miss, and the weight of a position says in which direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import ends, of_model
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.weights import grids
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT, Setting
from taskscope.studies.kernel_regression.weights.rows import REORDERED
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table


@dataclass(frozen=True)
class Moved:
    """One setting over all its orders, or the mean of several."""

    name: str
    n_orders: int
    """Orders in which every held-out question was asked, the first among them."""
    turned: Measure
    """Share of other orders in which the answer is not that of the first."""
    spread: Measure
    """Mean total variation of the label's law in one order and its mean over all orders."""
    weights: tuple[Measure, ...]
    """Of the demonstration at each position, adding up to 1 where classes are shown equally often: those of a
    vote by position alone that moves with order as the law does. A kernel regression has 1 / k at each."""


@dataclass(frozen=True)
class Orders:
    """One model."""

    model: str
    settings: tuple[Moved, ...]
    mean: Moved
    """Over settings."""


@once_per_table
def orders(rows: pa.Table, params: KernelRegressionParams) -> list[Orders]:
    """Read every model of which weights were measured, in sorted order."""
    return [_orders(model, some, params.draws) for model, some in grids.settings(rows).items()]


def moved_by_order(setting: Setting) -> np.ndarray:
    """Return turned, spread and the weight of each position for all held-out questions, (question, 2 + k)."""
    first, other = setting.held_out, setting.answers[HELD_OUT, REORDERED]
    again = [other.order == order for order in np.unique(other.order)]
    laws = np.stack([first.laws, *(other.laws[mine] for mine in again)])
    shown = np.stack([first.shown, *(other.shown[mine] for mine in again)])
    n_orders, _, k = shown.shape
    off = laws - laws.mean(axis=0)
    spread = np.abs(off).sum(axis=2).mean(axis=0) / 2
    # How much more of the law the label at a position has in an order that puts it there. The mean over
    # orders holds the order itself, and other positions show the same label: a unit of weight counts less.
    beyond = np.take_along_axis(off, shown, axis=2).mean(axis=0)
    unit = (1 - 1 / n_orders) * k / (k - 1) * (1 - 1 / setting.n_classes)
    return np.column_stack([1 - setting.among_orders, spread, 1 / k + beyond / unit])


def tables(found: Orders) -> list[Table]:
    """Tabulate every setting, and every position."""
    name = f"kernel-regression-{slug(found.model)}-orders"
    k = len(found.mean.weights)
    return [
        Table(
            name=name,
            title="What the order of the demonstrations does to the model's answers",
            columns=("setting", "orders", "answers turned", "spread of the law", "first", "last"),
            rows=tuple(
                (
                    each.name,
                    each.n_orders,
                    *map(_told, (each.turned, each.spread, each.weights[0], each.weights[-1])),
                )
                for each in (*found.settings, *([found.mean] if len(found.settings) > 1 else []))
            ),
            note="The same demonstrations of every held-out question in random orders. 'answers turned': in "
            "how many of the other orders the answer is not that of the first. 'spread of the law': mean "
            "total variation between the law of the label in one order and its mean over all. Both are 0 for "
            "any kernel regression. 'first', 'last': weight of the demonstration farthest from the question "
            f"and of the nearest; 1 / k = {1 / k:.3f} where order does not matter.",
            model=found.model,
        ),
        Table(
            name=f"{name}-positions",
            title="How much the demonstration at each position counts",
            columns=("position", "weight"),
            rows=tuple((place, _told(weight)) for place, weight in enumerate(found.mean.weights, start=1)),
            note="Mean over settings. Weights of the vote by position alone whose answers move with order as "
            "the model's law does; they add up to 1 where the classes are shown equally often. A model that "
            "does not look at labels has 1 / k everywhere, like a kernel regression.",
            model=found.model,
        ),
    ]


def figures(found: Orders) -> list[Figure]:
    """Draw the weight of every position."""
    weights = found.mean.weights
    data = [{"position": place, **ends(weight, "weight")} for place, weight in enumerate(weights, start=1)]
    return [
        of_model(
            found.model,
            "positions",
            "Which demonstrations the answer follows, by position",
            f"The nearest demonstration counts {weights[-1].value:.2f}, the farthest {weights[0].value:.2f}; "
            f"a vote that knows no order gives each {1 / len(weights):.2f}. In another order "
            f"{found.mean.turned.value:.0%} of the answers turn.",
            ("Line chart", "weight of the demonstration at each position in the model's answers."),
            charts.curves(
                data,
                Axis("position", "position of the demonstration", whole=True),
                Axis("weight", "weight in the answer", format=".2f"),
                low="low",
                high="high",
                rules=(Rule(1 / len(weights), "no order"),),
            ),
        )
    ]


def _orders(model: str, some: Sequence[Setting], draws: int) -> Orders:
    measured = [moved_by_order(setting) for setting in some]
    own = zip(some, measured, strict=True)
    return Orders(
        model,
        tuple(_moved(model, setting.name, [setting], [each], draws) for setting, each in own),
        _moved(model, "mean", some, measured, draws),
    )


def _moved(
    model: str, name: str, some: Sequence[Setting], measured: Sequence[np.ndarray], draws: int
) -> Moved:
    """Average over the questions of some settings; one that comes in several is resampled as one."""
    units = np.array([f"{s.task} {query}" for s in some for query in s.held_out.query.tolist()])
    table = np.vstack(measured)
    rng = stream("kernel-regression orders", model, name)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, units, draws, rng)])
    turned, spread, *weights = map(Measure.of, drawn.T)
    n_orders = 1 + min(len(np.unique(s.answers[HELD_OUT, REORDERED].order)) for s in some)
    return Moved(name, n_orders, turned, spread, tuple(weights))


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
