"""The tokens of a prompt, each with the part of the prompt that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from taskscope.look.result import Token
from taskscope.tasks.prompts import PartKind, Prompt

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Part = Literal["input", "arrow", "label", "query", "other"]
PARTS: dict[PartKind, Part] = {
    "demo_input": "input",
    "demo_arrow": "arrow",
    "demo_label": "label",
    "query": "query",
    "query_arrow": "query",
}


def tokens_of(model: LanguageModel, prompt: Prompt) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Return the tokens, and what could not be said about them.

    A tokenizer that does not say where its tokens stand in the text leaves all of them without a part.
    """
    ids, offsets = model.encode(prompt.text), model.offsets(prompt.text)
    parts: list[tuple[Part, int | None]] = [("other", None)] * len(ids)
    gaps = ()
    if offsets is None:
        gaps = (
            "This tokenizer does not say where its tokens stand, so inputs and labels cannot be told apart.",
        )
    else:
        for span in prompt.token_spans(offsets):
            part: Part = PARTS.get(span.kind, "other")
            number = span.index if part in ("input", "arrow", "label") else None
            for token in range(span.start, span.end):
                parts[token] = (part, number)
    texts = [model.tokenizer.decode([token]) for token in ids]
    found = [
        Token(text=text, part=part, demonstration=number)
        for text, (part, number) in zip(texts, parts, strict=True)
    ]
    return tuple(found), gaps
