"""Texts that show several skills: which are asked for, how they are asked for, judged and shown."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from mix_writer import MODEL, OFF, SMALL, Writer, asked_of, cell, meets, with_front

import taskscope
from taskscope.engines.measuring import measure as measure_cell
from taskscope.errors import StudyError, TaskError
from taskscope.models.series import place
from taskscope.studies.skill_emergence.analysis import analyse, figures, tables
from taskscope.studies.skill_emergence.mix.asking import Asked, draw
from taskscope.studies.skill_emergence.mix.measure import measure
from taskscope.studies.skill_emergence.mix.rows import JOIN, mixes
from taskscope.studies.skill_emergence.params import MIX, PARTS, SkillEmergenceParams
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import INGREDIENTS, SKILLS, compatible, met


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


def test_texts_are_drawn_beside_the_greedy_ones_and_read_apart() -> None:
    params = SMALL.model_copy(update={"mix_samples": 2})
    writer, alone = Writer(meets_first), measure(cell(SMALL), Writer(meets_first)).rows  # type: ignore[arg-type]
    rows = measure(cell(params), writer).rows  # type: ignore[arg-type]
    n = alone.num_rows
    assert rows["sample"].to_pylist() == [0] * n + [1] * n + [2] * n
    assert rows.slice(0, n).equals(alone) and cell(params).cost.tokens == 3 * cell(SMALL).cost.tokens
    assert writer.draws is not None and writer.draws.temperature == 0.7
    assert writer.draws.uniforms.shape == (2 * n, SMALL.mix_tokens)
    assert writer.seen == writer.seen[:n] * 3
    (greedy,), (drawn,) = mixes(with_front(rows)), mixes(with_front(rows), drawn=True)
    assert (len(greedy.met), len(drawn.met)) == (n, 2 * n)
    assert np.bincount(drawn.requests).tolist() == [2] * n
    for read in (
        alone,
        alone.drop_columns(["sample"]),
    ):  # a run from before texts were drawn has no such column
        (same,) = mixes(with_front(read))
        np.testing.assert_array_equal(same.met, greedy.met)
        assert mixes(with_front(read), drawn=True) == []
        assert "skill-emergence-mix-sampled" not in {each.name for each in tables(with_front(read), params)}
    (table_,) = (t for t in tables(with_front(rows), params) if t.name == "skill-emergence-mix-sampled")
    assert [(row[1], row[3]) for row in table_.rows] == [(1, 2), (2, 2), (3, 2)]
    assert all(len(row) == len(table_.columns) for row in table_.rows) and "0.7" in table_.note


def meets_first(prompt: str) -> str:
    return meets(asked_of(prompt)[:1])


def test_drawn_texts_differ_and_are_drawn_again_to_the_bit(small) -> None:
    params = SMALL.model_copy(update={"mix_samples": 2, "mix_combinations": 2, "mix_temperature": 1.0})
    first, second = (measure(cell(params), small).rows for _ in range(2))
    assert first.equals(second)
    said = [row["said"] for row in first.to_pylist()]
    n = len(said) // 3
    differing = [len(set(each)) for each in zip(said[:n], said[n : 2 * n], said[2 * n :], strict=True)]
    assert np.mean(differing) > 2
