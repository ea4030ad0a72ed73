"""The four lists about English words: form, spelling rules, and agreement with WordNet."""

import csv
import json
import os
import re
from collections import defaultdict
from importlib import resources
from pathlib import Path

import pytest

from taskscope.tasks import mappings, registry

LINGUISTIC = ("present-gerund", "present-past", "plural-singular", "antonyms")
VOWELS = "aeiou"
STRESSED_END = {"begin", "forget", "admit", "prefer", "occur", "refer", "permit", "control", "forbid"}
"""Verbs of two syllables that double their last consonant because the stress is on it."""
BRITISH_DOUBLING = {"travel", "cancel"}


def answers(name: str) -> dict[str, tuple[str, ...]]:
    return {item.input: item.answers for item in registry.get(name).items}


def doubles(verb: str) -> bool:
    """Whether the last consonant is doubled: consonant, one vowel, consonant, with the stress on it."""
    syllables = len(re.findall(r"[aeiouy]+", verb))
    pattern = re.fullmatch(r".*(?:[^aeiou]|qu)[aeiou][^aeiouwxy]", verb) is not None
    return pattern and (syllables == 1 or verb in STRESSED_END)


def gerunds(verb: str) -> set[str]:
    """The -ing forms by the spelling rules."""
    if verb in BRITISH_DOUBLING:
        return {verb + verb[-1] + "ing", verb + "ing"}
    if verb.endswith("ie"):
        return {verb[:-2] + "ying"}
    if verb.endswith("e") and len(verb) > 2 and not verb.endswith(("ee", "ye", "oe")):
        return {verb[:-1] + "ing"}
    if verb.endswith("ic"):
        return {verb + "king"}
    return {verb + (verb[-1] if doubles(verb) else "") + "ing"}


def regular_pasts(verb: str) -> set[str]:
    """The -ed forms by the spelling rules."""
    if verb in BRITISH_DOUBLING:
        return {verb + verb[-1] + "ed", verb + "ed"}
    if verb.endswith("e"):
        return {verb + "d"}
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return {verb[:-1] + "ied"}
    if verb.endswith("ic"):
        return {verb + "ked"}
    return {verb + (verb[-1] if doubles(verb) else "") + "ed"}


def regular_plural(noun: str) -> set[str]:
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return {noun[:-1] + "ies"}
    if noun.endswith(("s", "x", "sh", "ch", "z")):
        return {noun + "es", noun + noun[-1] + "es"}
    return {noun + "s", noun + "es"} if noun.endswith("o") else {noun + "s"}


@pytest.mark.parametrize("name", mappings.list_names())
def test_list_files_are_kept_one_item_to_a_line(name: str) -> None:
    """So that a changed item is a changed line in the history."""
    text = (resources.files("taskscope.tasks") / "data" / "mappings" / f"{name}.json").read_text("utf-8")
    content = json.loads(text)
    lines = [json.dumps(item, ensure_ascii=False) for item in content["items"]]
    at = text.index('"items": [\n') + len('"items": [\n')
    assert text[at:] == "    " + ",\n    ".join(lines) + "\n  ]\n}\n"
    assert text.endswith("\n") and "\r" not in text


@pytest.mark.parametrize(
    ("name", "fewest"),
    [("present-gerund", 150), ("present-past", 150), ("plural-singular", 120), ("antonyms", 120)],
)
def test_lists_are_long_and_of_single_lower_case_words(name: str, fewest: int) -> None:
    task = registry.get(name)
    assert task.group == "linguistic"
    assert len(task.items) >= fewest
    texts = [text for x, ys in answers(name).items() for text in (x, *ys)]
    assert [text for text in texts if not re.fullmatch("[a-z]+", text)] == []
    assert task.majority_rate < 0.02


def test_both_verb_lists_have_the_same_verbs_and_begin_with_common_ones() -> None:
    verbs = list(answers("present-past"))
    assert list(answers("present-gerund")) == verbs
    common = "be have do go come see take give make know think find tell ask work feel leave call"
    assert verbs[:18] == common.split()


def test_gerunds_follow_the_spelling_rules() -> None:
    wrong = {verb: given for verb, given in answers("present-gerund").items() if set(given) != gerunds(verb)}
    assert wrong == {}


def test_pasts_that_end_in_ed_follow_the_spelling_rules_and_most_others_are_irregular() -> None:
    irregular = 0
    for verb, given in answers("present-past").items():
        regular = {past for past in given if past in regular_pasts(verb)}
        irregular += len(regular) < len(given)
        # An -ed that the rules do not make is a vowel change (fed, bled, fled), never a misspelling.
        assert all(not past.endswith("ed") or past in regular or len(past) < 5 for past in given), verb
    assert irregular >= 80
    assert len(answers("present-past")) - irregular >= 60


