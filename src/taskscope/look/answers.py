"""Writing answers out: greedily, until the prompt format says that an answer ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from taskscope.models.encoding import Tokens
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.probing import Column

LONGEST = 8
"""Tokens of an answer at most."""


@dataclass(frozen=True)
class Writer:
    """Writes answers with one model and one prompt format."""

    model: LanguageModel
    end: str
    """What the format puts behind an answer."""

    def write(self, texts: list[str], columns: list[Column], logp: np.ndarray) -> list[Tokens]:
        """Write on after every column from its most likely token: logp (column or more, vocabulary)."""
        first = logp[: len(columns)].argmax(axis=1)
        begun = [replace(c, then=(int(token),)) for c, token in zip(columns, first, strict=True)]
        return self.model.complete(texts, begun, self.ended, LONGEST)

    def ended(self, tokens: Tokens) -> bool:
        """Tell whether an answer is complete."""
        return tokens[-1:] == (self.model.tokenizer.eos_token_id,) or self._mark in self._decode(tokens)

    def text(self, tokens: Tokens) -> str:
        """Return an answer as people would write it; an ellipsis where it was cut off."""
        before = self._decode(tokens).split(self._mark)[0].strip()
        return before if self.ended(tokens) else before + " …"

    def answer_in(self, tokens: Tokens) -> Tokens:
        """Return the answer's tokens without what ends it; the first token where nothing else is left."""
        kept = tokens
        while len(kept) > 1 and (self.ended(kept) and not self._own_text(kept[-1])):
            kept = kept[:-1]
        return kept

    def _own_text(self, token: int) -> str:
        """Return what a last token adds to an answer besides ending it."""
        return (
            ""
            if token == self.model.tokenizer.eos_token_id
            else self._decode((token,)).replace(self._mark, "").strip()
        )

    @property
    def _mark(self) -> str:
        return self.end.strip(" ") or self.end

    def _decode(self, tokens: Tokens) -> str:
        text = self.model.tokenizer.decode(list(tokens))
        eos = self.model.tokenizer.eos_token
        return text.removesuffix(eos) if eos else text
