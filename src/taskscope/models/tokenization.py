"""Loading the tokenizer that belongs to a model."""

from __future__ import annotations

from typing import Any

from taskscope.errors import ModelError
from taskscope.models.encoding import Encoder
from taskscope.models.identity import identify, loading_options
from taskscope.models.spec import as_spec

SAMPLE = "the cat sat on a mat"


def load_tokenizer(source: str, options: dict[str, Any]) -> Any:
    """Load the tokenizer that belongs to a model; one without BOS or padding token will do.

    Args:
        source: Folder or Hugging Face id.
        options: Further arguments of ``from_pretrained``, such as its commit.

    Raises:
        ModelError: If there is none, or it needs a package that is not installed.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        ids = tokenizer(SAMPLE, add_special_tokens=False)["input_ids"]
    except Exception as error:  # every family's tokenizer fails in its own way
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"the tokenizer of {source!r} cannot be loaded: {lines[0]}",
            "tokenizer.json, or the files of a tokenizer that transformers knows",
            "install the package that is named above, or copy the tokenizer's files beside the weights",
        ) from error
    # Where its files are missing, transformers may make an empty tokenizer without a word.
    if not set(ids) - {tokenizer.unk_token_id}:
        raise ModelError(
            f"the tokenizer of {source!r} knows no token of {SAMPLE!r}",
            "tokenizer.json, or the files of a tokenizer that transformers knows",
            "copy the tokenizer's files beside the weights",
        )
    return tokenizer


def encoder_of(name: str) -> Encoder:
    """Return how a model reads text, without loading its weights.

    Args:
        name: Built-in name, local folder or Hugging Face id.

    Raises:
        ModelError: If there is no such model, or its tokenizer cannot be loaded.
    """
    spec = as_spec(name)
    found = identify(spec)
    return Encoder(load_tokenizer(found.tokenizer, loading_options(found, spec)), found.context)
