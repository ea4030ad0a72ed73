"""Layer sweep: taskscope beside the loops that one would write instead; same model, same prompts.

Replaces the residual of the last token after every block in turn and reads the next-token prediction. Run as

    python benchmarks/layer_sweep.py [--repeats 5] [--write docs/benchmarks.md]

Every way runs on one thread, in turn, `--repeats` times; the table gives the median CPU time and the ratio to
taskscope. Before that the numbers are compared: all ways must agree. nnsight is left out where it is not
installed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from timing import compare, main, medians, processor

N_BLOCKS, WIDTH, VOCABULARY = 24, 256, 8192
SIZES = ((8, 16), (8, 64), (100, 4))
"""Tokens per prompt, prompts."""


@dataclass(frozen=True)
class Problem:
    """One sweep: prompts of equal length, and a vector for every prompt and block."""

    model: LanguageModel
    prompts: list[str]
    answers: list[list[str]]
    vectors: np.ndarray
    """(prompt, block, d_model) float32."""

    def tokens(self) -> torch.Tensor:
        """Encode the prompts, (prompt, token)."""
        return torch.tensor([self.model.encode(prompt) for prompt in self.prompts])

    def targets(self) -> torch.Tensor:
        """Encode the answers, one token each, (prompt, 1)."""
        return torch.tensor([self.model.encode(answer) for [answer] in self.answers])


Way = Callable[[Problem], np.ndarray]
"""Gives log p of the answer, (prompt, block)."""


def taskscope_sweep(problem: Problem) -> np.ndarray:
    """All blocks in one pass."""
    sweep = problem.model.sweep(problem.prompts, {"one": problem.vectors}, {"gold": problem.answers})
    return sweep.logprob["gold"][0]


@contextmanager
def replaced(block: torch.nn.Module, vectors: torch.Tensor) -> Iterator[None]:
    """Replace the last token's residual after a block, as one does by hand."""

    def replace(_module: Any, _args: Any, output: Any) -> Any:
        hidden = (output if isinstance(output, torch.Tensor) else output[0]).clone()
        hidden[:, -1] = vectors
        return hidden if isinstance(output, torch.Tensor) else (hidden, *output[1:])

    handle = block.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def answer_logprob(logits: torch.Tensor, targets: torch.Tensor) -> np.ndarray:
    """Return log p of the targets at the last token, (prompt,)."""
    return logits[:, -1].float().log_softmax(-1).gather(1, targets)[:, 0].numpy()


@torch.no_grad()
def loop_over_blocks(problem: Problem) -> np.ndarray:
    """One pass over the whole prompts per block, batched over prompts."""
    hf, ids, targets = problem.model.hf, problem.tokens(), problem.targets()
    vectors = torch.from_numpy(problem.vectors)
    found = []
    for number, block in enumerate(hf.model.layers):
        with replaced(block, vectors[:, number]):
            found.append(answer_logprob(hf(ids, use_cache=False, logits_to_keep=1).logits, targets))
    return np.stack(found, axis=1)


@torch.no_grad()
def loop_with_cached_prefix(problem: Problem) -> np.ndarray:
    """The prefix encoded once; one pass over the last tokens per block, the cache cropped after each."""
    hf, ids, targets = problem.model.hf, problem.tokens(), problem.targets()
    vectors = torch.from_numpy(problem.vectors)
    cache = hf(ids[:, :-1], use_cache=True, logits_to_keep=1).past_key_values
    found = []
    for number, block in enumerate(hf.model.layers):
        with replaced(block, vectors[:, number]):
            output = hf(ids[:, -1:], past_key_values=cache, use_cache=True, logits_to_keep=1)
        found.append(answer_logprob(output.logits, targets))
        cache.crop(-1)
    return np.stack(found, axis=1)


@torch.no_grad()
def nnsight_trace_per_block(problem: Problem) -> np.ndarray:
    """The same loop in nnsight: one trace per block."""
    from nnsight import NNsight

    traced = NNsight(problem.model.hf)
    ids, targets = problem.tokens(), problem.targets()
    vectors = torch.from_numpy(problem.vectors)
    found = []
    for number in range(N_BLOCKS):
        vector = vectors[:, number]
        with traced.trace(ids, use_cache=False, logits_to_keep=1):
            traced.model.layers[number].output[:, -1] = vector
            logits = traced.lm_head.output.save()
        found.append(answer_logprob(logits, targets))
    return np.stack(found, axis=1)


def ways() -> dict[str, Way]:
    """List what is compared, taskscope first."""
    known: dict[str, Way] = {
        "taskscope, one pass": taskscope_sweep,
        "loop over blocks": loop_over_blocks,
        "loop over blocks, cached prefix": loop_with_cached_prefix,
    }
    if importlib.util.find_spec("nnsight") is None:
        print("nnsight is not installed: its row is left out")
    else:
        known["nnsight, one trace per block"] = nnsight_trace_per_block
    return known


def make_model() -> LanguageModel:
    """Make a random model of 24 blocks and a tokenizer whose tokens are words."""
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=N_BLOCKS,
        num_attention_heads=8,
        num_key_value_heads=8,
        vocab_size=VOCABULARY,
        max_position_embeddings=512,
    )
    torch.manual_seed(0)
    hf = LlamaForCausalLM(config)
    words = Tokenizer(WordLevel({f"w{i}": i for i in range(VOCABULARY)}, unk_token="w0"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
    return LanguageModel(hf, tokenizer, None, locate(hf), "random", "random")


def make_problem(model: LanguageModel, n_tokens: int, n_prompts: int) -> Problem:
    """Make prompts of words drawn at random, and vectors of the size of a residual."""
    rng = np.random.default_rng(n_tokens)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.integers(1, VOCABULARY, (n_prompts, n_tokens))]
    return Problem(
        model,
        texts,
        [[f" w{i}"] for i in rng.integers(1, VOCABULARY, n_prompts)],
        rng.normal(scale=0.5, size=(n_prompts, N_BLOCKS, WIDTH)).astype(np.float32),
    )


def table(repeats: int) -> str:
    """Run all sizes; return the Markdown section."""
    model, compared = make_model(), ways()
    header = ["prompts", "tokens each", "way", "CPU seconds", "times taskscope"]
    lines = ["| " + " | ".join(header) + " |", "|---:|---:|---|---:|---:|"]
    worst = 0.0
    for n_tokens, n_prompts in SIZES:
        problem = make_problem(model, n_tokens, n_prompts)
        worst = max(worst, compare(compared, problem, "loop over blocks")[1])
        seconds = medians(compared, problem, repeats)
        ours = next(iter(seconds.values()))
        lines += [
            f"| {n_prompts} | {n_tokens} | {name} | {took:.3f} | {took / ours:.1f} |"
            for name, took in seconds.items()
        ]
    packages = [p for p in ("torch", "transformers", "nnsight") if importlib.util.find_spec(p)]
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return "\n".join(
        [
            "## Layer sweep",
            "",
            f"A Llama-shaped model of {N_BLOCKS} blocks and width {WIDTH}, random weights; the residual of "
            "the last token is replaced after every block in turn. `benchmarks/layer_sweep.py`, one process, "
            f"medians of {repeats} interleaved repeats, CPU time on one thread.",
            "",
            f"{processor()}; {versions}. All ways agree to {worst:.1e} nats.",
            "",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=5)
