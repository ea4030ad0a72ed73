"""``taskscope doctor``: every check of a loaded model, each with what to do where it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError, TaskError
from taskscope.models import lengths
from taskscope.models.blocks import head_weights
from taskscope.models.branching import Branch, Tree
from taskscope.models.comparison import largest_difference, rounding, sample_prompts, spread_targets
from taskscope.models.execution import Executor, Prediction
from taskscope.models.language_model import LanguageModel
from taskscope.models.patching import BlockEdits, patched
from taskscope.models.reading import reading, stacked
from taskscope.models.selfcheck import LIMITS, Check, examine
from taskscope.models.work import Edits, Places, Work

__all__ = ["Check", "doctor"]

BOUNDARIES = (("apple->red\nlime->", "green"), ("Q: a b\nA:", " c"), ("example:h->", "i"), ("c,d,b->", "c"))
"""Prompts and answers as the prompt formats render them; protocol pitfall P3."""
TIMED_TOKENS = 64
LONG_TOKENS = 512


def doctor(model: LanguageModel) -> list[Check]:
    """Make every check of a loaded model.

    Those of loading (`selfcheck.examine`); then read-back, heads, batches, long prompts, tokenizer, and what
    a pass costs. Nothing is left behind in the model.
    """
    checks = list(examine(model.hf, model.anatomy).checks)
    parts: tuple[Callable[[LanguageModel], Check], ...] = (
        _read_back,
        _heads,
        _batches,
        _long_prompts,
        _boundaries,
        _specials,
        _cost,
    )
    return checks + [_made(part, model) for part in parts]


def _made(part: Callable[[LanguageModel], Check], model: LanguageModel) -> Check:
    """Make one check; a check that cannot be made has failed."""
    try:
        with torch.no_grad():
            return part(model)
    except (ModelError, TaskError, RuntimeError, ValueError, IndexError, TypeError) as error:
        name = part.__name__.strip("_").replace("_", " ")
        return Check(name, False, f"could not be made: {error}", "report the model's type and this line")


def _ends(prompts: list[tuple[int, ...]]) -> list[Work]:
    """Look at the last token of each prompt."""
    return [
        Work(
            Tree(prompt[:-1], (Branch(prompt[-1:], len(prompt) - 1),)),
            Places(np.array([0]), np.array([len(prompt) - 1]), np.array([out])),
            Edits.none(),
        )
        for out, prompt in enumerate(prompts)
    ]


def _predict(model: LanguageModel, prompts: list[tuple[int, ...]]) -> Prediction:
    executor = Executor(model.hf, model.anatomy, LIMITS, "rows", pad=model.executor.passes.pad)
    targets = np.tile(spread_targets(model.hf), (len(prompts), 1))
    return executor.predict(_ends(prompts), targets)


def _batches(model: LanguageModel) -> Check:
    """Compare a batch of prompts of unequal length with each of them alone (numerics 7)."""
    prompts = sample_prompts(model.hf, (4, 8, 8, 8, 8, 11))
    together = _predict(model, prompts)
    alone = [_predict(model, [prompt]) for prompt in prompts]
    difference = largest_difference(together.logprob, np.concatenate([a.logprob for a in alone]))
    flips = sum(int(a.top[0] != top) for a, top in zip(alone, together.top, strict=True))
    limit = rounding(model.hf, together.logprob)
    return Check(
        "batch invariance",
        difference <= limit,
        f"batch {len(prompts)} equals batch 1 to {difference:.1e} nats (at most {limit:.1e}); "
        f"{flips} of {len(prompts)} most likely tokens differ",
        "use --dtype float32; mixtures of experts may route differently in low precision",
    )


def _long_prompts(model: LanguageModel) -> Check:
    """Look beyond the chunks and windows of the model's class; see `lengths.agreement`."""
    found = lengths.agreement(model.hf, min(LONG_TOKENS, model.context // 2))
    return Check(lengths.NAME, found.passed, str(found), lengths.ADVICE)


def _read_back(model: LanguageModel) -> Check:
    """Write a vector after the middle block and read that place in the same pass (numerics 2)."""
    middle = model.n_blocks // 2
    ids = torch.tensor([sample_prompts(model.hf, (6,))[0]], device=model.device)
    row, slot = torch.zeros(1, dtype=torch.int64), torch.tensor([5])
    vector = torch.linspace(-1, 1, model.d_model, device=model.device, dtype=model.hf.dtype)[None]
    with (
        patched(model.anatomy, {middle: BlockEdits(row, slot, vector)}),
        reading(model.anatomy, [middle], row, slot, "residual") as found,
    ):
        model.hf(input_ids=ids, use_cache=False)
    passed = bool(torch.equal(stacked(found, [middle])[:, 0], vector.float().cpu()))
    detail = f"a vector written after block {middle} {'is' if passed else 'is not'} read back bit for bit"
    return Check("read-back", passed, detail, "another hook on the block changes its output")


def _heads(model: LanguageModel) -> Check:
    """Sum what each head writes and compare with the attention's output without bias (pitfalls P8, P9)."""
    blocks = [b for b, projection in enumerate(model.anatomy.projections) if projection is not None]
    name = "heads"
    if not blocks:
        return Check(name, True, "no attention heads were found; claims about heads are left out")
    block = blocks[len(blocks) // 2]
    projection: Any = model.anatomy.projections[block]
    ids = torch.tensor([sample_prompts(model.hf, (6,))[0]], device=model.device)
    row, slot = torch.zeros(1, dtype=torch.int64), torch.tensor([5])
    written: list[Tensor] = []
    hook = projection.register_forward_hook(lambda _module, _args, out: written.append(out[0, 5]))
    try:
        with reading(model.anatomy, [block], row, slot, "heads") as found:
            model.hf(input_ids=ids, use_cache=False)
    finally:
        hook.remove()
    bias = projection.bias if projection.bias is not None else 0.0
    expected = (written[0] - bias).float()
    parts = torch.einsum(
        "hk,hkd->hd", found[block][0].float(), head_weights(projection, model.n_heads).float()
    )
    error = float((parts.sum(0) - expected).abs().max() / expected.abs().max().clamp_min(1e-12))
    coarse = model.hf.dtype in (torch.float16, torch.bfloat16)
    return Check(
        name,
        error <= (5e-2 if coarse else 1e-4),
        f"{model.n_heads} heads of {model.head_dim} in {len(blocks)} of {model.n_blocks} blocks; together "
        f"they give the attention's output to {error:.1e} of its size",
        "the projection that was found does not mix heads; claims about heads do not apply",
    )


def _boundaries(model: LanguageModel) -> Check:
    """Check that answers start at a token of their own in every prompt format (pitfall P3)."""
    broken = []
    for prompt, answer in BOUNDARIES:
        try:
            model.encode_pair(prompt, answer)
        except TaskError:
            broken.append(f"{prompt!r} + {answer!r}")
    detail = f"{len(BOUNDARIES) - len(broken)} of {len(BOUNDARIES)} samples split between prompt and answer"
    return Check(
        "token boundaries",
        not broken,
        detail + (f"; not {', '.join(broken)}" if broken else ""),
        "use a prompt format in which answers start with a space (colon)",
    )


def _specials(model: LanguageModel) -> Check:
    """Report special tokens; missing ones are worked around, so this fails only if plain text is unknown."""
    tokenizer, probe = model.tokenizer, model.tokenizer_probe
    unknown = tokenizer.unk_token_id is not None and set(probe.ids) <= {tokenizer.unk_token_id}
    facts = [
        type(tokenizer).__name__,
        f"'x' is {list(probe.ids)}",
        f"adds {len(probe.before)} tokens in front and {len(probe.after)} behind (dropped)",
        "no BOS" if tokenizer.bos_token_id is None else f"BOS {tokenizer.bos_token_id}",
        f"no padding token, {model.executor.passes.pad} is used and masked"
        if tokenizer.pad_token_id is None
        else f"padding {tokenizer.pad_token_id}",
    ]
    return Check("special tokens", not unknown, "; ".join(facts), "the tokenizer does not know the letter x")


def _cost(model: LanguageModel) -> Check:
    """Measure one pass, and count the memory of the weights."""
    length = min(TIMED_TOKENS, model.context // 2)
    prompts = sample_prompts(model.hf, (length,))
    _predict(model, prompts)
    start = time.perf_counter()
    _predict(model, prompts)
    seconds = time.perf_counter() - start
    size = sum(p.numel() * p.element_size() for p in model.hf.parameters()) / 2**20
    detail = f"{length} tokens in {seconds * 1e3:.0f} ms on {model.device}; weights take {size:.0f} MiB"
    return Check("cost", bool(np.isfinite(seconds)), detail)
