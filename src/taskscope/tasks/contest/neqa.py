"""NeQA: choose between two answers to a negated statement (protocol inverse_scaling 3, row 8)."""

from __future__ import annotations

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import LETTERS, a, options, sentence

_FRAMES = (
    "{s} what?\n{o}\nAnswer:",
    'Which words go on with "{s}"?\n{o}\nThe letter is',
    "Complete it truly: {s} ...\n{o}\nChoice:",
    "Quiz. {s}:\n{o}\nReply:",
    '"{s} ___." For the gap take\n{o}\nGap:',
)
_FORMS = ("stem", "stem", "implied", "denied")
_LOUD = {" not": " NOT", " wrong": " WRONG", "Nobody": "NOBODY"}


def write(slot: Slot) -> Draft:
    """Write one item; the lure is what holds without the negation."""
    told = load("facts")[slot.family]
    facts: dict[str, list[str]] = told["facts"]
    value, other = slot.draws("values").some(list(facts), 2)
    thing, second = slot.draws("things").some(facts[value], 2)
    shown = {"x": a(thing), "X": sentence(a(thing))}
    truth, lure = LETTERS if slot.place == 0 else LETTERS[::-1]
    said = [told["plain"].format(x=a(name), X=sentence(a(name)), y=value) for name in (thing, second)]
    if slot.probe == "true":
        said = []
        stem = f"Of two words it is not {value}, so it is"
    elif slot.probe == "distractor":
        stem = told["plain"].removesuffix(" {y}.").format(**shown)
    elif slot.probe == "control":
        stem = told["affirmed"].format(**shown)
    else:
        stem = _denied(told[_FORMS[slot.difficulty]].format(**shown), slot)
    before = "".join(f"{text} " for text in said[: max(0, slot.strength - 1)])
    prompt = before + _FRAMES[slot.template].format(s=stem, o=options(slot, other, value))
    return Draft(prompt, truth, lure, slot.probe in ("distractor", "control"))


def _denied(stem: str, slot: Slot) -> str:
    """Make the negation as loud as the dials say."""
    if slot.strength == 0:
        for quiet, loud in _LOUD.items():
            stem = stem.replace(quiet, loud)
    return f"Mind the negation. {stem}" if slot.difficulty == 0 else stem


RECIPE = Recipe(
    name="neqa",
    title="Negated questions",
    about="A statement with a negation is to be completed, and one option completes it without the negation.",
    cause="distractor",
    templates=len(_FRAMES),
    families=tuple(load("facts")),
    strength="at 0 the negation is in capitals, at 2 and 3 one or two facts are told before, not negated.",
    difficulty="at 0 a reminder, at 1 'not', at 2 'it is wrong that', at 3 'nobody would say that'.",
    probes=(
        "'distractor' asks the same without the negation, 'true' needs the negation and no knowledge, "
        "'control' says 'it is right that' in place of the negation."
    ),
    write=write,
)
