"""Every form of the map, its agreement with phenomena, and the sign of words, on maps that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, spearmanr

from taskscope.stats.matrices import off_diagonal, partial_correlation, ranked, residual, same_group
from taskscope.studies.task_spaces import findings as judging
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.forms import forms, forms_table
from taskscope.studies.task_spaces.hypotheses import agreements, hypothesis_table
from taskscope.studies.task_spaces.params import REVERSED, TUNED
from taskscope.studies.task_spaces.polarity import polarity_table, sides
from taskscope.studies.task_spaces.simulation import rows_of_maps
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.studies.task_spaces.study import TASK_SPACES

PARAMS = CALIBRATION.params
WORLDS = {world.name: world for world in CALIBRATION.scenarios}


def space_of(world: str) -> Space:
    [space] = spaces(WORLDS[world].simulate(PARAMS, np.random.default_rng(0)))
    return space


def tiny() -> Space:
    """Two tasks of four judged pairs, whose margins are written out."""
    first = {(0, h, t): np.array(m) for h in (0, 1) for t, m in BEFORE.items()}
    after = {(0, h, a, b): np.array(m) for h in (0, 1) for (a, b), m in AFTER.items()}
    return replace(
        space_of("map of phenomena"),
        tasks=("a", "b"),
        phenomena=("x", "x"),
        first=first,
        after={TUNED: after},
        slopes=np.full((2, 2, 2), np.nan),
        stepped=np.full((2, 2), np.nan),
        likeness={},
    )


BEFORE = {"a": [-1.0, 1.0, 1.0, 1.0], "b": [-2.0, -2.0, 2.0, 2.0]}
AFTER = {
    ("a", "a"): [1.0, 2.0, 2.0, 2.0],
    ("a", "b"): [-3.0, -3.0, -1.0, 1.0],
    ("b", "b"): [1.0, 1.0, 3.0, 3.0],
    ("b", "a"): [-1.0, 1.0, 1.0, 1.0],
}


def test_every_form_is_its_formula() -> None:
    found = forms(tiny())
    sd = {"a": np.std(BEFORE["a"]), "b": np.std(BEFORE["b"])}
    np.testing.assert_allclose(found["T"], [[0.25, -0.25], [0.0, 0.5]])
    np.testing.assert_allclose(found["D"], [[1.25, -1.5], [0.0, 2.0]])
    # task a has a quarter to win; of task b a half can be lost, and a quarter was
    np.testing.assert_allclose(found["N"], [[1.0, -0.5], [0.0, 1.0]])
    np.testing.assert_allclose(found["Z"], [[1.25 / sd["a"], -1.5 / sd["b"]], [0.0, 2.0 / sd["b"]]])
    np.testing.assert_allclose(found["R"], [[1.0, -1.5 / 1.25], [0.0, 1.0]])
    np.testing.assert_allclose(found["Q"], [[1.0, -1.5 / 2.0], [0.0, 1.0]])
    assert "P" not in found, "two tasks have no others to be alike on"


def test_shares_of_no_gain_are_no_number() -> None:
    space = tiny()
    after = {**space.after[TUNED], **{(0, h, "a", "a"): np.array(BEFORE["a"]) for h in (0, 1)}}
    found = forms(replace(space, after={TUNED: after}))
    assert np.isnan(found["R"][0]).all() and np.isnan(found["Q"][:, 0]).all()
    assert np.isfinite(found["R"][1]).all()


def test_all_seven_forms_are_tabulated_and_phenomena_stand_out_in_each() -> None:
    space = space_of("map of phenomena")
    table = forms_table(space)
    assert table is not None and [row[0] for row in table.rows] == ["T", "D", "N", "Z", "R", "Q", "P"]
    for _, _, _, inside, between, cells in table.rows:
        assert float(inside) > float(between) and cells == 19 * 18


def test_the_ways_of_agreement_are_those_of_plain_formulas() -> None:
    space = space_of("map of phenomena")
    found = {each.name: each for each in agreements(space, 200)}
    off = off_diagonal(space.n)
    same = same_group(space.groups)[off]
    effects = np.arcsinh(space.effects(TUNED).mean(axis=0))[off]
    assert found["as measured (Mantel)"].value.value == pytest.approx(np.corrcoef(effects, same)[0, 1])
    assert found["by ranks (Spearman)"].value.value == pytest.approx(spearmanr(effects, same)[0])
    inside, outside = effects[same == 1], effects[same == 0]
    area = mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
    assert found["area under the curve"].value.value == pytest.approx(area)
    for each in found.values():
        assert each.value.low < each.value.value < each.value.high
        assert each.p == pytest.approx(1 / 201), "no deal at random does as well"
        assert each.chance.low < each.chance.high < each.value.value


def test_words_are_taken_out_of_both_or_of_the_map_alone() -> None:
    space = space_of("words alone")
    found = {each.name: each for each in agreements(space, 200)}
    raw = found["as measured (Mantel)"]
    assert raw.value.low > 0 and raw.p < 0.01, "words go with phenomena, so transfer does"
    for name in ("beyond words (partial Mantel)", "map less words"):
        assert found[name].value.low < 0 < found[name].value.high and found[name].p > 0.05
    kept = {each.name: each for each in agreements(space_of("map of phenomena"), 200)}
    assert 0 < kept["map less words"].value.value < kept["beyond words (partial Mantel)"].value.value


def test_the_residual_has_nothing_of_what_was_taken_out() -> None:
    rng = np.random.default_rng(0)
    null, own = rng.normal(size=(2, 12, 12))
    rest = residual(own + 3 * null + null**2, [null])
    assert abs(partial_correlation(rest, null, ())) < 1e-9 and np.isnan(np.diag(rest)).all()
    assert partial_correlation(rest, own, ()) > 0.9
    order = ranked(np.array([[0.0, 5.0], [7.0, 0.0]]))
    assert order[0, 1] == 1 and order[1, 0] == 2


def test_the_finding_says_partial_and_residual_with_intervals() -> None:
    found = judging.result(space_of("map of phenomena"), 200)
    [six] = [each for each in judging.findings(found) if each.claim == "6"]
    assert six.interval is not None
    [left] = [each for each in six.controls if each.name == "residual"]
    assert left.interval is not None and left.interval.low < left.estimate < left.interval.high
    table = hypothesis_table(found)
    assert table is not None and len(table.rows) == 7
    assert hypothesis_table(judging.Result(found.space, None)) is None


def test_the_sign_of_words_is_told_from_that_of_structure() -> None:
    groups = np.repeat(np.arange(4), 3)
    rng = np.random.default_rng(0)
    n = len(groups)
    same = groups[:, None] == groups[None, :]
    labels = np.where(np.arange(n) % 3 == 2, -1, 1)
    words = np.where(same, 0.8 * labels[:, None] * labels[None, :], 0.0)

    def told(effects: np.ndarray) -> dict[tuple[str, str], float]:
        likeness = dict.fromkeys(("gradient", "untrained", "words"), words)
        table = rows_of_maps(groups, {TUNED: effects + 1.5 * np.eye(n)}, likeness, 0.02, PARAMS, rng)
        [space] = spaces(table)
        assert polarity_table(space) is not None
        return {(side.phenomenon, side.labels): side.followed for side in sides(space)}

    lexical, structural = told(0.5 * words), told(0.5 * same)
    assert lexical["the same", "opposite"] == lexical["the same", "the same"] == 1
    assert structural["the same", "the same"] == 1 and structural["the same", "opposite"] == 0
    assert np.isnan(lexical["another", "opposite"])
    unworded = replace(space_of("map of phenomena"), likeness={"words": np.zeros((19, 19))})
    assert polarity_table(unworded) is None


def test_the_map_of_reversed_labels_is_held_against_the_map() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(4), 3)
    truth = rng.normal(0, 0.5, (12, 12)) + 1.5 * np.eye(12)
    likeness = {name: np.zeros((12, 12)) for name in ("gradient", "untrained", "words")}
    table = rows_of_maps(groups, {TUNED: truth, REVERSED: -truth}, likeness, 0.05, PARAMS, rng)
    shown = TASK_SPACES.tables(table, [], PARAMS)
    [ways] = [each for each in shown if each.title == "Ways of tuning"]
    told = {row[0]: row[ways.columns.index("same map")] for row in ways.rows}
    assert told["gradient differences"] == "–"
    assert float(told["gradient differences, all labels exchanged"]) < -0.9
