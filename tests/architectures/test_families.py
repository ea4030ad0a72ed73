"""Every family, through the front door: saved, loaded, checked, and each fast path equal to the plain one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import looking
import naive
import numpy as np
import pytest
import tiny
import torch
import transformers
from families import BLOCKS, CHUNK, FAMILIES, WINDOW, Family
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from taskscope.errors import ModelError
from taskscope.models.checks import doctor
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load

IN_4 = transformers.__version__.startswith("4.")
PROMPTS = ("a->b\nc->", "hot->cold\nup->down\nin->", "Q: what now\nA:", "x")
"""Two shorter and one longer than the windows, and a single token; a character is a token."""
SHORT = ("c->", "in->", "A:", "x")
"""No longer than a chunk with their answers."""
ANSWERS = {"gold": [["d"], ["out", "o"], [" then"], ["y"]], "other": [["e"], ["t"], [" not"], ["."]]}
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*deprecated:DeprecationWarning")
"""The 4.x line compiles parts of some classes with torch.jit on import."""
SHARE = 1e-5
"""Largest difference allowed, as a share of the largest logit."""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family(family: Family, tmp_path: Path) -> None:
    if family.type not in CONFIG_MAPPING:
        pytest.skip(f"transformers {transformers.__version__} has no model type {family.type!r}")
    folder = tmp_path / family.name
    tiny.build(family, folder)
    if IN_4 and family.refused_in_4:
        with pytest.raises(ModelError, match=family.refused_in_4):
            load(str(folder))
        return
    model = load(str(folder))
    assert model.route == ("rows" if IN_4 and family.rows_in_4 else family.route)
    assert model.n_blocks == BLOCKS
    assert sum(p is not None for p in model.anatomy.projections) == family.own_heads
    faults = set(family.faults_in_4) if IN_4 else set()
    prompts = SHORT if faults else PROMPTS
    with model.guard():
        check_capture(model, prompts, family.states)
        check_sweep(model, prompts)
        check_scores(model, prompts)
        check_heads(model, prompts)
        check_lens(model, prompts)
        if not faults:  # a class that fails on long prompts is refused the references, as below
            looking.check_look(model, SHARE)
        failed = {check.name for check in doctor(model) if not check.passed}
    assert failed == faults
    if "long prompts" in faults:
        with pytest.raises(ModelError, match="fails the check 'long prompts'"):
            model.capture(["long " * 8])


def test_prompts_are_longer_than_windows_and_short_ones_shorter_than_chunks() -> None:
    assert max(map(len, PROMPTS)) > WINDOW
    answers = [max(len(text) for by_name in ANSWERS.values() for text in by_name[p]) for p in range(4)]
    assert all(len(prompt) + most - 1 <= CHUNK for prompt, most in zip(SHORT, answers, strict=True))


def check_capture(model: LanguageModel, prompts: Sequence[str], states: bool) -> None:
    """Residuals equal those of single plain passes, and hidden_states where that holds them."""
    found = model.capture(prompts)
    for prompt, residual in zip(prompts, found, strict=True):
        ids = model.encode(prompt)
        expected = naive.residuals(model.hf, model.anatomy.blocks, ids)[:, -1].numpy()
        np.testing.assert_allclose(residual, expected, atol=SHARE * np.abs(expected).max())
        if states:
            with torch.no_grad():
                out = model.hf(input_ids=torch.tensor([ids]), output_hidden_states=True, use_cache=False)
            # The last of hidden_states has passed the final norm.
            oracle = torch.stack([state[0, -1] for state in out.hidden_states[1:BLOCKS]]).numpy()
            np.testing.assert_allclose(residual[:-1], oracle, atol=SHARE * np.abs(oracle).max())


def check_sweep(model: LanguageModel, prompts: Sequence[str]) -> None:
    """Every column of the sweep equals a pass of its own; writing back what was read changes nothing."""
    residuals = model.capture(prompts)
    shuffled = np.roll(residuals, 1, axis=0) + 0.1
    found = model.sweep(prompts, {"identity": residuals, "foreign": shuffled}, ANSWERS)
    plain = model.answer(prompts, {name: [[a[0][0]] for a in some] for name, some in ANSWERS.items()})
    for p, prompt in enumerate(prompts):
        ids = model.encode(prompt)
        for b, block in enumerate(model.anatomy.blocks):
            logits = naive.logits(model.hf, ids, block, torch.from_numpy(shuffled[p, b]))[-1]
            limit = SHARE * float(logits.abs().max())
            assert gap_to_top(logits, int(found.first_token[1, p, b])) <= limit
            for name, answers in ANSWERS.items():
                target = model.encode_pair(prompt, answers[p][0])[1][0]
                expected = float(logits.log_softmax(-1)[target])
                assert abs(found.logprob[name][1, p, b] - expected) <= limit
                assert abs(found.logprob[name][0, p, b] - plain.logprob[name][p]) <= limit


def gap_to_top(logits: torch.Tensor, token: int) -> float:
    """Return how far a token's logit is below the largest: 0 for the argmax, so that ties do not matter."""
    return float(logits.max() - logits[token])


def check_scores(model: LanguageModel, prompts: Sequence[str]) -> None:
    """Scores of whole answers equal those of single plain passes."""
    requests = [
        (prompt, some[0]) for name in ANSWERS for prompt, some in zip(prompts, ANSWERS[name], strict=True)
    ]
    for request, found in zip(requests, model.score(requests), strict=True):
        prompt, continuation = model.encode_pair(*request)
        limit = SHARE * float(naive.logits(model.hf, prompt + continuation).abs().max())
        assert abs(found - naive.score(model.hf, prompt, continuation)) <= limit * len(continuation)


def check_lens(model: LanguageModel, prompts: Sequence[str]) -> None:
    """Reading a last residual out ranks tokens as the whole model does, or the model says that it cannot."""
    if not model.reads_out:
        return
    last = model.capture(prompts, blocks=[model.n_blocks - 1])[:, 0]
    for prompt, read in zip(prompts, model.read_out(last), strict=True):
        own = naive.logits(model.hf, model.encode(prompt))[-1]
        order = torch.argsort(-own)
        assert (torch.from_numpy(read)[order].diff() <= SHARE * np.abs(read).max() * 10).all()
    first = model.capture(prompts, blocks=[0])[:, 0]
    tuned = model.tune_lens(first, last, 40, np.random.default_rng(0))(first)
    assert model.divergences(tuned, last).mean() < model.divergences(first, last).mean()


def check_heads(model: LanguageModel, prompts: Sequence[str]) -> None:
    """Heads that were found are read at the last token, one array for all blocks that have them."""
    blocks = [b for b, projection in enumerate(model.anatomy.projections) if projection is not None]
    if blocks:
        heads = model.capture(prompts, blocks=blocks, what="heads")
        assert heads.shape == (len(prompts), len(blocks), model.n_heads, model.head_dim)
        assert np.abs(heads).max() > 0
