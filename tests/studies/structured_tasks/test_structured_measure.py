"""What a cell measures equals asking prompt by prompt, and what it changes is only what it says."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks.curves import cipher_kinds
from taskscope.studies.structured_tasks.curves import measure as curves
from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    RENAMED,
    SCRAMBLED,
    UNLEARNABLE,
    VANILLA,
)
from taskscope.studies.structured_tasks.curves.rows import SKIPPED
from taskscope.studies.structured_tasks.maps import measure as maps
from taskscope.studies.structured_tasks.maps.draws import ORDERS
from taskscope.studies.structured_tasks.maps.rows import (
    APART,
    FACTS,
    RENAMED_TASK,
    RENAMING,
    RENAMING_SHOWN,
    SHOWN,
    TASK_SHOWN,
    WITHHELD,
)
from taskscope.studies.structured_tasks.params import OTHER_RANDOMS, StructuredTaskParams
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS

TINY = StructuredTaskParams(
    tasks=("topics",),
    shots=(2, 3),
    n_repetitions=2,
    n_queries=3,
    cipher_ladder=(0.5,),
    map_shots=3,
    n_maps=4,
    n_natural=2,
    n_word_sets=2,
    n_text_sets=2,
    n_text_queries=2,
    other_randoms=OTHER_RANDOMS,
    nested=(),
    n_stage_maps=0,
    spoken=(),
)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


def cells(params: StructuredTaskParams = TINY) -> dict[str, Cell]:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    return {cell.measure.split(".")[-2]: cell for cell in STRUCTURED_TASKS.plan(params, [planned])}


@pytest.fixture(scope="module")
def measured(model: LanguageModel) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for row in curves.measure(cells()["curves"], model).rows.to_pylist():
        found.setdefault(row["condition"], []).append(row)
    return found


@pytest.fixture(scope="module")
def session(model: LanguageModel) -> curves.Session:
    return curves.Session(cells()["curves"], model)


@pytest.mark.parametrize("condition", [VANILLA, RENAMED])
def test_rows_equal_scoring_each_prompt_with_each_label(condition, measured, session, model) -> None:
    """A shared encoding of demonstrations and tokens put together by hand give the numbers of plain text."""
    for row in measured[condition]:
        each = session.shown[row["repetition"]]
        images = session.task.labels
        if condition == RENAMED:
            images = session.renamings[row["repetition"]].images
        pairs = [(text.text, images[text.label]) for text in each.demonstrations[: row["shots"]]]
        query = each.queries[row["query"]]
        prompt = session.task.render(pairs, query.text).text
        wanted = model.score([(prompt, f" {image}") for image in images])
        np.testing.assert_allclose(row["logprobs"], wanted, atol=1e-4)
        assert row["gold"] == query.label
        assert row["predicted"] == int(np.argmax(wanted))
        assert row["missing"] == (query.label not in each.classes(row["shots"]))


def test_every_condition_has_every_query(measured, session) -> None:
    per_shots = session.gold.size
    at_last = {"words", "bucketed", "50 % ciphered", "50 % scrambled"}
    assert at_last < set(measured)
    for condition, rows in measured.items():
        assert len(rows) == per_shots * (1 if condition in at_last else len(TINY.shots))


def test_new_labels_are_words_that_mean_nothing_in_the_texts(session) -> None:
    texts = " ".join(text.text.lower() for text in session.task.pool)
    for renaming in session.renamings:
        assert not set(renaming.images) & set(session.task.labels)
        assert not any(f" {image} " in f" {texts} " for image in renaming.images)
    assert session.renamings[0].images != session.renamings[1].images


def test_a_cipher_changes_texts_alone_and_always_alike(session) -> None:
    plain = session.plain(3)
    question = session.ciphered(plain, cipher_kinds.bijection)
    flat = [one for asked in plain for one in asked]
    n_queries = len(plain[0])
    for repetition in range(len(plain)):
        image: dict[int, int] = {}
        for asked, ciphered in list(zip(flat, question.prompts, strict=True))[
            repetition * n_queries : (repetition + 1) * n_queries
        ]:
            before, after = np.array(asked.tokens), np.array(ciphered)
            np.testing.assert_array_equal(before[~asked.in_text], after[~asked.in_text])
            for old, new in zip(before[asked.in_text], after[asked.in_text], strict=True):
                assert image.setdefault(int(old), int(new)) == new
                assert (new == old) == (int(old) in session.asker.protected)
        assert len(set(image.values())) == len(image)


def test_a_scrambled_text_has_no_code(session) -> None:
    plain = session.plain(3)
    question = session.ciphered(plain, cipher_kinds.scrambled)
    asked, scrambled = plain[0][0], np.array(question.prompts[0])
    before = np.array(asked.tokens)
    np.testing.assert_array_equal(before[~asked.in_text], scrambled[~asked.in_text])
    repeated = [t for t in set(before[asked.in_text].tolist()) if (before[asked.in_text] == t).sum() > 1]
    moved = [t for t in repeated if t not in session.asker.protected]
    assert any(len(set(scrambled[asked.in_text][before[asked.in_text] == t].tolist())) > 1 for t in moved)


def test_half_a_cipher_moves_about_half(session) -> None:
    plain = session.plain(3)
    question = session.ciphered(plain, partial(cipher_kinds.bijection, share=0.5))
    flat = [one for asked in plain for one in asked]
    moved = np.concatenate(
        [
            np.array(asked.tokens)[asked.in_text] != np.array(prompt)[asked.in_text]
            for asked, prompt in zip(flat, question.prompts, strict=True)
        ]
    )
    assert 0.2 < moved.mean() < 0.8


def test_labels_at_random_tell_nothing(session) -> None:
    """The same words stand as labels as in the renamed task, but not where its map would put them."""
    renamed, unlearnable = (session.renamed(3, session.renamings, at_random) for at_random in (False, True))
    assert renamed.labels == unlearnable.labels
    assert renamed.prompts != unlearnable.prompts


def test_prompts_that_do_not_fit_are_named_and_left_out(model: LanguageModel) -> None:
    params = TINY.model_copy(update={"shots": (2, 300), "n_repetitions": 2, "cipher_ladder": ()})
    rows = curves.measure(cells(params)["curves"], model).rows.to_pylist()
    skipped = [row for row in rows if row["condition"] == SKIPPED]
    assert [row["shots"] for row in skipped] == [300]
    assert {row["shots"] for row in rows if row["condition"] == VANILLA} == {2}
    assert UNLEARNABLE in {row["condition"] for row in rows}
    assert {CIPHERED, SCRAMBLED} < {row["condition"] for row in rows}


def test_maps_are_asked_alone_and_with_the_task(model: LanguageModel) -> None:
    cell = cells()["maps"]
    rows = maps.measure(cell, model).rows.to_pylist()
    facts = [row for row in rows if row["part"] == FACTS]
    kinds = {"random": TINY.n_maps, "synonym": 2, "antonym": 2, "keyword": 2}
    kinds |= dict.fromkeys(OTHER_RANDOMS, 2)
    assert {kind: sum(row["kind"] == kind for row in facts) for kind in kinds} == kinds
    for kind, n in kinds.items():
        alone = [row for row in rows if row["arm"] == RENAMING and row["kind"] == kind]
        assert len(alone) == n * TINY.n_word_sets * 4
        assert [row["gold"] for row in alone[:4]] == [0, 1, 2, 3]
    renamed = [row for row in rows if row["arm"] == RENAMED_TASK]
    assert {row["kind"] for row in renamed} == {"random"}
    assert len(renamed) == TINY.n_maps * TINY.n_text_sets * TINY.n_text_queries


def test_parts_shown_apart_never_show_the_whole(model: LanguageModel) -> None:
    """Texts stand under their own labels, labels under new words, and every other one of each."""
    cell = cells()["maps"]
    session = maps.Session(cell, model)
    own = maps.maps_of(session.task, session.asker.words, cell.seed, session.params)["random"][0]
    each = maps.texts(session.task, "apart", cell.seed, 1, 6, 2)[0]
    labels = session.task.labels
    both, named = maps.parts_of(each, own, APART)
    for at, (text, (shown, answer)) in enumerate(zip(each.demonstrations, both, strict=True)):
        label = labels[text.label]
        assert (shown, answer) == ((text.text, label) if at % 2 == 0 else (label, own.apply(label)))
    assert named == [text.label for text in each.demonstrations[1::2]]
    assert maps.parts_of(each, own, TASK_SHOWN) == (both[::2], [])
    assert maps.parts_of(each, own, RENAMING_SHOWN) == (both[1::2], named)


def test_parts_shown_apart_are_asked_for_the_new_words(model: LanguageModel) -> None:
    cell = cells()["maps"]
    session = maps.Session(cell, model)
    drawn = maps.maps_of(session.task, session.asker.words, cell.seed, session.params)["random"]
    rows = maps.measure(cell, model).rows.to_pylist()
    for arm in SHOWN:
        own = [row for row in rows if row["arm"] == arm]
        assert len(own) == TINY.n_maps * TINY.n_text_queries
        each = maps.texts(session.task, "apart", cell.seed, TINY.n_maps, TINY.map_shots, TINY.n_text_queries)[
            1
        ]
        pairs, named = maps.parts_of(each, drawn[1], arm)
        row = next(row for row in own if (row["map"], row["query"]) == (1, 1))
        prompt = session.task.render(pairs, each.queries[1].text).text
        wanted = model.score([(prompt, f" {image}") for image in drawn[1].images])
        assert row["predicted"] == int(np.argmax(wanted))
        assert row["missing"] == (each.queries[1].label not in named)


@pytest.mark.skipif("TASKSCOPE_DATA" not in os.environ, reason="needs the WordNet tables")
def test_chains_of_synonyms_are_asked_where_a_thesaurus_is_given(model: LanguageModel) -> None:
    folder = Path(os.environ["TASKSCOPE_DATA"]) / "wordnet"
    params = TINY.model_copy(update={"tasks": ("sentiment",), "thesaurus": str(folder), "n_maps": 4})
    rows = maps.measure(cells(params)["maps"], model).rows.to_pylist()
    kinds = {row["kind"]: row["images"] for row in rows if row["part"] == FACTS}
    chain = [kind for kind in ORDERS if kind in kinds]
    assert chain == list(ORDERS[: len(chain)])
    assert len(chain) > 1
    assert kinds["identity"] == ["negative", "positive"]
    assert cells(params)["maps"].key != cells(TINY.model_copy(update={"tasks": ("sentiment",)}))["maps"].key


def test_the_renaming_alone_equals_scoring_text(model: LanguageModel) -> None:
    cell = cells()["maps"]
    session = maps.Session(cell, model)
    drawn = maps.maps_of(session.task, session.asker.words, cell.seed, session.params)["random"]
    rows = maps.measure(cell, model).rows.to_pylist()
    alone = [row for row in rows if row["arm"] == RENAMING and row["kind"] == "random"]
    labels = session.task.labels
    for number, each in enumerate(drawn[:2]):
        sets = maps.word_sets(session.task, "random", number, cell.seed, session.params)
        for at, shown in enumerate(sets):
            pairs = [(labels[c], each.images[c]) for c in shown]
            for query in range(4):
                prompt = session.task.render(pairs, labels[query]).text
                wanted = int(np.argmax(model.score([(prompt, f" {image}") for image in each.images])))
                row = next(r for r in alone if (r["map"], r["set"], r["query"]) == (number, at, query))
                assert row["predicted"] == wanted


def test_a_withheld_name_is_never_shown(model: LanguageModel, monkeypatch) -> None:
    """No prompt of this arm holds the image of the label that it asks for."""
    cell = cells()["maps"]
    session = maps.Session(cell, model)
    drawn = maps.maps_of(session.task, session.asker.words, cell.seed, session.params)["random"]
    seen: list[str] = []
    encode = model.encoder.encode

    def watch(text: str) -> tuple[int, ...]:
        seen.append(text)
        return encode(text)

    monkeypatch.setattr(model.encoder, "encode", watch)
    rows = session._withheld("random", drawn).to_pylist()
    assert {row["arm"] for row in rows} == {WITHHELD}
    prompts = [text for text in seen if text.count("News type:") == TINY.map_shots + 1]
    assert len(prompts) == len(rows)
    for row, text in zip(rows, prompts, strict=True):
        asked = session.task.labels[row["gold"]]
        assert text.endswith(f"News: {asked}\nNews type:")
        assert f" {drawn[row['map']].images[row['gold']]}\n" not in text
