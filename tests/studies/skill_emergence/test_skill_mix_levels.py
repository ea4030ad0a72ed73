"""Texts that show several skills, held against the product of single skills and against chance."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from mix_writer import MODEL, OFF, SMALL, Writer, asked_of, cell, found, meets, table, with_front

from taskscope.stats.intervals import wilson
from taskscope.studies.skill_emergence.mix.asking import draw
from taskscope.studies.skill_emergence.mix.measure import measure
from taskscope.studies.skill_emergence.mix.resampling import ModelMix, resample
from taskscope.studies.skill_emergence.mix.rows import mixes
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import SKILLS, met


def test_who_meets_everything_has_full_marks_and_no_gap() -> None:
    each = found(lambda prompt: meets(asked_of(prompt)))
    assert [level.k for level in each.levels] == [1, 2, 3, 4]
    for level in each.levels:
        assert level.full[0] == level.fraction[0] == level.product[0] == 1
        assert level.beyond_chance and level.foretold.low < 0.95
        assert (level.n, level.n_sets) == ((8 * 28, 28) if level.k == 1 else (300, 300))
        assert level.marks.low == pytest.approx(float(wilson(1, level.n_sets).low))
        assert level.marks.low > (0.87 if level.k == 1 else 0.95)
        assert level.gap is not None and level.gap.value == 0
    assert each.saturation == (5, 5, 5)
    # What composed texts are whether asked or not cannot be told from chance, and is not called shown.
    assert {skill.name for skill in each.skills if not skill.shown} <= {"short", "no comma", "no e"}


def test_who_ignores_the_request_is_at_chance_everywhere() -> None:
    texts = [
        meets([name, other]) for name in ("no e", "short") for other in ("weekday", "colour", "lower case")
    ]
    rng = np.random.default_rng(0)
    each = found(lambda prompt: texts[rng.integers(len(texts))])
    assert not any(skill.shown for skill in each.skills)
    for level in each.levels:
        assert level.chance is not None and not level.beyond_chance
        assert level.chance.value == pytest.approx(level.full[0], abs=0.05)
        assert level.marks.low <= level.chance.high and level.chance.low <= level.marks.high
    # Chance alone gives some of these, so a full mark by itself says nothing.
    assert each.levels[0].full[0] > 0.1 and each.levels[1].full[0] > 0.005


def with_only(kept: set[str], asked: set[str]) -> str | None:
    """Compose a text that meets these of the asked skills and no other of them, with the help of others."""
    others = [name for name in SKILLS if name not in asked]
    for helpers in chain([()], combinations(others, 1), combinations(others, 2)):
        text = compose([*kept, *helpers])
        if text is not None and asked & set(met(text)) == kept:
            return text
    return None


def test_a_writer_of_independent_skills_comes_out_at_their_product() -> None:
    """Each asked skill is there with probability 0.7, on its own: F(k) is 0.7 to the power k."""
    rng = np.random.default_rng(1)
    accidents = 0

    def answer(prompt: str) -> str:
        nonlocal accidents
        asked = set(asked_of(prompt))
        # Composed texts never have the letter e, so that skill is always there.
        kept = {name for name in sorted(asked) if name == "no e" or rng.random() < 0.7}
        text = with_only(kept, asked)
        accidents += text is None
        return text or OFF

    each = found(answer)
    assert accidents < 12  # of 1124 texts
    for level in each.levels:
        assert level.full[0] == pytest.approx(0.7**level.k, abs=0.08)
        assert level.product[0] == pytest.approx(0.7**level.k, abs=0.08)
        assert level.foretold.low <= level.marks.high and level.marks.low <= level.foretold.high
        assert level.fraction[0] == pytest.approx(0.7, abs=0.05)
        assert level.gap is not None and level.gap.low < 0.1 and level.gap.high > -0.1
        draws = np.log(level.full[1:] / level.product[1:])
        assert level.gap.value == pytest.approx(np.log(level.full[0] / level.product[0]))
        assert level.gap.low == pytest.approx(np.quantile(draws, 0.025))
        assert level.beyond_chance
    assert each.saturation == (5, 5, 5)


def test_the_interval_of_the_product_holds_the_truth() -> None:
    """Skills that differ from one another, met each on its own: 40 tables of the profile's size."""
    drawn = draw(0, SkillEmergenceParams().mix(MODEL.place))
    asked = np.array([[name in one.skills for name in SKILLS] for one in drawn])
    topics = np.array([one.topic for one in drawn])
    held = {"marks": 0, "foretold": 0}
    for number in range(40):
        rng = np.random.default_rng(number)
        chances = rng.uniform(0.3, 1, len(SKILLS))
        shown = rng.random(asked.shape) < chances
        texts = table(asked, shown, topics)
        level = resample(texts, 200).levels[2]
        truth = np.where(asked, chances, 1)[asked.sum(axis=1) == 3].prod(axis=1).mean()
        for name in held:
            measure_ = getattr(level, name)
            held[name] += measure_.low <= truth <= measure_.high
    assert min(held.values()) >= 34, held


