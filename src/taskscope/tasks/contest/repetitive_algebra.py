"""Repetitive Algebra: solve an equation after others with one answer but the last (protocol 3, row 11)."""

from __future__ import annotations

from typing import NamedTuple

from taskscope.tasks.contest.frame import Draft, Recipe, Slot
from taskscope.tasks.draws import Stream

_FRAMES = ("{e}, so {v} =", "Solve {e}. {v}:", "{e} | {v} is", "Find {v} in {e}:", "If {e} then {v} equals")
_AGAIN = (
    "The same once more:",
    "Last number again:",
    "Repeat the last:",
    "As just before:",
    "Once more that:",
)
_FORMS = {
    "plus": ("{v} + {b} = {n}", 1),
    "minus": ("{v} - {b} = {n}", -1),
    "plus, turned": ("{n} = {b} + {v}", 1),
    "minus, turned": ("{n} = {v} - {b}", -1),
    "count": ("{n} is {b} more than {v}", 1),
}
"""Equations, and with which sign the other number joins the unknown."""
_DEMONSTRATIONS = 6
_LARGEST = (19, 49, 499, 4999)
_VARIABLES = "abcdfghkmnpqrstuvwxyz"


class _Answers(NamedTuple):
    """What the equations of one item come to."""

    common: int
    last: int
    others: tuple[int, ...]
    """Answers of a list in which none comes twice."""


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the answer of the last demonstration."""
    answers = _answers(slot.draws("answers"), _LARGEST[slot.difficulty])
    n_last = max(slot.strength, slot.probe == "distractor")
    values = [answers.common] * (_DEMONSTRATIONS - n_last) + [answers.last] * n_last
    if slot.probe == "control":
        values = list(answers.others)
    stream = slot.draws("equations")
    lines = [_line(slot, stream, value) for value in [*values, answers.common]]
    shown = [f"{line} {value}" for line, value in zip(lines, values, strict=False)]
    query = _AGAIN[slot.template] if slot.probe == "distractor" else lines[-1]
    prompt = "\n\n".join([query] if slot.probe == "true" else [*shown, query])
    return Draft(prompt, f" {answers.common}", f" {answers.last}", slot.probe == "distractor")


def _answers(stream: Stream, largest: int) -> _Answers:
    """Draw answers; the common and the last begin with different digits."""
    smallest = (largest + 1) // 5
    drawn: list[int] = []
    while len(drawn) < _DEMONSTRATIONS + 2:
        new = stream.between(smallest, largest)
        alike = len(drawn) == 1 and str(new)[0] == str(drawn[0])[0]
        if new not in drawn and not alike:
            drawn.append(new)
    return _Answers(drawn[0], drawn[1], tuple(drawn[2:]))


def _line(slot: Slot, stream: Stream, value: int) -> str:
    """Write an equation that comes to a value."""
    form, sign = _FORMS[slot.family]
    other = stream.between(1, value - 1 if sign < 0 else _LARGEST[slot.difficulty])
    name = stream.one_of(_VARIABLES)
    return _FRAMES[slot.template].format(e=form.format(v=name, b=other, n=value + sign * other), v=name)


RECIPE = Recipe(
    name="repetitive-algebra",
    title="Repetitive algebra",
    about="Equations with one answer, the last with another; the next has the common answer again.",
    cause="spurious-few-shot",
    templates=len(_FRAMES),
    families=tuple(_FORMS),
    strength="so many of the six demonstrations, the last ones, have the other answer: 0 to 3.",
    difficulty="answers below 20, 50, 500 and 5,000.",
    probes=(
        "'distractor' asks for the last answer again, 'true' shows no demonstration, in 'control' no answer "
        "comes twice."
    ),
    write=write,
)
