"""Trends of what is asked beside a task: by arm, and by the number of demonstrations."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.models.series import Place
from taskscope.report.findings import Figure, Table
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.analysis import asked_beside, figures, results, tables
from taskscope.studies.inverse_scaling.arms import (
    CONTROL,
    ONE_SHOT,
    REASONED,
    SWAPPED,
    draw,
    in_words,
    shots,
    with_shots,
)
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.scored import Scored, rows_of
from taskscope.studies.inverse_scaling.simulation import FALLING, RISING, STEADY, Curve, Scenario, in_front
from taskscope.studies.randomness import stream
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

PARAMS = InverseScalingParams(tasks=(), draws=300)
SOFTENED: dict[str, Curve] = {
    "task": FALLING,
    ONE_SHOT: STEADY,
    "4 shots": RISING,
    "12 shots": RISING,
    CONTROL: RISING,
    SWAPPED: FALLING,
}


def simulated(arms: dict[str, Curve]) -> tuple[list[Table], list[Figure]]:
    rows = Scenario("beside", "", (arms,), ()).simulate(PARAMS, stream("beside", *arms))
    return tables(rows, PARAMS), figures(rows, PARAMS)


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("k", [0, 1, 2, 16])
def test_the_name_of_an_arm_says_how_many_demonstrations_and_which(k: int, number: int) -> None:
    name = with_shots(k, number)
    assert (shots(name), draw(name)) == (k, number if k else 1)
    assert shots(CONTROL) is None
    assert k < 2 or str(k) in in_words(name)
    assert (number == 1 or not k) is ("draw" not in in_words(name))


def test_every_arm_has_its_own_trend_in_order() -> None:
    rows = Scenario("beside", "", (SOFTENED,), ()).simulate(PARAMS, stream("beside", *SOFTENED))
    ((found),) = asked_beside(rows, PARAMS)
    assert [one.arm for one in found] == ["task", ONE_SHOT, "4 shots", "12 shots", CONTROL, SWAPPED]
    labels = {one.arm: one.trend.label for one in found if one.trend is not None}
    assert labels["task"] is labels[SWAPPED] is Label.INVERSE
    assert labels["4 shots"] is labels["12 shots"] is labels[CONTROL] is Label.POSITIVE
    assert labels[ONE_SHOT] not in (Label.INVERSE, Label.POSITIVE)
    (series,) = results(rows, PARAMS)
    assert found[0].trend is series.tasks[0].deciding  # the task is not judged a second time


def test_the_table_and_the_figure_by_number() -> None:
    told, drawn = simulated(SOFTENED)
    (table,) = [one for one in told if one.name.endswith("-beside")]
    assert [row[1] for row in table.rows][:4] == [
        "the task",
        "after one demonstration",
        "after 4 demonstrations",
        "after 12 demonstrations",
    ]
    (figure,) = [one for one in drawn if one.name.endswith("-shots")]
    points = [row for data in figure.spec["datasets"].values() for row in data if row.get("kind") == "data"]
    assert [row["x"] for row in points] == [0, 1, 4, 12]
    values = [row["y"] for row in points]
    assert values[0] < -0.15 < values[1] < 0.15 < values[2]


def test_draws_of_demonstrations_are_told_from_items() -> None:
    """Draws of one law differ by chance alone; those of laws far apart differ by more than items do."""
    alike = {with_shots(1, number): FALLING for number in (1, 2, 3, 4)}
    apart = {with_shots(4, number): law for number, law in ((1, FALLING), (2, RISING), (3, STEADY))}
    told, drawn = simulated({"task": FALLING, **alike, **apart})
    (table,) = [one for one in told if one.name.endswith("-draws")]
    one, four = table.rows
    assert one[1:3] == (1, 4) and four[1:3] == (4, 3)
    assert float(one[4]) < 0.1 < 0.2 < float(four[4])
    assert 0.02 < float(one[5]) < 0.1 and 0.02 < float(four[5]) < 0.1
    (figure,) = [one for one in drawn if one.name.endswith("-shots")]
    points = [row for data in figure.spec["datasets"].values() for row in data if row.get("kind") == "data"]
    assert [row["x"] for row in points] == [0, 1, 4]
    assert points[1]["y"] == pytest.approx(float(one[3]), abs=1e-3)
    (lines,) = [one for one in drawn if one.name.endswith("-probes")]
    assert "draw 2" not in str(lines.spec)


def test_one_demonstration_is_no_trend_by_number() -> None:
    told, drawn = simulated({"task": FALLING, ONE_SHOT: STEADY})
    assert any(one.name.endswith("-beside") for one in told)
    assert not any(one.name.endswith("-shots") for one in drawn)


def test_a_task_alone_has_nothing_beside_it() -> None:
    told, _ = simulated({"task": FALLING})
    assert not any(one.name.endswith("-beside") for one in told)


def test_what_reasoning_names_is_counted_by_model() -> None:
    """Two models on four items: one never names an answer, the other always the right one."""
    task = ChoiceTask(
        name="t",
        title="T",
        description="",
        items=tuple(ChoiceItem(prompt=f"q{n}", classes=(" a", " b"), answer=n % 2) for n in range(4)),
    )
    logprobs = np.log([[0.6, 0.2]] * 4)
    scored = Scored(logprobs, logprobs, [""] * 4)
    parts = []
    for size, names in ((10, [-1] * 4), (20, [0, 1, 0, 1])):
        place = Place(family="f", member=f"m{size}", parameters=size)
        parts.append(rows_of(place, task, "task", scored))
        parts.append(rows_of(place, task, REASONED, scored, np.array(names)))
    rows = in_front(pa.concat_tables(parts), "t")
    (told,) = [one for one in tables(rows, PARAMS) if one.name.endswith("-reasoning")]
    assert [row[1:5] for row in told.rows] == [
        ("m10", "100 %", "0.00", "0.50"),
        ("m20", "0 %", "1.00", "0.50"),
    ]
