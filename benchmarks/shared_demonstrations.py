"""Label words behind shared demonstrations: taskscope beside scoring prompt by prompt, and beside a harness.

A draw of demonstrations is followed by many queries, each with its label words, as in the structured-task
study. Run as

    python benchmarks/shared_demonstrations.py [--repeats 1] [--write docs/benchmarks.md]

Every way runs on one thread, in turn, `--repeats` times; the table gives the median CPU time, queries per
second of it, and the ratio to taskscope. Before that the numbers are compared: all ways must agree. The
harness (`pip install lm-eval`) is left out where it is not installed.
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
from taskscope.studies.structured_tasks.draws import texts
from taskscope.studies.structured_tasks.params import profile
from taskscope.tasks.classification_registry import get
from timing import TOLERANCE, compare, main, medians, processor

N_DRAWS = 1
STANDARD = profile("standard")


@dataclass(frozen=True)
class Problem:
    """A GPT-2-shaped model with random weights, prompts, and the label words compared after each."""

    model: LanguageModel
    prompts: list[str]
    labels: list[str]

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Every prompt with every label."""
        return [(prompt, label) for prompt in self.prompts for label in self.labels]


Way = Callable[[Problem], np.ndarray]
"""Gives log p of every label, (prompt, label)."""


def taskscope_labels(problem: Problem) -> np.ndarray:
    """Each draw of demonstrations encoded once, all labels read at once."""
    model = problem.model
    encoded = [model.encode_pair(*request) for request in problem.requests[: len(problem.labels)]]
    labels = [tuple(rest) for _, rest in encoded]
    prompts = [tuple(model.encode(prompt)) for prompt in problem.prompts]
    return model.classify(prompts, [labels] * len(prompts))


@torch.no_grad()
def prompt_by_prompt(problem: Problem) -> np.ndarray:
    """One pass over each whole prompt; its labels, of one token, are read from the last logits."""
    model, found = problem.model, []
    for prompt in problem.prompts:
        pairs = [model.encode_pair(prompt, label) for label in problem.labels]
        ids, targets = torch.tensor([pairs[0][0]]), torch.tensor([rest[0] for _, rest in pairs])
        logits = model.hf(ids, use_cache=False, logits_to_keep=1).logits[0, -1]
        found.append(logits.float().log_softmax(-1)[targets].numpy())
    return np.stack(found)


def harness(problem: Problem) -> np.ndarray:
    """The Hugging Face backend of lm-evaluation-harness on the same requests, eight prompts at a time."""
    from lm_eval.api.instance import Instance  # pyright: ignore[reportMissingImports]
    from lm_eval.models.huggingface import HFLM  # pyright: ignore[reportMissingImports]

    model = problem.model
    backend = HFLM(pretrained=model.hf, tokenizer=model.tokenizer, batch_size=8, max_length=model.context)
    asked = [
        Instance("loglikelihood", {}, request, number) for number, request in enumerate(problem.requests)
    ]
    scored = backend.loglikelihood(asked, disable_tqdm=True)
    return np.array([score for score, _ in scored]).reshape(len(problem.prompts), -1)


WAYS: dict[str, Way] = {"taskscope": taskscope_labels, "prompt by prompt": prompt_by_prompt}
if find_spec("lm_eval") is not None:
    WAYS[f"lm-evaluation-harness {version('lm_eval')}"] = harness


def make_problem(task_name: str) -> Problem:
    """Make a model of GPT-2's smallest shape and the prompts of one task at the standard profile's sizes."""
    folder = pico.folder("pico-m")
    assert folder is not None
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    hf = GPT2LMHeadModel(GPT2Config()).eval()
    model = LanguageModel(hf, tokenizer, None, locate(hf), "random", "random")
    task = get(task_name)
    shots = max(STANDARD.shots)
    prompts = []
    for shown in texts(task, "benchmark", 0, N_DRAWS, shots, STANDARD.n_queries):
        pairs = [(text.text, task.labels[text.label]) for text in shown.demonstrations]
        prompts += [task.render(pairs, query.text).text for query in shown.queries]
    return Problem(model, prompts, [task.format.answer(label) for label in task.labels])


def table(repeats: int) -> str:
    """Run every way; return the Markdown section."""
    problem = make_problem("sentiment")
    reference, worst = compare(WAYS, problem, "prompt by prompt")
    if float(np.ptp(reference)) < 100 * TOLERANCE:
        raise SystemExit("all labels score alike")
    seconds = medians(WAYS, problem, repeats)
    ours, n = seconds["taskscope"], len(problem.prompts)
    longest = max(len(problem.model.encode(prompt)) for prompt in problem.prompts)
    return "\n".join(
        [
            "## Shared demonstrations",
            "",
            f"A GPT-2-shaped model of 124 M parameters, random weights; {N_DRAWS} draw of "
            f"{max(STANDARD.shots)} demonstrations, {STANDARD.n_queries} queries behind each, prompts of up "
            f"to {longest} tokens. `benchmarks/shared_demonstrations.py`, one process, medians of {repeats} "
            "interleaved repeats, CPU time on one thread.",
            "",
            f"{processor()}; torch {version('torch')}, transformers {version('transformers')}. All ways "
            f"agree to {worst:.1e} nats.",
            "",
            "| way | CPU seconds | queries per second | times taskscope |",
            "|---|---:|---:|---:|",
            *(
                f"| {name} | {took:.1f} | {n / took:.2f} | {took / ours:.1f} |"
                for name, took in seconds.items()
            ),
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=1)
