"""Where the heads of a planted learner start: who looks, at what, and what is carried from where to where.

Half of the residual is for words, half for notes on them. Embeddings stand in the half for words; in the
other stand marks that say what a token is. A head that is wired reads one half and writes one half, so that
what it passes on meets nothing else there. Everything is trained from then on: nothing is kept. Without a
start, heads that hand words to one another must first agree on a code for each of them, which takes a small
model longer than all the rest.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from transformers import LlamaForCausalLM

Half = Literal["words", "notes"]
Who = Literal["text field", "label field", "word", "after a label field"]

_MARKS = ("any", "text field", "label field", "after a label field")
"""Directions of the half for notes that say what a token is; the last one is noted by a head."""
_GATE = 12.0
"""Attention logit by which tokens that are meant lie above others."""
_MATCH = 30.0
"""Attention logit of two residuals whose compared halves are the same word and nothing else."""
_BACK: dict[str, dict[float, float]] = {
    "one": dict.fromkeys((1.0, 0.6, 0.36, 0.22, 0.13, 0.08), 5.0),
    "text": {
        **{1.0: -1.9, 0.604: 2.1, 0.365: 2.6, 0.221: 1.9, 0.133: 1.6, 0.081: 1.4, 0.049: 1.7, 0.029: 1.6},
        **{0.018: 1.1, 0.011: 1.1, 0.0065: 0.8, 0.0039: 0.4, 0.0024: 0.2, 0.0014: 0.1},
    },
}
"""How fast a pair of dimensions turns from token to token, in radians, and the attention logit by which it
favours a distance; the nearest pair is taken. Cosines of "one" add up to a peak; those of "text" were fitted
so that of 400 tokens behind the row six get 97 % of the attention, about as much each."""
_DISTANCE: dict[tuple[str, Who | None], float] = {
    ("one", "text field"): 1.0,
    ("text", "text field"): 5.5,
    ("text", "label field"): 3.5,
}


class Wire(BaseModel):
    """One head and where it starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: int
    head: int
    rows: Who | None = None
    """Who looks; all others rest on fields of texts. None for every token."""
    columns: Who | None = None
    """What is looked at; None for every token."""
    back: Literal["one", "text"] | None = None
    """Whether the token before is looked at, or about the length of a text."""
    compares: tuple[Half, Half] | None = None
    """Halves of the row and of the column that are compared."""
    carries: tuple[Half, Half]
    """From which half, into which."""
    strength: float = 1.0
    """Length of what it writes, beside a word's of one."""


class WiredStart(BaseModel):
    """Where the heads of a network start, and how gently they are trained from there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wires: tuple[Wire, ...]
    rate: float
    """Highest learning rate of embeddings and of matrices in wired blocks, which AdamW trains: Muon moves all
    directions of a matrix equally far and would wear the wires away."""
    rope_theta: float = 1e7
    """Base of the wavelengths by which attention tells distances; where heads compare words, long ones let
    them do so alike at any distance."""
    read_block: int | None = None
    """The block after which a label field must hold the text's own label among its words; None for none."""
    tied: bool = True
    """Whether answers are spelled with the embeddings, or with weights of their own."""


