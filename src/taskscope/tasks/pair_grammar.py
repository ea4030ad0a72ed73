"""Our own minimal pairs: contrasts of English grammar written by rule, in any number.

Nineteen paradigms in seven phenomena. Frames and words are ours; the names of the phenomena are the
linguists', so that the pairs stand beside BLiMP's. Two paradigms of long-distance questions contrast the same
two words with opposite labels: what a model learns of the word alone hurts one as much as it helps the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from taskscope.errors import TaskError
from taskscope.tasks.draws import Stream
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm
from taskscope.tasks.pair_words import (
    ACTIONS,
    ANIMALS,
    BEINGS,
    KNOWING,
    LOOKS,
    MEN,
    ON_ONESELF,
    OPENINGS,
    PEOPLE,
    PLACES,
    QUALITIES,
    THINGS,
    TWO_FORMS,
    WITH_OBJECT,
    WITHOUT_OBJECT,
    WOMEN,
    Noun,
)

N_PAIRS = 400
"""Pairs of a paradigm unless another number is asked for."""
_PATIENCE = 100
"""Draws for each pair wanted, after which a paradigm counts as exhausted."""

Contrast = tuple[str, str, str]
"""A frame with ``{}`` where the sentences differ, the good words and the bad ones."""


@dataclass(frozen=True)
class _Rule:
    """How a paradigm is written."""

    phenomenon: str
    field: str
    write: Callable[[Stream], Contrast]


def _place(s: Stream) -> str:
    return s.one_of(PLACES)


def _number(s: Stream, noun: Noun) -> tuple[str, bool]:
    """Return a noun in either number, and whether it is the plural."""
    many = s.chance(0.5)
    return (noun.many if many else noun.one), many


def _reflexive_gender(s: Stream) -> Contrast:
    male = s.chance(0.5)
    who = s.one_of(MEN if male else WOMEN).one
    good, bad = ("himself", "herself") if male else ("herself", "himself")
    return f"{s.one_of(OPENINGS)}the {who} {s.one_of(ON_ONESELF)} {{}} {_place(s)}.", good, bad


def _reflexive_number(s: Stream) -> Contrast:
    male = s.chance(0.5)
    who, many = _number(s, s.one_of(MEN if male else WOMEN))
    one = "himself" if male else "herself"
    good, bad = ("themselves", one) if many else (one, "themselves")
    return f"{s.one_of(OPENINGS)}the {who} {s.one_of(ON_ONESELF)} {{}} {_place(s)}.", good, bad


def _no_object(s: Stream) -> Contrast:
    who, what = s.one_of(PEOPLE).one, s.one_of(THINGS).one
    frame = f"{s.one_of(OPENINGS)}the {who} {{}} the {what} {_place(s)}."
    return frame, s.one_of(WITH_OBJECT).past, s.one_of(WITHOUT_OBJECT).past


def _missing_object(s: Stream) -> Contrast:
    frame = f"{s.one_of(OPENINGS)}the {s.one_of(PEOPLE).one} {{}} {_place(s)}."
    return frame, s.one_of(WITHOUT_OBJECT).past, s.one_of(WITH_OBJECT).past


def _passive(s: Stream) -> Contrast:
    what, many = _number(s, s.one_of(THINGS))
    frame = f"{s.one_of(OPENINGS)}the {what} {'were' if many else 'was'} {{}} by the {s.one_of(PEOPLE).one}."
    return frame, s.one_of(WITH_OBJECT).participle, s.one_of(WITHOUT_OBJECT).participle


def _before_object(s: Stream) -> str:
    return f"{s.one_of(OPENINGS)}the {s.one_of(PEOPLE).one} {s.one_of(WITH_OBJECT).past}"


def _determiner(s: Stream) -> Contrast:
    noun, many = _number(s, s.one_of((*ANIMALS, *THINGS)))
    one, several = s.one_of((("this", "these"), ("that", "those")))
    forms = (several, one) if many else (one, several)
    return f"{_before_object(s)} {{}} {noun} {_place(s)}.", *forms


def _noun(s: Stream, words: tuple[tuple[str, bool], ...], between: str = "") -> Contrast:
    """Contrast the two numbers of a noun after a word that asks for one of them."""
    noun = s.one_of((*ANIMALS, *THINGS))
    word, many = s.one_of(words)
    forms = (noun.many, noun.one) if many else (noun.one, noun.many)
    return f"{_before_object(s)} {word} {between}{{}} {_place(s)}.", *forms


_THIS = (("this", False), ("these", True), ("that", False), ("those", True))
_COUNTS = (("one", False), ("every", False), ("another", False), ("two", True), ("many", True), ("ten", True))


def _wh_with_gap(s: Stream) -> Contrast:
    who, verb = s.one_of(PEOPLE).one, s.one_of(WITH_OBJECT).past
    return f"{s.one_of(KNOWING)} {{}} the {who} {verb} {_place(s)}.", "what", "that"


def _that_without_gap(s: Stream) -> Contrast:
    who, verb, what = s.one_of(PEOPLE).one, s.one_of(WITH_OBJECT).past, s.one_of(THINGS).one
    return f"{s.one_of(KNOWING)} {{}} the {who} {verb} the {what} {_place(s)}.", "that", "what"


def _question_gap(s: Stream) -> Contrast:
    who, verb, what = s.one_of(PEOPLE).one, s.one_of(WITH_OBJECT).base, s.one_of(THINGS).one
    place = _place(s)
    return f"What did the {who} {verb} {{}}?", place, f"the {what} {place}"


def _past_form(s: Stream) -> Contrast:
    who, verb, what = s.one_of(PEOPLE).one, s.one_of(TWO_FORMS), s.one_of(THINGS).one
    frame = f"{s.one_of(OPENINGS)}the {who} {{}} the {what} {_place(s)}."
    return frame, verb.past, verb.participle


def _participle_form(s: Stream) -> Contrast:
    who, verb, what = s.one_of(PEOPLE).one, s.one_of(TWO_FORMS), s.one_of(THINGS).one
    frame = f"{s.one_of(OPENINGS)}the {who} has {{}} the {what} {_place(s)}."
    return frame, verb.participle, verb.past


def _ever(s: Stream) -> Contrast:
    who, verb, what = s.one_of(BEINGS).one, s.one_of(TWO_FORMS), s.one_of(THINGS).one
    return f"{{}} {who} has ever {verb.participle} the {what} {_place(s)}.", "no", "the"


def _any(s: Stream) -> Contrast:
    who, verb, what = s.one_of(PEOPLE).one, s.one_of(WITH_OBJECT).base, s.one_of(THINGS).many
    bad = s.one_of(("also", "once", "often"))
    return f"{s.one_of(OPENINGS)}the {who} did {{}} {verb} any {what} {_place(s)}.", "not", bad


def _verb(s: Stream) -> Contrast:
    who, many = _number(s, s.one_of(BEINGS))
    verb = s.one_of(ACTIONS)
    forms = (verb.base, verb.third) if many else (verb.third, verb.base)
    return f"{s.one_of(OPENINGS)}the {who} {{}} {_place(s)}.", *forms


def _auxiliary(s: Stream) -> Contrast:
    who, many = _number(s, s.one_of(BEINGS))
    one, several = s.one_of((("is", "are"), ("was", "were")))
    forms = (several, one) if many else (one, several)
    return f"{s.one_of(OPENINGS)}the {who} {_place(s)} {{}} {s.one_of(QUALITIES)}.", *forms


def _attractor(s: Stream) -> Contrast:
    """A noun of the other number stands between subject and verb."""
    noun, other = s.some(BEINGS, 2)
    who, many = _number(s, noun)
    between = other.one if many else other.many
    one, several = s.one_of((("is", "are"), ("was", "were")))
    forms = (several, one) if many else (one, several)
    return f"{s.one_of(OPENINGS)}the {who} near the {between} {{}} {s.one_of(QUALITIES)}.", *forms


_ANAPHOR, _ARGUMENT, _GAP, _FORMS = (
    "anaphor_agreement",
    "argument_structure",
    "filler_gap_dependency",
    "irregular_forms",
)
_DETERMINER, _NPI, _SUBJECT = "determiner_noun_agreement", "npi_licensing", "subject_verb_agreement"
_RULES: dict[str, _Rule] = {
    "reflexive-gender": _Rule(_ANAPHOR, "morphology", _reflexive_gender),
    "reflexive-number": _Rule(_ANAPHOR, "morphology", _reflexive_number),
    "object-too-many": _Rule(_ARGUMENT, "syntax", _no_object),
    "object-missing": _Rule(_ARGUMENT, "syntax", _missing_object),
    "passive-verb": _Rule(_ARGUMENT, "syntax", _passive),
    "determiner-of-noun": _Rule(_DETERMINER, "morphology", _determiner),
    "noun-after-this": _Rule(_DETERMINER, "morphology", lambda s: _noun(s, _THIS)),
    "noun-after-adjective": _Rule(
        _DETERMINER, "morphology", lambda s: _noun(s, _THIS, f"{s.one_of(LOOKS)} ")
    ),
    "noun-after-count": _Rule(_DETERMINER, "morphology", lambda s: _noun(s, _COUNTS)),
    "question-gap": _Rule(_GAP, "syntax", _question_gap),
    "that-without-gap": _Rule(_GAP, "syntax", _that_without_gap),
    "what-with-gap": _Rule(_GAP, "syntax", _wh_with_gap),
    "past-form": _Rule(_FORMS, "morphology", _past_form),
    "participle-form": _Rule(_FORMS, "morphology", _participle_form),
    "any-negated": _Rule(_NPI, "semantics", _any),
    "ever-negated": _Rule(_NPI, "semantics", _ever),
    "auxiliary-of-subject": _Rule(_SUBJECT, "morphology", _auxiliary),
    "auxiliary-after-another": _Rule(_SUBJECT, "morphology", _attractor),
    "verb-of-subject": _Rule(_SUBJECT, "morphology", _verb),
}
NAMES: tuple[str, ...] = tuple(_RULES)
"""Our paradigms by name, those of one phenomenon together."""


@cache
def build(name: str, n: int = N_PAIRS, seed: int = 0) -> Paradigm:
    """Write one of `NAMES`, the same on every machine; a smaller number gives the first of the pairs.

    Args:
        name: Which paradigm.
        n: Pairs, all different.
        seed: Another one gives other pairs.

    Raises:
        TaskError: If the words do not give as many different pairs.
    """
    rule = _RULES[name]
    stream = Stream.named("minimal pairs", name, seed)
    found: dict[tuple[str, str], None] = {}
    for _ in range(_PATIENCE * n):
        if len(found) == n:
            break
        frame, good, bad = rule.write(stream)
        found.setdefault((_sentence(frame, good), _sentence(frame, bad)))
    if len(found) < n:
        raise TaskError(
            f"{n} pairs of paradigm {name!r}, whose words give {len(found)}.", f"{len(found)} or fewer"
        )
    return Paradigm(
        name=name,
        phenomenon=rule.phenomenon,
        field=rule.field,
        pairs=tuple(MinimalPair(number=i, good=good, bad=bad) for i, (good, bad) in enumerate(found)),
    )


def _sentence(frame: str, words: str) -> str:
    text = frame.format(words)
    return text[0].upper() + text[1:]
