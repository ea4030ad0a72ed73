"""Where a continuation starts, and what the tokenizer adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.processors import TemplateProcessing
from toys import tokenizer, toy
from transformers import PreTrainedTokenizerFast

from taskscope.errors import TaskError
from taskscope.models.encoding import Encoder

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def plain_tokenizer(**special: str) -> PreTrainedTokenizerFast:
    """The tokenizer of the toys without the BOS in front."""
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer().backend_tokenizer, **special)
    bare.backend_tokenizer.post_processor = TemplateProcessing(single="$A", special_tokens=[])
    return bare


def test_the_tokenizers_own_default_is_kept_and_recorded() -> None:
    model = toy("llama")
    assert model.encode("hot->")[0] == 0
    assert model.tokenizer_probe.before == (0,)
    assert model.tokenizer_probe.after == ()
    assert model.tokenizer_probe.ids == tuple(model.encode("x"))


def test_a_special_token_behind_the_text_is_dropped() -> None:
    ended = plain_tokenizer(eos_token="</s>")
    ended.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    encoder = Encoder(ended, 96)
    assert encoder.probe.after == (1,)
    assert encoder.encode("hot->") == tuple(toy("llama").encode("hot->"))


@given(text, text)
def test_a_pair_is_the_joint_text_or_refused(prompt: str, continuation: str) -> None:
    encoder = Encoder(tokenizer(), 96)
    joint = tuple(tokenizer()(prompt + continuation)["input_ids"])
    try:
        [(first, rest)] = encoder.encode_pairs([(prompt, continuation)])
    except TaskError:
        assert joint[: len(encoder.encode(prompt))] != encoder.encode(prompt) or not continuation
    else:
        assert first + rest == joint
        assert first == encoder.encode(prompt)
        assert rest


def test_a_continuation_that_merges_with_the_prompt_is_refused_by_name() -> None:
    encoder = Encoder(tokenizer(), 96)
    with pytest.raises(TaskError, match="'>yellow' after 'corn-' does not start at a boundary"):
        encoder.encode_pairs([("corn->", "yellow"), ("corn-", ">yellow")])


def test_a_text_over_the_context_is_refused_with_its_length() -> None:
    encoder = Encoder(tokenizer(), 6)
    with pytest.raises(TaskError, match=r"a prompt of \d+ tokens: 'the small cat sat on the mat'"):
        encoder.encode("the small cat sat on the mat")
    with pytest.raises(TaskError, match="at most 6 tokens"):
        encoder.encode_pairs([("the cat", " sat on the mat in the house")])


def test_an_empty_prompt_becomes_one_token_or_is_refused() -> None:
    assert Encoder(tokenizer(), 96).encode("") == (0,)
    eos = Encoder(plain_tokenizer(eos_token="</s>"), 96)
    assert eos.encode("") == (1,)
    [(first, rest)] = eos.encode_pairs([("", "red")])
    assert (first, rest) == ((1,), eos.encode("red"))
    with pytest.raises(TaskError, match="neither a BOS nor an EOS"):
        Encoder(plain_tokenizer(), 96).encode("")
