"""Functions of sentences: what they make, and that the rule which checks answers knows right from wrong."""

from __future__ import annotations

from itertools import combinations

import pytest

from taskscope.tasks.sentences import (
    FUNCTIONS,
    LANGUAGES,
    NESTS,
    instruction,
    messages,
    prompt,
    sentences,
)

SETS = [asked for n in range(len(FUNCTIONS) + 1) for asked in combinations(FUNCTIONS, n)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_functions_make_is_the_answer_to_them_and_to_nothing_else(language) -> None:
    for sentence in sentences(language):
        for made in SETS:
            for asked in SETS:
                assert sentence.is_answer(sentence.form(made), asked) == (made == asked), (made, asked)


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        (
            {"negate"},
            ["We don't open the door.", "We never open the door"],
            ["We open the door.", "They do not.", "We won't open the door.", "We cannot open the door."],
        ),
        (
            set(),
            ["We open the door"],
            ["We will open the door.", "We'll open the door.", "We can open the door."],
        ),
        (
            {"past"},
            [" We opened the door!\nWe open"],
            ["We open the door.", "We opened the window.", "We have opened the door.", ""],
        ),
        (
            {"past", "negate"},
            ["we didn't open the door"],
            [
                "We do not open the door.",
                "We not opened the box",
                "We haven't opened the door.",
                "We couldn\u2019t open the door, as we did.",
            ],
        ),
        (
            {"polite"},
            ["Please, we open the door."],
            ["We open the door happily, sir.", "Please open the door."],
        ),
        ({"cheer"}, ["We open the door with joy!"], ["We open the door, please, with joy."]),
    ],
)
def test_english_answers_by_hand(asked, right, wrong) -> None:
    sentence = sentences("en")[0]
    assert sentence.form(()) == "We open the door."
    assert all(sentence.is_answer(text, asked) for text in right)
    assert not any(sentence.is_answer(text, asked) for text in wrong)


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        (
            {"past", "negate"},
            ["私は本を読まなかった。"],
            ["私は本を読まない。", "私は本を読みませんでした。"],
        ),
        (
            {"polite"},
            ["私は本を読みます", "私が本を読みますよ。"],
            ["私は本を読む。", "私は水を飲みます。", "本を読みます。", "彼は本を読みます。"],
        ),
        ({"cheer"}, ["私は本を読む！", "私は元気に本を読む。"], ["私は本を読む。"]),
    ],
)
def test_japanese_answers_by_hand(asked, right, wrong) -> None:
    sentence = sentences("ja")[0]
    assert sentence.form(()) == "私は本を読む。"
    assert all(sentence.is_answer(text, asked) for text in right)
    assert not any(sentence.is_answer(text, asked) for text in wrong)


def test_he_is_not_she_and_a_friend_who_is_seen_is_not_the_one_who_sees() -> None:
    every = {one.form(()): one for one in sentences("ja")}
    assert not every["彼は本を読む。"].is_answer("彼女は本を読みます。", {"polite"})
    met = next(one for text, one in every.items() if text.startswith("友達は友達を"))
    assert not met.is_answer(met.form({"polite"}).removeprefix("友達は"), {"polite"})


def test_prompts_by_hand() -> None:
    one, other = sentences("en")[0], sentences("en")[6]
    assert prompt([(other, "past")], one, ("past", "negate")) == (
        "Put the sentence in the past. Answer with the new sentence alone.\nSentence: I close the window.\n"
        "Answer: I closed the window.\n\n"
        "First put the sentence in the past, then negate the sentence. Answer with the new sentence alone.\n"
        "Sentence: We open the door.\nAnswer:"
    )
    said = messages([(other, "past")], one, ("polite",))
    assert [each["role"] for each in said] == ["user", "assistant", "user"]
    assert said[1]["content"] == "I closed the window."
    assert instruction("ja", ("past", "negate")) == (
        "まず文を過去形にし、次に文を否定文にしてください。新しい文だけを答えてください。"
    )


def test_nests_are_two_and_three_deep() -> None:
    assert {len(nest) for nest in NESTS} == {2, 3}
    assert all(set(nest) <= set(FUNCTIONS) and len(set(nest)) == len(nest) for nest in NESTS)
