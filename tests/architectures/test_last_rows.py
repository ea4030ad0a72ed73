"""The last row of attention, read fast, equals that of the whole maps a class gives in eager mode."""

from __future__ import annotations

import re
from unittest import mock

import numpy as np
import pytest
import torch
import transformers
from families import BLOCKS, CONTEXT, WINDOW
from last_row_models import PROMPTS, REGISTERED, TARGETS, TOLERANCE, WATCHED, model, read, whole_maps

from taskscope.models.attention import full_map, registered
from taskscope.models.attention.full_map import listed, named
from taskscope.models.attention.last_rows import choose, last_rows
from taskscope.models.attention.passes import one_logits
from taskscope.models.blocks import locate

IN_4 = transformers.__version__.startswith("4.")


@pytest.mark.parametrize("name", [*REGISTERED, *WATCHED])
def test_rows_equal_whole_maps(name: str) -> None:
    subject = model(name)
    assert len(PROMPTS[0]) > WINDOW
    found = read(subject)
    assert found.route == ("registered" if name in REGISTERED else "watched")
    assert found.blocks == tuple(range(BLOCKS))
    for prompt, row in zip(PROMPTS, found.rows, strict=True):
        assert row.shape == (BLOCKS, 4, len(prompt))
        assert row.dtype == np.float32
        np.testing.assert_allclose(row, whole_maps(subject, prompt), rtol=0, atol=TOLERANCE)
        assert (row.max() > 0.01 + 1 / len(prompt)) or len(prompt) == 1, "rows far from uniform"
    for prompt, row in zip(PROMPTS, found.rows, strict=True):
        [single] = subject.last_rows([prompt]).rows
        np.testing.assert_allclose(row, single, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", [*REGISTERED, *WATCHED])
def test_what_follows_is_read_from_the_same_pass(name: str) -> None:
    subject = model(name)
    with subject.guard(), subject.audited(np.random.default_rng(0), share=0.5) as audit:
        found = subject.last_rows(PROMPTS, TARGETS)
    assert found.logprob is not None and audit.n == 2 and audit.flips == 0 and audit.largest < 1e-4
    tokens = [tuple(subject.encode(prompt)) for prompt in PROMPTS]
    labels = [[(target,) for target in own] for own in TARGETS.tolist()]
    np.testing.assert_allclose(found.logprob, subject.classify(tokens, labels), atol=1e-4)
    assert subject.last_rows(PROMPTS).logprob is None


def test_logits_that_are_not_the_models_own_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = model("llama")
    assert subject._attending.predicts
    with monkeypatch.context() as wrong:
        wrong.setattr(registered, "one_logits", lambda out: 1.5 * one_logits(out))
        choice = choose(subject.hf, subject.anatomy, subject.context)
    assert choice.route == "registered" and not choice.predicts
    found = last_rows(subject.executor, choice, [tuple(subject.encode("x"))], TARGETS[:1])
    assert found.logprob is None and found.blocks == tuple(range(BLOCKS))


def test_logits_off_by_little_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = model("llama")
    monkeypatch.setattr(registered, "one_logits", lambda out: 1.003 * one_logits(out))
    assert not choose(subject.hf, subject.anatomy, subject.context).predicts


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_16_bits_what_follows_is_left_to_a_pass_of_its_own(dtype: torch.dtype) -> None:
    hf = model("llama").hf.to(dtype)
    choice = choose(hf, locate(hf), CONTEXT)
    assert choice.route == "registered" and not choice.predicts


@pytest.mark.parametrize("name", ["llama", "gptj"])
def test_tokens_are_taken_as_they_are(name: str) -> None:
    subject = model(name)
    tokens = tuple(subject.encode(PROMPTS[1]))
    by_tokens, by_text = subject.last_rows([tokens]), subject.last_rows([PROMPTS[1]])
    np.testing.assert_array_equal(by_tokens.rows[0], by_text.rows[0])
    with pytest.raises(Exception, match=f"at most {CONTEXT} tokens"):
        subject.last_rows([tokens * CONTEXT])


@pytest.mark.parametrize("name", ["llama", "gpt_oss", "gptj"])
def test_half_precision_is_read_with_its_own_rounding(name: str) -> None:
    subject = model(name)
    subject.hf.to(torch.bfloat16)
    found = read(subject)
    assert found.route == ("registered" if name in REGISTERED else "watched")
    assert len(found.gaps) == (name == "gpt_oss")
    for prompt, row in zip(PROMPTS, found.rows, strict=True):
        assert np.isfinite(row).all()
        np.testing.assert_allclose(row, whole_maps(subject, prompt), rtol=0, atol=5e-2)


def test_sinks_are_told_of_and_take_what_the_tokens_do_not() -> None:
    found = read(model("gpt_oss"))
    assert any("do not sum to one" in gap for gap in found.gaps)
    assert found.rows[0].sum(-1).max() < 1
    whole = read(model("llama"))
    assert whole.gaps == ()
    np.testing.assert_allclose(whole.rows[0].sum(-1), 1, atol=TOLERANCE)


def test_windows_show() -> None:
    found = read(model("mistral")).rows[0]
    assert found[..., :-WINDOW].max() == 0
    assert found[..., -WINDOW:].min() > 0


def test_a_model_without_attention_is_refused_with_the_reason() -> None:
    found = read(model("mamba"))
    assert (found.blocks, found.route) == ((), "none")
    assert [row.shape for row in found.rows] == [(0, 0, len(prompt)) for prompt in PROMPTS]
    [gap] = found.gaps  # one for all blocks
    assert "no heads to look at" in gap
    assert "model of type 'mamba'" in gap


def test_blocks_are_named_as_ranges_in_one_sentence() -> None:
    assert [listed(blocks) for blocks in ((3,), (0, 1), (0, 2, 4, 5, 6, 7))] == ["3", "0, 1", "0, 2, 4 to 7"]
    subject = model("llama")
    n = len(subject.anatomy.blocks)
    odd = [torch.zeros(1, 2, 3)] * n  # no (head, token, token) in any block
    with mock.patch.object(full_map, "by_block", lambda *_: list(enumerate(odd))):
        found = full_map.last_row(subject.hf, subject.anatomy, subject.encode(PROMPTS[0]))
    [gap] = found.gaps
    assert gap.startswith(f"Attention weights of blocks 0 to {n - 1} of this model of type 'llama' are no")
    assert "cannot be separated" in gap
    assert [named(blocks) for blocks in ((3,), (0, 2))] == ["block 3", "blocks 0, 2"]


def test_a_class_that_attends_otherwise_in_eager_mode_is_refused() -> None:
    found = read(model("falcon-alibi"))
    assert found.route == "none"
    assert re.search("watched: .e-01 from the eager map", found.gaps[0])
    assert re.search("step: .e-02 from the eager map", found.gaps[0])


def test_blocks_without_attention_are_named() -> None:
    found = read(model("jamba"))
    assert found.route == ("watched" if IN_4 else "registered")
    assert found.blocks == (1, 3)
    assert "no softmax attention in blocks 0, 2 of this model" in found.gaps[0]
