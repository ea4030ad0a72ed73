"""Checkpoints without a tokenizer of their own: found, told apart, loaded with that of their model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from saved import save

from taskscope.errors import ModelError
from taskscope.models.identity import identify
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished model and two checkpoints of it, weights and config alone."""
    whole = save(tmp_path_factory.mktemp("runs") / "small")
    for step in (10, 200):
        folder = whole / "checkpoints" / f"step-{step}"
        save(folder, **({"initializer_range": 0.5} if step == 10 else {}))
        for file in folder.iterdir():
            if file.name not in ("config.json", "model.safetensors"):
                file.unlink()
    return whole


def test_a_checkpoint_reads_as_its_model_does(training: Path) -> None:
    checkpoint = load(str(training / "checkpoints" / "step-200"))
    whole = load(str(training))
    assert checkpoint.encode("a->b\nc->") == whole.encode("a->b\nc->")
    assert checkpoint.label == "small at step 200"
    assert checkpoint.id != whole.id


@pytest.mark.parametrize("name", ["step-10", "10"])
def test_a_checkpoint_is_named_behind_its_model(training: Path, name: str) -> None:
    found = identify(ModelSpec(name=f"{training}@{name}"))
    assert found == identify(ModelSpec(name=str(training / "checkpoints" / "step-10")))
    other = identify(ModelSpec(name=str(training / "checkpoints" / "step-200")))
    assert found.id != other.id
    assert Path(found.tokenizer) == training


def test_a_recipe_tells_how_many_tokens_were_read(training: Path) -> None:
    (training / "recipe.json").write_text(json.dumps({"tokens_per_step": 2048}), encoding="utf-8")
    try:
        found = identify(ModelSpec(name=f"{training}@10"))
        assert (found.label, found.tokens) == ("small at 20,480 tokens", 20_480)
    finally:
        (training / "recipe.json").unlink()


def test_a_finished_model_knows_what_it_read_where_its_training_says_so(training: Path) -> None:
    assert load(str(training)).tokens is None
    (training / "training.json").write_text(json.dumps({"tokens": 409_600}), encoding="utf-8")
    try:
        assert load(str(training)).tokens == 409_600
    finally:
        (training / "training.json").unlink()


def test_a_checkpoint_without_any_tokenizer_says_where_one_belongs(tmp_path: Path, training: Path) -> None:
    lone = tmp_path / "lone" / "checkpoints" / "step-3"
    lone.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (lone / name).write_bytes((training / "checkpoints" / "step-10" / name).read_bytes())
    with pytest.raises(ModelError, match="has no tokenizer") as caught:
        identify(ModelSpec(name=str(lone)))
    assert "checkpoints" in caught.value.expected
    assert caught.value.hint
