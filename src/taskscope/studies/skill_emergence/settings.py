"""The kinds of random graphs that adversaries are let loose on (protocol 4.1)."""

from __future__ import annotations

from pydantic import Field

from taskscope.studies.base import Params


class Setting(Params):
    """One kind of random graph, and how much of it the adversary gets."""

    n_texts: int = Field(ge=10)
    n_skills: int = Field(ge=4)
    k: int = Field(ge=1)
    """Skills of a text."""
    theta: float = Field(gt=0, lt=1)
    """Share of texts that the model fails on."""
    alpha: float = Field(gt=0, lt=1)
    """Share of skills left out."""
    enumerated: bool = False
    """Try every set of left-out skills; skills of a text are distinct then. Else search by alternation, and
    skills are drawn with replacement."""

    @property
    def name(self) -> str:
        """Name it in figures and tables."""
        return (
            f"{self.n_texts:,} texts, {self.n_skills:,} skills, k {self.k}, theta {self.theta:g}, "
            f"alpha {self.alpha:g}"
        )


ENUMERATED = tuple(
    Setting(n_texts=n, n_skills=s, k=k, theta=theta, alpha=alpha, enumerated=True)
    for n, s, k, theta, alpha in (
        (500, 20, 4, 0.1, 0.2),
        (2000, 20, 4, 0.1, 0.2),
        (8000, 20, 4, 0.1, 0.2),
        (8000, 20, 8, 0.05, 0.2),
        (8000, 20, 8, 0.1, 0.2),
        (8000, 20, 8, 0.2, 0.2),
        (2000, 16, 2, 0.1, 0.1875),
    )
)
"""Small graphs of the protocol's table (4.1)."""
LARGE = tuple(
    Setting(n_texts=n, n_skills=s, k=k, theta=theta, alpha=alpha)
    for n, s, k, theta, alpha in (
        (20_000, 200, 8, 0.1, 0.2),
        (200_000, 1000, 8, 0.1, 0.2),
        (200_000, 1000, 16, 0.1, 0.2),
        (200_000, 1000, 4, 0.1, 0.2),
        (200_000, 1000, 8, 0.05, 0.2),
        (200_000, 1000, 8, 0.2, 0.2),
        (200_000, 1000, 8, 0.1, 0.05),
    )
)
"""Large graphs beside it."""
