"""Natural text in passages: cleaned, without repeats, slurs, test text or held-out facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from taskscope.errors import TaskError
from taskscope.training.corpus.cleaning import (
    clean_paragraph,
    decode,
    documents,
    get_filters,
    strip_gutenberg,
)
from taskscope.training.corpus.mentions import FactMentions
from taskscope.training.corpus.overlap import RunIndex, Seen, plain_words
from taskscope.training.corpus.sources import Source, open_source
from taskscope.training.corpus.unwanted import WORD, WordFilter
from taskscope.training.documents.splits import Split

PARAGRAPH_END = "\n\n"
_SECTION = 60_000  # characters


@dataclass(frozen=True)
class Passage:
    """Consecutive paragraphs of one document."""

    source: str
    section: str
    """File and number of the section in it."""
    text: str
    held_out: bool
    """Kept for evaluation; all passages of a section are on one side."""


@dataclass
class Counts:
    """What became of one source's sections and paragraphs; `characters` are those that were kept."""

    sections: int = 0
    not_chosen: int = 0
    passages: int = 0
    characters: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Paragraphs dropped, by filter; `slur` counts whole passages."""

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as the manifest keeps them."""
        return {**vars(self), "dropped": dict(sorted(self.dropped.items()))}


class NaturalText:
    """Reads passages from the sources of a folder.

    Args:
        folder: Holds the sources, as folders or .tar.xz archives.
        sources: Which of them, in order.
        split: Which facts are held out.
        judged: Name of the source whose text models are judged on, or empty.
        passage: Characters after which a passage ends with its paragraph.
        held_out: Share of sections kept for evaluation.
    """

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        *,
        split: Split,
        judged: str = "",
        passage: int = 6_000,
        held_out: float = 0.004,
    ) -> None:
        self._folder, self._sources, self._passage = Path(folder), tuple(sources), passage
        self._held_out = held_out
        self.judged = (
            RunIndex(decode(raw) for _, raw in open_source(folder, judged)) if judged else RunIndex(())
        )
        self._mentions, self._words, self._seen = FactMentions(split), WordFilter(), Seen()
        self.counts = {source.name: Counts() for source in sources}

    def __iter__(self) -> Iterator[Passage]:
        """Yield passages, source by source; counts are complete when it ends.

        Raises:
            TaskError: If a source is missing or damaged, or nothing of it is left.
        """
        for source in self._sources:
            yield from self._read(source)
            if self.counts[source.name].sections and not self.counts[source.name].passages:
                raise TaskError(
                    f"source {source.name!r} has no text left after filtering", "English prose in .txt files"
                )

    def _read(self, source: Source) -> Iterator[Passage]:
        filters, counts = get_filters(source.filters), self.counts[source.name]
        for file, raw in open_source(self._folder, source.name):
            text = strip_gutenberg(decode(raw))
            for number, section in enumerate(_sections(documents(text, source.layout))):
                name = f"{file}#{number}"
                if _place(source.name, name, "keep") >= source.keep:
                    counts.not_chosen += 1
                    continue
                counts.sections += 1
                held_out = _place(source.name, name, "held-out") < self._held_out
                kept = (p for p in map(clean_paragraph, section) if p and self._wanted(p, filters, counts))
                for passage in _passages(kept, self._passage):
                    if self._words.unwanted(set(WORD.findall(passage))):
                        counts.dropped["slur"] += 1
                        continue
                    counts.passages += 1
                    counts.characters += len(passage)
                    yield Passage(source.name, name, passage, held_out)

    def _wanted(self, paragraph: str, filters, counts: Counts) -> bool:
        reason = next((name for name, keep in filters if not keep(paragraph)), None)
        words = plain_words(paragraph) if reason is None else []
        if reason is None and self._seen.repeated(words):
            reason = "repeated"
        if reason is None and self.judged.overlaps(words):
            reason = "test text"
        if reason is None and self._mentions.found(paragraph, WORD.findall(paragraph)):
            reason = "held-out fact"
        if reason is not None:
            counts.dropped[reason] += 1
        return reason is None


def _sections(texts: Iterator[list[str]]) -> Iterator[list[str]]:
    """Cut long documents into sections of whole paragraphs, so that a book is not chosen as one."""
    for paragraphs in texts:
        held: list[str] = []
        length = 0
        for paragraph in paragraphs:
            held.append(paragraph)
            length += len(paragraph)
            if length >= _SECTION:
                yield held
                held, length = [], 0
        if held:
            yield held


def _passages(paragraphs: Iterator[str], size: int) -> Iterator[str]:
    """Join paragraphs in order until a passage is long enough; what is left at the end stands alone."""
    held: list[str] = []
    length = 0
    for paragraph in paragraphs:
        held.append(paragraph)
        length += len(paragraph)
        if length >= size:
            yield PARAGRAPH_END.join(held)
            held, length = [], 0
    if held:
        yield PARAGRAPH_END.join(held)


def _place(*names: str) -> float:
    """Give a document its place in [0, 1) for one decision, the same on every machine."""
    digest = blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
