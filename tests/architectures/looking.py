"""`taskscope look` on a model of any family: the result beside plain passes, its view and its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest import mock

import naive
import numpy as np
import torch
from rich.console import Console

from taskscope.look import references, states, words
from taskscope.look.measure import TOP, look
from taskscope.look.page import page
from taskscope.look.parse import parse
from taskscope.look.result import Look
from taskscope.look.view import view
from taskscope.models.language_model import LanguageModel
from taskscope.report.page import panels_html
from taskscope.tasks import registry

PROMPT = "hot->cold\nup->down\nin->"
"""Two demonstrations, the fewest that make a theta, spelt letter by letter."""


def check_look(model: LanguageModel, share: float) -> Look:
    """Look at one prompt, with one reference prompt a task; return what was found.

    Args:
        model: The model.
        share: Largest difference allowed between logits, as a share of the largest.
    """
    reading = parse(PROMPT)
    with few_references():
        found = look(model, reading)
    assert [block.block for block in found.blocks] == list(range(model.n_blocks))
    check_last_block(model, found, share)
    assert len(found.nearest.tasks) == len(registry.names())
    seen = shown(found)
    html = panels_html(page(found, "taskscope look", {}))
    assert len(found.tokens) == len(model.encode(PROMPT))
    assert words.answer_line(found) in seen
    assert words.nearest_line(found) in seen
    for panel in ("Block by block", "The answer without its demonstrations", "Attention of the last token"):
        assert panel in html
    for gap in (*found.gaps, *found.attention.gaps):
        assert f"not shown: {gap}" in seen
    return found


@contextmanager
def few_references() -> Iterator[None]:
    """Draw one prompt a task and kind, to be quick: too few to name a task by, and all else is as ever."""
    with mock.patch.object(states, "episodes", partial(references.episodes, n=1)):
        yield


def check_last_block(model: LanguageModel, found: Look, share: float) -> None:
    """The read-out after the last block is the model's own prediction, that of a plain pass."""
    last = found.blocks[-1]
    logits = naive.logits(model.hf, model.encode(PROMPT))[-1]
    limit = share * float(logits.abs().max())
    logp = logits.log_softmax(-1)
    top = {model.decode([int(token)]) for token in torch.nonzero(logits >= logits.max() - limit)}
    for guesses in (last.read, found.answer.first):
        assert guesses[0].token in top
        np.testing.assert_allclose(
            [np.log(guess.p) for guess in guesses], logp.topk(TOP).values, atol=4 * limit
        )
    # Put into the bare query after the last block, a state is read out and nothing else.
    assert last.own.first == last.read
    assert last.theta is not None
    assert last.theta.first == last.theta_read


def shown(found: Look) -> str:
    """Return what the terminal shows, each sentence on a line of its own."""
    console = Console(width=1000, force_terminal=False, no_color=True)
    with console.capture() as captured:
        console.print(view(found))
    return captured.get()
