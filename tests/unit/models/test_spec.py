from __future__ import annotations

import pytest

from taskscope.errors import ModelError
from taskscope.models.spec import ModelSpec, as_spec


def test_a_name_is_a_spec_with_safe_defaults() -> None:
    spec = as_spec("org/name")
    assert spec == ModelSpec(name="org/name")
    assert not spec.trust_remote_code
    assert not spec.allow_pickle


def test_fields_can_be_changed() -> None:
    spec = as_spec(ModelSpec(name="a", device="cuda"), dtype="bfloat16")
    assert (spec.name, spec.device, spec.dtype) == ("a", "cuda", "bfloat16")


@pytest.mark.parametrize(
    ("name", "revision", "expected"),
    [
        ("org/name", None, ("org/name", None)),
        ("org/name@step1000", None, ("org/name", "step1000")),
        ("org/name", "main", ("org/name", "main")),
        ("org/name@a", "b", ("org/name", "b")),
    ],
)
def test_an_id_may_carry_its_revision(
    name: str, revision: str | None, expected: tuple[str, str | None]
) -> None:
    assert ModelSpec(name=name, revision=revision).hub_name() == expected


@pytest.mark.parametrize("changes", [{"dtyp": "float32"}, {"dtype": "float8"}])
def test_what_a_spec_cannot_hold_is_named(changes: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="dtyp"):
        as_spec("a", **changes)
