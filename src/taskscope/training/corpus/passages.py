"""Passages of natural text kept in one scratch file, read back by number in a shuffled order."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from taskscope.training.corpus.natural import Passage


class PassageStore:
    """Holds passages on disk, so that memory does not grow with the corpus.

    Args:
        path: Scratch file; made here, removed by whoever made its folder.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._end = 0
        self._training: list[tuple[str, int, int]] = []
        self._held_out: dict[str, list[tuple[str, int, int]]] = {}

    def add(self, passage: Passage) -> None:
        """Append one passage."""
        data = passage.text.encode()
        self._file.write(data)
        place = (passage.source, self._end, len(data))
        if passage.held_out:
            self._held_out.setdefault(passage.source, []).append(place)
        else:
            self._training.append(place)
        self._end += len(data)

    def finish(self, seed: int) -> None:
        """End writing and shuffle the passages to train on; their order depends on the seed."""
        self._file.flush()
        order = np.random.default_rng((seed, 0x9A55)).permutation(len(self._training))
        self._training = [self._training[i] for i in order]

    def close(self) -> None:
        """Close the scratch file."""
        self._file.close()

    def __len__(self) -> int:
        """Passages to train on."""
        return len(self._training)

    def __getitem__(self, number: int) -> tuple[str, str]:
        """Read one passage to train on: its source and its text."""
        place = self._training[number]
        return place[0], self._read(place)

    @property
    def held_out_sources(self) -> tuple[str, ...]:
        """Sources of which passages are kept for evaluation."""
        return tuple(self._held_out)

    def held_out(self, source: str) -> list[str]:
        """Read the passages of a source that are kept for evaluation, in order."""
        return [self._read(place) for place in self._held_out[source]]

    def _read(self, place: tuple[str, int, int]) -> str:
        return os.pread(self._file.fileno(), place[2], place[1]).decode()
