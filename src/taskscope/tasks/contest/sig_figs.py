"""Sig Figs: keep so many significant figures, not decimal places (protocol inverse_scaling 3, row 9)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from taskscope.tasks.contest.frame import Draft, Recipe, Slot
from taskscope.tasks.contest.parts import LETTERS, options
from taskscope.tasks.draws import Stream

_FRAMES = (
    "Give {x} to {k} {what}.\n{o}\nAnswer:",
    "{x}, kept to {k} {what}, is\n{o}\nLetter:",
    "Which is {x} with {k} {what}?\n{o}\nIt is",
    "Cut {x} down to {k} {what}.\n{o}\nChoice:",
    "A lab writes {x} with {k} {what}:\n{o}\nReply:",
)
_WHOLE = {"thousandths": -2, "hundredths": -1, "ones": 1, "tens": 2, "hundreds": 3}
"""Digits before the point; below zero, zeros behind it."""
_EXPLAINED = "Figures count from the first digit that is not 0. "


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the number with as many decimal places."""
    k = slot.difficulty + 1
    whole = 0 if slot.probe == "control" else _WHOLE[slot.family]
    stream = slot.draws("number")
    number = _number(stream, k, whole)
    truth, lure = _figures(number, k), _places(number, k)
    if slot.probe in ("true", "control"):
        step = Decimal(1).scaleb(truth.adjusted() - k + 1)
        lure = truth - step if _last(truth, k) == 9 else truth + step
    before = _EXPLAINED if slot.strength == 0 else ""
    if slot.probe != "true":
        before += "".join(_example(stream) for _ in range(max(0, slot.strength - 1)))
    what = "decimal places" if slot.probe == "distractor" else "significant figures"
    what = what.removesuffix("s") if k == 1 else what
    shown = {"x": f"{number:f}", "k": k, "what": what, "o": options(slot, f"{truth:f}", f"{lure:f}")}
    right, wrong = LETTERS if slot.place == 0 else LETTERS[::-1]
    return Draft(before + _FRAMES[slot.template].format(**shown), right, wrong, slot.probe == "distractor")


def _number(stream: Stream, k: int, whole: int) -> Decimal:
    """Draw a number whose two readings differ; none rounds a half, and no answer ends in a zero."""
    while True:
        digits = [stream.between(1, 9) for _ in range(k + 4)]
        number = Decimal("".join(map(str, digits))).scaleb(whole - len(digits))
        kept = [_figures(number, k), _places(number, k)]
        longer = kept[0].adjusted() > number.adjusted()
        if digits[-1] != 5 and (whole == 0 or kept[0] != kept[1]) and not longer and _last(kept[0], k):
            return number


def _last(number: Decimal, k: int) -> int:
    """Return the last of `k` figures; no answer has a zero there, which one may leave out."""
    return int(f"{number:f}".replace(".", "").lstrip("0")[k - 1])


def _figures(number: Decimal, k: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(number.adjusted() - k + 1), ROUND_HALF_UP)


def _places(number: Decimal, k: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-k), ROUND_HALF_UP)


def _example(stream: Stream) -> str:
    number = _number(stream, 2, stream.one_of([-1, 1, 2]))
    return f"{number:f} to 2 decimal places is {_places(number, 2):f}. "


RECIPE = Recipe(
    name="sig-figs",
    title="Significant figures",
    about="A number is to be rounded to significant figures, and one option has as many decimal places.",
    cause="distractor",
    templates=len(_FRAMES),
    families=tuple(_WHOLE),
    strength="at 0 figures are explained, at 2 and 3 one or two numbers are rounded to places before.",
    difficulty="each step keeps one figure more; two at 1.",
    probes=(
        "'distractor' asks for decimal places, 'true' offers the right number and one that is off by one in "
        "its last figure, 'control' does so for numbers of which both readings are the same."
    ),
    write=write,
)
