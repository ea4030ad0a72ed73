"""A random decoder whose head can be turned so that thetas spell description words, and thetas for it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from taskscope.models.blocks import locate
from taskscope.models.language_model import LanguageModel
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection.measure import project
from taskscope.studies.task_vectors.projection.rows import Readings, readings
from taskscope.studies.task_vectors.projection.words import lexicon
from taskscope.tasks.descriptions import descriptions

TASKS = ("next-letter", "to-upper", "en-fr", "present-past", "antonyms")
PARAMS = TaskVectorParams(n_sets=6, k=2).theta


@cache
def reader() -> LanguageModel:
    """A random decoder with a head of its own; description words are tokens, all else is read by letters."""
    letters = [chr(c) for c in range(32, 127)] + ["\n"]
    words = sorted({word for task in TASKS for word in descriptions()[task]})
    bare = Tokenizer(models.WordLevel({t: i for i, t in enumerate(["?", *letters, *words])}, unk_token="?"))
    known = "|".join(sorted(words, key=len, reverse=True))
    bare.pre_tokenizer = pre_tokenizers.Split(
        Regex(rf"(?<!\p{{L}})(?:{known})(?!\p{{L}})|[\s\S]"), "isolated"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=False,
    )
    hf = LlamaForCausalLM(config)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="?")
    return LanguageModel(hf, tokenizer, None, locate(hf), "reader", "reader")


def clouds(seed: int = 0) -> dict[str, np.ndarray]:
    """States (set, dummy, block, d_model) of every task, in directions of their own."""
    rng = np.random.default_rng(seed)
    centres = {task: rng.standard_normal((1, 1, 3, 64)) for task in TASKS}
    return {
        task: (centre + 0.3 * rng.standard_normal((6, 2, 3, 64))).astype(np.float32)
        for task, centre in centres.items()
    }


def planted(states: dict[str, np.ndarray], block: int) -> LanguageModel:
    """Turn the head's rows of each task's description words towards its mean theta, others left alone."""
    model = reader()
    known = lexicon(model.tokenizer)
    with torch.no_grad():
        weight = model.hf.lm_head.weight
        weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.02)
        for task in TASKS:
            theta = torch.from_numpy(states[task].mean(axis=(0, 1))[block])
            for word, tokens in zip(known.words, known.tokens, strict=True):
                if word in descriptions()[task]:
                    weight[list(tokens)] += theta / theta.norm()
    return model


def read(
    model: LanguageModel, states: dict[str, np.ndarray], controls: dict[str, np.ndarray]
) -> list[Readings]:
    """Project by task, as a theta cell does, and read the rows back."""
    tables = []
    for task, theta in states.items():
        table = project({THETA: theta, SWAPPED: controls[task], BARE: controls[task]}, task, 0, PARAMS, model)
        for at, (name, value) in enumerate({"model": "m", "task": task, "seed": 0}.items()):
            table = table.add_column(at, name, pa.repeat(pa.scalar(value), table.num_rows))
        tables.append(table)
    return readings(pa.concat_tables(tables), "m", list(states))


def noise(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {task: rng.standard_normal((6, 2, 3, 64)).astype(np.float32) for task in TASKS}


def fronted(rows: pa.Table, model: str) -> pa.Table:
    """Say of rows which model and seed they are of, as a run folder does."""
    for at, (name, value) in enumerate({"model": model, "seed": 0}.items()):
        rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows
