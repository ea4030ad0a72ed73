"""Words and phrases from which our own minimal pairs are made: plain ones that small models have read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """A noun in both numbers."""

    one: str
    many: str


@dataclass(frozen=True)
class Verb:
    """A verb in the forms that are needed."""

    base: str
    third: str
    past: str
    participle: str


def _nouns(text: str) -> tuple[Noun, ...]:
    """Read nouns; those with a plural of their own are written ``man/men``."""
    pairs = (word.partition("/") for word in text.split())
    return tuple(Noun(one, many or f"{one}s") for one, _, many in pairs)


def _verbs(text: str) -> tuple[Verb, ...]:
    """Read verbs written ``base/past/participle``."""
    forms = (word.split("/") for word in text.split())
    return tuple(Verb(base, f"{base}s", past, participle) for base, past, participle in forms)


MEN = _nouns("king brother father son uncle boy man/men")
WOMEN = _nouns("mother sister daughter girl lady/ladies woman/women queen")
WORKERS = _nouns(
    "teacher doctor farmer baker singer sailor hunter miner tailor gardener friend judge pilot weaver "
    "child/children"
)
ANIMALS = _nouns("dog cat horse bird cow fox/foxes frog snake elephant rabbit whale turtle parrot giraffe")
THINGS = _nouns("book letter picture chair table egg apple coin flower box/boxes")
PEOPLE = (*MEN, *WOMEN, *WORKERS)
BEINGS = (*PEOPLE, *ANIMALS)

PLACES = tuple(
    f"{where} the {what}"
    for where, what in (
        ("near", "river"),
        ("in", "forest"),
        ("behind", "house"),
        ("by", "road"),
        ("in", "garden"),
        ("near", "castle"),
        ("at", "market"),
        ("in", "town"),
        ("under", "tree"),
        ("by", "sea"),
        ("near", "bridge"),
        ("on", "mountain"),
    )
)
OPENINGS = ("", "", "", "today ", "at night ", "again ", "in the morning ", "in the evening ")
"""Most sentences have none; a sentence begins with a capital in any case."""
QUALITIES = ("old", "happy", "sad", "strong", "weak", "quiet", "poor", "rich", "gentle", "hungry")
LOOKS = ("old", "new", "small", "big", "black", "white", "red", "green", "yellow", "beautiful")

WITHOUT_OBJECT = _verbs(
    "sleep/slept/slept arrive/arrived/arrived laugh/laughed/laughed appear/appeared/appeared "
    "fall/fell/fallen wait/waited/waited remain/remained/remained"
)
ACTIONS = _verbs(
    "work/worked/worked sleep/slept/slept sing/sang/sung walk/walked/walked live/lived/lived "
    "wait/waited/waited play/played/played stand/stood/stood sit/sat/sat run/ran/run"
)
WITH_OBJECT = _verbs(
    "find/found/found bring/brought/brought keep/kept/kept need/needed/needed use/used/used "
    "want/wanted/wanted receive/received/received describe/described/described admire/admired/admired "
    "destroy/destroyed/destroyed"
)
"""Verbs that ask for an object; past and participle are alike, so that neither gives itself away."""
TWO_FORMS = _verbs(
    "break/broke/broken take/took/taken choose/chose/chosen see/saw/seen draw/drew/drawn steal/stole/stolen "
    "throw/threw/thrown wear/wore/worn eat/ate/eaten shake/shook/shaken"
)
"""Verbs whose past and participle differ."""
ON_ONESELF = ("saw", "hurt", "helped", "asked", "described", "saved", "hid", "loved")
KNOWING = ("I know", "We know", "You know", "They know", "I remember", "We remember", "You see", "I see")
