"""What of a plain text is trained on: no repeats, slurs, test text or held-out facts; sections stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import TaskError
from taskscope.training.corpus import natural
from taskscope.training.corpus.natural import NaturalText, Passage
from taskscope.training.corpus.overlap import RUN, RunIndex, Seen, plain_words
from taskscope.training.corpus.sources import Source
from taskscope.training.corpus.unwanted import WordFilter, hash_word
from taskscope.training.documents.splits import Split

SPLIT = Split(0, 0.25)
RIVER = "The quick old man walked along the river with his dog and saw a small boat near the bridge today."
HILL = "Her sister found a house on the hill, and it was not far from the garden where they had once lived."
JUDGED = (
    "This exact run of words stands in the text for judging and must never be read while training goes on."
)


def read(folder: Path, text: str | Sequence[str], **choices: object) -> tuple[list[Passage], dict]:
    """Read one source of these texts, each a file; return its passages and what became of its paragraphs."""
    (folder / "prose").mkdir(exist_ok=True)
    for number, part in enumerate([text] if isinstance(text, str) else text):
        (folder / "prose" / f"{number}.txt").write_text(part, encoding="utf-8")
    source = Source(name="prose", title="Prose", licence="none", **choices.pop("source", {}))  # type: ignore[arg-type]
    found = NaturalText(folder, [source], split=SPLIT, **{"held_out": 0.0, **choices})  # type: ignore[arg-type]
    return list(found), found.counts["prose"].as_dict()


def told(side: str) -> str:
    """A paragraph that tells a fact of this side."""
    fact = SPLIT.items("country-capital", side)[0]
    return f"{fact.input} has many towns; one of them is {fact.answers[0]}, which people like to visit often."


def test_every_paragraph_goes_for_its_own_reason_and_the_others_stay_in_order(tmp_path: Path) -> None:
    (tmp_path / "judged").mkdir()
    (tmp_path / "judged" / "text.txt").write_text(JUDGED, encoding="utf-8")
    numbers = "1234 5678 9012 3456 7890 1234"
    written = [RIVER, RIVER, f"And so it said: {JUDGED}", told("held-out"), numbers, told("train"), HILL]
    passages, counts = read(tmp_path, "\n\n".join(written), judged="judged")
    assert [each.text for each in passages] == ["\n\n".join([RIVER, told("train"), HILL])]
    assert counts["dropped"] == {"repeated": 1, "test text": 1, "held-out fact": 1, "prose": 1}
    assert (counts["sections"], counts["passages"], counts["characters"]) == (1, 1, len(passages[0].text))


def test_naming_one_side_of_a_held_out_fact_is_not_telling_it(tmp_path: Path) -> None:
    fact = SPLIT.items("country-capital", "held-out")[0]
    passages, counts = read(tmp_path, f"{RIVER[:-1]} in {fact.input}.\n\n{HILL[:-1]} in {fact.answers[0]}.")
    assert len(passages) == 1 and not counts["dropped"]


def test_a_slur_takes_its_whole_passage_away_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = WordFilter("salt", frozenset({hash_word("zorbly", "salt")}))
    monkeypatch.setattr(natural, "WordFilter", lambda: stand_in)
    texts = [f"{RIVER}\n\n{HILL}", f"They called him ZORBLY then.\n\n{told('train')}"]
    passages, counts = read(tmp_path, texts)
    assert [each.text for each in passages] == [texts[0]]
    assert counts["dropped"] == {"slur": 1}


def test_the_list_that_comes_along_is_there_and_says_nothing_of_plain_words() -> None:
    known = WordFilter()
    assert len(natural.WordFilter()._hashes) > 100
    assert not known.unwanted(set(plain_words(RIVER + HILL + JUDGED)))


def test_header_footer_and_licence_of_a_gutenberg_book_are_cut(tmp_path: Path) -> None:
    book = (
        "The eBook of something\n\n*** START OF THE PROJECT GUTENBERG EBOOK SOMETHING ***\n\n"
        f"{RIVER}\n\n{HILL}\n\n*** END OF THE PROJECT GUTENBERG EBOOK SOMETHING ***\n\nThe licence in full."
    )
    [passage], _ = read(tmp_path, book)
    assert passage.text == f"{RIVER}\n\n{HILL}"


@pytest.mark.parametrize("seed", range(20))
def test_text_overlaps_where_it_shares_a_run_of_thirteen_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = [f"word{number}" for number in range(400)]
    judged = list(rng.permutation(words)[:200])
    shared = int(rng.integers(RUN - 2, RUN + 3))
    start = int(rng.integers(0, len(judged) - shared))
    text = ["other"] * 5 + judged[start : start + shared] + ["words"] * 5
    assert RunIndex([" ".join(judged)]).overlaps(text) == (shared >= RUN)
    assert not RunIndex([]).overlaps(text)


def test_a_paragraph_is_repeated_whatever_its_capitals_and_marks() -> None:
    seen = Seen()
    assert not seen.repeated(plain_words(RIVER))
    assert seen.repeated(plain_words(RIVER.upper().replace(".", " !")))
    assert not seen.repeated(plain_words(HILL))


def test_all_passages_of_a_section_are_on_one_side_whatever_else_is_read(tmp_path: Path) -> None:
    texts = [f"{RIVER} Part {n} of it.\n\n{HILL} Part {n} of that." for n in range(60)]
    passages, _ = read(tmp_path, texts, held_out=0.5, passage=10)
    sides = {
        each.section: {other.held_out for other in passages if other.section == each.section}
        for each in passages
    }
    assert len(passages) == 120 and len(sides) == 60 and all(len(side) == 1 for side in sides.values())
    assert 15 < sum(True in side for side in sides.values()) < 45
    again, counts = read(tmp_path, texts, held_out=0.5, passage=10, source={"keep": 0.5})
    assert all(sides[each.section] == {each.held_out} for each in again)
    assert 15 < counts["not_chosen"] < 45 and counts["not_chosen"] + counts["sections"] == 60


def test_a_source_of_which_nothing_is_left_and_an_unknown_filter_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="'prose' has no text left"):
        read(tmp_path, "1234 5678 9012 3456 7890 1234")
    with pytest.raises(TaskError, match="no filter 'sentence'"):
        read(tmp_path, RIVER, source={"filters": ("sentence",)})
