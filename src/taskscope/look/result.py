"""What `taskscope look` found, as plain data: stored as JSON, shown in the terminal and on the page."""

from __future__ import annotations

from typing import Literal

from taskscope.report.document import ModelCard
from taskscope.report.findings import Frozen


class Guess(Frozen):
    """A next token and its probability."""

    token: str
    p: float


Guesses = tuple[Guess, ...]
"""Most likely first."""


class Said(Frozen):
    """What the model answers in one place."""

    text: str
    """Written out greedily; an ellipsis where it was cut off."""
    p: float
    """Probability of the whole answer that the prompt itself gets."""
    first: Guesses
    """The likeliest first tokens."""


class BlockView(Frozen):
    """What one block holds, and what it does to the bare query."""

    block: int
    read: Guesses
    """The last token's residual, read out by the final norm and the output head."""
    own: Said
    """The bare query with the last token's residual put in; it has seen the query in its context."""
    theta_read: Guesses = ()
    """Theta, read out in the same way."""
    theta: Said | None = None
    """The bare query with theta put in."""


class Likeness(Frozen):
    """How near the state at the arrows is to that of a built-in task."""

    task: str
    similarity: float


class Nearest(Frozen):
    """The nearest known task, or why none is named."""

    named: str | None
    reason: str
    """One sentence."""
    block: int | None = None
    tasks: tuple[Likeness, ...] = ()
    """All of them, nearest first."""
    similarity_needed: float | None = None
    lead_needed: float | None = None
    able: float | None = None
    """Share of the nearest task's own reference prompts that this model answers right."""
    checked: float | None = None
    """Share of held-out reference prompts that the same rules name, and rightly."""


class Token(Frozen):
    """One token of the prompt."""

    text: str
    part: Literal["input", "arrow", "label", "query", "other"]
    demonstration: int | None = None


class Attention(Frozen):
    """Where the last token looks."""

    blocks: tuple[int, ...] = ()
    weights: tuple[tuple[tuple[float, ...], ...], ...] = ()
    """(block, head, token), each as the model uses it."""
    gaps: tuple[str, ...] = ()


class Look(Frozen):
    """One prompt under the microscope."""

    model: ModelCard
    prompt: str
    format: str
    demonstrations: tuple[tuple[str, str], ...]
    query: str
    tokens: tuple[Token, ...]
    answer: Said
    """What follows the prompt."""
    alone: Said
    """What follows the query without demonstrations: the control."""
    majority: tuple[str, int]
    """The most frequent label of the demonstrations, and how often it stands there; empty without any."""
    blocks: tuple[BlockView, ...]
    nearest: Nearest
    attention: Attention
    gaps: tuple[str, ...] = ()
    """What could not be shown and why."""
    seconds: float
    """Time of the measurement, without loading."""

    @property
    def best(self) -> BlockView | None:
        """The block from which theta brings the prompt's own answer back best; None without theta."""
        views = [(view.theta.p, view) for view in self.blocks if view.theta is not None]
        return max(views, key=lambda pair: pair[0])[1] if views else None
