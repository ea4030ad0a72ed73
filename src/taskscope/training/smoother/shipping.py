"""Write the planted smoother and its null model into the package.

python -m taskscope.training.smoother.shipping
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from taskscope import pico
from taskscope.training import card
from taskscope.training.checkpoints import weights_hash
from taskscope.training.export import write_folder
from taskscope.training.smoother import network, words
from taskscope.training.trainer import FACTS, RECIPE

SUMMARIES = {
    "planted-smoother": (
        "Its answer is a kernel regression over the demonstrations, to five digits: head 0 of block 2 weighs "
        "every label by the likeness of its text to the query's, and no other head takes part."
    ),
    "null-smoother": (
        "The same parts without the last one: it answers from the query's own words, whatever the "
        "demonstrations say, and its heads look at labels at random."
    ),
}


def write(name: str, out: Path) -> None:
    """Write one of `SUMMARIES` as a plain Hugging Face folder, without its card."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = words.tokenizer()
    hf = network.build(tokenizer, null=name == "null-smoother")
    write_folder(hf, tokenizer, out, torch.bfloat16)
    recipe = {"name": name, "kind": "smoother", "summary": SUMMARIES[name]}
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
