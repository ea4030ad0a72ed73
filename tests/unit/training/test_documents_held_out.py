"""No training document tells a held-out fact or shows a held-out task, in a list or in prose."""

from __future__ import annotations

import re
from functools import cache

import pytest

from taskscope.tasks import registry
from taskscope.training.documents import wordbank
from taskscope.training.documents.classification import HELD_OUT_TOPICS
from taskscope.training.documents.facts import STATED, World
from taskscope.training.documents.kinds import KINDS, LISTS, Documents
from taskscope.training.documents.lists import TITLES
from taskscope.training.documents.rules import held_out_tasks
from taskscope.training.documents.splits import HELD_OUT_TASKS, Split

N = {
    **{"lists": 400, "contested-brief": 400, "contested": 400},
    **{"many-shot": 60, "contested-many-shot": 60, "prose": 500},
}
# A sentence of a template may hold these in another sense: in and out, one and many ...
GRAMMAR = re.compile(r"[\w'-]+")


@cache
def documents(kind: str, seed: int = 0) -> tuple[str, ...]:
    written = Documents(kind, World(Split()), seed)
    return tuple(written[number] for number in range(N.get(kind, 150)))


@cache
def units() -> list[str]:
    """Lines, sentences and pairs of every kind."""
    texts = (text for kind in KINDS for text in documents(kind))
    return [unit for text in texts for unit in re.split(r"\n|; |(?<=[.?!]) |, (?=[^,=]+ = )", text) if unit]


@cache
def held_out_facts(task: str) -> tuple[tuple[str, str], ...]:
    return tuple((i.input, y) for i in Split().items(task, "held-out") for y in i.answers)


def pair_patterns(x: str, y: str) -> list[str]:
    return [rf"(?<!\w){re.escape(a)}(?!\w).*(?<!\w){re.escape(b)}(?!\w)" for a, b in ((x, y), (y, x))]


@pytest.mark.parametrize("task", registry.names("knowledge"))
def test_no_line_or_sentence_names_both_sides_of_a_held_out_fact_about_the_world(task):
    told = set()
    facts = held_out_facts(task)
    words = {x: [] for x, _ in facts}
    for unit in units():
        for x in words:
            if x in unit:
                words[x].append(unit)
    for x, y in facts:
        for unit in words[x]:
            if any(re.search(p, unit) for p in pair_patterns(x, y)):
                told.add((x, y, unit))
    assert not {t for t in told if not _is_jumble(t[2])}
    known = [item.input for item in Split().items(task, "train")]
    assert any(x in unit for unit in units() for x in known), "nothing was looked at"


def _is_jumble(unit: str) -> bool:
    """A text to copy is made of words in no order; it states nothing."""
    return any(unit in text for text in documents("copying"))


LINE = re.compile(r"^[\s\W]*(.+?)(?:[\s\W]+| becomes | gives | to | out: | answer )(\S.*?)[\s\W]*$")


