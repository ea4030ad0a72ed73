"""Words of the cloze questions: people, states with what follows from them, and roles with their reasons."""

from __future__ import annotations

from typing import NamedTuple

MEN = ("Tom", "John", "Peter", "Jack", "Henry", "George", "William", "James")
WOMEN = ("Mary", "Anna", "Alice", "Jane", "Emma", "Lucy", "Sarah", "Helen")
PLACES = ("garden", "house", "street", "school", "church", "kitchen", "forest", "market")

NOUNS = (
    *(("dog", "dogs"), ("boy", "boys"), ("tree", "trees"), ("king", "kings"), ("river", "rivers")),
    *(("house", "houses"), ("book", "books"), ("girl", "girls"), ("bird", "birds"), ("door", "doors")),
    *(("ship", "ships"), ("flower", "flowers"), ("stone", "stones"), ("letter", "letters")),
)
"""Singular and plural."""
CHILDREN = (("boy", "boys"), ("girl", "girls"), ("child", "children"))
VERBS = ((" is", " are"), (" was", " were"), (" has", " have"))
"""What follows a singular and a plural."""


class State(NamedTuple):
    """A state, and what somebody does who is in it."""

    word: str
    did: str
    do: str
    does: str


STATES = (
    State("hungry", "ate some bread", "eat", "eats"),
    State("thirsty", "drank some water", "drink", "drinks"),
    State("tired", "went to bed", "sleep", "sleeps"),
    State("cold", "put on a coat", "shake", "shakes"),
    State("afraid", "ran away", "hide", "hides"),
    State("sad", "began to cry", "cry", "cries"),
    State("happy", "began to laugh", "laugh", "laughs"),
    State("ill", "called the doctor", "rest", "rests"),
    State("late", "began to run", "hurry", "hurries"),
    State("angry", "began to shout", "shout", "shouts"),
)


class Roles(NamedTuple):
    """Two roles in one event, and two reasons for it: one of the first, one of the second."""

    event: str
    first: str
    second: str
    of_first: str
    of_second: str


ROLES = (
    Roles("The council refused the crowd because they", "council", "crowd", "feared war", "wanted war"),
    Roles("The king killed the thief because he", "king", "thief", "loved the law", "had taken gold"),
    Roles("The teacher beat the boy because he", "teacher", "boy", "was cruel", "had told a lie"),
    Roles("The doctor helped the soldier because he", "doctor", "soldier", "was kind", "was ill"),
    Roles("The master paid the servant because he", "master", "servant", "was rich", "had worked hard"),
    Roles("The mother fed the child because she", "mother", "child", "had some bread", "was hungry"),
    Roles("The fox ran from the wolf because it", "fox", "wolf", "was afraid", "was strong"),
    Roles("The judge freed the prisoner because he", "judge", "prisoner", "was just", "had done no wrong"),
    Roles("The farmer thanked the girl because she", "farmer", "girl", "was thankful", "had helped"),
    Roles("The cat caught the mouse because it", "cat", "mouse", "was quick", "was slow"),
    Roles("The man asked the guide because he", "man", "guide", "was lost", "knew the way"),
    Roles("The man could not carry the boy because he", "man", "boy", "was weak", "was heavy"),
)
"""Sentences of the council and its demonstrators: the same event, and a reason that says who is meant."""
