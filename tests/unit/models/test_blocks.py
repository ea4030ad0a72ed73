from __future__ import annotations

import pytest
import torch
from torch import nn
from toys import FAMILIES, N_BLOCKS, N_HEADS, VOCABULARY, hf_model
from transformers import AutoConfig, AutoModelForCausalLM

from taskscope.errors import ModelError
from taskscope.models.blocks import head_weights, locate

HEAD_DIMS = {"qwen3": 12, "gemma2": 12}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_parts_of_a_model_are_found(family: str) -> None:
    hf = hf_model(family)
    anatomy = locate(hf)
    assert hf.get_submodule(anatomy.path) is anatomy.blocks
    assert len(anatomy.blocks) == N_BLOCKS
    assert anatomy.head is hf.get_output_embeddings()
    assert (anatomy.n_heads, anatomy.head_dim) == (N_HEADS, HEAD_DIMS.get(family, 8))
    assert len(anatomy.projections) == N_BLOCKS
    assert None not in anatomy.projections


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "gptj", "mistral", "qwen3"])
def test_final_norm_and_head_give_the_logits_from_the_last_block(family: str) -> None:
    hf = hf_model(family)
    anatomy = locate(hf)
    found: list[torch.Tensor] = []
    hook = anatomy.blocks[-1].register_forward_hook(
        lambda _module, _args, out: found.append(out if isinstance(out, torch.Tensor) else out[0])
    )
    with torch.no_grad():
        logits = hf(input_ids=torch.arange(5, 11)[None]).logits
        hook.remove()
        assert anatomy.final_norm is not None
        torch.testing.assert_close(anatomy.head(anatomy.final_norm(found[0])), logits)


def test_as_many_experts_as_blocks_do_not_mislead_the_rule() -> None:
    config = AutoConfig.for_model(
        "mixtral", vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2, num_local_experts=4,
    )  # fmt: skip
    assert locate(AutoModelForCausalLM.from_config(config)).path == "model.layers"


def test_a_model_without_a_list_of_blocks_is_refused_with_what_was_found() -> None:
    hf = hf_model("llama")
    hf.config.num_hidden_layers = 7
    with pytest.raises(ModelError, match=r"length 7.*model\.layers \(4\)(.|\n)*--blocks"):
        locate(hf)


def test_a_path_overrides_the_rule() -> None:
    hf = hf_model("llama")
    hf.config.num_hidden_layers = 7
    assert locate(hf, "model.layers").blocks is hf.model.layers


@pytest.mark.parametrize("path", ["model.layer", "model.norm", ""])
def test_a_path_that_names_no_list_is_refused(path: str) -> None:
    with pytest.raises(ModelError, match=r"model\.layers \(4\)"):
        locate(hf_model("llama"), path or "nowhere")


def test_of_lists_equally_deep_the_one_with_the_weights_is_taken() -> None:
    hf = hf_model("llama")
    hf.model.first = nn.ModuleList(nn.Dropout() for _ in range(N_BLOCKS))
    assert locate(hf).path == "model.layers"


def test_blocks_with_heads_of_another_width_count_as_having_none() -> None:
    hf = hf_model("llama")
    hf.model.layers[1].self_attn.o_proj = nn.Linear(64, 32, bias=False)
    anatomy = locate(hf)
    assert [p is None for p in anatomy.projections] == [False, True, False, False]
    assert anatomy.head_dim == 8


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "llama"])
def test_heads_add_up_to_the_projection_without_its_bias(family: str) -> None:
    projection = locate(hf_model(family)).projections[0]
    assert projection is not None
    weights = head_weights(projection, N_HEADS)
    heads = torch.randn(N_HEADS, 8)
    bias = getattr(projection, "bias", None)
    expected = projection(heads.reshape(1, -1))[0] - (0 if bias is None else bias)
    torch.testing.assert_close(torch.einsum("hk,hkd->d", heads, weights), expected)
