"""Measuring functions named in words: the model writes, and a rule checks its first line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from taskscope.errors import TaskError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.structured_tasks.params import SpokenParams
from taskscope.studies.structured_tasks.spoken.draws import Asked, draw
from taskscope.studies.structured_tasks.spoken.rows import JOIN, SHOWN, to_rows
from taskscope.tasks.sentences import Language, messages, prompt, ref

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one language with one model and seed.

    Where some prompt with demonstrations leaves no room to answer, none of its kind is asked, for those that
    fit are the short ones; rows say so.

    Raises:
        TaskError: If a prompt without any leaves no room, or the sentences have changed since planning.
    """
    params = SpokenParams(**cell.params)
    language = cast("Language", params.spoken[0])
    if ref(language).fingerprint != cell.tasks[0].fingerprint:
        raise TaskError(f"{cell.tasks[0].name} changed since this run was planned", "planning it again")
    asked = draw(language, cell.seed, params)
    chat = bool(getattr(model.tokenizer, "chat_template", None))
    rows: list[dict[str, Any]] = []
    if not _all_fit([one for one in asked if one.condition == SHOWN], model, chat, params.spoken_limit):
        asked = [one for one in asked if one.condition != SHOWN]
        rows.append({"condition": SHOWN})
    prompts = [_tokens(one, model, chat) for one in asked]
    written = model.write(prompts, params.spoken_limit)
    for one, tokens in zip(asked, written, strict=True):
        said = model.tokenizer.decode(list(tokens), skip_special_tokens=True).strip()
        rows.append(
            {
                "condition": one.condition,
                "query": one.query,
                "asked": JOIN.join(one.functions),
                "sentence": one.sentence.form(()),
                "said": said.split("\n", 1)[0],
                "right": one.sentence.is_answer(said, one.functions),
            }
        )
    return Measured(rows=to_rows(language, chat, rows), notes={"chat": chat})


def _all_fit(asked: list[Asked], model: LanguageModel, chat: bool, limit: int) -> bool:
    """Tell whether every request leaves room for an answer of `limit` tokens."""
    try:
        return all(len(_tokens(one, model, chat)) + limit <= model.context for one in asked)
    except TaskError:  # longer than the context by itself
        return False


def _tokens(one: Asked, model: LanguageModel, chat: bool) -> tuple[int, ...]:
    """Encode a request: as a conversation where the model was tuned on such, else as text to be continued."""
    if not chat:
        return tuple(model.encode(prompt(one.demonstrations, one.sentence, one.functions)))
    said = messages(one.demonstrations, one.sentence, one.functions)
    text = model.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    return tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
