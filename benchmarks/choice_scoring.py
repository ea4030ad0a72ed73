"""Classes after prompts: taskscope beside a row for every class, and beside a harness.

Three kinds of items, as in protocol inverse_scaling 7.3: two classes of one token, four classes of several
tokens, and few-shot prompts that begin alike. Run as

    python benchmarks/choice_scoring.py [--repeats 3] [--write docs/benchmarks.md]

Every way runs on one thread, in turn, `--repeats` times; the table gives the median CPU time, items per
second of it, and the ratio to taskscope. Before that the numbers are compared: all ways must agree. The
harness (`pip install lm-eval`) is left out where it is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from taskscope import pico
from taskscope.models.blocks import locate
from taskscope.models.choosing import encode, logprobs
from taskscope.models.language_model import LanguageModel
from taskscope.tasks.choices import ChoiceItem
from timing import TOLERANCE, compare, main, medians, processor

SHAPE = {"n_layer": 6, "n_embd": 512, "n_head": 8, "vocab_size": 50257}
"""About 45 M parameters; a vocabulary of a usual size, since the head's share is what batches waste."""

WORDS = (" time", " year", " people", " way", " day", " man", " world", " life", " hand", " part", " house")


@dataclass(frozen=True)
class Workload:
    """One kind of items."""

    name: str
    items: list[ChoiceItem]

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Every prompt with every class."""
        return [(item.prompt, text) for item in self.items for text in item.classes]


Way = Callable[["Problem"], np.ndarray]
"""Gives log p of every class of every item in a row, (item x class,)."""


@dataclass(frozen=True)
class Problem:
    """A model and what it is asked."""

    model: LanguageModel
    work: Workload


def taskscope_scores(problem: Problem) -> np.ndarray:
    """What the study does: beginnings shared, only needed places through the head."""
    model, items = problem.model, problem.work.items
    return logprobs(model, [encode(model, item.prompt, item.classes) for item in items]).ravel()


@torch.no_grad()
def row_for_class(problem: Problem) -> np.ndarray:
    """One pass over prompt and class, all logits, as the contest's own pipeline did."""
    model, found = problem.model, []
    for request in problem.work.requests:
        prompt, rest = model.encode_pair(*request)
        logits = model.hf(torch.tensor([prompt + rest]), use_cache=False).logits[0]
        logprob = logits[len(prompt) - 1 : -1].float().log_softmax(-1)
        found.append(float(logprob.gather(1, torch.tensor(rest)[:, None]).sum()))
    return np.array(found)


def harness(problem: Problem) -> np.ndarray:
    """The Hugging Face backend of lm-evaluation-harness on the same requests, eight at a time."""
    from lm_eval.api.instance import Instance  # pyright: ignore[reportMissingImports]
    from lm_eval.models.huggingface import HFLM  # pyright: ignore[reportMissingImports]

    model, requests = problem.model, problem.work.requests
    backend = HFLM(pretrained=model.hf, tokenizer=model.tokenizer, batch_size=8, max_length=model.context)
    asked = [Instance("loglikelihood", {}, request, number) for number, request in enumerate(requests)]
    return np.array([score for score, _ in backend.loglikelihood(asked, disable_tqdm=True)])


WAYS: dict[str, Way] = {"taskscope": taskscope_scores, "a row for every class": row_for_class}
if find_spec("lm_eval") is not None:
    WAYS[f"lm-evaluation-harness {version('lm_eval')}"] = harness


def make_model() -> LanguageModel:
    """Make a GPT-2-shaped model with random weights that reads with a built-in tokenizer."""
    folder = pico.folder("pico-m")
    assert folder is not None
    torch.manual_seed(0)
    hf = GPT2LMHeadModel(GPT2Config(**SHAPE)).eval()
    return LanguageModel(hf, AutoTokenizer.from_pretrained(folder), None, locate(hf), "random", "random")


def workloads(model: LanguageModel) -> list[Workload]:
    """Write items of the three kinds from words of one token each."""
    words = [word for word in WORDS if len(model.encode_pair("a", word)[1]) == 1]
    rng = np.random.default_rng(0)

    def text(least: int, most: int) -> str:
        return "The" + "".join(rng.choice(words, size=rng.integers(least, most)))

    shared = text(600, 601)
    return [
        Workload(
            "40 to 70 tokens, 2 classes of one token",
            [ChoiceItem(prompt=text(40, 70), classes=(" time", " year")) for _ in range(24)],
        ),
        Workload(
            "90 to 160 tokens, 4 classes of 3 to 6 tokens",
            [ChoiceItem(prompt=text(90, 160), classes=_classes(words, rng)) for _ in range(12)],
        ),
        Workload(
            "a beginning of 600 tokens in common, then 60 to 90; 2 classes of one token",
            [ChoiceItem(prompt=shared + text(60, 90), classes=(" time", " year")) for _ in range(12)],
        ),
    ]


def _classes(words: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(first + "".join(rng.choice(words, size=rng.integers(2, 6))) for first in words[:4])


def table(repeats: int) -> str:
    """Run every way on every workload; return the Markdown section."""
    model, lines, worst = make_model(), [], 0.0
    for work in workloads(model):
        problem = Problem(model, work)
        reference, difference = compare(WAYS, problem, "a row for every class")
        if float(np.ptp(reference)) < 100 * TOLERANCE:
            raise SystemExit("all classes score alike")
        worst = max(worst, difference)
        times = medians(WAYS, problem, repeats)
        ours, n = times["taskscope"], len(work.items)
        lines += [
            f"| {work.name} | {name} | {took:.2f} | {n / took:.1f} | {took / ours:.1f} |"
            for name, took in times.items()
        ]
    return "\n".join(
        [
            "## Choices",
            "",
            f"A GPT-2-shaped model of {SHAPE['n_layer']} blocks, width {SHAPE['n_embd']} and "
            f"{SHAPE['vocab_size']:,} tokens, random weights. `benchmarks/choice_scoring.py`, one process, "
            f"medians of {repeats} interleaved repeats, CPU time on one thread.",
            "",
            f"{processor()}; torch {version('torch')}, transformers {version('transformers')}. All ways "
            f"agree to {worst:.1e} nats.",
            "",
            "| items | way | CPU seconds | items per second | times taskscope |",
            "|---|---|---:|---:|---:|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=3)