def planted(*, by_topic: bool, number: int) -> ModelMix:
    """Simulate texts of the profile's requests whose skills come in bunches.

    Args:
        by_topic: Whether a topic brings skills or hinders them (chances of 0.9 or 0.2, whatever is asked);
            else every request has its skills on all topics or on none, an even chance.
        number: Which table.
    """
    drawn = draw(0, SkillEmergenceParams().mix(MODEL.place))
    asked = np.array([[name in one.skills for name in SKILLS] for one in drawn])
    topics = np.array([one.topic for one in drawn])
    rng = np.random.default_rng(number)
    if by_topic:
        _, at = np.unique(topics, return_inverse=True)
        met_ = rng.random(asked.shape) < rng.choice([0.2, 0.9], 8)[at][:, None]
    else:
        _, at = np.unique(asked, axis=0, return_inverse=True)
        met_ = (rng.random(at.max() + 1) < 0.5)[at][:, None] & np.ones_like(asked)
    texts = table(asked, met_, topics)
    return resample(texts, 200)


def test_the_texts_of_one_skill_count_once() -> None:
    """Texts taken one by one hold the truth in 16 of these 40 tables."""
    held = 0
    for number in range(40):
        marks = planted(by_topic=False, number=number).levels[0].marks
        held += marks.low <= 0.5 <= marks.high
    assert held >= 34


def test_the_product_knows_that_skills_share_their_topics() -> None:
    """Skills resampled one by one hold the truth in 17 of these 40 tables."""
    held = 0
    for number in range(40):
        foretold = planted(by_topic=True, number=number).levels[2].foretold
        held += foretold.low <= 0.55**3 <= foretold.high
    assert held >= 30


@pytest.mark.parametrize("together", [0, 1, 32])
def test_a_skill_shown_on_every_topic_alone_is_not_shown_by_that(together: int) -> None:
    drawn = draw(0, SkillEmergenceParams().mix(MODEL.place))
    asked = np.array([[name in one.skills for name in SKILLS] for one in drawn])
    single = asked.sum(axis=1) == 1
    shown = np.zeros_like(asked)
    shown[asked[:, 0] & single, 0] = True
    shown[np.flatnonzero(asked[:, 0] & ~single)[:together], 0] = True
    topics = np.array([one.topic for one in drawn])
    texts = table(asked, shown, topics)
    one = resample(texts, 100).skills[0]
    assert one.alone == (8, 8) and one.others[0] == 0
    assert len(one.here) == 1 + one.together[1] and len(one.elsewhere) == 27 + 500 - one.together[1]
    assert one.here.sum() == 1 + together
    assert one.shown == (together == 32)


def test_skills_that_never_go_together_fall_short_of_the_product() -> None:
    each = found(lambda prompt: meets(asked_of(prompt)[:1]))
    assert each.levels[0].full[0] == 1 and each.levels[1].product[0] == 1
    first = each.levels[1]
    assert first.marks.high < 0.6 and first.gap is not None and first.gap.high < -0.4
    assert first.fraction[0] > 0.5
    first_below = next(level.k for level in each.levels if level.full[0] < 0.1)
    assert each.saturation[0] == first_below <= 3


