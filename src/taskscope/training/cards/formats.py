"""Few-shot accuracy on the published tasks in every format that a study can ask in.

    python -m taskscope.training.cards.formats pico-l pico-l-icl

prints a Markdown table, model by model; the cards hold one format alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.errors import ModelError
from taskscope.models.loading import load
from taskscope.tasks.prompts import FORMATS
from taskscope.tasks.registry import PAPER_TASKS
from taskscope.training import recipes
from taskscope.training.cards import few_shot
from taskscope.training.cards.gate import FEW, GAIN, NONE
from taskscope.training.cards.questions import SEEN, questions
from taskscope.training.language_recipes import LanguageRecipe

DRAWS = 50


@dataclass(frozen=True)
class InFormat:
    """Mean accuracy of one model in one format over the published tasks, facts seen in training."""

    model: str
    format: str
    none: float
    few: float
    """With eight demonstrations."""
    n_gained: int
    """Tasks that gain at least `gate.GAIN` from them."""
    n_tasks: int


def in_formats(
    model: str,
    formats: Sequence[str] = tuple(FORMATS),
    draws: int = DRAWS,
    tasks: Sequence[str] = PAPER_TASKS,
) -> Iterator[InFormat]:
    """Measure a built-in model format by format.

    Raises:
        ModelError: If it is not one of the family, whose corpus says which facts were seen.
    """
    recipe = recipes.get(model)
    if not isinstance(recipe, LanguageRecipe):
        raise ModelError(f"{model!r} was trained on no corpus", "a model of the family, such as pico-m")
    loaded, split = load(model), recipe.mixture.split
    others = few_shot.other_tasks(split)
    asked = [q for q in questions(split) if q.task.name in tasks and q.facts == SEEN]
    for name in formats:
        rows = [
            few_shot.measure(loaded, q, others, draws, 0, FORMATS[name], (int(NONE), int(FEW))) for q in asked
        ]
        shares = np.array([[row["by_count"][k][0] for k in (NONE, FEW)] for row in rows])
        gained = int((shares[:, 1] - shares[:, 0] >= GAIN).sum())
        none, few = shares.mean(axis=0)
        yield InFormat(model, name, float(none), float(few), gained, len(rows))


def main() -> None:
    """Print the table of the models that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="+")
    sys.stdout.write("| model | format | none | eight | tasks that gain half or more |\n")
    sys.stdout.write("| --- | --- | ---: | ---: | ---: |\n")
    for model in parser.parse_args().models:
        for row in in_formats(model):
            cells = (
                row.model,
                row.format,
                f"{row.none:.2f}",
                f"{row.few:.2f}",
                f"{row.n_gained} of {row.n_tasks}",
            )
            sys.stdout.write(f"| {' | '.join(cells)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
