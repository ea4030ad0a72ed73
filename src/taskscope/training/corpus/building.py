"""Builds a corpus: passages to disk, a tokeniser from a sample, then one interleaved stream of tokens."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from taskscope import pico
from taskscope.errors import TaskError
from taskscope.models.checkpoints import tokenizer_folder
from taskscope.training.corpus import subwords
from taskscope.training.corpus.mixture import Mixture
from taskscope.training.corpus.natural import NaturalText
from taskscope.training.corpus.packed import MANIFEST, TOKENIZER, PackedCorpus, ShardWriter
from taskscope.training.corpus.passages import PassageStore
from taskscope.training.corpus.sources import find_source, source_hash
from taskscope.training.corpus.stream import ROW, TokenStream
from taskscope.training.documents.facts import World
from taskscope.training.documents.kinds import NATURAL, Documents
from taskscope.training.documents.rules import held_out_tasks
from taskscope.training.documents.splits import HELD_OUT_TASKS, Side

_SAMPLE = 12_000_000  # characters that the tokeniser is trained on
_EVALUATION_SEED = 1  # added to the seed of task documents kept for evaluation


def build(config: Mixture, sources: Path, out: Path) -> PackedCorpus:
    """Build a corpus, or open it where this very mixture was already built.

    Args:
        config: What to build.
        sources: Folder that holds the sources, as folders or .tar.xz archives.
        out: Folder to write; made if missing. A build that was stopped leaves no manifest and starts over.

    Raises:
        TaskError: If a source is missing, damaged or too small for the tokens asked for, or `out` holds a
            corpus of another mixture.
    """
    sources, out = Path(sources), Path(out)
    if (out / MANIFEST).exists():
        corpus = PackedCorpus(out)
        if corpus.manifest["mixture_fingerprint"] == config.fingerprint:
            return corpus
        raise TaskError(f"{out} holds a corpus of another mixture", "an empty folder", "another folder")
    return _build(config, sources, out)


def _build(config: Mixture, sources: Path, out: Path) -> PackedCorpus:
    for name in filter(None, (*(source.name for source in config.sources), config.judged)):
        find_source(sources, name)  # missing ones are named at once, not after minutes of reading others
    taken = _taken_over(config)
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
        passages = PassageStore(Path(scratch) / "text")
        try:
            for passage in text:
                passages.add(passage)
            passages.finish(config.seed)
            tokenizer = taken or _fit(config, passages)
            tokenizer.save_pretrained(out / TOKENIZER)
            stream = TokenStream(
                config.all_shares,
                _documents(config, "train"),
                passages,
                tokenizer,
                config.tokens,
                config.seed,
            )
            shards = stream.write(ShardWriter(out, "tokens", config.shard))
            parts = _write_held_out(config, tokenizer, passages, out)
        finally:
            passages.close()
    manifest = {
        **_identity(config, out, shards),
        "sources": _sources(config, sources, text, stream),
        "judged": {"source": config.judged, "runs_of_13_words": len(text.judged)},
        "kinds": _kinds(config, stream),
        "tokens": {
            "training": stream.total,
            "sequences_of_1024": stream.total // ROW,
            "sequences_with_a_list_beyond_512_tokens": stream.long_rows,
            "shards": shards,
        },
        "held_out_tasks": [*HELD_OUT_TASKS, *held_out_tasks()],
        "held_out": parts,
    }
    _write_last(out / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return PackedCorpus(out)


def _documents(config: Mixture, side: Side, seed: int = 0) -> dict[str, Documents]:
    """Make the task documents of a mixture by kind."""
    world = World(config.split, side, config.invented)
    kinds = (kind for kind in config.all_shares if kind != NATURAL)
    return {kind: Documents(kind, world, config.seed + seed, config.arrow) for kind in kinds}


def _taken_over(config: Mixture) -> PreTrainedTokenizerFast | None:
    """Load the tokeniser that a mixture names, or None where one is to be fitted.

    Raises:
        ModelError: If there is no built-in model of that name.
    """
    if not config.tokenizer:
        return None
    return AutoTokenizer.from_pretrained(tokenizer_folder(pico.require(config.tokenizer)))


def _fit(config: Mixture, passages: PassageStore) -> PreTrainedTokenizerFast:
    """Train the tokeniser on a sample with the mixture's shares, by characters."""
    documents = _documents(config, "train")
    sample = min(_SAMPLE, config.tokens * 3)

    def texts() -> Iterator[str]:
        for kind, share in config.all_shares.items():
            natural = (passages[number][1] for number in range(len(passages)))
            left = sample * share
            for text in natural if kind == NATURAL else _numbered(documents[kind]):
                yield text
                left -= len(text)
                if left <= 0:
                    break

    return subwords.fit(texts(), config.vocabulary)


