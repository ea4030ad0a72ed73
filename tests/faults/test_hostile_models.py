"""Model folders that nobody would write: refused with a message, never a traceback, never unpickled."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from hostile_files import fuzz, hostile, spoiled
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import ModelError, TaskscopeError
from taskscope.models.identity import identify
from taskscope.models.spec import ModelSpec


def model_folder(root: Path) -> tuple[bytes, bytes]:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(16)
    config = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 2, "max_position_embeddings": 8}
    (root / "tokenizer.json").write_text("{}")
    return json.dumps(config).encode(), weights


HEADERS = [[], {"w": 1}, {"w": {}}, {"w": {"shape": 2}}, {"w": {"shape": ["2"]}}, {"w": {"shape": [-2, 2]}}]


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_weights_whose_header_is_json_of_another_shape_are_refused(tmp_path: Path, header: Any) -> None:
    config, _ = model_folder(tmp_path)
    (tmp_path / "config.json").write_bytes(config)
    told = json.dumps(header).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(told)) + told)
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        identify(ModelSpec(name=str(tmp_path)))


@fuzz
@given(st.data())
def test_model_folders(tmp_path: Path, data: st.DataObject) -> None:
    config, weights = model_folder(tmp_path)
    spoil_config = data.draw(st.booleans())
    (tmp_path / "config.json").write_bytes(data.draw(hostile(config)) if spoil_config else config)
    (tmp_path / "model.safetensors").write_bytes(weights if spoil_config else data.draw(spoiled(weights)))
    try:
        identify(ModelSpec(name=str(tmp_path)))
    except TaskscopeError as error:
        assert error.given


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return os.mkdir, (str(self.mark),)  # type: ignore[return-value]


@pytest.mark.parametrize("allowed", [False, True])
def test_pickles_are_never_loaded(tmp_path: Path, allowed: bool) -> None:
    from taskscope.models.loading import load

    config, _ = model_folder(tmp_path)
    (tmp_path / "config.json").write_bytes(config)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    with pytest.raises(ModelError):
        load(ModelSpec(name=str(tmp_path), allow_pickle=allowed))
    assert not (tmp_path / "mark").exists()
    pickle.loads((tmp_path / "pytorch_model.bin").read_bytes())  # the bomb is live
    assert (tmp_path / "mark").exists()


@fuzz
@given(st.data())
def test_indexes_of_shards(tmp_path: Path, data: st.DataObject) -> None:
    config, weights = model_folder(tmp_path)
    (tmp_path / "config.json").write_bytes(config)
    (tmp_path / "a.safetensors").write_bytes(weights)
    index = tmp_path / "model.safetensors.index.json"
    whole = json.dumps({"metadata": {"total_size": 16}, "weight_map": {"w": "a.safetensors"}}).encode()
    index.write_bytes(whole)
    assert identify(ModelSpec(name=str(tmp_path))).n_parameters == 4
    index.write_bytes(data.draw(hostile(whole)))
    try:
        identify(ModelSpec(name=str(tmp_path)))
    except TaskscopeError as error:
        assert error.given


@pytest.mark.parametrize("name", ["../a.safetensors", "{}/a.safetensors", "b/../../a.safetensors"])
def test_shards_outside_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    (folder / "b").mkdir(parents=True)
    config, weights = model_folder(folder)
    (folder / "config.json").write_bytes(config)
    (tmp_path / "a.safetensors").write_bytes(weights)
    index = {"weight_map": {"w": name.format(tmp_path)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match="inside the model's folder"):
        identify(ModelSpec(name=str(folder)))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder, as `save_pretrained` writes it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny"
    bare = Tokenizer(models.WordLevel({c: i for i, c in enumerate("?abcdefghijklmnopqrst ")}, unk_token="?"))
    bare.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="?").save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=32, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "model.safetensors"])
def test_whole_models_are_loaded_or_refused(tiny: Path, name: str) -> None:
    """The config is left alone: a hostile one may well describe a model that is larger than the memory."""
    from taskscope.models.loading import load

    path = tiny / name
    sample = path.read_bytes()
    load(ModelSpec(name=str(tiny)))

    @fuzz
    @given(hostile(sample))
    def is_loaded_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        try:
            load(ModelSpec(name=str(tiny)))
        except TaskscopeError as error:
            assert error.given

    try:
        is_loaded_or_refused()
    finally:
        path.write_bytes(sample)