class Places:
    """Where in the residual things stand.

    Args:
        width: Of the residual; heads are half as wide.
        seed: Of the directions.
    """

    def __init__(self, width: int, seed: int) -> None:
        draw = torch.Generator().manual_seed(seed)
        basis = torch.linalg.qr(torch.randn(width, width, generator=draw))[0]
        n_marks = len(_MARKS)
        words, notes = basis[: width // 2], basis[width // 2 :]
        self.half = {"words": words[n_marks:], "notes": notes[n_marks:]}  # (direction, width)
        self.mark = dict(zip(_MARKS, notes[:n_marks], strict=True))


def wire(
    model: LlamaForCausalLM,
    start: WiredStart,
    fields: tuple[list[int], list[int]],
    seed: int,
) -> None:
    """Give embeddings and heads their start; what else stands in a wired block starts silent.

    Args:
        model: Network whose heads are half as wide as its residual.
        start: Heads and what each does.
        fields: Ids of the fields of texts and of those of labels.
        seed: Of the directions.
    """
    places = Places(model.config.hidden_size, seed)
    layers: Any = model.model.layers
    with torch.no_grad():
        _place_embeddings(model.model.embed_tokens.weight, places, fields)
        for block in {one.block for one in start.wires}:
            layers[block].self_attn.o_proj.weight.zero_()
            layers[block].mlp.down_proj.weight.zero_()
        for one in start.wires:
            _wire_head(layers[one.block].self_attn, one, places, start.rope_theta)


def _place_embeddings(embeddings: Tensor, places: Places, fields: tuple[list[int], list[int]]) -> None:
    """Put words of length one into their half, and mark every token as what it is."""
    inside = embeddings @ places.half["words"].T
    inside = inside / inside.norm(dim=1, keepdim=True).clamp(min=1e-6)  # padding has no embedding
    for ids in fields:
        inside[ids] = 0
    embeddings.copy_(inside @ places.half["words"] + places.mark["any"])
    for name, ids in zip(("text field", "label field"), fields, strict=True):
        embeddings[ids] += places.mark[name]


def _wire_head(heads: Any, one: Wire, places: Places, rope_theta: float) -> None:
    """Set the four projections of one head."""
    width = places.mark["any"].shape[0]
    size = width // 2
    unit = math.sqrt(width / 2)  # length of a word, and of each mark, after the norm
    rows = slice(one.head * size, (one.head + 1) * size)
    query, key = _attention(one, places, rope_theta)
    scale = math.sqrt(math.sqrt(size)) / unit  # on both sides: products of two units make a logit of one
    heads.q_proj.weight[rows], heads.k_proj.weight[rows] = scale * query, scale * key
    source, target = (places.half[half] for half in one.carries)
    n = len(source)
    heads.v_proj.weight[rows] = 0
    heads.v_proj.weight[rows][:n] = source
    heads.o_proj.weight[:, rows][:, :n] = one.strength / unit * target.T
    if one.back == "one":
        heads.v_proj.weight[rows][n] = places.mark["label field"]
        heads.o_proj.weight[:, rows][:, n] = places.mark["after a label field"] / unit


def _attention(one: Wire, places: Places, rope_theta: float) -> tuple[Tensor, Tensor]:
    """Return query and key projections, (dimension of the head, width), in logits per unit.

    The two slowest pairs of dimensions tell who looks and what is looked at; they hardly turn at all.
    """
    width = places.mark["any"].shape[0]
    size = width // 2
    query, key = torch.zeros(size, width), torch.zeros(size, width)
    any_, who = places.mark["any"], _who(places, one.rows)
    slow, gate = size // 2 - 1, math.sqrt(_GATE)
    if one.compares is not None:
        free = [i for i in range(size) if i % (size // 2) < slow - 1]
        row, column = one.compares
        query[free], key[free] = (math.sqrt(_MATCH) * places.half[half] for half in (row, column))
    if one.back is not None:
        speeds = rope_theta ** -(torch.arange(size // 2) / (size // 2))
        distance = _DISTANCE.get((one.back, one.rows), 1.0)
        for speed, logit in _BACK[one.back].items():
            pair = int((speeds - speed).abs().argmin())
            angle = -float(speeds[pair]) * distance
            even = math.sqrt(abs(logit))
            query[pair] = math.copysign(even, logit) * math.cos(angle) * who
            query[pair + size // 2] = math.copysign(even, logit) * math.sin(angle) * who
            key[pair] = even * any_
    if one.rows is not None:
        query[slow], key[slow] = gate * (any_ - who), gate * places.mark["text field"]
    if one.columns is not None:
        query[-1], key[-1] = gate * who, gate * _who(places, one.columns)
    return query, key


def _who(places: Places, who: Who | None) -> Tensor:
    """Direction on which tokens that are meant lie at one, others at zero or below."""
    if who is None:
        return places.mark["any"]
    if who == "word":
        return -places.mark["text field"] - places.mark["label field"]
    return places.mark[who]
