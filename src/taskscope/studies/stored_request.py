"""What a run folder says it was asked for, checked before anything is judged by it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from taskscope.errors import RunError
from taskscope.runs.manifest import MANIFEST
from taskscope.runs.store import RunFolder


class StudyAsked(BaseModel):
    """One study of a request: its parameters and the cells they were planned into."""

    model_config = ConfigDict(frozen=True)

    study: str
    params: dict[str, Any]
    keys: list[str]


class _Profile(BaseModel):
    profile: str


class _Request(BaseModel):
    command: str
    studies: list[_Profile]


class _Ref(BaseModel):
    id: str
    label: str
    dtype: str
    attention: str


class _Model(BaseModel):
    ref: _Ref
    n_blocks: int
    n_parameters: int


class _Spec(BaseModel):
    request: _Request
    studies: list[StudyAsked]
    models: list[_Model]


class _Manifest(BaseModel):
    spec: _Spec
    git: dict[str, Any] | None = None
    versions: dict[str, str] | None = None


def studies_asked(folder: RunFolder) -> list[StudyAsked]:
    """Return the studies that the newest command asked of a run folder.

    Raises:
        RunError: If `run.json` is JSON but not what a command writes.
    """
    try:
        return _Manifest.model_validate(folder.manifest).spec.studies
    except ValidationError as error:
        raise not_a_request(folder, error) from None


def not_a_request(folder: RunFolder, error: ValidationError) -> RunError:
    """Make the error for a `run.json` that no command wrote."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return RunError(
        f"{folder.path / MANIFEST} does not say what was asked: {where}: {first['msg']}.",
        "the file as a command wrote it",
        "repeat the command that made the run, its cells are kept",
    )
