"""Builds a corpus: passages to disk, a tokeniser from a sample, then one interleaved stream of tokens."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from taskscope.errors import TaskError
from taskscope.training import subwords
from taskscope.training.corpus import NaturalText, Passage
from taskscope.training.documents.facts import World
from taskscope.training.documents.kinds import Documents
from taskscope.training.packed import MANIFEST, TOKENIZER, PackedCorpus, ShardWriter

if TYPE_CHECKING:
    from taskscope.training.mixture import Mixture

_NATURAL = "natural"
_SAMPLE = 12_000_000  # characters that the tokeniser is trained on
_BATCH = 250_000  # tokens encoded together
_WINDOW = 200_000  # tokens over which shares are kept
_LONG = 512  # tokens beyond which a list counts as many-shot
_ROW = 1024  # tokens per training sequence, for the count of those with a long list
_HELD_OUT_SEED = 1
_TRAIN_SEED = 0


def build_into(config: Mixture, sources: Path, out: Path) -> PackedCorpus:
    """Build the corpus of a mixture into a folder; see `taskscope.training.mixture.build`."""
    out.mkdir(parents=True, exist_ok=True)
    text = NaturalText(
        sources,
        config.sources,
        split=config.split,
        judged=config.judged,
        passage=config.passage,
        held_out=config.held_out,
    )
    with tempfile.TemporaryDirectory(dir=out, prefix=".passages-") as scratch:
        kept = _Passages(Path(scratch) / "text")
        for passage in text:
            kept.add(passage)
        kept.close()
        rng = np.random.default_rng((config.seed, 0x9A55))
        order = rng.permutation(len(kept.training))
        world = World(config.split, "train", config.invented)
        tokenizer = _fit(config, kept, order, world)
        stream = _Stream(config, tokenizer, world, kept, order)
        shards = stream.write(out)
        parts = _held_out(config, tokenizer, kept, out)
    tokenizer.save_pretrained(out / TOKENIZER)
    manifest = _manifest(config, text, shards, stream, parts)
    _write_last(out / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return PackedCorpus(out)


class _Passages:
    """Passages in a scratch file, read back by number in any order."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._at = 0
        self.training: list[tuple[int, int]] = []
        self.held_out: dict[str, list[tuple[int, int]]] = {}

    def add(self, passage: Passage) -> None:
        data = passage.text.encode()
        self._file.write(data)
        place = (self._at, len(data))
        (self.held_out.setdefault(passage.source, []) if passage.held_out else self.training).append(place)
        self._at += len(data)

    def close(self) -> None:
        """End writing."""
        self._file.flush()

    def read(self, place: tuple[int, int]) -> str:
        """Read one passage."""
        return os.pread(self._file.fileno(), place[1], place[0]).decode()


def _fit(config: Mixture, kept: _Passages, order: np.ndarray, world: World) -> PreTrainedTokenizerFast:
    """Train the tokeniser on a sample with the mixture's shares, by characters."""
    sample = min(_SAMPLE, config.tokens * 3)

    def texts() -> Iterator[str]:
        for kind, share in config.all_shares.items():
            left, number = sample * share, 0
            documents = None if kind == _NATURAL else Documents(kind, world, config.seed, config.arrow)
            while left > 0 and (documents is not None or number < len(order)):
                text = documents[number] if documents is not None else kept.read(kept.training[order[number]])
                yield text
                left, number = left - len(text), number + 1

    return subwords.fit(texts(), config.vocabulary)


class _Schedule:
    """Draws the kind of the next document so that shares of tokens come out as asked."""

    def __init__(self, shares: dict[str, float], seed: int) -> None:
        self._kinds = list(shares)
        self._shares = np.array(list(shares.values()))
        self._due = np.zeros(len(shares))
        self._mean = np.full(len(shares), 300.0)
        self._rng = np.random.default_rng((seed, 0x517E))

    def next(self) -> str:
        """Draw a kind: the more tokens it is due and the shorter its documents, the more likely."""
        chances = np.maximum(self._due + self._shares * _WINDOW, 0) / self._mean
        ends = np.cumsum(chances)
        return self._kinds[int(np.searchsorted(ends, self._rng.random() * ends[-1], side="right"))]

    def took(self, kind: str, tokens: float) -> None:
        """Book the tokens that a document of a kind has, by estimate."""
        at = self._kinds.index(kind)
        self._due += self._shares * tokens
        self._due[at] -= tokens
        self._mean[at] += 0.05 * (tokens - self._mean[at])


