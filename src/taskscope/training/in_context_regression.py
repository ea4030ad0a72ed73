"""Train the small attention networks of kernel_regression S6 on in-context linear regression.

Run as ``python -m taskscope.training.in_context_regression NAME [FOLDER]``: writes NAME.safetensors and the
learner's entry of card.json, by default where the study reads them. A learner takes seconds on one
core: larger steps and first weights than published reach the same loss with a fiftieth of the prompts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import save_file
from torch import nn

from taskscope.studies.kernel_regression.simulated.attention_learner import CARD, PARTS, WEIGHTS


class RegressionRecipe(BaseModel):
    """Everything that decides the weights; prompts are those of von Oswald et al. 2023 (2.10)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blocks: int
    heads: int = 1
    softmax: bool = False
    d: int = 10
    shots: int = 10
    steps: int
    batch: int = 512
    """Prompts of a step."""
    rate: float = 5e-3
    """Learning rate at the start; it falls to zero as a cosine."""
    clip: float = 0.1
    initial: float = 0.1
    """S.d. of the first weights."""
    seed: int = 0


RECIPES = {
    "linear-1": RegressionRecipe(blocks=1, initial=0.05, steps=400),
    "linear-2": RegressionRecipe(blocks=2, initial=0.05, steps=700),
    "softmax-1": RegressionRecipe(blocks=1, softmax=True, steps=400),
    "softmax-1-two-heads": RegressionRecipe(blocks=1, heads=2, softmax=True, steps=600),
}
"""Those with weights in the study are named by its card; training another adds it to the page."""


class Network(nn.Module):
    """What `AttentionLearner` computes, for one query, with gradients."""

    def __init__(self, recipe: RegressionRecipe) -> None:
        super().__init__()
        shape = (recipe.blocks, recipe.heads, recipe.d + 1, recipe.d + 1)
        source = torch.Generator().manual_seed(recipe.seed)
        for part in PARTS:
            self.register_parameter(part, nn.Parameter(recipe.initial * torch.randn(shape, generator=source)))
        self.softmax = recipe.softmax

    def forward(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Answer (prompt,) the last of the inputs (prompt, k + 1, d) from k targets (prompt, k)."""
        tokens = torch.cat([inputs, nn.functional.pad(targets, (0, 1))[:, :, None]], dim=2)
        blocks = len(self.get_parameter("query"))
        for block in range(blocks):
            query, key, value, output = (self.get_parameter(part)[block] for part in PARTS)
            shown = tokens[:, None, :-1]
            # What the last block adds to the demonstrations is never read.
            tokens = tokens if block < blocks - 1 else tokens[:, -1:]
            scores = (tokens[:, None] @ query.mT) @ (shown @ key.mT).mT
            weights = scores.softmax(dim=-1) if self.softmax else scores
            tokens = tokens + (weights @ (shown @ value.mT) @ output.mT).sum(dim=1)
        return -tokens[:, -1, -1]


def draw(recipe: RegressionRecipe, source: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a batch: inputs (prompt, k + 1, d), the last of them the query, and targets (prompt, k + 1)."""
    inputs = torch.rand((recipe.batch, recipe.shots + 1, recipe.d), generator=source) - 0.5
    tasks = torch.randn((recipe.batch, recipe.d, 1), generator=source)
    return inputs, (inputs @ tasks)[:, :, 0]


def train(recipe: RegressionRecipe) -> tuple[Network, list[float]]:
    """Train a learner; return it with the mean loss of each fiftieth of the steps."""
    network, source = Network(recipe), torch.Generator().manual_seed(recipe.seed + 1)
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    losses = []
    for _ in range(recipe.steps):
        inputs, targets = draw(recipe, source)
        loss = 0.5 * (network(inputs, targets[:, :-1]) - targets[:, -1]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    size = max(1, recipe.steps // 50)
    return network, [
        sum(losses[i : i + size]) / len(losses[i : i + size]) for i in range(0, len(losses), size)
    ]


def ship(name: str, recipe: RegressionRecipe, folder: Path) -> None:
    """Train a learner and write its weights and its entry of the card into a folder."""
    network, losses = train(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {part: network.get_parameter(part).detach().contiguous() for part in PARTS}
    save_file(weights, folder / f"{name}.safetensors")
    path = folder / CARD
    card = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    card[name] = {**recipe.model_dump(mode="json"), "losses": [round(loss, 5) for loss in losses]}
    path.write_text(json.dumps(dict(sorted(card.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a learner of in-context linear regression.")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("folder", type=Path, nargs="?", default=WEIGHTS)
    given = parser.parse_args()
    ship(given.name, RECIPES[given.name], given.folder)
