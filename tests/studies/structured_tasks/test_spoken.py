"""Functions of sentences named in words: what is asked, how answers are checked, and chat models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks.params import SpokenParams, StructuredTaskParams
from taskscope.studies.structured_tasks.spoken import figures
from taskscope.studies.structured_tasks.spoken.draws import REQUESTS, draw
from taskscope.studies.structured_tasks.spoken.grids import grids
from taskscope.studies.structured_tasks.spoken.measure import measure
from taskscope.studies.structured_tasks.spoken.rows import CONDITIONS, NAMED, SHOWN, to_rows
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS
from taskscope.tasks.sentences import LANGUAGES, Language, messages, prompt

PARAMS = StructuredTaskParams(tasks=("topics",), nested=(), n_spoken=2, spoken_shots=1, spoken_limit=24)
CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"


def cell(language: Language) -> Cell:
    ref = ModelRef(id="toy@1", label="toy", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=4, n_parameters=1000, context=1024)
    cells = STRUCTURED_TASKS.plan(PARAMS, [planned])
    return next(c for c in cells if c.tasks[0].name == f"sentences-{language}")


@pytest.fixture
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_single_functions_are_shown_and_never_the_verb_that_is_asked(language: Language) -> None:
    for one in draw(language, 0, SpokenParams(n_spoken=4, spoken_shots=2)):
        assert (len(one.demonstrations) == 0) == (one.condition == NAMED)
        assert all(shown.verb != one.sentence.verb for shown, _ in one.demonstrations)
        if one.condition == SHOWN:
            assert sorted(name for _, name in one.demonstrations) == sorted(
                ["cheer", "negate", "past", "polite"] * 2
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_asked_about_twice_and_more_than_there_are_are_refused(language: Language) -> None:
    asked = draw(language, 0, SpokenParams(n_spoken=64))
    assert len({one.sentence for one in asked}) == 64
    with pytest.raises(StudyError, match="at most 64"):
        StructuredTaskParams(spoken=(language,), n_spoken=65).check()


def test_a_sentence_of_two_seeds_is_one_unit() -> None:
    rows = rows_of({"past": [True, False] * 3})
    at = rows.schema.get_field_index("seed")
    again = rows.set_column(at, "seed", pa.repeat(pa.scalar(1), rows.num_rows))
    alone, twice = (grids(each, 100)["toy"][0] for each in (rows, pa.concat_tables([rows, again])))
    assert twice.n_sentences == alone.n_sentences == 6
    np.testing.assert_allclose(twice.right[("past",)], alone.right[("past",)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_right_answers_count_and_wrong_ones_do_not(
    language: Language, model: LanguageModel, monkeypatch
) -> None:
    """Whoever writes what demonstrations would show is right; whoever repeats the sentence is wrong."""
    asked = {
        tuple(model.encode(prompt(one.demonstrations, one.sentence, one.functions))): one
        for one in _asked(language)
    }
    encode = lambda text: tuple(model.tokenizer(f" {text}\nMore", add_special_tokens=False)["input_ids"])  # noqa: E731
    for form, right in (
        (lambda one: one.sentence.form(one.functions), True),
        (lambda one: one.sentence.form(()), False),
    ):
        monkeypatch.setattr(
            model, "write", lambda prompts, limit, form=form: [encode(form(asked[p])) for p in prompts]
        )
        rows = measure(cell(language), model).rows.to_pylist()
        assert len(rows) == 2 * len(CONDITIONS) * len(REQUESTS)
        assert {row["right"] for row in rows} == {right}
        assert not any(row["chat"] for row in rows)


def _asked(language: Language) -> list[Any]:
    return draw(language, 0, PARAMS.spoken_in(language))


def test_a_small_model_writes_something_that_is_checked(model: LanguageModel) -> None:
    rows = measure(cell("en"), model).rows.to_pylist()
    assert any(row["said"] for row in rows)
    assert not any("\n" in row["said"] for row in rows)


def test_demonstrations_that_leave_no_room_are_not_asked_and_that_is_said(model: LanguageModel) -> None:
    longer = cell("ja").model_copy(update={"params": {**cell("ja").params, "spoken_shots": 2}})
    rows = measure(longer, model).rows
    by_condition = {name: rows.filter(pc.equal(rows["condition"], name)).to_pylist() for name in CONDITIONS}
    assert len(by_condition[NAMED]) == 2 * len(REQUESTS) and all(row["asked"] for row in by_condition[NAMED])
    assert [row["asked"] for row in by_condition[SHOWN]] == [None]
    found = grids(with_front(rows, "ja"), 100)["toy"]
    assert [bool(each.right) for each in found] == [True, False]
    told = figures.tables("toy", found)[0].rows
    assert told[-1][:3] == ("Japanese, named in words, each function shown", told[-1][1], 0)
    assert "longer than the model's context" in str(told[-1][1])
    assert "of 6 requests" in figures.see(found) or "Nothing to compose" in figures.see(found)


def test_what_did_not_fit_in_one_seed_is_not_told_from_another() -> None:
    rows = rows_of({"past": [True, False] * 3})
    short = pa.concat_tables([rows, with_front(to_rows("en", False, [{"condition": SHOWN}]), "en")])
    named, shown = grids(short, 100)["toy"]
    assert named.n_sentences == 6 and not shown.right and shown.n_sentences == 0


def test_without_demonstrations_no_room_is_an_error(model: LanguageModel) -> None:
    endless = cell("en").model_copy(update={"params": {**cell("en").params, "spoken_limit": 1020}})
    with pytest.raises(TaskError, match="to write 1020 behind"):
        measure(endless, model)


def test_a_model_tuned_on_chats_is_asked_through_its_template(model: LanguageModel, monkeypatch) -> None:
    monkeypatch.setattr(model.tokenizer, "chat_template", CHAT)
    seen: list[str] = []

    def write(prompts: list[tuple[int, ...]], limit: int) -> list[tuple[int, ...]]:
        seen.extend(model.decode(prompt) for prompt in prompts)
        return [()] * len(prompts)

    monkeypatch.setattr(model, "write", write)
    rows = measure(cell("en"), model).rows.to_pylist()
    assert all(row["chat"] and not row["right"] for row in rows)
    for text, one in zip(seen, _asked("en"), strict=True):
        said = messages(one.demonstrations, one.sentence, one.functions)
        assert (
            text.removeprefix("<|endoftext|>")
            == "".join(f"<{m['role']}>{m['content']}" for m in said) + "<assistant>"
        )


def rows_of(right: dict[str, list[bool]]) -> pa.Table:
    """Rows of one language in one condition, by request."""
    asked = [
        {
            "condition": condition,
            "query": query,
            "asked": name,
            "sentence": str(query),
            "said": "",
            "right": value,
        }
        for condition in CONDITIONS
        for name, values in right.items()
        for query, value in enumerate(values)
    ]
    return with_front(to_rows("en", False, asked), "en")


def with_front(rows: pa.Table, language: str) -> pa.Table:
    """Add the columns that a run folder puts in front."""
    for at, (name, value) in enumerate({"model": "toy", "task": f"sentences-{language}", "seed": 0}.items()):
        rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def test_the_product_by_hand() -> None:
    half, all_, none = [True, False] * 10, [True] * 20, [False] * 20
    found = grids(
        rows_of({"past": half, "negate": all_, "polite": none, "past+negate": half, "past+polite": none}), 200
    )
    each = found["toy"][0]
    assert each.nests == [("past", "negate"), ("past", "polite")]
    np.testing.assert_allclose(each.product(("past", "negate")), each.right[("past",)])
    sure = each.share(each.right[("negate",)])
    assert sure.low < 0.9
    # What two steps give that were right 20 times of 20 each is less sure than each of them.
    twice = each.expected(("negate", "negate"))
    assert (twice.value, twice.low, twice.high) == pytest.approx((1, sure.low**2, 1))
    assert "1 of 2 requests" in figures.see([each])
    assert "Nothing to compose" in figures.see(grids(rows_of({"past": none, "past+past": none}), 200)["toy"])
    assert len(figures.tables("toy", [each])[0].rows) == 5
    assert figures.figures("toy", [each])[0].name.endswith("spoken")
