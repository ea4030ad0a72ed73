"""One value of the protocol beside the same value computed here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Table = Literal["tokens", "oracle", "linear", "chance", "coverage", "maps"]


class Reference(BaseModel):
    """A published value, the same value computed anew, and how far apart they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Table
    row: str
    column: str
    published: float
    published_sd: float | None = None
    """Spread between repetitions, where one is given."""
    published_error: float
    """Standard error of the published value, or half a unit of its last digit where it is exact."""
    value: float
    sd: float = 0.0
    """Spread between repetitions."""
    error: float = 0.0
    """Standard error of the value computed here; 0 where it is exact."""

    @property
    def distance(self) -> float:
        """Difference in standard errors of the difference."""
        return (self.value - self.published) / (self.published_error**2 + self.error**2) ** 0.5

    @property
    def agrees(self) -> bool:
        """Whether the values are within two standard errors."""
        return abs(self.distance) <= 2