@pytest.mark.parametrize("task", [task for task in STATED if task not in registry.names("knowledge")])
def test_no_list_line_and_no_quoted_statement_pairs_a_held_out_fact(task):
    """Lists are compared by the pair, prose by the two words in quotes or in one of the bare frames."""
    facts = {frozenset(fact) for fact in held_out_facts(task)}
    assert facts
    pairs = set()
    for kind in sorted(LISTS):
        for text in documents(kind):
            for line in re.split(r"\n|; |(?<=\w)\. ", text):
                words = re.findall(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*", line)
                pairs |= {frozenset((a, b)) for a in words for b in words if a != b}
                single = re.findall(r"[^\W\d_]+", line)
                if len(single) == 2:
                    pairs.add(frozenset(single))
    for text in documents("prose"):
        for sentence in re.split(r"\n|(?<=[.?!]) ", text):
            quoted = re.findall(r'"([^"]+)"', sentence)
            pairs |= {frozenset((a, b)) for a in quoted for b in quoted if a != b}
            if ":" in sentence or "(" in sentence:
                head, _, rest = (
                    re.sub(r"^(About|Notes on|The word) ", "", sentence).replace("(", ":").partition(":")
                )
                pairs |= {frozenset((head.strip(), word)) for word in GRAMMAR.findall(rest)}
    assert not facts & pairs
    known = {frozenset((i.input, i.label)) for i in Split().items(task, "train")}
    assert known & pairs, "no fact of the training side was recognised: the test would say nothing"


def test_lists_of_training_facts_do_occur_and_are_many():
    """The recogniser above is no use if it cannot see a fact: check it on a held-out world."""
    world = World(Split(), "held-out")
    text = "".join(Documents("lists", world, 0)[n] for n in range(300))
    seen = [x for x, y in held_out_facts("country-capital") if re.search(pair_patterns(x, y)[0], text)]
    assert len(seen) > 10


def lines_of(kind: str) -> list[str]:
    return [line for text in documents(kind) for line in text.splitlines()]


def rule_hits(pairs: set[tuple[str, str]], line: str) -> bool:
    words = re.findall(r"[^\W\d_]+(?: and [^\W\d_]+)?", line)
    return len(words) == 2 and (words[0], words[1]) in pairs


@pytest.mark.parametrize("kind", sorted(LISTS - {"renamed"}))
def test_no_list_shows_a_held_out_task(kind):
    """One line can agree by chance (d,d -> d), a run of three lines cannot."""
    tasks = [registry.get(name) for name in ("prev-letter", "last-letter", "en-es", "es-en")]
    for task in (*tasks, *held_out_tasks().values()):
        pairs = {(item.input, y) for item in task.items for y in item.answers}
        trained = {
            (x, y) for r in World().relations.values() if r.name not in STATED[-2:] for x, y in r.pairs
        }
        pairs -= trained
        run = longest = 0
        for line in lines_of(kind):
            run = run + 1 if rule_hits(pairs, line) else 0
            longest = max(longest, run)
        assert longest < 3, task.name


def test_no_title_of_a_list_is_the_name_of_a_held_out_task():
    """Checked on the titles themselves: a sample of documents may miss one."""
    named = {name.replace("-", " ") for name in (*HELD_OUT_TASKS, *held_out_tasks())}
    assert not named & {title.lower() for titles in TITLES.values() for title in titles}


def test_held_out_rules_are_in_no_statement():
    text = "\n".join(text for kind in KINDS for text in documents(kind))
    assert "last letter" not in text.lower()
    assert "letter before" not in text.lower()
    assert not re.search(r"nearest thousand", text)


def test_renamed_lists_show_only_training_words():
    held = {x for task in ("location-continent", "person-religion") for x, _ in held_out_facts(task)}
    known = {i.input for name in STATED for i in Split().items(name, "train")}
    shown = {x for x in held - known if any(x in text for text in documents("renamed"))}
    assert not shown


def test_held_out_topics_and_signal_words_are_in_no_classified_text():
    topics = wordbank.load("topics")
    trained = {word for topic, words in topics.items() if topic not in HELD_OUT_TOPICS for word in words}
    kept_apart = {word for topic in HELD_OUT_TOPICS for word in topics[topic]} - trained
    kept_apart |= set(Split().choose("sentiment", wordbank.load("sentiment")["positive"], "held-out"))
    frames = set(
        re.findall(r"\w+", " ".join(wordbank.load("topic_frames") + wordbank.load("sentiment")["frames"]))
    )
    frames |= set(wordbank.load("sentiment")["things"])
    shown = {word for text in documents("classification") for word in re.findall(r"\w+", text)}
    assert not (kept_apart - frames) & shown


@pytest.mark.parametrize(("kind", "pattern"), [("arithmetic", r"(\d+) (\+|-|\*|plus|minus|times) (\d+)")])
def test_held_out_sums_are_not_asked_either_way_round(kind, pattern):
    split, asked = Split(), 0
    for text in documents(kind):
        for a, sign, b in re.findall(pattern, text):
            one, other, asked = int(a), int(b), asked + 1
            if sign in ("-", "minus"):
                one, other = other, one - other
            mark = "*" if sign in ("*", "times") else "+"
            assert split.side("sum", f"{min(one, other)}{mark}{max(one, other)}") == "train"
    assert asked > 100


def test_held_out_sayings_are_not_told():
    held = Split().choose("saying", wordbank.load("sayings"), "held-out")
    text = "\n".join(text for kind in ("sayings", "copying") for text in documents(kind))
    assert held
    assert not [saying for saying in held if saying in text]
