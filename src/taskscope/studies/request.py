"""What one command asks for: studies, their parameters, models; stored with the run and read back by it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from taskscope.errors import StudyError, nearest
from taskscope.models.spec import ModelSpec
from taskscope.studies.base import PROFILES, Params, Study
from taskscope.studies.registry import registry


class StudyRequest(BaseModel):
    """One study at one profile, with the parameters that were changed by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: str
    profile: str = "standard"
    overrides: dict[str, Any] = {}
    models: tuple[str, ...] = ()
    """Names of the models it is run on; all of the request's where none is named."""

    def resolve(self) -> tuple[Study, Params]:
        """Look the study up and build its parameters.

        Raises:
            StudyError: Unknown study, profile or parameter, or a value the parameter does not take.
        """
        study = find_study(self.study)
        if self.profile not in PROFILES:
            raise StudyError(
                f"unknown profile {self.profile!r}",
                f"one of {', '.join(PROFILES)}",
                nearest(self.profile, PROFILES),
            )
        base = study.profile(self.profile)
        known = type(base).model_fields
        for name in self.overrides:
            if name not in known:
                raise StudyError(
                    f"{study.name} has no parameter {name!r}",
                    f"one of {', '.join(known)}",
                    nearest(name, known),
                )
        try:
            return study, type(base).model_validate({**base.model_dump(), **self.overrides})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise StudyError(f"{where} = {first.get('input')!r}", first["msg"]) from None


class RunRequest(BaseModel):
    """Everything one command asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    studies: tuple[StudyRequest, ...]
    models: tuple[ModelSpec, ...]
    command: str
    """The exact command, to be shown beside the result."""


def find_study(name: str) -> Study:
    """Return the study of that name.

    Raises:
        StudyError: With the nearest names.
    """
    built = registry()
    if name in built:
        return built[name]
    raise StudyError(f"unknown study {name!r}", f"one of {', '.join(built)}, or all", nearest(name, built))


def parse_overrides(pairs: Sequence[str]) -> Mapping[str, Any]:
    """Read ``name=value`` pairs; a value is JSON where it parses as JSON and a string otherwise.

    Raises:
        StudyError: A pair without ``=``.
    """
    overrides: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise StudyError(f"--set {pair}", "NAME=VALUE, for example --set k=8")
        try:
            overrides[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            overrides[name.strip()] = value
    return overrides
