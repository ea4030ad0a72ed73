"""What the numbers of rival kernels depend on, beside model, task and seed (M6, M11, section 8)."""

from __future__ import annotations

from pydantic import Field, field_validator

from taskscope.studies.base import Params


class RivalParams(Params):
    """Sizes of a rival cell."""

    k: int = Field(default=16, ge=2)
    """Demonstrations at which kernels and accounts are compared."""
    shots: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    """Other numbers of demonstrations; those above k that do not fit a model's context are left out."""
    template: str = "input-output"
    """How questions are written; one of `templates.NAMES`."""
    n_chosen: int = Field(default=100, ge=8)
    """Questions by which heads and settings are chosen."""
    n_judged: int = Field(default=100, ge=8)
    """Questions by which they are judged."""
    sentence_encoder: str = ""
    """Name or folder of a sentence encoder that is a kernel too, such as
    ``sentence-transformers/all-MiniLM-L6-v2`` as published; none if empty. Needs the extra ``encoders``."""

    @field_validator("shots")
    @classmethod
    def _from_one(cls, shots: tuple[int, ...]) -> tuple[int, ...]:
        if any(each < 1 for each in shots):
            raise ValueError("numbers of demonstrations from 1 on")
        return shots

    @property
    def sizes(self) -> tuple[int, ...]:
        """All numbers of demonstrations, k among them, rising."""
        return tuple(sorted({*self.shots, self.k}))
