"""Which of a few classes follows a prompt: log p of every class of every item, prompts given as text.

Class branches share their prompt, and prompts that begin alike share that beginning, because
`LanguageModel.classify` encodes what is shared once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import TaskError
from taskscope.models.encoding import Tokens

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


@dataclass(frozen=True)
class Encoded:
    """One item as tokens, or why it cannot be asked."""

    prompt: Tokens = ()
    classes: tuple[Tokens, ...] = ()
    left_out: str = ""


def encode(model: LanguageModel, prompt: str, classes: Sequence[str]) -> Encoded:
    """Encode classes as they follow a prompt, or say why that cannot be done."""
    try:
        pairs = model.encoder.encode_pairs([(prompt, text) for text in classes])
    except TaskError as error:
        return Encoded(left_out=error.given)
    encoded = tuple(continuation for _, continuation in pairs)
    if len(set(encoded)) < len(encoded):
        return Encoded(left_out="two classes are the same tokens")
    return Encoded(pairs[0][0], encoded)


def logprobs(model: LanguageModel, encoded: Sequence[Encoded]) -> np.ndarray:
    """Return log p of every class, (item, class) float64 nats.

    NaN throughout an item that was left out; minus infinity where an item has fewer classes than others.
    Items of as many classes are asked together.
    """
    widest = max(1, *(len(one.classes) for one in encoded))
    found = np.full((len(encoded), widest), -np.inf)
    found[[bool(one.left_out) for one in encoded]] = np.nan
    for n in sorted({len(one.classes) for one in encoded if not one.left_out}):
        own = [place for place, one in enumerate(encoded) if len(one.classes) == n]
        found[own, :n] = model.classify(
            [encoded[place].prompt for place in own], [encoded[place].classes for place in own]
        )
    return found
