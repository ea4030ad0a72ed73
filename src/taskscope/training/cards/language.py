"""The card of a language model: everything that is known of it, measured on its folder alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskscope.models.checkpoints import STARTED
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.tasks.prompts import FORMATS
from taskscope.training.cards import documents, english, few_shot, grammar, shared_inputs
from taskscope.training.cards.gate import gate
from taskscope.training.cards.questions import questions
from taskscope.training.documents.formats import is_trained_on
from taskscope.training.language_recipes import LanguageRecipe

FORMAT = "arrow"
"""Format of `taskscope.tasks.prompts` in which few-shot learning is asked."""
CORPORA, PAIRS = "corpora_en", "blimp"
"""Folders below the data folder: of `english.SOURCE`, and of BLiMP."""

OnPart = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How much is measured; a shipped card is measured with the defaults."""

    draws: int = 100
    """Draws of each question, and at most of each task shown on shared inputs."""
    pairs: int | None = None
    """Minimal pairs of each paradigm; None for all."""
    articles: int | None = None
    """Articles of held-out English; None for all."""
    tasks: tuple[str, ...] | None = None
    """Tasks that are asked; None for all."""
    seed: int = 0


def measure(
    folder: Path, data: Path | None = None, effort: Effort | None = None, on_part: OnPart = lambda name: None
) -> dict[str, Any]:
    """Measure a trained folder.

    Args:
        folder: What `taskscope.training.trainer.train` wrote, or what is shipped of it.
        data: Folder with `CORPORA` and `PAIRS`; what needs one that is not there is left out by name.
        effort: How much is measured.
        on_part: Called with the name of each part before it is measured.

    Returns:
        What stands in ``card.json``.
    """
    effort = effort or Effort()
    recipe = LanguageRecipe.model_validate_json((folder / "recipe.json").read_text(encoding="utf-8"))
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    model = load(str(folder))
    card = {**_identity(recipe, facts, model), "left_out": {}}
    card["documents"] = documents.measure(model.hf, model.tokenizer, recipe.mixture, on_part)
    card["asked"] = _asked(recipe, effort, card["documents"])
    card["few_shot"] = _few_shot(model, recipe, effort, on_part)
    card["shared_inputs"] = shared_inputs.measure(
        model, recipe.mixture.split, effort.draws, effort.seed, FORMATS[FORMAT], on_part
    )
    card |= derived(card)
    card["english"] = _where_there(card, "english", data, CORPORA)
    if card["english"]:
        on_part(english.SOURCE)
        card["english"] = english.measure(
            model.hf, model.tokenizer, card["english"], model.context, effort.articles
        )
    card["grammar"] = _where_there(card, "grammar", data, PAIRS)
    if card["grammar"]:
        card["grammar"] = grammar.measure(model, card["grammar"], effort.pairs, on_part)
    return card


def derived(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says that follows from its measurements."""
    return {"gate": gate(card["few_shot"], card["shared_inputs"])}


def n_parts(effort: Effort, data: Path | None, folder: Path) -> int:
    """Count the parts that `measure` will name."""
    recipe = LanguageRecipe.model_validate_json((folder / "recipe.json").read_text(encoding="utf-8"))
    kinds = (len(recipe.mixture.all_shares) - 1) * (2 if recipe.mixture.split_share else 1)
    asked = sum(_is_asked(q.task.name, effort) for q in questions(recipe.mixture.split))
    blimp = len(list((data / PAIRS).glob("*.jsonl"))) if data else 0
    wiki = int(data is not None and (data / CORPORA).is_dir())
    return kinds + asked + len(shared_inputs.GROUPS) + blimp + wiki


def _identity(recipe: LanguageRecipe, facts: dict[str, Any], model: LanguageModel) -> dict[str, Any]:
    parameters = sum(p.numel() for p in model.hf.parameters())
    embeddings = model.hf.get_input_embeddings().weight.numel()
    started = facts.get(STARTED)
    before = started["tokens"] if started else 0
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "summary": recipe.summary,
        "licence": recipe.mixture.licence,
        "blocks": recipe.shape.blocks,
        "width": recipe.shape.width,
        "heads": recipe.shape.heads,
        "context": recipe.shape.context,
        "vocabulary": recipe.shape.vocabulary,
        "parameters": parameters,
        "parameters_without_embeddings": parameters - embeddings,
        "seed": recipe.seed,
        "steps": recipe.steps,
        "tokens": facts["tokens"] + before,
        "weights_sha256": facts["weights_sha256"],
        "corpus": facts["corpus"],
        "data": facts.get("data"),
        **({STARTED: started} if started else {}),
    }


def _asked(recipe: LanguageRecipe, effort: Effort, losses: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_trained_on": is_trained_on(FORMATS[FORMAT], recipe.mixture.arrow),
        "lines_in_task_documents": sum(part["lines_as_asked"] for part in losses.values()),
        "tokens_searched": sum(part["tokens"] for part in losses.values()),
        "draws": effort.draws,
        "seed": effort.seed,
    }


def _few_shot(
    model: LanguageModel, recipe: LanguageRecipe, effort: Effort, on_part: OnPart
) -> list[dict[str, Any]]:
    split, form = recipe.mixture.split, FORMATS[FORMAT]
    others = few_shot.other_tasks(split)
    rows = []
    for question in questions(split):
        if _is_asked(question.task.name, effort):
            on_part(f"{question.task.name}, {question.facts}")
            rows.append(few_shot.measure(model, question, others, effort.draws, effort.seed, form))
    return rows


def _is_asked(task: str, effort: Effort) -> bool:
    return effort.tasks is None or task in effort.tasks


def _where_there(card: dict[str, Any], part: str, data: Path | None, name: str) -> Any:
    """Return the folder that a part needs; where there is none, say so under ``left_out``."""
    if data is None:
        card["left_out"][part] = "no data folder was given (--data, or the variable TASKSCOPE_DATA)"
    elif not (data / name).is_dir():
        card["left_out"][part] = f"the data folder has no folder {name}"
    else:
        return data / name
    return None
