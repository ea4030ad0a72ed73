"""The last row of attention: taskscope beside the whole maps that `output_attentions=True` gives.

Reads where the last token looks, for all heads of all blocks, in prompts of rising length. Run as

    python benchmarks/last_row.py [--repeats 3] [--write docs/benchmarks.md]

Every way and length runs in a process of its own, on one thread, so that its peak of memory is its own; the
table gives the median CPU time and how far the resident memory of the first call rose above that of the
loaded model. The rows of both ways are compared.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from timing import main, processor

N_BLOCKS, N_HEADS, WIDTH, VOCABULARY = 8, 8, 256, 8192
LENGTHS = (512, 2048, 4096)
"""Tokens of the prompts; whole maps of the longest take 4.3 GB."""
WARM = 64
TOLERANCE = 1e-5
"""Largest difference between the rows of the two ways."""
Way = Callable[[LanguageModel, tuple[int, ...]], np.ndarray]
"""Gives the last row, (block, head, token)."""


@dataclass(frozen=True)
class Measured:
    """What one way took."""

    seconds: float
    memory: int
    """Bytes above those of the loaded model, at the peak."""
    rows: np.ndarray


def taskscope_last_rows(model: LanguageModel, tokens: tuple[int, ...]) -> np.ndarray:
    """Read beside the fast kernel."""
    return model.last_rows([tokens]).rows[0]


def whole_maps(model: LanguageModel, tokens: tuple[int, ...]) -> np.ndarray:
    """Ask for all maps in eager mode, and cut the last rows out of them."""
    model.hf.set_attn_implementation("eager")
    with torch.no_grad():
        ids = torch.tensor([tokens])
        out = model.hf(input_ids=ids, output_attentions=True, use_cache=False, logits_to_keep=1)
    return np.stack([weights[0, :, -1].numpy() for weights in out.attentions])


WAYS: dict[str, Way] = {"taskscope, last rows": taskscope_last_rows, "output_attentions=True": whole_maps}


def make_model() -> LanguageModel:
    """Make a random Llama-shaped model."""
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=N_BLOCKS,
        num_attention_heads=N_HEADS,
        num_key_value_heads=N_HEADS,
        vocab_size=VOCABULARY,
        max_position_embeddings=max(LENGTHS),
        initializer_range=0.1,  # large enough for rows that are far from uniform
    )
    torch.manual_seed(0)
    hf = LlamaForCausalLM(config)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"x": 0}, unk_token="x")))
    return LanguageModel(hf, tokenizer, None, locate(hf), "random", "random")


def measure(name: str, n_tokens: int, repeats: int) -> Measured:
    """Measure one way in the process that calls this, which should do nothing else."""
    torch.set_num_threads(1)
    model, way = make_model(), WAYS[name]
    rng = np.random.default_rng(n_tokens)
    tokens = tuple(rng.integers(1, VOCABULARY, n_tokens).tolist())
    way(model, tokens[:WARM])
    before = _resident()
    seconds, rows, peak = [], np.zeros(0), 0
    for _ in range(repeats):
        start = time.process_time()
        rows = way(model, tokens)
        seconds.append(time.process_time() - start)
        # Of the first call: later ones may stand beside freed memory that the allocator has not given back.
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measured(statistics.median(seconds), peak - before, rows)


def _resident() -> int:
    """Return the resident memory now, in bytes; the highest so far where the system does not tell it."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(name: str, n_tokens: int, repeats: int) -> Measured:
    """Measure one way in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (name, n_tokens, repeats))


def table(repeats: int) -> str:
    """Run all lengths; return the Markdown section.

    Raises:
        SystemExit: If the rows differ by more than `TOLERANCE`.
    """
    header = ["tokens", "way", "CPU seconds", "times taskscope", "memory, MB", "times taskscope"]
    lines = ["| " + " | ".join(header) + " |", "|---:|---|---:|---:|---:|---:|"]
    worst = 0.0
    for n_tokens in LENGTHS:
        found = {name: alone(name, n_tokens, repeats) for name in WAYS}
        ours, theirs = found.values()
        worst = max(worst, float(np.abs(ours.rows - theirs.rows).max()))
        if worst > TOLERANCE:
            raise SystemExit(f"the rows differ by {worst:.1e} (at most {TOLERANCE:.0e})")
        lines += [
            f"| {n_tokens:,} | {name} | {one.seconds:.2f} | {one.seconds / ours.seconds:.1f} | "
            f"{one.memory / 1e6:,.0f} | {one.memory / ours.memory:.1f} |"
            for name, one in found.items()
        ]
    versions = ", ".join(f"{package} {version(package)}" for package in ("torch", "transformers"))
    return "\n".join(
        [
            "## The last row of attention",
            "",
            f"Where the last token looks, for all {N_BLOCKS * N_HEADS} heads of a Llama-shaped model of "
            f"{N_BLOCKS} blocks and width {WIDTH}, random weights, one prompt. `benchmarks/last_row.py`, a "
            f"process for each line, medians of {repeats} repeats, CPU time on one thread; memory is the "
            "peak above the loaded model.",
            "",
            f"{processor()}; {versions}. The rows agree to {worst:.1e}.",
            "",
            "Both ways run the same pass otherwise, which is nearly all that is left of the first: at 2,048 "
            "tokens the plain pass with the fast kernel, reading nothing, takes 0.80 to 0.84 s where reading "
            "takes 0.78 to 0.79 s, since feed-forward parts are run on 256 tokens at a time, which suits the "
            "cache. What is saved grows with the prompt and the number of heads; at 2,048 tokens busy hours "
            "gave 3.9 to 5.2 times, for whole maps depend on how fast memory is.",
            "",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=3)