def test_the_numbers_by_hand() -> None:
    """Two skills asked alone, one set of them asked and one of others."""
    names = list(SKILLS)
    asked = np.zeros((2 * len(names) + 2, len(names)), bool)
    for at in range(len(names)):
        asked[2 * at : 2 * at + 2, at] = True
    asked[-2, :2] = asked[-1, 2:4] = True
    shown = np.zeros_like(asked)
    shown[0, 0] = shown[2, 1] = shown[3, 1] = True  # the first skill alone 1 of 2, the second 2 of 2
    shown[-2, :1] = True  # half of its set
    shown[-1, :2] = True  # not its own set but the other one
    topics = np.array([*("rain", "music") * len(names), "rain", "rain"])
    texts = table(asked, shown, topics)
    level = resample(texts, 100).levels[1]
    assert (level.full[0], level.fraction[0]) == (0, 0.25)
    assert level.product[0] == pytest.approx((0.5 * 1 + 0) / 2)
    assert level.chance is not None and level.chance.value == 0.5  # one of the two sets, in the other's text
    assert level.gap is None and not level.beyond_chance
    one = resample(texts, 100).skills[0]
    assert (one.alone, one.together, one.others) == ((1, 2), (1, 1), (1, 2 * len(names) - 1))


def test_the_mean_and_the_best_of_several_texts_by_hand() -> None:
    """Three texts of each of two requests; the second of one meets all, and none of the other."""
    asked = np.zeros((6 + 2 * len(SKILLS), len(SKILLS)), bool)
    shown = np.zeros_like(asked)
    asked[:3, :2] = asked[3:6, 2:4] = True
    shown[0, 0] = shown[1, :2] = True
    shown[4, 0] = shown[5, 1] = True  # both skills of the first set, never in one text
    asked[6::2] = asked[7::2] = np.eye(len(SKILLS), dtype=bool)
    requests = np.concatenate([[0, 0, 0, 1, 1, 1], np.repeat(np.arange(len(SKILLS)), 2) + 2])
    level = resample(table(asked, shown, np.full(len(asked), "rain"), requests), 100).levels[1]
    assert (level.n, level.n_sets) == (6, 2)
    assert level.full[0] == pytest.approx(1 / 6) and level.best[0] == 0.5
    assert level.by_chance is not None and level.by_chance[0] == 0
    assert level.best_by_chance is not None and level.best_by_chance[0] == 0
    shown[5, :2] = True
    level = resample(table(asked, shown, np.full(len(asked), "rain"), requests), 100).levels[1]
    assert level.by_chance is not None and level.by_chance[0] == pytest.approx(1 / 6)
    assert level.best_by_chance is not None and level.best_by_chance[0] == 0.5


def test_tries_that_succeed_by_luck_raise_the_best_and_its_control_alike() -> None:
    """Texts that ignore their request: the best of three is above the mean, and not above its own control."""
    params = SMALL.model_copy(update={"mix_samples": 3, "mix_combinations": 60, "mix_singles": 8})
    rng = np.random.default_rng(0)
    texts = [meets([name]) for name in ("short", "weekday", "colour", "lower case", "question")]
    rows = measure(cell(params), Writer(lambda prompt: texts[rng.integers(5)])).rows  # type: ignore[arg-type]
    (drawn,) = mixes(with_front(rows), drawn=True)
    singles, pairs, _ = resample(drawn, 200).levels
    assert singles.best[0] > singles.full[0] + 0.05
    for level in (singles, pairs):
        best, control = level.best_of_all
        assert control is not None and level.best[0] >= level.full[0]
        assert best.low <= control.high and control.low <= best.high


def test_one_text_of_a_request_is_its_own_best() -> None:
    for level in found(lambda prompt: meets(asked_of(prompt)[:1])).levels:
        np.testing.assert_array_equal(level.best, level.full)
        np.testing.assert_array_equal(level.best_by_chance, level.by_chance)
