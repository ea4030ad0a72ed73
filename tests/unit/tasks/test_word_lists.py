"""The eight lists of facts and translations: form, balance, shared inputs, and agreement with public data."""

from __future__ import annotations

import html
import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from taskscope.tasks import registry
from taskscope.tasks.task import MappingTask

KNOWLEDGE = ("country-capital", "person-language", "location-continent", "person-religion")
TO_FOREIGN = ("en-fr", "en-es")
TO_ENGLISH = ("fr-en", "es-en")
TRANSLATION = TO_FOREIGN + TO_ENGLISH
BOTH_WAYS = [("en-fr", "fr-en"), ("en-es", "es-en")]
FEWEST = {
    "country-capital": 150,
    "person-language": 120,
    "location-continent": 150,
    "person-religion": 100,
    "en-fr": 200,
    "en-es": 200,
    "fr-en": 150,
    "es-en": 150,
}
CONTINENTS = {"Africa", "Asia", "Europe", "North America", "South America", "Oceania", "Antarctica"}


def answers(name: str) -> dict[str, tuple[str, ...]]:
    """Input -> accepted answers of a built-in list, in the order of its file."""
    return {item.input: item.answers for item in registry.get(name).items}


def label_counts(name: str) -> Counter[str]:
    return Counter(accepted[0] for accepted in answers(name).values())


def accepted_share(name: str) -> float:
    """What the best constant guess scores when every accepted answer counts."""
    lists = answers(name).values()
    return max(Counter(answer for accepted in lists for answer in accepted).values()) / len(lists)


def fold(text: str) -> str:
    """Letters and single spaces only, lower case, without accents: spellings differ between sources."""
    plain = unicodedata.normalize("NFD", text.replace("œ", "oe")).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z]+", " ", plain.lower().replace("'", "")).split())


# Form


@pytest.mark.parametrize("name", FEWEST)
def test_list_is_large_enough_and_has_no_input_twice(name: str) -> None:
    task = registry.get(name)
    assert isinstance(task, MappingTask)
    assert task.name == name
    assert task.group == ("translation" if name in TRANSLATION else "knowledge")
    assert len(task.items) >= FEWEST[name]
    assert len({item.input.casefold() for item in task.items}) == len(task.items)
    assert all((task.title, task.description, task.notes, task.source, task.cluster_unit))


@pytest.mark.parametrize("name", FEWEST)
def test_no_input_is_its_own_answer(name: str) -> None:
    copies = [x for x, accepted in answers(name).items() if fold(x) in {fold(y) for y in accepted}]
    assert copies == []


@pytest.mark.parametrize("name", FEWEST)
def test_texts_are_tidy(name: str) -> None:
    texts = [text for x, accepted in answers(name).items() for text in (x, *accepted)]
    assert [text for text in texts if text != " ".join(text.split())] == []
    # Plain quotes and dashes only: a typographic one would be another token.
    assert [text for text in texts if set(text) & set("’‘“”–—\u00a0")] == []


@pytest.mark.parametrize("name", TRANSLATION)
def test_translations_are_lower_case_words_with_at_most_four_answers(name: str) -> None:
    words = re.compile(r"[a-zàâæçéèêëîïôœùûüÿáíóúñ]+([ '-][a-zàâæçéèêëîïôœùûüÿáíóúñ]+)*")
    texts = [text for x, accepted in answers(name).items() for text in (x, *accepted)]
    assert [text for text in texts if not words.fullmatch(text)] == []
    assert max(len(accepted) for accepted in answers(name).values()) <= 4


# Balance (protocol task_vectors P1)


def test_continents_are_balanced() -> None:
    counts = label_counts("location-continent")
    assert set(counts) == CONTINENTS
    assert all(25 <= counts[place] <= 30 for place in CONTINENTS - {"Antarctica"})
    assert 10 <= counts["Antarctica"] <= 14
    assert accepted_share("location-continent") <= 0.17


def test_religions_are_balanced() -> None:
    counts = label_counts("person-religion")
    assert set(counts) == {"Christian", "Jewish", "Muslim", "Buddhist", "Hindu"}
    assert min(counts.values()) >= 20
    assert accepted_share("person-religion") <= 0.22


