"""Measuring one prompt: one capture pass with the references, one sweep, and one read of attention.

The prompt is captured once for all of it: its last token, and the arrows at which theta is read, are places
of one tree. Everything that is then asked of the model, read-outs of residuals included, are columns of one
sweep. Answers of several tokens go on from its columns, a token at a time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.look import naming
from taskscope.look.answers import Writer
from taskscope.look.parse import Reading
from taskscope.look.result import Attention, BlockView, Guess, Guesses, Look, Said
from taskscope.look.states import States, capture
from taskscope.look.tokens import tokens_of
from taskscope.report.document import ModelCard

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel
    from taskscope.models.probing import Column

TOP = 5
"""Tokens shown of each distribution."""


def look(model: LanguageModel, reading: Reading) -> Look:
    """Look at one prompt.

    Raises:
        TaskError: If the prompt is longer than the model's context.
    """
    start = time.perf_counter()
    prompt = reading.prompt.text
    model.encode(prompt)  # too long a prompt is refused before anything runs
    states = capture(model, reading)
    given, alone, views, able = sweep(model, reading, states)
    row = model.attention_of_last(prompt)
    tokens, gaps = tokens_of(model, reading.prompt)
    labels = Counter(y for _, y in reading.demonstrations)
    return Look(
        model=_card(model),
        prompt=prompt,
        format=reading.format.name,
        demonstrations=reading.demonstrations,
        query=reading.query,
        tokens=tokens,
        answer=given,
        alone=alone,
        majority=labels.most_common(1)[0] if labels else ("", 0),
        blocks=views,
        nearest=naming.name(states.ranking, able, len(reading.demonstrations)),
        attention=Attention(blocks=row.blocks, weights=_nested(row.weights), gaps=row.gaps),
        gaps=gaps,
        seconds=time.perf_counter() - start,
    )


def sweep(
    model: LanguageModel, reading: Reading, states: States
) -> tuple[Said, Said, tuple[BlockView, ...], float | None]:
    """Ask everything in one pass: the prompt, the bare query, read-outs and replacements at every block.

    Returns:
        What follows the prompt and the bare query; a view of every block; and the share of the nearest
        task's own prompts that the model answers right.
    """
    from taskscope.models.probing import Column  # imports torch

    blocks, last = range(model.n_blocks), model.n_blocks - 1
    held = [states.own] if states.theta is None else [states.own, states.theta]
    answered = [Column(0), Column(1), *(Column(1, block, state[block]) for state in held for block in blocks)]
    read = [Column(1, last, vector) for state in held for vector in state]
    checks = [Column(1, last, vector) for _, vector in states.checks]
    texts = [reading.prompt.text, reading.bare]
    logp = model.distributions(texts, [*answered, *read, *checks])

    said = _said(model, reading, texts, answered, logp)
    by_state = [said[2 + s * len(blocks) : 2 + (s + 1) * len(blocks)] for s in range(len(held))]
    read_out = logp[len(answered) : len(answered) + len(read)].reshape(len(held), len(blocks), -1)
    views = tuple(
        _view(model, block, [some[block] for some in by_state], read_out[:, block]) for block in blocks
    )
    told = logp[len(answered) + len(read) :].argmax(axis=1)
    hits = [int(top) == token for top, (token, _) in zip(told, states.checks, strict=True)]
    return said[0], said[1], views, float(np.mean(hits)) if hits else None


def _said(
    model: LanguageModel, reading: Reading, texts: list[str], columns: list[Column], logp: np.ndarray
) -> list[Said]:
    """Write the answer of every column out, and say how likely it makes the answer to the prompt."""
    writer = Writer(model, reading.format.end)
    written = writer.write(texts, columns, logp)
    wanted = writer.answer_in(written[0])
    p = np.exp(model.force(texts, columns, wanted))
    return [
        Said(text=writer.text(tokens), p=float(p[c]), first=guesses(model, logp[c]))
        for c, tokens in enumerate(written)
    ]


def _view(model: LanguageModel, block: int, said: Sequence[Said], read: np.ndarray) -> BlockView:
    """Describe one block, from its own state and, where there is one, from theta: (1 or 2, vocabulary)."""
    view = BlockView(block=block, read=guesses(model, read[0]), own=said[0])
    if len(said) == 1:
        return view
    return view.model_copy(update={"theta_read": guesses(model, read[1]), "theta": said[1]})


def guesses(model: LanguageModel, logp: np.ndarray, n: int = TOP) -> Guesses:
    """Return the n most likely tokens of log p (vocabulary,)."""
    best = np.argsort(-logp, kind="stable")[:n]
    return tuple(Guess(token=model.tokenizer.decode([int(i)]), p=float(np.exp(logp[i]))) for i in best)


def _card(model: LanguageModel) -> ModelCard:
    return ModelCard(
        label=model.label,
        id=model.id,
        dtype=model.dtype,
        attention=model.attention,
        device=str(model.device),
        n_blocks=model.n_blocks,
        n_parameters=sum(parameter.numel() for parameter in model.hf.parameters()),
    )


def _nested(weights: np.ndarray) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(map(float, head)) for head in block) for block in weights)
