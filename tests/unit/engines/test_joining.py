"""Joining a cluster whose head fails at first, played by a module in Ray's place."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from taskscope.engines.ray import cluster as joining
from taskscope.errors import RunError

ADDRESS = "ray://127.0.0.1:1"


def ray_that_raises(errors: list[Exception]) -> tuple[SimpleNamespace, list[str]]:
    """A module in Ray's place whose `init` raises `errors` in turn and then connects, and what was called."""
    called: list[str] = []

    def init(address: str, **options: object) -> None:
        called.append(address)
        if errors:
            raise errors.pop(0)

    return SimpleNamespace(init=init, shutdown=lambda: called.append("shutdown")), called


def test_a_head_that_lost_its_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ConnectionAbortedError("Initialization failure from server")
    ray, called = ray_that_raises([lost, lost])
    monkeypatch.setattr(joining, "_imported", lambda: ray)
    with joining.cluster(ADDRESS) as joined:
        assert joined is ray
        assert called == [ADDRESS, "shutdown", ADDRESS, "shutdown", ADDRESS]


@pytest.mark.parametrize(
    ("errors", "tries"),
    [([ConnectionAbortedError("lost")] * 9, 3), ([ConnectionError("connection timeout")] * 9, 1)],
)
def test_a_head_that_never_answers_is_given_up_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, errors: list[Exception], tries: int
) -> None:
    ray, called = ray_that_raises(list(errors))
    monkeypatch.setattr(joining, "_imported", lambda: ray)
    with pytest.raises(RunError, match=f"No Ray cluster at {ADDRESS}: {errors[0]}"), joining.cluster(ADDRESS):
        pytest.fail("nothing was joined")
    assert called.count(ADDRESS) == tries
