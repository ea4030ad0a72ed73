"""Probes on keys and values: against scikit-learn, no leak between folds, planted and absent features."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from taskscope.studies.kernel_regression.features.figures import figures
from taskscope.studies.kernel_regression.features.findings import BEFORE, Features, features
from taskscope.studies.kernel_regression.features.probes import (
    PENALTIES,
    folds,
    probe,
    restricted,
    shuffled,
)
from taskscope.studies.kernel_regression.features.rows import (
    LABEL,
    OFFSETS,
    PROBED,
    SHUFFLED,
    probe_rows,
)
from taskscope.studies.kernel_regression.features.tables import tables

N_TEXTS, REPEATS, WIDTH = 80, 3, 6
BLOCKS, HEADS = (0, 1, 2), 2
TELLING = 1
"""The block whose values say the label."""


def test_probe_is_scikit_learns_ridge_on_standardised_features() -> None:
    rng = np.random.default_rng(0)
    x, y, fold = rng.normal(3, 2, size=(90, 2, 4)), rng.integers(3, size=90), np.arange(90) % 5
    x[:, :, 0] += y[:, None]
    found = probe(x, {"y": y}, fold)
    for penalty, alpha in zip(PENALTIES, (0.01, 0.01 * 72), strict=True):
        for site in range(2):
            right = np.zeros(90, bool)
            for out in range(5):
                fit = fold != out
                scale = StandardScaler().fit(x[fit, site])
                ridge = Ridge(alpha=alpha).fit(scale.transform(x[fit, site]), np.eye(3)[y[fit]])
                scores = ridge.predict(scale.transform(x[~fit, site]))
                right[~fit] = scores.argmax(axis=1) == y[~fit]
            assert (found["y", penalty][site] == right).all()


def test_a_feature_that_never_varies_says_nothing() -> None:
    y = np.arange(40) % 2
    found = probe(np.ones((40, 1, 3)), {"y": y}, np.arange(40) // 8)
    assert found["y", PENALTIES[0]].mean() == 0.5


def test_texts_stay_on_one_side_and_share_their_target() -> None:
    rng = np.random.default_rng(1)
    text = rng.integers(30, size=200)
    text[:30] = np.arange(30)
    fold = folds(text, rng)
    assert all(len(set(fold[text == each])) == 1 for each in range(30))
    target = rng.integers(4, size=30)[text]
    mixed = shuffled(target, text, rng)
    assert all(len(set(mixed[text == each])) == 1 for each in range(30))
    first = np.unique(text, return_index=True)[1]
    assert sorted(mixed[first]) == sorted(target[first]) and (mixed != target).any()


def test_a_text_is_not_known_by_heart() -> None:
    """Vectors that name the text but say nothing of its label must not be read as features (pitfall 5)."""
    rng = np.random.default_rng(2)
    text = np.repeat(np.arange(N_TEXTS), 5)
    x = rng.normal(size=(N_TEXTS, 1, 40))[text]
    y = rng.integers(2, size=N_TEXTS)[text]
    grouped = probe(x, {"y": y}, folds(text, rng))["y", PENALTIES[0]].mean()
    leaking = probe(x, {"y": y}, rng.integers(5, size=len(y)))["y", PENALTIES[0]].mean()
    assert leaking > 0.75 > 0.65 > grouped


def test_rare_tokens_share_a_number() -> None:
    tokens = np.array([7] * 60 + [3] * 36 + [11, 12, 13, 14])
    number = restricted(tokens)
    assert (number[:60] == 0).all() and (number[60:96] == 1).all() and (number[96:] == 2).all()
    assert restricted(np.full(5, 9)).tolist() == [0] * 5


def world(seed: int) -> Features:
    """Values at and after the label say it in one block; before it, and in keys, nothing does."""
    rng = np.random.default_rng(seed)
    text = np.repeat(np.arange(N_TEXTS), REPEATS)
    fold = folds(text, rng)
    tables_ = []
    for vector, names in PROBED.items():
        for name in names:
            target = rng.integers(2, size=N_TEXTS)[text]
            both = {name: target, f"{SHUFFLED} {name}": shuffled(target, text, rng)}
            for offset in OFFSETS:
                x = rng.normal(size=(len(text), len(BLOCKS), HEADS, WIDTH))
                if vector == "value" and offset >= 0:
                    x[:, TELLING, :, 0] += 4 * target[:, None]
                found = probe(x.reshape(len(text), -1, WIDTH), both, fold)
                for (key, penalty), right in found.items():
                    said = {"vector": vector, "target": name, "offset": offset, "penalty": penalty}
                    said["shuffled"] = key != name
                    tables_.append(probe_rows(said, right, target, text, np.arange(N_TEXTS), BLOCKS))
    rows = pa.concat_tables(tables_)
    for name, value in (("seed", 0), ("task", "t"), ("model", "planted")):
        rows = rows.add_column(0, name, pa.array([value] * rows.num_rows))
    (found,) = features(rows, 400)
    return found


@pytest.fixture(scope="module")
def planted() -> Features:
    return world(3)


def test_the_telling_block_is_found(planted: Features) -> None:
    values = planted.probe("value", LABEL)
    assert values.gain is not None and values.gain.block == BLOCKS[TELLING]
    assert values.gain.accuracy.low > 0.9 and values.gain.gain.low > 0.2
    assert values.gain.controls[BEFORE].value < 0.7
    head = values.head_gain
    assert head is not None and head.block == BLOCKS[TELLING] and head.gain.low > 0.2
    assert values.by_head[TELLING].min() > 0.9 and values.by_head[0].max() < 0.75
    assert values.accuracy[TELLING, 1:].min() > 0.9 and values.shuffled[TELLING].max() < 0.75


def test_keys_that_say_nothing_gain_nothing(planted: Features) -> None:
    for target in PROBED["key"]:
        for gain in (planted.probe("key", target).gain, planted.probe("key", target).head_gain):
            assert gain is not None and gain.gain.low < 0


def test_page_names_block_and_controls(planted: Features) -> None:
    first = figures(planted)[0]
    assert "value" in first.title and f"block {BLOCKS[TELLING]}" in first.see
    gains, blocks = tables(planted)
    assert gains.rows[0][3] == f"block {BLOCKS[TELLING]}" and gains.rows[1][3].startswith("block 1, head")
    assert len(blocks.rows) == 3 * len(BLOCKS)


def test_other_rows_are_left_alone() -> None:
    assert features(pa.table({"model": ["m"], "task": ["t"]}), 100) == []
