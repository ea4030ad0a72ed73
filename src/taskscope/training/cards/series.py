"""What a language model could do along its training: the numbers of its card that make a curve.

Few-shot accuracy over the published tasks, English and grammar, for every checkpoint that is shipped and for
the end of training.  Losses on all held-out parts at every milestone stand in ``evaluations.jsonl``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.models.checkpoints import STARTED
from taskscope.models.loading import load
from taskscope.stats.intervals import percentile_interval, resampling_weights
from taskscope.tasks.prompts import FORMATS
from taskscope.tasks.registry import PAPER_TASKS
from taskscope.training.cards import english, few_shot, grammar
from taskscope.training.cards.gate import FEW, NONE
from taskscope.training.cards.language import CORPORA, FORMAT, PAIRS, Effort
from taskscope.training.cards.questions import SEEN, UNSEEN, Question, questions
from taskscope.training.language import CHECKPOINTS, EVALUATIONS
from taskscope.training.language_recipes import LanguageRecipe

SERIES = "series.json"
SHIPPED = "shipped"
"""False in a row of a checkpoint whose weights were given up for their size."""
DRAWS = 2_000
PAIRS_A_PARADIGM = 300
"""First minimal pairs of each paradigm that a checkpoint is judged on; the end of training is on all."""

OnPart = Callable[[str], None]


def write(
    folder: Path,
    card: dict[str, Any],
    on_part: OnPart = lambda name: None,
    *,
    data: Path | None = None,
    effort: Effort | None = None,
) -> list[dict[str, Any]]:
    """Measure the checkpoints in a shipped folder and write ``series.json``, the end of training last.

    What was measured of a checkpoint that is no longer shipped stays, and says so, if it led to the same end.

    Args:
        folder: What is shipped, its card included.
        card: What stands in its ``card.json``.
        on_part: Called with the name of each part before it is measured.
        data: As for `taskscope.training.card.measure`.
        effort: As there.
    """
    recipe = LanguageRecipe.model_validate_json((folder / "recipe.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (folder / EVALUATIONS).read_text(encoding="utf-8").splitlines()]
    before = card.get(STARTED, {}).get("tokens", 0)
    tokens = {row["step"]: before + row["tokens"] for row in rows}
    path, series = folder / SERIES, []
    end = {"step": card["steps"], "tokens": card["tokens"], **at_the_end(card)}
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    measured_before = {row["step"]: row for row in earlier[:-1]} if end in earlier[-1:] else {}
    for step in sorted(tokens):
        kept = folder / CHECKPOINTS / f"step-{step}"
        if kept.is_dir():
            on_part(f"checkpoint of step {step}")
            measured = measure(kept, recipe, data=data, effort=effort or Effort())
            series.append({"step": step, "tokens": tokens[step], **measured})
        elif step in measured_before:
            series.append({**measured_before[step], SHIPPED: False})
    series.append(end)
    path.write_text(json.dumps(series, indent=2) + "\n", encoding="utf-8")
    return series


def measure(
    folder: Path, recipe: LanguageRecipe, *, data: Path | None = None, effort: Effort
) -> dict[str, Any]:
    """Measure one checkpoint; arguments as `write`."""
    model = load(str(folder))
    others, form = few_shot.other_tasks(recipe.mixture.split), FORMATS[FORMAT]
    asked = [q for q in questions(recipe.mixture.split) if _counts(q, effort)]
    shots = tuple(int(k) for k in (NONE, FEW))
    rows = [few_shot.measure(model, q, others, effort.draws, effort.seed, form, shots) for q in asked]
    wiki = data / CORPORA if data else None
    pairs = data / PAIRS if data else None
    return {
        "few_shot": _over_tasks(rows),
        "english": _english(english.measure(model.hf, model.tokenizer, wiki, model.context, effort.articles))
        if wiki
        else None,
        "grammar": grammar.measure(model, pairs, effort.pairs or PAIRS_A_PARADIGM)["overall"]
        if pairs
        else None,
    }


def at_the_end(card: dict[str, Any]) -> dict[str, Any]:
    """Return from a card what `measure` returns for a checkpoint."""
    rows = [row for row in card["few_shot"] if row["task"] in PAPER_TASKS]
    return {
        "few_shot": _over_tasks(rows),
        "english": _english(card["english"]) if card["english"] else None,
        "grammar": card["grammar"]["overall"] if card["grammar"] else None,
    }


def _counts(question: Question, effort: Effort) -> bool:
    asked = effort.tasks is None or question.task.name in effort.tasks
    return asked and question.task.name in PAPER_TASKS and question.facts in (SEEN, UNSEEN)


def _english(measured: dict[str, Any]) -> dict[str, Any]:
    return {key: measured[key] for key in ("bits_per_byte", "interval")}


def _over_tasks(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean accuracy over tasks by facts and demonstrations, with intervals that resample tasks."""
    found: dict[str, Any] = {}
    for facts in (SEEN, UNSEEN):
        mine = [row for row in rows if row["facts"] == facts and {NONE, FEW} <= row["by_count"].keys()]
        if not mine:
            continue
        shares = np.array([[row["by_count"][k][0] for k in (NONE, FEW)] for row in mine])
        weights = resampling_weights(len(mine), DRAWS, np.random.default_rng(0)) / len(mine)
        drawn = weights @ shares
        found[facts] = {"tasks": len(mine)}
        for i, k in enumerate((NONE, FEW)):
            low, high = percentile_interval(drawn[:, i])
            found[facts][k] = [float(shares[:, i].mean()), float(low), float(high)]
    return found
