"""Trains a recipe: documents in, a plain Hugging Face folder out, interruptions survived."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.training import checkpoints, objectives
from taskscope.training.documents import curricula
from taskscope.training.documents.lines import Batch, Mix, Writer
from taskscope.training.documents.relations import Curriculum
from taskscope.training.export import write_folder
from taskscope.training.recipes import Recipe
from taskscope.training.vocabulary import ARROW, END_OF_TEXT, LINE_END, fit_tokenizer, mark

LOSSES, RECIPE, FACTS = "loss.jsonl", "recipe.json", "training.json"


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step; losses in nats per token."""

    step: int
    steps: int
    tokens: int
    loss: float
    """Next-token loss."""
    edit_loss: float
    """Loss of the objectives that edit a residual; 0 where the recipe has none."""
    seconds_left: float


@dataclass(frozen=True)
class Trained:
    """A finished training."""

    folder: Path
    weights: str
    """Sha256 of the float32 weights."""
    tokens: int
    """Tokens sent through the model, editing objective included."""
    seconds: float
    """Time spent by the last process; less than the whole where training was resumed."""


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = True,
    device: str | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Trained:
    """Train a recipe and write config, weights, tokeniser, recipe and loss curve into a folder.

    Args:
        recipe: What to train.
        out: Folder to write; made if missing.
        resume: Go on from the folder's checkpoint, if it has one; otherwise start over.
        device: ``cpu`` or ``cuda``; by default cuda where there is one.
        on_progress: Called after every step.

    Raises:
        RunError: If the folder's checkpoint belongs to another recipe or to other tasks.
    """
    started = time.monotonic()
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    session = Session(recipe, device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if not resume:
        (out / checkpoints.FILE).unlink(missing_ok=True)
    step, tokens = checkpoints.load(out, session.identity, session.model, session.optimiser)
    with _open_losses(out / LOSSES, step) as losses:
        first = step
        while step < recipe.steps:
            loss, edit_loss, n = session.step(step)
            step, tokens = step + 1, tokens + n
            left = (time.monotonic() - started) / (step - first) * (recipe.steps - step)
            progress = Progress(step, recipe.steps, tokens, loss, edit_loss, left)
            row = {"step": step, "tokens": tokens, "loss": loss, "edit_loss": edit_loss}
            losses.write(json.dumps(row) + "\n")
            on_progress(progress)
            if step % recipe.checkpoint_every == 0 or step == recipe.steps:
                checkpoints.save(out, session.identity, step, tokens, session.model, session.optimiser)
    weights = checkpoints.weights_hash(session.model)
    session.export(out, {"tokens": tokens, "weights_sha256": weights, "trained_on": list(session.tasks)})
    return Trained(out, weights, tokens, time.monotonic() - started)


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Make the recipe's model with weights drawn from its seed."""
    shape = recipe.shape
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.blocks,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.context,
        initializer_range=0.5 / math.sqrt(shape.width),
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.get_vocab()[END_OF_TEXT],
        pad_token_id=tokenizer.get_vocab()[END_OF_TEXT],
    )
    config.use_cache = False
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return LlamaForCausalLM(config)


class Session:
    """Everything that one training holds in memory."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        curriculum = curricula.get(recipe.curriculum)
        self.identity = hashlib.sha256(f"{recipe.fingerprint}/{curriculum.canonical()}".encode()).hexdigest()
        self.tasks = curriculum.relations
        self.tokenizer = _tokenizer(recipe, curriculum)
        self.model = build_model(recipe, self.tokenizer)
        self.model.to(torch.device(device))  # pyright: ignore[reportArgumentType]
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )
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
        """Make one step of the optimiser; return next-token loss, editing loss and tokens."""
        recipe, rng = self.recipe, np.random.default_rng((self.recipe.seed, step))
        batch = self.writer.batch(recipe.documents, self.mix, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = _rate(recipe, step)
        autocast = torch.autocast("cuda", torch.bfloat16) if self.device == "cuda" else nullcontext()
        with autocast:
            loss, edit_loss = self._losses(batch, rng)
        total = loss + edit_loss
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self.optimiser.step()
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
            seen = {i: stack.enter_context(objectives.read(blocks[i])) for i in sorted(edited)}
            weight = data["weight"].masked_fill(data["weight"] == 0, recipe.other_weight)
            loss = objectives.next_token_loss(self.model, data["tokens"], weight)
        theta = {i: objectives.theta(residual, data["source"]) for i, (residual,) in seen.items()}
        bare = (data["query"], data["query_weight"], data["separator"])
        edit_loss = torch.zeros((), device=self.device)
        if planted is not None:
            edit_loss = objectives.planted_loss(self.model, blocks[planted], theta[planted], *bare)
        if blocked is not None:
            part = objectives.blocked_loss(self.model, blocks[blocked], theta[blocked], *bare)
            edit_loss = edit_loss + recipe.blocked_weight * part
        return loss, edit_loss

    def export(self, out: Path, facts: dict[str, Any]) -> None:
        """Write the folder that `AutoModelForCausalLM.from_pretrained` reads, recipe and facts beside it."""
        write_folder(self.model, self.tokenizer, out)
        for name, content in ((RECIPE, self.recipe.model_dump(mode="json")), (FACTS, facts)):
            (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _tokenizer(recipe: Recipe, curriculum: Curriculum) -> PreTrainedTokenizerFast:
    n_marks = len(curriculum.relations) if recipe.named else 0
    return fit_tokenizer(curriculum.words, recipe.shape.vocabulary, n_marks)


def _rate(recipe: Recipe, step: int) -> float:
    """Learning rate of a step: a linear rise, then a cosine down to a twentieth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.rate * (0.05 + 0.95 * (1 + math.cos(math.pi * done)) / 2)


def _open_losses(path: Path, step: int) -> Any:
    """Open the loss curve for appending, cut after `step`: later rows will be made again."""
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[:step] if path.exists() else []
    path.write_text("".join(kept), encoding="utf-8")
    return path.open("a", encoding="utf-8", buffering=1)
