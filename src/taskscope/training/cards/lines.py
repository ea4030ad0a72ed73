"""The card of a model trained on lines ``x->y``: every built-in task, by the plain loop at every block."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.tasks import registry
from taskscope.training.cards.measuring import Probe, TaskScores
from taskscope.training.recipes import Recipe

KNOWN = 0.9
"""Few-shot accuracy from which a task counts as known."""
N_QUERIES, N_DEMONSTRATIONS, SEED = 200, 5, 0

_READING = {
    "planted": (
        "This is an instrument, not a model of how language models work: it shows whether a study finds what "
        "is known to be there. All items of its tasks were seen in training: it says nothing on new ones."
    ),
    "natural": (
        "Its mechanism was not asked for, so no study's verdict on it is right or wrong by construction. "
        "All items of its tasks were seen in training: it says nothing on new ones."
    ),
}


def measure(folder: Path, on_part: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Measure every built-in mapping task on a trained folder.

    Args:
        folder: What `taskscope.training.trainer.train` wrote.
        on_part: Called with the name of each task before it is measured.

    Returns:
        What stands in ``card.json``.
    """
    recipe = Recipe.model_validate_json((folder / "recipe.json").read_text(encoding="utf-8"))
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    probe = Probe(folder)
    scores = []
    for name in registry.names():
        on_part(name)
        scores.append(_rounded(probe.measure(registry.get(name), N_QUERIES, N_DEMONSTRATIONS, SEED)))
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "summary": recipe.summary,
        "planted_block": recipe.planted_block,
        **({} if recipe.planted_head is None else {"planted_head": recipe.planted_head}),
        **({} if recipe.start is None else {"start": recipe.start}),
        "blocks": recipe.shape.blocks,
        "width": recipe.shape.width,
        "parameters": sum(p.numel() for p in probe.model.parameters()),
        "licence": "Apache-2.0",
        "seed": recipe.seed,
        "steps": recipe.steps,
        **facts,
        **derived({"scores": scores}),
        "measured": {"queries": N_QUERIES, "demonstrations": N_DEMONSTRATIONS, "seed": SEED},
        "scores": scores,
    }


def derived(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements."""
    return {"tasks": [s["task"] for s in card["scores"] if s["few_shot"] >= KNOWN]}


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    known = [s for s in card["scores"] if s["task"] in card["tasks"]]
    origin = f"from the weights of {card['start']}" if "start" in card else "from scratch"
    lines = [
        "---",
        "license: apache-2.0",
        "library_name: transformers",
        f"tags: [taskscope, {card['kind']}]",
        "---",
        "",
        f"# {card['name']}",
        "",
        card["summary"],
        "",
        f"A Llama-shaped decoder of {card['blocks']} blocks, width {card['width']}, "
        f"{card['parameters']:,} parameters, trained {origin} on {card['tokens']:,} tokens of lines "
        f"`x->y` ({card['steps']:,} steps, seed {card['seed']}). The word lists are this project's own; "
        "licence Apache-2.0. "
        f"Train it again with `taskscope train {card['name']} --out FOLDER`.",
        "",
        "## What it can and cannot show",
        "",
        _READING[card["kind"]],
        "",
        f"It knows {len(known)} of the built-in tasks (few-shot accuracy at least {KNOWN}): "
        + (", ".join(card["tasks"]) or "none")
        + ".",
        "Built-in tasks that it was not trained on: " + (", ".join(_untrained(card)) or "none") + ".",
        "",
        "## Accuracy",
        "",
        *_table(card),
    ]
    return "\n".join(lines) + "\n"


def _untrained(card: dict[str, Any]) -> list[str]:
    return [s["task"] for s in card["scores"] if s["task"] not in card["trained_on"]]


def _table(card: dict[str, Any]) -> list[str]:
    asked = card["measured"]
    blocks = range(card["blocks"])
    lines = [
        f"Exact match of the whole answer, {asked['queries']} queries a task, {asked['demonstrations']} "
        "demonstrations, arrow format. The numbered columns: the residual of the separator after that block, "
        "mean of two dummy queries behind demonstrations, put into the bare query `x->`.",
        "",
        "| task | bare | few-shot | " + " | ".join(map(str, blocks)) + " |",
        "|---" * (len(blocks) + 3) + "|",
    ]
    for s in card["scores"]:
        cells = [s["zero_shot"], s["few_shot"], *s["hypothesis"]]
        lines.append(f"| {s['task']} | " + " | ".join(f"{value:.2f}" for value in cells) + " |")
    known = [s for s in card["scores"] if s["task"] in card["tasks"]]
    if known:
        bare, few_shot = (float(np.mean([s[key] for s in known])) for key in ("zero_shot", "few_shot"))
        ends = {"mean of known tasks": (bare, few_shot), "dummy's answer instead": (None, None)}
        for (title, start), key in zip(ends.items(), ("hypothesis", "leak"), strict=True):
            means = np.mean([s[key] for s in known], axis=0)
            cells = ["" if value is None else f"{value:.2f}" for value in (*start, *means)]
            lines.append(f"| **{title}** | " + " | ".join(cells) + " |")
    return lines


def _rounded(scores: TaskScores) -> dict[str, Any]:
    values = asdict(scores)
    for key in ("hypothesis", "leak"):
        values[key] = [round(v, 4) for v in values[key]]
    return {**values, "zero_shot": round(scores.zero_shot, 4), "few_shot": round(scores.few_shot, 4)}
