"""A look in the terminal: tables, and a strip of tokens whose bars say where the last one attends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from taskscope.look.result import Guesses, Look, Said
from taskscope.look.shares import shares
from taskscope.look.words import NEAREST, answer_line, nearest_line, sentences, shown

BARS = " ▁▂▃▄▅▆▇█"
PART_STYLE = {"input": "cyan", "arrow": "dim", "label": "bold green", "query": "bold yellow", "other": "dim"}
TASKS_SHOWN = 5
THETA_SHOWN = 2
"""Tokens of theta's read-out, so that it fits beside the last token's in 60 columns."""


def view(look: Look, width: int = 100) -> Group:
    """Return what the terminal shows.

    Args:
        look: What was found.
        width: Columns of the terminal, for the strip of tokens.
    """
    says = sentences(look)
    parts: list[RenderableType] = [
        Text.from_markup(f"[bold]{escape(look.model.label)}[/]: {escape(answer_line(look))}"),
        _panel(
            "What each block would answer",
            f"{says.blocks}\n{says.read}" if look.best else says.blocks,
            _blocks(look),
        ),
    ]
    body = Text("") if look.best is None and not look.demonstrations else _puts(look)
    parts.append(_panel("Theta in place of the demonstrations", says.theta, body))
    parts.append(_panel(NEAREST, says.nearest, _nearest(look)))
    parts.append(_panel("Where the last token looks", says.attention, _strip(look, width)))
    parts += [Text(f"not shown: {gap}", style="yellow") for gap in (*look.gaps, *look.attention.gaps)]
    return Group(*parts)


def _panel(title: str, sentence: str, body: RenderableType) -> Group:
    return Group(Text(f"\n{title}", style="bold"), Text(sentence, style="dim"), body)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _blocks(look: Look) -> Table:
    """One row a block: the last token's residual read out, and theta's where there is one."""
    columns = [("block", "right"), ("the last token", "left")]
    table = _table(*columns, *([("theta itself", "left")] if look.best else []))
    for block in look.blocks:
        theta = [_listed(block.theta_read, THETA_SHOWN)] if look.best else []
        table.add_row(str(block.block), _listed(block.read), *theta)
    return table


def _puts(look: Look) -> Table:
    """One row a block: what the bare query becomes with theta, or with the last token's own residual."""
    columns = [("block", "right")]
    columns += [("query + theta", "left"), ("p", "right")] if look.best else []
    table = _table(*columns, ("query + own state", "left"), ("p", "right"))
    for block in look.blocks:
        row = [str(block.block)]
        if block.theta is not None:
            row += _answer(block.theta, look)
        table.add_row(*row, *_answer(block.own, look))
    rest = ["", ""] if look.best else []
    table.add_row("–", *_answer(look.alone, look), *rest, style="dim")
    return table


def _listed(guesses: Guesses, n: int = 3) -> str:
    return "  ".join(f"{escape(shown(g.token))} [dim]{g.p:.2f}[/]" for g in guesses[:n])


def _answer(said: Said, look: Look) -> list[str]:
    text = escape(shown(said.text) or "(nothing)")
    return [f"[bold green]{text} =[/]" if said.text == look.answer.text else text, f"{said.p:.2f}"]


def _nearest(look: Look) -> RenderableType:
    found = look.nearest
    line = Text(nearest_line(look), style="bold green" if found.named else "bold yellow")
    if not found.tasks:
        return line
    table = _table(("task", "left"), ("similarity", "right"), ("", "left"))
    for likeness in found.tasks[:TASKS_SHOWN]:
        bar = "█" * round(max(likeness.similarity, 0) * 20)
        table.add_row(likeness.task, f"{likeness.similarity:.2f}", f"[blue]{bar}[/]")
    if found.similarity_needed is not None:
        bar = "░" * round(max(found.similarity_needed, 0) * 20)
        table.add_row("[dim]nonsense reaches[/]", f"{found.similarity_needed:.2f}", f"[dim]{bar}[/]")
    return Group(line, table)


def _strip(look: Look, width: int) -> RenderableType:
    found = shares(look)
    if found is None:
        return Text("")
    block, head = found.strongest
    rows = [
        ("all blocks and heads, averaged", found.mean),
        (f"block {look.attention.blocks[block]}, head {head}: most on labels", found.weights[block, head]),
    ]
    lines: list[RenderableType] = []
    for title, weights in rows:
        lines.append(Text(title, style="italic"))
        lines += strip(look, weights, width)
    return Group(*lines)


def strip(look: Look, weights: np.ndarray, width: int) -> list[Text]:
    """Return lines of tokens, each over a bar as tall as its attention, wrapped to the width.

    Args:
        look: The prompt.
        weights: (token,).
        width: Columns.
    """
    top = float(weights.max()) or 1.0
    lines: list[Text] = []
    for chunk in _wrapped([shown(token.text) or " " for token in look.tokens], width):
        words, bars = Text(), Text()
        for number, text in chunk:
            cells = max(cell_len(text), 1)
            level = BARS[round(float(weights[number]) / top * (len(BARS) - 1))]
            words.append(text, style=PART_STYLE[look.tokens[number].part])
            words.append(" ")
            bars.append(level * cells + " ", style="blue")
        lines += [words, bars]
    return lines


def _wrapped(texts: Sequence[str], width: int) -> Iterator[list[tuple[int, str]]]:
    chunk: list[tuple[int, str]] = []
    used = 0
    for number, text in enumerate(texts):
        need = max(cell_len(text), 1) + 1
        if chunk and used + need > width:
            yield chunk
            chunk, used = [], 0
        chunk.append((number, text))
        used += need
    if chunk:
        yield chunk
