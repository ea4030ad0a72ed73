"""Changed copies of a choice task that tell a trend from an artefact (protocol inverse_scaling E7 a, b, i).

They work on the text of prompts, so that released tasks can be changed like generated ones. Options stand on
a line each, ``A. ice`` or ``(A) ice``; demonstrations inside a prompt end with their label and are parted by
an empty line. A task whose prompts are of another form is refused.

Of the other controls, the one without the trap and the two parts of a task are probes of `tasks.contest`, and
so is the complement of modus tollens (g): its distractor probe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from taskscope.errors import TaskError
from taskscope.tasks.choices import ChoiceItem, ChoiceTask
from taskscope.tasks.draws import Stream

BLOCKS = "\n\n"
"""Stands between the demonstrations inside a prompt."""
NEUTRAL = (" left", " right")
"""Label words that mean neither yes nor no."""

_OPTION = re.compile(r"^([(\[]?)([AB])([])}.:]| =)([ \t]+)(\S.*)$", re.MULTILINE)
_SHORT = 3
"""Words of a last line that is a cue for the answer and no content."""


def swap_options(task: ChoiceTask) -> ChoiceTask:
    """Exchange the last two options of every prompt, A and B, and with them the answer.

    Raises:
        TaskError: If classes are not A and B, or a prompt has no two option lines.
    """

    def swapped(item: ChoiceItem) -> ChoiceItem:
        found = list(_OPTION.finditer(item.prompt))[-2:]
        letters = [text.strip() for text in item.classes]
        if sorted(letters) != ["A", "B"] or [match[2] for match in found] != ["A", "B"]:
            raise _refused(item, "two last lines of options, A and B, and these as classes")
        one, other = found
        prompt = (
            item.prompt[: one.start(5)]
            + other[5]
            + item.prompt[one.end(5) : other.start(5)]
            + one[5]
            + item.prompt[other.end(5) :]
        )
        return item.model_copy(update={"prompt": prompt, "answer": 1 - item.answer})

    return _changed(task, "options swapped", swapped)


def swap_labels(task: ChoiceTask) -> ChoiceTask:
    """Exchange the two labels in all demonstrations inside a prompt, and with them the answer.

    Raises:
        TaskError: If a prompt holds no demonstration that ends with one of two labels.
    """

    def swapped(item: ChoiceItem) -> ChoiceItem:
        shown, query = _blocks(item)
        prompt = BLOCKS.join([*(_with(block, item.classes, 1 - c) for block, c in shown), query])
        return item.model_copy(update={"prompt": prompt, "answer": 1 - item.answer})

    return _changed(task, "labels swapped", swapped)


def rename_labels(task: ChoiceTask, names: Sequence[str] = NEUTRAL) -> ChoiceTask:
    """Ask for other label words, which a line before the prompt explains; for tasks without demonstrations.

    Asked with the names one way round and the other, the two means are free of a bias for either word.

    Raises:
        TaskError: If an item has not as many classes as there are names.
    """

    def renamed(item: ChoiceItem) -> ChoiceItem:
        if len(names) != len(item.classes):
            raise _refused(item, f"{len(names)} classes")
        pairs = zip(names, item.classes, strict=True)
        told = " and ".join(f'"{name.strip()}" for {old.strip()}' for name, old in pairs)
        return item.model_copy(
            update={"prompt": f"Answer with {told}.\n{item.prompt}", "classes": tuple(names)}
        )

    return _changed(task, "labels " + ",".join(name.strip() for name in names), renamed)


def drop_last_demonstration(task: ChoiceTask) -> ChoiceTask:
    """Leave out the last demonstration inside every prompt; classes stay, its label among them.

    Raises:
        TaskError: If a prompt holds no demonstration.
    """

    def dropped(item: ChoiceItem) -> ChoiceItem:
        *shown, _, query = _split(item)
        return item.model_copy(update={"prompt": BLOCKS.join([*shown, query])})

    return _changed(task, "last demonstration dropped", dropped)


def relabel_demonstrations(task: ChoiceTask, seed: int = 0) -> ChoiceTask:
    """Give every demonstration inside a prompt a label drawn at random; the answer stays.

    What the labels had in common with the demonstrations is lost, and their form is kept.

    Raises:
        TaskError: If a prompt holds no demonstration that ends with one of two labels.
    """

    def relabelled(item: ChoiceItem) -> ChoiceItem:
        stream = Stream.named("labels", seed, item.id)
        shown, query = _blocks(item)
        blocks = [_with(block, item.classes, stream.below(2)) for block, _ in shown]
        return item.model_copy(update={"prompt": BLOCKS.join([*blocks, query])})

    return _changed(task, f"demonstrations relabelled, seed {seed}", relabelled)


def content_free(task: ChoiceTask, content: str = "N/A") -> ChoiceTask:
    """Put a text without content in place of every prompt, before its cue for the answer if it has one.

    The cue is a last line of up to three words, such as ``Answer:``. What a model prefers here it prefers
    whatever is asked: subtract these log-probabilities from those of the task (E7 b).
    """

    def emptied(item: ChoiceItem) -> ChoiceItem:
        prompt, other = (_emptied(text, content) for text in (item.prompt, item.other_prompt))
        return item.model_copy(update={"prompt": prompt, "other_prompt": other})

    return _changed(task, "content-free", emptied)


def _emptied(prompt: str, content: str) -> str:
    _, newline, cue = prompt.rpartition("\n")
    if not prompt or not newline or len(cue.split()) > _SHORT:
        return content if prompt else ""
    return f"{content}\n{cue}"


def _blocks(item: ChoiceItem) -> tuple[list[tuple[str, int]], str]:
    """Split a prompt into demonstrations with the index of their label, and the query.

    A preface goes with the first demonstration.
    """
    *shown, query = _split(item)
    found: list[tuple[str, int]] = []
    preface = ""
    for number, block in enumerate(shown):
        label = [c for c, text in enumerate(item.classes) if block.endswith(text)]
        if len(label) == 1 and len(item.classes) == 2:
            found.append((preface + block, label[0]))
            preface = ""
        elif number == 0:
            preface = block + BLOCKS
        else:
            raise _unlabelled(item)
    if not found:
        raise _unlabelled(item)
    return found, query


def _unlabelled(item: ChoiceItem) -> TaskError:
    return _refused(item, "demonstrations that end with one of two labels")


def _with(block: str, labels: Sequence[str], label: int) -> str:
    """Put a label in place of the one at the end of a demonstration."""
    old = next(text for text in labels if block.endswith(text))
    return block.removesuffix(old) + labels[label]


def _split(item: ChoiceItem) -> list[str]:
    blocks = item.prompt.split(BLOCKS)
    if len(blocks) < 2:
        raise _refused(item, "demonstrations, parted by an empty line")
    return blocks


def _refused(item: ChoiceItem, expected: str) -> TaskError:
    return TaskError(f"Item {item.id}: {item.prompt[-60:]!r}, classes {item.classes}.", expected)


def _changed(task: ChoiceTask, how: str, change: Callable[[ChoiceItem], ChoiceItem]) -> ChoiceTask:
    changed = {
        "name": f"{task.name} ({how})",
        "title": f"{task.title} ({how})",
        "items": tuple(change(item) for item in task.items),
    }
    return ChoiceTask(**(task.model_dump(exclude={"items"}) | changed))
