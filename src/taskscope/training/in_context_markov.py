"""Train the small transformers that read a world of kernel_regression S1, from documents alone.

A document is a prompt of S1: after each delimiter a string of one task's hidden Markov model, its last token
the label. Nothing but next tokens is asked for. Run as ``python -m taskscope.training.in_context_markov NAME
[FOLDER]``: writes NAME.safetensors, which holds the world too, and the learner's entry of card.json, by
default where the study reads them. A learner takes about five minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from taskscope.studies.kernel_regression.simulated.convergence import SETTINGS
from taskscope.studies.kernel_regression.simulated.markov_learner import (
    CARD,
    INSIDE,
    WEIGHTS,
    WORLD,
    documents,
    rotation,
)
from taskscope.theory.hidden_markov import TaskMixture, dirichlet_mixture
from taskscope.training.muon import Muon
from taskscope.training.schedules import learning_rate


class MarkovRecipe(BaseModel):
    """Everything that decides the weights; sizes of the world are those of S1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    world: int
    """Seed from which the world is drawn, before anything is trained."""
    setting: str = "peaked"
    """Of `convergence.SETTINGS`."""
    n_tasks: int = 4
    n_states: int = 3
    n_tokens: int = 8
    length: int = 4
    """Tokens of an input; the label is the next."""
    examples: int = 65
    """Of a document: a query after 64 demonstrations is the last that is learned."""
    blocks: int = 3
    width: int = 64
    heads: int = 4
    inner: int = 256
    steps: int = 1000
    batch: int = 8
    """Documents of a step."""
    rate: float = 0.02
    """Highest learning rate of the matrices inside the blocks (Muon)."""
    outer_rate: float = 0.005
    """The same of the token vectors (AdamW)."""
    warmup: int = 50
    decay: float = 0.01
    seed: int = 0


RECIPES = {f"world-{world}": MarkovRecipe(world=world) for world in range(3)}
"""The first seeds there are: no world was chosen. Those with weights in the study are named by its card."""


class Network(nn.Module):
    """What `MarkovLearner` computes, with gradients."""

    def __init__(self, recipe: MarkovRecipe) -> None:
        super().__init__()
        source = torch.Generator().manual_seed(recipe.seed)
        width, inner = recipe.width, recipe.inner

        def drawn(rows: int, columns: int, spread: float) -> nn.Parameter:
            return nn.Parameter(spread * torch.randn(rows, columns, generator=source))

        plain = 0.5 / math.sqrt(width)
        written = plain / math.sqrt(2 * recipe.blocks)
        shapes = dict.fromkeys(("query", "key", "value"), (width, width, plain))
        shapes |= {"output": (width, width, written), "up": (inner, width, plain)}
        shapes |= {"down": (width, inner, written)}
        tokens = recipe.n_tokens + 1  # and the delimiter
        self.embedding, self.reading = drawn(tokens, width, 1.0), drawn(tokens, width, 0.01)
        self.inside = nn.ModuleDict(
            {part: nn.ParameterList(drawn(*shapes[part]) for _ in range(recipe.blocks)) for part in INSIDE}
        )
        self.heads = recipe.heads

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (document, position, token) of what follows each of the tokens."""
        states = self.embedding[tokens]
        n, positions, width = states.shape
        cosine, sine = (torch.from_numpy(part) for part in rotation(positions, width // self.heads))

        def split(matrix: Tensor, read: Tensor) -> Tensor:
            return (read @ matrix.T).view(n, positions, self.heads, -1).transpose(1, 2)

        def turned(vectors: Tensor) -> Tensor:
            a, b = vectors.chunk(2, dim=-1)
            return torch.cat([a * cosine - b * sine, a * sine + b * cosine], dim=-1)

        for query, key, value, output, up, down in zip(*(self.inside[part] for part in INSIDE), strict=True):
            read = functional.rms_norm(states, (width,))
            mixed = functional.scaled_dot_product_attention(
                turned(split(query, read)), turned(split(key, read)), split(value, read), is_causal=True
            )
            states = states + mixed.transpose(1, 2).reshape(n, positions, width) @ output.T
            read = functional.rms_norm(states, (width,))
            states = states + torch.relu(read @ up.T).square() @ down.T
        return functional.rms_norm(states, (width,)) @ self.reading.T


def world(recipe: MarkovRecipe) -> TaskMixture:
    """Draw the world that the learner reads."""
    transition, emission = SETTINGS[recipe.setting]
    rng = np.random.default_rng(recipe.world)
    sizes = (recipe.n_tasks, recipe.n_states, recipe.n_tokens)
    return dirichlet_mixture(*sizes, rng, transition=transition, emission=emission)


def train(recipe: MarkovRecipe) -> tuple[Network, list[float]]:
    """Train a learner; return it with the mean loss, in nats per token, of each fiftieth of the steps."""
    network, mixture = Network(recipe), world(recipe)
    outside = [network.embedding, network.reading]
    optimisers = (
        (Muon(network.inside.parameters(), lr=recipe.rate, weight_decay=recipe.decay), recipe.rate),
        (torch.optim.AdamW(outside, betas=(0.9, 0.98), weight_decay=0.0), recipe.outer_rate),
    )
    losses = []
    for step in range(recipe.steps):
        rng = np.random.default_rng((recipe.world, recipe.seed, step))
        _, tokens = documents(mixture, recipe.batch, recipe.examples, recipe.length, rng)
        shown = torch.from_numpy(tokens)
        logits = network(shown[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), shown[:, 1:].flatten())
        loss.backward()
        for optimiser, highest in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(highest, step, recipe.steps, recipe.warmup, "cosine")
            optimiser.step()
            optimiser.zero_grad()
        losses.append(float(loss.detach()))
    size = max(1, recipe.steps // 50)
    return network, [float(np.mean(losses[i : i + size])) for i in range(0, len(losses), size)]


def ship(name: str, recipe: MarkovRecipe, folder: Path) -> None:
    """Train a learner and write its weights, its world and its entry of the card into a folder."""
    started = time.process_time()
    network, losses = train(recipe)
    seconds = time.process_time() - started
    folder.mkdir(parents=True, exist_ok=True)
    kept = {part: torch.stack(list(network.inside[part])) for part in INSIDE}  # pyright: ignore[reportArgumentType]
    kept |= {"embedding": network.embedding, "reading": network.reading}
    arrays = {part: weights.detach().half().numpy() for part, weights in kept.items()}
    mixture = world(recipe)
    arrays |= {part: np.ascontiguousarray(getattr(mixture, part)) for part in WORLD}
    save_file(arrays, folder / f"{name}.safetensors")
    path = folder / CARD
    card = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    told = {"cpu_seconds": round(seconds), "losses": [round(loss, 4) for loss in losses]}
    card[name] = {**recipe.model_dump(mode="json"), **told}
    path.write_text(json.dumps(dict(sorted(card.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a reader of a mixture of hidden Markov models.")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("folder", type=Path, nargs="?", default=WEIGHTS)
    given = parser.parse_args()
    ship(given.name, RECIPES[given.name], given.folder)
