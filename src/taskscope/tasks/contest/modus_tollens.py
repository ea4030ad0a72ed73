"""Modus Tollens: judge "if P, then Q; not Q; hence not P" (protocol inverse_scaling 3, row 5).

The contest's set asks of every item whether it is valid, so that a bias for one word and reasoning look
alike. Here every second question asks whether the argument is mistaken: the arguments are all valid, the
answers are balanced. The distractor probe holds the complement, invalid arguments (protocol
inverse_scaling E7 g).
"""

from __future__ import annotations

from itertools import pairwise

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import YES_NO, sentence

_FRAMES = (
    ("If {p}, {q}. ", "{Fact}. So {end}."),
    ("Given: if {p}, then {q}. ", "Given too: {fact}. Claim: {end}."),
    ("Whenever {p}, {q}. ", "We see that {fact}. We infer that {end}."),
    ("{Q} if {p}. ", "{Fact}. Hence {end}."),
    ("Rule: {p} -> {q}. ", "Seen: {fact}. Result: {end}."),
)
_ASK = (
    ("Does that follow?", "Is that a slip?"),
    ("Is the claim certain?", "May the claim be false?"),
    ("Is that sound?", "Is that unsound?"),
    ("Is the last step right?", "Is the last step wrong?"),
    ("Is the result forced?", "Is the result open?"),
)
"""Questions to which a valid argument answers yes, and no."""
_DOUBTERS = ("", "", "Max doubts it. ", "Max and Lea doubt it. ")


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the judgement that the argument is not valid."""
    words = load("clauses")[slot.family]
    stream = slot.draws("clauses")
    length = max(2, slot.difficulty + 1)
    things, states = stream.some(words["things"], 4), stream.some(words["states"], 4)
    links = [f"{thing} is {state}" for thing, state in zip(things, states, strict=True)][:length]
    first, last = links[0], links[-1]
    fact, end = _not(last), _not(first)
    if slot.probe == "control":
        fact, end = first, last
    elif slot.probe == "distractor":
        fact, end = (last, first) if slot.draws("form").chance(0.5) else (_not(first), _not(last))
    elif slot.probe == "true":
        links = [_not(link) for link in links[::-1]]
    said, then = _FRAMES[slot.template]
    rules = "".join(said.format(p=p, q=q, Q=sentence(q)) for p, q in pairwise(links))
    hint = f"Only if {last} can it be that {first}. " if slot.strength == 0 else ""
    reminder = "Mind the form alone. " if slot.difficulty == 0 else ""
    argument = then.format(fact=fact, Fact=sentence(fact), end=end)
    ask = _ASK[slot.template][slot.place]
    prompt = f"{rules}{hint}{argument} {_DOUBTERS[slot.strength]}{reminder}{ask}"
    truth, lure = YES_NO if slot.place == 0 else YES_NO[::-1]
    return Draft(prompt, truth, lure, slot.probe == "distractor")


def _not(clause: str) -> str:
    return clause.replace(" is ", " is not ", 1)


RECIPE = Recipe(
    name="modus-tollens",
    title="Modus tollens",
    about="A valid argument is to be judged, of a form that people often take for invalid.",
    cause="unwanted-imitation",
    templates=len(_FRAMES),
    families=tuple(load("clauses")),
    strength="at 0 the rule is turned round as a hint, at 2 and 3 one or two people doubt the argument.",
    difficulty="at 0 a reminder, at 2 and 3 a chain of two or three rules.",
    probes=(
        "'distractor' holds invalid arguments, which the common judgement gets right, 'true' states the rule "
        "in the turned form, 'control' is modus ponens."
    ),
    write=write,
)
