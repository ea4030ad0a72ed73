"""The weights of the planted smoother, written by hand (protocol kernel_regression 2.8 and 3, test iii).

A GPT-2 of three blocks whose feed-forward parts are zero. In each block head 0 does one thing, and all other
heads look around at random and write nothing:

0. *segment*: every token finds the last break (or the start of the prompt) and copies its position's code.
1. *x*: every token averages the features of the words whose segment is its own: at a label and at the end of
   the prompt that is x, the mean features of the text before it.
2. *vote*: the last token compares its x with that of every label token, and copies the labels:
   sum_i e(y_i) exp(SHARPNESS x . x_i) / sum_i exp(SHARPNESS x . x_i).

The logits of label words are SHOWN times that vote; all other words are far below. In the null model the
last head looks around at random too, and the answer is read off the query's own words.

Every number stands in the residual as a pair that norms leave alone (`taskscope.training.paired`). All
weights are exact in half precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from taskscope.training.paired import LARGE, gain, paired, reading
from taskscope.training.smoother import words

HALF = 64
"""Numbers of the residual; d_model is twice that."""
HEADS, HEAD_DIM, BLOCKS, CONTEXT = 4, 32, 3, 1280
VOTER = (2, 0)
"""Block and head of the smoother."""
SCALE = HEAD_DIM**0.5
"""What attention divides scores by."""
FREQUENCIES = (0.0068, 0.2246, 0.25, 0.2576, 0.2582, 0.2877)
"""Turns per token of the position code: codes of places 11 or more apart have a product of at most 0.7."""
QUERY, KEY = 16.0, 16.0
SHARPNESS = QUERY * KEY / SCALE
"""Of the kernel exp(SHARPNESS x . x')."""
SHOWN = 8.0
"""Logit of a label that gets the whole vote."""
READ = 32.0
"""Logit that the null model gives a class whose word is the whole text."""
FAR = -24.0
"""Logit of all words that are no labels, but for LIKE."""
LIKE = 4.0
"""How far a word of the text's own kind is above others: so that any text changes what follows it."""
_SEED = 0
_NEAR = 1.5
"""Size of the random scores of heads that write nothing."""


class At:
    """Where in the residual each number stands, first ones of the pairs."""

    constant = slice(0, 1)
    ramp = slice(1, 2)
    start = slice(2, 3)
    word = slice(3, 4)
    position = slice(4, 16)
    segment = slice(16, 28)
    features = slice(28, 41)
    x = slice(41, 54)
    vote = slice(54, 64)


def build(tokenizer: PreTrainedTokenizerFast, *, null: bool = False) -> GPT2LMHeadModel:
    """Write the weights down.

    Args:
        tokenizer: `words.tokenizer`.
        null: Whether the answer comes from the query's own words and no head is a smoother.
    """
    end = int(tokenizer.convert_tokens_to_ids(str(tokenizer.eos_token)))  # pyright: ignore
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=CONTEXT, n_embd=2 * HALF, n_layer=BLOCKS, n_head=HEADS,
        n_inner=4, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, tie_word_embeddings=False,
        bos_token_id=end, eos_token_id=end, pad_token_id=end,
    )  # fmt: skip
    hf = GPT2LMHeadModel(config).eval().requires_grad_(False)
    for parameter in hf.parameters():
        parameter.zero_()
    trunk = hf.transformer
    trunk.wte.weight.copy_(_embeddings(tokenizer))
    trunk.wpe.weight.copy_(_positions())
    undone = gain(HALF, 1)
    trunk.ln_f.weight.copy_(undone)
    rng = np.random.default_rng(_SEED)
    planted = [_segment_head(), _x_head(), None if null else _vote_head()]
    for block, head in zip(trunk.h, planted, strict=True):
        _write(block, undone, [head or _random_head(rng), *(_random_head(rng) for _ in range(HEADS - 1))])
    hf.lm_head.weight.copy_(_output(tokenizer, null))
    return hf


def _write(block: Any, undone: Tensor, heads: list[_Head]) -> None:
    """Write the heads of one block down."""
    block.ln_1.weight.copy_(undone)
    weight = block.attn.c_attn.weight.view(2 * HALF, 3, HEADS, HEAD_DIM)
    out = block.attn.c_proj.weight.view(HEADS, HEAD_DIM, 2 * HALF)
    for number, one in enumerate(heads):
        for part, read in enumerate((one.query, one.key, one.value)):
            weight[:, part, number] = reading(read)
        out[number] = torch.cat([one.write, -one.write], dim=1)


