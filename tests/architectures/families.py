"""Tiny causal language models of many families: what to set in each config, and what to expect of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

VOCABULARY = 80
BLOCKS = 4
CONTEXT = 256
"""Tokens: room for five demonstrations spelt letter by letter, so that a study can be run on any of them."""
WINDOW = 16
"""Tokens of the sliding windows: longer than a row packed by the checks, shorter than the tests' prompts."""

CHUNK = 8
"""Tokens that state-space blocks take at a time."""


@dataclass(frozen=True)
class Family:
    """A `model_type` of transformers; where variants differ in what matters here there is one of each."""

    name: str
    type: str
    config: dict[str, Any]
    route: str
    """The route that must be chosen, because packing is wrong (``rows``) or right (``branches``)."""
    rows_in_4: bool
    """Whether the 4.x line, whose class took no 4-D mask, needs rows where the 5.x line does not."""
    refused_in_4: str
    """What loading says of a class of the 4.x line that cannot be used at all; empty where it can."""
    faults_in_4: tuple[str, ...]
    """Checks of the doctor that fail where the class of the 4.x line is right on short prompts only."""
    states: bool
    """Whether `hidden_states` holds the residuals of all blocks but the last."""
    own_heads: int
    """Blocks whose attention output projection must be found."""


_TOKENS = {"vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_SIZES = _TOKENS | {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": BLOCKS,
                    "num_attention_heads": 4, "max_position_embeddings": CONTEXT}  # fmt: skip
LLAMA = _SIZES | {"num_key_value_heads": 2, "head_dim": 16}
"""Two query heads share a key head, and heads are wider than d_model / n_heads."""
PLAIN = _SIZES | {"num_key_value_heads": 2, "head_dim": 8}
FULL = _SIZES | {"num_key_value_heads": 4}
GPT2 = _TOKENS | {"n_embd": 32, "n_layer": BLOCKS, "n_head": 4, "n_positions": CONTEXT}
BERT = _SIZES | {"is_decoder": True}
ALIBI = _TOKENS | {"hidden_size": 32, "n_layer": BLOCKS, "n_head": 4}
MPT = _TOKENS | {"d_model": 32, "n_layers": BLOCKS, "n_heads": 4, "max_seq_len": CONTEXT}
MAMBA = _TOKENS | {"hidden_size": 32, "num_hidden_layers": BLOCKS, "state_size": 4}
WINDOWS = {"sliding_window": WINDOW}
LOCAL = {"num_local_experts": 4, "num_experts_per_tok": 2}
"""As many experts as blocks, so that a rule that looked for any list of that length would be misled."""
EXPERTS = LLAMA | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
ROUTED = EXPERTS | {"n_routed_experts": 4, "n_shared_experts": 1, "first_k_dense_replace": 1}
LATENT = ROUTED | {"kv_lora_rank": 8, "q_lora_rank": 8, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8,
                   "v_head_dim": 8, "head_dim": 8, "num_key_value_heads": 4, "n_group": 1,
                   "topk_group": 1}  # fmt: skip
SSM = {"mamba_d_state": 4, "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_chunk_size": CHUNK,
       "chunk_size": CHUNK}  # fmt: skip


def _family(
    name: str,
    config: dict[str, Any],
    route: str = "branches",
    *,
    type: str = "",
    heads: int = BLOCKS,
    rows_in_4: bool = False,
    refused_in_4: str = "",
    faults_in_4: tuple[str, ...] = (),
    states: bool = True,
) -> Family:
    return Family(name, type or name, config, route, rows_in_4, refused_in_4, faults_in_4, states, heads)


