"""The ciphers of the learning curves, each made for one model's vocabulary and one draw of demonstrations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taskscope.studies.structured_tasks.asking import Asker
from taskscope.studies.structured_tasks.curves.conditions import BUCKETED, WORDS
from taskscope.tasks import ciphers
from taskscope.tasks.ciphers import Cipher

MakeCipher = Callable[[Asker, np.random.Generator], Cipher]

BUCKETS = 16
"""Groups of tokens of similar frequency."""


def bijection(asker: Asker, rng: np.random.Generator, share: float = 1.0) -> Cipher:
    """Permute every token that stands neither in labels nor in the template, or a share of them."""
    return ciphers.bijection(asker.n_tokens, asker.protected, rng, share)


def scrambled(asker: Asker, rng: np.random.Generator, share: float = 1.0) -> Cipher:
    """Move the same tokens, to a new image at each occurrence: the control."""
    return ciphers.non_bijective(bijection(asker, rng, share))


def whole(asker: Asker, rng: np.random.Generator) -> Cipher:
    """Permute the template's tokens too, as published; colons, line ends and labels stay."""
    return ciphers.paper(asker.n_tokens, asker.kept_in_cipher, rng)


def words(asker: Asker, rng: np.random.Generator) -> Cipher:
    """Permute words alone, so that no image is a byte or a mark (P9)."""
    return ciphers.words(asker.vocabulary, asker.protected, rng)


def bucketed(asker: Asker, rng: np.random.Generator) -> Cipher:
    """Permute tokens among those of similar frequency (P9).

    Vocabularies are learned from the most frequent pieces on, so a token's number stands for its rank.
    """
    return ciphers.bucketed(asker.n_tokens, asker.protected, rng, range(asker.n_tokens), BUCKETS)


KINDS: dict[str, MakeCipher] = {WORDS: words, BUCKETED: bucketed}
"""The other ciphers, by name."""
