"""One training of a planted learner, step by step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlamaForCausalLM

from taskscope.training import objectives
from taskscope.training.documents import planted_words
from taskscope.training.documents.fresh_tasks import FreshTasks
from taskscope.training.documents.lessons import FixedTasks, LessonBatch, Lessons, lay_out
from taskscope.training.documents.planted_texts import domains, short_domains
from taskscope.training.documents.planted_words import WordIds
from taskscope.training.documents.two_halves import TwoHalves
from taskscope.training.export import write_folder
from taskscope.training.language import split_parameters
from taskscope.training.muon import Muon
from taskscope.training.network import ROPE_THETA, build_network, shrink_writes
from taskscope.training.schedules import learning_rate
from taskscope.training.text_recipes import TextRecipe
from taskscope.training.wiring import Places, WiredStart, wire

LESSONS: dict[str, Callable[[WordIds], Lessons]] = {
    "fixed tasks": FixedTasks,
    "fresh tasks": FreshTasks,
    "two halves": TwoHalves,
}
_SHARP = 20.0
"""What a cosine is multiplied by where one of a few labels is read off."""
_TOKENS_PER_DEMONSTRATION = 10


class TextSession:
    """Everything that one training on lessons of classified texts holds in memory."""

    def __init__(self, recipe: TextRecipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        self.tokenizer = planted_words.tokenizer()
        known = [*domains().values(), *short_domains().values()]
        read = json.dumps([self.tokenizer.get_vocab(), [d.frames for d in known]], sort_keys=True)
        self.identity = hashlib.sha256(f"{recipe.fingerprint}/{read}".encode()).hexdigest()
        self.facts = {"trained_on": recipe.lessons}
        self._ids = WordIds(self.tokenizer)
        start = recipe.start or WiredStart(wires=(), rate=recipe.rate, rope_theta=ROPE_THETA)
        self.model = build_network(recipe.shape, self.tokenizer, recipe.seed, start.rope_theta, start.tied)
        shrink_writes(self.model)
        if recipe.start is not None:
            wire(self.model, recipe.start, (self._ids.text_fields, self._ids.label_fields), recipe.seed)
        with torch.no_grad():
            self.model.model.embed_tokens.weight.mul_(recipe.spread)
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        self._rates, self.optimisers = _optimisers(self.model, recipe)
        self.lessons = LESSONS[recipe.lessons](self._ids)
        self._words = Places(recipe.shape.width, recipe.seed).half["words"].to(device)  # (direction, width)
        self._own = torch.from_numpy(self._ids.of(sorted(planted_words.own_labels()))).to(device)
        self._never = torch.zeros(len(self.tokenizer), device=device)
        self._never[torch.from_numpy(self._ids.held_out)] = -torch.inf

    def batch(self, step: int) -> LessonBatch:
        """Write the sequences of a step, counted from 0."""
        recipe, rng = self.recipe, np.random.default_rng((self.recipe.seed, step))
        phase = recipe.phase(step)
        n = max(1, recipe.tokens_per_step // (_TOKENS_PER_DEMONSTRATION * phase.demonstrations))
        return lay_out([self.lessons(phase, rng) for _ in range(n)], self._ids.end)

    def step(self, step: int) -> tuple[float, float, int]:
        """Make one step of training; return the losses of answers and of what is read (nats), and tokens."""
        recipe = self.recipe
        for optimiser, rate in zip(self.optimisers, self._rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(rate, step, recipe.steps, recipe.warmup, "linear")
        batch = self.batch(step)
        loss, read = self._losses(batch)
        self.model.zero_grad(set_to_none=True)
        (loss + read).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item(), read.item(), batch.n_tokens

    def _losses(self, batch: LessonBatch) -> tuple[Tensor, Tensor]:
        """Cross-entropy in nats of the labels asked for, and of those read off inside; 0 where none are.

        Words kept from training are no rival answers.
        """
        tokens, asked, original = (
            torch.from_numpy(np.ascontiguousarray(a)).to(self.device)
            for a in (batch.tokens, batch.asked, batch.original)
        )
        layers: Any = self.model.model.layers
        block = None if self.recipe.start is None else self.recipe.start.read_block
        with ExitStack() as stack:
            seen = None if block is None else stack.enter_context(objectives.read(layers[block]))
            hidden = self.model.model(tokens).last_hidden_state[:, :-1]
        chosen = asked[:, :-1]
        logits = self.model.lm_head(hidden[chosen]) + self._never
        loss = functional.cross_entropy(logits, tokens[:, 1:][chosen])
        return loss, loss.new_zeros(()) if seen is None else self._read(seen[0], original)

    def _read(self, residual: Tensor, original: Tensor) -> Tensor:
        """Cross-entropy in nats of the own label, told by the cosine with the labels' embeddings.

        However a label was found, from a text or from a label word, later blocks then find the same thing.

        Args:
            residual: (sequence, token, width).
            original: (sequence, token) id of the label; -1 where there is none.
        """
        there = original >= 0
        labels = self.model.model.embed_tokens.weight[self._own] @ self._words.T
        found = residual[there] @ self._words.T
        cosines = functional.normalize(found, dim=-1) @ functional.normalize(labels, dim=-1).T
        return functional.cross_entropy(_SHARP * cosines, torch.searchsorted(self._own, original[there]))

    def after_step(self, step: int, tokens: int, out: Path) -> None:
        """Nothing is kept of a short training but its end."""

    def export(self, out: Path) -> None:
        """Write the folder that `AutoModelForCausalLM.from_pretrained` reads."""
        write_folder(self.model, self.tokenizer, out, torch.bfloat16)


def _optimisers(
    model: LlamaForCausalLM, recipe: TextRecipe
) -> tuple[tuple[float, ...], tuple[torch.optim.Optimizer, ...]]:
    """Return the highest learning rates of a recipe and the optimisers that they drive.

    Muon has the matrices inside the blocks; where blocks are wired it has those of the others alone.
    """
    start = recipe.start or WiredStart(wires=(), rate=recipe.rate)
    layers: Any = model.model.layers
    wired = {id(p) for one in start.wires for p in layers[one.block].parameters() if p.ndim > 1}
    if wired:
        wired.add(id(model.model.embed_tokens.weight))
    inside, outside = split_parameters(model)
    gentle = [p for p in model.parameters() if id(p) in wired]
    free, outer = ([p for p in some if id(p) not in wired] for some in (inside, outside))

    def adam(weights: Sequence[Tensor], rate: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)

    found = [(recipe.outer_rate, adam(outer, recipe.outer_rate))]
    if gentle:
        found.insert(0, (start.rate, adam(gentle, start.rate)))
    if free:
        found.insert(0, (recipe.rate, Muon(free, lr=recipe.rate, weight_decay=recipe.decay)))
    return tuple(rate for rate, _ in found), tuple(optimiser for _, optimiser in found)
