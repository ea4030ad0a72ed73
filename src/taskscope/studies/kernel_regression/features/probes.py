"""Ridge probes on all heads at once, tested on texts they were not fitted on (protocol M4, section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Array = np.ndarray

N_FOLDS = 5
"""Each text is tested once, by a probe fitted on the other four fifths of the texts."""
PENALTIES = ("0.01", "0.01 n")
"""As published, and scaled by the mean of the features' squares, which are standardised: trace / d = n."""


def folds(text: Array, rng: np.random.Generator) -> Array:
    """Deal texts out to folds, (item,): items of one text are never on both sides of a split (pitfall 5)."""
    dealt = rng.permutation(int(text.max()) + 1) % N_FOLDS
    return dealt[text]


def shuffled(target: Array, text: Array, rng: np.random.Generator) -> Array:
    """Give every text the target of another one, (item,): what a probe can learn from nothing.

    Args:
        target: int (item,), the same for all items of a text.
        text: int (item,), number of the text.
        rng: Decides which.
    """
    first = np.unique(text, return_index=True)[1]
    return rng.permutation(target[first])[text]


def probe(features: Array, targets: Mapping[str, Array], fold: Array) -> dict[tuple[str, str], Array]:
    """Predict each target by one-hot ridge regression and the largest score.

    Features are standardised on the items that a probe is fitted on; products of features are formed once for
    all targets and penalties.

    Args:
        features: float (item, site, d).
        targets: By name, int (item,) from 0 up.
        fold: int (item,).

    Returns:
        By (target, one of `PENALTIES`), whether each item is predicted, bool (site, item).
    """
    x = np.ascontiguousarray(np.moveaxis(features, 1, 0), dtype=np.float64)  # (site, item, d)
    sizes = {name: int(values.max()) + 1 for name, values in targets.items()}
    y = np.concatenate([np.eye(sizes[name])[values] for name, values in targets.items()], axis=1)
    right = {(name, penalty): np.zeros(x.shape[:2], bool) for name in targets for penalty in PENALTIES}
    for number in np.unique(fold):
        test = fold == number
        for penalty, scores in zip(PENALTIES, _scores(x, y, test), strict=True):
            start = 0
            for name, size in sizes.items():
                guess = scores[..., start : start + size].argmax(axis=-1)
                right[name, penalty][:, test] = guess == targets[name][test]
                start += size
    return right


def _scores(x: Array, y: Array, test: Array) -> Sequence[Array]:
    """Fit on the items outside `test` and score those inside, for each penalty: (site, item, column)."""
    mean, spread = x[:, ~test].mean(axis=1, keepdims=True), x[:, ~test].std(axis=1, keepdims=True)
    scaled = (x - mean) / np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, np.inf)
    fitted, base = scaled[:, ~test], y[~test].mean(axis=0)
    squares = fitted.transpose(0, 2, 1) @ fitted
    moments = fitted.transpose(0, 2, 1) @ (y[~test] - base)
    found = []
    for penalty in (0.01, 0.01 * fitted.shape[1]):
        weights = np.linalg.solve(squares + penalty * np.eye(x.shape[2]), moments)
        found.append(scaled[:, test] @ weights + base)
    return found


def restricted(tokens: Array, coverage: float = 0.95) -> Array:
    """Number the tokens that cover most items from 0, the most frequent first; all others share the last.

    Args:
        tokens: int (item,).
        coverage: Share of items that keep a number of their own.
    """
    values, counts = np.unique(tokens, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = int(np.searchsorted(np.cumsum(counts[order]), coverage * len(tokens) - 1e-9)) + 1
    number = np.full(len(values), kept)
    number[order[:kept]] = np.arange(kept)
    return number[np.searchsorted(values, tokens)]
