"""Kinds of collages: how many tiles, how many digits to tell apart, and whose digit is named (protocol 6)."""

from __future__ import annotations

from math import comb

from pydantic import Field

from taskscope.errors import StudyError
from taskscope.studies.base import Params
from taskscope.studies.skill_emergence.collage.digits import CLASSES


class Kind(Params):
    """One kind of collage; by default that of the paper."""

    grid: int = Field(default=2, ge=1, le=3)
    """Tiles to a side; the digits on them are all different."""
    classes: int = Field(default=CLASSES, ge=2, le=CLASSES)
    """Digits that there are to tell apart; which ones is drawn for each training where it is not all."""
    named: int | None = Field(default=None, ge=0)
    """The tile whose digit is the label, counted row by row; None for one drawn anew for each collage."""

    @property
    def tiles(self) -> int:
        """Tiles of a collage."""
        return self.grid**2

    @property
    def name(self) -> str:
        """Name it in figures and tables."""
        named = "" if self.named is None else f", always tile {self.named + 1} named"
        return f"{self.grid} x {self.grid} tiles, {self.classes} digits{named}"

    @property
    def guessed(self) -> float:
        """Share of collages all of whose digits are on top by guessing as many different digits."""
        return 1 / comb(self.classes, self.tiles)

    @property
    def guessed_each(self) -> float:
        """Share of the digits that are on top by that; a single guess is as often one of the collage."""
        return self.tiles / self.classes

    @property
    def one_known(self) -> float:
        """As `guessed`, where one digit of the collage is known and the others are guessed."""
        return 1 / comb(self.classes - 1, self.tiles - 1)

    @property
    def one_known_each(self) -> float:
        """As `guessed_each`, where one digit of the collage is known and the others are guessed."""
        others = self.tiles - 1
        return (1 + others * others / (self.classes - 1)) / self.tiles

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: Fewer digits than tiles and one more, so that every collage would hold the same ones;
                or a named tile that there is not.
        """
        if self.classes <= self.tiles:
            raise StudyError(
                f"collages of {self.tiles} different digits out of {self.classes}",
                f"more than {self.tiles} digits: else every collage holds the same ones",
            )
        if self.named is not None and self.named >= self.tiles:
            raise StudyError(f"tile {self.named} of {self.tiles}", f"one from 0 to {self.tiles - 1}")


STANDARD = Kind()
"""The paper's: four of ten digits, one of them named at random."""
CONTROLS = (
    Kind(named=0),
    Kind(grid=1),
    Kind(grid=3),
    Kind(classes=6),
    Kind(classes=8),
)
"""The protocol's controls: the label always from one place, other grids, fewer digits. One tile is plain
classification. Four digits on four tiles would leave nothing to tell: every collage holds them all."""
