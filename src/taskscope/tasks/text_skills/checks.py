"""Rules that say whether a text has a property; each takes the whole text and ignores case where it can.

A rule looks at form alone: it does not know whether the text makes sense.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


COLOURS = _set("red blue green yellow orange purple pink brown black white grey gray")
PAST = _set(
    "ate became began bought brought built came caught chose drank drew drove fell felt flew forgot fought "
    "found gave got grew had heard held kept knew lost made met paid ran rode rose said sang sat saw sent "
    "slept sold spoke stood swam taught thought threw told took went woke won wore wrote"
)
"""Past forms of irregular verbs."""
NUMBERS = _set(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million"
)
WEEKDAYS = _set("monday tuesday wednesday thursday friday saturday sunday")

_ITEM = re.compile(r"^\s*(\d+)[.)]\s+", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_STOP = re.compile(r"[.!?]+[\"'\u201d\u2019)]*(?=\s|$)")
_LIKE = re.compile(r"(?<!would )(?<!['\u2019]d )(?<!\bi )(?<!you )(?<!we )(?<!they )\blike an?\b")
_AS = re.compile(r"\bas (?!well\b|soon\b|long\b|much\b|many\b|far\b)(?:[^\W_]+ ){1,2}as\b")
_QUOTE = re.compile(r"[\"\u201c]([^\"\u201c\u201d\n]+)[\"\u201d]")
_SERIES = re.compile(r"[^\W_], (?:[^\W_]+ ){0,2}[^\W_]+,? (?:and|or) [^\W_]")


def words(text: str) -> list[str]:
    """List the words in lower case, without the numbers in front of list items."""
    return _WORD.findall(_ITEM.sub("", text).lower())


def lines(text: str) -> list[str]:
    """List the lines that are not blank."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def n_sentences(text: str) -> int:
    """Count what stands between full stops, question and exclamation marks; an unfinished one counts."""
    return sum(bool(_WORD.search(part)) for part in _STOP.split(_ITEM.sub("", text)))


def lower(text: str) -> bool:
    """No capital letter."""
    return text.islower()


def upper(text: str) -> bool:
    """No small letter."""
    return text.isupper()


def without(letter: str, text: str) -> bool:
    """A letter, or a comma, that is not there."""
    return letter not in text.lower()


def is_json(text: str) -> bool:
    """One JSON object that is not empty, and nothing around it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(found)


def is_list(text: str) -> bool:
    """Three lines or more, numbered 1, 2, 3 and so on."""
    marks = [_ITEM.match(line) for line in lines(text)]
    numbers = [int(mark[1]) for mark in marks if mark and len(mark[1]) < 4]
    return len(numbers) >= 3 and len(numbers) == len(marks) and numbers == [*range(1, len(marks) + 1)]


def spells(word: str, text: str) -> bool:
    """The first letters of the lines spell a word."""
    return "".join(line[0] for line in lines(text)).lower() == word


def rhymes(text: str) -> bool:
    """Two lines in a row end on different words with the same last three letters."""
    ends = [found[-1] for line in lines(text) if (found := words(line))]
    return any(
        len(a) > 2 and len(b) > 2 and a != b and a[-3:] == b[-3:] and a[-3:].isalpha()
        for a, b in pairwise(ends)
    )


def starts(word: str, text: str) -> bool:
    """The first word is the one that was named."""
    return bool(re.match(rf"[^\w{{\[]*{word}\b", text.lower()))


def has_simile(text: str) -> bool:
    """Says `like a` or `as ... as`, other than in common phrases that compare nothing."""
    said = text.lower()
    return bool(_LIKE.search(said) or _AS.search(said))


def has_quote(text: str) -> bool:
    """At least two words in double quotation marks."""
    return any(len(words(inside)) > 1 for inside in _QUOTE.findall(text))


def has_question(text: str) -> bool:
    """A question mark behind a word."""
    return bool(re.search(r"\w[\"'\u201d\u2019)]*\?", text))


def has_one_of(wanted: frozenset[str], text: str) -> bool:
    """Some word of a list."""
    return not wanted.isdisjoint(words(text))


def alliterates(text: str) -> bool:
    """Three different words in a row that start with the same letter, in one clause and line."""
    return any(
        a[0] == b[0] == c[0] and a[0].isalpha() and len({a, b, c}) == 3
        for said in map(words, re.split(r"[.!?;:\n]+", text))
        for a, b, c in zip(said, said[1:], said[2:], strict=False)
    )


def has_palindrome(text: str) -> bool:
    """A word of four letters or more that reads the same backwards."""
    return any(
        len(word) > 3 and word.isalpha() and word == word[::-1] and len(set(word)) > 1 for word in words(text)
    )


def has_series(text: str) -> bool:
    """Three things with a comma and `and` or `or`."""
    return bool(_SERIES.search(text.lower()))


def has_brackets(text: str) -> bool:
    """A word in round brackets."""
    return bool(re.search(r"\([^()]*\w[^()]*\)", text))


def has_semicolon(text: str) -> bool:
    """A semicolon between words."""
    return bool(re.search(r"\w;\s+\w", text))


def has_year(text: str) -> bool:
    """A number from 1000 to 2099 in digits."""
    return bool(re.search(r"\b(?:1\d|20)\d\d\b", text))


def doubles(text: str) -> bool:
    """The same word twice in a row."""
    return bool(re.search(r"\b([^\W\d_]{2,}),? \1(?![\w'\u2019-])", text.lower()))
