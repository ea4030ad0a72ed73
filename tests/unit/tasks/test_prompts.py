import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks.prompts import FORMATS, get_format

TEXT = st.text(alphabet="aé >-:Q\nuser{}", min_size=1, max_size=6).filter(lambda text: text == text.strip())
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=4)
NAMES = st.sampled_from(sorted(FORMATS))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("arrow", "go->went\nsee->saw\nrun->"),
        ("example", "example:go->went\nexample:see->saw\nexample:run->"),
        ("colon", "Q: go\nA: went\n\nQ: see\nA: saw\n\nQ: run\nA:"),
        ("chat", "user: go\nassistant: went\nuser: see\nassistant: saw\nuser: run\nassistant:"),
    ],
)
def test_rendered_text(name: str, text: str) -> None:
    assert FORMATS[name].render([("go", "went"), ("see", "saw")], "run").text == text


def test_without_demonstrations_a_prompt_is_the_query_alone() -> None:
    prompt = FORMATS["arrow"].render([], "go")
    assert prompt.text == "go->"
    assert [(s.kind, s.index) for s in prompt.spans] == [("query", -1), ("query_arrow", -1)]


@given(NAMES, PAIRS, TEXT)
def test_spans_cover_the_text_and_hold_the_parts(name: str, pairs: list[tuple[str, str]], query: str) -> None:
    prompt_format = FORMATS[name]
    prompt = prompt_format.render(pairs, query)
    ends = [0, *(span.end for span in prompt.spans)]
    assert [span.start for span in prompt.spans] == ends[:-1]
    assert ends[-1] == len(prompt.text)

    def text(kind: str, index: int = -1) -> str:
        span = prompt.span(kind, index)  # pyright: ignore[reportArgumentType]
        return prompt.text[span.start : span.end]

    assert text("query") == query
    assert prompt.text.endswith(text("query_arrow"))
    for index, (x, y) in enumerate(pairs):
        assert text("demo_input", index) == x
        assert text("demo_label", index) == prompt_format.answer(y)


@given(NAMES, PAIRS, TEXT, TEXT)
def test_a_prompt_with_its_answer_goes_on_as_a_demonstration(
    name: str, pairs: list[tuple[str, str]], query: str, y: str
) -> None:
    prompt_format = FORMATS[name]
    asked = prompt_format.render(pairs, query).text + prompt_format.answer(y)
    assert prompt_format.render([*pairs, (query, y)], "next").text.startswith(asked)


@given(NAMES, PAIRS, TEXT, st.booleans())
def test_tokens_of_one_character_have_the_spans_of_characters(
    name: str, pairs: list[tuple[str, str]], query: str, bos: bool
) -> None:
    prompt = FORMATS[name].render(pairs, query)
    offsets = [(0, 0)] * bos + [(at, at + 1) for at in range(len(prompt.text))]
    for span, token_span in zip(prompt.spans, prompt.token_spans(offsets), strict=True):
        assert (token_span.kind, token_span.index) == (span.kind, span.index)
        assert (token_span.start, token_span.end) == (span.start + bos, span.end + bos)


@given(NAMES, PAIRS, TEXT, st.data())
def test_every_token_belongs_to_exactly_one_part(
    name: str, pairs: list[tuple[str, str]], query: str, data: st.DataObject
) -> None:
    prompt = FORMATS[name].render(pairs, query)
    cuts = data.draw(st.sets(st.integers(1, max(len(prompt.text) - 1, 1))))
    bounds = sorted({0, len(prompt.text), *cuts})
    offsets = list(itertools.pairwise(bounds))
    spans = prompt.token_spans(offsets)
    assert [t for span in spans for t in range(span.start, span.end)] == list(range(len(offsets)))


def test_a_space_before_the_label_counts_to_the_label_with_or_without_trimmed_offsets() -> None:
    prompt = FORMATS["colon"].render([("go", "went")], "see")
    pieces = ["Q", ":", " go", "\n", "A", ":", " went", "\n\n", "Q", ":", " see", "\n", "A", ":"]
    offsets, at = [], 0
    for piece in pieces:
        offsets.append((at, at + len(piece)))
        at += len(piece)
    trimmed = [(start + (piece[0] == " "), end) for piece, (start, end) in zip(pieces, offsets, strict=True)]
    for given_offsets in (offsets, trimmed):
        spans = {(s.kind, s.index): (s.start, s.end) for s in prompt.token_spans(given_offsets)}
        assert spans["demo_input", 0] == (2, 3)
        assert spans["demo_arrow", 0] == (3, 6)
        assert spans["demo_label", 0] == (6, 7)
        assert spans["query", -1] == (10, 11)
        assert spans["query_arrow", -1] == (11, 14)


def test_a_part_swallowed_by_a_token_has_an_empty_span() -> None:
    prompt = FORMATS["arrow"].render([], "go")
    query, arrow = prompt.token_spans([(0, 4)])
    assert (query.start, query.end, arrow.start, arrow.end) == (0, 1, 1, 1)


def test_an_unknown_format_names_the_nearest() -> None:
    assert get_format("arrow") is FORMATS["arrow"]
    with pytest.raises(TaskError, match="did you mean 'colon'"):
        get_format("colin")


def test_unknown_parts_of_a_prompt() -> None:
    with pytest.raises(KeyError):
        FORMATS["arrow"].render([], "go").span("demo_input", 0)


@pytest.mark.data
@pytest.mark.parametrize("file", ["gpt2", "neox"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_parts_found_again_with_published_tokenizers(file: str, name: str) -> None:
    tokenizer = _tokenizer(file)
    pairs = [("go", "went"), ("être", "be"), ("New Zealand", "Wellington")]
    prompt = FORMATS[name].render(pairs, "c,d,b")
    encoding = tokenizer.encode(prompt.text)
    for span, tokens in zip(prompt.spans, prompt.token_spans(encoding.offsets), strict=True):
        ids = encoding.ids[tokens.start : tokens.end]
        if span.kind in ("demo_input", "demo_label", "query"):
            part = prompt.text[span.start : span.end].strip()
            assert tokenizer.decode(ids).strip() == part
        if span.kind == "query_arrow":
            assert tokens.end == len(encoding.ids)


def _tokenizer(kind: str):
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder:
        pytest.skip("TASKSCOPE_DATA is not set")
    from tokenizers import Tokenizer
    from tokenizers.implementations import ByteLevelBPETokenizer

    root = Path(folder) / "tokenizers"
    if kind == "gpt2":
        files = [str(root / "gpt2" / name) for name in ("encoder.json", "vocab.bpe")]
        return ByteLevelBPETokenizer.from_file(*files)
    return Tokenizer.from_file(str(root / "gpt_neox_20b" / "20B_tokenizer.json"))
