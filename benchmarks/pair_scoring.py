"""Minimal pairs: taskscope beside minicons and lm-evaluation-harness on the same model and sentences.

Run as

    python benchmarks/pair_scoring.py [--repeats 3] [--write docs/benchmarks.md]

Every way scores whole sentences behind one token that begins them (protocol task_spaces 4.4); sentences must
agree before anything is timed, and every paradigm's accuracy with them. minicons and the harness (`pip
install minicons lm-eval`) are left out where they are not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from taskscope import pico
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from taskscope.tasks import pair_registry
from timing import TOLERANCE, compare, main, medians, processor, runs

SHAPE = {"n_layer": 4, "n_embd": 256, "n_head": 4, "vocab_size": 50257}
"""About 16 M parameters; a vocabulary of a usual size, since the head's share is what batches waste."""
N_PAIRS = 4
"""Of each of our 19 paradigms."""
BATCH = 32
"""Sentences of a batch, where a way asks for a number."""


@dataclass(frozen=True)
class Problem:
    """A model and the sentences that it is asked to score, good and bad in turn."""

    model: LanguageModel
    sentences: list[str]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Good and bad sentence of each pair."""
        return list(zip(self.sentences[::2], self.sentences[1::2], strict=True))


def margins(problem: Problem) -> np.ndarray:
    """What the study does: what both sentences start with is encoded once, and never scored."""
    scores = problem.model.score_contrasts(problem.model.contrasts(problem.pairs))
    return scores[:, 0] - scores[:, 1]


def whole(problem: Problem) -> np.ndarray:
    """Score whole sentences with taskscope."""
    return np.asarray(problem.model.score([("", text) for text in problem.sentences]))


def harness(problem: Problem) -> np.ndarray:
    """The Hugging Face backend of lm-evaluation-harness, an empty context before each sentence."""
    from lm_eval.api.instance import Instance  # pyright: ignore[reportMissingImports]
    from lm_eval.models.huggingface import HFLM  # pyright: ignore[reportMissingImports]

    model = problem.model
    backend = HFLM(pretrained=model.hf, tokenizer=model.tokenizer, batch_size=BATCH, max_length=model.context)
    asked = [Instance("loglikelihood", {}, ("", text), i) for i, text in enumerate(problem.sentences)]
    return np.array([score for score, _ in backend.loglikelihood(asked, disable_tqdm=True)])


def minicons(problem: Problem) -> np.ndarray:
    """minicons, sums over tokens; the tokenizer puts the beginning there by itself."""
    from minicons.scorer import IncrementalLMScorer  # pyright: ignore[reportMissingImports]

    scorer = IncrementalLMScorer(problem.model.hf, "cpu", tokenizer=problem.model.tokenizer)
    found: list[float] = []
    for start in range(0, len(problem.sentences), BATCH):
        batch = problem.sentences[start : start + BATCH]
        found += scorer.sequence_score(batch, reduction=lambda x: x.sum().item())
    return np.array(found)


def one_by_one(problem: Problem) -> np.ndarray:
    """One pass a sentence, all logits."""
    found, model = [], problem.model
    with torch.no_grad():
        for text in problem.sentences:
            start, rest = model.encode_pair("", text)
            logits = model.hf(torch.tensor([start + rest]), use_cache=False).logits[0, len(start) - 1 : -1]
            logprob = logits.float().log_softmax(-1).gather(1, torch.tensor(rest)[:, None])
            found.append(float(logprob.double().sum()))
    return np.array(found)


OURS = "taskscope, from where they part"
SENTENCES: dict[str, Callable[[Problem], np.ndarray]] = {
    "taskscope, whole sentences": whole,
    "one sentence at a time": one_by_one,
}
if find_spec("minicons") is not None:
    SENTENCES[f"minicons {version('minicons')}, batches of {BATCH}"] = minicons
if find_spec("lm_eval") is not None:
    SENTENCES[f"lm-evaluation-harness {version('lm_eval')}, batches of {BATCH}"] = harness


def make_problem() -> Problem:
    """Make a GPT-2-shaped model with random weights, and sentences of our own paradigms."""
    folder = pico.folder("pico-m")
    assert folder is not None
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    hf = GPT2LMHeadModel(GPT2Config(**SHAPE)).eval()
    model = LanguageModel(hf, tokenizer, None, locate(hf), "random", "random")
    paradigms = pair_registry.get(pair_registry.OURS)
    pairs = [pair for paradigm in paradigms for pair in paradigm.pairs[:N_PAIRS]]
    return Problem(model, [text for pair in pairs for text in (pair.good, pair.bad)])


def table(repeats: int) -> str:
    """Run every way; return the Markdown section."""
    problem = make_problem()
    reference, worst = compare(SENTENCES, problem, "one sentence at a time")
    wanted, found = reference[::2] - reference[1::2], margins(problem)
    apart = float(np.abs(found - wanted).max())
    if apart > 2 * TOLERANCE or ((found > 0) != (wanted > 0)).any():
        raise SystemExit(f"margins are {apart:.1e} nats apart, or another sentence of a pair is the likelier")
    times = medians({OURS: margins, **SENTENCES}, problem, repeats)
    ours, n = times[OURS], len(problem.sentences)
    lines = [f"| {name} | {took:.2f} | {n / took:.0f} | {took / ours:.1f} |" for name, took in times.items()]
    return "\n".join(
        [
            "## Minimal pairs",
            "",
            f"A GPT-2-shaped model of {SHAPE['n_layer']} blocks, width {SHAPE['n_embd']} and "
            f"{SHAPE['vocab_size']:,} tokens, random weights; {n} sentences, {N_PAIRS} pairs of each of "
            f"{len(wanted) // N_PAIRS} paradigms. `benchmarks/pair_scoring.py`, one process, "
            f"{runs(repeats)}, CPU time on one thread, tokenising included.",
            "",
            f"{processor()}; torch {version('torch')}, transformers {version('transformers')}. Whole "
            f"sentences agree to {worst:.1e} nats, margins to {apart:.1e}, and in every pair the same "
            "sentence is the likelier.",
            "",
            "| way | CPU seconds | sentences per second | times taskscope |",
            "|---|---:|---:|---:|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=3)
