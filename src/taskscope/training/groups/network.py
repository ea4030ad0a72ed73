"""Two groups of tasks that share weights inside a group and none between, written by hand.

A GPT-2 of one block whose feed-forward part is zero and which reads `tasks.pair_planted`. Its two heads look
at all tokens alike, so what they take up is the noun. A noun has numbers of the *circuit* that its task uses;
the head of that circuit writes them, mixed, to the circuit's *decision*, and the words of the contrast read
the decision with opposite signs.

In the planted model each group has one circuit of six numbers, which all its tasks use. In the null model
each task has a circuit of one number to itself. Either way the mixing is weak and mostly random at first:
there is much to learn, and a step of learning goes into the circuit more than into any word.

All weights are exact in half precision; see `taskscope.training.paired`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from taskscope.tasks import pair_planted
from taskscope.training.paired import LARGE, gain, paired, reading
from taskscope.training.word_vocabulary import fit_pieces, word_token

HALF = 32
"""Numbers of the residual; d_model is twice that."""
HEADS, HEAD_DIM, CONTEXT = 2, 32, 16
WIDTH = len(pair_planted.CONTRASTS)
"""Numbers of a group's circuits together: one for each task."""
_CONSTANTS = 2
_FEATURES, _DECISION = 2, 2 + 2 * WIDTH
"""Where features and decisions start among the numbers."""
COPIES = 5
"""How often a head holds each number: so often that the circuits are most of what tuning changes."""
SIGNAL, NOISE = 8.0, 6.0
"""Size of a noun's kind in its numbers, and spread of what is its own."""
TAKEN, MIXED, TOLD = 0.125, 0.25, 2.0
"""What a head takes up, what it writes of it, and how words read the decision."""
LEANING = 0.005
"""What the mixing has of the right answer at first, for each two numbers of a circuit."""
FAR = -16.0
"""Logit of all words that are never right."""
_PARTS = r" ?\p{L}+|[^\p{L}]"
_SEED = 0


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a word with the space before it; openings, and the, stand without one too."""
    nouns = [noun for name in pair_planted.NAMES for noun, _ in pair_planted.nouns_of(name)]
    contrasts = [word for pair in pair_planted.CONTRASTS for word in pair]
    words = ["the", "is", *nouns, *contrasts]
    return fit_pieces([*pair_planted.OPENINGS, "the", ".", *map(word_token, words)], _PARTS)


def circuit(name: str, *, null: bool) -> list[int]:
    """Return the numbers of a task's circuit: its group's, or in the null model one of its own."""
    if null:
        return [pair_planted.NAMES.index(name)]
    start = WIDTH * pair_planted.group_of(name)
    return list(range(start, start + WIDTH))


def build(tokens: PreTrainedTokenizerFast, *, null: bool = False) -> GPT2LMHeadModel:
    """Write the weights down.

    Args:
        tokens: `tokenizer`.
        null: Whether every task has a circuit to itself.
    """
    end = int(tokens.convert_tokens_to_ids(str(tokens.eos_token)))  # pyright: ignore
    config = GPT2Config(
        vocab_size=len(tokens), n_positions=CONTEXT, n_embd=2 * HALF, n_layer=1, n_head=HEADS, n_inner=4,
        embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, tie_word_embeddings=False,
        bos_token_id=end, eos_token_id=end, pad_token_id=end,
    )  # fmt: skip
    hf = GPT2LMHeadModel(config).eval().requires_grad_(False)
    for parameter in hf.parameters():
        parameter.zero_()
    rng = np.random.default_rng(_SEED)
    trunk, undone = hf.transformer, gain(HALF, _CONSTANTS)
    trunk.wte.weight.copy_(_embeddings(tokens, null, rng))
    trunk.ln_f.weight.copy_(undone)
    block: Any = trunk.h[0]
    block.ln_1.weight.copy_(undone)
    values = block.attn.c_attn.weight.view(2 * HALF, 3, HEADS, HEAD_DIM)[:, 2]
    out = block.attn.c_proj.weight.view(HEADS, HEAD_DIM, 2 * HALF)
    for head, mixing in enumerate(_mixing(null, rng)):
        start, held = head * WIDTH, COPIES * WIDTH
        take, write = torch.zeros(HALF, HEAD_DIM), torch.zeros(HEAD_DIM, HALF)
        take[_FEATURES + start : _FEATURES + start + WIDTH, :held] = TAKEN * torch.eye(WIDTH).repeat(
            1, COPIES
        )
        write[:held, _DECISION + start : _DECISION + start + WIDTH] = mixing
        values[:, head] = reading(take)
        out[head] = paired(write)
    hf.lm_head.weight.copy_(_output(tokens, null))
    return hf


def _mixing(null: bool, rng: np.random.Generator) -> list[Tensor]:
    """Return what each head makes of the numbers it holds, (copy x number, number of the decision)."""
    found = []
    for _ in range(HEADS):
        weak = rng.normal(0, MIXED, (COPIES * WIDTH, WIDTH))
        # The sum over all numbers is what leans to the right answer or the wrong one.
        weak += LEANING - weak.mean()
        if null:
            weak = np.tile(np.diag(np.full(WIDTH, LEANING * WIDTH**2)), (COPIES, 1))
        found.append(torch.from_numpy(weak).float())
    return found


def _ids(tokens: PreTrainedTokenizerFast, words: tuple[str, ...]) -> list[int]:
    return [tokens.encode(word_token(word), add_special_tokens=False)[0] for word in words]


def _embeddings(tokens: PreTrainedTokenizerFast, null: bool, rng: np.random.Generator) -> Tensor:
    numbers = torch.zeros(len(tokens), HALF)
    numbers[:, :_CONSTANTS] = LARGE
    for name in pair_planted.NAMES:
        at = torch.tensor(circuit(name, null=null)) + _FEATURES
        for noun, kind in pair_planted.nouns_of(name):
            [token] = _ids(tokens, (noun,))
            own = rng.normal(0, NOISE, len(at))
            numbers[token, at] = torch.from_numpy(SIGNAL * kind + own).float()
    return paired(numbers)


def _output(tokens: PreTrainedTokenizerFast, null: bool) -> Tensor:
    """Let the words of each contrast read the decisions of the tasks that contrast them."""
    read = torch.zeros(len(tokens), HALF)
    read[:, 0] = FAR
    for name in pair_planted.NAMES:
        at = torch.tensor(circuit(name, null=null)) + _DECISION
        plus, minus = _ids(tokens, pair_planted.contrast_of(name))
        read[[plus, minus], 0] = 0
        read[plus, at], read[minus, at] = TOLD, -TOLD
    return reading(read.T).T
