"""Skills of writing: a name, an instruction, a rule, and which of them cannot be asked together.

No instruction shows what it or another asks for (numbers are in digits), so that a text which repeats its
prompt has no skill of the second kind by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from taskscope.runs.cell import TaskRef, canonical_json
from taskscope.tasks.text_skills import checks

FEWEST_WORDS = 3
"""A shorter text has no skill at all: an empty one would avoid every letter."""
MOST_WORDS, LEAST_WORDS = 15, 30
"""Words of a short text, and of a long one."""
ACROSTIC, FIRST_WORD = "sun", "today"


@dataclass(frozen=True)
class Skill:
    """Something that can be asked of a text."""

    name: str
    instruction: str
    rule: Callable[[str], bool]

    def met(self, text: str) -> bool:
        """Check a text, which must have some words."""
        return len(checks.words(text)) >= FEWEST_WORDS and self.rule(text)


FORMS = (
    Skill("lower case", "Use no capital letters.", checks.lower),
    Skill("capitals", "Write everything in capital letters.", checks.upper),
    Skill("no e", "Do not use the fifth letter of the alphabet.", partial(checks.without, "e")),
    Skill("no comma", "Do not use any comma.", partial(checks.without, ",")),
    Skill("two sentences", "Write exactly 2 sentences.", lambda text: checks.n_sentences(text) == 2),
    Skill("three sentences", "Write exactly 3 sentences.", lambda text: checks.n_sentences(text) == 3),
    Skill("short", f"Use at most {MOST_WORDS} words.", lambda text: len(checks.words(text)) <= MOST_WORDS),
    Skill("long", f"Use at least {LEAST_WORDS} words.", lambda text: len(checks.words(text)) >= LEAST_WORDS),
    Skill("JSON", "Write one valid JSON object and nothing around it.", checks.is_json),
    Skill("numbered list", "Write a numbered list with 3 or more items, one on a line.", checks.is_list),
    Skill(
        "acrostic",
        f"Write 3 lines whose first letters spell the word {ACROSTIC}.",
        partial(checks.spells, ACROSTIC),
    ),
    Skill("rhyme", "Let 2 neighbouring lines end on words that rhyme, spelt alike.", checks.rhymes),
    Skill("first word", f"Let the first word be {FIRST_WORD}.", partial(checks.starts, FIRST_WORD)),
    Skill("exclamation", "End with an exclamation mark.", lambda text: text.rstrip().endswith("!")),
)
"""Skills of the whole text."""
INGREDIENTS = (
    Skill("simile", "Use a simile.", checks.has_simile),
    Skill("quoted speech", "Let somebody speak, in double quotation marks.", checks.has_quote),
    Skill("question", "Ask a question.", checks.has_question),
    Skill("colour", "Name a colour.", partial(checks.has_one_of, checks.COLOURS)),
    Skill("past tense", "Use an irregular verb in the past tense.", partial(checks.has_one_of, checks.PAST)),
    Skill("number", "Write a number above 1 in words.", partial(checks.has_one_of, checks.NUMBERS)),
    Skill("alliteration", "Start 3 neighbouring words alike, with one letter.", checks.alliterates),
    Skill("palindrome", "Use a word of 4 letters or more that is a palindrome.", checks.has_palindrome),
    Skill("series", "Enumerate 3 things in a row, with a comma.", checks.has_series),
    Skill("brackets", "Put a remark in round brackets.", checks.has_brackets),
    Skill("semicolon", "Join 2 clauses with a semicolon.", checks.has_semicolon),
    Skill("weekday", "Name a day of the week.", partial(checks.has_one_of, checks.WEEKDAYS)),
    Skill("year", "Give a year in digits.", checks.has_year),
    Skill("doubled word", "Say some word twice in a row for emphasis.", checks.doubles),
)
"""Skills that some place of the text can show."""
SKILLS = {skill.name: skill for skill in (*FORMS, *INGREDIENTS)}

_AGAINST = {
    "capitals": ("lower case",),
    "three sentences": ("two sentences",),
    "long": ("short",),
    "JSON": (
        *("numbered list", "acrostic", "rhyme", "first word", "exclamation"),
        *("two sentences", "three sentences", "quoted speech"),
    ),
    "numbered list": ("acrostic", "first word"),
    "acrostic": ("first word",),
    "no comma": ("series",),
}
CONFLICTS = frozenset(frozenset((one, other)) for one, others in _AGAINST.items() for other in others)
"""Pairs that contradict each other, or that a rule could not judge together: a JSON object always has
quotation marks, and its sentences can be counted in more than one way."""

TOPICS = ("rain", "music", "cooking", "football", "mountains", "traffic", "shopping", "painting")
"""Topics, none with the letter that one skill forbids. Whether a text names its topic is told, not judged."""


def compatible(names: Collection[str]) -> bool:
    """Tell whether no two skills contradict each other."""
    return not any(frozenset(pair) in CONFLICTS for pair in combinations(names, 2))


def met(text: str) -> tuple[str, ...]:
    """Name all skills that a text shows, asked for or not."""
    return tuple(name for name, skill in SKILLS.items() if skill.met(text))


def request(topic: str, names: Collection[str]) -> str:
    """Ask for a text that shows skills.

    Args:
        topic: What it is about.
        names: Skills, in the order in which they are named.
    """
    wanted = "all of these conditions" if len(names) > 1 else "this condition"
    asked = "\n".join(f"- {SKILLS[name].instruction}" for name in names)
    return f"Write a text about {topic} that meets {wanted}. Give the text alone.\n{asked}"


def ref() -> TaskRef:
    """Return the reference that a cell keeps of the skills and topics."""
    told = [
        [(skill.name, skill.instruction) for skill in SKILLS.values()],
        sorted(sorted(pair) for pair in CONFLICTS),
        TOPICS,
    ]
    return TaskRef(name="text-skills", fingerprint=hashlib.sha256(canonical_json(told).encode()).hexdigest())
