"""Write the model with planted groups and its null model into the package.

python -m taskscope.training.groups.shipping
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from taskscope import pico
from taskscope.training import card
from taskscope.training.checkpoints import weights_hash
from taskscope.training.export import write_folder
from taskscope.training.groups import network
from taskscope.training.trainer import FACTS, RECIPE

SUMMARIES = {
    "planted-groups": (
        "Twelve tasks in two groups: those of a group are answered by one circuit of weights, which the "
        "other group does not use, while every task shares its words with one of the other group alone."
    ),
    "null-groups": "The same tasks in the same words, each answered by a circuit of its own.",
}


def write(name: str, out: Path) -> None:
    """Write one of `SUMMARIES` as a plain Hugging Face folder, without its card."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = network.tokenizer()
    hf = network.build(tokenizer, null=name == "null-groups")
    write_folder(hf, tokenizer, out, torch.bfloat16)
    recipe = {"name": name, "kind": "groups", "summary": SUMMARIES[name]}
    facts = {"tokens": 0, "weights_sha256": weights_hash(hf)}
    for file, content in ((RECIPE, recipe), (FACTS, facts)):
        (out / file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Write both models and their cards."""
    for name in SUMMARIES:
        out = Path(pico.__file__).parent / "planted" / name
        write(name, out)
        card.write_card(out)


if __name__ == "__main__":
    main()
