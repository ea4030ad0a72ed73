import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.training.documents import curricula
from taskscope.training.vocabulary import ARROW, END_OF_TEXT, LINE_END, fit_tokenizer, mark

WORDS = curricula.get("mappings").words
TOKENIZER = fit_tokenizer(WORDS, 700, n_marks=3)

texts = st.one_of(
    st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
).filter(lambda text: not any(special in text for special in (ARROW, LINE_END, END_OF_TEXT, "<|rule-")))


def encode(text: str) -> list[int]:
    return TOKENIZER.encode(text, add_special_tokens=False)


@given(x=texts, y=texts)
def test_arrow_and_line_end_merge_with_nothing(x, y):
    arrow, line_end = (TOKENIZER.convert_tokens_to_ids(text) for text in (ARROW, LINE_END))
    joint = encode(f"{x}->{y}\n")
    if x.endswith("-") or y.startswith(">"):  # "-->" may be cut as "-" + "->", nothing else is possible
        return
    assert joint == [*encode(x), arrow, *encode(y), line_end]


@given(text=texts)
def test_tokens_give_the_text_back(text):
    assert TOKENIZER.decode(encode(text)) == text


@given(word=st.text(st.sampled_from("abcdefgéñß"), min_size=2, max_size=10))
def test_the_first_letter_stands_alone(word):
    first, rest = encode(word[0]), encode(word)[len(encode(word[0])) :]
    assert encode(word) == first + rest
    assert TOKENIZER.decode(first) == word[0]
    assert TOKENIZER.decode(rest) == word[1:]


@pytest.mark.parametrize("letter", "abzAZ")
def test_single_letters_are_one_token(letter):
    assert len(encode(letter)) == 1


def test_every_mark_is_one_token_of_its_own():
    ids = [encode(mark(i)) for i in range(3)]
    assert all(len(i) == 1 for i in ids)
    assert len({i[0] for i in ids}) == 3


def test_fitting_twice_gives_the_same_tokeniser():
    again = fit_tokenizer(tuple(reversed(WORDS)), 700, n_marks=3)
    assert again.get_vocab() == TOKENIZER.get_vocab()
    assert again.backend_tokenizer.to_str() == TOKENIZER.backend_tokenizer.to_str()
