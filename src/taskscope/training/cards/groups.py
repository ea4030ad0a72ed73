"""The card of the planted groups and of their null model: who shares weights with whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.models import gradients
from taskscope.models.loading import load
from taskscope.models.overlap import compare
from taskscope.tasks import pair_planted


def measure(folder: Path, on_part: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Score all pairs of all tasks, and compare the gradients of every two tasks.

    Args:
        folder: What `groups.shipping` wrote.
        on_part: Called with the name of each task before it is measured.

    Returns:
        What stands in ``card.json``.
    """
    recipe, facts = (
        json.loads((folder / name).read_text(encoding="utf-8")) for name in ("recipe.json", "training.json")
    )
    model = load(str(folder))
    found, right = [], []
    for name in pair_planted.NAMES:
        on_part(name)
        pairs = model.contrasts([(pair.good, pair.bad) for pair in pair_planted.build(name).pairs])
        gradient, margins = gradients.margin(model.executor, pairs)
        found.append((gradient, gradients.everything(gradient)))
        right.append(float((margins > 0).mean()))
    cosine = compare(found).cosine
    group = np.array([pair_planted.group_of(name) for name in pair_planted.NAMES])
    contrast = np.array([pair_planted.contrast_of(name)[0] for name in pair_planted.NAMES])
    same, words = group[:, None] == group, contrast[:, None] == contrast
    np.fill_diagonal(same, False)
    np.fill_diagonal(words, False)
    neither = ~same & ~words & ~np.eye(len(group), dtype=bool)
    return {
        **recipe,
        "blocks": model.n_blocks,
        "width": model.d_model,
        "parameters": sum(p.numel() for p in model.hf.parameters()),
        "licence": "Apache-2.0",
        **facts,
        "right": {name: round(each, 4) for name, each in zip(pair_planted.NAMES, right, strict=True)},
        "likeness": {
            kind: [round(float(cosine[where].min()), 4), round(float(cosine[where].max()), 4)]
            for kind, where in (("same group", same), ("same words", words), ("neither", neither))
        },
    }


def n_parts() -> int:
    """Count the parts that `measure` names."""
    return len(pair_planted.NAMES)


def derived(_card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements: nothing."""
    return {}


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    shares = ", ".join(f"{name} {share:.2f}" for name, share in card["right"].items())
    lines = [
        "---",
        "license: apache-2.0",
        "library_name: transformers",
        "tags: [taskscope, planted, groups]",
        "---",
        "",
        f"# {card['name']}",
        "",
        card["summary"],
        "",
        f"A GPT-2 of {card['blocks']} block, width {card['width']}, {card['parameters']:,} parameters, "
        "written by hand and not trained; its feed-forward part is zero. Write it again with "
        "`python -m taskscope.training.groups.shipping`. Licence Apache-2.0.",
        "",
        f"It knows the words of the minimal pairs `{pair_planted.ALL}` and no others.",
        "",
        "Cosine of the gradients of two tasks by all weights, smallest and largest over pairs of tasks:",
        "",
        "| two tasks of | smallest | largest |",
        "|---|---|---|",
        *(f"| {kind} | {low:.2f} | {high:.2f} |" for kind, (low, high) in card["likeness"].items()),
        "",
        f"Share of pairs it gets right, before anything is learned: {shares}.",
    ]
    return "\n".join(lines) + "\n"
