"""Verdicts on the task that falls or turns most, and what they say of it."""

from types import SimpleNamespace

import pytest

from taskscope.report.findings import Verdict
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.verdict import judge_extreme


def task(name: str, label: Label) -> SimpleNamespace:
    return SimpleNamespace(grid=SimpleNamespace(task=name), label=label)


def judged(tasks: list[SimpleNamespace], low: float):
    series = SimpleNamespace(tasks=tasks, with_label=lambda *labels: [t for t in tasks if t.label in labels])
    extreme = SimpleNamespace(
        task=tasks[0], found=SimpleNamespace(low=low), shuffled=SimpleNamespace(value=0.1)
    )
    return judge_extreme(series, extreme, (Label.INVERSE,), (Label.POSITIVE,))


@pytest.mark.parametrize(("low", "verdict"), [(0.2, Verdict.SUPPORTED), (0.05, Verdict.INCONCLUSIVE)])
def test_a_steady_label_must_also_clear_shuffled_sizes(low, verdict):
    found = judged([task("a", Label.INVERSE), task("b", Label.UNDETERMINED)], low)
    assert found.verdict is verdict
    assert found.reason.startswith("a: the label")


def test_without_such_a_label_nothing_is_said_to_be_steady():
    found = judged([task("a", Label.POSITIVE), task("b", Label.UNDETERMINED)], 0.2)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "No task does so steadily" in found.reason
    assert judged([task("a", Label.POSITIVE)], 0.2).verdict is Verdict.CONTRADICTED
