"""Asking one model for texts, and checking what it writes for every skill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskscope.errors import TaskError
from taskscope.models.generating import Draws
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence.mix.asking import Asked, draw
from taskscope.studies.skill_emergence.mix.rows import JOIN, to_rows
from taskscope.studies.skill_emergence.params import MixParams
from taskscope.tasks.text_skills.skills import met, ref

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Let the model write texts for every request (protocol 8); rules judge all skills of each.

    One is written greedily; others are drawn at random where they are wanted.

    Raises:
        TaskError: If a request leaves no room for a text in the model's context, or the skills have changed
            since planning.
        StudyError: If there are not as many sets of skills as are wanted.
    """
    params = MixParams.model_validate(cell.params)
    if ref().fingerprint != cell.tasks[0].fingerprint:
        raise TaskError(f"{cell.tasks[0].name} changed since this run was planned", "planning it again")
    asked = draw(cell.seed, params)
    chat = bool(getattr(model.tokenizer, "chat_template", None))
    prompts = [_tokens(one, model, chat) for one in asked]
    written = model.write(prompts, params.mix_tokens)
    if params.mix_samples:
        uniforms = cell.rng("samples").random((params.mix_samples * len(asked), params.mix_tokens))
        draws = Draws(params.mix_temperature, uniforms)
        written += model.write(prompts * params.mix_samples, params.mix_tokens, draws)
    rows: list[dict[str, Any]] = []
    for number, (one, tokens) in enumerate(zip(asked * (1 + params.mix_samples), written, strict=True)):
        whole = model.tokenizer.decode(list(tokens), skip_special_tokens=True).strip()
        # A model that only continues texts does not know where this one ends; a blank line ends it.
        said = whole if chat else whole.split("\n\n", 1)[0].strip()
        rows.append(
            {
                "k": len(one.skills),
                "text": number % len(asked),
                "sample": number // len(asked),
                "topic": one.topic,
                "asked": JOIN.join(one.skills),
                "chat": chat,
                "said": said,
                "met": JOIN.join(met(said)),
                "on_topic": one.topic in said.lower(),
                "unfinished": len(tokens) == params.mix_tokens and said == whole,
            }
        )
    return Measured(rows=to_rows(params.place, rows), notes={"chat": chat})


def _tokens(one: Asked, model: LanguageModel, chat: bool) -> tuple[int, ...]:
    """Encode a request: as a conversation where the model was tuned on such, else as text to be continued."""
    if not chat:
        return tuple(model.encode(one.prompt))
    said = [{"role": "user", "content": one.request}]
    text = model.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
