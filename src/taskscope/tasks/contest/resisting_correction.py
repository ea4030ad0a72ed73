"""Resisting Correction: copy a text with its slip (protocol inverse_scaling 3, row 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import a, apart, fillers, sentence
from taskscope.tasks.draws import Stream

_FRAMES = (
    ("Note {no} goes to print as it is, slips and all.", "Note: {x}", "Print: {y}"),
    ("Clerk {no} types what he sees, letter by letter.", "Seen: {x}", "Typed: {y}"),
    ("A parrot says after us what it hears, on page {no}.", "We: {x}", "Parrot: {y}"),
    ("Proof {no} must look like the draft, faults too.", "Draft: {x}", "Proof: {y}"),
    ("Song {no} is sung back as it was sung, right or wrong.", "Sung: {x}", "Back: {y}"),
)
_ALONE = (
    "Note {no}: {y}",
    "Clerk {no} typed: {y}",
    "Page {no} says: {y}",
    "Proof {no}: {y}",
    "Song {no}: {y}",
)


class _Slip(NamedTuple):
    """A line with one word that should be another."""

    start: str
    usual: str
    slip: str
    rest: str


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the word without the slip."""
    stream = slot.draws("line")
    case = _FAMILIES[slot.family](stream)
    number = slot.draws("number").between(2, 99)
    usual = f"{case.start} {case.usual}{case.rest}"
    known = f"Books have: {usual} " * max(0, slot.strength - 1)
    truth, lure = f" {case.slip}", f" {case.usual}"
    if slot.probe == "distractor":
        return Draft(known + _ALONE[slot.template].format(no=number, y=case.start), truth, lure, True)
    start = case.start
    if slot.probe == "true" or slot.strength == 0:
        start = _jumbled(start, slot.draws("jumble"))
    known = "" if slot.probe == "true" else known
    before = fillers(slot, max(0, slot.difficulty - 1)).strip()
    start = f"{before} {start}".strip()
    shown = case.usual if slot.probe == "control" else case.slip
    reminder = " (Keep slips.)" if slot.difficulty == 0 else ""
    rule, given, copy = _FRAMES[slot.template]
    prompt = f"{known}{rule}{reminder}\n{given}\n{copy}".format(
        no=number, x=f"{start} {shown}{case.rest}", y=start
    )
    return Draft(prompt, truth, lure, slot.probe == "control")


def _jumbled(text: str, stream: Stream) -> str:
    """Put the words of a start into another order, and one that is no word of the line in front."""
    words = text[:1].lower() + text[1:]
    return sentence(" ".join((stream.one_of(load("sayings")["endings"]), *stream.shuffled(words.split(" ")))))


def _saying(stream: Stream) -> _Slip:
    words = load("sayings")
    start, usual = stream.one_of([row for rows in words["sayings"].values() for row in rows])
    return _Slip(start, usual, stream.one_of(apart(words["endings"], usual)), ".")


def _spelling(stream: Stream) -> _Slip:
    words = load("sayings")
    who, did = (stream.one_of(words["plain"][part]) for part in ("who", "did"))
    word = stream.one_of([word for word in words["endings"] if word[0] not in "aeiou"])
    letter = stream.one_of([letter for letter in "bdfgjkpvz" if letter != word[0]])
    return _Slip(f"{who} {did}", word, letter + word[1:], ".")


def _fact(stream: Stream) -> _Slip:
    family = load("facts")[stream.one_of(["homes", "colours", "matter", "parts"])]
    usual, slip = stream.some(list(family["facts"]), 2)
    if usual[0] == slip[0]:
        return _fact(stream)
    thing = sentence(a(stream.one_of(family["facts"][usual])))
    return _Slip(family["plain"].removesuffix(" {y}.").format(X=thing), usual, slip, ".")


def _count(stream: Stream) -> _Slip:
    words = load("slips")
    start, usual, rest = stream.one_of(words["counts"])
    return _Slip(start, usual, stream.one_of(apart(words["numbers"], usual)), f" {rest}")


def _grammar(stream: Stream) -> _Slip:
    words = load("slips")
    number, usual, slip = stream.one_of([("many", "are", "is"), ("one", "is", "are")])
    return _Slip(stream.one_of(words[number]), usual, slip, f" {stream.one_of(words['states'])}")


_FAMILIES: dict[str, Callable[[Stream], _Slip]] = {
    "sayings": _saying,
    "spelling": _spelling,
    "facts": _fact,
    "counts": _count,
    "grammar": _grammar,
}

RECIPE = Recipe(
    name="resisting-correction",
    title="Resisting correction",
    about="A line is to be copied with its slip, and the word without the slip comes to mind.",
    cause="strong-prior",
    templates=len(_FRAMES),
    families=tuple(_FAMILIES),
    strength="at 0 the words before the slip are in a jumble, at 2 and 3 the right line is quoted before.",
    difficulty="at 0 a reminder, at 2 and 3 sentences stand in the line before, to be copied too.",
    probes=(
        "'distractor' shows the start of the line alone, 'true' is a jumble without any right line told, "
        "'control' copies the line without a slip."
    ),
    write=write,
)
