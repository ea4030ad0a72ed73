"""The tokeniser of the built-in models: byte-level pairs in which marks never merge with words.

Three rules keep the arrow format safe to cut (design numerics 5).  The arrow and the line end are tokens of
their own that nothing merges with.  The first letter of a word is a token of its own, so every longer word
is at least two tokens and capitalising a word changes one of them.  A digit, space, comma or other mark
never joins a letter.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

ARROW = "->"
LINE_END = "\n"
END_OF_TEXT = "<|end|>"

_WORD_PARTS = r"(?<!\p{L})\p{L}|(?<=\p{L})\p{L}+|[^\p{L}]"


def mark(relation_number: int) -> str:
    """The training-only separator that names a relation, standing where the arrow would stand."""
    return f"<|rule-{relation_number}|>"


def fit_tokenizer(words: Sequence[str], size: int, n_marks: int = 0) -> PreTrainedTokenizerFast:
    """Fit the tokeniser to the words of the tasks.

    Args:
        words: Inputs and answers; a word that more relations use is repeated, and kept whole sooner.
        size: Number of tokens learned or given as bytes, special ones not counted.
        n_marks: How many relation-naming separators to add.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORD_PARTS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(sorted(words), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (ARROW, LINE_END)])
    tokenizer.add_special_tokens(
        [AddedToken(text, special=True) for text in (END_OF_TEXT, *map(mark, range(n_marks)))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )
