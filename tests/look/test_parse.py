from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.look.parse import parse, parse_as
from taskscope.tasks.prompts import FORMATS, PromptFormat

TEXT = st.text(alphabet="abcé ->:Qs;", min_size=1, max_size=8).filter(lambda text: text == text.strip())
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=5)
PLAIN = sorted(set(FORMATS) - {"chat"})


def ambiguous(asked: PromptFormat, pairs: list[tuple[str, str]], query: str) -> bool:
    """Whether the texts themselves hold what separates them, so that no parser could tell."""
    inputs = [query, *(x for x, _ in pairs)]
    # An input that ends like an arrow begins moves the first arrow of its line to the left.
    moved = any((x + asked.arrow).find(asked.arrow) < len(x) for x in inputs)
    return moved or any(asked.end.strip() and asked.end in part for pair in pairs for part in pair)


@given(st.sampled_from(PLAIN), PAIRS, TEXT)
def test_reading_undoes_rendering(name: str, pairs: list[tuple[str, str]], query: str) -> None:
    asked = FORMATS[name]
    prompt = asked.render(pairs, query)
    found = parse_as(prompt.text, asked)
    if ambiguous(asked, pairs, query):
        assert found is None or found.prompt.text == prompt.text
        return
    assert found is not None
    assert (found.demonstrations, found.query, found.prompt) == (tuple(pairs), query, prompt)


WORD = st.text(alphabet="abcdé '", min_size=1, max_size=8).filter(lambda text: text == text.strip())


@given(st.sampled_from(sorted(FORMATS)), st.lists(st.tuples(WORD, WORD), max_size=4), WORD)
def test_the_format_is_recognised_by_itself(name: str, pairs: list[tuple[str, str]], query: str) -> None:
    found = parse(FORMATS[name].render(pairs, query).text)
    assert (found.format.name, found.demonstrations, found.query) == (name, tuple(pairs), query)


@given(
    st.sampled_from(["->", "=>", ":", "|"]),
    st.sampled_from(["\n", "; ", ", "]),
    st.sampled_from(["", " "]),
    st.sampled_from(["", " "]),
    st.lists(st.tuples(WORD, WORD), max_size=4),
    WORD,
)
def test_arrows_and_separators_of_ones_own(
    arrow: str, between: str, before: str, after: str, pairs: list[tuple[str, str]], query: str
) -> None:
    text = between.join(f"{x}{before}{arrow}{after}{y}" for x, y in pairs)
    text += (between if pairs else "") + query + before + arrow
    found = parse(text, arrow=arrow, between=between)
    assert (found.demonstrations, found.query) == (tuple(pairs), query)
    assert found.prompt.text == text


@pytest.mark.parametrize(
    ("text", "pairs", "query"),
    [
        ("apple -> red\nlime -> green\ncorn ->\n", [("apple", "red"), ("lime", "green")], "corn"),
        ("corn->", [], "corn"),
        ("Q: New York\nA: USA\n\nQ: Rome\nA: ", [("New York", "USA")], "Rome"),
    ],
)
def test_prompts_as_people_write_them(text: str, pairs: list[tuple[str, str]], query: str) -> None:
    found = parse(text)
    assert (list(found.demonstrations), found.query, found.prompt.text) == (pairs, query, text.rstrip())


def test_the_state_at_an_arrow_has_seen_earlier_demonstrations_and_its_own_input_alone() -> None:
    found = parse("a->b\nc->d\ne->f\ng->")
    assert found.after(2) == "a->b\nc->d\ne->"
    assert found.prompt.text.startswith(found.after(2))
    assert found.bare == "g->"


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("", "an empty prompt", "a query"),
        ("  \n ", "an empty prompt", "a query"),
        ("hello there", "no query was recognised", "x->y"),
        ("a->b\nc->d", "has its label already", "'c->'"),
        ("a->b\nc ->", "no query was recognised", "the same spaces"),
        ("a->b, c->d, e->", "no query was recognised", "on a line of its own"),
        ("->", "no query was recognised", "every part written alike"),
    ],
)
def test_what_is_wrong_with_a_prompt_is_said(text: str, given: str, expected: str) -> None:
    with pytest.raises(TaskError) as caught:
        parse(text)
    assert given in caught.value.given
    assert expected in caught.value.expected
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arrow", "between", "given", "expected", "hint"),
    [
        ("", None, "the arrow '', which is empty", "text that can be seen", "--arrow '=>'"),
        (" ", None, "the arrow ' ', which is nothing but white space", "text that can be seen", "no --arrow"),
        (None, "", "the text '' between demonstrations", "such as ', '", "no --between"),
        ("=>", None, "in which '=>' does not stand", "at the end of the prompt", "leave it out"),
    ],
)
def test_what_is_wrong_with_marks_of_ones_own_is_said(
    arrow: str | None, between: str | None, given: str, expected: str, hint: str
) -> None:
    with pytest.raises(TaskError) as caught:
        parse("a->b\nc->", arrow=arrow, between=between)
    assert given in caught.value.given
    assert expected in caught.value.expected
    assert hint in caught.value.hint
