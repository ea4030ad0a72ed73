"""The card of a planted learner: the same questions to all, on labels that none was trained to give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.tasks import texts
from taskscope.training.cards.learner_probe import CONDITIONS, CONTROLS, LearnerProbe
from taskscope.training.documents import planted_words
from taskscope.training.text_recipes import TextRecipe

COUNTS = (8, 32)
"""Demonstrations."""
N_QUERIES, SEED = 64, 0


@dataclass(frozen=True)
class Definition:
    """What a learner is, by what it must manage."""

    tasks: tuple[str, ...]
    expected: dict[str, bool]
    """Conditions that it must manage, and those that it must not."""
    reader: str
    """How often a reader who knows every word is right."""


DEFINITIONS = {
    "fixed tasks": Definition(
        ("sentiment", "topics"),
        {"own": True, "fresh": False, "cipher": False},
        "nine times in ten where a text has one signal word",
    ),
    "fresh tasks": Definition(texts.FEW, {"own": True, "fresh": True, "cipher": True}, "always"),
    "two halves": Definition(
        texts.FEW, {"own": True, "synonym": True, "text-synonym": True, "cipher": False}, "always"
    ),
}
"""By kind of lessons."""


def measure(folder: Path, on_part: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Ask a trained folder under every condition.

    Args:
        folder: What `taskscope.training.trainer.train` wrote.
        on_part: Called with the name of each part before it is measured.

    Returns:
        What stands in ``card.json``.
    """
    recipe = TextRecipe.model_validate_json((folder / "recipe.json").read_text(encoding="utf-8"))
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    probe = LearnerProbe(folder)
    scores = []
    for name in DEFINITIONS[recipe.lessons].tasks:
        task = texts.build(name)
        for condition in CONDITIONS:
            on_part(f"{name}, {condition}")
            found = {k: probe.accuracy(condition, task, k, N_QUERIES, SEED) for k in COUNTS}
            by_count = {str(k): round(value, 4) for k, value in found.items()}
            scores.append({"task": name, "condition": condition, "accuracy": by_count})
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "summary": recipe.summary,
        "lessons": recipe.lessons,
        "wires": 0 if recipe.start is None else len(recipe.start.wires),
        "read_block": None if recipe.start is None else recipe.start.read_block,
        "blocks": recipe.shape.blocks,
        "width": recipe.shape.width,
        "parameters": sum(p.numel() for p in probe.model.parameters()),
        "licence": "Apache-2.0",
        "seed": recipe.seed,
        "steps": recipe.steps,
        **facts,
        **derived({"scores": scores, "lessons": recipe.lessons}),
        "measured": {
            "queries": N_QUERIES,
            "seed": SEED,
            "labels": "words that were never a label in training",
            "n_labels": len(planted_words.images("held-out")),
        },
        "scores": scores,
    }


def derived(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements: what was expected, and whether it holds."""
    definition = DEFINITIONS[card["lessons"]]
    checks = (
        _check(card["scores"], task, condition, managed)
        for task in definition.tasks
        for condition, managed in definition.expected.items()
    )
    return {"checks": list(checks)}


def n_parts(folder: Path) -> int:
    """Count the parts that `measure` names."""
    lessons = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))["lessons"]
    return len(DEFINITIONS[lessons].tasks) * len(CONDITIONS)


def _check(scores: list[dict[str, Any]], task: str, condition: str, managed: bool) -> dict[str, Any]:
    """Compare accuracy with what would be scored if nothing were learned from the demonstrations.

    That is the control of the condition, and guessing where it has none. It counts as managed when it is
    better by more than 1.96 standard errors of a difference of two shares.
    """
    most = str(max(COUNTS))
    values = {s["condition"]: s["accuracy"][most] for s in scores if s["task"] == task}
    guessing = 1 / len(texts.build(task).labels)
    value, control = values[condition], values.get(CONTROLS.get(condition, ""), guessing)
    error = np.sqrt(sum(p * (1 - p) for p in (value, control)) / N_QUERIES)
    return {
        "task": task,
        "condition": condition,
        "expected": managed,
        "accuracy": value,
        "control": round(control, 4),
        "holds": bool((value - control > 1.96 * error) == managed),
    }


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    lines = [
        "---",
        "license: apache-2.0",
        "library_name: transformers",
        "tags: [taskscope, planted, learner]",
        "---",
        "",
        f"# {card['name']}",
        "",
        card["summary"],
        "",
        f"A Llama-shaped decoder of {card['blocks']} blocks, width {card['width']}, "
        f"{card['parameters']:,} parameters, trained from scratch on {card['tokens']:,} tokens of "
        f"demonstrations ({card['lessons']}, {card['steps']:,} steps, seed {card['seed']}). The word lists "
        "are this project's own, the words that may become labels also those published with the paper (MIT); "
        "licence Apache-2.0. "
        f"Train it again with `taskscope train {card['name']} --out FOLDER`.",
        "",
        *_wired(card),
        "This is an instrument, not a model of how language models work: it shows whether a study tells one "
        "kind of learner from another. It knows the words of the built-in texts and of the lists of label "
        "words, and no others.",
        "",
        "## Checked",
        "",
        *_checks(card),
        "",
        "## Accuracy",
        "",
        *_table(card),
    ]
    return "\n".join(lines) + "\n"


def _wired(card: dict[str, Any]) -> list[str]:
    """Say what did not start at random."""
    if not card["wires"]:
        return []
    said = (
        f"{card['wires']} of its heads started where they are needed (`start` in recipe.json) and were "
        "trained from there, like all other weights."
    )
    if card["read_block"] is not None:
        said += (
            " Beside answers, training asked that the field of a label hold the text's own label after block "
            f"{card['read_block']}."
        )
    return [said, ""]


def _checks(card: dict[str, Any]) -> list[str]:
    lines = [
        f"By its definition, with {max(COUNTS)} demonstrations; the control is the same condition with "
        "nothing to learn in it, or guessing.",
        "",
        "| task | condition | should manage | accuracy | control | holds |",
        "|---|---|---|---|---|---|",
    ]
    for c in card["checks"]:
        cells = (
            c["task"],
            CONDITIONS[c["condition"]].title,
            _yes(c["expected"]),
            f"{c['accuracy']:.2f}",
            f"{c['control']:.2f}",
            _yes(c["holds"]),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _table(card: dict[str, Any]) -> list[str]:
    counts = list(card["scores"][0]["accuracy"])
    asked = card["measured"]
    lines = [
        f"{asked['queries']} queries a cell, fresh demonstrations, map and cipher for each; "
        f"the likeliest of the label words is the answer. Fresh labels are {asked['labels']} "
        f"({asked['n_labels']} of them). A reader who knows every word is right "
        f"{DEFINITIONS[card['lessons']].reader}.",
        "",
        "| task | condition | " + " | ".join(f"{k} shown" for k in counts) + " |",
        "|---" * (2 + len(counts)) + "|",
    ]
    for s in card["scores"]:
        cells = [f"{s['accuracy'][k]:.2f}" for k in counts]
        lines.append(f"| {s['task']} | {CONDITIONS[s['condition']].title} | " + " | ".join(cells) + " |")
    return lines


def _yes(value: bool) -> str:
    return "yes" if value else "no"