def test_no_language_dominates_even_when_second_languages_count() -> None:
    assert len(label_counts("person-language")) >= 17
    assert accepted_share("person-language") <= 0.15


@pytest.mark.parametrize("name", ["country-capital", *TRANSLATION])
def test_no_answer_is_frequent(name: str) -> None:
    assert accepted_share(name) <= 0.03


# Shared inputs: a word alone must not give its task away


def test_both_translations_from_english_have_the_same_inputs_in_the_same_order() -> None:
    assert list(answers("en-fr")) == list(answers("en-es"))


def test_english_words_are_inputs_of_the_linguistic_lists_too() -> None:
    words = set(answers("en-fr"))
    verbs = list(answers("present-past"))[:100]
    assert len(verbs) == 100
    assert set(verbs) <= words
    assert len((words - set(answers("present-past"))) & set(answers("antonyms"))) >= 50


def test_knowledge_lists_share_inputs_and_their_notes_count_them_right() -> None:
    countries = set(answers("country-capital")) & set(answers("location-continent"))
    people = set(answers("person-language")) & set(answers("person-religion"))
    assert len(countries) >= 90
    assert len(people) >= 30
    assert f"{len(countries)} inputs are countries" in registry.get("location-continent").notes
    for name in ("person-language", "person-religion"):
        assert f"{len(people)} people are also inputs" in registry.get(name).notes


@pytest.mark.parametrize("name", FEWEST)
def test_notes_state_the_number_of_items(name: str) -> None:
    task = registry.get(name)
    assert task.notes.startswith(f"{len(task.items)} ")


# Consistency of the two directions


@pytest.mark.parametrize(("there", "back"), BOTH_WAYS)
def test_inverse_list_accepts_every_word_that_has_it_as_an_answer(there: str, back: str) -> None:
    inverse = answers(back)
    lost = [
        (word, foreign)
        for word, accepted in answers(there).items()
        for foreign in accepted
        if foreign in inverse and word not in inverse[foreign]
    ]
    assert lost == []


@pytest.mark.parametrize(("there", "back"), BOTH_WAYS)
def test_canonical_english_word_accepts_its_foreign_word(there: str, back: str) -> None:
    forward = answers(there)
    pairs = [(foreign, accepted[0]) for foreign, accepted in answers(back).items() if accepted[0] in forward]
    assert len(pairs) > 100
    assert [(foreign, word) for foreign, word in pairs if foreign not in forward[word]] == []


# Agreement with public data


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder:
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    return Path(folder)


def _field(record: dict[str, Any], *keys: str) -> str:
    node: Any = record
    for key in keys:
        node = node.get(key, {})
    return html.unescape(node.get("text", "")) if isinstance(node, dict) else ""


