r"""The tokeniser of the models that read classified texts: one token a word, one a field's name.

A word is written with the space before it, as byte-level tokenisers do, so ``" film"`` is one token wherever
it stands. The name of a field, ``"\nReview:"``, is one token too and nothing merges with it: what follows a
prompt never changes how the prompt is cut. What is not in the vocabulary becomes one unknown token.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from taskscope.training.vocabulary import END_OF_TEXT

UNKNOWN = "<|unknown|>"
MARKS = ".,!?"
_PARTS = r"\n[^\n:]*:| ?\p{L}+|[^\p{L}]"


def field_token(field: str) -> str:
    """The token that a field's name is, the line break before it and the colon behind it included."""
    return f"\n{field}:"


def word_token(word: str) -> str:
    """The token that a word is, the space before it included."""
    return f" {word}"


def fit_word_tokenizer(words: Sequence[str], fields: Sequence[str]) -> PreTrainedTokenizerFast:
    """Make the tokeniser of these words and fields; ids follow the alphabet.

    Args:
        words: Words in the spelling in which texts hold them.
        fields: Names of fields, as ``Review``.
    """
    pieces = [*map(field_token, sorted(set(fields))), *MARKS, *map(word_token, sorted(set(words)))]
    return fit_pieces(pieces, _PARTS)


def fit_pieces(pieces: Sequence[str], parts: str) -> PreTrainedTokenizerFast:
    """Make the tokeniser that knows these pieces and no others; ids follow their order.

    Args:
        pieces: What is one token each.
        parts: Regular expression that cuts a text into pieces.
    """
    alphabet = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    written = [alphabet.pre_tokenize_str(piece)[0][0] for piece in pieces]
    ids = {piece: number for number, piece in enumerate([*written, UNKNOWN])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(parts), behavior="isolated"), alphabet]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in (END_OF_TEXT, UNKNOWN)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    )
