"""A repository in the cache counts as fetched where every file is there that its index names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taskscope.models import hub


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_download_that_was_cut_off_is_fetched_again(
    cut_off: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": {"a": shards[0], "b": shards[1]}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    for name in ["config.json", *shards[: 1 if cut_off else 2]]:
        (tmp_path / name).write_text("{}")
    asked: list[bool] = []

    def download(repo: str, allow_patterns: list[str], local_files_only: bool = False) -> str:
        asked.append(local_files_only)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.setattr(hub, "reachable", lambda: True)
    assert hub.files("somebody/model", ["config.json", "*.safetensors*"]) == tmp_path
    assert asked == ([True, False] if cut_off else [True])
