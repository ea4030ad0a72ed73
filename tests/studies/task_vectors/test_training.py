"""Checkpoints of one training are recognised by their labels and drawn in order."""

from __future__ import annotations

import pyarrow as pa
from rowmaker import only_at, world

from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.training import figures, series
from taskscope.studies.task_vectors.training_rows import age_rows, ages

PARAMS = TaskVectorParams(draws=200)
NOTHING = pa.table({"model": pa.array([], pa.string())})


def rows(*labels: tuple[str, int, int]) -> pa.Table:
    """Worlds with so many right answers of 20 with demonstrations and with theta, by label."""
    return pa.concat_tables(
        [
            world(3, {BASELINE: 0, REGULAR: shots, HYPOTHESIS: only_at(3, theta)}, model=label)
            for label, shots, theta in labels
        ]
    )


def test_few_shot_learning_and_theta_appear_when_they_first_beat_their_controls() -> None:
    measured = results(
        rows(
            ("small at 9,000 tokens", 18, 0),
            ("small at 20,480 tokens", 20, 16),
            ("small at 1,024 tokens", 0, 0),
            ("other", 20, 20),
        ),
        PARAMS,
    )
    [(key, places)] = series(measured, {}).items()
    assert key == ("small", "tokens")
    assert [place for place, _ in places] == [1024, 9000, 20480]
    [figure] = figures(NOTHING, measured, PARAMS)
    assert "Demonstrations help first at 9,000 tokens" in figure.see
    assert "theta beats its strongest control first at 20,480 tokens (3 checkpoints" in figure.see
    assert "training tokens" in str(figure.spec)


def test_the_finished_model_stands_at_the_end_of_its_training() -> None:
    table = rows(("small at 1,024 tokens", 0, 0), ("small", 20, 18), ("other", 20, 20))
    age = pa.concat_tables(age_rows(4096)).append_column("model", pa.array(["small"]))
    of_other = pa.concat_tables(age_rows(9)).append_column("model", pa.array(["other"]))
    table = pa.concat_tables([table, age, of_other], promote_options="permissive")
    measured = results(table, PARAMS)
    [(key, places)] = series(measured, ages(table)).items()
    assert key == ("small", "tokens")
    assert [(place, result.model) for place, result in places] == [
        (1024, "small at 1,024 tokens"),
        (4096, "small"),
    ]
    [figure] = figures(table, measured, PARAMS)
    assert "first at 4,096 tokens" in figure.see


def test_one_checkpoint_alone_and_two_of_different_models_are_no_series() -> None:
    for labels, drawn in ((("a at step 5", "b at step 9"), 0), (("a at step 5", "a at step 9"), 1)):
        measured = results(rows(*((label, 20, 9) for label in labels)), PARAMS)
        assert len(figures(NOTHING, measured, PARAMS)) == drawn
