"""Loading: what is accepted, what is refused and why, and that nothing unsafe is run on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from saved import COMMIT, edit_config, hub_cache, save
from toys import hf_model, tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers.utils import logging

import taskscope
from taskscope.errors import ModelError
from taskscope.models.loading import load

IDS = torch.arange(5, 12)[None]


def same_logits(model: Any, hf: Any) -> bool:
    with torch.no_grad():
        return torch.equal(model.hf(input_ids=IDS).logits, hf(input_ids=IDS).logits)


@pytest.mark.parametrize("shards", [False, True])
def test_a_folder_is_loaded_as_it_was_saved(shards: bool, tmp_path: Path) -> None:
    model = load(str(save(tmp_path / "tiny", shards=shards)))
    assert same_logits(model, hf_model("gpt_neox"))
    assert model.label == "tiny"
    assert model.id.startswith("tiny@sha256:")
    assert not any(module.training for module in model.hf.modules())
    assert not any(p.requires_grad for p in model.hf.parameters())


def test_the_public_name_loads_too(tmp_path: Path) -> None:
    assert taskscope.load(str(save(tmp_path / "tiny"))).n_blocks == 4


def test_loading_is_silent_and_leaves_logging_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = save(tmp_path / "tiny")
    logging.set_verbosity_info()
    logging.enable_progress_bar()
    try:
        capfd.readouterr()
        load(str(folder))
        assert capfd.readouterr() == ("", "")
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity_warning()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_the_dtype_asked_for_is_used(dtype: str, tmp_path: Path) -> None:
    model = load(str(save(tmp_path / "tiny")), dtype=dtype)
    assert model.dtype == dtype
    assert {str(p.dtype) for p in model.hf.parameters()} == {f"torch.{dtype}"}


def test_a_class_without_sdpa_runs_eager_and_says_so(tmp_path: Path) -> None:
    assert load(str(save(tmp_path / "tiny", "gptj"))).attention == "eager"


def test_eager_attention_can_be_asked_for(tmp_path: Path) -> None:
    folder = str(save(tmp_path / "tiny"))
    assert load(folder).attention == "sdpa"
    assert load(folder, attention="eager").attention == "eager"


@pytest.mark.parametrize("network", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_an_id_is_loaded_from_the_cache_at_its_commit_without_a_network(
    network: dict[str, str], tmp_path: Path
) -> None:
    hub_cache(tmp_path, "org/name", shards=True)
    code = "import taskscope; m = taskscope.load('org/name'); print(m.id, m.label, m.n_blocks, m.route)"
    env = os.environ | {"HF_HUB_CACHE": str(tmp_path)} | network
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [f"org/name@{COMMIT}", "name", "4", "branches"], done.stderr
    # The hub's client says so each time that it waits to try again.
    assert "Retrying" not in done.stderr


class _Creature:
    """Creates a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def pickled(folder: Path, extra: dict[str, Any] | None = None) -> None:
    weights = load_file(folder / "model.safetensors")
    torch.save(weights | (extra or {}), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def test_pickled_weights_are_read_only_when_allowed(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    pickled(folder)
    with pytest.raises(ModelError, match="--allow-pickle"):
        load(str(folder))
    assert same_logits(load(str(folder), allow_pickle=True), hf_model("gpt_neox"))


def test_allowed_pickles_still_run_no_code(tmp_path: Path) -> None:
    folder, mark = save(tmp_path / "tiny"), tmp_path / "mark"
    pickled(folder, {"creature": _Creature(mark)})
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(str(folder), allow_pickle=True)
    assert not mark.exists()


def test_safetensors_are_preferred_where_pickles_are_allowed(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    (folder / "pytorch_model.bin").write_bytes(b"no pickle")
    assert same_logits(load(str(folder), allow_pickle=True), hf_model("gpt_neox"))


FOREIGN = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM
Path({mark!r}).touch()
class ForeignConfig(LlamaConfig):
    model_type = "foreign"
class ForeignForCausalLM(LlamaForCausalLM):
    config_class = ForeignConfig
"""


def test_code_that_comes_with_a_model_runs_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder, mark = save(tmp_path / "tiny", "llama"), tmp_path / "mark"
    (folder / "foreign.py").write_text(FOREIGN.format(mark=str(mark)), encoding="utf-8")
    classes = {"AutoConfig": "foreign.ForeignConfig", "AutoModelForCausalLM": "foreign.ForeignForCausalLM"}
    edit_config(folder, model_type="foreign", auto_map=classes)
    with pytest.raises(ModelError, match="--trust-remote-code"):
        load(str(folder))
    assert not mark.exists()
    model = load(str(folder), trust_remote_code=True)
    assert mark.exists()
    assert type(model.hf).__name__ == "ForeignForCausalLM"


def test_an_encoder_decoder_is_refused(tmp_path: Path) -> None:
    sizes = {"vocab_size": 64, "d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
    AutoModelForSeq2SeqLM.from_config(AutoConfig.for_model("t5", **sizes)).save_pretrained(tmp_path / "t5")
    tokenizer().save_pretrained(tmp_path / "t5")
    with pytest.raises(ModelError, match="encoder-decoder"):
        load(str(tmp_path / "t5"))


def test_a_model_that_sees_the_future_is_refused(tmp_path: Path) -> None:
    """Transformers loads a masked model as a causal one without complaint."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    config = AutoConfig.for_model("bert", vocab_size=320, is_decoder=False, **sizes)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "bert")
    tokenizer().save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match="fails the check 'causal'"):
        load(str(tmp_path / "bert"))
    edit_config(tmp_path / "bert", architectures=["BertForMaskedLM"])
    with pytest.raises(ModelError, match="not a causal language model"):
        load(str(tmp_path / "bert"))


@pytest.mark.parametrize(("kind", "words"), [("clip", "not a causal"), ("no-such-type", "cannot be loaded")])
def test_other_kinds_of_model_are_refused(kind: str, words: str, tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    edit_config(folder, model_type=kind, architectures=None)
    with pytest.raises(ModelError, match=words):
        load(str(folder))


def test_weights_that_would_be_random_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    weights = load_file(folder / "model.safetensors")
    gone = "gpt_neox.layers.1.mlp.dense_h_to_4h.weight"
    del weights[gone]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=f"1 tensors are missing(.|\n)*{gone}"):
        load(str(folder))


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    edit_config(folder, intermediate_size=52)
    with pytest.raises(ModelError, match="tiny"):
        load(str(folder))


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(str(folder))


def test_a_model_without_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    for path in [*folder.glob("tokenizer*"), *folder.glob("special_tokens*")]:
        path.unlink()
    with pytest.raises(ModelError, match="tokenizer"):
        load(str(folder))


def test_a_tokenizer_without_bos_and_padding_will_do_and_the_model_is_not_resized(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    path = folder / "tokenizer.json"
    bare = json.loads(path.read_text(encoding="utf-8")) | {"post_processor": None}
    path.write_text(json.dumps(bare), encoding="utf-8")
    settings = folder / "tokenizer_config.json"
    kept = json.loads(settings.read_text(encoding="utf-8"))
    for name in ("bos_token", "eos_token", "pad_token"):
        kept.pop(name, None)
    settings.write_text(json.dumps(kept), encoding="utf-8")
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
    model = load(str(folder))
    assert model.tokenizer.pad_token_id is None
    assert model.tokenizer_probe.before == ()
    assert same_logits(model, hf_model("gpt_neox"))
    both = model.capture(["apple", "the small cat"])
    assert abs(both[0] - model.capture(["apple"])[0]).max() < 1e-5


def test_blocks_named_by_hand_are_used(tmp_path: Path) -> None:
    assert load(str(save(tmp_path / "tiny")), blocks="gpt_neox.layers").anatomy.path == "gpt_neox.layers"


def test_blocks_named_wrongly_are_refused(tmp_path: Path) -> None:
    folder = str(save(tmp_path / "tiny", "gpt_neox"))
    with pytest.raises(ModelError, match=r"did you mean 'gpt_neox\.layers'"):
        load(folder, blocks="gpt_neox.layer")


@pytest.mark.parametrize("device", ["warp", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(device: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"device '{device}' cannot be used"):
        load(str(save(tmp_path / "tiny")), device=device)


def test_auto_takes_a_device_that_is_there(tmp_path: Path) -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert load(str(save(tmp_path / "tiny")), device="auto").device.type == expected


def test_a_device_map_needs_accelerate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(save(tmp_path / "tiny"))
    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda _name: None)
        with pytest.raises(ModelError, match="pip install accelerate"):
            load(folder, device_map="auto")
    pytest.importorskip("accelerate")
    assert same_logits(load(folder, device_map="cpu"), hf_model("gpt_neox"))
