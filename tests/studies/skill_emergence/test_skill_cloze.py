"""Cloze questions of a model: asked, read back, resampled, and held against the links (protocols 2, 8)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import taskscope
from taskscope.engines.measuring import measure
from taskscope.models.series import place
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.skill_emergence.analysis import figures, tables
from taskscope.studies.skill_emergence.cloze.fitting import Points, fit, resample
from taskscope.studies.skill_emergence.cloze.rows import Cloze, read, to_rows
from taskscope.studies.skill_emergence.params import CLOZE, SkillEmergenceParams
from taskscope.studies.skill_emergence.responses.showing import ANY_GRAPH, MEASURED, THEOREM
from taskscope.studies.skill_emergence.responses.showing import figures as measured_curves
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
from taskscope.tasks.cloze import questions
from taskscope.theory.skill_graph import links

SMALL = SkillEmergenceParams(parts=(CLOZE,), cloze_items=4, draws=100)


def told(model: str, parameters: int, solved: np.ndarray, surprise: np.ndarray) -> pa.Table:
    items = questions(0, 60).items
    rows = to_rows(
        place(f"{model}@1", model, parameters),
        [item.id for item in items],
        [item.cluster for item in items],
        [len(item.classes) for item in items],
        solved,
        surprise,
        ["" if np.isfinite(each) else "too long" for each in solved],
    )
    n = rows.num_rows
    rows = rows.append_column("seed", pa.array([0] * n))
    return rows.append_column("model", pa.array([model] * n))


def sampler(parameters: int, strength: float, rng: np.random.Generator) -> pa.Table:
    """A model that answers as it is surprised: wrong with the probability 1 - exp(-surprise)."""
    kinds = np.array([item.id.partition(":")[0] for item in questions(0, 60).items])
    own = {kind: rng.uniform(0.05, 1.5) / strength for kind in dict.fromkeys(kinds)}
    surprise = np.array([own[kind] for kind in kinds])
    return told(str(parameters), parameters, rng.random(len(kinds)) < np.exp(-surprise), surprise)


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.concat_tables(
        sampler(size, strength, rng) for size, strength in ((300, 4.0), (100, 1.0), (200, 2.0))
    )


@pytest.fixture(scope="module")
def found(rows: pa.Table) -> Cloze:
    read_back = read(rows)
    assert read_back is not None
    return read_back


def test_models_come_back_from_small_to_large_with_their_questions(found: Cloze, rows: pa.Table) -> None:
    assert found.models == ("100", "200", "300")
    assert found.solved.shape == (3, len(questions(0, 60).items)) == found.surprise.shape
    assert found.needs.shape == (found.solved.shape[1], 4)
    assert set(np.unique(found.chance)) == {0.25, 0.5}
    share = {
        name: np.mean([r["solved"] for r in rows.to_pylist() if r["model"] == name]) for name in found.models
    }
    np.testing.assert_allclose(found.solved.mean(axis=1), [share[name] for name in found.models])


def test_estimates_are_plain_shares_and_draws_lie_around_them(found: Cloze) -> None:
    points = resample(found, 400)
    np.testing.assert_allclose(points.total_wrong[0], 1 - found.solved.mean(axis=1))
    np.testing.assert_allclose(points.total_excess[0], found.surprise.mean(axis=1))
    np.testing.assert_allclose(points.total_wrong[1:].mean(axis=0), points.total_wrong[0], atol=0.02)
    first = np.array(found.kinds) == points.kinds[0]
    np.testing.assert_allclose(points.wrong[0, :, 0], 1 - found.solved[:, first].mean(axis=1))


def test_questions_that_were_left_out_are_not_counted(found: Cloze) -> None:
    some = np.where(np.arange(found.solved.shape[1]) % 5 == 0, np.nan, found.solved[0])
    other = read(told("x", 5, some, np.where(np.isnan(some), np.nan, 1.0)))
    assert other is not None
    points = resample(other, 50)
    assert points.total_wrong[0, 0] == pytest.approx(1 - np.nanmean(some))
    assert points.total_excess[0, 0] == pytest.approx(1.0)


def test_a_model_that_draws_its_answers_follows_the_exact_link(found: Cloze) -> None:
    fits = {one.link: one for one in fit(resample(found, 200))}
    exact = fits["exact01"]
    assert exact.off_as_stated.value == min(one.off_as_stated.value for one in fits.values())
    assert exact.best > 0.8
    assert exact.slope.value == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("link", links.LINKS)
def test_points_on_a_link_are_fitted_exactly_with_the_slope_one(link: str) -> None:
    excess = np.tile(np.linspace(0.05, 0.8, 12).reshape(3, 4), (21, 1, 1))
    wrong = links.error(excess, link)
    fits = {
        one.link: one
        for one in fit(Points(("a", "b", "c", "d"), wrong, excess, wrong[..., 0], wrong[..., 0]))
    }
    assert fits[link].off.value == pytest.approx(0, abs=1e-12)
    assert fits[link].off_as_stated.value == pytest.approx(0, abs=1e-12)
    assert fits[link].best == 1.0
    assert all(
        one.off.value > 0.001
        for name, one in fits.items()
        if name.partition("_")[0] != link.partition("_")[0]
    )
    # With a slope of their own the two roots are one curve.
    roots = (fits["pinsker_L1"], fits["pinsker_TV"])
    assert roots[0].off.value == pytest.approx(roots[1].off.value)
    assert roots[1].slope.value == pytest.approx(4 * roots[0].slope.value)


def test_the_measured_curve_stands_under_the_bounds_of_its_own_tags(found: Cloze) -> None:
    (drawn,) = measured_curves(found, "models")
    rows = [row for row in drawn.spec["datasets"]["data"] if row["kind"] == "data"]
    for model in found.models:
        own = {
            name: np.array([row["y"] for row in rows if (row["facet"], row["series"]) == (model, name)])
            for name in (MEASURED, THEOREM, ANY_GRAPH)
        }
        assert all(len(values) == 4 for values in own.values())  # skills
        assert (own[THEOREM] <= own[ANY_GRAPH] + 1e-4).all()  # rounded
        assert (np.diff(own[MEASURED]) <= 1e-9).all()
        assert own[THEOREM][-1] == own[ANY_GRAPH][-1] == 1
    assert measured_curves(replace(found, solved=np.ones_like(found.solved)), "models") == []


def test_a_small_model_is_asked_and_shown() -> None:
    ref = ModelRef(id="pico-xs@sha256:0", label="pico-xs", dtype="float32", attention="sdpa")
    model = PlannedModel(ref=ref, n_blocks=6, n_parameters=206752, context=1024)
    (cell,) = SKILL_EMERGENCE.plan(SMALL, [model])
    attempt = measure(cell, taskscope.load("pico-xs"), "test")
    assert attempt.failure is None, attempt.failure
    measured = attempt.measured.rows
    n = measured.num_rows
    measured = measured.append_column("seed", pa.array([0] * n)).append_column(
        "model", pa.array(["pico-xs"] * n)
    )
    asked = read(measured)
    assert asked is not None and not np.isnan(asked.solved).any()
    assert (asked.surprise > 0).all()
    # Two answers: whoever is surprised by less than ln 2 has the right one in front.
    two = asked.chance == 0.5
    np.testing.assert_array_equal(asked.solved[0, two] == 1, asked.surprise[0, two] <= np.log(2) + 1e-9)
    names = {figure.name for figure in figures(measured, SMALL)}
    assert {"skill-emergence-cloze", "skill-emergence-links", "skill-emergence-measured"} <= names
    laid = {table.name: table for table in tables(measured, SMALL)}
    assert len(laid["skill-emergence-link-fits"].rows) == 4
    assert laid["skill-emergence-cloze"].rows[0][0] == "pico-xs"
