"""Identity without weights in memory: contents of folders, commits of ids, and errors that say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import errors
from safetensors.numpy import save_file
from saved import COMMIT, edit_config, hub_cache, save
from toys import CONTEXT, N_BLOCKS, hf_model

from taskscope import pico
from taskscope.errors import ModelError
from taskscope.models import folders, hub
from taskscope.models.identity import identify, reference
from taskscope.models.spec import ModelSpec


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, and no network behind it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


def n_parameters(hf: Any) -> int:
    return sum(p.numel() for p in hf.parameters())


@pytest.mark.parametrize("shards", [False, True])
@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "llama", "gemma2"])
def test_a_folder_is_described_by_its_files(family: str, shards: bool, tmp_path: Path) -> None:
    found = identify(ModelSpec(name=str(save(tmp_path / "tiny", family, shards=shards))))
    assert found.label == "tiny"
    assert found.id.startswith("tiny@sha256:")
    assert (found.n_blocks, found.context) == (N_BLOCKS, CONTEXT)
    assert found.n_parameters == n_parameters(hf_model(family))


@pytest.mark.parametrize(("tied", "expected"), [(True, 44), (False, 84)])
def test_a_tied_head_counts_once_even_where_a_file_holds_it_twice(
    tied: bool, expected: int, tmp_path: Path
) -> None:
    shapes = {
        "model.embed.weight": (10, 4),
        "lm_head.weight": (10, 4),
        "h.0.norm.bias": (4,),
        "h.0.attn.bias": (1, 1, 8, 8),
        "h.0.rotary.inv_freq": (2,),
    }
    path = tmp_path / "model.safetensors"
    save_file({name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}, path)
    assert folders.n_parameters([path], {"tie_word_embeddings": tied}) == expected


def test_any_change_of_contents_changes_the_id_and_moving_does_not(tmp_path: Path) -> None:
    folder = save(tmp_path / "a" / "tiny")
    before = identify(ModelSpec(name=str(folder))).id
    assert before == identify(ModelSpec(name=str(folder.rename(tmp_path / "tiny")))).id
    ids = {before}
    for name in ("config.json", "tokenizer.json"):
        with (tmp_path / "tiny" / name).open("a", encoding="utf-8") as file:
            file.write(" ")
        ids.add(identify(ModelSpec(name=str(tmp_path / "tiny"))).id)
    weights = tmp_path / "tiny" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    last = identify(ModelSpec(name=str(tmp_path / "tiny"))).id
    assert len(ids | {last}) == 4
    (tmp_path / "tiny" / "README.md").write_text("words", encoding="utf-8")
    assert identify(ModelSpec(name=str(tmp_path / "tiny"))).id == last


def test_a_block_list_named_by_hand_is_part_of_the_identity(tmp_path: Path) -> None:
    name = str(save(tmp_path / "tiny"))
    plain, named = identify(ModelSpec(name=name)), identify(ModelSpec(name=name, blocks="gpt_neox.layers"))
    assert named.id == f"{plain.id}#gpt_neox.layers"


def test_a_cached_id_is_identified_by_its_commit_without_network(cache: Path) -> None:
    hub_cache(cache, "org/name")
    found = identify(ModelSpec(name="org/name"))
    assert (found.id, found.commit, found.label) == (f"org/name@{COMMIT}", COMMIT, "name")
    assert found.n_parameters == n_parameters(hf_model("gpt_neox"))
    ref = reference(ModelSpec(name="org/name", dtype="bfloat16"))
    assert ref.load == {"name": "org/name", "revision": COMMIT, "dtype": "bfloat16"}


def test_the_cache_folder_of_a_repository_can_be_named_as_a_folder(cache: Path) -> None:
    found = identify(ModelSpec(name=str(hub_cache(cache, "org/name"))))
    assert found.folder is not None
    assert found.folder.name == COMMIT


def test_a_reference_names_folders_so_that_a_worker_elsewhere_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    assert reference(ModelSpec(name="./tiny")).load == {"name": str(tmp_path / "tiny")}


def test_parameters_are_estimated_where_no_weights_can_be_read() -> None:
    config = {"vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 3}
    assert folders.estimate_parameters(config) == 100 * 8 + 3 * 12 * 64


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def list_config(folder: Path) -> None:
    (folder / "config.json").write_text("[]", encoding="utf-8")


def drop_depth(folder: Path) -> None:
    edit_config(folder, num_hidden_layers=None)


def drop_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def drop_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickle_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def point_to_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs", encoding="utf-8")


def encode(folder: Path) -> None:
    edit_config(folder, is_encoder_decoder=True)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_config, "cannot be read"),
        (list_config, "not a JSON object"),
        (drop_depth, "no number of blocks"),
        (drop_config, r"holds no config\.json"),
        (drop_weights, "no weights"),
        (pickle_weights, "only pickled weights(.|\n)*--allow-pickle"),
        (point_to_weights, "git-lfs"),
        (encode, "encoder-decoder"),
    ],
)
def test_damage_to_a_folder_is_named(damage: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny")
    damage(folder)
    with pytest.raises(ModelError, match=words):
        identify(ModelSpec(name=str(folder)))


def test_missing_shards_are_named(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny", shards=True)
    shard = sorted(folder.glob("*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ModelError, match=f"1 of .* missing(.|\n)*{shard.name}"):
        identify(ModelSpec(name=str(folder)))


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere"])
def test_a_path_to_nothing_is_not_taken_for_an_id(name: str) -> None:
    with pytest.raises(ModelError, match="no folder"):
        identify(ModelSpec(name=name))


def test_a_revision_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="revision 'main'"):
        identify(ModelSpec(name=str(save(tmp_path / "tiny")), revision="main"))


def test_without_cache_and_network_the_error_says_what_to_do(cache: Path) -> None:
    with pytest.raises(ModelError, match=r"(?s)cannot be reached.*hf download org/name"):
        identify(ModelSpec(name="org/name@step1"))


def test_a_name_close_to_a_built_in_one_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico, "names", lambda: ["pico-s", "pico-m"])
    assert "did you mean 'pico-s'" in str(hub.unknown("pico_s"))


def response_error(kind: type[Exception]) -> Exception:
    """Make an error of the hub's client without its network library."""
    error = kind.__new__(kind)
    Exception.__init__(error, "from the hub")
    return error


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (errors.GatedRepoError, "gated"),
        (errors.RepositoryNotFoundError, "no model is called"),
        (errors.RevisionNotFoundError, "no revision 'step1'"),
        (errors.LocalEntryNotFoundError, "cannot be reached"),
        (errors.OfflineModeIsEnabled, "cannot be reached"),
        (errors.EntryNotFoundError, r"holds no config\.json"),
        (ConnectionError, "cannot be reached .ConnectionError: from the hub"),
    ],
)
def test_errors_of_the_hub_say_what_to_do(
    kind: type[Exception], words: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> str:
        raise response_error(kind)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    monkeypatch.setattr(hub, "reachable", lambda: True)
    with pytest.raises(ModelError, match=words):
        identify(ModelSpec(name="org/name@step1"))


def test_an_impossible_id_is_unknown_rather_than_a_traceback(cache: Path) -> None:
    with pytest.raises(ModelError, match="no model is called"):
        identify(ModelSpec(name="not/an/id"))


def test_identity_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from taskscope.models.identity import reference, ModelSpec;"
        f"reference(ModelSpec(name={str(save(tmp_path / 'tiny'))!r}));"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
