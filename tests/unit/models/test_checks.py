"""The checks find what is wrong: each is run on a model that is broken in just that way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from toys import FAMILIES, hf_model, toy
from transformers import AutoConfig, AutoModelForCausalLM

from taskscope.errors import ModelError
from taskscope.models.blocks import locate
from taskscope.models.checks import doctor
from taskscope.models.comparison import sample_prompts
from taskscope.models.guard import live_hooks
from taskscope.models.selfcheck import at_load, examine


@pytest.mark.parametrize("family", FAMILIES)
def test_sound_models_pass_and_are_left_alone(family: str) -> None:
    model = toy(family)
    before = {name: p.clone() for name, p in model.hf.named_parameters()}
    checks = doctor(model)
    assert [check for check in checks if not check.passed] == []
    assert len({check.name for check in checks}) == len(checks)
    assert live_hooks(model.hf) == []
    assert all(torch.equal(p, before[name]) for name, p in model.hf.named_parameters())


@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj", "gemma2"])
def test_packing_is_chosen_where_it_is_right(family: str) -> None:
    hf = hf_model(family)
    assert at_load(hf, locate(hf)) == "branches"


@pytest.mark.parametrize(
    ("family", "settings", "reason"),
    [
        ("bloom", {"n_layer": 4, "n_head": 4}, "no position ids"),
        (
            "falcon",
            {"alibi": True, "num_hidden_layers": 4, "num_attention_heads": 4},
            "does not take a mask",
        ),
        ("mamba", {"num_hidden_layers": 4, "state_size": 4}, "recurrence or convolution"),
    ],
)
def test_rows_are_chosen_where_packing_would_be_wrong(
    family: str, settings: dict[str, Any], reason: str
) -> None:
    config = AutoConfig.for_model(family, vocab_size=64, hidden_size=32, pad_token_id=0, **settings)
    torch.manual_seed(0)
    hf = AutoModelForCausalLM.from_config(config).eval()
    report = examine(hf, locate(hf))
    assert report.route == "rows"
    assert reason in report.reason
    assert all(check.passed for check in report.checks)


def test_a_class_that_ignores_the_mask_gets_rows() -> None:
    hf = hf_model("llama")
    forward = hf.model.forward

    def deaf(*args: Any, attention_mask: Tensor | None = None, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    hf.model.forward = deaf
    assert "packed branches differ" in examine(hf, locate(hf)).reason


def failing(hf: Any, anatomy: Any) -> set[str]:
    return {check.name for check in examine(hf, anatomy).checks if not check.passed}


def test_a_list_that_is_not_the_trunk_is_found_out() -> None:
    """Edits after the MLPs of a llama are added to the residual, not put in its place."""
    hf = hf_model("llama")
    mlps = nn.ModuleList(block.mlp for block in hf.model.layers)
    hf.mlps = mlps
    anatomy = replace(locate(hf), blocks=mlps, path="mlps")
    with pytest.raises(ModelError, match="--blocks"):
        at_load(hf, anatomy)


@pytest.mark.parametrize("n_blocks", [1, 2, 3])
def test_a_model_that_sees_the_future_is_found_out(n_blocks: int) -> None:
    config = AutoConfig.for_model(
        "bert",
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
    )
    hf = AutoModelForCausalLM.from_config(config).eval()
    assert "causal" in failing(hf, locate(hf))
    with pytest.raises(ModelError, match="causal"):
        at_load(hf, locate(hf))


def test_a_model_that_looks_at_padding_is_found_out() -> None:
    hf = hf_model("llama")
    hf.model.embed_tokens.register_forward_hook(
        lambda _module, _args, out: out + 0.5 * out.mean(1, keepdim=True)
    )
    assert "right padding" in failing(hf, locate(hf))


def test_predictions_that_are_not_numbers_fail() -> None:
    hf = hf_model("llama")
    with torch.no_grad():
        hf.model.norm.weight.fill_(float("nan"))
    assert {"causal", "right padding", "identity edit", "swap at the last block"} <= failing(hf, locate(hf))


def test_prompts_hold_ordinary_tokens_only_and_are_always_the_same() -> None:
    hf = hf_model("llama")
    hf.config.image_token_id = 7
    prompts = sample_prompts(hf, (100, 200))
    assert [len(prompt) for prompt in prompts] == [100, 200]
    assert prompts == sample_prompts(hf, (100, 200))
    assert not {0, 1, 7} & {token for prompt in prompts for token in prompt}


def detail(checks: list[Any], name: str) -> Any:
    return next(check for check in checks if check.name == name)


def test_answers_that_merge_with_the_prompt_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("llama")
    encode = model.encoder.encode_pairs

    def merge(pairs: Any) -> Any:
        from taskscope.errors import TaskError

        if pairs[0][1].startswith(" "):
            return encode(pairs)
        raise TaskError("merged")

    monkeypatch.setattr(model.encoder, "encode_pairs", merge)
    found = detail(doctor(model), "token boundaries")
    assert not found.passed
    assert "'green'" in found.detail
    assert "colon" in found.advice


def test_a_check_that_cannot_be_made_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy("llama")
    monkeypatch.setattr(model, "anatomy", replace(model.anatomy, head_dim=5))
    found = detail(doctor(model), "heads")
    assert not found.passed
    assert "could not be made" in found.detail


def test_batches_that_change_results_are_reported() -> None:
    model = toy("llama", fresh=True)
    tilt = torch.linspace(0, 1, model.hf.config.vocab_size)

    def tilted(_module: nn.Module, _args: Any, kwargs: dict[str, Any], out: Any) -> Any:
        # Small batches are left alone, so that the checks made at load see nothing.
        out.logits = out.logits + tilt * (len(kwargs["input_ids"]) == 6)
        return out

    model.hf.register_forward_hook(tilted, with_kwargs=True)
    failed = [check.name for check in doctor(model) if not check.passed]
    assert failed == ["batch invariance"]