def test_every_spelling_pattern_of_the_gerund_occurs() -> None:
    forms = {x: y[0] for x, y in answers("present-gerund").items()}
    patterns = {
        "plain": sum(y == x + "ing" for x, y in forms.items()),
        "dropped e": sum(y == x[:-1] + "ing" and x[-1] == "e" for x, y in forms.items()),
        "doubled": sum(y == x + x[-1] + "ing" for x, y in forms.items()),
        "ie to y": sum(y == x[:-2] + "ying" for x, y in forms.items()),
        "added k": sum(y == x + "king" for x, y in forms.items()),
        "kept e": sum(y == x + "ing" and x[-1] == "e" and x != "be" for x, y in forms.items()),
    }
    assert min(patterns.values()) >= 2, patterns
    assert patterns["dropped e"] >= 30 and patterns["doubled"] >= 15


def test_forms_with_two_spellings_accept_both() -> None:
    pasts, ings = answers("present-past"), answers("present-gerund")
    assert pasts["learn"] == ("learned", "learnt")
    assert pasts["dream"] == ("dreamed", "dreamt")
    assert pasts["be"] == ("was", "were")
    assert ings["travel"] == ("travelling", "traveling")


def test_plurals_are_regular_or_irregular_and_both_are_many() -> None:
    lists = answers("plural-singular")
    regular = [x for x, ys in lists.items() if any(x in regular_plural(y) for y in ys)]
    assert len(regular) >= 80
    assert len(lists) - len(regular) >= 70
    assert lists["axes"] == ("axis", "axe", "ax")


def test_opposites_given_both_ways_share_a_cluster_and_accept_each_other() -> None:
    task = registry.get("antonyms")
    item_of = {item.input: item for item in task.items}
    pairs = [(x, item_of[x.label]) for x in task.items if x.label in item_of]
    mirrored = [(x, y) for x, y in pairs if y.label == x.input]
    assert len(mirrored) >= 150
    assert [x.input for x, y in mirrored if x.cluster != y.cluster] == []
    members: dict[str, list[str]] = defaultdict(list)
    for item in task.items:
        members[item.cluster].append(item.input)
    assert max(map(len, members.values())) == 2
    assert sum(len(item.answers) > 1 for item in task.items) >= 80


@pytest.fixture(scope="module")
def wordnet() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder:
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return Path(folder) / "wordnet"


def table(path: Path, *columns: str) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [tuple(row[column] for column in columns) for row in rows]


def lemmas(wordnet: Path, pos: str) -> dict[str, set[str]]:
    known: dict[str, set[str]] = defaultdict(set)
    for form, lemma, kind in table(wordnet / "irregular_forms.tsv", "inflected", "lemma", "pos"):
        if kind == pos:
            known[form].add(lemma)
    return known


@pytest.mark.data
def test_irregular_verb_forms_agree_with_wordnet(wordnet: Path) -> None:
    known = lemmas(wordnet, "verb")
    checked = 0
    for name, regular in (("present-past", regular_pasts), ("present-gerund", gerunds)):
        for verb, given in answers(name).items():
            for form in set(given) - regular(verb):
                assert verb in known[form], (verb, form)
                checked += 1
    assert checked >= 100


@pytest.mark.data
def test_irregular_plurals_agree_with_wordnet_and_a_published_list(wordnet: Path) -> None:
    known = lemmas(wordnet, "noun")
    path = wordnet.parent / "lexical" / "irregular_plurals" / "irregular-plurals.json"
    for noun, plural in json.loads(path.read_text("utf-8")).items():
        known[plural].add(noun)
    checked = 0
    for plural, given in answers("plural-singular").items():
        nouns = [noun for noun in given if plural not in regular_plural(noun)]
        compounds = [noun for noun in nouns if plural not in known and noun.endswith("man")]
        assert all(plural == noun[:-3] + "men" for noun in compounds)
        assert all(noun in known[plural] for noun in nouns if noun not in compounds), plural
        checked += len(nouns) - len(compounds)
    assert checked >= 60


@pytest.mark.data
def test_antonyms_agree_with_wordnet(wordnet: Path) -> None:
    antonyms = set(table(wordnet / "antonyms.tsv", "word", "antonym"))
    synonyms = set(table(wordnet / "synonyms.tsv", "word", "synonym"))
    lists = answers("antonyms")
    labels = [(x, ys[0]) for x, ys in lists.items()]
    assert sum(pair in antonyms for pair in labels) >= 0.7 * len(labels)
    # In other senses these are synonyms: to mother or father a child, a king or queen of its kind.
    other_senses = {frozenset(("king", "queen")), frozenset(("mother", "father"))}
    pairs = [(x, y) for x, ys in lists.items() for y in ys if {x, y} not in other_senses]
    assert [pair for pair in pairs if pair in synonyms] == []