def _numbered(documents: Documents) -> Iterator[str]:
    return (documents[number] for number in count())


def _write_held_out(
    config: Mixture, tokenizer: PreTrainedTokenizerFast, passages: PassageStore, out: Path
) -> dict[str, dict[str, Any]]:
    """Write the parts for evaluation: each source, each kind on seen facts, each kind on held-out facts."""
    parts: dict[str, Iterable[str]] = {
        f"{NATURAL}/{source}": passages.held_out(source) for source in passages.held_out_sources
    }
    parts |= held_out_documents(config)
    written = {}
    for name, texts in parts.items():
        writer = ShardWriter(out, "heldout-" + name.replace("/", "-"), config.held_out_tokens)
        writer.write(first_tokens(texts, tokenizer, config.held_out_tokens))
        written[name] = writer.close()[0]
    return written


def held_out_documents(config: Mixture) -> dict[str, Iterator[str]]:
    """Task documents kept for evaluation, without end, by part: ``kind/seen`` and ``kind/unseen``.

    They are a function of the mixture alone, so that losses on them can be measured again without the corpus.
    """
    sides: dict[str, Side] = {"seen": "train", "unseen": "held-out"}
    return {
        f"{kind}/{name}": _numbered(documents)
        for name, side in sides.items()
        if config.split_share or side == "train"
        for kind, documents in _documents(config, side, _EVALUATION_SEED).items()
    }


def first_tokens(texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, n: int) -> np.ndarray:
    """Encode texts, each with the end of text behind it, up to `n` tokens in all, uint16 (token,)."""
    tokens: list[int] = []
    for text in texts:
        tokens += [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
        if len(tokens) >= n:
            break
    return np.array(tokens[:n], dtype=np.uint16)


def _identity(config: Mixture, out: Path, shards: list[dict[str, Any]]) -> dict[str, Any]:
    digest = hashlib.sha256((out / TOKENIZER / "tokenizer.json").read_bytes())
    for entry in shards:
        digest.update(entry["sha256"].encode())
    return {
        "name": config.name,
        "licence": config.licence,
        "fingerprint": digest.hexdigest(),
        "mixture_fingerprint": config.fingerprint,
        "mixture": config.model_dump(mode="json"),
    }


def _sources(config: Mixture, folder: Path, text: NaturalText, stream: TokenStream) -> dict[str, Any]:
    return {
        source.name: {
            **source.model_dump(mode="json", exclude={"name"}),
            "sha256": source_hash(folder, source.name),
            **text.counts[source.name].as_dict(),
            "training_tokens": stream.source_tokens[source.name],
        }
        for source in config.sources
    }


def _kinds(config: Mixture, stream: TokenStream) -> dict[str, Any]:
    return {
        kind: {
            "share_asked": round(share, 6),
            "share": round(stream.tokens[kind] / stream.total, 6),
            "documents": stream.documents[kind],
            "tokens": stream.tokens[kind],
        }
        for kind, share in config.all_shares.items()
    }


def _write_last(path: Path, text: str) -> None:
    """Move the manifest into place when all else is written: a folder without one is no corpus."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
