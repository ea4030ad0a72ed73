"""Claim 7: tasks of a phenomenon are alike, partly opposed, or unrelated; each of the three is found.

The unit is the phenomenon of two tasks or more. A cell is told from what its row and column do outside
phenomena, in units of their spread there (`outside`), and a phenomenon is held against groups of as many
tasks **mixed** of different phenomena, from the same map. A share of mixed groups is the larger of two, as
measured and without what words, pairs of words, an untrained model's gradients, and the unit itself explain
(`explained`); shares of all phenomena are adjusted together (Holm), and few are those of 5 % at most. Half of
what a pattern is told by must be left without what these explain.

- **B, partly opposed** (three tasks or more): some cells repeat in the other half that they help, others that
  they hurt; few mixed groups show as much of both, and a fifth of the cells at least lies on either side.
- **A, alike**: few mixed groups have as large a mean, and four fifths of the cells at least help; not B.
- **N, opposed**: the same with hurting.
- **C, unrelated**: none of these, and the root mean square of the cells as measured, with what chance between
  the halves may hide (95 %, Holm), lies under half of the mean of the least alike phenomenon of pattern A.
- unclear: all others. Where nothing is alike there is no measure for "unrelated".

Supported: A, B and C are each found. Contradicted: three phenomena or more, none of them unclear, all of one
and the same pattern. Inconclusive otherwise; by rule with fewer than 6 tasks, with fewer than three phenomena
of two tasks, or where some cell was not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from taskscope.report.findings import Finding, Verdict
from taskscope.stats.matrices import off_diagonal
from taskscope.stats.tests import holm
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.patterns.statistics import Chance, Inside, phenomena
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import FEWEST_TASKS
from taskscope.studies.wording import control, finding

Array = np.ndarray
FEWEST = 3
"""Phenomena of two tasks below which there is nothing to tell apart."""
LEVEL = 0.05
_SOME, _MOST = 0.2, 0.8
"""Shares of cells on one side (protocol 2.8)."""
_LEFT = 0.5
"""Of a pattern as measured: what must be left of it beyond words, or words may be all of it."""
_RELATED = 0.5
"""Of the mean of what is alike: from there on tasks are not unrelated."""
ALIKE, PARTLY, UNRELATED, OPPOSED, UNCLEAR = "alike", "partly opposed", "unrelated", "opposed", "unclear"
LETTERS = {ALIKE: "A", PARTLY: "B", UNRELATED: "C", OPPOSED: "N"}


@dataclass(frozen=True)
class Told:
    """A phenomenon with its pattern; shares of mixed groups are adjusted (Holm)."""

    inside: Inside
    pattern: str
    alike: float
    opposed: float | None
    """None of two tasks, which cannot be opposed in part."""
    hurting: float
    related: float | None
    """Chance of such small cells were they half as large as what is alike; None where nothing is."""


@dataclass(frozen=True)
class Patterns:
    """All phenomena of one model."""

    space: Space
    told: tuple[Told, ...]
    chance: Chance | None
    """None where nothing can be told, for the reason that `missing` says."""
    missing: str = ""

    def of(self, pattern: str) -> list[Inside]:
        """Return the phenomena of a pattern."""
        return [each.inside for each in self.told if each.pattern == pattern]


def patterns(space: Space, draws: int) -> Patterns:
    """Tell the pattern of every phenomenon of a model."""
    if missing := _missing(space):
        return Patterns(space, (), None, missing)
    found, chance = phenomena(space, draws)
    return Patterns(space, tuple(tell(found)), chance)


def _missing(space: Space) -> str:
    if space.n < FEWEST_TASKS:
        return f"Only {space.n} tasks were measured; at least {FEWEST_TASKS} are needed."
    if int((np.bincount(space.groups) > 1).sum()) < FEWEST:
        return "Fewer than three phenomena have two tasks."
    effects = space.effects(space.drawn)
    if len(effects) < 2 or not np.isfinite(effects[:, off_diagonal(space.n)]).all():
        return "Some task was not tuned on, or not judged, in both halves of the pairs."
    return ""


def tell(found: Sequence[Inside]) -> list[Told]:
    """Tell patterns by the rule above."""
    alike, hurting = holm([each.alike for each in found]), holm([each.hurting for each in found])
    several = [i for i, each in enumerate(found) if each.tasks > 2]
    opposed = dict(zip(several, holm([found[i].opposed for i in several]), strict=True))
    names = [_standing_out(each, alike[i], hurting[i], opposed.get(i, 1.0)) for i, each in enumerate(found)]
    levels = [min(each.mean) for each, name in zip(found, names, strict=True) if name == ALIKE]
    related = holm([_related(each, min(levels)) for each in found]) if levels else None
    return [
        Told(
            inside=each,
            pattern=names[i] or (UNRELATED if related is not None and related[i] <= LEVEL else UNCLEAR),
            alike=float(alike[i]),
            opposed=float(opposed[i]) if i in opposed else None,
            hurting=float(hurting[i]),
            related=None if related is None else float(related[i]),
        )
        for i, each in enumerate(found)
    ]


def _standing_out(each: Inside, alike: float, hurting: float, opposed: float) -> str:
    """Name the pattern by which a phenomenon stands out among mixed groups; empty where it does not."""
    least, most = min(each.helping), max(each.helping)
    if (
        opposed <= LEVEL
        and each.opposition[1] >= _LEFT * each.opposition[0]
        and least >= _SOME
        and most <= _MOST
    ):
        return PARTLY
    if alike <= LEVEL and each.mean[1] >= _LEFT * each.mean[0] and least >= _MOST:
        return ALIKE
    return OPPOSED if hurting <= LEVEL and each.mean[1] <= _LEFT * each.mean[0] and most <= _SOME else ""


def _related(each: Inside, level: float) -> float:
    """Chance of cells as small as these were they half of a level, by the noise between halves.

    What is there is at most what is seen and what chance hides, lengths of (cell,) vectors.
    """
    cells = each.tasks * (each.tasks - 1)
    hidden = max(_RELATED * level - each.size, 0.0) / max(each.noise, 1e-12)
    return float(chdtrc(cells, cells * hidden**2))


def judge(found: Patterns) -> Judgement:
    """Judge claim 7 by the rule above."""
    if found.missing:
        return Judgement(Verdict.INCONCLUSIVE, found.missing)
    wanted = (ALIKE, PARTLY, UNRELATED)
    if all(map(found.of, wanted)):
        return Judgement(
            Verdict.SUPPORTED, "Inside some phenomena tasks are alike, in others partly opposed or unrelated."
        )
    kinds = {each.pattern for each in found.told}
    if len(kinds) == 1 and UNCLEAR not in kinds:
        return Judgement(Verdict.CONTRADICTED, f"Inside every phenomenon tasks are {kinds.pop()}.")
    if not any(each.inside.tasks > 2 for each in found.told):
        return Judgement(
            Verdict.INCONCLUSIVE, "No phenomenon has three tasks, of which some could be opposed."
        )
    without = [name for name in wanted if not found.of(name)]
    return Judgement(
        Verdict.INCONCLUSIVE, f"There is no phenomenon whose tasks are clearly {' or '.join(without)}."
    )


def patterns_finding(found: Patterns) -> Finding:
    """Put the judgement in a finding."""
    if found.chance is None:
        return finding(
            ACCOUNT,
            "7",
            found.space.model,
            judge(found),
            statement="Nothing was measured that could tell.",
            quantity="",
            measure=None,
            n=found.space.n,
            unit="tasks",
            controls=(),
        )
    most = max((each.inside for each in found.told), key=lambda each: each.mean[0])
    reach = 1.96 * most.noise / np.sqrt(most.tasks * (most.tasks - 1))
    shown = [
        control(
            "strongest",
            "the most alike of as many mixed groups",
            _spread(found.chance.mean),
            "Tasks of different phenomena: how alike they seem where no phenomenon is shared.",
        )
    ]
    if len(found.chance.opposition):
        split = max(
            (each.inside for each in found.told if each.inside.tasks > 2), key=lambda each: each.opposition[0]
        )
        shown += [
            control(
                "opposition",
                "opposition inside the phenomenon most opposed in part",
                Measure(split.opposition[0], np.nan, np.nan),
                "How far some of its tasks help each other and others hurt each other, whichever is less.",
            ),
            control(
                "opposition of mixed groups",
                "the most opposed in part of as many mixed groups",
                _spread(found.chance.opposition),
                "The same of tasks of different phenomena.",
            ),
        ]
    return finding(
        ACCOUNT,
        "7",
        found.space.model,
        judge(found),
        statement=f"Of {len(found.told)} phenomena with two tasks or more {_counted(found)}. Most alike are "
        f"the tasks of {most.name}.",
        quantity="mean inside the most alike phenomenon, in units of cells outside phenomena",
        measure=Measure(most.mean[0], most.mean[0] - reach, most.mean[0] + reach),
        n=len(found.told),
        unit="phenomena",
        controls=shown,
    )


def _counted(found: Patterns) -> str:
    """Say how many phenomena show each pattern, and which."""
    parts = []
    for name in (ALIKE, PARTLY, UNRELATED, OPPOSED, UNCLEAR):
        those = [each.name for each in found.of(name)]
        named = f" ({', '.join(those)})" if those and name != UNCLEAR else ""
        parts.append(f"{len(those)} {'is' if len(those) == 1 else 'are'} {name}{named}")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _spread(draws: Array) -> Measure:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Measure(float(draws.mean()), float(low), float(high))
