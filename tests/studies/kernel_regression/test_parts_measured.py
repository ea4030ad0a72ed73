"""Similarity, features, influence and rivals measured on a real model, against loops of one's own."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import taskscope
from taskscope.models.language_model import LanguageModel
from taskscope.runs.cell import Cell, Cost, ModelRef
from taskscope.studies.base import Params
from taskscope.studies.kernel_regression import alone
from taskscope.studies.kernel_regression.asking import Asker
from taskscope.studies.kernel_regression.attended import attended
from taskscope.studies.kernel_regression.draws import Question, questions
from taskscope.studies.kernel_regression.features import measure as features
from taskscope.studies.kernel_regression.features.params import FeatureParams
from taskscope.studies.kernel_regression.features.rows import OFFSETS
from taskscope.studies.kernel_regression.influence import measure as influence
from taskscope.studies.kernel_regression.influence.params import InfluenceParams
from taskscope.studies.kernel_regression.rivals import measure as rivals
from taskscope.studies.kernel_regression.rivals.kernels import OPERATIONAL, PREDICTION
from taskscope.studies.kernel_regression.rivals.params import RivalParams
from taskscope.studies.kernel_regression.rivals.rows import rivals as read_rivals
from taskscope.studies.kernel_regression.similarity import measure as similarity
from taskscope.studies.kernel_regression.similarity.params import SimilarityParams
from taskscope.studies.kernel_regression.templates import TEMPLATES, template_for
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import ClassificationTask

K = 4


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return taskscope.load("pico-xs")


@pytest.fixture(scope="module")
def task() -> ClassificationTask:
    return classification_registry.get("sentiment")


def cell(params: Params, model: LanguageModel, task: ClassificationTask) -> Cell:
    ref = ModelRef(id=model.id, label=model.label, dtype=model.dtype, attention=model.attention)
    return Cell(
        study="kernel-regression",
        study_version=1,
        params=params.model_dump(mode="json"),
        model=ref,
        tasks=(classification_registry.ref(task),),
        seed=0,
        measure="unused:unused",
        cost=Cost(tokens=1, token_layers=1),
    )


def asked(task: ClassificationTask, n: int) -> list[Question]:
    return questions(task, "held-out", n, K, np.random.default_rng(0))


def test_weights_are_those_of_the_row_at_the_labels(model: LanguageModel, task: ClassificationTask) -> None:
    asker = Asker(task, model, template_for("fields", task))
    encoded = asker.encode(asked(task, 3))
    found = attended(model, encoded)
    for number, one in enumerate(encoded):
        row = model.last_rows([one.tokens]).rows[0].reshape(-1, len(one.tokens))
        own = np.stack([row[:, a:b].sum(axis=1) for a, b in one.layout.labels], axis=1)
        assert found.mass[number] == pytest.approx(own.sum(axis=1), abs=1e-5)
        assert found.label[number] == pytest.approx(own / own.sum(axis=1, keepdims=True), abs=1e-4)
        for (start, end), (label, _) in zip(one.layout.labels, one.layout.texts, strict=True):
            assert label < start < end


def test_similarities_do_not_depend_on_the_groups_they_come_in(
    model: LanguageModel, task: ClassificationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = asked(task, 4)
    found = alone.similarities(model, some, str)
    law = {
        text.text: np.exp(model.distributions([text.text], [alone.Column(0)])[0]).astype(float)
        for question in some
        for text in (question.query, *question.demonstrations)
    }
    for question, values in zip(some, found, strict=True):
        for demonstration, (dot, cosine, hellinger) in zip(question.demonstrations, values.T, strict=True):
            p, q = law[question.query.text], law[demonstration.text]
            assert dot == pytest.approx(p @ q, rel=1e-3)
            assert cosine == pytest.approx(p @ q / np.sqrt((p @ p) * (q @ q)), rel=1e-3)
            assert hellinger == pytest.approx(np.sqrt(p * q).sum(), rel=1e-3)
    monkeypatch.setattr(alone, "HELD", 6 * len(model.tokenizer))
    assert alone.similarities(model, some, str) == pytest.approx(found, rel=1e-3)


def test_similarity_cell_holds_every_head(model: LanguageModel, task: ClassificationTask) -> None:
    params = SimilarityParams(k=K, template="fields", n_similarity=8)
    rows = similarity.measure(cell(params, model, task), model).rows
    assert rows.num_rows == 8
    assert len(rows["label_weights"][0].as_py()) == model.n_blocks * model.n_heads * K
    assert len(rows["cued"][0].as_py()) == len(alone.KINDS) * K


def test_features_are_read_around_each_label(model: LanguageModel, task: ClassificationTask) -> None:
    asker = Asker(task, model, template_for("fields", task))
    (one,) = asker.encode(asked(task, 1))
    places = features.positions(one).reshape(K, len(OFFSETS))
    labels = {asker.labels[c][-1] for c in range(2)}
    assert {one.tokens[at] for at in places[:, OFFSETS.index(0)]} <= labels
    assert not {one.tokens[at] for at in places[:, OFFSETS.index(-1)]} & labels
    params = FeatureParams(k=K, template="fields", n_probed=10)
    rows = features.measure(cell(params, model, task), model).rows
    label = rows.filter(
        pa.array(
            [
                (vector, offset, mixed) == ("value", 0, False)
                for vector, offset, mixed in zip(
                    *(rows[name].to_pylist() for name in ("vector", "offset", "shuffled")), strict=True
                )
            ]
        )
    )
    # The first block's value at a label's own token is a function of that token alone: nothing is easier.
    first = [row["accuracy"] for row in label.to_pylist() if row["block"] == 0]
    assert min(first) > 0.99


def test_swapping_a_label_is_asking_the_swapped_question(
    model: LanguageModel, task: ClassificationTask
) -> None:
    asker = Asker(task, model, template_for("fields", task))
    some = asked(task, 2)
    plain = asker.logprobs(asker.encode(some))
    odds, moved = influence._swaps(asker, some, plain)
    for number, question in enumerate(some):
        for i, text in enumerate(question.demonstrations):
            other = text.model_copy(update={"label": 1 - text.label})
            shown = (*question.demonstrations[:i], other, *question.demonstrations[i + 1 :])
            after = asker.logprobs(asker.encode([Question(shown, question.query)]))[0]
            gap = after - plain[number]
            assert odds[number, i] == pytest.approx(gap[1 - text.label] - gap[text.label], abs=1e-3)
            law = [np.exp(logs) / np.exp(logs).sum() for logs in (after, plain[number])]
            change = law[0] - law[1]
            assert moved[number, i] == pytest.approx(change[1 - text.label] - change[text.label], abs=1e-3)


def test_influence_cell_replaces_nothing_exactly(model: LanguageModel, task: ClassificationTask) -> None:
    params = InfluenceParams(k=K, template="fields", n_choosing=8, n_influence=4, n_matched_sets=2)
    rows = influence.measure(cell(params, model, task), model).rows.to_pylist()
    sets = {(row["replaced"], row["by"], row["set"]) for row in rows if row["part"] == "head ablation"}
    assert len(sets) == 1 + 2 * (1 + 1 + 2)
    plain = [row["logprobs"] for row in rows if row["replaced"] == "nothing"]
    assert np.exp(plain).sum(axis=1) == pytest.approx(1)


def test_rival_cell_leaves_out_what_does_not_fit(model: LanguageModel, task: ClassificationTask) -> None:
    params = RivalParams(k=K, template="fields", shots=(1, 100), n_chosen=8, n_judged=8)
    measured = rivals.measure(cell(params, model, task), model)
    rows = measured.rows
    for name, value in (("seed", 0), ("task", "t"), ("model", "m")):
        rows = rows.add_column(0, name, pa.array([value] * rows.num_rows))
    (found,) = read_rivals(rows)
    assert found.shots == (1, K)
    assert measured.notes["told"][0].startswith("100 demonstrations are more than")
    assert found.judged.classes.shape == (8, K)
    assert found.judged.votes[K].sum(axis=-1) == pytest.approx(1, abs=1e-5)
    counts = [np.bincount(shown[:K], minlength=2) for shown in found.judged.classes]
    assert (np.array(counts) == K // 2).all()  # every class is shown before one is shown twice
    products = found.judged.products
    assert np.linalg.eigvalsh(products[PREDICTION]).min() > -1e-4
    # E[K(x, x)] is the rank of the second moment, for texts like the reference (protocol fact F4).
    own = np.einsum("qtt->qt", products[OPERATIONAL]).mean()
    assert rivals.RANK / 3 < own < 3 * rivals.RANK


def test_whitening_is_the_pseudo_inverse_of_the_second_moment() -> None:
    laws = np.random.default_rng(0).dirichlet(np.full(12, 0.3), size=6).astype(np.float32)
    sigma = (laws.T @ laws / len(laws)).astype(float)
    short = laws @ rivals.whitening(laws)
    assert short @ short.T == pytest.approx(laws @ np.linalg.pinv(sigma, rcond=1e-8) @ laws.T, abs=1e-3)
    assert np.trace(short @ short.T) / len(laws) == pytest.approx(6)  # its rank
    fewer = laws @ rivals.whitening(laws, rank=2)
    assert np.trace(fewer @ fewer.T) / len(laws) == pytest.approx(2)


def test_every_template_has_a_cue_that_ends_where_labels_begin(task: ClassificationTask) -> None:
    for template in TEMPLATES:
        assert template_for(template.name, task).render((), "text").text.endswith(":")
