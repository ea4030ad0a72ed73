"""The stream of training tokens: documents of all kinds, interleaved in their shares."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from taskscope.errors import TaskError
from taskscope.training.corpus.packed import ShardWriter
from taskscope.training.corpus.passages import PassageStore
from taskscope.training.documents.kinds import MANY_SHOT, NATURAL, Documents

ROW = 1_024
"""Tokens of a training sequence, where sequences with a long list are counted."""
LONG = 512
"""Tokens beyond which the piece of a list within one sequence counts as long."""
_BATCH = 250_000  # tokens encoded together
_WINDOW = 200_000  # tokens over which shares are kept


class Schedule:
    """Draws the kind of the next document so that shares of tokens come out as asked."""

    def __init__(self, shares: dict[str, float], seed: int) -> None:
        self._kinds = list(shares)
        self._shares = np.array(list(shares.values()))
        self._due = np.zeros(len(shares))
        self._mean = np.full(len(shares), 300.0)
        self._rng = np.random.default_rng((seed, 0x517E))

    def next(self) -> str:
        """Draw a kind: the more tokens it is due and the shorter its documents, the more likely."""
        ends = np.cumsum(np.maximum(self._due + self._shares * _WINDOW, 0) / self._mean)
        return self._kinds[int(np.searchsorted(ends, self._rng.random() * ends[-1], side="right"))]

    def took(self, kind: str, tokens: float) -> None:
        """Book the tokens of a document, by estimate."""
        at = self._kinds.index(kind)
        self._due += self._shares * tokens
        self._due[at] -= tokens
        self._mean[at] += 0.05 * (tokens - self._mean[at])


@dataclass(frozen=True)
class Drawn:
    """One document of the stream."""

    kind: str
    source: str
    """Source of natural text; empty for task documents."""
    text: str


class TokenStream:
    """Draws documents, encodes them and writes their tokens.

    The tokens depend on the mixture and the sources alone: batches are drawn and counted in a fixed order,
    however long the encoding of one takes.

    Args:
        shares: Share of the tokens per kind.
        documents: Task documents by kind.
        passages: Natural text.
        tokenizer: Encodes both.
        tokens: Length of the stream.
        seed: Of the order of kinds.
    """

    def __init__(
        self,
        shares: dict[str, float],
        documents: dict[str, Documents],
        passages: PassageStore,
        tokenizer: PreTrainedTokenizerFast,
        tokens: int,
        seed: int,
    ) -> None:
        self._shares, self._documents, self._passages = shares, documents, passages
        self._tokenizer, self._length = tokenizer, tokens
        self._schedule = Schedule(shares, seed)
        self._numbers: Counter[str] = Counter()
        self._rate = dict.fromkeys(shares, 0.33)
        self._long_rows: set[int] = set()
        self.tokens: Counter[str] = Counter()
        """Tokens by kind."""
        self.documents: Counter[str] = Counter()
        """Documents by kind."""
        self.source_tokens: Counter[str] = Counter()
        """Tokens of natural text by source."""

    @property
    def total(self) -> int:
        """Tokens written."""
        return self.tokens.total()

    @property
    def long_rows(self) -> int:
        """Sequences of 1,024 tokens in which more than 512 belong to one many-shot list."""
        return len(self._long_rows)

    def write(self, writer: ShardWriter) -> list[dict[str, Any]]:
        """Write the whole stream; a batch is encoded while the next one is put into words.

        Raises:
            TaskError: If there is not enough natural text.
        """
        size = min(_BATCH, max(1, self._length // 8))
        with ThreadPoolExecutor(1) as pool:
            waiting = None
            while self.total < self._length:
                batch = self._draw(size)
                if waiting is not None:
                    self._pack(waiting[0], waiting[1].result(), writer)
                waiting = batch, pool.submit(self._encode, [document.text for document in batch])
        return writer.close()

    def _draw(self, size: int) -> list[Drawn]:
        """Draw documents of about `size` tokens in all; fewer where natural text runs out."""
        batch: list[Drawn] = []
        estimate = 0.0
        while estimate < size:
            kind = self._schedule.next()
            number = self._numbers[kind]
            if kind == NATURAL and number >= len(self._passages):
                if batch:
                    break  # what is drawn may be enough
                raise self._ran_out()
            self._numbers[kind] += 1
            source, text = self._passages[number] if kind == NATURAL else ("", self._documents[kind][number])
            tokens = len(text) * self._rate[kind] + 1
            self._schedule.took(kind, tokens)
            batch.append(Drawn(kind, source, text))
            estimate += tokens
        return batch

    def _ran_out(self) -> TaskError:
        return TaskError(
            f"natural text ran out after about {self.tokens[NATURAL]:,} of its tokens",
            f"{self._shares[NATURAL] * self._length:,.0f} tokens of natural text",
            "more sources, a larger share of each, or fewer tokens",
        )

    def _encode(self, texts: list[str]) -> list[list[int]]:
        backend = self._tokenizer.backend_tokenizer
        return [e.ids for e in backend.encode_batch_fast(texts, add_special_tokens=False)]

    def _pack(self, batch: list[Drawn], encoded: list[list[int]], writer: ShardWriter) -> None:
        """Append the documents of a batch, each with the end of text, up to the last token asked for."""
        for document, ids in zip(batch, encoded, strict=True):
            start = self.total
            tokens = np.array([*ids, self._tokenizer.eos_token_id], dtype=np.uint16)[: self._length - start]
            if not len(tokens):
                break
            writer.write(tokens)
            kind = document.kind
            if kind in MANY_SHOT:
                self._long_rows.update(long_rows(start, start + len(tokens)))
            self.tokens[kind] += len(tokens)
            self.documents[kind] += 1
            if document.source:
                self.source_tokens[document.source] += len(tokens)
            self._rate[kind] += 0.02 * (len(ids) / max(1, len(document.text)) - self._rate[kind])


def long_rows(start: int, end: int) -> list[int]:
    """Numbers of the sequences that hold more than 512 tokens of a document in one piece.

    Args:
        start: Place of the document's first token in the stream.
        end: Place after its last token.
    """
    return [
        row
        for row in range(start // ROW, end // ROW + 1)
        if min(end, (row + 1) * ROW) - max(start, row * ROW) > LONG
    ]
