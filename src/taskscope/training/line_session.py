"""One training of a few-shot model on documents of lines, step by step."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from taskscope.training import objectives
from taskscope.training.documents import curricula
from taskscope.training.documents.lines import Batch, Mix, Writer
from taskscope.training.documents.relations import Curriculum
from taskscope.training.export import write_folder
from taskscope.training.network import build_network, silence_others, start_from
from taskscope.training.recipes import Recipe
from taskscope.training.schedules import learning_rate
from taskscope.training.vocabulary import ARROW, LINE_END, fit_tokenizer, mark


class LineSession:
    """Everything that one training on lines ``x->y`` holds in memory."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        curriculum = curricula.get(recipe.curriculum)
        self.identity = hashlib.sha256(f"{recipe.fingerprint}/{curriculum.canonical()}".encode()).hexdigest()
        self.facts = {"trained_on": list(curriculum.relations)}
        self.tokenizer = _tokenizer(recipe, curriculum)
        self.model = build_network(recipe.shape, self.tokenizer, recipe.seed)
        if recipe.start is not None:
            start_from(self.model, recipe.start)
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        if recipe.planted_block is not None and recipe.planted_head is not None:
            silence_others(self.model, recipe.planted_block, recipe.planted_head)
        self._optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )
        self.optimisers = (self._optimiser,)
        ids = self.tokenizer.get_vocab()
        marks = {name: ids[mark(i)] for i, name in enumerate(curriculum.relations)} if recipe.named else {}
        self.writer = Writer(
            curriculum,
            lambda text: self.tokenizer.encode(text, add_special_tokens=False),
            ids[ARROW],
            ids[LINE_END],
            marks,
        )
        self.mix = Mix(recipe.length, recipe.named, recipe.heading, recipe.bare, recipe.bare_length)

    def step(self, step: int) -> tuple[float, float, int]:
        """Make one step of training; return next-token loss, editing loss and tokens."""
        recipe, rng = self.recipe, np.random.default_rng((self.recipe.seed, step))
        batch = self.writer.batch(recipe.documents, self.mix, rng)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(recipe.rate, step, recipe.steps, recipe.warmup, "cosine")
        autocast = torch.autocast("cuda", torch.bfloat16) if self.device == "cuda" else nullcontext()
        with autocast:
            loss, edit_loss = self._losses(batch, rng)
        total = loss + edit_loss
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self._optimiser.step()
        return loss.item(), edit_loss.item(), batch.n_tokens

    def _losses(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        recipe = self.recipe
        data: dict[str, Any] = {
            key: torch.from_numpy(value).to(self.device, non_blocking=True)
            for key, value in vars(batch).items()
        }
        blocks = self.model.model.layers
        planted = recipe.planted_block
        blocked = int(rng.integers(recipe.blocked_below)) if recipe.blocked_below else None
        with ExitStack() as stack:
            edited = {i for i in (planted, blocked) if i is not None}
            seen = {i: stack.enter_context(objectives.read(self._source(i))) for i in sorted(edited)}
            weight = data["weight"].masked_fill(data["weight"] == 0, recipe.other_weight)
            loss = objectives.next_token_loss(self.model, data["tokens"], weight)
        theta = {i: objectives.theta(residual, data["source"]) for i, (residual,) in seen.items()}
        bare = (data["query"], data["query_weight"], data["separator"])
        edit_loss = torch.zeros((), device=self.device)
        if planted is not None:
            mode = "replace" if recipe.planted_head is None else "add"
            edit_loss = objectives.planted_loss(self.model, blocks[planted], theta[planted], *bare, mode=mode)
        if blocked is not None:
            part = objectives.blocked_loss(self.model, blocks[blocked], theta[blocked], *bare)
            edit_loss = edit_loss + recipe.blocked_weight * part
        return loss, edit_loss

    def _source(self, block: int) -> nn.Module:
        """What is read after a block: its residual, or what the one head that writes there wrote."""
        layer: Any = self.model.model.layers[block]
        head = self.recipe.planted_head is not None and block == self.recipe.planted_block
        return layer.self_attn if head else layer

    def after_step(self, step: int, tokens: int, out: Path) -> None:
        """Nothing is kept of a short training but its end."""

    def export(self, out: Path) -> None:
        """Write the folder that `AutoModelForCausalLM.from_pretrained` reads."""
        write_folder(self.model, self.tokenizer, out)


def _tokenizer(recipe: Recipe, curriculum: Curriculum) -> PreTrainedTokenizerFast:
    n_marks = len(curriculum.relations) if recipe.named else 0
    return fit_tokenizer(curriculum.words, recipe.shape.vocabulary, n_marks)
