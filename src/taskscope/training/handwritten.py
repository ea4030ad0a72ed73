"""Models whose weights nobody trained: from a network to the folder that goes into the package."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from taskscope import pico
from taskscope.training import card
from taskscope.training.checkpoints import weights_hash
from taskscope.training.export import write_folder
from taskscope.training.trainer import FACTS, RECIPE


def write(
    out: Path, hf: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, *, name: str, kind: str, summary: str
) -> None:
    """Write a plain Hugging Face folder in half precision, without its card.

    Args:
        out: Folder to write.
        hf: The network.
        tokenizer: Its tokeniser.
        name: Name of the model.
        kind: Which card measures it.
        summary: What it is, for lists and cards.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_folder(hf, tokenizer, out, torch.bfloat16)
    recipe = {"name": name, "kind": kind, "summary": summary}
    facts = {"tokens": 0, "weights_sha256": weights_hash(hf)}
    for file, content in ((RECIPE, recipe), (FACTS, facts)):
        (out / file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def ship(names: Iterable[str], write_one: Callable[[str, Path], None]) -> None:
    """Write models and their cards into the package."""
    for name in names:
        out = Path(pico.__file__).parent / "planted" / name
        write_one(name, out)
        card.write_card(out)
