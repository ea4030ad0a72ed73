"""A corpus as tokens on disk: 16-bit numbers in shards, and a manifest that says what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.errors import RunError, nearest

MANIFEST = "manifest.json"
TOKENIZER = "tokenizer"
_TYPE = np.dtype("<u2")


class ShardWriter:
    """Writes one stream of tokens into files of equal size.

    Args:
        folder: Where the files go.
        stem: Their names begin with it.
        size: Tokens per file; the last one is shorter.
    """

    def __init__(self, folder: Path, stem: str, size: int) -> None:
        self._folder, self._stem, self._size = folder, stem, size
        self._waiting: list[np.ndarray] = []
        self._n_waiting = 0
        self.files: list[dict[str, Any]] = []

    def write(self, tokens: np.ndarray) -> None:
        """Append tokens, shape (token,)."""
        self._waiting.append(tokens.astype(_TYPE))
        self._n_waiting += len(tokens)
        while self._n_waiting >= self._size:
            self._flush(self._size)

    def close(self) -> list[dict[str, Any]]:
        """Write what is left; return name, number of tokens and sha256 of every file."""
        if self._n_waiting:
            self._flush(self._n_waiting)
        return self.files

    def _flush(self, n: int) -> None:
        joined = np.concatenate(self._waiting)
        self._waiting, self._n_waiting = [joined[n:]], len(joined) - n
        data = joined[:n].tobytes()
        name = f"{self._stem}-{len(self.files):03}.bin"
        (self._folder / name).write_bytes(data)
        self.files.append({"file": name, "tokens": n, "sha256": hashlib.sha256(data).hexdigest()})


@dataclass(frozen=True)
class PackedCorpus:
    """A corpus that was built into a folder.

    Raises:
        RunError: If the folder holds none, or files of it are missing or of another size.
    """

    folder: Path

    def __post_init__(self) -> None:
        for entry in (*self.manifest["tokens"]["shards"], *self._held_out.values()):
            path = self.folder / entry["file"]
            if not path.is_file() or path.stat().st_size != entry["tokens"] * _TYPE.itemsize:
                raise RunError(
                    f"{path} is missing or cut short",
                    f"{entry['tokens']} tokens of 16 bits",
                    "building again",
                )

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the corpus was made of: sources, licences, counts, files."""
        path = self.folder / MANIFEST
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(
                f"no corpus in {self.folder}", f"a folder with {MANIFEST}", "building one"
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise RunError(
                f"{path} cannot be read: {error}", "the manifest as it was written", "building again"
            ) from None

    @property
    def n_tokens(self) -> int:
        """Training tokens in all."""
        return self.manifest["tokens"]["training"]

    @property
    def fingerprint(self) -> str:
        """Sha256 that changes with any training token, their order, or the tokeniser."""
        return self.manifest["fingerprint"]

    @property
    def description(self) -> dict[str, Any]:
        """What is told of a corpus wherever a model trained on it goes: sources, shares, counts; no paths."""
        told = ("title", "licence", "sha256", "passages", "characters", "dropped", "training_tokens")
        manifest = self.manifest
        return {
            "name": manifest["name"],
            "licence": manifest["licence"],
            "sources": {
                name: {key: source[key] for key in told} for name, source in manifest["sources"].items()
            },
            "kinds": manifest["kinds"],
            "judged": manifest["judged"],
            "tokens": {key: value for key, value in manifest["tokens"].items() if key != "shards"},
            "held_out_tasks": manifest["held_out_tasks"],
        }

    @property
    def tokenizer(self) -> Path:
        """Folder that `AutoTokenizer.from_pretrained` reads."""
        return self.folder / TOKENIZER

    def read(self, start: int, n: int) -> np.ndarray:
        """Read `n` training tokens from a place in the stream, uint16 (token,); fewer at its end."""
        parts = []
        for first, shard in self._shards:
            low, high = max(start - first, 0), min(start + n - first, len(shard))
            if low < high:
                parts.append(shard[low:high])
        return np.concatenate(parts) if parts else np.empty(0, dtype=_TYPE)

    def rows(self, length: int, first: int = 0) -> Iterator[np.ndarray]:
        """Yield training sequences in order, uint16 (length + 1,).

        Each begins with the last token of the one before. A rest too short for a whole sequence is left out.
        """
        for row in range(first, (self.n_tokens - 1) // length):
            yield self.read(row * length, length + 1)

    @property
    def held_out_parts(self) -> tuple[str, ...]:
        """Names of the parts kept for evaluation."""
        return tuple(self._held_out)

    def held_out(self, part: str) -> np.ndarray:
        """Read a part kept for evaluation, uint16 (token,): a source, a kind, or a kind on held-out facts.

        Raises:
            RunError: If there is no such part.
        """
        if part not in self._held_out:
            known = ", ".join(self._held_out)
            raise RunError(f"no held-out part {part!r}", f"one of {known}", nearest(part, self._held_out))
        return np.fromfile(self.folder / self._held_out[part]["file"], dtype=_TYPE)

    @property
    def _held_out(self) -> dict[str, dict[str, Any]]:
        return self.manifest["held_out"]

    @cached_property
    def _shards(self) -> list[tuple[int, np.ndarray]]:
        """Map the shards into memory, each with the number of its first token."""
        mapped, first = [], 0
        for entry in self.manifest["tokens"]["shards"]:
            mapped.append((first, np.memmap(self.folder / entry["file"], dtype=_TYPE, mode="r")))
            first += entry["tokens"]
        return mapped
