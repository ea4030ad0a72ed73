"""Word lists of the contest tasks: nothing twice, and readable for small models."""

from collections import Counter

import pytest
from tokenizers import Tokenizer

from taskscope import pico
from taskscope.tasks.contest.frame import load


def test_no_thing_has_two_values_and_every_value_has_two_things() -> None:
    for name, family in load("facts").items():
        things = Counter(thing for things in family["facts"].values() for thing in things)
        assert set(things.values()) == {1}, name
        assert min(map(len, family["facts"].values())) >= 2
        for form in ("plain", "stem", "implied", "affirmed", "denied"):
            assert form in family
        assert "right" in family["affirmed"] and "wrong" in family["implied"]


def test_no_saying_and_no_ending_stands_twice() -> None:
    words = load("sayings")
    starts = [start for rows in words["sayings"].values() for start, _ in rows]
    assert len(starts) == len(set(starts)) and len(words["endings"]) == len(set(words["endings"]))
    assert all(2 <= len(start.split()) <= 6 for start in starts)
    assert not {last for rows in words["sayings"].values() for _, last in rows} & set(words["endings"])


def test_scenes_and_clauses_have_enough_of_everything() -> None:
    for scene in load("scenes").values():
        assert len(set(scene["new"])) == len(scene["new"]) >= 4 and scene["told"] != scene["again"]
    for family in load("clauses").values():
        assert len(set(family["things"])) >= 4 and len(set(family["states"])) >= 4


@pytest.mark.parametrize("name", ["sayings", "signs"])
def test_words_that_are_classes_are_a_few_tokens_each(name: str) -> None:
    folder = pico.folder("pico-m")
    assert folder is not None
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    lists = load(name)
    words = lists["endings"] if name == "sayings" else [word for sign in lists.values() for word in sign]
    lengths = [len(tokenizer.encode(f" {word}", add_special_tokens=False).ids) for word in words]
    assert sum(lengths) / len(lengths) < 1.6 and max(lengths) <= 3
