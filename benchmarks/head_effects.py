"""Head effects: taskscope beside the loop over heads that one would write instead; same model, same prompts.

Replaces the output of every attention head at the last token in turn and reads the probability of the answer.
Run as

    python benchmarks/head_effects.py [--repeats 3] [--write docs/benchmarks.md]

Every way runs on one thread, in turn, `--repeats` times; the table gives the median CPU time and the ratio to
taskscope. Before that the numbers are compared: all ways must agree.
"""

from __future__ import annotations

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

from layer_sweep import answer_logprob
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from timing import TOLERANCE, compare, main, medians, processor

N_BLOCKS, N_HEADS, WIDTH, VOCABULARY = 12, 8, 256, 8192
N_TOKENS, N_PROMPTS = 100, 2
HEAD = WIDTH // N_HEADS


@dataclass(frozen=True)
class Problem:
    """Prompts of equal length, and what stands in for every head's output."""

    model: LanguageModel
    prompts: list[str]
    answers: list[str]
    outputs: np.ndarray
    """(block, head, head_dim) float32."""

    def tokens(self) -> torch.Tensor:
        """Encode the prompts, (prompt, token)."""
        return torch.tensor([self.model.encode(prompt) for prompt in self.prompts])

    def targets(self) -> torch.Tensor:
        """Encode the answers, one token each, (prompt, 1)."""
        return torch.tensor([self.model.encode(answer) for answer in self.answers])


Way = Callable[[Problem], np.ndarray]
"""Gives log p of the answer, (prompt, head); heads counted block by block."""


def taskscope_effects(problem: Problem) -> np.ndarray:
    """All heads in one pass."""
    flat = problem.outputs.reshape(-1, HEAD)
    return problem.model.head_effects(problem.prompts, flat, problem.answers).patched


@contextmanager
def replaced(projection: torch.nn.Module, head: int, output: torch.Tensor) -> Iterator[None]:
    """Replace one head's output at the last token, as one does by hand."""

    def replace(_module: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        mixed = args[0].clone()
        mixed[:, -1, head * HEAD : (head + 1) * HEAD] = output
        return mixed, *args[1:]

    handle = projection.register_forward_pre_hook(replace)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def loop_over_heads(problem: Problem) -> np.ndarray:
    """One pass over the whole prompts per head, batched over prompts."""
    hf, ids, targets = problem.model.hf, problem.tokens(), problem.targets()
    outputs, found = torch.from_numpy(problem.outputs), []
    for number, block in enumerate(hf.model.layers):
        for head in range(N_HEADS):
            with replaced(block.self_attn.o_proj, head, outputs[number, head]):
                found.append(answer_logprob(hf(ids, use_cache=False, logits_to_keep=1).logits, targets))
    return np.stack(found, axis=1)


@torch.no_grad()
def loop_with_cached_prefix(problem: Problem) -> np.ndarray:
    """The prefix encoded once; one pass over the last tokens per head, the cache cropped after each."""
    hf, ids, targets = problem.model.hf, problem.tokens(), problem.targets()
    outputs, found = torch.from_numpy(problem.outputs), []
    cache = hf(ids[:, :-1], use_cache=True, logits_to_keep=1).past_key_values
    for number, block in enumerate(hf.model.layers):
        for head in range(N_HEADS):
            with replaced(block.self_attn.o_proj, head, outputs[number, head]):
                output = hf(ids[:, -1:], past_key_values=cache, use_cache=True, logits_to_keep=1)
            found.append(answer_logprob(output.logits, targets))
            cache.crop(-1)
    return np.stack(found, axis=1)


WAYS: dict[str, Way] = {
    "taskscope, one pass": taskscope_effects,
    "loop over heads": loop_over_heads,
    "loop over heads, cached prefix": loop_with_cached_prefix,
}
"""What is compared, taskscope first."""


def make_problem() -> Problem:
    """Make a random model, prompts of words drawn at random, and outputs of the size of a head's."""
    config = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=N_BLOCKS,
        num_attention_heads=N_HEADS,
        num_key_value_heads=N_HEADS,
        vocab_size=VOCABULARY,
        max_position_embeddings=512,
    )
    torch.manual_seed(0)
    hf = LlamaForCausalLM(config)
    words = Tokenizer(WordLevel({f"w{i}": i for i in range(VOCABULARY)}, unk_token="w0"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
    model = LanguageModel(hf, tokenizer, None, locate(hf), "random", "random")
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.integers(1, VOCABULARY, (N_PROMPTS, N_TOKENS))]
    answers = [f" w{i}" for i in rng.integers(1, VOCABULARY, N_PROMPTS)]
    outputs = rng.normal(scale=0.5, size=(N_BLOCKS, N_HEADS, HEAD)).astype(np.float32)
    return Problem(model, texts, answers, outputs)


def table(repeats: int) -> str:
    """Run every way; return the Markdown section."""
    problem = make_problem()
    reference, worst = compare(WAYS, problem, "loop over heads")
    if float(np.ptp(reference, axis=1).min()) < 100 * TOLERANCE:
        raise SystemExit("no head does anything")
    seconds = medians(WAYS, problem, repeats)
    ours = next(iter(seconds.values()))
    most = (N_BLOCKS * N_HEADS + 1) * N_TOKENS / (N_TOKENS + N_BLOCKS * N_HEADS)
    return "\n".join(
        [
            "## Head effects",
            "",
            f"A Llama-shaped model of {N_BLOCKS} blocks, {N_HEADS} heads each, and width {WIDTH}, random "
            f"weights; {N_PROMPTS} prompts of {N_TOKENS} tokens. The output of every one of "
            f"{N_BLOCKS * N_HEADS} heads at the last token is replaced in turn. "
            f"`benchmarks/head_effects.py`, one process, medians of {repeats} interleaved repeats, CPU time "
            "on one thread.",
            "",
            f"{processor()}; torch {version('torch')}, transformers {version('transformers')}. All ways "
            f"agree to {worst:.1e} nats.",
            "",
            f"Counted in tokens, one pass can be at most {most:.0f} times cheaper than the loop.",
            "",
            "| way | CPU seconds | times taskscope |",
            "|---|---:|---:|",
            *(f"| {name} | {took:.3f} | {took / ours:.1f} |" for name, took in seconds.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=3)
