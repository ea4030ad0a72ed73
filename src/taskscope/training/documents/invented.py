"""Facts about people who do not exist: what a model knows of them it can only have learned here."""

from __future__ import annotations

from functools import cache

import numpy as np

from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.relations import Pair

_GIVEN = (
    *(
        "Anna",
        "Boris",
        "Clara",
        "David",
        "Edith",
        "Frank",
        "Greta",
        "Henry",
        "Irene",
        "Jacob",
        "Karen",
        "Louis",
    ),
    *("Martha", "Nora", "Oscar", "Paula", "Robert", "Susan", "Thomas", "Vera"),
)
_POOLS = {
    "town": (
        *("Oakford", "Milbury", "Stonehill", "Redmouth", "Larkfield", "Westholm", "Ferndale", "Graybridge"),
        *("Ashport", "Windham", "Coldwell", "Rivergate", "Highmoor", "Silverton", "Eastcliff", "Blackmere"),
    ),
    "trade": (
        *("baker", "sailor", "miner", "teacher", "tailor", "doctor", "farmer", "painter", "judge", "weaver"),
        *("pilot", "butcher", "singer", "printer", "hunter", "gardener"),
    ),
    "pet": (
        "dog",
        "cat",
        "parrot",
        "rabbit",
        "turtle",
        "horse",
        "goat",
        "snake",
        "mouse",
        "goose",
        "monkey",
        "frog",
    ),
    "colour": (
        "red",
        "blue",
        "green",
        "yellow",
        "brown",
        "purple",
        "white",
        "black",
        "orange",
        "pink",
        "grey",
        "gold",
    ),
}


@cache
def invented_relations(n: int, seed: int) -> dict[str, tuple[Pair, ...]]:
    """Make up `n` people, and where each lives, what each does, which pet and which colour each likes.

    Every value of an attribute is about equally frequent, so a constant guess scores at most about 8 %.
    """
    rng = np.random.default_rng((seed, 0x1A7E))
    family = [word.capitalize() for word in pseudowords(n, rng)]
    people = [
        f"{_GIVEN[i]} {name}" for i, name in zip(rng.integers(len(_GIVEN), size=n), family, strict=True)
    ]
    relations = {}
    for attribute, pool in _POOLS.items():
        values = rng.permutation(np.arange(n) % len(pool))
        relations[attribute] = tuple((person, pool[v]) for person, v in zip(people, values, strict=True))
    return relations
