"""Write the model with planted groups and its null model into the package.

python -m taskscope.training.groups.shipping
"""

from __future__ import annotations

from pathlib import Path

from taskscope.training import handwritten
from taskscope.training.groups import network

SUMMARIES = {
    "planted-groups": (
        "Twelve tasks in two groups: those of a group are answered by one circuit of weights, which the "
        "other group does not use, while every task shares its words with one of the other group alone."
    ),
    "null-groups": "The same tasks in the same words, each answered by a circuit of its own.",
}


def write(name: str, out: Path) -> None:
    """Write one of `SUMMARIES` as a plain Hugging Face folder, without its card."""
    tokenizer = network.tokenizer()
    hf = network.build(tokenizer, null=name == "null-groups")
    handwritten.write(out, hf, tokenizer, name=name, kind="groups", summary=SUMMARIES[name])


if __name__ == "__main__":
    handwritten.ship(SUMMARIES, write)
