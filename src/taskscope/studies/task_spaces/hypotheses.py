"""How the map agrees with the phenomena of linguists, said in every way that the protocol asks for (E4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import (
    leave_one_out,
    off_diagonal,
    partial_correlation,
    permuted_groups,
    permuted_units,
    ranked,
    residual,
    same_group,
)
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_spaces.findings import Result
from taskscope.studies.task_spaces.hypothesis_files import Hypothesis
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import NULLS, bounded, compressed

Array = np.ndarray
_WORDS = ("words", "word_pairs")
_DRAWS = 2000
"""Permutations behind every p of the table; the verdict has its own."""
SAME_FIELD = 0.5
"""What tasks of one field of linguistics are expected to share, of what those of one phenomenon do (2.6)."""
_PHENOMENA = "beyond the phenomena (partial Mantel)"


@dataclass(frozen=True)
class Agreement:
    """One way of saying how far transfer goes with "same phenomenon"."""

    name: str
    value: Measure
    """Interval leaves out one task at a time, with its row and column."""
    chance: Measure
    """Phenomena dealt to tasks at random: mean, and where 95 % lie."""
    p: float
    """Share of the deals that agree as well or better (Mantel's test, one-sided)."""


def graded(space: Space) -> Array | None:
    """Return 1 for tasks of one phenomenon, a half for those of one field, else 0, (task, task).

    None where a field is missing, or where no two phenomena share one: that is "same phenomenon" again.
    """
    if len(space.fields) != space.n or not all(space.fields):
        return None
    same, fields = same_group(space.groups), np.array(space.fields)
    found = np.maximum(same, SAME_FIELD * (fields[:, None] == fields[None, :]))
    return found if (found != same).any() else None


def agreements(space: Space, draws: int = _DRAWS, expected: Array | None = None) -> list[Agreement]:
    """Work out all of them; those for which nothing is left are left out.

    Mantel as measured and by ranks; the area under the curve; partial Mantel, where the nulls are taken out
    of transfer and phenomena; and the residualised space, where they are taken out of transfer alone.

    Args:
        space: The map.
        draws: Permutations.
        expected: (tuned, judged) another hypothesis than "same phenomenon": then phenomena are taken out too,
            which says what it adds, and there is no area under the curve.
    """
    effects = compressed(space.effects(space.drawn).mean(axis=0))
    ranks = ranked(effects)
    same = same_group(space.groups)
    wanted = same if expected is None else expected
    lexical, every = ([space.likeness[name] for name in names] for names in (_WORDS, NULLS))
    asked: list[tuple[str, Array, Sequence[Array], Sequence[Array], bool]] = [
        ("as measured (Mantel)", effects, (), (), False),
        ("by ranks (Spearman)", ranks, (), (), False),
        ("area under the curve", ranks, (), (), True),
        ("beyond words (partial Mantel)", effects, lexical, (), False),
        ("beyond words and an untrained model (partial Mantel)", effects, every, (), False),
        ("map less words", effects, (), lexical, False),
        ("map less words and an untrained model", effects, (), every, False),
    ]
    if expected is not None:
        asked = [each for each in asked if not each[-1]] + [(_PHENOMENA, effects, [same], (), False)]
    found = []
    for name, matrix, away, taken, area in asked:
        target = ranked(wanted) if matrix is ranks else wanted
        scale = _area(same) if area else (lambda value: value)

        def value(
            keep: Array,
            matrix: Array = matrix,
            target: Array = target,
            away: Sequence[Array] = away,
            taken: Sequence[Array] = taken,
        ) -> float:
            cut = np.ix_(keep, keep)
            x = residual(matrix[cut], [each[cut] for each in taken]) if taken else matrix[cut]
            return partial_correlation(x, target[cut], [each[cut] for each in away])

        values = scale(leave_one_out(value, space.n))
        if not np.isfinite(values).all():
            continue
        rng = stream("task-spaces agreement", space.model, space.tasks, name)
        x = residual(matrix, taken) if taken else matrix
        if expected is None:
            dealt = scale(permuted_groups(x, space.groups, away, rng, draws))
        else:
            dealt = permuted_units(x, target, away, rng, draws)
        dealt = dealt[np.isfinite(dealt)]
        low, high = np.quantile(dealt, [0.025, 0.975])
        found.append(
            Agreement(
                name,
                bounded(values, 0.0 if area else -1.0),
                Measure(float(dealt.mean()), float(low), float(high)),
                float((1 + (dealt >= values[0]).sum()) / (1 + len(dealt))),
            )
        )
    return found


@once_per_table
def by_phenomena(space: Space) -> list[Agreement]:
    """Hold the map against "same phenomenon", for the two tables that show it."""
    return agreements(space)


def _area(same: Array) -> Callable[[Array], Array]:
    """Return what turns a correlation of ranks with "same phenomenon" into the area under the curve.

    Both follow from the mean rank of the cells inside phenomena; ties are taken as in the ranks.
    """
    inside = same[off_diagonal(len(same))]
    n, share = len(inside), inside.mean()
    spread = np.sqrt((n * n - 1) / 12) * np.sqrt(share * (1 - share))
    return lambda value: 0.5 + value * spread / (n * share * (1 - share))


def rivals_table(found: Result, own: Hypothesis | None = None) -> Table | None:
    """Tabulate the graded and a user's own hypothesis beside phenomena; None where there is neither."""
    space = found.space
    if found.numbers is None:
        return None
    told: dict[str, list[Agreement]] = {}
    by_field = graded(space) if found.numbers.grouping is not None else None
    if by_field is not None:
        told["graded by field"] = agreements(space, expected=by_field)
    if own is not None:
        told[own.source] = agreements(space, expected=own.of(space.tasks))
    if not told:
        return None
    if found.numbers.grouping is not None:
        told = {"same phenomenon": by_phenomena(space), **told}
    cells = {name: {each.name: _cell(each) for each in some} for name, some in told.items()}
    ways = list(dict.fromkeys(way for some in cells.values() for way in some))
    return Table(
        name=f"task-spaces-{slug(space.model)}-rivals",
        title="Does another hypothesis fit the map better?",
        columns=("agreement", *told),
        rows=tuple((way, *(some.get(way, "–") for some in cells.values())) for way in ways),
        note=f"Graded: 1 for tasks of one phenomenon, {SAME_FIELD} for those of one field of linguistics "
        f"({', '.join(sorted(set(filter(None, space.fields)))) or 'none known'}), else 0. Each cell has the "
        "correlation, a 95 % interval that leaves out one task at a time, and p, the share of "
        f"{_DRAWS} exchanges of the tasks that agree as well or better. Beyond the phenomena: what is left "
        "once phenomena are taken out of the map and of the hypothesis.",
        model=space.model,
    )


def _cell(each: Agreement) -> str:
    return f"{each.value.value:+.2f} ({each.value.low:+.2f} to {each.value.high:+.2f}), p {each.p:.4f}"


def hypothesis_table(found: Result) -> Table | None:
    """Tabulate the agreements; None where there is nothing to group."""
    space = found.space
    if found.numbers is None or found.numbers.grouping is None:
        return None
    rows = tuple(
        (
            each.name,
            f"{each.value.value:+.2f}",
            f"{each.value.low:+.2f} to {each.value.high:+.2f}",
            f"{each.chance.low:+.2f} to {each.chance.high:+.2f}",
            f"{each.p:.3f}",
        )
        for each in by_phenomena(space)
    )
    return Table(
        name=f"task-spaces-{slug(space.model)}-hypothesis",
        title="Does the map agree with the phenomena of linguists?",
        columns=("agreement", "value", "interval", "dealt at random", "p"),
        rows=rows,
        note=f"Of {space.n} tasks, the diagonal left out; 95 % intervals leave out one task at a time. Dealt "
        f"at random: where 95 % of {_DRAWS} deals of the phenomena to tasks lie; p is the share of them that "
        "agree as well or better. Partial Mantel takes words out of both, the map less words out of the map "
        "alone. The area is .5 for chance; the rest are correlations. A row is missing where words "
        f"alone tell the phenomena apart, so that nothing is left.{_ungraded(space)}",
        model=space.model,
        headline=("agreement", "value", "interval"),
    )


def _ungraded(space: Space) -> str:
    """Say why there is no graded hypothesis, where there is none."""
    if graded(space) is not None:
        return ""
    n = space.n - sum(map(bool, space.fields))
    why = (
        f"of {n} of {space.n} tasks no field of linguistics is known"
        if n
        else "no two phenomena share a field"
    )
    return f" No hypothesis is graded by field: {why}."
