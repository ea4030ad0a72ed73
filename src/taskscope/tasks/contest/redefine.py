"""Redefine: take a sign or a word as the prompt tells (protocol inverse_scaling 3, row 3)."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, mul, sub
from typing import NamedTuple

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import apart, fillers
from taskscope.tasks.draws import Stream

_FRAMES = (
    ("In this game {rule}.", "So {ask}"),
    ("House rule: {rule}.", "Go on: {ask}"),
    ("Suppose that {rule}.", "Then {ask}"),
    ("On this island {rule}.", "They write: {ask}"),
    ("For today only, {rule}.", "Today {ask}"),
)
_SIGNS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "+": ("plus", add),
    "-": ("minus", sub),
    "*": ("times", mul),
}
_DOZEN = 12


class _Case(NamedTuple):
    """One redefinition with a question that it changes."""

    rule: str
    elsewhere: str
    """A rule of the same form that leaves the question alone."""
    ask: str
    truth: str
    lure: str
    new_rule: str
    """The rule for a sign without a usual meaning."""
    new_ask: str
    usual: tuple[str, str]
    """Two statements in the usual meaning."""


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the answer in the usual meaning."""
    case = (_COMPUTED.get(slot.family) or _worded)(slot)
    known = [f"Elsewhere {text}. " for text in case.usual[: max(0, slot.strength - 1)]]
    frame, lead = _FRAMES[slot.template]
    rule, ask = case.rule, case.ask
    if slot.probe == "true" or (slot.strength == 0 and slot.probe == "task"):
        known, rule, ask = [] if slot.probe == "true" else known, case.new_rule, case.new_ask
    elif slot.probe == "control":
        rule = case.elsewhere
    said = frame.format(rule=rule)
    if slot.probe == "distractor":
        said = slot.draws("lead").one_of(load("fillers"))
    reminder = " (Keep to the rule.)" if slot.difficulty == 0 and slot.probe != "distractor" else ""
    between = fillers(slot, max(0, slot.difficulty - 1))
    prompt = f"{''.join(known)}{said}{between}{reminder} {lead.format(ask=ask)}"
    return Draft(prompt, case.truth, case.lure, slot.probe in ("distractor", "control"))


def _signs(slot: Slot) -> _Case:
    """A sign for sums is read as another one."""
    stream = slot.draws("signs")
    while True:
        sign, meant, unused = stream.some(list(_SIGNS), 3)
        a, b, c, d = (stream.between(2, 12) for _ in range(4))
        (_, usual), (word, operation) = _SIGNS[sign], _SIGNS[meant]
        truth, lure = operation(a, b), usual(a, b)
        if a > b and c > d and _distinct(truth, lure):
            break
    new = stream.one_of(["~", "&", "@"])
    return _Case(
        f"the sign {sign} is read as {word}",
        f"the sign {unused} is read as {word}",
        f"{a} {sign} {b} is",
        f" {truth}",
        f" {lure}",
        f"the sign {new} is read as {word}",
        f"{a} {new} {b} is",
        (f"{a} {sign} {b} is {lure}", f"{c} {sign} {d} is {usual(c, d)}"),
    )


def _digits(slot: Slot) -> _Case:
    """A digit counts as another one."""
    stream = slot.draws("digits")
    while True:
        digit, meant, unused = stream.some(range(2, 10), 3)
        plus, other = stream.between(1, 40), stream.between(1, 40)
        shown = {char for number in (plus, other) for char in str(number)}
        if not shown & {str(digit), str(unused)} and _distinct(meant + plus, digit + plus):
            break
    letter = stream.one_of("KQXZ")
    return _Case(
        f"the digit {digit} counts as {meant}",
        f"the digit {unused} counts as {meant}",
        f"{digit} + {plus} is",
        f" {meant + plus}",
        f" {digit + plus}",
        f"the letter {letter} counts as {meant}",
        f"{letter} + {plus} is",
        (f"{digit} + {plus} is {digit + plus}", f"{digit} + {other} is {digit + other}"),
    )


def _dozens(slot: Slot) -> _Case:
    """A dozen holds another number."""
    stream = slot.draws("dozens")
    while True:
        holds, k, other = stream.between(3, 25), stream.between(2, 9), stream.between(2, 9)
        if k != other and _distinct(k * holds, k * _DOZEN):
            break
    unused, new = stream.one_of(["score", "gross"]), stream.one_of(["zub", "dax", "mip"])
    return _Case(
        f"a dozen is {holds}",
        f"a {unused} is {holds}",
        f"{k} dozen are",
        f" {k * holds}",
        f" {k * _DOZEN}",
        f"a {new} is {holds}",
        f"{k} {new} are",
        (f"{k} dozen are {k * _DOZEN}", f"{other} dozen are {other * _DOZEN}"),
    )


def _distinct(truth: int, lure: int) -> bool:
    return str(truth)[0] != str(lure)[0] and min(truth, lure) >= 0


def _worded(slot: Slot) -> _Case:
    """A word is said for another one."""
    known = load("redefined")[slot.family]
    stream: Stream = slot.draws("words")
    (ask, usual), (second, also) = stream.some(known["asked"], 2)
    new = stream.one_of(apart(known["words"], usual))
    unused = stream.one_of([word for word in known["words"] if word not in (usual, new)])
    return _Case(
        f"one says {new} for {usual}",
        f"one says {new} for {unused}",
        ask,
        f" {new}",
        f" {usual}",
        f"one says {new} for {usual}",
        f"for {usual} one says",
        (f"{ask} {usual}", f"{second} {also}"),
    )


_COMPUTED: dict[str, Callable[[Slot], _Case]] = {"signs": _signs, "digits": _digits, "dozens": _dozens}

RECIPE = Recipe(
    name="redefine",
    title="Redefined signs and words",
    about="A sign or word is given a new meaning, and the answer in the usual meaning comes to mind.",
    cause="strong-prior",
    templates=len(_FRAMES),
    families=(*_COMPUTED, *load("redefined")),
    strength=(
        "at 0 the sign has no usual meaning or the word is asked for by name, at 2 and 3 one or two "
        "statements in the usual meaning stand before."
    ),
    difficulty="at 0 a reminder, at 2 and 3 sentences stand between rule and question.",
    probes=(
        "'distractor' asks without the rule, 'true' is strength 0 without any usual meaning told, 'control' "
        "gives a rule that does not touch the question."
    ),
    write=write,
)
