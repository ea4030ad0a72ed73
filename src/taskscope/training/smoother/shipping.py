"""Write the planted smoother and its null model into the package.

python -m taskscope.training.smoother.shipping
"""

from __future__ import annotations

from pathlib import Path

from taskscope.training import handwritten
from taskscope.training.smoother import network, words

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
    tokenizer = words.tokenizer()
    hf = network.build(tokenizer, null=name == "null-smoother")
    handwritten.write(out, hf, tokenizer, name=name, kind="smoother", summary=SUMMARIES[name])


if __name__ == "__main__":
    handwritten.ship(SUMMARIES, write)
