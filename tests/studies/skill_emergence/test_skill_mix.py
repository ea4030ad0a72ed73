"""Texts that show several skills: drawn, asked for, judged, and held against the product and chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain, combinations
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import taskscope
from taskscope.engines.measuring import measure as measure_cell
from taskscope.errors import StudyError, TaskError
from taskscope.models.series import place
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.skill_emergence.analysis import analyse, figures, tables
from taskscope.studies.skill_emergence.mix.asking import Asked, draw
from taskscope.studies.skill_emergence.mix.measure import measure
from taskscope.studies.skill_emergence.mix.resampling import ModelMix, resample
from taskscope.studies.skill_emergence.mix.rows import JOIN, mixes
from taskscope.studies.skill_emergence.params import MIX, PARTS, SkillEmergenceParams
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import INGREDIENTS, SKILLS, compatible, met

LARGE = SkillEmergenceParams(parts=(MIX,), mix_combinations=300, mix_largest=4, draws=200)
SMALL = SkillEmergenceParams(
    parts=(MIX,), mix_singles=2, mix_combinations=6, mix_largest=3, mix_tokens=8, draws=100
)
MODEL = PlannedModel(
    ref=ModelRef(id="pico-xs@sha256:0", label="pico-xs", dtype="float32", attention="sdpa"),
    n_blocks=6,
    n_parameters=206752,
    context=1024,
)
OFF = "They walk home, the streets are wet. He hums. She reads. It gets dark. They rest."
"""Lacks every skill but to be neither short nor long."""


class Writer:
    """A model that is asked in plain text and answers by a rule of its own; a token is a character."""

    context = 100_000

    def __init__(self, answer: Callable[[str], str], chat_template: str | None = None) -> None:
        self.answer, self.seen = answer, []
        self.tokenizer = SimpleNamespace(chat_template=chat_template, decode=self._decode)

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def write(self, prompts: list[tuple[int, ...]], limit: int) -> list[tuple[int, ...]]:
        self.seen = [self._decode(prompt) for prompt in prompts]
        return [tuple(self.encode(self.answer(text))) for text in self.seen]

    @staticmethod
    def _decode(tokens, skip_special_tokens: bool = True) -> str:
        return "".join(map(chr, tokens))


def cell(params: SkillEmergenceParams) -> Cell:
    (only,) = SKILL_EMERGENCE.plan(params, [MODEL])
    return only


def with_front(rows: pa.Table, model: str = "writer") -> pa.Table:
    """Add the columns that a run folder puts in front."""
    n = rows.num_rows
    return rows.append_column("seed", pa.array([0] * n)).append_column("model", pa.array([model] * n))


def asked_of(prompt: str) -> list[str]:
    """Read the skills off a prompt."""
    return [name for name, skill in SKILLS.items() if f"- {skill.instruction}\n" in prompt]


def found(answer: Callable[[str], str], params: SkillEmergenceParams = LARGE) -> ModelMix:
    rows = measure(cell(params), Writer(answer)).rows  # type: ignore[arg-type]
    (texts,) = mixes(with_front(rows))
    return resample(texts, params.draws)


def meets(names: list[str]) -> str:
    text = compose(names)
    assert text is not None
    return text


def test_no_prompt_shows_what_it_asks_of_some_place_of_a_text() -> None:
    """Whoever repeats the prompt has none of the ingredients by that, whatever they are asked for with."""
    names = {skill.name for skill in INGREDIENTS}
    for one in draw(0, SkillEmergenceParams().mix(MODEL.place)):
        assert not names & set(one.skills) & set(met(one.prompt)), one


def test_what_is_drawn_can_be_met_and_no_set_comes_twice() -> None:
    params = SkillEmergenceParams()
    asked = draw(0, params.mix(MODEL.place))
    assert len(asked) == 8 * len(SKILLS) + 5 * 100
    assert draw(0, params.mix(MODEL.place)) == asked != draw(1, params.mix(MODEL.place))
    singles = [one for one in asked if len(one.skills) == 1]
    assert len(set(singles)) == len(singles) == 8 * len(SKILLS)
    for k in range(2, 7):
        sets = [frozenset(one.skills) for one in asked if len(one.skills) == k]
        assert len(set(sets)) == len(sets) == 100
    for one in asked:
        assert compatible(one.skills) and compose(one.skills) is not None


def test_more_sets_than_there_are_are_refused(monkeypatch) -> None:
    from taskscope.studies.skill_emergence.mix import asking

    monkeypatch.setattr(asking, "SKILLS", dict(list(SKILLS.items())[:4]))
    with pytest.raises(StudyError, match="6 different sets of 2 skills"):
        draw(0, SMALL.mix(MODEL.place))


def test_the_part_runs_only_where_it_is_named() -> None:
    assert MIX in PARTS and MIX not in SkillEmergenceParams().parts
    assert cell(SMALL).cost.tokens > 8 * 68
    assert not [
        c for c in SKILL_EMERGENCE.plan(SMALL.model_copy(update={"parts": ("law",)}), [MODEL]) if c.model
    ]


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


def test_texts_end_at_a_blank_line_unless_the_model_knows_conversations() -> None:
    said = "It rains all day.\n\nWrite a text about"
    for template, kept in ((None, "It rains all day."), ("yes", said)):
        writer = Writer(lambda prompt: said, template)
        if template:
            writer.tokenizer = Chat(writer)
        rows = measure(cell(SMALL), writer).rows.to_pylist()  # type: ignore[arg-type]
        assert {row["said"] for row in rows} == {kept}
        assert {row["chat"] for row in rows} == {bool(template)}
        asked = draw(0, SMALL.mix(MODEL.place))
        wanted = [f"<user>{one.request}<assistant>" if template else one.prompt for one in asked]
        assert writer.seen == wanted


class Chat:
    """A tokenizer with a template."""

    chat_template = "yes"

    def __init__(self, writer: Writer) -> None:
        self.decode, self.encode = writer._decode, writer.encode

    def apply_chat_template(self, said: list[dict], tokenize: bool, add_generation_prompt: bool) -> str:
        assert not tokenize and add_generation_prompt
        return "".join(f"<{one['role']}>{one['content']}" for one in said) + "<assistant>"

    def __call__(self, text: str, add_special_tokens: bool) -> dict:
        assert not add_special_tokens
        return {"input_ids": self.encode(text)}


@pytest.fixture(scope="module")
def small() -> taskscope.models.language_model.LanguageModel:
    return taskscope.load("pico-xs")


def test_a_small_model_is_measured_and_shown(small) -> None:
    attempt = measure_cell(cell(SMALL), small, "test")
    assert attempt.failure is None, attempt.failure
    rows = with_front(attempt.measured.rows, "pico-xs")
    told = rows.to_pylist()
    assert len(told) == 2 * len(SKILLS) + 2 * 6 and any(row["said"] for row in told)
    for row in told:
        assert row["met"] == JOIN.join(name for name, skill in SKILLS.items() if skill.met(row["said"]))
        assert len(row["asked"].split(JOIN)) == row["k"] and "\n\n" not in row["said"]
    assert analyse(rows, SMALL) == []
    (drawn,) = (each for each in figures(rows, SMALL) if each.name == "skill-emergence-mix")
    assert "asked for other skills" in json.dumps(drawn.spec)
    by_k, by_skill = (each for each in tables(rows, SMALL) if each.name.startswith("skill-emergence-mix"))
    assert [row[1] for row in by_k.rows] == [1, 2, 3] and len(by_skill.rows) == len(SKILLS)
    assert "to continue a text" in by_k.note and "No claim" not in by_k.note
    assert all(len(row) == len(each.columns) for each in (by_k, by_skill) for row in each.rows)


def test_a_request_that_leaves_no_room_is_refused(small) -> None:
    with pytest.raises(TaskError, match="to write 1020 behind"):
        measure(cell(SMALL.model_copy(update={"mix_tokens": 1020})), small)


def test_skills_that_changed_since_planning_are_refused(small) -> None:
    planned = cell(SMALL)
    old = planned.tasks[0].model_copy(update={"fingerprint": "0"})
    with pytest.raises(TaskError, match="changed since this run was planned"):
        measure(planned.model_copy(update={"tasks": (old,)}), small)


def test_models_stand_from_small_to_large_and_a_missing_part_is_no_error() -> None:
    rows = measure(cell(SMALL), Writer(lambda prompt: OFF)).rows  # type: ignore[arg-type]
    other = rows.set_column(1, "parameters", pa.array([9e9] * rows.num_rows))
    both = pa.concat_tables([with_front(other, "large"), with_front(rows, "small")])
    assert [each.model for each in mixes(both)] == ["small", "large"]
    assert mixes(pa.table({"part": ["pairs"]})) == []
    assert place("x@1", "x", 5).parameters == 5
    assert Asked("rain", ("year",)).prompt.endswith("\n- Give a year in digits.\n\nText:")
