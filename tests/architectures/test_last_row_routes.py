"""Routes to last rows: wrong ones are noticed and the next taken, none makes whole maps, passes end early."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from families import BLOCKS
from last_row_models import PROMPTS, REGISTERED, TARGETS, TOLERANCE, WATCHED, model, read, whole_maps
from torch.utils._python_dispatch import TorchDispatchMode

from taskscope.errors import ModelError
from taskscope.models.attention import collecting, one_query, registered, watched
from taskscope.models.attention.routes import ROUTES
from taskscope.models.language_model import LanguageModel

IN_4 = transformers.__version__.startswith("4.")


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


def test_a_class_that_is_not_seen_to_attend_is_refused() -> None:
    subject = model("mamba")
    ids = torch.tensor([subject.encode("hot->")])
    with pytest.raises(ModelError, match="no block was seen to attend"):
        watched.read(subject.hf, subject.anatomy, ids, torch.tensor([4]), 8)


def test_weights_wider_than_the_prompt_are_refused() -> None:
    subject = model("gpt_oss")  # a sink is one column more
    subject.hf.set_attn_implementation("eager")
    ids = torch.tensor([subject.encode("hot->")])
    with pytest.raises(ModelError, match="6 columns for 5 tokens"):
        watched.read(subject.hf, subject.anatomy, ids, torch.tensor([4]), 8)


@pytest.mark.parametrize("name", [*REGISTERED, *WATCHED])
def test_a_pass_for_rows_alone_is_left_in_the_last_block(name: str) -> None:
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


def test_the_stock_kernel_may_be_called_by_keyword() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(2, heads, 5, 8, generator=generator) for heads in (4, 2, 2))
    found = collecting.Collector(torch.tensor([4, 2]), 5, start=0, stop=5, block=0)
    with watched._Watch(found, 4):
        torch.nn.functional.scaled_dot_product_attention(
            query=query, key=key, value=value, is_causal=True, scale=0.3, enable_gqa=True
        )
    scores = 0.3 * query @ key.repeat_interleave(2, 1).transpose(2, 3)
    maps = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf).softmax(-1)
    expected = torch.stack([maps[0, :, 4], maps[1, :, 2]])
    torch.testing.assert_close(found.rows_by_block(), {0: expected})
