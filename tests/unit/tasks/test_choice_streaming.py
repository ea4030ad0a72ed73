"""Validating needs memory for what it must remember of an item, and none for its text."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from taskscope.tasks.choice_validation import duplicates, validate

CHARACTERS = 6000
REMEMBERED = 400
"""Bytes that may be kept of an item: a digest and where it stands."""


def written(path: Path, n: int) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for k in range(n):
            fields = {
                "prompt": f"Item {k}. " + "word " * (CHARACTERS // 5) + "Answer:",
                "classes": [" yes", " no"],
                "answer_index": k % 2,
            }
            stream.write(json.dumps(fields) + "\n")
    return path


def peak(path: Path) -> int:
    tracemalloc.start()
    try:
        validate(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "COMPARED", 50)  # near-duplicates are looked for among so many alone
    small, large = (peak(written(tmp_path / f"{n}.jsonl", n)) for n in (200, 1000))
    assert large - small < 800 * REMEMBERED
    assert 800 * REMEMBERED < 0.1 * 800 * CHARACTERS
