"""What an effect cell stores equals asking prompt by prompt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import taskscope
from taskscope.errors import TaskError
from taskscope.models.language_model import LanguageModel
from taskscope.runs.cell import Cell, Cost, Measured, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.asking import Asker
from taskscope.studies.kernel_regression.attended import attended
from taskscope.studies.kernel_regression.draws import rendered
from taskscope.studies.kernel_regression.effects import conditions, measure, texts
from taskscope.studies.kernel_regression.effects.params import EffectParams
from taskscope.studies.kernel_regression.params import EFFECTS, KernelRegressionParams
from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, WORDS
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.tasks import classification_registry, thesaurus
from taskscope.tasks.classification import ClassificationTask

K = 4
PARAMS = EffectParams(k=K, template="fields", n_effects=8, n_choosing=8)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return taskscope.load("pico-xs")


@pytest.fixture(scope="module")
def task() -> ClassificationTask:
    return classification_registry.get("sentiment")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    at = tmp_path_factory.mktemp("wordnet")
    for table in thesaurus.TABLES:
        (at / table).write_text("word\tsynonym\tpos\tsynset_offset\tone\tother\n", encoding="utf-8")
    line = "movie\tmotion\tnoun\t1\t30\t1\n"
    (at / "synonyms.tsv").write_text("head\n" + line, encoding="utf-8")
    return at


@pytest.fixture(scope="module")
def cell(model: LanguageModel, task: ClassificationTask, folder: Path) -> Cell:
    return Cell(
        study="kernel-regression",
        study_version=1,
        params=PARAMS.model_dump(mode="json"),
        model=ModelRef(id=model.id, label=model.label, dtype=model.dtype, attention=model.attention),
        tasks=(classification_registry.ref(task), thesaurus.ref(folder)),
        seed=0,
        measure="unused:unused",
        cost=Cost(tokens=1, token_layers=1),
    )


@pytest.fixture(scope="module")
def measured(cell: Cell, model: LanguageModel) -> Measured:
    return measure.measure(cell, model)


@pytest.fixture(scope="module")
def session(cell: Cell, model: LanguageModel) -> measure.Session:
    return measure.Session(cell, model)


def rows_of(measured: Measured, condition: str) -> list[dict]:
    return [row for row in measured.rows.to_pylist() if row["condition"] == condition]


def test_every_condition_is_asked_of_every_question(measured: Measured) -> None:
    asked = {row["condition"] for row in measured.rows.to_pylist()}
    wanted = {name for names in conditions.KINDS.values() for name in names}
    left_out = wanted - asked
    assert all("sentence" in n or n in (conditions.OTHER_DOMAIN, conditions.SYMBOLS) for n in left_out)
    assert {conditions.RANDOM, conditions.ZERO, conditions.NO_LABELS} < asked
    queries = {name: [row["query"] for row in rows_of(measured, name)] for name in asked}
    assert all(own == queries[conditions.RANDOM] and len(own) == 8 for own in queries.values())


def test_swapped_words_are_those_of_the_task_with_its_words_swapped(
    measured: Measured, session: measure.Session, task: ClassificationTask, model: LanguageModel
) -> None:
    swapped = task.model_copy(update={"labels": task.labels[::-1]})
    asker = Asker(swapped, model, template_for("fields", task))
    expected = asker.logprobs(asker.encode(session.some))
    found = [row["logprobs"] for row in rows_of(measured, conditions.SWAPPED)]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    text = rendered(swapped, session.some[0], asker.template).text
    first = session.some[0].demonstrations[0]
    assert f"{first.text}\nSentiment: {task.labels[1 - first.label]}" in text


def test_weights_are_shares_of_the_chosen_heads_attention_on_labels(
    measured: Measured, session: measure.Session
) -> None:
    looked = attended(session.model, session.asker.encode(session.some))
    for i, row in enumerate(rows_of(measured, conditions.RANDOM)):
        assert row["chosen"] == session.head
        np.testing.assert_allclose(row["weights"], looked.label[i, session.head], atol=1e-5)


def test_retrieved_texts_are_the_nearest_of_their_class(session: measure.Session) -> None:
    rng = np.random.default_rng(0)
    queries = [question.query for question in session.some]
    pool = texts.Pool(session.asker, queries, "", rng)
    shown = texts.retrieved(pool, len(queries), K, 2, rng)
    number = {text: i for i, text in enumerate(pool.texts)}
    for scorer in (WORDS, PREDICTION):
        for i, own in enumerate(shown[conditions.by(conditions.NEAREST, scorer)]):
            assert sorted(text.label for text in own) == [0, 0, 1, 1]
            for label in (0, 1):
                scores = pool.likeness[scorer][i][pool.labels == label]
                mine = [pool.likeness[scorer][i][number[t]] for t in own if t.label == label]
                assert min(mine) >= np.sort(scores)[-2] - 1e-12
    anyone = shown[conditions.ANY_LABEL][0]
    assert min(pool.likeness[WORDS][0][number[t]] for t in anyone) >= np.sort(pool.likeness[WORDS][0])[-K]


def test_surprise_is_what_scoring_the_text_costs_per_token(session: measure.Session) -> None:
    text = session.some[0].query.text
    own = session.model.encoder.encode_pairs([("Review:", f" {text}")])[0][1]
    expected = -session.model.score([("Review:", f" {text}")])[0] / len(own)
    assert texts.surprise(session.asker, [text])[0] == pytest.approx(expected)


def test_a_prompt_without_labels_has_none(session: measure.Session) -> None:
    template = replace(session.asker.template, space="")
    question = session.some[0]
    text = template.render([(t.text, "") for t in question.demonstrations], question.query.text).text
    assert not any(label in text.split() for label in session.task.labels)
    assert text.count("Sentiment:") == K + 1


def test_a_thesaurus_is_part_of_a_cells_identity(folder: Path, model: LanguageModel) -> None:
    planned = PlannedModel(
        ref=ModelRef(id=model.id, label=model.label, dtype=model.dtype, attention=model.attention),
        n_blocks=model.n_blocks,
        n_parameters=1,
        context=model.context,
    )
    params = KernelRegressionParams(parts=(EFFECTS,), tasks=("sentiment",))
    named = params.model_copy(update={"thesaurus": str(folder)})
    (without,), (with_one,) = (KERNEL_REGRESSION.plan(each, [planned]) for each in (params, named))
    assert without.key != with_one.key and with_one.tasks[1].name == thesaurus.NAME
    with pytest.raises(TaskError):
        KERNEL_REGRESSION.plan(params.model_copy(update={"thesaurus": str(folder / "none")}), [planned])
