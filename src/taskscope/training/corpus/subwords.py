"""The tokeniser of the natural pico models: byte-level pairs trained on the mixture.

A line end, an arrow, a digit and a separating mark are pieces of their own that nothing merges with, so a
list can be cut at them (design numerics 5).  A word takes the space before it along, as in most published
models.  Every text begins with the end of the one before it, as every document did in training.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from taskscope.errors import TaskError

END_OF_TEXT = "<|end|>"

_PIECES = "|".join(
    (
        r"\n",
        r"(?<=\p{L})['’](?:s|t|re|ve|m|ll|d)(?!\p{L})",
        r" ?[\p{L}\p{M}]+",
        r"\p{N}",
        r"[-=>|:~→/;#\t]",
        r" ?[^\s\p{L}\p{M}\p{N}=>|:~→/;#-]",
        r"\s",
    )
)
_ARROWS = ("->", "=>")
_SMALLEST = 256 + 1 + len(_ARROWS)  # bytes, the end of text, the arrows


def fit(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Train a tokeniser.

    Args:
        texts: Sample of the mixture; read once.
        size: Number of tokens in all, bytes, arrows and the end of text included.

    Raises:
        TaskError: If `size` has no room for the bytes, or more than 16 bits can number.
    """
    if not _SMALLEST <= size <= 2**16:
        raise TaskError(f"a vocabulary of {size}", f"from {_SMALLEST} to {2**16} tokens")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(_ARROWS),
        min_frequency=2,
        show_progress=False,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(arrow, normalized=False) for arrow in _ARROWS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A",
        special_tokens=[(END_OF_TEXT, tokenizer.token_to_id(END_OF_TEXT))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )
