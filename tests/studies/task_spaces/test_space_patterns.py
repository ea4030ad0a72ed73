"""Phenomena beside groups mixed of several phenomena: the numbers on small maps, and the rule (claim 7)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.params import SHUFFLED, TUNED
from taskscope.studies.task_spaces.patterns import findings as judging
from taskscope.studies.task_spaces.patterns.explained import explained
from taskscope.studies.task_spaces.patterns.findings import (
    ALIKE,
    OPPOSED,
    PARTLY,
    UNCLEAR,
    UNRELATED,
    Patterns,
    patterns,
    patterns_finding,
    tell,
)
from taskscope.studies.task_spaces.patterns.outside import Outside, mixed_groups
from taskscope.studies.task_spaces.patterns.simulation import WORLDS
from taskscope.studies.task_spaces.patterns.statistics import Chance, Inside, likeness
from taskscope.studies.task_spaces.patterns.tables import table
from taskscope.studies.task_spaces.rows import TRANSFER
from taskscope.studies.task_spaces.spaces import spaces
from taskscope.studies.task_spaces.study import TASK_SPACES

PARAMS = CALIBRATION.params
NAMED = {world.name: world for world in WORLDS}
SIZES = (2, 3, 4, 3, 2)
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)
N = len(GROUPS)
SAME = GROUPS[:, None] == GROUPS


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def inside(outside: Outside, group: int) -> np.ndarray:
    """Cells of a phenomenon (half, cell)."""
    cells, counted = outside.inside(np.flatnonzero(outside.groups == group))
    return cells[:, counted]


def told(world: str, number: int = 0) -> Patterns:
    [space] = spaces(rows(world, number))
    return patterns(space, PARAMS.draws)


def rows(world: str, number: int = 0) -> pa.Table:
    return NAMED[world].simulate(PARAMS, np.random.default_rng(number))


def judged(table: pa.Table) -> Finding:
    [found] = [each for each in TASK_SPACES.analyse(table, PARAMS) if each.claim == "7"]
    return found


class TestOutside:
    def test_rows_and_columns_whatever_they_add_change_no_cell(self) -> None:
        plain = noise(0, 2, N, N)
        moved = plain + 5 * noise(1, N, 1) + 5 * noise(2, 1, N)
        by_phenomenon = plain + 5 * noise(3, len(SIZES), 1)[GROUPS] + 5 * noise(4, 1, len(SIZES))[:, GROUPS]
        for other in (moved, by_phenomenon):
            for group in range(len(SIZES)):
                np.testing.assert_allclose(
                    inside(Outside(other, GROUPS), group), inside(Outside(plain, GROUPS), group), atol=1e-9
                )

    def test_a_unit_is_what_cells_of_row_and_column_differ_by(self) -> None:
        """Where tasks of a phenomenon are moved five times as far, nothing inside it looks larger."""
        strong = np.where(GROUPS == 1, 5.0, 1.0)
        sizes, units = [], []
        for seed in range(30):
            plain = noise(seed, 2, N, N)
            first, second = (Outside(each, GROUPS) for each in (plain, plain * np.outer(strong, strong)))
            members = np.flatnonzero(GROUPS == 1)
            units.append(np.log(second.units(members) / first.units(members)).mean())
            sizes.append(np.log(np.abs(inside(second, 1)).mean() / np.abs(inside(first, 1)).mean()))
        assert np.exp(np.mean(units)) == pytest.approx(25, rel=0.25)
        assert np.exp(np.mean(sizes)) == pytest.approx(1, abs=0.25)
        assert inside(Outside(3 * plain, GROUPS), 1) == pytest.approx(inside(first, 1))

    def test_what_happens_inside_phenomena_says_nothing_of_others(self) -> None:
        plain = noise(0, 2, N, N)
        other = plain + 100 * (SAME & (GROUPS == 2))
        for group in (0, 1, 3, 4):
            np.testing.assert_array_equal(
                inside(Outside(other, GROUPS), group), inside(Outside(plain, GROUPS), group)
            )

    def test_a_mixed_group_is_told_as_a_phenomenon_is(self) -> None:
        """Without its own cells: as if its tasks were one phenomenon."""
        n = 24
        effects, alone = noise(5, 2, n, n), np.arange(n)
        dealt = np.array([[0, 7, 11], [3, 4, 20]])
        cells, counted = Outside(effects, alone).mixed(dealt)
        for place, members in enumerate(dealt):
            joined = alone.copy()
            joined[members] = n
            wanted = Outside(effects, joined).inside(members)[0][:, 0][:, counted[place]]
            np.testing.assert_allclose(cells[:, place][:, counted[place]], wanted, rtol=0.03, atol=0.02)

    def test_cells_of_one_phenomenon_do_not_count_in_a_mixed_group(self) -> None:
        _, counted = Outside(noise(0, 2, N, N), GROUPS).mixed(np.array([[0, 1, 2]]))
        assert counted[0].tolist() == [[False, False, True], [False, False, True], [True, True, False]]

    def test_the_noise_is_that_of_the_mean_of_two_halves(self) -> None:
        n, same = 60, noise(6, 60, 60)
        effects = same + 0.5 * noise(7, 2, n, n)
        found = Outside(effects, np.repeat(np.arange(20), 3)).noise
        assert found == pytest.approx(0.5 / 2**0.5 / (1 + 0.5**2) ** 0.5, rel=0.05)


class TestMixedGroups:
    def test_each_task_is_of_a_different_phenomenon(self) -> None:
        dealt = mixed_groups(GROUPS, 4, 500, np.random.default_rng(0))
        assert all(len(set(GROUPS[each])) == 4 for each in dealt)
        assert len(np.unique(dealt, axis=0)) == len(dealt) > 200

    def test_every_pair_is_found_and_counted_once(self) -> None:
        dealt = mixed_groups(GROUPS, 2, 5000, np.random.default_rng(0))
        assert len(dealt) == (~SAME).sum() / 2

    def test_where_phenomena_are_too_few_each_gives_as_many_as_the_others(self) -> None:
        few = np.repeat([0, 1, 2], 3)
        for each in mixed_groups(few, 5, 200, np.random.default_rng(0)):
            assert sorted(np.bincount(few[each], minlength=3)) == [1, 2, 2]


class TestLikeness:
    counted = ~np.eye(4, dtype=bool)[None]

    def of(self, first: np.ndarray, second: np.ndarray) -> tuple[float, float, float, float]:
        found = likeness(np.stack([first, second])[:, None], self.counted)
        return tuple(float(each[0]) for each in (found.mean, found.helping, found.opposition, found.size))

    def test_all_alike(self) -> None:
        ones = np.ones((4, 4))
        assert self.of(2 * ones, 4 * ones) == (3, 1, 0, 3)

    def test_two_camps(self) -> None:
        camps = np.outer([1, 1, -1, -1], [1, 1, -1, -1])
        assert self.of(2 * camps, 2 * camps) == pytest.approx((-2 / 3, 1 / 3, 2, 2))

    def test_the_weaker_side_counts(self) -> None:
        camps = np.outer([1, 1, -1, -1], [1, 1, -1, -1])
        assert self.of(*[np.where(camps > 0, 1, -5)] * 2)[2] == 1

    def test_what_the_other_half_does_not_repeat_is_chance(self) -> None:
        camps = np.outer([1, 1, -1, -1], [1, 1, -1, -1])
        assert self.of(camps, -camps)[2] == 0
        means = [self.of(noise(seed, 4, 4), noise(1000 + seed, 4, 4))[2] for seed in range(300)]
        assert np.mean(means) < 0.1


class TestExplained:
    def world(self, seed: int, alike: float) -> tuple[np.ndarray, np.ndarray]:
        sizes = (2, 3, 4, 3, 2, 2, 3)
        groups = np.repeat(np.arange(7), sizes)
        n = len(groups)
        same = groups[:, None] == groups
        words = np.where(same, 0.3 + 0.3 * noise(seed, n, n), 0.1 * noise(seed + 1, n, n))
        words = (words + words.T) / 2
        effects = 0.8 * words + 0.05 * noise(seed + 2, 2, n, n)
        effects[:, same & (groups == 2)] += alike
        outside = Outside(effects, groups)
        part = explained(outside, [words, 0.8 * words + 0.05 * noise(seed + 3, n, n)]).part
        rest = Outside(effects - part, groups)
        by_group = [
            float(
                np.mean(
                    inside(rest, g) * rest.units(np.flatnonzero(groups == g))[~np.eye(sizes[g], dtype=bool)]
                )
            )
            for g in range(7)
        ]
        return np.array(by_group), words[same].mean()

    def test_words_are_taken_out_and_a_phenomenon_keeps_what_is_its_own(self) -> None:
        found = np.mean([self.world(10 * seed, 1.0)[0] for seed in range(20)], axis=0)
        assert found[2] == pytest.approx(1.0, abs=0.1)
        assert np.abs(np.delete(found, 2)).max() < 0.1

    def test_the_error_is_as_large_as_it_says(self) -> None:
        """In many maps of noise what is explained inside a phenomenon varies about as foretold."""
        sizes = (2, 3, 4, 3, 2, 2, 3)
        groups = np.repeat(np.arange(7), sizes)
        n, members = len(groups), np.flatnonzero(groups == 2)
        words = np.where(groups[:, None] == groups, 0.3 * noise(0, n, n), 0.1 * noise(1, n, n))
        words = (words + words.T) / 2
        cut, off = np.ix_(members, members), ~np.eye(4, dtype=bool)
        seen, told = [], []
        for seed in range(150):
            cells = noise(2 + seed, n, n)
            outside = Outside(np.stack([(cells + cells.T) / 2**0.5] * 2), groups)
            found = explained(outside, [words])
            seen.append(outside.remainder(found.part)[cut][off])
            told.append(((found.error @ found.columns[cut][off].T) ** 2).sum(axis=0))
        ratio = np.mean(np.square(seen)) / np.mean(told)
        assert 0.5 < ratio < 2


def phenomenon(**numbers: object) -> Inside:
    blank = Inside(
        name="x",
        tasks=3,
        mean=(0.1, 0.1),
        helping=(0.5, 0.5),
        opposition=(0.0, 0.0),
        size=0.5,
        noise=0.2,
        alike=0.6,
        hurting=0.4,
        opposed=0.7,
    )
    return replace(blank, **numbers)


A = phenomenon(name="a", mean=(6.0, 5.0), helping=(1.0, 1.0), size=6.2, alike=0.001, hurting=1.0)
B = phenomenon(name="b", size=5.0, opposition=(4.0, 4.0), opposed=0.001)
C = phenomenon(name="c")
HURT = phenomenon(name="n", mean=(-4.0, -4.0), helping=(0.0, 0.0), size=4.0, alike=1.0, hurting=0.001)


class TestTell:
    def names(self, *found: Inside) -> list[str]:
        return [each.pattern for each in tell(found)]

    def test_each_pattern(self) -> None:
        assert self.names(A, B, C, HURT) == [ALIKE, PARTLY, UNRELATED, OPPOSED]

    def test_without_anything_alike_nothing_is_unrelated(self) -> None:
        assert self.names(B, C, HURT) == [PARTLY, UNCLEAR, OPPOSED]

    def test_two_tasks_are_not_opposed_in_part(self) -> None:
        [_, found] = tell([A, replace(B, tasks=2)])
        assert found.pattern == UNCLEAR and found.opposed is None

    def test_a_pattern_takes_a_fifth_of_the_cells_on_either_side_or_four_fifths_on_one(self) -> None:
        one_pair = replace(B, helping=(0.9, 0.9))
        split = replace(A, helping=(0.7, 1.0))
        assert self.names(A, one_pair, split) == [ALIKE, UNCLEAR, UNCLEAR]

    def test_unrelated_is_under_half_of_the_least_alike_and_surely_so(self) -> None:
        assert self.names(A, replace(C, size=2.4, noise=0.01)) == [ALIKE, UNRELATED]
        assert self.names(A, replace(C, size=2.6, noise=0.01)) == [ALIKE, UNCLEAR]
        assert self.names(A, replace(C, size=2.4, noise=0.2)) == [ALIKE, UNCLEAR]
        weaker = replace(A, mean=(4.0, 5.0))
        assert self.names(A, weaker, replace(C, size=2.4, noise=0.01)) == [ALIKE, ALIKE, UNCLEAR]

    def test_many_phenomena_need_smaller_shares(self) -> None:
        borderline = replace(A, alike=0.02)
        assert self.names(borderline, C)[0] == ALIKE
        assert self.names(borderline, *[C] * 5)[0] == UNCLEAR


class TestVerdict:
    def verdict(self, *found: Inside) -> tuple[Verdict, str]:
        [space] = spaces(rows("one pattern"))
        judgement = judging.judge(Patterns(space, tuple(tell(found)), Chance(np.zeros(3), np.zeros(3))))
        return judgement.verdict, judgement.reason

    def test_three_patterns_are_supported_one_alone_is_contradicted(self) -> None:
        assert self.verdict(A, B, C)[0] == Verdict.SUPPORTED
        assert self.verdict(A, A, A) == (Verdict.CONTRADICTED, "Inside every phenomenon tasks are alike.")
        assert self.verdict(HURT, HURT, HURT)[0] == Verdict.CONTRADICTED

    def test_else_it_says_what_is_missing(self) -> None:
        assert self.verdict(A, C, HURT) == (
            Verdict.INCONCLUSIVE,
            "There is no phenomenon whose tasks are clearly partly opposed.",
        )
        assert "alike or unrelated" in self.verdict(B, C, HURT)[1]
        vague = replace(C, size=2.6)
        assert self.verdict(A, A, vague)[0] == Verdict.INCONCLUSIVE
        small = [replace(each, tasks=2) for each in (A, C, C)]
        assert "three tasks" in self.verdict(*small)[1]

    def test_what_was_not_measured_is_said(self) -> None:
        table = rows("three patterns")
        [space] = spaces(table)
        two = replace(space, phenomena=("north",) * 9 + ("south",) * 10)
        assert "Fewer than three phenomena" in patterns_finding(patterns(two, 200)).reason
        [name, *_] = sorted(set(table["tuned"].to_pylist()) - {""})
        lost = pc.and_(
            pc.and_(pc.equal(table["tuned"].cast(pa.string()), name), pc.equal(table["half"], 0)),
            pc.equal(table["part"].cast(pa.string()), TRANSFER),
        )
        [space] = spaces(table.filter(pc.invert(lost)))
        found = patterns_finding(patterns(space, 200))
        assert found.verdict == Verdict.INCONCLUSIVE and "not tuned on" in found.reason
        assert found.estimate is None and not found.controls


class TestWorlds:
    def test_three_patterns_are_found_where_they_are(self) -> None:
        found = told("three patterns")
        kinds = NAMED["three patterns"].kinds
        letters = {**judging.LETTERS, UNCLEAR: "?"}
        named = [letters[each.pattern] for each in found.told]
        assert all(name in {kind, "?"} for name, kind in zip(named, kinds, strict=True))
        assert {*"ABC"} <= set(named)
        finding = judged(rows("three patterns"))
        assert finding.verdict == Verdict.SUPPORTED and finding.unit == "phenomena" and finding.n == 7
        assert finding.interval.low < finding.estimate < finding.interval.high
        mixed = next(each for each in finding.controls if each.name == finding.strongest)
        assert finding.estimate > mixed.interval.high > mixed.estimate
        assert "phenomenon 1" in finding.statement

    def test_drift_by_phenomenon_has_no_pattern(self) -> None:
        """Families of seven phenomena, each wrong at most in 5 % for each pattern."""
        calls = [
            each.pattern
            for world in ("added drift by phenomenon", "multiplied drift by phenomenon")
            for number in range(8)
            for each in told(world, number).told
        ]
        assert sum(name != UNCLEAR for name in calls) <= 8, "112 phenomena"

    def test_a_table_names_every_phenomenon(self) -> None:
        shown = table(told("three patterns"))
        assert [row[0] for row in shown.rows] == [f"phenomenon {i}" for i in range(7)]
        at = shown.columns.index("as opposed")
        assert [row[at] == "–" for row in shown.rows] == [row[1] == 2 for row in shown.rows]
        [space] = spaces(rows("three patterns"))
        assert table(patterns(replace(space, phenomena=("one",) * space.n), 200)) is None

    def test_the_same_rows_say_the_same(self) -> None:
        assert told("none opposed").told == told("none opposed").told

    def test_gradients_alone_are_judged_too(self) -> None:
        [space] = spaces(rows("three patterns"))
        slopes = space.effects(TUNED) / 2
        # `Space.effects` takes them times the aim and the width of the tuned, over that of the judged.
        alone = replace(space, after={}, slopes=slopes * space.widths / space.widths[:, None])
        assert SHUFFLED not in alone.after and alone.drawn != TUNED
        assert [each.pattern for each in patterns(alone, PARAMS.draws).told] == [
            each.pattern for each in patterns(space, PARAMS.draws).told
        ]
