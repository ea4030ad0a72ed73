"""Pattern Match Suppression: break a pattern at its end (protocol inverse_scaling 3, row 6).

With two signs the break leaves one sign only. With more, the offered one is any sign but the expected.
"""

from __future__ import annotations

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import apart

_FRAMES = (
    ("Signs {names} take turns. Sign {n} is out of turn.", "Signs: {row},"),
    ("A row of {n}: {names} come round in order, the end surprises.", "{row},"),
    ("{n} calls. First in order, {names}, then a last one that nobody expects.", "Calls: {row},"),
    ("The round {names} goes on up to call {n}, which breaks it.", "{row},"),
    ("List with a slip in place {n}, after {names} by turns:", "{row},"),
)
_KEPT = (
    ("Signs {names} take turns. Sign {n} is in turn.", "Signs: {row},"),
    ("A row of {n}: {names} come round in order, the end too.", "{row},"),
    ("{n} calls. First in order, {names}, then a last one that all expect.", "Calls: {row},"),
    ("The round {names} goes on up to call {n}, which keeps it.", "{row},"),
    ("List with no slip in place {n}, after {names} by turns:", "{row},"),
)
_BARE = ("Signs: {row},", "Row: {row},", "Calls: {row},", "Round: {row},", "List: {row},")
_OTHER = (
    "Signs: {first}, {second}. Take what is not {not_this}:",
    "Row: {first}, {second}. Leave out {not_this}. What stays:",
    "Calls {first} and {second}. Forbidden: {not_this}. Allowed:",
    "Choose between {first} and {second}, but never {not_this}:",
    "List: {first}, {second}. Struck out: {not_this}. Left:",
)


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the sign whose turn it is."""
    period = max(2, slot.difficulty + 1)
    signs = _signs(slot, period)
    length = 3 + 2 * slot.strength + slot.draws("length").below(2) + period - 2
    row = [signs[place % period] for place in range(length)]
    lure = signs[length % period]
    truth = slot.draws("offered").one_of([sign for sign in signs if sign != lure])
    shown = {"names": _listed(signs), "n": length + 1, "row": ", ".join(row)}
    if slot.probe == "distractor":
        prompt = _BARE[slot.template].format(**shown)
    elif slot.probe == "true":
        first, second = (truth, lure) if slot.draws("order").chance(0.5) else (lure, truth)
        prompt = _OTHER[slot.template].format(first=first, second=second, not_this=lure)
    else:
        rule, ask = (_KEPT if slot.probe == "control" else _FRAMES)[slot.template]
        reminder = " (Break it.)" if slot.difficulty == 0 and slot.probe == "task" else ""
        prompt = f"{rule}{reminder} {ask}".format(**shown)
    return Draft(prompt, f" {truth}", f" {lure}", slot.probe in ("distractor", "control"))


def _signs(slot: Slot, n: int) -> list[str]:
    """Draw different signs; no two begin alike."""
    signs: list[str] = []
    stream = slot.draws("signs")
    while len(signs) < n:
        signs.append(stream.one_of(apart(load("signs")[slot.family], *signs)))
    return signs


def _listed(signs: list[str]) -> str:
    return f"{', '.join(signs[:-1])} and {signs[-1]}"


RECIPE = Recipe(
    name="pattern-matching-suppression",
    title="Pattern match suppression",
    about="Signs take turns, and the prompt says that the last one is out of turn.",
    cause="distractor",
    templates=len(_FRAMES),
    families=tuple(load("signs")),
    strength="each step shows two signs more; 5 or 6 at 1.",
    difficulty="at 0 a reminder, at 1 two signs take turns, at 2 three, at 3 four.",
    probes=(
        "'distractor' shows the row without the rule, 'true' asks for another sign than the named one "
        "without a row, 'control' says that the last sign is in turn."
    ),
    write=write,
)
