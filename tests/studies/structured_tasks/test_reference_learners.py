"""Reference learners: equality with scikit-learn, blindness to ciphers, and what each can never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from taskscope.errors import StudyError
from taskscope.stats.classification import macro_f1
from taskscope.studies.structured_tasks.learners import logistic
from taskscope.studies.structured_tasks.learners.counts import Counts, count
from taskscope.studies.structured_tasks.learners.predicting import NAMES, predict, predict_oracle
from taskscope.tasks import ciphers, texts

VOCABULARY = 50


def planted(seed: int, n: int, n_classes: int = 3) -> tuple[list[list[int]], np.ndarray]:
    """Texts of common tokens and, half the time at each place, tokens of their own class."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    return [
        [int(30 + t) if rng.random() < 0.5 else int(5 * c + t % 5) for t in rng.integers(20, size=8)]
        for c in labels
    ], labels


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("majority", "recency")])
def test_a_learner_learns_what_tokens_tell(name):
    demos, labels = planted(0, 40)
    queries, truth = planted(1, 200)
    guess = predict(name, demos, labels, queries, 3, np.random.default_rng(0))
    assert macro_f1(truth, guess, 3) > (0.7 if name == "nearest" else 0.85)


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_is_at_chance_where_texts_tell_nothing(name):
    task = texts.build("sentiment", stray=0.5)
    rng = np.random.default_rng(0)
    hits = []
    for start in range(0, 480, 32):
        demos, queries = task.pool[start : start + 32], task.test[start : start + 32]
        guess = predict(
            name,
            [item.text.split() for item in demos],
            np.array([item.label for item in demos]),
            [item.text.split() for item in queries],
            2,
            rng,
        )
        hits.append(np.mean(guess == [item.label for item in queries]))
    assert np.mean(hits) == pytest.approx(0.5, abs=0.08)  # 480 queries: 3.5 standard errors


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from(NAMES))
def test_predictions_are_bit_for_bit_the_same_under_a_code(seed, name):
    demos, labels = planted(seed, 12)
    queries, _ = planted(seed + 1, 9)
    code = ciphers.bijection(VOCABULARY, (), np.random.default_rng(seed))
    rng = np.random.default_rng(0)
    coded = [[code.encode(text, rng) for text in side] for side in (demos, queries)]
    plain, hidden = count(demos, queries), count(*coded)
    assert plain.demos.tobytes() == hidden.demos.tobytes()
    assert plain.queries.tobytes() == hidden.queries.tobytes()
    before = predict(name, demos, labels, queries, 3, np.random.default_rng(1))
    after = predict(name, coded[0], labels, coded[1], 3, np.random.default_rng(1))
    assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_class_that_is_not_shown_is_never_predicted(name):
    demos, labels = planted(0, 30, n_classes=2)
    queries, _ = planted(1, 50, n_classes=3)
    guess = predict(name, demos, 2 * labels, queries, 4, np.random.default_rng(0))
    assert set(guess) <= {0, 2}
    only = predict(name, demos, np.full(30, 3), queries, 4, np.random.default_rng(0))
    assert set(only) == {3}


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("c", [0.01, 1.0, 10.0])
def test_logistic_regression_is_scikit_learns(n_classes, c):
    demos, labels = planted(3, 40, n_classes)
    queries, _ = planted(4, 30, n_classes)
    counts = count(demos, queries)
    theirs = LogisticRegression(C=c, tol=1e-8, max_iter=10_000).fit(counts.demos, labels)
    space = logistic.spanned(counts)
    ours = logistic.fit(space.demos, labels, n_classes, c)
    scores = (space.queries @ ours.weights + ours.intercepts).squeeze()
    np.testing.assert_allclose(scores, theirs.decision_function(counts.queries), atol=2e-3)
    confident = np.abs(scores) > 5e-3 if n_classes == 2 else np.ptp(np.sort(scores)[:, -2:], axis=1) > 5e-3
    agreed = ours.predict(space.queries) == theirs.predict(counts.queries)
    assert agreed[confident].all() and confident.mean() > 0.9


def test_the_spanned_space_keeps_all_inner_products():
    counts = count(*(planted(seed, 10)[0] for seed in (0, 1)))
    space = logistic.spanned(counts)
    np.testing.assert_allclose(space.demos @ space.demos.T, counts.demos @ counts.demos.T, atol=1e-9)
    np.testing.assert_allclose(space.queries @ space.demos.T, counts.queries @ counts.demos.T, atol=1e-9)
    nothing = logistic.spanned(Counts(np.zeros((3, 4)), np.ones((2, 4))))
    assert nothing.demos.shape == (3, 0)


def test_cross_validation_turns_a_useless_classifier_down():
    demos, labels = planted(0, 60, 2)
    space = logistic.spanned(count(demos, demos))
    assert logistic.cross_validated_c(space.demos, labels, 2, np.random.default_rng(0)) in logistic.GRID
    alone = np.array([0] + [1] * 59)
    assert logistic.cross_validated_c(space.demos, alone, 2, np.random.default_rng(0)) == 1.0


def test_the_oracle_is_at_least_as_good_as_any_c():
    demos, labels = planted(0, 20)
    queries, truth = planted(1, 60)
    best = macro_f1(truth, predict_oracle(demos, labels, queries, truth, 3), 3)
    for name in ("token_logistic", "token_logistic_cv"):
        guess = predict(name, demos, labels, queries, 3, np.random.default_rng(0))
        assert best >= macro_f1(truth, guess, 3) - 1e-12
    assert set(predict_oracle(demos, np.ones(20, dtype=int), queries, truth, 3)) == {1}


def test_majority_and_recency_read_labels_alone():
    demos, queries = [[1], [2], [3], [4]], [[1], [2]]
    rng = np.random.default_rng(0)
    assert predict("majority", demos, np.array([2, 2, 0, 1]), queries, 3, rng).tolist() == [2, 2]
    assert predict("recency", demos, np.array([2, 2, 0, 1]), queries, 3, rng).tolist() == [1, 1]
    tied = predict("majority", demos, np.array([0, 0, 1, 1]), [[1]] * 400, 2, rng)
    assert tied.mean() == pytest.approx(0.5, abs=0.1)


def test_what_cannot_be_learned_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(StudyError, match="did you mean 'nearest'"):
        predict("nearests", [[1]], np.array([0]), [[1]], 2, rng)
    with pytest.raises(StudyError, match="at least one"):
        predict("nearest", [], np.array([]), [[1]], 2, rng)
    with pytest.raises(StudyError, match="labels from 0 to 1"):
        predict("nearest", [[1], [1]], np.array([0, 2]), [[1]], 2, rng)
