"""Colours: told apart by eyes of every kind, on light and on dark."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from colour_math import BLINDNESS, contrast, lab

from taskscope.report import theme
from taskscope.report.chart_layers import Series

DARK_PAPER = theme.SHADES[theme.PAPER]


@pytest.mark.parametrize("eye", BLINDNESS)
@pytest.mark.parametrize("dark", [False, True])
def test_series_can_be_told_apart(eye: str, dark: bool) -> None:
    colours = [theme.SHADES[c] if dark else c for c in theme.CATEGORIES]
    seen = [lab(c, BLINDNESS[eye]) for c in colours]
    closest = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
    assert closest >= 15  # a difference of 2.3 is just noticeable


@pytest.mark.parametrize("colour", [*theme.CATEGORIES, theme.FAINT])
def test_lines_stand_out_from_the_page(colour: str) -> None:
    assert contrast(colour, theme.PAPER) >= 3
    assert contrast(theme.SHADES[colour], DARK_PAPER) >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.TEXT])
def test_text_can_be_read(colour: str) -> None:
    assert contrast(colour, theme.PAPER) >= 4.5
    assert contrast(theme.SHADES[colour], DARK_PAPER) >= 4.5


def test_every_colour_of_the_theme_has_a_dark_counterpart() -> None:
    used = {
        *theme.CATEGORIES,
        *theme.CONTROLS,
        theme.INK,
        theme.TEXT,
        theme.FAINT,
        theme.AXIS,
        theme.GRID,
        theme.PAPER,
    }
    assert used == set(theme.SHADES)
    assert not {theme.ON_LIGHT, theme.ON_DARK} & set(theme.SHADES)


def test_there_is_a_dash_and_a_shape_for_every_colour() -> None:
    assert len(theme.CATEGORIES) == len(theme.SHAPES) == len(theme.DASHES)
    assert len(theme.CONTROLS) == len(theme.CONTROL_SHAPES) == len(theme.CONTROL_DASHES)


def test_many_series_keep_a_look_of_their_own() -> None:
    names = [f"task {n}" for n in range(len(theme.CATEGORIES) * len(theme.SHAPES))]
    style = Series.of([*names, "other task", "none"], ["other task", "none"])
    assert len(set(zip(style.colours, style.shapes, strict=True))) == len(names) + 2
