"""Where the last token looks: at labels, beside them, at the start, at the end of the prompt (M1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.kernel_regression.asking import Layout

RECENT = 10
"""Last tokens of the prompt whose weight is told together (M1)."""
POINTS = 30
"""Positions to which every text is resampled, so that prompts of different lengths can be averaged (M1)."""


@dataclass(frozen=True)
class Masses:
    """Attention of the last token of one prompt, each (block, head) float32."""

    label_mass: np.ndarray
    """Sum over the tokens of all labels."""
    label_lift: np.ndarray
    """Mean weight of a label's token over the mean weight of a demonstration's token; NaN where all are 0."""
    template_lift: np.ndarray
    """The same for the token in front of each label: the template's last, as frequent and nearly as far."""
    start_mass: np.ndarray
    """Weight of the first token."""
    recent_mass: np.ndarray
    """Sum over the last `RECENT` tokens."""


def masses(row: np.ndarray, layout: Layout) -> Masses:
    """Add up the attention (block, head, token) of a prompt's last token."""
    inside = np.zeros(layout.n_tokens)
    at_labels = np.zeros(layout.n_tokens)
    for (start, end), (label, after) in zip(layout.demonstrations, layout.labels, strict=True):
        inside[start:end] = 1
        at_labels[label:after] = 1
    # Attention that has nowhere to go rests on the first token, which without a BOS is a demonstration's own.
    inside[0] = 0
    before = layout.labels[:, 0] - 1
    mean = row @ inside / inside.sum()

    def lift(weight: np.ndarray) -> np.ndarray:
        return np.divide(weight, mean, out=np.full_like(mean, np.nan), where=mean > 0).astype(np.float32)

    label = row @ at_labels
    return Masses(
        label_mass=label.astype(np.float32),
        label_lift=lift(label / at_labels.sum()),
        template_lift=lift(row[..., before].mean(axis=-1)),
        start_mass=row[..., 0],
        recent_mass=row[..., -RECENT:].sum(axis=-1),
    )


PARTS = ("text", "before label", "label", "after label", "query", "end")
"""Parts of a strip: texts and query are resampled, the others are one column each."""


def strip(row: np.ndarray, layout: Layout) -> np.ndarray:
    """Lay attention along the prompt on positions that all prompts share.

    Each text becomes `POINTS` columns by linear interpolation; the template in front of a label, the label
    and what follows it are a column each, the mean over their tokens.

    Returns:
        float32 (block, column): mean over heads; columns are those of `columns`.
    """
    mean = row.mean(axis=1)
    parts = []
    ends = np.append(layout.texts[1:, 0], layout.query[0])
    for (start, end), (label, after), following in zip(layout.texts, layout.labels, ends, strict=True):
        parts.append(_resampled(mean[:, start:end]))
        parts += [_mean(mean[:, a:b]) for a, b in ((end, label), (label, after), (after, following))]
    start, end = layout.query
    parts += [_resampled(mean[:, start:end]), _mean(mean[:, end:])]
    return np.concatenate(parts, axis=1).astype(np.float32)


def columns(n_demonstrations: int) -> list[tuple[str, int, int]]:
    """Name the columns of a strip: part, number of the demonstration (-1 for the query), and position."""
    found = []
    for i in range(n_demonstrations):
        found += [("text", i, point) for point in range(POINTS)]
        found += [(part, i, 0) for part in PARTS[1:4]]
    return [*found, *(("query", -1, point) for point in range(POINTS)), ("end", -1, 0)]


def _resampled(weights: np.ndarray) -> np.ndarray:
    at = np.linspace(0, weights.shape[1] - 1, POINTS)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, weights.shape[1] - 1)
    return weights[:, low] * (1 - (at - low)) + weights[:, high] * (at - low)


def _mean(weights: np.ndarray) -> np.ndarray:
    return weights.mean(axis=1, keepdims=True) if weights.shape[1] else np.zeros((len(weights), 1))
