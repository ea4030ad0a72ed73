"""The numbers behind the claims, each with its interval over tasks and its controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from taskscope.stats.matrices import (
    jackknife,
    leave_one_out,
    off_diagonal,
    pairwise_rest,
    partial_correlation,
    permuted_groups,
    residual,
    same_group,
)
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.hypothesis_files import FEWEST
from taskscope.studies.task_spaces.params import PLAIN, PLAIN_MASKED, SCATTERED, SHUFFLED, TUNED
from taskscope.studies.task_spaces.spaces import Space

Array = np.ndarray
NULLS = ("words", "word_pairs", "untrained")
"""What every map is held against: likeness in words, and of gradients without anything learned."""
FEWEST_TASKS = FEWEST
"""Tasks below which intervals over tasks say nothing."""


def compressed(effects: Array) -> Array:
    """Compress large effects (inverse hyperbolic sine); those below one standard deviation hardly change.

    Else the pairs of tasks that contrast the same two words would outweigh all others.
    """
    return np.arcsinh(effects)


@dataclass(frozen=True)
class Compared:
    """A number, the same under its controls, and by how much it exceeds the largest of them."""

    value: Measure
    controls: dict[str, Measure]
    strongest: str
    """Name of the largest control; empty without one."""
    lead: Measure | None
    """The number less the strongest control, over the same tasks."""


def bounded(values: Array, least: float = -1.0) -> Measure:
    """Read a correlation, or a share from `least` to 1, off `leave_one_out`; no end lies beyond that."""
    value, low, high = jackknife(values)
    return Measure(value, float(np.maximum(low, least)), float(np.minimum(high, 1)))


def compared(
    own: Callable[[Array], float], controls: dict[str, Callable[[Array], float]], n: int
) -> Compared:
    """Work a number and its controls out over tasks, each a function of the tasks that are kept."""
    drawn = {name: leave_one_out(each, n) for name, each in controls.items()}
    values = leave_one_out(own, n)
    known = {name: each[0] for name, each in drawn.items() if np.isfinite(each[0])}
    strongest = max(known, key=lambda name: known[name]) if known else ""
    return Compared(
        value=bounded(values),
        controls={name: bounded(each) for name, each in drawn.items()},
        strongest=strongest,
        lead=Measure(*jackknife(values - drawn[strongest])) if strongest else None,
    )


def reliability(space: Space) -> Compared:
    """How alike the maps of two halves of the pairs are, rows and columns taken out (claim 1).

    A task that is moved by any tuning, and a tuning that moves any task, are the same in both halves without
    saying anything of pairs of tasks; hence the rest. The control is a map that nothing was learned for.
    """

    def of(condition: str) -> Callable[[Array], float]:
        effects = compressed(space.effects(condition))
        return lambda keep: _between_halves(effects[:, keep][:, :, keep])

    controls = {SHUFFLED: of(SHUFFLED)} if SHUFFLED in space.after else {}
    return compared(of(space.drawn), controls, space.n)


def _between_halves(effects: Array) -> float:
    off = off_diagonal(effects.shape[1])
    first, second = (pairwise_rest(half)[off] for half in effects)
    spread = first.std() * second.std()
    return float(((first * second).mean()) / spread) if spread > 0 else 0.0


@dataclass(frozen=True)
class Isolation:
    """How much of what tuning does stays with its own task, by condition."""

    compared: Compared
    own: dict[str, float]
    """Mean gain of the task tuned on, standard deviations."""
    others: dict[str, float]
    """Mean size of the change of any other."""


def isolation(space: Space) -> Isolation:
    """Own gain over own gain plus the mean size of the change of another task, mean over tasks (claim 3)."""
    shares, own, others = {}, {}, {}
    for condition in space.after:
        effects = space.effects(condition).mean(axis=0)
        gain = np.diag(effects)
        leak = np.where(off_diagonal(space.n), np.abs(effects), 0).sum(axis=1) / (space.n - 1)
        shares[condition] = gain / np.maximum(np.abs(gain) + leak, 1e-12)
        own[condition], others[condition] = float(gain.mean()), float(leak.mean())

    def of(condition: str) -> Callable[[Array], float]:
        return lambda keep: float(shares[condition][keep].mean())

    controls = {name: of(name) for name in (PLAIN, PLAIN_MASKED, SCATTERED) if name in shares}
    return Isolation(compared(of(TUNED), controls, space.n), own, others)


def entanglement(space: Space) -> Compared:
    """Squared change of another task as a share of that and the own, under plain training (claim 2).

    Squares are products of the two halves of the pairs, in which chance cancels: a change that is nothing but
    noise counts as none. The control is the same under tuning by gradient differences.
    """

    def of(condition: str) -> Callable[[Array], float]:
        first, second = space.effects(condition)
        squares = first * second
        return lambda keep: _leaked(squares[np.ix_(keep, keep)])

    return compared(of(PLAIN), {TUNED: of(TUNED)}, space.n)


def _leaked(squares: Array) -> float:
    own = max(float(np.diag(squares).mean()), 0.0)
    others = max(float(squares[off_diagonal(len(squares))].mean()), 0.0)
    return others / max(own + others, 1e-12)


def common_mode(effects: Array) -> float:
    """Share of the variance of off-diagonal cells that rows and columns explain (2.9).

    Args:
        effects: (tuned, judged).

    Returns:
        nan where all cells are the same.
    """
    off = off_diagonal(len(effects))
    whole = effects[off].var()
    return float(1 - pairwise_rest(effects)[off].var() / whole) if whole > 1e-12 else float("nan")


def agreement(space: Space) -> Compared:
    """Correlation of transfer, both directions together, with likeness of gradients (claim 4).

    The controls predict the same transfer from words alone, and from gradients of an untrained model.
    """
    effects = compressed(space.effects(TUNED).mean(axis=0))
    both = effects + effects.T

    def of(name: str) -> Callable[[Array], float]:
        likeness = space.likeness[name]

        def value(keep: Array) -> float:
            found = partial_correlation(both[np.ix_(keep, keep)], likeness[np.ix_(keep, keep)], ())
            return found if np.isfinite(found) else 0.0

        return value

    controls = {name: of(name) for name in NULLS}
    return compared(of("gradient"), controls, space.n)


@dataclass(frozen=True)
class Grouping:
    """How well phenomena predict transfer (claim 6)."""

    partial: Measure
    """Correlation of transfer with "same phenomenon" beyond words and an untrained model's gradients."""
    chance: Measure
    """The same with phenomena dealt to tasks at random: mean, and where 95 % of the deals lie."""
    residual: Measure
    """Correlation of phenomena with what is left of transfer when the same is taken out of it alone."""
    raw: float
    """Without anything taken out."""
    words: float
    """The same correlation of the overlap in words."""
    within: float
    """Mean effect of tuning on a task of the same phenomenon, standard deviations."""
    between: float


