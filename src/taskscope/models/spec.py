"""What a user asks for when naming a model; knows nothing of torch."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from taskscope.errors import ModelError, nearest


class ModelSpec(BaseModel):
    """Which model to load, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Built-in name, local folder, or Hugging Face id; an id may end in ``@revision``."""
    revision: str | None = None
    """Branch, tag or commit of a Hugging Face id."""
    dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32"
    device: str = "cpu"
    """``cpu``, ``cuda`` (or ``cuda:1``), ``mps``, or ``auto``: the GPU where there is one."""
    device_map: str | None = None
    """Spread the blocks over several devices with accelerate, e.g. ``auto``; replaces `device`."""
    attention: Literal["sdpa", "eager"] = "sdpa"
    """Attention implementation; classes without sdpa run eager, which is recorded."""
    blocks: str | None = None
    """Dotted path of the block list, where the rule that finds it does not fit."""
    trust_remote_code: bool = False
    """Run the Python code that comes with the model. Off unless asked for by name."""
    allow_pickle: bool = False
    """Read pickled weights, through ``torch.load(weights_only=True)`` alone."""

    def hub_name(self) -> tuple[str, str | None]:
        """Split the name into a Hugging Face id and the revision asked for, if any."""
        repo, _, revision = self.name.partition("@")
        return repo, self.revision or revision or None


def as_spec(spec: ModelSpec | str, **changes: Any) -> ModelSpec:
    """Make a spec from a name, or change fields of a given one.

    Raises:
        ModelError: If a field is misspelt or holds what it cannot hold.
    """
    fields = {"name": spec} if isinstance(spec, str) else spec.model_dump()
    try:
        return ModelSpec(**{**fields, **changes})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        known = ", ".join(ModelSpec.model_fields)
        given = f"{field} = {first['input']!r} in the description of the model: {first['msg']}"
        raise ModelError(
            given, f"one of the fields {known}", nearest(field, ModelSpec.model_fields)
        ) from None
