"""Tiny models saved as folders, as anyone would save one, and the hub's cache laid out around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toys import hf_model, tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def save(folder: Path, family: str = "gpt_neox", *, shards: bool = False, **changes: Any) -> Path:
    """Save a random model and its tokenizer; as several shards with an index if asked."""
    hf_model(family, **changes).save_pretrained(folder, max_shard_size="20KB" if shards else "1GB")
    tokenizer().save_pretrained(folder)
    return folder


def hub_cache(cache: Path, repo: str, **kwargs: Any) -> Path:
    """Lay out a cache folder as the hub's client does, with one snapshot; return the repository's folder."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    save(folder / "snapshots" / COMMIT, **kwargs)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    return folder


def edit_config(folder: Path, **changes: Any) -> None:
    """Change fields of a saved config.json; None removes a field."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in config.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")
