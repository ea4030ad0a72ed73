"""The sentences of a look: one above each panel, the same in the terminal and on the page."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.look.result import Look
from taskscope.look.shares import shares

NEAREST = "Nearest known task"


@dataclass(frozen=True)
class Sentences:
    """What a newcomer must know before reading each panel."""

    blocks: str
    theta: str
    read: str
    nearest: str
    attention: str


def shown(text: str) -> str:
    """Make white space in a token visible."""
    return text.replace("\n", "⏎").replace(" ", "␣").replace("\t", "⇥")


def answer_line(look: Look) -> str:
    """Say what the model answers, and what it would without demonstrations."""
    line = f"after the prompt it answers {look.answer.text!r} (p {look.answer.p:.2f})"
    if not look.demonstrations:
        return line + "; no demonstrations are shown"
    line += f"; the query alone gets {look.alone.text!r}, and p {look.alone.p:.2f} for the prompt's answer"
    return f"{line}. {majority_line(look)}"


def majority_line(look: Look) -> str:
    """Say which label is the most frequent: what always repeating it would answer."""
    label, count = look.majority
    n = len(look.demonstrations)
    if count == 1 and n > 1:
        return f"Each of the {n} labels stands once, so no majority explains it."
    same = " That is the answer too." if label == look.answer.text else ""
    return f"The most frequent label is {label!r} ({count} of {n}).{same}"


def nearest_line(look: Look) -> str:
    """Name the task or say that none is named, and why."""
    found = look.nearest
    return f"{found.named}. {found.reason}" if found.named else f"No task is named. {found.reason}"


def sentences(look: Look) -> Sentences:
    """Return the sentences that fit what was found."""
    return Sentences(
        blocks="If the model stopped after a block, this is what its last token would say: the residual read "
        "out by the final norm and the output head.",
        theta=_theta(look),
        read="What theta itself says when it is read out in the same way: words that come up may describe "
        "the task, or be its dummies' answers.",
        nearest=_nearest(look),
        attention=_attention(look),
    )


def _theta(look: Look) -> str:
    best = look.best
    if best is None:
        return (
            "Theta needs two demonstrations or more: it is read at the arrows of the last two that have "
            "others before them."
        )
    assert best.theta is not None
    what = (
        "Theta is what the model holds at the arrows of the last demonstrations, before it has seen the "
        "query. Put into the bare query after one block, it takes the place of all demonstrations"
    )
    if best.theta.text == look.answer.text and best.theta.p > look.alone.p:
        return (
            f"{what}: after block {best.block} the answer is {best.theta.text!r} again, with probability "
            f"{best.theta.p:.2f} against {look.alone.p:.2f} without."
        )
    return (
        f"{what}: here it does not bring {look.answer.text!r} back at any block (at most {best.theta.p:.2f} "
        f"after block {best.block}, and {look.alone.p:.2f} without theta)."
    )


def _nearest(look: Look) -> str:
    if look.nearest.block is None:
        return "The mean state at the last arrows is compared with that of the built-in tasks."
    unlike = (
        "Unlike theta it takes in the query's arrow, since one state more tells tasks apart better. "
        if look.best
        else ""
    )
    return (
        f"The mean state at the last arrows after block {look.nearest.block}, compared with that of the "
        f"built-in tasks asked in the same way. {unlike}A name is given only if it is nearer than nonsense "
        "demonstrations (labels taken from other tasks) come in 95 of 100 cases, and clear of the second "
        "task."
    )


def _attention(look: Look) -> str:
    found = shares(look)
    if found is None:
        return "Which parts of the prompt the last token looks at."
    block, head = found.strongest
    if not look.demonstrations:
        return "Which tokens the last one looks at when it answers."
    return (
        f"Which tokens the last one looks at when it answers. Labels get {found.labels.mean():.0%} on "
        f"average and {found.labels[block, head]:.0%} in head {head} of block "
        f"{look.attention.blocks[block]}; even attention would give them {found.even:.0%}. Bars are "
        "relative to the tallest."
    )


def lead(look: Look) -> str:
    """Say in one or two sentences what the page is about and what the model does without demonstrations."""
    k = len(look.demonstrations)
    if not k:
        return "A query without demonstrations; here is what each block makes of it."
    same = look.alone.text == look.answer.text
    without = "The query alone gets the same answer" if same else f"The query alone gets {look.alone.text!r}"
    shows = "one demonstration" if k == 1 else f"{k} demonstrations"
    return (
        f"After {shows}, with probability {look.answer.p:.2f}. {without}, and the answer above has "
        f"probability {look.alone.p:.2f} there. {majority_line(look)}"
    )


def checked(look: Look) -> str:
    """Say how often the same rules name held-out prompts of the built-in tasks rightly."""
    share = look.nearest.checked
    return (
        ""
        if share is None
        else f"by the state at the arrows; of known prompts, {share:.0%} are named rightly by the same rules"
    )


def abstaining(look: Look) -> str:
    """Say what it means that no task is named."""
    found = look.nearest
    able = (
        ""
        if found.able is None
        else f" The model answers {found.able:.0%} of the prompts of {found.tasks[0].task} right."
    )
    return (
        "No name means: this state cannot be told from what nonsense or another task gives. The model may do "
        f"the task all the same, or the task may not be among the built-in ones.{able}"
    )
