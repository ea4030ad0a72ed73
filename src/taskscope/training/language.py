"""One training of a language model on a packed corpus, step by step."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer

from taskscope import pico
from taskscope.errors import ModelError, RunError
from taskscope.models import checkpoints
from taskscope.training.corpus.packed import PackedCorpus
from taskscope.training.document_attention import document_lengths, hidden_states
from taskscope.training.export import write_folder, write_weights
from taskscope.training.head_loss import head_loss
from taskscope.training.held_out import part_loss
from taskscope.training.language_recipes import LanguageRecipe
from taskscope.training.muon import Muon
from taskscope.training.network import build_network, shrink_writes, start_from
from taskscope.training.schedules import learning_rate, sequence_length

EVALUATIONS = "evaluations.jsonl"
CHECKPOINTS = "checkpoints"
EVALUATED = 12 * 512 + 1
"""Tokens of each part that are scored at a milestone; the card scores all of them once, at the end."""


class LanguageSession:
    """Everything that one training on a packed corpus holds in memory.

    Args:
        recipe: What to train.
        corpus: Where the tokens come from; must be built from the recipe's mixture.
        device: ``cpu`` or ``cuda``.

    Raises:
        RunError: If the corpus is of another mixture, or shorter than the recipe.
    """

    def __init__(self, recipe: LanguageRecipe, corpus: PackedCorpus, device: str) -> None:
        _check(recipe, corpus)
        self.recipe, self.corpus, self.device = recipe, corpus, device
        self.identity = hashlib.sha256(f"{recipe.fingerprint}/{corpus.fingerprint}".encode()).hexdigest()
        self.facts = {"corpus": corpus.fingerprint, "data": corpus.description}
        self.tokenizer = AutoTokenizer.from_pretrained(corpus.tokenizer)
        self.model = build_network(recipe.shape, self.tokenizer, recipe.seed)
        shrink_writes(self.model)
        if recipe.start is not None:
            self._start(recipe.start)
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        inside, outside = split_parameters(self.model)
        self._rates = (recipe.rate, recipe.outer_rate)
        self.optimisers = (
            Muon(inside, lr=recipe.rate, weight_decay=recipe.decay),
            torch.optim.AdamW(outside, lr=recipe.outer_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        )
        self._autocast = bf16_autocast(device)

    def _start(self, name: str) -> None:
        """Go on from a built-in model.

        Raises:
            ModelError: If there is none of that name, or its shape or its tokeniser is another.
        """
        folder = pico.require(name)
        start_from(self.model, name)
        theirs = AutoTokenizer.from_pretrained(checkpoints.tokenizer_folder(folder))
        if theirs.get_vocab() != self.tokenizer.get_vocab():
            raise ModelError(
                f"{name} reads other tokens than {self.corpus.folder} holds",
                "a corpus encoded with the tokeniser of the model that training starts from",
                f"a mixture whose tokenizer is {name!r}",
            )
        weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        self.identity = hashlib.sha256(f"{self.identity}/{weights}".encode()).hexdigest()
        self.facts[checkpoints.STARTED] = {"model": name, "tokens": checkpoints.tokens(folder)}

    def step(self, step: int) -> tuple[float, float, int]:
        """Make one step of training; return the loss in nats per token, 0, and the tokens."""
        recipe, n = self.recipe, self.recipe.tokens_per_step
        for optimiser, rate in zip(self.optimisers, self._rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(rate, step, recipe.steps, recipe.warmup, recipe.schedule)
        tokens = torch.from_numpy(self.corpus.read(step * n, n + 1).astype(np.int64)).to(self.device)
        length = sequence_length(recipe.lengths, step, recipe.steps)
        documents = document_lengths(tokens[:-1], self.tokenizer.eos_token_id, length)
        with self._autocast:
            hidden = hidden_states(self.model, tokens[:-1], documents)
            loss = head_loss(hidden, self.model.lm_head.weight.to(hidden.dtype), tokens[1:])
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item(), 0.0, n

    def after_step(self, step: int, tokens: int, out: Path) -> None:
        """At a milestone keep the weights and append the held-out losses to the evaluations."""
        if step not in self.recipe.milestones:
            return
        losses = {
            part: part_loss(
                self.model, self.corpus.held_out(part)[:EVALUATED], self.tokenizer.eos_token_id, self.device
            )
            for part in self.corpus.held_out_parts
        }
        kept = []
        path = out / EVALUATIONS
        if path.exists():  # a resumed training makes some evaluations again
            kept = [
                line
                for line in path.read_text(encoding="utf-8").splitlines()
                if json.loads(line)["step"] < step
            ]
        row = json.dumps({"step": step, "tokens": tokens, "held_out": losses})
        path.write_text("\n".join([*kept, row]) + "\n", encoding="utf-8")
        if step < self.recipe.steps:
            folder = out / CHECKPOINTS / f"step-{step}"
            folder.mkdir(parents=True, exist_ok=True)
            write_weights(self.model, folder, torch.bfloat16)

    def export(self, out: Path) -> None:
        """Write the folder that `AutoModelForCausalLM.from_pretrained` reads."""
        write_folder(self.model, self.tokenizer, out, torch.bfloat16)


def bf16_autocast(device: str) -> AbstractContextManager[Any]:
    """Autocast to bfloat16 where that is faster: on a GPU, and on a CPU with tiles for it (AMX).

    AVX-512's instructions for it are not enough: with them a step of the largest built-in size took as long
    as in float32, and one of a small size a third longer.
    """
    tiles = getattr(torch.cpu, "get_capabilities", dict)().get("amx_bf16", False)
    return torch.autocast(device, torch.bfloat16) if device == "cuda" or tiles else nullcontext()


def split_parameters(model: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Return the matrices of the blocks, and all other weights: embeddings and the gains of norms."""
    inside = [p for p in model.model.layers.parameters() if p.ndim == 2]
    chosen = {id(p) for p in inside}
    return inside, [p for p in model.parameters() if id(p) not in chosen]


def _check(recipe: LanguageRecipe, corpus: PackedCorpus) -> None:
    if corpus.manifest["mixture_fingerprint"] != recipe.mixture.fingerprint:
        raise RunError(
            f"{corpus.folder} holds the mixture {corpus.manifest['name']!r} in another version",
            f"the mixture {recipe.mixture.name!r} as {recipe.name} names it",
            "build it again from the sources: --corpus SOURCES",
        )
    if corpus.n_tokens < recipe.tokens:
        raise RunError(
            f"{corpus.folder} holds {corpus.n_tokens:,} tokens",
            f"the {recipe.tokens:,} of {recipe.name}",
        )
