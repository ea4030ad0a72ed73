"""Loss on each kind of task document, facts seen and held out apart; no corpus is needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from taskscope.stats.intervals import percentile_interval, resampling_weights
from taskscope.training.corpus.building import first_tokens, held_out_documents
from taskscope.training.corpus.mixture import Mixture
from taskscope.training.held_out import document_losses

DRAWS = 2_000
ASKED = re.compile(r"\w->\S")
"""A line in the format in which few-shot learning is measured."""


def measure(
    hf: Any, tokenizer: Any, mixture: Mixture, on_part: Callable[[str], None] = lambda name: None
) -> dict[str, Any]:
    """Measure the loss in nats per token of each kind, documents drawn with the seed kept for evaluation.

    Args:
        hf: Causal language model in Hugging Face form.
        tokenizer: Its tokeniser.
        mixture: What the model was trained on.
        on_part: Called with the name of each part before it is measured.

    Returns:
        By part (``lists/seen``): loss, interval over documents, tokens, and how many of its lines are in the
        format in which few-shot learning is asked.
    """
    parts = {}
    for name, texts in held_out_documents(mixture).items():
        on_part(name)
        tokens = first_tokens(texts, tokenizer, mixture.held_out_tokens)
        losses = document_losses(hf, tokens, tokenizer.eos_token_id)
        nats, counts = np.array([(row.sum(dtype=np.float64), len(row)) for row in losses]).T
        weights = resampling_weights(len(losses), DRAWS, np.random.default_rng(0))
        low, high = percentile_interval((weights @ nats) / (weights @ counts))
        parts[name] = {
            "nats_per_token": float(nats.sum() / counts.sum()),
            "interval": [float(low), float(high)],
            "tokens": int(counts.sum()),
            "lines_as_asked": len(ASKED.findall(tokenizer.decode(tokens))),
        }
    return parts
