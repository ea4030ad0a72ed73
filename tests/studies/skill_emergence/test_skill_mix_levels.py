"""Texts that show several skills, held against the product of single skills and against chance."""

from __future__ import annotations

from itertools import chain, combinations
from types import SimpleNamespace

import numpy as np
import pytest
from mix_writer import MODEL, OFF, asked_of, found, meets

from taskscope.studies.skill_emergence.mix.asking import draw
from taskscope.studies.skill_emergence.mix.resampling import resample
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import SKILLS, met


def test_who_meets_everything_has_full_marks_and_no_gap() -> None:
    each = found(lambda prompt: meets(asked_of(prompt)))
    assert [level.k for level in each.levels] == [1, 2, 3, 4]
    for level in each.levels:
        assert level.full[0] == level.fraction[0] == level.product[0] == 1
        assert level.beyond_chance and level.marks.low > 0.95 and level.foretold.low < 0.95
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
    held = {"marks": 0, "foretold": 0}
    for number in range(40):
        rng = np.random.default_rng(number)
        chances = rng.uniform(0.3, 1, len(SKILLS))
        shown = rng.random(asked.shape) < chances
        texts = SimpleNamespace(asked=asked, met=shown, k=asked.sum(axis=1))
        level = resample(texts, 200).levels[2]  # type: ignore[arg-type]
        truth = np.where(asked, chances, 1)[asked.sum(axis=1) == 3].prod(axis=1).mean()
        for name in held:
            measure_ = getattr(level, name)
            held[name] += measure_.low <= truth <= measure_.high
    assert min(held.values()) >= 34, held


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
    texts = SimpleNamespace(asked=asked, met=shown, k=asked.sum(axis=1))
    level = resample(texts, 100).levels[1]  # type: ignore[arg-type]
    assert (level.full[0], level.fraction[0]) == (0, 0.25)
    assert level.product[0] == pytest.approx((0.5 * 1 + 0) / 2)
    assert level.chance is not None and level.chance.value == 0.5  # one of the two sets, in the other's text
    assert level.gap is None and not level.beyond_chance
    one = resample(texts, 100).skills[0]  # type: ignore[arg-type]
    assert (one.alone, one.together, one.others) == ((1, 2), (1, 1), (1, 2 * len(names) - 1))
