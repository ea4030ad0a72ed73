"""Tuning on one task and judging all: taskscope beside the loop that one would write first.

Run as

    python benchmarks/tuning_loop.py [--repeats 1] [--write docs/benchmarks.md]

Both choose the same share of the weights by gradient differences, take the same steps of Adam on the same
pairs, and score all tasks after each tuning. The plain loop loads the model from disk for each task, draws
batches in any order and asks for all logits of whole sentences; what it gives must agree before anything is
timed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from taskscope import pico
from taskscope.models import contrasts, gradients
from taskscope.models.batching import plan
from taskscope.models.blocks import locate
from taskscope.models.branching import pack, unpack
from taskscope.models.language_model import LanguageModel
from taskscope.models.tuning import BETAS, TINY, Budget, tune
from taskscope.tasks import pair_registry
from timing import main, medians, processor, runs

SHAPE = {"n_layer": 4, "n_embd": 256, "n_head": 4, "vocab_size": 50257}
"""About 16 M parameters; a vocabulary of a usual size."""
KINDS = {"grammar": ("verb-of-subject", 10), "mapping": ("antonyms", 5)}
"""By the name of a set of tasks the one that is tuned on, and how many pairs of each are judged."""
N_TRAIN = 24
BUDGET = Budget(steps=3, fewest=3, batch=12, rate=3e-4, strength=1e9)
DENSITY = 0.05
BATCH = 32
"""Sentences of a batch of the plain loop."""
TOLERANCE = 2e-3
"""Largest difference of a margin after tuning, nats; Adam's first steps magnify rounding."""
Texts = tuple[str, str]


@dataclass(frozen=True)
class Problem:
    """A model, in memory and on disk, pairs of one task to tune on, and pairs of all tasks to judge."""

    model: LanguageModel
    folder: str
    learned: list[Texts]
    judged: list[Texts]
    n_tasks: int


def ours(problem: Problem) -> np.ndarray:
    """What the study does, (pair,): sorted batches, from where sentences part, a change put on and off."""
    model = problem.model
    judged, pairs = model.contrasts(problem.judged), model.contrasts(problem.learned)
    gradient, first = gradients.margin(model.executor, pairs)
    mask = gradients.densest(gradient, DENSITY)
    rng = np.random.default_rng(0)
    tuned = tune(model.executor, pairs, gradients.margin, mask, BUDGET, first, rng)
    with model.edited(tuned.delta):
        scores = contrasts.score(model.executor, judged)
    return scores[:, 0] - scores[:, 1]


def plain(problem: Problem) -> np.ndarray:
    """The loop that one would write first, (pair,)."""
    hf = GPT2LMHeadModel.from_pretrained(problem.folder).eval()
    rows = _tokens(problem.model, problem.learned)
    mask = _mask(hf, rows)
    optimiser = torch.optim.Adam(hf.parameters(), lr=BUDGET.rate, betas=BETAS, eps=TINY)
    rng, order = np.random.default_rng(0), np.zeros(0, dtype=np.int64)
    for _ in range(BUDGET.steps):
        if len(order) < BUDGET.batch:
            order = np.concatenate([order, rng.permutation(len(problem.learned))])
        batch, order = order[: BUDGET.batch], order[BUDGET.batch :]
        hf.zero_grad()
        (-_mean_margin(hf, [rows[2 * i + side] for i in batch for side in (0, 1)])).backward()
        for name, parameter in hf.named_parameters():
            assert parameter.grad is not None
            parameter.grad *= mask[name]
        optimiser.step()
    return _margins(hf, _tokens(problem.model, problem.judged))


def _tokens(model: LanguageModel, texts: Sequence[Texts]) -> list[list[int]]:
    """Encode good and bad sentences in turn, each behind one token that begins it."""
    parts = [model.encode_pair("", text) for pair in texts for text in pair]
    return [[*start, *rest] for start, rest in parts]


def _mean_margin(hf: GPT2LMHeadModel, rows: list[list[int]]) -> Tensor:
    logprob = _logprob(hf, rows)
    return (logprob[::2] - logprob[1::2]).mean()


def _mask(hf: GPT2LMHeadModel, rows: list[list[int]]) -> dict[str, Tensor]:
    """Keep the largest gradients of the mean margin over all pairs."""
    n_pairs = len(rows) // 2
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        (_mean_margin(hf, batch) * (len(batch) / 2 / n_pairs)).backward()
    sizes = {name: parameter.grad.abs() for name, parameter in hf.named_parameters()}  # pyright: ignore[reportOptionalMemberAccess]
    every = torch.cat([values.flatten() for values in sizes.values()])
    least = every.topk(round(DENSITY * len(every))).values[-1]
    return {name: (values >= least).float() for name, values in sizes.items()}


def _margins(hf: GPT2LMHeadModel, rows: list[list[int]]) -> np.ndarray:
    """Score sentences in batches of any order."""
    order = np.random.default_rng(0).permutation(len(rows))
    scores = np.zeros(len(rows))
    with torch.no_grad():
        for start in range(0, len(rows), BATCH):
            batch = order[start : start + BATCH]
            scores[batch] = _logprob(hf, [rows[i] for i in batch]).numpy()
    return scores[::2] - scores[1::2]