class _Stream:
    """The training stream: documents of all kinds, interleaved, each with the end of text."""

    def __init__(
        self,
        config: Mixture,
        tokenizer: PreTrainedTokenizerFast,
        world: World,
        kept: _Passages,
        order: np.ndarray,
    ) -> None:
        self._config, self._tokenizer, self._kept, self._order = config, tokenizer, kept, order
        shares = config.all_shares
        self._schedule = _Schedule(shares, config.seed)
        self._documents = {
            kind: Documents(kind, world, config.seed, config.arrow) for kind in shares if kind != _NATURAL
        }
        self._numbers: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()
        self.documents: Counter[str] = Counter()
        self._rate = dict.fromkeys(shares, 0.33)
        self._long_rows: set[int] = set()
        self._total = 0

    @property
    def long_rows(self) -> int:
        """Training sequences with more than 512 tokens of one many-shot list."""
        return len(self._long_rows)

    def write(self, out: Path) -> list[dict[str, Any]]:
        """Write the shards; a batch is encoded while the next one is written in words."""
        writer = ShardWriter(out, "tokens", self._config.shard)
        size = min(_BATCH, self._config.tokens // 8)
        with ThreadPoolExecutor(1) as pool:
            waiting = None
            while self._total < self._config.tokens:
                batch = self._draw(size)
                if waiting is not None:
                    self._pack(waiting[0], waiting[1].result(), writer)
                waiting = batch, pool.submit(self._encode, [text for _, text in batch])
        return writer.close()

    def _draw(self, size: int) -> list[tuple[str, str]]:
        """Draw documents of about `size` tokens in all."""
        batch, estimate = [], 0.0
        while estimate < size:
            kind = self._schedule.next()
            text = self._text(kind)
            tokens = len(text) * self._rate[kind] + 1
            self._schedule.took(kind, tokens)
            batch.append((kind, text))
            estimate += tokens
        return batch

    def _text(self, kind: str) -> str:
        number = self._numbers[kind]
        self._numbers[kind] += 1
        if kind != _NATURAL:
            return self._documents[kind][number]
        if number >= len(self._order):
            raise TaskError(
                f"natural text ran out after {self.tokens[kind]:,} tokens",
                f"{self._config.all_shares[kind] * self._config.tokens:,.0f} tokens of natural text",
                "more sources, a larger share of each, or fewer tokens",
            )
        return self._kept.read(self._kept.training[self._order[number]])

    def _encode(self, texts: list[str]) -> list[list[int]]:
        backend = self._tokenizer.backend_tokenizer
        return [e.ids for e in backend.encode_batch_fast(texts, add_special_tokens=False)]

    def _pack(self, batch: list[tuple[str, str]], encoded: list[list[int]], writer: ShardWriter) -> None:
        """Append the documents of a batch, each with the end of text, up to the last token asked for."""
        end = self._tokenizer.eos_token_id
        for (kind, text), ids in zip(batch, encoded, strict=True):
            tokens = np.array([*ids, end], dtype=np.uint16)[: self._config.tokens - self._total]
            if not len(tokens):
                break
            writer.write(tokens)
            if kind == "many-shot":
                self._long_rows.update(_rows_with(self._total, self._total + len(tokens)))
            self._total += len(tokens)
            self.tokens[kind] += len(tokens)
            self.documents[kind] += 1
            self._rate[kind] += 0.02 * (len(ids) / max(1, len(text)) - self._rate[kind])


def _rows_with(start: int, end: int) -> list[int]:
    """Numbers of the training sequences that hold more than 512 tokens of a document in one piece."""
    return [
        row
        for row in range(start // _ROW, end // _ROW + 1)
        if min(end, (row + 1) * _ROW) - max(start, row * _ROW) > _LONG
    ]


def _held_out(
    config: Mixture, tokenizer: PreTrainedTokenizerFast, kept: _Passages, out: Path
) -> dict[str, dict[str, Any]]:
    """Write the parts for evaluation: each source, each kind on facts trained on, each kind on held-out facts."""
    parts: dict[str, Iterator[str]] = {
        f"natural/{source}": (kept.read(place) for place in places)
        for source, places in kept.held_out.items()
    }
    for side, name in (("train", "seen"), ("held-out", "unseen")):
        world = World(config.split, side, config.invented)
        if not config.split_share and side == "held-out":
            continue
        for kind in config.all_shares:
            if kind != _NATURAL:
                parts[f"{kind}/{name}"] = _numbered(
                    Documents(kind, world, config.seed + _HELD_OUT_SEED, config.arrow)
                )
    written = {}
    for name, texts in parts.items():
        tokens: list[int] = []
        for text in texts:
            tokens += [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
            if len(tokens) >= config.held_out_tokens:
                break
        writer = ShardWriter(out, "heldout-" + name.replace("/", "-"), config.held_out_tokens)
        writer.write(np.array(tokens[: config.held_out_tokens], dtype=np.uint16))
        written[name] = writer.close()[0]
    return written


def _numbered(documents: Documents) -> Iterator[str]:
    number = 0
    while True:
        yield documents[number]
        number += 1


def _manifest(
    config: Mixture,
    text: NaturalText,
    shards: list[dict[str, Any]],
    stream: _Stream,
    parts: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    hashes = "".join(entry["sha256"] for entry in shards)
    total = sum(stream.tokens.values())
    return {
        "name": config.name,
        "fingerprint": hashlib.sha256(hashes.encode()).hexdigest(),
        "mixture_fingerprint": config.fingerprint,
        "mixture": config.model_dump(mode="json"),
        "sources": {
            source.name: {**source.model_dump(mode="json"), **text.counts[source.name].as_dict()}
            for source in config.sources
        },
        "judged": {"source": config.judged, "runs_of_13_words": len(text.judged)},
        "kinds": {
            kind: {
                "share_asked": share,
                "share": stream.tokens[kind] / total,
                "documents": stream.documents[kind],
                "tokens": stream.tokens[kind],
            }
            for kind, share in config.all_shares.items()
        },
        "tokens": {
            "training": total,
            "sequences_of_1024": total // _ROW,
            "sequences_with_a_list_beyond_512_tokens": stream.long_rows,
            "shards": shards,
        },
        "held_out": parts,
    }


def _write_last(path: Path, text: str) -> None:
    """Move the manifest into place when all else is written: a folder without one is no corpus."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
