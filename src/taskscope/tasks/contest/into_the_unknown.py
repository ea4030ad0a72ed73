"""Into the Unknown: pick the statement that adds something (protocol inverse_scaling 3, row 7)."""

from __future__ import annotations

from taskscope.tasks.contest.frame import Draft, Recipe, Slot, load
from taskscope.tasks.contest.parts import LETTERS, fillers, options

_FRAMES = (
    ("{c}{q} Which line helps to tell?\n{o}\nAnswer:", "{c}{q} Which line was told above?\n{o}\nAnswer:"),
    ("{c}Wanted: {q} Best hint:\n{o}\nHint", "{c}Wanted: {q} Same as above:\n{o}\nHint"),
    ("{c}To decide: {q} Learn more from\n{o}\nLetter:", "{c}To decide: {q} Learn nothing from\n{o}\nLetter:"),
    ("{c}Think: {q} Useful is\n{o}\nChoice:", "{c}Think: {q} Known before is\n{o}\nChoice:"),
    (
        "Question: {q} {c}Look up one thing:\n{o}\nPick",
        "Question: {q} {c}Strike what is said twice:\n{o}\nPick",
    ),
)
"""For each template, what asks for news and what asks for the repetition."""


def write(slot: Slot) -> Draft:
    """Write one item; the lure is the statement that says again what was told."""
    scene = load("scenes")[slot.family]
    stream = slot.draws("scene")
    words = {name: stream.one_of(values) for name, values in scene["slots"].items()}
    words["t"] = str(stream.between(2, 9))
    news, told = stream.one_of(scene["new"]), scene["told"]
    again = (scene["short"], scene["again"], told, told)[slot.strength]
    context = f"{told} " + f"{scene['again']} " * (slot.strength == 3)
    lure = again.format(**words)
    context = context.format(**words)
    if slot.probe in ("true", "control"):
        lure = slot.draws("beside").one_of(load("fillers"))
    between = fillers(slot, max(0, slot.difficulty - 1)).strip()
    reminder = "(Only news can help.) " if slot.difficulty == 0 and slot.probe != "distractor" else ""
    context = "" if slot.probe == "true" else context
    shown = context + (f"{between} " if between else "") + reminder
    ask = scene["ask"].format(**words)
    frame = _FRAMES[slot.template][slot.probe == "distractor"]
    prompt = frame.format(c=shown, q=ask, o=options(slot, news.format(**words), lure))
    right, wrong = LETTERS if slot.place == 0 else LETTERS[::-1]
    return Draft(prompt, right, wrong, slot.probe == "distractor")


RECIPE = Recipe(
    name="into-the-unknown",
    title="Into the unknown",
    about="Of two statements, one helps to answer a question and the other repeats what was told.",
    cause="distractor",
    templates=len(_FRAMES),
    families=tuple(load("scenes")),
    strength="the repetition is partial at 0, in other words at 1, to the letter at 2, and told twice at 3.",
    difficulty="at 0 a reminder, at 2 and 3 sentences stand between.",
    probes=(
        "'distractor' asks for the repetition, 'true' has no context and a statement beside the point in its "
        "place, 'control' has the context and that statement."
    ),
    write=write,
)