def _logprob(hf: GPT2LMHeadModel, rows: list[list[int]]) -> Tensor:
    """Sum log p over the tokens of each sentence, from all logits of a padded batch."""
    lengths = [len(row) for row in rows]
    ids = torch.zeros((len(rows), max(lengths)), dtype=torch.long)
    there = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)], there[i, : len(row)] = torch.tensor(row), 1
    logits = hf(input_ids=ids, attention_mask=there).logits[:, :-1].float()
    told = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return (told * there[:, 1:]).sum(-1)


OURS, PLAIN = "taskscope", "the plain loop"
WAYS: dict[str, Callable[[Problem], np.ndarray]] = {OURS: ours, PLAIN: plain}


def make_problems(folder: str) -> dict[str, Problem]:
    """Make a GPT-2-shaped model with random weights, saved to a folder, and pairs of each set of tasks."""
    source = pico.folder("pico-m")
    assert source is not None
    torch.manual_seed(0)
    hf = GPT2LMHeadModel(GPT2Config(**SHAPE)).eval()
    hf.save_pretrained(folder)
    hf.requires_grad_(False)
    model = LanguageModel(hf, AutoTokenizer.from_pretrained(source), None, locate(hf), "random", "random")
    found = {}
    for kind, (tuned, n_judged) in KINDS.items():
        texts = {p.name: [(pair.good, pair.bad) for pair in p.pairs] for p in pair_registry.get(kind)}
        judged = [pair for pairs in texts.values() for pair in pairs[-n_judged:]]
        found[kind] = Problem(model, folder, texts[tuned][:N_TRAIN], judged, len(texts))
    return found


def _agree(problem: Problem) -> tuple[float, float]:
    """Return by how much margins differ between the two ways, and how far tuning moved them, nats.

    Raises:
        SystemExit: If they differ by more than `TOLERANCE`, or in which sentence is the likelier.
    """
    found, wanted = ours(problem), plain(problem)
    apart = float(np.abs(found - wanted).max())
    if apart > TOLERANCE or ((found > 0) != (wanted > 0)).any():
        raise SystemExit(f"margins are {apart:.1e} nats apart, or another sentence is the likelier")
    before = contrasts.score(problem.model.executor, problem.model.contrasts(problem.judged))
    return apart, float(np.abs(found - (before[:, 0] - before[:, 1])).mean())


def _counted(problem: Problem) -> str:
    """Say how many tokens either way takes through the blocks and the head to judge all pairs once."""
    model, pairs = problem.model, problem.model.contrasts(problem.judged)
    blocks = 0
    for batch in plan(pairs.laid.works, model.executor.limits, model.executor.route_of):
        layout = (pack if batch.route == "branches" else unpack)([work.tree for work in batch.works], 0)
        blocks += layout.ids.numel()
    sides = [*pairs.good, *pairs.bad]
    head = {(start + rest)[: len(start) + i] for start, rest in sides for i in range(len(rest))}
    rows = _tokens(model, problem.judged)
    lengths = [len(rows[i]) for i in np.random.default_rng(0).permutation(len(rows))]
    batches = [lengths[start : start + BATCH] for start in range(0, len(lengths), BATCH)]
    padded = sum(len(batch) * max(batch) for batch in batches)
    return (
        f"{padded:,} through blocks and head ({sum(lengths):,} without padding) beside {blocks:,} through "
        f"the blocks and {len(head):,} through the head"
    )


def table(repeats: int) -> str:
    """Run both ways; return the Markdown section."""
    lines, apart, moved, ratios, counted = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for kind, problem in make_problems(folder).items():
            agreed = _agree(problem)
            apart.append(agreed[0])
            moved.append(agreed[1])
            counted.append(f"on {kind}, {_counted(problem)}")
            times = medians(WAYS, problem, repeats)
            ratios.append(f"{times[PLAIN] / times[OURS]:.1f} times as long on {kind}")
            told = f"{kind}: {len(problem.judged)} pairs of {problem.n_tasks} tasks judged"
            lines += [
                f"| {told} | {name} | {took:.2f} | {took / times[OURS]:.1f} |" for name, took in times.items()
            ]
    return "\n".join(
        [
            "## Tuning on one task and judging all",
            "",
            f"A GPT-2-shaped model of {SHAPE['n_layer']} blocks, width {SHAPE['n_embd']} and "
            f"{SHAPE['vocab_size']:,} tokens, random weights: the {DENSITY:.0%} of the weights with the "
            f"largest gradient difference over {N_TRAIN} pairs of one task, {BUDGET.steps} steps of Adam on "
            f"{BUDGET.batch} pairs each, then pairs of all tasks scored. The plain loop loads the model from "
            f"disk for each task, pads batches of {BATCH} sentences in any order, and takes all logits of "
            f"whole sentences. `benchmarks/tuning_loop.py`, one process, {runs(repeats)}, CPU time on one "
            "thread, tokenising included.",
            "",
            f"{processor()}; torch {version('torch')}, transformers {version('transformers')}. Margins after "
            f"tuning, which moved them by {min(moved):.1f} nats or more in the mean, agree to "
            f"{max(apart):.1e} nats, and in every pair the same sentence is the likelier.",
            "",
            f"Beside taskscope the plain loop takes {' and '.join(ratios)}. Tokens that judging all pairs "
            f"once takes, plain loop beside taskscope: {'; '.join(counted)}. Sentences of like length share "
            "a pass, what they start with is encoded once, and only what comes after the two of a pair part "
            "reaches the head, a slice of the vocabulary at a time.",
            "",
            "| pairs | way | CPU seconds | times taskscope |",
            "|---|---|---:|---:|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__.splitlines()[0], table, repeats=1)
