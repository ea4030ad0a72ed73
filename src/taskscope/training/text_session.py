"""One training of a planted learner, step by step."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from taskscope.training.documents import planted_words
from taskscope.training.documents.lessons import FixedTasks, LessonBatch, lay_out
from taskscope.training.documents.planted_texts import domains
from taskscope.training.documents.planted_words import WordIds
from taskscope.training.export import write_folder
from taskscope.training.language import split_parameters
from taskscope.training.muon import Muon
from taskscope.training.network import build_network, shrink_writes
from taskscope.training.schedules import learning_rate
from taskscope.training.text_recipes import TextRecipe

_TOKENS_PER_DEMONSTRATION = 10


class TextSession:
    """Everything that one training on lessons of classified texts holds in memory."""

    def __init__(self, recipe: TextRecipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        self.tokenizer = planted_words.tokenizer()
        read = json.dumps(
            [self.tokenizer.get_vocab(), {n: d.frames for n, d in domains().items()}], sort_keys=True
        )
        self.identity = hashlib.sha256(f"{recipe.fingerprint}/{read}".encode()).hexdigest()
        self.facts = {"trained_on": recipe.lessons}
        self.model = build_network(recipe.shape, self.tokenizer, recipe.seed)
        shrink_writes(self.model)
        with torch.no_grad():
            self.model.model.embed_tokens.weight.mul_(recipe.spread)
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        inside, outside = split_parameters(self.model)
        self._rates = (recipe.rate, recipe.outer_rate)
        self.optimisers = (
            Muon(inside, lr=recipe.rate, weight_decay=recipe.decay),
            torch.optim.AdamW(outside, lr=recipe.outer_rate, betas=(0.9, 0.98), weight_decay=0.0),
        )
        self._ids = WordIds(self.tokenizer)
        self.lessons = FixedTasks(self._ids)
        self._never = torch.zeros(len(self.tokenizer), device=device)
        self._never[torch.from_numpy(self._ids.held_out)] = -torch.inf

    def batch(self, step: int) -> LessonBatch:
        """Write the sequences of a step, counted from 0."""
        recipe, rng = self.recipe, np.random.default_rng((self.recipe.seed, step))
        phase = recipe.phase(step)
        n = max(1, recipe.tokens_per_step // (_TOKENS_PER_DEMONSTRATION * phase.demonstrations))
        return lay_out([self.lessons(phase, rng) for _ in range(n)], self._ids.end)

    def step(self, step: int) -> tuple[float, float, int]:
        """Make one step of training; return the loss of answers in nats, 0, and the tokens."""
        recipe = self.recipe
        for optimiser, rate in zip(self.optimisers, self._rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(rate, step, recipe.steps, recipe.warmup, "linear")
        batch = self.batch(step)
        loss = self._loss(batch)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item(), 0.0, batch.n_tokens

    def _loss(self, batch: LessonBatch) -> Tensor:
        """Cross-entropy in nats of the labels asked for; words kept from training are no rival answers."""
        tokens, asked = (
            torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in (batch.tokens, batch.asked)
        )
        hidden = self.model.model(tokens).last_hidden_state[:, :-1]
        chosen = asked[:, :-1]
        return functional.cross_entropy(
            self.model.lm_head(hidden[chosen]) + self._never, tokens[:, 1:][chosen]
        )

    def after_step(self, step: int, tokens: int, out: Path) -> None:
        """Nothing is kept of a short training but its end."""

    def export(self, out: Path) -> None:
        """Write the folder that `AutoModelForCausalLM.from_pretrained` reads."""
        write_folder(self.model, self.tokenizer, out, torch.bfloat16)