# fmt: off
FAMILIES: tuple[Family, ...] = (
    # Rotary positions, one sublayer after the other.
    _family("llama", LLAMA),
    _family("qwen2", LLAMA),
    _family("qwen3", LLAMA),
    _family("olmo", LLAMA),
    _family("granite", LLAMA | {"logits_scaling": 3.0}),
    _family("phi3", PLAIN),
    _family("gemma", LLAMA),
    _family("glm", LLAMA),
    _family("nemotron", LLAMA),
    _family("starcoder2", LLAMA),
    _family("smollm3", LLAMA),
    _family("helium", PLAIN),
    _family("ernie4_5", LLAMA),
    _family("apertus", LLAMA),
    _family("arcee", LLAMA),
    _family("seed_oss", LLAMA),
    _family("diffllama", LLAMA),
    _family("bitnet", PLAIN),
    _family("hunyuan_v1_dense", LLAMA),
    _family("gpt_neox_japanese", FULL | {"intermediate_multiple_size": 2}),
    # The 4.x class loses its causal mask where it is told that nothing is padding.
    _family("doge", LLAMA, refused_in_4="fails the check 'causal'"),
    _family("persimmon", FULL),
    _family("codegen", GPT2 | {"rotary_dim": 4}),
    _family("nanochat", LLAMA),
    _family("jais2", LLAMA),
    # Attention and MLP in parallel.
    _family("gptj", GPT2 | {"rotary_dim": 4}),
    _family("gpt_neox", FULL),
    _family("phi", FULL | {"partial_rotary_factor": 0.5}),
    _family("cohere", LLAMA | {"logit_scale": 0.25}),
    _family("cohere2", LLAMA | WINDOWS),
    _family("falcon", FULL | {"new_decoder_architecture": True, "num_kv_heads": 2}),
    _family("stablelm", FULL | {"use_parallel_residual": True}),
    # Norms after the sublayers.
    _family("gemma2", LLAMA | WINDOWS | {"final_logit_softcapping": 5.0}),
    _family("gemma3_text", LLAMA | WINDOWS | {"layer_types": ["sliding_attention", "full_attention"] * 2}),
    _family("olmo2", LLAMA),
    _family("olmo3", LLAMA | WINDOWS),
    _family("glm4", LLAMA),
    _family("vaultgemma", LLAMA | WINDOWS),
    _family("exaone4", LLAMA | WINDOWS),
    # Sliding windows.
    _family("mistral", LLAMA | WINDOWS),
    _family("ministral", LLAMA | WINDOWS),
    _family("gpt_neo", _SIZES | {"num_layers": BLOCKS, "num_heads": 4, "window_size": WINDOW,
                                 "attention_types": [[["global", "local"], BLOCKS // 2]]}),
    _family("modernbert-decoder", BERT | {"local_attention": WINDOW, "global_attn_every_n_layers": 2}),
    # Positions of their own for every token, learned or fixed.
    _family("gpt2", GPT2),
    _family("gpt_bigcode", GPT2),
    _family("openai-gpt", GPT2, "rows"),
    _family("opt", FULL | {"ffn_dim": 48, "word_embed_proj_dim": 32}),
    _family("biogpt", FULL),
    _family("xglm", _SIZES | {"d_model": 32, "ffn_dim": 48, "num_layers": BLOCKS, "attention_heads": 4},
            rows_in_4=True),
    _family("ctrl", GPT2 | {"dff": 48}, rows_in_4=True),
    _family("bert", BERT, rows_in_4=True),
    _family("roberta", BERT | {"pad_token_id": 3}, "rows"),
    _family("electra", BERT | {"embedding_size": 32}, rows_in_4=True),
    _family("rembert", BERT | {"input_embedding_size": 32, "output_embedding_size": 32}, rows_in_4=True),
    _family("roformer", BERT | {"embedding_size": 32}, "rows"),
    _family("megatron-bert", BERT, rows_in_4=True),
    # Distances as attention biases.
    _family("bloom", ALIBI, "rows"),
    _family("mpt", MPT | {"expansion_ratio": 2}, "rows"),
    _family("falcon-alibi", FULL | {"alibi": True, "multi_query": False}, "rows", type="falcon"),
    # Mixtures of experts.
    _family("mixtral", LLAMA | LOCAL),
    _family("qwen2_moe", EXPERTS | {"head_dim": 8, "shared_expert_intermediate_size": 24}),
    _family("qwen3_moe", EXPERTS),
    _family("olmoe", EXPERTS | {"head_dim": 8}),
    _family("phimoe", PLAIN | LOCAL),
    _family("granitemoe", PLAIN | LOCAL),
    _family("granitemoeshared", PLAIN | LOCAL | {"shared_intermediate_size": 24}),
    _family("dbrx", MPT | {"ffn_config": {"ffn_hidden_size": 24, "moe_num_experts": 4, "moe_top_k": 2},
                           "attn_config": {"kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 1e4}}),
    _family("jetmoe", PLAIN | LOCAL | {"kv_channels": 8}, heads=0),
    _family("gpt_oss", LLAMA | LOCAL | WINDOWS),
    _family("ernie4_5_moe", EXPERTS | {"moe_num_experts": 4, "moe_k": 2}),
    _family("flex_olmo", EXPERTS),
    _family("glm4_moe", ROUTED),
    _family("dots1", ROUTED),
    _family("deepseek_v2", LATENT),
    _family("deepseek_v3", LATENT),
    _family("llama4_text", LLAMA | LOCAL | {"intermediate_size_mlp": 48, "attention_chunk_size": WINDOW,
                                            "interleave_moe_layer_step": 2}),
    # No attention, or not attention alone.
    _family("mamba", MAMBA, "rows", heads=0, states=False),
    _family("mamba2", MAMBA | SSM | {"num_heads": 8, "head_dim": 8, "n_groups": 2}, "rows", heads=0,
            states=False),
    _family("falcon_mamba", MAMBA, "rows", heads=0, states=False),
    _family("rwkv", MAMBA | {"attention_hidden_size": 32, "context_length": CONTEXT}, "rows", heads=0,
            states=False),
    # The 4.x class stops with an error on 64 tokens or more, its chunk.
    _family("xlstm", MAMBA | {"num_heads": 2, "num_blocks": BLOCKS}, "rows", heads=0, states=False,
            faults_in_4=("long prompts", "cost")),
    # The 4.x class keeps the state of one call for the next.
    _family("recurrent_gemma", PLAIN | {"lru_width": 32, "attention_window_size": WINDOW}, "rows", heads=1,
            refused_in_4="cannot run a plain forward pass"),
    _family("jamba", PLAIN | SSM | {"num_experts": 4, "mamba_dt_rank": 4, "attn_layer_period": 2,
                                    "attn_layer_offset": 1, "use_mamba_kernels": False}, "rows", heads=2),
    _family("bamba", LLAMA | SSM | {"attn_layer_indices": [1, 3]}, "rows", heads=2),
    _family("falcon_h1", LLAMA | SSM | {"mamba_d_ssm": 64}, "rows"),
    # The 4.x class hands the wrong states from chunk to chunk, so that what follows shows.
    _family("zamba2", LLAMA | SSM | {"layers_block_type": ["mamba", "hybrid"] * 2, "n_mamba_heads": 4,
                                     "mamba_ngroups": 1, "num_mem_blocks": 2, "attention_head_dim": 16,
                                     "attention_hidden_size": 64}, "rows", heads=2,
            faults_in_4=("long prompts",)),
    _family("lfm2", LLAMA | {"full_attn_idxs": [1, 3], "block_dim": 32, "conv_dim": 32}, "rows", heads=2),
    _family("qwen3_next", EXPERTS | {
        "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8,
        "linear_value_head_dim": 8, "shared_expert_intermediate_size": 24,
        "layer_types": ["linear_attention", "full_attention"] * 2}, "rows", heads=2),
    _family("nemotron_h", LLAMA | {"hybrid_override_pattern": "M*M-", "mamba_num_heads": 4, "n_groups": 1,
                                   "mamba_head_dim": 16, "ssm_state_size": 4, "chunk_size": 8}, "rows",
            heads=1),
    _family("minimax", LLAMA | LOCAL | {"block_size": 8}, "rows", heads=2),
)
# fmt: on
