"""Skills of writing: what each rule takes and refuses, what contradicts what, and that sets can be met."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import (
    CONFLICTS,
    INGREDIENTS,
    SKILLS,
    TOPICS,
    compatible,
    met,
    request,
)

PLAIN = (
    "We walk home along the old road, and she smiles. Then she reads until it is dark. He hums. They rest."
)
CASES = {
    "lower case": (["it rains all day."], ["It rains all day.", "1984 2001 1999"]),
    "capitals": (["IT RAINS ALL DAY."], ["It rains ALL DAY."]),
    "no e": (["It rains all day."], ["It rains every day.", "HE IS OUT", ""]),
    "no comma": (["It rains all day."], ["It rains, all day."]),
    "two sentences": (
        ["It rains. Why is that?", 'He said "go on." Then it rained', "1. It rains. 2nd try is dry."],
        ["It rains all day.", "It rains. Why? Nobody knows.", "It costs 3.50 in all"],
    ),
    "three sentences": (["It rains. Why? Nobody knows."], ["It rains. Why is that?"]),
    "short": (["word " * 15], ["word " * 16, "two words"]),
    "long": (["word " * 30], ["word " * 29]),
    "JSON": (
        ['{"a": "it rains all day"}'],
        ["{}", '"it rains all day"', "[1, 2, 3]", 'Here: {"a": "it rains"}', '{"a": "it rains all day'],
    ),
    "numbered list": (
        ["1. rain\n2. sun\n3. snow", "1) rain\n\n2) sun\n3) snow\n4) hail"],
        ["1. rain\n2. sun", "1. rain\n3. sun\n2. snow", "Here:\n1. rain\n2. sun\n3. snow"],
    ),
    "acrostic": (["So it is\nuntil\nnight"], ["So it is\nuntil", "So\nuntil\nnight\nfalls", "sun sun sun"]),
    "rhyme": (
        ["All through the night\nthere is no light.", "It has begun: the light\nof night!\nand more"],
        ["Late in the night\nanother night", "Late at night\nit is dark", "night and light in line"],
    ),
    "first word": (["Today it rains.", '"Today it rains."'], ["It rains today.", "Todays rain falls."]),
    "exclamation": (["It rains a lot!"], ["It rains! A lot."]),
    "simile": (
        ["It falls like a stone.", "He is as cold as ice.", "She sings like an owl."],
        ["I like a song.", "They rain as well as snow.", "You would like a song.", "As soon as I can."],
    ),
    "quoted speech": (
        ['"It rains," he says.', "He says \u201cgo on\u201d."],
        ['The "rain" falls.', "It's not 'so bad'."],
    ),
    "question": (["Why does it rain?"], ["Why it rains.", "It rains ? ? ?"]),
    "colour": (["The rain is Blue."], ["The rain is blueish and reddish."]),
    "past tense": (["We saw the rain."], ["We see the rain."]),
    "number": (["All of the Seven seas."], ["One sea, 7 ships."]),
    "alliteration": (["Big bad bats fly."], ["Big bad cats fly.", "So so so it is.", "Go on 11 12 13"]),
    "palindrome": (["It rains at noon.", "Her Kayak is old."], ["Mum and dad rest.", "It goes hmmmm here."]),
    "series": (
        ["Rain, snow and hail fall.", "I see a cat, a dog, or a bird."],
        ["Rain and snow and hail.", "It rains, it snows."],
    ),
    "brackets": (["It rains (a lot)."], ["It rains () a lot.", "It rains (a lot."]),
    "semicolon": (["It rains; we stay."], ["It rains all day;", "a;b is it here"]),
    "weekday": (["On MONDAY it rains."], ["On Mondays it rains."]),
    "year": (["It rained in 1984."], ["It rained 19842 times.", "in 3001 it rains", "It rained 84 days."]),
    "doubled word": (
        ["It is far, far away.", "It is very Very late."],
        ["It is far too far.", "This is is-land"],
    ),
}


def test_every_skill_has_cases() -> None:
    assert set(CASES) == set(SKILLS)
    assert 25 <= len(SKILLS) <= 30


@pytest.mark.parametrize("name", SKILLS)
def test_a_rule_takes_what_has_the_property_and_refuses_what_lacks_it(name: str) -> None:
    with_it, without = CASES[name]
    for text in with_it:
        assert SKILLS[name].met(text), text
    for text in without:
        assert not SKILLS[name].met(text), text
    assert not SKILLS[name].met("") and not SKILLS[name].met("!")


def test_a_plain_text_has_none_of_the_ingredients() -> None:
    assert not set(met(PLAIN)) & {skill.name for skill in INGREDIENTS}


def test_a_text_that_repeats_what_was_asked_has_no_ingredient_by_that() -> None:
    for skill in INGREDIENTS:
        for topic in TOPICS:
            assert not skill.met(request(topic, [skill.name])), skill.name
        assert not skill.met(request("rain", list(SKILLS))), skill.name


def test_requests_name_every_skill_and_the_topic() -> None:
    asked = request("rain", ["year", "short"])
    lines = asked.splitlines()
    assert "about rain" in lines[0] and "all of these conditions" in lines[0]
    assert lines[1:] == ["- Give a year in digits.", "- Use at most 15 words."]
    assert "this condition" in request("rain", ["year"])
    assert not any("e" in topic for topic in TOPICS)


def test_conflicts_are_pairs_of_known_skills_either_way_round() -> None:
    for pair in CONFLICTS:
        one, other = sorted(pair)
        assert {one, other} <= set(SKILLS)
        assert not compatible([one, other]) and not compatible([other, "year", one])
    assert compatible(["year"]) and compatible(["year", "short", "lower case"])


def test_all_single_skills_and_all_compatible_pairs_can_be_met() -> None:
    """And no text was found for pairs that contradict each other; JSON's sentences are unclear."""
    unclear = {frozenset(("JSON", f"{n} sentences")) for n in ("two", "three")}
    for k in (1, 2):
        for names in combinations(SKILLS, k):
            text = compose(names)
            if compatible(names):
                assert text is not None, names
                assert set(names) <= set(met(text))
            elif frozenset(names) not in unclear:
                assert text is None, names


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_random_compatible_sets_can_be_met(k: int) -> None:
    rng = np.random.default_rng(k)
    names = list(SKILLS)
    drawn = [[names[at] for at in rng.permutation(len(names))[:k]] for _ in range(400)]
    drawn = [each for each in drawn if compatible(each)]
    assert len(drawn) > 100
    for each in drawn:
        text = compose(each)
        assert text is not None and set(each) <= set(met(text)), each


def test_two_texts_by_hand() -> None:
    by_hand = "today we saw a kayak, a pink boat and two ships; was it like a dream?"
    wanted = {
        "lower case",
        "first word",
        "past tense",
        "palindrome",
        "series",
        "colour",
        "number",
        "semicolon",
    }
    assert wanted | {"simile", "question"} == set(met(by_hand)) - {"no e"}
    assert {"acrostic", "rhyme", "exclamation"} <= set(
        met("So dark is the night,\nuntil the light,\nnot yet!")
    )