def grouping(space: Space, draws: int) -> Grouping:
    """Compare the map with the phenomena of linguists (E4)."""
    effects = space.effects(space.drawn).mean(axis=0)
    small = compressed(effects)
    nulls = [space.likeness[name] for name in NULLS]
    same = same_group(space.groups)

    def value(keep: Array) -> float:
        cut = np.ix_(keep, keep)
        return partial_correlation(small[cut], same[cut], [each[cut] for each in nulls])

    def left(keep: Array) -> float:
        cut = np.ix_(keep, keep)
        return partial_correlation(residual(small[cut], [each[cut] for each in nulls]), same[cut], ())

    rng = stream("task-spaces phenomena", space.model, space.tasks)
    dealt = permuted_groups(small, space.groups, nulls, rng, draws)
    low, high = np.nanquantile(dealt, [0.025, 0.975])
    off = off_diagonal(space.n)
    inside = (same == 1) & off
    return Grouping(
        partial=bounded(leave_one_out(value, space.n)),
        residual=bounded(leave_one_out(left, space.n)),
        chance=Measure(float(np.nanmean(dealt)), float(low), float(high)),
        raw=partial_correlation(small, same, ()),
        words=partial_correlation(space.likeness["words"], same, ()),
        within=float(effects[inside].mean()),
        between=float(effects[(same == 0)].mean()),
    )


def groupable(space: Space) -> bool:
    """Whether at least two phenomena hold two tasks each, so that there is something to group."""
    return int((np.bincount(space.groups) > 1).sum()) >= 2
