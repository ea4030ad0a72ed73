"""How a question is written: three templates, so that no number rests on one of them (protocol 4)."""

from __future__ import annotations

from taskscope.errors import StudyError, nearest
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.prompts import FORMATS, PromptFormat

TEMPLATES: tuple[PromptFormat, ...] = (
    PromptFormat("input-output", start="Input: ", arrow="\nOutput:", space=" ", end="\n\n"),
    PromptFormat("fields", start="{text_field}: ", arrow="\n{label_field}:", space=" ", end="\n\n"),
    FORMATS["colon"],
)
"""The protocol's default, the task's own field names (``Review: ... Sentiment: ...``), and ``Q: ... A: ...``.

A query ends at the colon and labels carry the space, which tokenizers join to the word."""
NAMES: tuple[str, ...] = tuple(template.name for template in TEMPLATES)


def template_for(name: str, task: ClassificationTask) -> PromptFormat:
    """Return a template by name, with the task's own field names where it has room for them.

    Raises:
        StudyError: If there is no such template.
    """
    for template in TEMPLATES:
        if template.name == name:
            return filled(template, task)
    raise StudyError(f"template {name!r}", f"one of {', '.join(NAMES)}", nearest(name, NAMES))


def filled(template: PromptFormat, task: ClassificationTask) -> PromptFormat:
    """Write the task's field names where a template names them."""
    own = {"{text_field}": task.text_field, "{label_field}": task.label_field}
    start, arrow = template.start, template.arrow
    for slot, field in own.items():  # not str.format: a field of a user's task may hold braces
        start, arrow = start.replace(slot, field), arrow.replace(slot, field)
    return PromptFormat(template.name, start=start, arrow=arrow, space=template.space, end=template.end)
