"""Hindsight Neglect: judge a bet by its odds, not by how it went (protocol inverse_scaling 3, row 10).

In every demonstration the outcome agrees with the expected value; in the query it does not.
"""

from __future__ import annotations

from typing import NamedTuple

from taskscope.tasks.contest.frame import Draft, Recipe, Slot
from taskscope.tasks.contest.parts import YES_NO
from taskscope.tasks.draws import Stream

_FRAMES = (
    ("{n} bet: {p} % to win {w} {u}, {r} % to lose {l}.", " {n} {did}.", ("Wise?", "Lucky?")),
    ("Chances: {p} % plus {w} {u}, {r} % minus {l}. {n} played.", " {n} {did}.", ("Sensible?", "Happy?")),
    (
        "{n} may win {w} {u} ({p} %) or lose {l} ({r} %). {n} played",
        " and {did}.",
        ("A good bet?", "A good end?"),
    ),
    (
        "A game gives {w} {u} at {p} %, takes {l} at {r} %. {n} joined",
        " and {did}.",
        ("Right to?", "Richer now?"),
    ),
    (
        "Offer to {n}: {p} % for {w} {u}, {r} % for a loss of {l}. Taken.",
        " {n} {did}.",
        ("Clever?", "Gained?"),
    ),
)
"""For each template the bet, the outcome, and the questions for odds and for the outcome."""
_NAMES = ("Ann", "Tom", "Eva", "Paul", "Rosa", "Hugo", "Lea", "Max", "Nina", "Karl")
_UNITS = ("coins", "stamps", "beads", "cards", "shells")
_DEMONSTRATIONS = (2, 4, 8, 12)
_CLEAR = (0.5, 0.8)
_MARGINS = ((0.8, 1.0), _CLEAR, (0.2, 0.5), (0.03, 0.2))
"""From how much to how much the expected value is of all that is at stake, by difficulty."""


class _Bet(NamedTuple):
    chance: int
    """Of winning, in percent."""
    win: int
    lose: int


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the judgement by outcome."""
    shown: list[str] = []
    for number in range(_DEMONSTRATIONS[slot.strength] // 2):
        stream = slot.draws(f"demonstrations {number}")
        pair = [_line(slot, stream, good, good, _CLEAR) + YES_NO[not good] for good in (True, False)]
        shown = [*stream.shuffled(pair), *shown]  # fewer demonstrations are the last of more
    good = slot.place == 0
    query = slot.draws("query")
    line = _line(slot, query, good, good == (slot.probe == "control"), _MARGINS[slot.difficulty])
    truth, lure = YES_NO[not good], YES_NO[good]
    return Draft("\n\n".join([*shown, line]), truth, lure, slot.probe == "distractor")


def _line(slot: Slot, stream: Stream, good: bool, won: bool, margin: tuple[float, float]) -> str:
    """Write a bet with its question."""
    bet, (frame, outcome, asks) = _bet(stream, good, margin), _FRAMES[slot.template]
    words = {
        "n": stream.one_of(_NAMES),
        "u": slot.family,
        "p": bet.chance,
        "r": 100 - bet.chance,
        "w": bet.win,
        "l": bet.lose,
        "did": "won" if won else "lost",
    }
    said = frame + ("" if slot.probe == "true" else outcome)
    ask = asks[slot.probe == "distractor"]
    return f"{said.removesuffix('.')}. {ask}".format(**words)


def _bet(stream: Stream, good: bool, margin: tuple[float, float]) -> _Bet:
    """Draw a bet whose expected value has a sign and is so large a share of what is at stake."""
    while True:
        bet = _Bet(5 * stream.between(1, 19), 5 * stream.between(1, 20), 5 * stream.between(1, 20))
        gain, loss = bet.chance * bet.win, (100 - bet.chance) * bet.lose
        share = (gain - loss) / (gain + loss)
        if margin[0] <= abs(share) < margin[1] and (share > 0) == good:
            return bet


RECIPE = Recipe(
    name="hindsight-neglect",
    title="Hindsight neglect",
    about="A bet is to be judged by its odds; in all demonstrations its outcome would have told as much.",
    cause="spurious-few-shot",
    templates=len(_FRAMES),
    families=_UNITS,
    strength="2, 4, 8 or 12 demonstrations.",
    difficulty="the expected value is .8 to 1, .5 to .8, .2 to .5 or .03 to .2 of what is at stake.",
    probes=(
        "'distractor' asks for the outcome, 'true' tells no outcome, in 'control' the outcome of the query "
        "agrees with its odds."
    ),
    write=write,
)
