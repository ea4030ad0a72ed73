"""Memo Trap: close a saying with another word than everybody does (protocol inverse_scaling 3, row 2)."""

from __future__ import annotations

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import apart, fillers

_FRAMES = (
    ("Line {no} has a new last word, {w}.", "Line {no}: {x}"),
    ('Card {no}. It must close with "{w}".', "Text: {x}"),
    ("Entry {no} was changed so that it stops on {w}.", "It now says: {x}"),
    ("Task {no}: close this text by the word {w} and no other.", "{x}"),
    ("({no}) End word: {w}.", "Text: {x}"),
    ("We swapped the final word of page {no} for {w}.", "The page reads: {x}"),
)
_ALONE = (
    *("Line {no}: {x}", "Text of card {no}: {x}", "Entry {no} says: {x}"),
    *("Task {no}: {x}", "({no}) {x}", "Page {no} reads: {x}"),
)


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the usual ending."""
    words = load("sayings")
    start, usual = slot.draws("saying").one_of(words["sayings"][slot.family])
    new = slot.draws("ending").one_of(apart(words["endings"], usual))
    if slot.probe == "true":
        who, did = (slot.draws(part).one_of(words["plain"][part]) for part in ("who", "did"))
        start, usual = f"{who} {did}", slot.draws("other ending").one_of(apart(words["endings"], new))
    shown = start if slot.strength else start.split()[-1]
    number = slot.draws("number").between(2, 99)
    truth, lure = f" {new}.", f" {usual}."
    if slot.probe == "distractor":
        frame = _ALONE[slot.template]
        return Draft(_known(slot, start, usual) + frame.format(no=number, x=shown), truth, lure, True)
    rule, ask = _FRAMES[slot.template]
    asked = usual if slot.probe == "control" else new
    reminder = f" (End it with {asked}.)" if slot.difficulty == 0 else ""
    between = fillers(slot, max(0, slot.difficulty - 1)) + reminder
    prompt = f"{_known(slot, start, usual)}{rule}{between} {ask}".format(no=number, w=asked, x=shown)
    return Draft(prompt, truth, lure, slot.probe == "control")


def _known(slot: Slot, start: str, usual: str) -> str:
    """Quote the saying as everybody knows it, once for each step above the usual one."""
    if slot.probe == "true":
        return ""
    return f'They say: "{start} {usual}." ' * max(0, slot.strength - 1)


RECIPE = Recipe(
    name="memo-trap",
    title="Memo trap",
    about="A saying is to be closed with a word that the prompt names; its usual last word comes to mind.",
    cause="strong-prior",
    templates=len(_FRAMES),
    families=tuple(load("sayings")["sayings"]),
    strength="at 0 only the last shown word of the saying is left, at 2 and 3 the saying is quoted before.",
    difficulty="at 0 the word is told again at the end, at 2 and 3 sentences stand between rule and saying.",
    probes=(
        "'distractor' shows the saying without the rule, 'true' gives the rule for a sentence that is no "
        "saying, 'control' asks for the usual last word."
    ),
    write=write,
)
