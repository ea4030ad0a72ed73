"""Named curricula: which built-in tasks share a domain, and what is trained beside them."""

from __future__ import annotations

from taskscope.errors import ModelError, nearest
from taskscope.tasks import registry
from taskscope.training.documents.relations import (
    Curriculum,
    Domain,
    Relation,
    letter_domains,
    list_domain,
    word_domain,
)

_WORDS = {
    "verbs": ("present-gerund", "present-past"),
    "plurals": ("plural-singular",),
    "opposites": ("antonyms",),
    "english": ("en-fr", "en-es"),
    "french": ("fr-en",),
    "spanish": ("es-en",),
    "countries": ("country-capital",),
}
"""Domains of words and the built-in tasks whose inputs they are.

Left out are person-language, person-religion and location-continent: their inputs are names of many tokens,
and with few labels a vector of the dummy's answer scores nearly as well as one of the task (task_vectors P1).
"""


def relation(task_name: str) -> Relation:
    """The relation of a built-in mapping task, by its canonical answers."""
    task = registry.get(task_name)
    return Relation(task.name, tuple((item.input, item.answers[0]) for item in task.items))


def _mappings() -> Curriculum:
    """Tasks on words, letters and lists, the rules that hold for any word, and a few fillers beside them."""
    domains = []
    for name, tasks in _WORDS.items():
        relations = [relation(task) for task in tasks]
        size = sum(len(r.pairs) for r in relations)
        domains.append(word_domain(name, relations, weight=(size / 200) ** 0.5))
    any_word = Domain("words", tuple(relation(task) for task in registry.names("word")), 0.5)
    return Curriculum((*letter_domains(), list_domain(), *domains, any_word))


def _letters() -> Curriculum:
    """Single letters only."""
    small, capitals = letter_domains()
    return Curriculum((Domain(small.name, small.relations), Domain(capitals.name, capitals.relations)))


_CURRICULA = {"mappings": _mappings, "letters": _letters}


def get(name: str) -> Curriculum:
    """Build the curriculum of that name.

    Raises:
        ModelError: If there is none.
    """
    if name not in _CURRICULA:
        known = sorted(_CURRICULA)
        raise ModelError(
            f"no curriculum is called {name!r}", "one of " + ", ".join(known), nearest(name, known)
        )
    return _CURRICULA[name]()
