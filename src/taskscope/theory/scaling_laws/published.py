"""Fits of the law to the runs of Hoffmann et al. 2022, as printed and as corrected (protocol 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.theory.scaling_laws.law import ScalingLaw


@dataclass(frozen=True)
class PublishedFit:
    """A law somebody fitted."""

    source: str
    law: ScalingLaw
    how: str
    """What sets it apart from the others."""


PUBLISHED = {
    "hoffmann": PublishedFit(
        "Hoffmann et al. 2022, printed",
        ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28),
        "rounded constants, those that Arora & Goyal calculate with",
    ),
    "hoffmann-unrounded": PublishedFit(
        "Hoffmann et al. 2022, from their source text",
        ScalingLaw(1.6934, 406.4, 410.7, 0.33917084, 0.2849083),
        "the same fit before rounding",
    ),
    "besiroglu": PublishedFit(
        "Besiroglu et al. 2024, printed",
        ScalingLaw(1.8169, 482.01, 2085.43, 0.34781, 0.36585),
        "240 points read from a figure, mean of 4,000 resamples",
    ),
    "besiroglu-optimum": PublishedFit(
        "Besiroglu et al. 2024, optimum of the grid",
        ScalingLaw(1.817236, 477.842, 2143.864, 0.347313, 0.367183),
        "the same 240 points, lowest objective",
    ),
}
"""By the name the command line knows them under. Their standard errors: A 124.52, B 1293.28, E 0.0257,
alpha 0.0154, beta 0.0206 (Besiroglu et al. 2024)."""
