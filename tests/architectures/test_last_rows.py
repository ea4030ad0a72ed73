"""The last row of attention, read fast, equals that of the whole maps a class gives in eager mode."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import tiny
import torch
import transformers
from families import BLOCKS, CONTEXT, FAMILIES, WINDOW
from torch.utils._python_dispatch import TorchDispatchMode

from taskscope.errors import ModelError
from taskscope.models.attention import collecting, one_query, registered, watched
from taskscope.models.attention.last_rows import LastRows, choose, last_rows
from taskscope.models.attention.passes import one_logits
from taskscope.models.attention.routes import ROUTES
from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel

IN_4 = transformers.__version__.startswith("4.")
TOLERANCE = 1e-5
PROMPTS = ("a text of nearly as many tokens as the tiny models take: 60.", "hot->cold\nup->down\nin->", "x",
           "cold->hot\ndown->up\nin->")  # fmt: skip
"""Two of one length and others, a single token among them; the longest goes beyond every window."""
REGISTERED = ("llama", "gemma2", "mistral", "gpt_oss", "gpt_neox", "gpt2", "qwen3", "llama4_text")
"""Shared key heads, soft caps, windows, sinks, learned positions, norms of queries, chunks."""
WATCHED = ("gptj", "codegen", "gpt_neox_japanese", "bloom", "mpt", "gpt_neo", "falcon", "xglm", "openai-gpt",
           "rembert", "roformer", "megatron-bert")  # fmt: skip
"""Classes that take no attention function: some channels rotated, in pairs or halves, fused projections laid
out in their own ways, distances as biases, windows of their own, shared key heads, no cache."""
families = {family.name: family for family in FAMILIES}


def model(name: str) -> LanguageModel:
    hf = tiny.network(families[name])
    return LanguageModel(hf, tiny.tokenizer(), None, locate(hf), f"tiny-{name}", name)


def whole_maps(subject: LanguageModel, prompt: str) -> np.ndarray:
    """Return (block, head, token) cut from what the class itself gives in eager mode."""
    former = subject.attention
    subject.hf.config._attn_implementation = "eager"
    with torch.no_grad():
        ids = torch.tensor([subject.encode(prompt)])
        maps = subject.hf(input_ids=ids, output_attentions=True, use_cache=False).attentions
    subject.hf.config._attn_implementation = former
    return np.stack([weights[0, :, -1].float().numpy() for weights in maps])


def read(subject: LanguageModel) -> LastRows:
    with subject.guard():
        return subject.last_rows(PROMPTS)


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


TARGETS = np.array([[7, 20, 50]] * len(PROMPTS))


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
    assert "no heads to look at" in found.gaps[0]


def test_a_class_that_attends_otherwise_in_eager_mode_is_refused() -> None:
    found = read(model("falcon-alibi"))
    assert found.route == "none"
    assert re.search("watched: .e-01 from the eager map", found.gaps[0])
    assert re.search("step: .e-02 from the eager map", found.gaps[0])


def test_blocks_without_attention_are_named() -> None:
    found = read(model("jamba"))
    assert found.route == ("watched" if IN_4 else "registered")
    assert found.blocks == (1, 3)
    assert "Blocks 0, 2 have no softmax attention" in found.gaps[0]


@pytest.mark.parametrize(
    ("name", "routes", "expected"),
    [("llama", [registered], "watched"), ("llama", [registered, watched], "step"),
     ("falcon", [watched], "step")],
)  # fmt: skip
@pytest.mark.parametrize("broken", ["scale", "mask"])
def test_a_wrong_row_is_noticed_and_another_route_taken(
    name: str, routes: list[Any], expected: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, mask = one_query.weights_of, one_query.additive
    for route in routes:
        if broken == "scale":
            monkeypatch.setattr(
                route, "weights_of", lambda q, k, m, scale: original(q, k, m, 1.01 * (scale or 16**-0.5))
            )
        else:
            monkeypatch.setattr(route, "additive", lambda m, queries, n: mask(m, queries - 1, n))
    subject = model(name)
    found = read(subject)
    assert found.route == expected
    for prompt, row in zip(PROMPTS, found.rows, strict=True):
        np.testing.assert_allclose(row, whole_maps(subject, prompt), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["gptj", "bloom", "mpt", "gpt_neo", "falcon", "llama"])
def test_the_step_alone_gives_the_rows_and_what_follows(name: str) -> None:
    subject = model(name)
    tokens = [tuple(subject.encode(prompt)) for prompt in PROMPTS]
    found = ROUTES["step"](subject.hf, subject.anatomy, tokens, 8, None)
    for prompt, ids, seen in zip(PROMPTS, tokens, found, strict=True):
        row = np.stack([seen.rows[block].numpy() for block in range(BLOCKS)])
        np.testing.assert_allclose(row, whole_maps(subject, prompt), rtol=0, atol=TOLERANCE)
        assert seen.logits is not None
        with torch.no_grad():
            plain = subject.hf(input_ids=torch.tensor([ids])).logits[0, -1]
        np.testing.assert_allclose(seen.logits.log_softmax(-1), plain.log_softmax(-1), atol=1e-4)


def planted(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[LanguageModel, str]:
    """Return a model whose watched rows are wrong, and the route that is taken."""
    subject = model(name)
    original = collecting.Collector.keep
    monkeypatch.setattr(collecting.Collector, "keep", lambda self, weights: original(self, 1.01 * weights))
    return subject, subject.last_rows(PROMPTS).route


@pytest.mark.parametrize("name", ["gptj", "bloom"])
def test_a_wrong_row_of_a_softmax_is_noticed_and_the_step_taken(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planted(name, monkeypatch)[1] == "step"


def test_without_a_cache_a_wrong_row_leaves_no_route(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, route = planted("openai-gpt", monkeypatch)
    assert route == "none"
    [gap] = subject.last_rows(["x"]).gaps
    assert re.search("watched: .* from the eager map .*; step: the model keeps no cache", gap)


class Squares(TorchDispatchMode):
    """Counts tensors that hold a number for every head and pair of tokens."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n, self.found = n, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for value in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(value, torch.Tensor) and value.shape[-2:] == (self.n, self.n):
                self.found += value.numel() > self.n**2
        return out


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt_oss"])
def test_no_head_makes_a_whole_map(name: str) -> None:
    subject = model(name)
    ids = torch.tensor([subject.encode(PROMPTS[0])])
    with Squares(ids.shape[1]) as whole:
        subject.hf.set_attn_implementation("eager")
        subject.hf(input_ids=ids, output_attentions=True, use_cache=False)
    assert whole.found
    last = torch.tensor([ids.shape[1] - 1])
    with Squares(ids.shape[1]) as squares:
        found, _ = registered.read(subject.hf, subject.anatomy, ids, last, ids.shape[1] // 3)
    assert len(found) == BLOCKS
    assert squares.found == 0


@pytest.mark.parametrize("name", [name for name in WATCHED if name != "openai-gpt"])
def test_watching_makes_no_map_beyond_a_piece(name: str) -> None:
    subject = model(name)
    ids = torch.tensor([subject.encode(PROMPTS[0])])
    n = ids.shape[1]
    with Squares(n) as squares:
        found, _ = watched.read(subject.hf, subject.anatomy, ids, torch.tensor([n - 1]), n // 3)
    assert len(found) == BLOCKS
    assert squares.found == 0


@pytest.mark.skipif(IN_4, reason="the class of the 4.x line hands out no maps, and calls the kernel once")
def test_a_block_that_attends_twice_has_no_row_of_its_own() -> None:
    subject = model("diffllama")
    assert read(subject).route == "step"
    ids = torch.tensor([subject.encode("hot->")])
    with pytest.raises(ModelError, match="attend more than once"):
        watched.read(subject.hf, subject.anatomy, ids, torch.tensor([4]), 8)


def test_weights_wider_than_the_prompt_are_refused() -> None:
    subject = model("gpt_oss")  # a sink is one column more
    subject.hf.set_attn_implementation("eager")
    ids = torch.tensor([subject.encode("hot->")])
    with pytest.raises(ModelError, match="6 columns for 5 tokens"):
        watched.read(subject.hf, subject.anatomy, ids, torch.tensor([4]), 8)


@pytest.mark.parametrize("name", [*REGISTERED, *WATCHED])
def test_a_pass_for_rows_alone_is_left_in_the_last_block(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = model(name)
    assert subject._attending.route != "step"
    tokens = [tuple(subject.encode(prompt)) for prompt in PROMPTS]
    whole = subject.last_rows(PROMPTS, TARGETS)  # what follows is wanted too
    read_some = ROUTES[subject._attending.route]
    reached = []
    projection = subject.anatomy.projections[-1]
    assert projection is not None
    handle = projection.register_forward_pre_hook(lambda *_: reached.append(1))
    with subject.guard():
        left = read_some(subject.hf, subject.anatomy, tokens, 8, BLOCKS - 1)
    handle.remove()
    assert not reached and all(seen.logits is None for seen in left)
    for seen, row in zip(left, whole.rows, strict=True):
        np.testing.assert_allclose(torch.stack([seen.rows[b] for b in range(BLOCKS)]), row, atol=TOLERANCE)
    again = subject.last_rows(PROMPTS, TARGETS)
    assert whole.logprob is not None and again.logprob is not None
    np.testing.assert_array_equal(again.logprob, whole.logprob)
