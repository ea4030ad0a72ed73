"""From a finished training to the folder that goes into the package.

    python -m taskscope.training.shipping TRAINED --data DATA --kept 78 130 ...

Weights in half precision, the loss curve thinned, checkpoints, the card, and the same numbers along training.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.training import card
from taskscope.training.cards import series
from taskscope.training.cards.language import Effort
from taskscope.training.cards.measuring import Probe
from taskscope.training.corpus.packed import PackedCorpus
from taskscope.training.export import write_folder
from taskscope.training.language import CHECKPOINTS, EVALUATIONS
from taskscope.training.trainer import FACTS, LOSSES, RECIPE

THIN = 50
"""Steps of which the shipped loss curve keeps one mean."""

OnPart = Callable[[str], None]


def ship(
    trained: Path,
    out: Path,
    on_part: OnPart = lambda name: None,
    *,
    data: Path | None = None,
    corpus: Path | None = None,
    kept: Sequence[int] = (),
    effort: Effort | None = None,
) -> dict[str, Any]:
    """Make the folder that goes into the package: weights in half precision, the loss thinned, the card.

    Args:
        trained: What `taskscope.training.trainer.train` wrote.
        out: Folder to write.
        on_part: As for `card.measure`; what is measured are the weights as shipped.
        data: As for `card.measure`.
        corpus: Packed corpus of a language model whose training did not hand its description over.
        kept: Steps of the checkpoints that are shipped too.
        effort: As for `card.measure`.

    Returns:
        What stands in ``card.json``.

    Raises:
        ModelError: If there is no checkpoint of a step in `kept`.
    """
    out.mkdir(parents=True, exist_ok=True)
    probe = Probe(trained)
    write_folder(probe.model, probe.tokenizer, out, torch.bfloat16)
    for name in (RECIPE, EVALUATIONS):
        if (trained / name).exists():
            shutil.copyfile(trained / name, out / name)
    facts = json.loads((trained / FACTS).read_text(encoding="utf-8"))
    if corpus is not None:
        facts["data"] = PackedCorpus(corpus).description
    (out / FACTS).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = [json.loads(line) for line in (trained / LOSSES).read_text(encoding="utf-8").splitlines()]
    thinned = [_mean(rows[i : i + THIN]) for i in range(0, len(rows), THIN)]
    (out / LOSSES).write_text("".join(json.dumps(row) + "\n" for row in thinned), encoding="utf-8")
    for step in kept:
        _copy_checkpoint(trained / CHECKPOINTS / f"step-{step}", out / CHECKPOINTS / f"step-{step}")
    written = card.write_card(out, on_part, data=data, effort=effort)
    if written["kind"] == "language":
        series.write(out, written, on_part, data=data, effort=effort)
    return written


def _copy_checkpoint(source: Path, out: Path) -> None:
    if not source.is_dir():
        raise ModelError(f"there is no {source}", "a step after which a checkpoint was kept")
    shutil.copytree(source, out, dirs_exist_ok=True)


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    losses = {key: round(float(np.mean([row[key] for row in rows])), 5) for key in ("loss", "edit_loss")}
    return {**rows[-1], **losses}


def main() -> None:
    """Ship a training into the package, under the name of its recipe."""
    from rich.console import Console
    from rich.progress import Progress

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path, help="what `taskscope train` wrote")
    parser.add_argument("--data", type=Path, help="folder with corpora_en and blimp")
    parser.add_argument("--kept", type=int, nargs="*", default=[], help="steps of checkpoints to ship")
    given = parser.parse_args()
    recipe = json.loads((given.trained / RECIPE).read_text(encoding="utf-8"))
    shelf = ("continued" if recipe.get("start") else "weights") if recipe["kind"] == "language" else "planted"
    out = Path(pico.__file__).parent / shelf / recipe["name"]
    parts = card.n_parts(given.trained, given.data) + len(given.kept)
    with Progress(console=Console(stderr=True)) as progress:
        whole = progress.add_task(recipe["name"], total=parts)

        def on_part(name: str) -> None:
            progress.update(whole, advance=1, description=f"{recipe['name']}: {name}")

        ship(given.trained, out, on_part, data=given.data, kept=given.kept)


if __name__ == "__main__":
    main()
