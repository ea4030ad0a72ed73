"""Loss on held-out English: the test part of WikiText-2 in bits per byte of the text as shown."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.stats.intervals import percentile_interval, resampling_weights
from taskscope.training.corpus.cleaning import clean_paragraph
from taskscope.training.corpus.natural import PARAGRAPH_END
from taskscope.training.corpus.sources import open_source
from taskscope.training.held_out import row_losses

SOURCE, FILE = "wikitext2_valid_test", "test.txt"
UNKNOWN = "<unk>"
DRAWS = 2_000
MARKUP = (
    "Word-level markup is undone: headings are left out, spaces before closing and after opening marks, "
    "around "
    "@-@, @,@ and @.@ and before 's and n't are taken away; paragraphs of an article stand apart by an empty "
    "line. Unknown words are shown as <unk>, and neither their bits nor their bytes are counted."
)

_TITLE = re.compile(r"^ = [^=]+ =\s*$")
_HEADING = re.compile(r"^ =.*=\s*$")
_JOINED = ((" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."))
_RULES = (
    (re.compile(r'" ([^"]*?) "'), r'"\1"'),
    (re.compile(r" ([,.;:!?%)\]])"), r"\1"),
    (re.compile(r"([(\[$£€]) "), r"\1"),
    (re.compile(r" (n't|'(?:s|re|ve|ll|d|m|t))(?![\w'])"), r"\1"),
    (re.compile(r"s ' "), "s' "),
)


def articles(raw: str) -> list[str]:
    """Return the articles of a WikiText file as plain text; see `MARKUP`."""
    found: list[list[str]] = []
    for line in raw.split("\n"):
        if _TITLE.match(line):
            found.append([])
        elif line.strip() and not _HEADING.match(line) and found:
            found[-1].append(plain(line))
    return [PARAGRAPH_END.join(paragraphs) for paragraphs in found if paragraphs]


def plain(line: str) -> str:
    """Undo the word-level markup of one paragraph."""
    for marked, joined in _JOINED:
        line = line.replace(marked, joined)
    for rule, replacement in _RULES:
        line = rule.sub(replacement, line)
    return clean_paragraph(line)


def measure(hf: Any, tokenizer: Any, folder: Path, context: int, limit: int | None = None) -> dict[str, Any]:
    """Measure bits per byte, with an interval that resamples articles.

    Args:
        hf: Causal language model in Hugging Face form.
        tokenizer: Its tokeniser.
        folder: Holds the source `SOURCE`.
        context: Tokens of a sequence; what comes after in an article begins a sequence of its own.
        limit: Articles that are read; None for all.

    Raises:
        TaskError: If the folder does not hold the source.
    """
    raw = next(raw for name, raw in open_source(folder, SOURCE) if name == FILE)
    texts = articles(raw.decode("utf-8"))[:limit]
    nats, size, tokens = np.array([_article(hf, tokenizer, text, context) for text in texts]).T
    bits = nats / math.log(2)
    weights = resampling_weights(len(texts), DRAWS, np.random.default_rng(0))
    low, high = percentile_interval((weights @ bits) / (weights @ size))
    return {
        "text": "WikiText-2 test",
        "markup": MARKUP,
        "articles": len(texts),
        "bytes": int(size.sum()),
        "tokens": int(tokens.sum()),
        "bits_per_byte": float(bits.sum() / size.sum()),
        "interval": [float(low), float(high)],
        "nats_per_token": float(nats.sum() / tokens.sum()),
    }


def _article(hf: Any, tokenizer: Any, text: str, context: int) -> tuple[float, int, int]:
    """Loss in nats, bytes and tokens of one article; tokens that overlap an unknown word do not count."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    spans = [match.span() for match in re.finditer(re.escape(UNKNOWN), text)]
    hidden = np.zeros(len(text), dtype=bool)
    left_out = np.zeros(len(encoded["input_ids"]), dtype=bool)
    token = 0
    offsets = encoded["offset_mapping"]
    for start, end in spans:
        while offsets[token][1] <= start:
            token += 1
        while token < len(offsets) and offsets[token][0] < end:
            left_out[token] = True
            hidden[slice(*offsets[token])] = True
            token += 1
    stream = np.array([tokenizer.eos_token_id, *encoded["input_ids"]])
    rows = [stream[i : i + context + 1] for i in range(0, len(stream) - 1, context)]
    losses = np.concatenate(row_losses(hf, rows))
    unseen = sum(
        len(character.encode()) for character, is_hidden in zip(text, hidden, strict=True) if is_hidden
    )
    return float(losses[~left_out].sum(dtype=np.float64)), len(text.encode()) - unseen, int((~left_out).sum())
