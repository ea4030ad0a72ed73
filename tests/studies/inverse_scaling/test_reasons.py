"""What is said of several tasks depends on them alone, not on the order in which Python hashes texts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from taskscope.studies.inverse_scaling.verdict import undetermined


def series(*reasons: str) -> Any:
    return cast(
        Any, SimpleNamespace(tasks=[SimpleNamespace(deciding=SimpleNamespace(reason=r)) for r in reasons])
    )


def test_the_reason_of_most_tasks_is_told_and_among_equals_that_of_the_first() -> None:
    many = [f"reason {n}" for n in range(40)]
    assert undetermined(series(*many)) == "reason 0"
    assert undetermined(series(*reversed(many))) == "reason 39"
    assert undetermined(series(*many, "reason 7")) == "reason 7"
