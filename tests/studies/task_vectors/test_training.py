"""Checkpoints of one training are recognised by their labels and drawn in order."""

from __future__ import annotations

import pyarrow as pa
from rowmaker import only_at, world

from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.training import figures, series

PARAMS = TaskVectorParams(draws=200)


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
    [(key, places)] = series(measured).items()
    assert key == ("small", "tokens")
    assert [place for place, _ in places] == [1024, 9000, 20480]
    [figure] = figures(measured, PARAMS)
    assert "Demonstrations help first at 9,000 tokens" in figure.see
    assert "theta beats its strongest control first at 20,480 tokens (3 checkpoints" in figure.see
    assert "training tokens" in str(figure.spec)


def test_one_checkpoint_alone_and_two_of_different_models_are_no_series() -> None:
    assert not figures(results(rows(("a at step 5", 20, 9), ("b at step 9", 20, 9)), PARAMS), PARAMS)
    assert len(figures(results(rows(("a at step 5", 0, 0), ("a at step 9", 0, 0)), PARAMS), PARAMS)) == 1
