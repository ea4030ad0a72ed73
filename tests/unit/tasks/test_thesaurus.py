"""Rings around labels: distances in a small thesaurus, and published ring sizes in WordNet's tables."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.tasks.label_maps import order_map
from taskscope.tasks.thesaurus import Thesaurus

SYNONYMS = [
    "bad ill",
    "ill sick",
    "sick unwell",
    "good fine",
    "fine dandy",
    "dandy ill",
    "Bad Evil",
    "sport game",
]
HYPERNYMS = [("novel", "book", 1, 2), ("tome", "book", 1, 2), ("guide", "book", 3, 2), ("book", "work", 2, 9)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = []
    for number, pair in enumerate(SYNONYMS):
        for a, b in (pair.split(), pair.split()[::-1]):
            lines.append(f"{a}\t{b}\tadj\t{number}\t0\t0")
    (tmp_path / "synonyms.tsv").write_text("header\n" + "\n".join(lines) + "\n")
    above = [f"{word}\t{upper}\t0\t{offset}\t{up}\t0" for word, upper, offset, up in HYPERNYMS]
    (tmp_path / "noun_hypernyms.tsv").write_text("header\n" + "\n".join(above) + "\n")
    (tmp_path / "irregular_forms.tsv").write_text("header\nbetter\tgood\tadj\n")
    return tmp_path


WORDS = ["ill", "sick", "unwell", "fine", "dandy", "novel", "tome", "guide", "work", "game"]


def test_rings_are_words_at_each_distance(folder):
    thesaurus = Thesaurus(folder, WORDS)
    assert thesaurus.rings("bad", 4) == [["ill"], ["dandy", "sick"], ["fine", "unwell"], []]
    assert thesaurus.rings("bad", 1) == [["ill"]]


def test_only_usable_words_are_stepped_on(folder):
    without = Thesaurus(folder, [word for word in WORDS if word != "sick"])
    assert without.rings("bad", 3) == [["ill"], ["dandy"], ["fine"]]


def test_hypernyms_and_hyponyms_are_followed_when_asked(folder):
    thesaurus = Thesaurus(folder, [*WORDS, "book"])
    assert thesaurus.rings("book", 2) == [[], []]
    assert thesaurus.rings("book", 1, wide=True) == [["guide", "novel", "tome", "work"]]
    assert thesaurus.rings("novel", 2, wide=True) == [["book", "tome"], ["guide", "work"]]


def test_a_word_belongs_to_the_nearest_label_and_to_none_at_equal_distance(folder):
    found = Thesaurus(folder, WORDS).rings_of(["bad", "good"], 2)
    assert found.words == {"bad": [["ill"], ["sick"]], "good": [["fine"], []]}  # dandy: two steps from both
    assert (found.widened, found.depth) == (frozenset(), 1)


def test_a_label_that_leads_nowhere_is_widened(folder):
    found = Thesaurus(folder, WORDS).rings_of(["bad", "book"], 1)
    assert found.words["book"] == [["guide", "novel", "tome", "work"]]
    assert found.widened == {"book"}
    drawn = order_map(1, ["bad", "book"], found.words, np.random.default_rng(0))
    assert drawn.kind == "order-1" and drawn.images[0] == "ill"


def test_a_plural_stands_under_its_singular(folder):
    thesaurus = Thesaurus(folder, WORDS)
    assert [thesaurus.entry(word) for word in ("sports", "better", "Good", "novel")] == [
        "sport",
        "good",
        "good",
        "novel",
    ]
    assert thesaurus.rings("sports", 1) == [["game"]]
    with pytest.raises(TaskError, match="no entry for 'qqq'"):
        thesaurus.entry("qqq")


def test_a_folder_without_tables_is_refused(tmp_path):
    (tmp_path / "synonyms.tsv").write_text("header\n")
    with pytest.raises(TaskError, match=r"lacks noun_hypernyms.tsv, irregular_forms.tsv"):
        Thesaurus(tmp_path, WORDS)


@pytest.fixture(scope="module")
def wordnet() -> Thesaurus:
    """WordNet over the 9,000 most frequent word-initial tokens of GPT-2.

    The published sizes are of LLaMA2's single tokens, a vocabulary of 32,000 in place of 50,000.
    """
    data = Path(os.environ.get("TASKSCOPE_DATA", "."))
    if not (data / "wordnet" / "synonyms.tsv").is_file() or not (data / "tokenizers" / "gpt2").is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    tokens = json.loads((data / "tokenizers" / "gpt2" / "encoder.json").read_text(encoding="utf-8"))
    words = [token[1:] for token in tokens if token[0] == "Ġ" and len(token) > 3]
    usable = [word for word in words if word.isascii() and word.isalpha() and word.islower()][:9_000]
    return Thesaurus(data / "wordnet", usable)


@pytest.mark.data
@pytest.mark.parametrize(
    ("label", "sizes"), [("business", (4, 24, 116, 489, 1041)), ("world", (11, 23)), ("company", (4, 7))]
)
def test_synonym_rings_are_as_large_as_published(wordnet, label, sizes):
    """Beyond these orders the published rings run through "similar-to" links, which the tables lack."""
    found = [len(ring) for ring in wordnet.rings(label)[: len(sizes)]]
    assert found == [pytest.approx(size, rel=0.15, abs=3) for size in sizes]


@pytest.mark.data
@pytest.mark.parametrize("label", ["artist", "album", "nature"])
def test_labels_without_synonyms_stall_as_published(wordnet, label):
    assert [len(ring) for ring in wordnet.rings(label)] == [0] * 5


@pytest.mark.data
@pytest.mark.parametrize(
    ("label", "sizes"),
    [
        ("science", (11, 160)),
        ("politics", (8, 204)),
        ("artist", (3, 28)),
        ("album", (3, 57)),
        ("nature", (9, 173)),
    ],
)
def test_widened_rings_are_as_large_as_published(wordnet, label, sizes):
    found = [len(ring) for ring in wordnet.rings(label, 2, wide=True)]
    assert found == [pytest.approx(size, rel=0.25, abs=2) for size in sizes]


@pytest.mark.data
def test_label_sets_of_the_protocol_have_rings(wordnet):
    rings = wordnet.rings_of(("world", "sports", "business", "science"))
    assert rings.depth == 5 and rings.widened == {"science"}
    listed = [word for ofs in rings.words.values() for ring in ofs for word in ring]
    assert len(set(listed)) == len(listed) > 1000
