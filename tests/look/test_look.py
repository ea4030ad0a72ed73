"""A look at prompts whose right reading is known: planted and null models, nonsense, no demonstrations."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from rich.console import Console

from taskscope.errors import TaskError
from taskscope.look.measure import look
from taskscope.look.page import page
from taskscope.look.parse import Reading, parse
from taskscope.look.result import Look
from taskscope.look.shares import by_part, shares
from taskscope.look.view import view
from taskscope.look.words import sentences, shown
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.report.page import panels_html
from taskscope.training import recipes

GERUND = "go->going\nsee->seeing\neat->eating\nplay->playing\nwalk->"
NONSENSE = "go->Rome\nsee->x\neat->Islam\nplay->rouge\nwalk->"
PLANTED = recipes.get("planted-vector").planted_block


@cache
def built_in(name: str) -> LanguageModel:
    return load(name)


@cache
def seen(name: str, prompt: str) -> Look:
    model = built_in(name)
    with model.guard():
        return look(model, parse(prompt))


def test_theta_does_the_task_at_the_planted_block_and_the_task_is_named() -> None:
    found = seen("planted-vector", GERUND)
    assert found.answer.text == "walking"
    planted = found.blocks[PLANTED]
    assert planted.theta is not None
    assert planted.theta.text == "walking"
    assert planted.theta.p > 0.9 > 0.5 > found.alone.p
    assert found.nearest.named == "present-gerund"
    assert found.nearest.block == PLANTED


def test_a_lead_is_asked_for_in_words_where_two_decimals_show_it() -> None:
    found = seen("planted-vector", GERUND)
    said = {}
    for lead in (None, 0.004, 0.2):
        nearest = found.nearest.model_copy(update={"lead_needed": lead})
        html = panels_html(page(found.model_copy(update={"nearest": nearest}), "taskscope look", {}))
        said[lead] = "lead the second by 0.20 too" in html, "lead the second" in html
    assert said == {None: (False, False), 0.004: (False, False), 0.2: (True, True)}


def test_a_prompt_of_one_demonstration_is_not_compared_with_the_theta_it_has_not() -> None:
    one = seen("planted-vector", "go->going\nwalk->")
    assert one.nearest.block is not None
    assert "theta" not in sentences(one).nearest.lower()
    assert "Unlike theta" in sentences(seen("planted-vector", GERUND)).nearest


def test_nonsense_is_not_named() -> None:
    found = seen("planted-vector", NONSENSE)
    assert found.nearest.named is None
    assert "nonsense" in found.nearest.reason or "between" in found.nearest.reason


def test_without_a_vector_theta_does_nothing_though_the_model_does_the_task() -> None:
    found = seen("null-vector", GERUND)
    assert found.answer.text == "walking"
    assert all(block.theta is not None and block.theta.text != "walking" for block in found.blocks)
    assert "does not bring 'walking' back" in text_of(found)


def test_parts_of_the_prompt_are_those_that_were_read() -> None:
    found = seen("planted-vector", GERUND)
    for number, (x, y) in enumerate(found.demonstrations):
        own = [token for token in found.tokens if token.demonstration == number]
        assert "".join(t.text for t in own if t.part == "input") == x
        assert "".join(t.text for t in own if t.part == "label") == y
    assert "".join(t.text for t in found.tokens) == GERUND
    heads = shares(found)
    assert heads is not None
    np.testing.assert_allclose(heads.weights.sum(axis=-1), 1, atol=1e-5)
    labels = sum(part[3] for part in by_part(found, heads.weights[0, 0]))
    assert heads.labels[0, 0] == pytest.approx(labels)


@pytest.mark.parametrize("prompt", ["walk->", "go->going\nwalk->"])
def test_few_demonstrations_leave_out_what_they_cannot_show(prompt: str) -> None:
    found = seen("planted-vector", prompt)
    assert found.best is None
    assert len(found.blocks) == built_in("planted-vector").n_blocks
    html = panels_html(page(found, "taskscope look", {}))
    assert "Theta needs two demonstrations or more" in html
    text_of(found)


def test_a_prompt_longer_than_the_context_is_refused() -> None:
    model = built_in("planted-vector")
    pairs = tuple((f"word {i}", "label") for i in range(200))
    reading = Reading(parse("a->").format, pairs, "word")
    with pytest.raises(TaskError, match="at most 512 tokens"):
        look(model, reading)


def text_of(found: Look, width: int = 80) -> str:
    console = Console(width=width, force_terminal=False, no_color=True, record=True, file=None)
    with console.capture() as captured:
        console.print(view(found, width))
    return captured.get()


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_terminal_view_reads_without_colour_and_fits(width: int) -> None:
    text = text_of(seen("planted-vector", GERUND), width)
    assert max(map(len, text.splitlines())) <= width
    for words in ("walking =", "present-gerund", "nonsense reaches"):
        assert words in text
    assert "█" in text


def test_the_terminal_view_reads_theta_out_beside_the_last_token() -> None:
    found = seen("planted-vector", GERUND)
    lines = text_of(found).splitlines()
    start = next(n for n, line in enumerate(lines) if line.split()[-2:] == ["theta", "itself"]) + 1
    for block, line in zip(found.blocks, lines[start:], strict=False):
        first, second = (f"{shown(guess.token)} {guess.p:.2f}" for guess in block.theta_read[:2])
        assert line.rstrip().endswith(f"  {first}  {second}")
    assert "theta itself" not in text_of(seen("planted-vector", "go->going\nwalk->"))


def test_json_holds_everything_and_reads_back() -> None:
    found = seen("planted-vector", GERUND)
    assert Look.model_validate(json.loads(found.model_dump_json())) == found


def test_the_page_escapes_the_prompt_and_says_everything_in_words() -> None:
    found = seen("planted-vector", "<b>->x\n</script>->y\na&b->")
    html = panels_html(page(found, "taskscope look 'x'", {"torch": "2"}))
    assert "<b>" not in html.split("<main>")[1].split('<script type="application/json" id="specs">')[0]
    figures = html.count('class="figure"')
    assert html.count('role="img" aria-label="') >= figures
    assert html == panels_html(page(found, "taskscope look 'x'", {"torch": "2"}))
