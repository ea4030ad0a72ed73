"""Trains a recipe: documents in, a plain Hugging Face folder out, interruptions survived."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import LlamaForCausalLM

from taskscope.errors import RunError
from taskscope.training import checkpoints
from taskscope.training.corpus.building import build
from taskscope.training.corpus.packed import MANIFEST, PackedCorpus
from taskscope.training.language import LanguageSession
from taskscope.training.line_session import LineSession
from taskscope.training.recipes import AnyRecipe, Recipe
from taskscope.training.text_recipes import TextRecipe
from taskscope.training.text_session import TextSession

LOSSES, RECIPE, FACTS = "loss.jsonl", "recipe.json", "training.json"
CORPUS = "corpus"
"""Folder beside the weights where a corpus is built when its sources are given."""


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step; losses in nats per token."""

    step: int
    steps: int
    tokens: int
    loss: float
    """Next-token loss; of planted learners, that of the labels asked for."""
    edit_loss: float
    """Loss of the objectives that edit a residual or read one inside; 0 where the recipe has none."""
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


class Session(Protocol):
    """One training in memory. Steps count from 0; all that is random in one comes from (seed, step)."""

    model: LlamaForCausalLM
    identity: str
    """Changes with the recipe and with what is trained on."""
    facts: dict[str, Any]
    """What the card says about the training beside the recipe."""

    @property
    def optimisers(self) -> tuple[torch.optim.Optimizer, ...]:
        """What the gradients drive; each is part of a checkpoint."""
        ...

    def step(self, step: int) -> tuple[float, float, int]:
        """Make one step of training; return `Progress.loss`, `Progress.edit_loss` and tokens."""
        ...

    def after_step(self, step: int, tokens: int, out: Path) -> None:
        """Write what is kept after `step` steps."""
        ...

    def export(self, out: Path) -> None:
        """Write the finished model."""
        ...


def train(
    recipe: AnyRecipe,
    out: Path,
    *,
    corpus: Path | None = None,
    resume: bool = True,
    device: str | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Trained:
    """Train a recipe and write config, weights, tokeniser, recipe and loss curve into a folder.

    Args:
        recipe: What to train.
        out: Folder to write; made if missing.
        corpus: For a recipe that reads a corpus: the folder of its sources, or of the corpus as built.
        resume: Go on from the folder's checkpoint, if it has one; otherwise start over.
        device: ``cpu`` or ``cuda``; by default cuda where there is one.
        on_progress: Called after every step.

    Raises:
        RunError: If the folder's checkpoint belongs to another recipe or to other data, or a corpus is
            missing or of another mixture.
        TaskError: If a corpus cannot be built from its sources.
    """
    started = time.monotonic()
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    session = open_session(recipe, out, corpus, device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if not resume:
        (out / checkpoints.FILE).unlink(missing_ok=True)
    step, tokens = checkpoints.load(out, session.identity, session.model, session.optimisers)
    with _open_losses(out / LOSSES, step) as losses:
        first = step
        while step < recipe.steps:
            loss, edit_loss, n = session.step(step)
            step, tokens = step + 1, tokens + n
            left = (time.monotonic() - started) / (step - first) * (recipe.steps - step)
            progress = Progress(step, recipe.steps, tokens, loss, edit_loss, left)
            row = {"step": step, "tokens": tokens, "loss": loss, "edit_loss": edit_loss}
            losses.write(json.dumps(row) + "\n")
            session.after_step(step, tokens, out)
            on_progress(progress)
            if step % recipe.checkpoint_every == 0 or step == recipe.steps:
                checkpoints.save(out, session.identity, step, tokens, session.model, session.optimisers)
    weights = checkpoints.weights_hash(session.model)
    session.export(out)
    facts = {"tokens": tokens, "weights_sha256": weights, **session.facts}
    for name, content in ((RECIPE, recipe.model_dump(mode="json")), (FACTS, facts)):
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return Trained(out, weights, tokens, time.monotonic() - started)


def open_session(recipe: AnyRecipe, out: Path, corpus: Path | None, device: str) -> Session:
    """Make the session of a recipe; arguments as `train`."""
    if isinstance(recipe, Recipe):
        return LineSession(recipe, device)
    if isinstance(recipe, TextRecipe):
        return TextSession(recipe, device)
    if corpus is None:
        raise RunError(f"{recipe.name} is trained on a corpus, and none was given", "--corpus FOLDER")
    if (Path(corpus) / MANIFEST).exists():
        return LanguageSession(recipe, PackedCorpus(Path(corpus)), device)
    return LanguageSession(recipe, build(recipe.mixture, Path(corpus), out / CORPUS), device)


def _open_losses(path: Path, step: int) -> Any:
    """Open the loss curve for appending, cut after `step`: later rows will be made again."""
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[:step] if path.exists() else []
    path.write_text("".join(kept), encoding="utf-8")
    return path.open("a", encoding="utf-8", buffering=1)