@pytest.fixture(scope="module")
def factbook(data: Path) -> dict[str, dict[str, str]]:
    """Folded country name -> {"capital", "region"} as the CIA World Factbook gives them."""
    known: dict[str, dict[str, str]] = {}
    for path in sorted((data / "knowledge" / "factbook_json").glob("*/*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        entry = {
            "capital": _field(record, "Government", "Capital", "name"),
            "region": _field(record, "Geography", "Map references"),
        }
        for form in ("conventional short form", "conventional long form"):
            name = fold(_field(record, "Government", "Country name", form))
            if name and name != "none" and entry["capital"]:
                known.setdefault(name.removeprefix("the "), entry)
    return known


FACTBOOK_NAMES = {
    "Cape Verde": "cabo verde",
    "East Timor": "timor leste",
    "Ivory Coast": "cote divoire",
    "Micronesia": "federated states of micronesia",
    "Myanmar": "burma",
    "Dominican Republic": "dominican",
    "Republic of the Congo": "congo brazzaville",
}


def _saint(text: str) -> str:
    return re.sub(r"\bst\b", "saint", fold(text))


@pytest.mark.data
def test_capitals_agree_with_the_factbook(factbook: dict[str, dict[str, str]]) -> None:
    wrong, canonical = [], 0
    listed = answers("country-capital")
    for country, accepted in listed.items():
        capital = _saint(factbook[FACTBOOK_NAMES.get(country, fold(country))]["capital"])
        found = [re.search(rf"\b{_saint(city)}\b", capital) is not None for city in accepted]
        canonical += found[0]
        if not any(found):
            wrong.append((country, accepted, capital))
    print(f"canonical capital named for {canonical} of {len(listed)}")
    assert wrong == []
    assert canonical / len(listed) >= 0.98


REGIONS = {
    "Africa": "Africa",
    "Asia": "Asia",
    "Southeast Asia": "Asia",
    "Middle East": "Asia",
    "Europe": "Europe",
    "North America": "North America",
    "Central America and the Caribbean": "North America",
    "South America": "South America",
    "Oceania": "Oceania",
}


@pytest.mark.data
def test_continents_of_countries_agree_with_the_factbook(factbook: dict[str, dict[str, str]]) -> None:
    countries = set(answers("country-capital"))
    wrong, several = [], set()
    for place, accepted in answers("location-continent").items():
        if place in countries:
            region = factbook[FACTBOOK_NAMES.get(place, fold(place))]["region"]
            continents = {continent for part, continent in REGIONS.items() if part in region}
            if accepted[0] not in continents:
                wrong.append((place, accepted[0], region))
            if len(continents) > 1:
                several.add(place)
    assert wrong == []
    # France for its overseas departments; Ukraine's maps are filed under both Asia and Europe.
    assert several <= {"France", "Ukraine"}


def _agreement(name: str, published: dict[str, set[str]]) -> tuple[int, float, list[str]]:
    """Inputs in both lists, the share with an accepted answer among the published ones, and the others."""
    shared = {x: accepted for x, accepted in answers(name).items() if fold(x) in published}
    differing = [x for x, accepted in shared.items() if not {fold(y) for y in accepted} & published[fold(x)]]
    return len(shared), 1 - len(differing) / max(1, len(shared)), differing


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "file", "fewest", "least"),
    [
        ("country-capital", "function_vectors/abstractive/country-capital.json", 150, 0.99),
        ("country-capital", "icl_task_vectors/knowledge/country_capital.json", 20, 0.95),
        ("location-continent", "icl_task_vectors/knowledge/location_continent.json", 30, 0.95),
        ("person-language", "icl_task_vectors/knowledge/person_language.json", 8, 0.99),
        ("person-religion", "icl_task_vectors/knowledge/location_religion.json", 15, 0.99),
    ],
)
def test_facts_agree_with_published_lists(
    data: Path, name: str, file: str, fewest: int, least: float
) -> None:
    read = json.loads((data / file).read_text(encoding="utf-8"))
    pairs = read.items() if isinstance(read, dict) else [(row["input"], row["output"]) for row in read]
    n_shared, share, differing = _agreement(name, {fold(x): {fold(y)} for x, y in pairs})
    print(f"{name}: {share:.1%} of {n_shared} agree; others: {differing}")
    assert n_shared >= fewest
    assert share >= least, differing


def _dictionary(data: Path, language: str) -> dict[str, dict[str, set[str]]]:
    """Published bilingual pairs, both ways; single words only, many of them inflected forms."""
    ways: dict[str, dict[str, set[str]]] = {"there": defaultdict(set), "back": defaultdict(set)}
    for path in sorted((data / "function_vectors/generate/translation").glob(f"en-{language}.*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            pair = line.split()
            if len(pair) == 2:
                ways["there"][fold(pair[0])].add(fold(pair[1]))
                ways["back"][fold(pair[1])].add(fold(pair[0]))
    return ways


@pytest.mark.data
@pytest.mark.parametrize("name", TRANSLATION)
def test_translations_agree_with_published_pairs(data: Path, name: str) -> None:
    way = "there" if name in TO_FOREIGN else "back"
    published = _dictionary(data, name.replace("en", "").strip("-"))[way]
    n_shared, share, differing = _agreement(name, published)
    print(f"{name}: {share:.1%} of {n_shared} agree; others: {differing}")
    assert n_shared >= 240
    assert share >= 0.97, differing
