"""Our own minimal pairs: what differs, that they stay the same, and how they are found."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest

from taskscope.errors import TaskError
from taskscope.tasks import pair_grammar, pair_registry
from taskscope.tasks.minimal_pairs import PHENOMENA
from taskscope.tasks.pair_grammar import NAMES, build

WHAT_DIFFERS = {
    "reflexive-gender": {"himself", "herself"},
    "reflexive-number": {"himself", "herself", "themselves"},
    "determiner-of-noun": {"this", "these", "that", "those"},
    "that-without-gap": {"that", "what"},
    "what-with-gap": {"that", "what"},
    "auxiliary-of-subject": {"is", "are", "was", "were"},
    "auxiliary-after-another": {"is", "are", "was", "were"},
    "any-negated": {"not", "also", "once", "often"},
    "ever-negated": {"No", "The"},
}


def differing(good: str, bad: str) -> tuple[list[str], list[str]]:
    """Words of the one span in which two sentences differ."""
    a, b = good.split(), bad.split()
    spans = [s for s in SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if s[0] != "equal"]
    assert len(spans) == 1, (good, bad)
    _, a0, a1, b0, b1 = spans[0]
    return a[a0:a1], b[b0:b1]


@pytest.mark.parametrize("name", NAMES)
def test_sentences_of_a_pair_differ_in_one_place(name):
    paradigm = build(name, 60)
    assert len({(p.good, p.bad) for p in paradigm.pairs}) == 60
    assert paradigm.phenomenon in PHENOMENA
    for pair in paradigm.pairs:
        good, bad = differing(pair.good, pair.bad)
        assert max(len(good), len(bad)) <= 2
        assert {*good, *bad} <= WHAT_DIFFERS.get(name, {*good, *bad})
        assert pair.good[0].isupper() and pair.good[-1] in ".?"


def test_there_are_enough_paradigms_in_enough_phenomena():
    phenomena = [build(name, 2).phenomenon for name in NAMES]
    assert len(NAMES) >= 12 and len(set(phenomena)) >= 5
    assert all(phenomena.count(p) >= 2 for p in phenomena)


def test_subject_and_verb_agree_in_the_good_sentence():
    for name, between in (("verb-of-subject", None), ("auxiliary-after-another", " near ")):
        for pair in build(name, 100).pairs:
            head = pair.good.split(between)[0] if between else pair.good
            plural = any(f" {noun.many} " in f"{head} " for noun in pair_grammar.BEINGS)
            good, _ = differing(pair.good, pair.bad)
            assert good[0].endswith("s") != plural or good[0] in ("is", "was", "are", "were")
            assert (good[0] in ("are", "were")) == plural or between is None


def test_questions_contrast_the_same_words_with_opposite_labels():
    (with_gap, _), (without, _) = (
        differing(build(name, 2).pairs[0].good, build(name, 2).pairs[0].bad)
        for name in ("what-with-gap", "that-without-gap")
    )
    assert (with_gap, without) == (["what"], ["that"])


def test_pairs_are_the_same_on_every_machine_and_more_of_them_begin_alike():
    pair = build("reflexive-gender", 3).pairs[0]
    assert (pair.good, pair.bad) == (FIRST_GOOD, FIRST_BAD)
    assert build("past-form", 500).pairs[:3] == build("past-form", 3).pairs
    assert build("past-form", 3, 1).pairs != build("past-form", 3).pairs


FIRST_GOOD = "At night the man hid himself near the castle."
FIRST_BAD = "At night the man hid herself near the castle."


def test_more_pairs_than_the_words_give_are_refused(monkeypatch):
    monkeypatch.setattr(pair_grammar, "_PATIENCE", 1)
    with pytest.raises(TaskError, match="whose words give"):
        build("what-with-gap", 20_000, 5)


def test_a_name_may_ask_for_a_number_and_a_seed():
    [paradigm] = pair_registry.get("past-form/30/4")
    assert paradigm.pairs == build("past-form", 30, 4).pairs
    assert pair_registry.resolve(pair_registry.ref(paradigm)) == paradigm
    assert [p.name for p in pair_registry.get("grammar/2")] == pair_registry.names()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("past-fom", "did you mean 'past-form'"),
        ("past-form/0", "past-form/PAIRS"),
        ("past-form/a", "past-form/PAIRS"),
        ("past-form/3/1/1", "past-form/PAIRS"),
        ("nothing.jsonl", "no file"),
    ],
)
def test_unknown_names_are_refused(name, told):
    with pytest.raises(TaskError, match=told):
        pair_registry.get(name)


def test_a_changed_file_is_noticed(tmp_path):
    path = tmp_path / "mine.jsonl"
    lines = ['{"good": "I am.", "bad": "I is."}', '{"good": "We are.", "bad": "We is."}']
    path.write_text("\n".join(lines))
    [paradigm] = pair_registry.get(str(path))
    reference = pair_registry.ref(paradigm)
    assert pair_registry.resolve(reference) == paradigm
    path.write_text("\n".join(lines).replace("We is", "We am"))
    with pytest.raises(TaskError, match="other pairs now"):
        pair_registry.resolve(reference)
    path.write_text("\n".join(line.replace("}", ', "task": "new"}') for line in lines))
    with pytest.raises(TaskError, match="no paradigm 'mine' any more"):
        pair_registry.resolve(reference)


def test_blimp_needs_the_data_folder(monkeypatch):
    monkeypatch.delenv("TASKSCOPE_DATA", raising=False)
    with pytest.raises(TaskError, match="TASKSCOPE_DATA"):
        pair_registry.get("blimp")
