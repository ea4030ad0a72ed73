"""Rings of words around a label: its synonyms, their synonyms, and so on (protocol structured_tasks E6).

The graph joins words that share a synset of WordNet. A label from which this leads nowhere, as from most
nouns, is given a wider graph that also joins words of a synset to those of the one directly above it. The
tables hold no "similar-to" links between adjectives, so labels such as "negative" need the wider graph too.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from taskscope.errors import TaskError
from taskscope.runs.cell import TaskRef

NAME = "WordNet"
TABLES = ("synonyms.tsv", "noun_hypernyms.tsv", "irregular_forms.tsv")
"""Files that a folder must hold."""
Graph = dict[str, set[str]]
"""Neighbours by word."""


@dataclass(frozen=True)
class Rings:
    """Words at each distance from each label of a set; a word belongs to the label that it is nearest to."""

    words: dict[str, list[list[str]]]
    """By label: words of order 1, of order 2 and so on, sorted."""
    widened: frozenset[str]
    """Labels whose rings also follow hypernyms and hyponyms."""

    @property
    def depth(self) -> int:
        """The highest order up to which every label has a word at every order."""
        orders = zip(*self.words.values(), strict=True)
        return sum(1 for _ in takewhile(all, orders))


def ref(folder: str | Path) -> TaskRef:
    """Return the reference that a cell keeps of a thesaurus: what its tables hold, and where they are.

    Raises:
        TaskError: If a table is missing.
    """
    _check_tables(Path(folder))
    digest = hashlib.sha256()
    for table in TABLES:
        digest.update((Path(folder) / table).read_bytes())
    return TaskRef(name=NAME, fingerprint=digest.hexdigest(), source=str(Path(folder).resolve()))


class Thesaurus:
    """WordNet as a graph of usable words.

    Args:
        folder: Holds `TABLES`, tab-separated under a header.
        usable: Words that may stand in a ring, such as those that are one token for a model; only those in
            small letters are kept. Labels need not be among them.

    Raises:
        TaskError: If a table is missing.
    """

    def __init__(self, folder: str | Path, usable: Iterable[str]) -> None:
        tables = _read_tables(Path(folder))
        self._lemma = {inflected: lemma for inflected, lemma, *_ in tables["irregular_forms.tsv"]}
        self._known = {row[0] for row in tables["synonyms.tsv"]} | {
            word for row in tables["noun_hypernyms.tsv"] for word in row[:2]
        }
        self._usable = {word for word in usable if word.isascii() and word.isalpha() and word.islower()}
        self._members, self._above = _synsets(tables)
        self._narrow = self._graph((synset, synset) for synset in self._members)
        self._wide = self._graph(((s, s) for s in self._members), self._above)

    def entry(self, label: str) -> str:
        """Return the word under which a label stands: itself, or its singular.

        Raises:
            TaskError: If it stands nowhere.
        """
        plain = label.lower()
        forms = [plain, self._lemma.get(plain, plain)]
        forms += [
            plain[: -len(end)] + new
            for end, new in (("ies", "y"), ("es", ""), ("s", ""))
            if plain.endswith(end)
        ]
        for form in forms:
            if form in self._known:
                return form
        raise TaskError(f"The thesaurus has no entry for {label!r}.", "labels that are English words")

    def rings(self, label: str, orders: int = 5, *, wide: bool = False) -> list[list[str]]:
        """Return the usable words at distance 1, 2 ... from a label, each ring sorted.

        Args:
            label: A word; its `entry` is where the search begins.
            orders: Number of rings.
            wide: Follow hypernyms and hyponyms too.

        Raises:
            TaskError: If the label has no entry.
        """
        return [sorted(ring) for ring in self._search(self.entry(label), orders, wide)]

    def rings_of(self, labels: Sequence[str], orders: int = 5) -> Rings:
        """Return the rings of all labels of a set, each word only with the label that it is nearest to.

        A label from which the search stops before the last order follows hypernyms and hyponyms too.

        Raises:
            TaskError: If a label has no entry.
        """
        entries = {label: self.entry(label) for label in labels}
        found = {label: self._search(entry, orders, wide=False) for label, entry in entries.items()}
        widened = frozenset(label for label, rings in found.items() if not all(rings))
        found |= {label: self._search(entries[label], orders, wide=True) for label in widened}
        near: dict[str, list[tuple[int, str]]] = {}
        for label, rings in found.items():
            for order, ring in enumerate(rings):
                for word in ring - {*labels, *entries.values()}:
                    near.setdefault(word, []).append((order, label))
        words: dict[str, list[list[str]]] = {label: [[] for _ in range(orders)] for label in labels}
        for word, places in sorted(near.items()):
            (order, label), *others = sorted(places)
            if not others or others[0][0] > order:
                words[label][order].append(word)
        return Rings(words, widened)

    def _search(self, start: str, orders: int, wide: bool) -> list[set[str]]:
        graph = self._wide if wide else self._narrow
        seen, edge, rings = {start}, self._neighbours(start, wide), []
        for _ in range(orders):
            edge = edge - seen
            seen |= edge
            rings.append(edge)
            edge = set().union(*(graph.get(word, set()) for word in edge))
        return rings

    def _neighbours(self, word: str, wide: bool) -> set[str]:
        """Neighbours of a word that may itself not be usable."""
        mine = {synset for synset, members in self._members.items() if word in members}
        joined = set(mine)
        if wide:
            joined |= {b for a, b in self._above if a in mine} | {a for a, b in self._above if b in mine}
        return set().union(*(self._members[synset] for synset in joined)) & self._usable - {word}

    def _graph(self, *edges: Iterable[tuple[str, str]]) -> Graph:
        graph: Graph = defaultdict(set)
        kept = {synset: members & self._usable for synset, members in self._members.items()}
        for pairs in edges:
            for one, other in pairs:
                for word in kept[one]:
                    graph[word] |= kept[other]
                for word in kept[other]:
                    graph[word] |= kept[one]
        return {word: others - {word} for word, others in graph.items()}


def _synsets(tables: dict[str, list[list[str]]]) -> tuple[dict[str, set[str]], set[tuple[str, str]]]:
    """Return the members of each synset, and which noun synset is directly above which."""
    members: dict[str, set[str]] = defaultdict(set)
    above: set[tuple[str, str]] = set()
    for word, synonym, kind, offset, *_ in tables["synonyms.tsv"]:
        members[f"{kind} {offset}"] |= {word, synonym}
    for word, hypernym, _, offset, upper, *_ in tables["noun_hypernyms.tsv"]:
        members[f"noun {offset}"].add(word)
        members[f"noun {upper}"].add(hypernym)
        above.add((f"noun {offset}", f"noun {upper}"))
    return dict(members), above


def _check_tables(folder: Path) -> None:
    missing = [name for name in TABLES if not (folder / name).is_file()]
    if missing:
        raise TaskError(
            f"The folder {str(folder)!r} lacks {', '.join(missing)}.",
            f"tables of WordNet: {', '.join(TABLES)}",
            "the folder wordnet inside the one that TASKSCOPE_DATA names",
        )


def _read_tables(folder: Path) -> dict[str, list[list[str]]]:
    _check_tables(folder)
    tables: dict[str, list[list[str]]] = {}
    for name in TABLES:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        tables[name] = [line.split("\t") for line in lines[1:]]
    return tables