@dataclass(frozen=True)
class _Head:
    """What a head reads, (number, head_dim), and writes, (head_dim, number)."""

    query: Tensor
    key: Tensor
    value: Tensor
    write: Tensor


def _empty_head() -> _Head:
    query, key, value = (torch.zeros(HALF, HEAD_DIM) for _ in range(3))
    return _Head(query, key, value, torch.zeros(HEAD_DIM, HALF))


def _segment_head() -> _Head:
    """Look at the last token that starts a segment: starts beat all others, and later ones earlier ones."""
    head = _empty_head()
    head.query[At.constant, 0] = 8.0
    head.key[At.start, 0] = 8192.0
    head.key[At.ramp, 0] = 6400.0
    _copy(head, At.position, At.segment)
    return head


def _x_head() -> _Head:
    """Look at the words of the own segment, all alike."""
    head = _empty_head()
    width = 2 * len(FREQUENCIES)
    head.query[At.segment, :width] = QUERY * torch.eye(width)
    head.key[At.segment, :width] = QUERY * torch.eye(width)
    head.query[At.constant, width] = QUERY
    head.key[At.word, width] = 6.0
    _copy(head, At.features, At.x)
    return head


def _vote_head() -> _Head:
    """Look at labels, as far as the x before them is like the own one."""
    head = _empty_head()
    width = words.features().shape[1]
    head.query[At.x, :width] = QUERY * torch.eye(width)
    head.key[At.x, :width] = KEY * torch.eye(width)
    head.query[At.constant, width] = QUERY
    head.key[At.vote, width] = 10.0
    _copy(head, At.vote, At.vote, SHOWN)
    return head


def _copy(head: _Head, source: slice, target: slice, factor: float = 1.0) -> None:
    n = source.stop - source.start
    head.value[source, :n] = torch.eye(n)
    head.write[:n, target] = factor * torch.eye(n)


def _random_head(rng: np.random.Generator) -> _Head:
    """Look around at random, by what words are and where tokens stand, and write nothing.

    Not by x or labels: a random map from the one to the other would vote for some labels given some texts.
    """
    head = _empty_head()
    for part in (head.query, head.key):
        for place in (At.position, At.features, At.word):
            n = place.stop - place.start
            part[place] = torch.from_numpy(rng.normal(0, _NEAR, (n, HEAD_DIM))).float().bfloat16().float()
    return head


def _embeddings(tokenizer: PreTrainedTokenizerFast) -> Tensor:
    numbers = torch.zeros(len(tokenizer), HALF)
    numbers[:, At.constant] = LARGE
    [line_break] = tokenizer.encode(words.BREAK, add_special_tokens=False)
    numbers[line_break, At.start] = 1
    known = words.token_ids(tokenizer, words.known())
    numbers[known, At.word] = 1
    numbers[known, At.features] = torch.from_numpy(words.features()).float()
    labels = words.token_ids(tokenizer, words.labels())
    numbers[labels, At.vote] = torch.eye(len(labels))
    return paired(numbers)


def _positions() -> Tensor:
    numbers = torch.zeros(CONTEXT, HALF)
    at = torch.arange(CONTEXT)[:, None]
    angles = 2 * torch.pi * at * torch.tensor(FREQUENCIES)
    numbers[:, At.position] = torch.cat([angles.cos(), angles.sin()], dim=1) / len(FREQUENCIES) ** 0.5
    numbers[:, At.ramp] = at / 1024
    numbers[0, At.start] = 1
    return paired(numbers)


def _output(tokenizer: PreTrainedTokenizerFast, null: bool) -> Tensor:
    """Read the vote out, or in the null model the classes that the query's own words speak for."""
    read = torch.zeros(len(tokenizer), HALF)
    read[:, At.constant] = FAR
    known = words.token_ids(tokenizer, words.known())
    read[known, At.x] = LIKE * torch.from_numpy(words.features()).float()
    labels = words.token_ids(tokenizer, words.labels())
    read[labels] = 0
    if null:
        classes = torch.from_numpy(words.classes()).float()
        read[labels, At.x.start : At.x.start + classes.shape[1]] = READ * classes
    else:
        read[labels, At.vote] = torch.eye(len(labels))
    return reading(read.T).T
