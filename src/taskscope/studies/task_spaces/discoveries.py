"""Which transfers are there, of all pairs of tasks together: Benjamini and Hochberg (protocol 6).

A cell of the map has two tests, of which the less favourable counts. Judged pairs are tested in pairs, after
against before: that says what this tuning did to this task. Another tuning on the same task, on other pairs,
does otherwise, and with labels exchanged at random every tuning does something too; so the two halves, tuned
and judged on pairs of their own, are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.halves import FEWEST_UNITS, in_common, moderated
from taskscope.stats.matrices import off_diagonal
from taskscope.stats.tests import benjamini_hochberg
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_spaces.params import SHUFFLED, TUNED
from taskscope.studies.task_spaces.patterns.findings import LETTERS, Patterns
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.wording import percent
from taskscope.tasks.pair_files import UNGROUPED

Array = np.ndarray
Q = 0.05
"""Share of false discoveries among those claimed, in the mean."""
MUCH = 0.1
"""Share of chance in common to rows or columns from which that is no longer sure (`in_common`)."""


@dataclass(frozen=True)
class Discoveries:
    """What is claimed of the pairs of different tasks of one map, all of them one family."""

    effects: Array
    """(tuned, judged) standard deviations."""
    adjusted: Array
    """(tuned, judged) p adjusted for all cells; nan on the diagonal and where nothing was measured."""
    by_pairs: Array
    """The same by the paired test over judged pairs alone."""
    common: tuple[float, float]
    """Share of chance between the halves that is common to whole rows, and to whole columns."""

    @property
    def helps(self) -> Array:
        """(tuned, judged) bool: tuning on the one helps the other."""
        return (self.adjusted <= Q) & (self.effects > 0)

    @property
    def hurts(self) -> Array:
        """(tuned, judged) bool."""
        return (self.adjusted <= Q) & (self.effects < 0)


@once_per_table
def discoveries(space: Space, condition: str) -> Discoveries | None:
    """Test every pair of different tasks; None of too few tasks, or where a half is missing."""
    halves = _halves(space, condition)
    if space.n < FEWEST_UNITS or not np.isfinite(halves).any():
        return None
    pairs = _paired(space, condition)
    return Discoveries(
        effects=space.effects(condition).mean(axis=0),
        adjusted=_adjusted(np.maximum(pairs, moderated(halves))),
        by_pairs=_adjusted(pairs),
        common=in_common(halves),
    )


def _adjusted(p: Array) -> Array:
    known = np.isfinite(p)
    found = np.full(p.shape, np.nan)
    found[known] = benjamini_hochberg(p[known])
    return found


def _halves(space: Space, condition: str) -> Array:
    """Return effects of every seed and half, (seed, half, tuned, judged), standard deviations."""
    after = space.after[condition]
    seeds = sorted({seed for seed, *_ in after})
    place = {task: i for i, task in enumerate(space.tasks)}
    found = np.full((len(seeds), 2, space.n, space.n), np.nan)
    for (seed, half, tuned, judged), margins in after.items():
        gain = (margins - space.first[seed, half, judged]).mean()
        found[seeds.index(seed), half, place[tuned], place[judged]] = gain
    return found / space.widths


def _paired(space: Space, condition: str) -> Array:
    """Test the gains of judged pairs against 0, two-sided (Student); nan for fewer than two pairs."""
    found = np.full((space.n, space.n), np.nan)
    for i, j in zip(*np.nonzero(off_diagonal(space.n)), strict=True):
        gains = space.gains(condition, space.tasks[i], space.tasks[j])
        n = min(len(gains), space.judged[j])  # a pair that several seeds draw is one pair
        if n > 1:
            error = max(float(gains.std(ddof=1)), 1e-12) / np.sqrt(n)
            found[i, j] = 2 * student.sf(abs(gains.mean()) / error, n - 1)
    return found


def discoveries_table(told: Patterns) -> Table | None:
    """Tabulate what is found, by phenomenon and between; None where nothing was tuned or can be tested."""
    space = told.space
    found = discoveries(space, TUNED) if space.drawn == TUNED else None
    if found is None:
        return None
    nothing = discoveries(space, SHUFFLED) if SHUFFLED in space.after else None
    known = np.isfinite(found.adjusted)
    same = (space.groups[:, None] == space.groups[None, :]) & known
    patterns = {each.inside.name: each.pattern for each in told.told}
    kinds = []
    for name in dict.fromkeys(space.phenomena):
        own = np.array(space.phenomena) == name
        if own.sum() > 1 and name != UNGROUPED:
            pattern = patterns.get(name, "–")
            letter = f"{LETTERS[pattern]}: {pattern}" if pattern in LETTERS else pattern
            kinds.append((f"inside {name}", np.outer(own, own) & known, letter))
    kinds += [("inside phenomena", same, "–"), ("between phenomena", known & ~same, "–"), ("all", known, "–")]
    rows = tuple((name, *_counts(found, cells), _told(nothing, cells), kind) for name, cells, kind in kinds)
    return Table(
        name=f"task-spaces-{slug(space.model)}-discoveries",
        title="Which transfers are there?",
        columns=("where", "pairs of tasks", "help", "hurt", "neither", "labels exchanged", "pattern, judged"),
        rows=rows,
        note=f"Pairs of different tasks on which tuning on one helps or hurts the other, with at most "
        f"{percent(Q)} false ones among them in the mean (Benjamini and Hochberg, all {known.sum():,} pairs "
        "of this model one family). The p of a pair is the larger of two: of the gains of judged pairs, "
        "paired; and of the two halves, tuned and judged on pairs of their own, whose differences say what "
        f"chance in tuning and pairs does. Labels exchanged: found so where there was nothing to learn. "
        f"{_without(found, nothing)} {_shared(found)} Dots in the map stand on these pairs.",
        model=space.model,
        headline=("where", "pairs of tasks", "help", "hurt", "neither"),
    )


def _counts(found: Discoveries, cells: Array) -> tuple[int, str, str, str]:
    n = int(cells.sum())
    helps, hurts = (int((each & cells).sum()) for each in (found.helps, found.hurts))

    def told(k: int) -> str:
        return f"{k} ({percent(k / n)})" if n else "–"

    return n, told(helps), told(hurts), told(n - helps - hurts)


def _told(nothing: Discoveries | None, cells: Array) -> str:
    return "–" if nothing is None else str(int(((nothing.helps | nothing.hurts) & cells).sum()))


def _without(found: Discoveries, nothing: Discoveries | None) -> str:
    """Say what judged pairs alone would claim."""
    text = f"Judged pairs alone would claim {int((found.by_pairs <= Q).sum()):,} pairs of tasks"
    if nothing is None:
        return f"{text}."
    return (
        f"{text}, and {int((nothing.by_pairs <= Q).sum()):,} with labels exchanged: "
        "any tuning moves other tasks."
    )


def _shared(found: Discoveries) -> str:
    """Say how far tests of cells may be trusted, which take chance for a cell's own."""
    rows, columns = found.common
    text = (
        f"Of what chance does between the halves whole rows share {percent(rows)}, columns {percent(columns)}"
    )
    return f"{text}: so much that more claims may be false." if max(rows, columns) > MUCH else f"{text}."
