"""Task documents: reproducible, well-formed, right, and in shapes that reward learning in context."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS
from taskscope.training.documents import formats, wordbank
from taskscope.training.documents.contested import BRIEF, FREQUENT, RARE, ContestedWriter
from taskscope.training.documents.facts import World
from taskscope.training.documents.kinds import KINDS, Documents
from taskscope.training.documents.lists import MANY, SHORT, ListWriter
from taskscope.training.documents.numbers import rounded
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.renamed import RenamedWriter
from taskscope.training.documents.splits import Split

WORLDS = {side: World(Split(), side) for side in ("train", "held-out")}


@pytest.mark.parametrize("side", ["train", "held-out"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_a_function_of_seed_and_number(kind, side):
    first, again = Documents(kind, WORLDS[side], 5), Documents(kind, World(Split(), side), 5)
    texts = [first[number] for number in range(12)]
    assert texts == [again[number] for number in reversed(range(12))][::-1]
    assert len(set(texts)) > 6
    assert texts != [Documents(kind, WORLDS[side], 6)[number] for number in range(12)]
    for text in texts:
        assert text.strip()
        assert not re.search(r"[{}]", re.sub(r"[^\w\s]{1,3}", "", text)), "a template was not filled"
        assert all(c.isprintable() or c in "\n\t" for c in text)


def test_an_unknown_kind_is_refused_with_a_hint():
    with pytest.raises(TaskError, match="many-shot"):
        Documents("manyshot", WORLDS["train"], 0)


def test_the_formats_of_the_studies_are_never_trained_on():
    rng = np.random.default_rng(0)
    drawn = {formats.draw(rng) for _ in range(4_000)}
    kept_apart = {(f.start, f.arrow + f.space, f.end) for f in FORMATS.values()}
    assert not {(f.start, f.middle, f.end) for f in drawn} & kept_apart
    assert "->" not in {f.middle for f in drawn}
    assert formats.ARROW in {formats.draw(rng, arrow=0.5) for _ in range(40)}
    assert len(drawn) > 500


def test_frames_with_words_made_up_are_new_and_never_those_of_the_studies():
    rng = np.random.default_rng(0)
    drawn = [formats.draw_cued(rng) for _ in range(4_000)]
    cues = {mark.strip(" \n,|:=>.-") for form in drawn for mark in (form.start, form.middle)} - {""}
    assert len(set(drawn)) > 3_000 and len(cues) > 1_000
    assert not cues & {"Q", "A", "user", "assistant", "example"}
    kept_apart = {(f.start.strip(), (f.arrow + f.space).strip()) for f in FORMATS.values()}
    assert not {(form.start.strip(), form.middle.strip()) for form in drawn} & kept_apart
    assert all(form.middle.count(mark) in (0, 2) for form in drawn for mark in '"()[]')
    facts = [{item.input, item.label} for name in registry.names() for item in registry.get(name).items]
    assert not [fact for fact in facts if len(fact) == 2 and fact <= set(formats._CUES)]


def test_contested_lists_do_with_a_word_what_it_does_not_foretell():
    """In plain lists a word mostly stands under its own relation; here it is mostly copied."""
    world = WORLDS["train"]

    def shares(writer: ListWriter) -> dict[str, tuple[float, float]]:
        """Median share over the words of a relation of that relation, and of copies."""
        rng, lines = np.random.default_rng(0), defaultdict(Counter)
        for _ in range(12_000):
            relation = writer.relation(rng)
            for x, y in relation.draw(10, rng):
                lines[x]["copy" if x == y else relation.name.split(" ")[0]] += 1
        told = {name: [lines[x] for x, _ in r.pairs if lines[x]] for name, r in world.relations.items()}

        def median(name: str, each: list[Counter]) -> float:
            return float(np.median([t[name] / t.total() for t in each]))

        return {name: (median(name, each), median("copy", each)) for name, each in told.items()}

    writers = (ListWriter(world, SHORT), *(ContestedWriter(world, BRIEF, own) for own in (RARE, FREQUENT)))
    plain, brief, longer = map(shares, writers)
    for name in ("country-capital", "location-continent", "plural-singular", "fr-en", "person-language"):
        (before, _), (own, copied) = plain[name], brief[name]
        assert before > 0.4 > 2 * own and copied > 0.4, name
        assert longer[name][0] > 2 * own and longer[name][1] < copied, name


def test_most_contested_lists_are_of_a_few_lines():
    """Two kinds of equal tokens: of the lists that a first line begins, the brief ones are most."""
    brief, longer = (Documents(kind, WORLDS["train"], 0) for kind in ("contested-brief", "contested"))
    sizes = [np.mean([len(documents[n]) for n in range(200)]) for documents in (brief, longer)]
    lines = [np.median([documents[n].count("\n") for n in range(200)]) for documents in (brief, longer)]
    assert 3 * sizes[0] < sizes[1] and 2 <= lines[0] <= 8 <= lines[1]


def test_contested_lists_copy_only_words_of_their_side():
    for side, world in WORLDS.items():
        writer, rng = ContestedWriter(world, MANY, RARE), np.random.default_rng(1)
        copied = [r for r in (writer.relation(rng) for _ in range(400)) if r.name == "copy"]
        assert copied
        assert all(world.split.side_of("copy", x) == side for r in copied for x, _ in r.pairs)


def test_many_shot_lists_are_long_and_short_lists_are_spread():
    many = Documents("many-shot", WORLDS["train"], 0)
    lines = [many[n].count("\n") + many[n].count("; ") for n in range(40)]
    assert np.median(lines) > 50
    short = Documents("lists", WORLDS["train"], 0)
    lengths = [len(short[n]) for n in range(200)]
    assert np.quantile(lengths, 0.1) < 60 < 300 < np.quantile(lengths, 0.9)


def test_a_word_does_not_give_its_task_away():
    """The same verb must be seen with many different answers."""
    writer, rng = ListWriter(WORLDS["train"], MANY), np.random.default_rng(0)
    tasks = defaultdict(set)
    for _ in range(600):
        relation = writer.relation(rng)
        for x, _ in relation.pairs[:400]:
            tasks[x].add(relation.name.split(" ")[0])
    verbs = [x for x, _ in WORLDS["train"].relations["present-past"].pairs]
    assert np.median([len(tasks[verb]) for verb in verbs]) >= 5


def test_lists_of_rules_hold_for_new_words_too():
    writer, rng = ListWriter(WORLDS["train"], MANY), np.random.default_rng(1)
    known = {x for d in WORLDS["train"].domains for r in d.relations for x, _ in r.pairs}
    upper = [r for r in (writer.relation(rng) for _ in range(800)) if r.name == "upper-case"]
    assert all(y == x.upper() for r in upper for x, y in r.pairs)
    shares = [np.mean([x in known for x, _ in r.pairs]) for r in upper]
    assert min(shares) < 0.1, "rules on new words, of which few exist by chance"
    assert max(shares) == 1, "rules on listed words"


def test_renamed_labels_are_one_to_one_within_a_document_and_new_in_each():
    world = WORLDS["train"]
    continent = dict(world.relations["location-continent"].pairs)
    writer, rng = RenamedWriter(world, MANY), np.random.default_rng(0)
    names = defaultdict(set)
    for _ in range(200):
        lines = [re.fullmatch(r"(\w+)( -> | => |: | = | - |=|:)(\w+)", x) for x in writer(rng).splitlines()]
        seen = {(continent[m[1]], m[3]) for m in lines if m and m[1] in continent}
        assert len({c for c, _ in seen}) == len({y for _, y in seen}) == len(seen)
        for true, shown in seen:
            names[true].add(shown)
    assert sum(len(shown) > 1 for shown in names.values()) >= 3


def test_what_is_stated_is_true():
    text = "\n".join(Documents("arithmetic", WORLDS["train"], 2)[n] for n in range(150))
    sums = re.findall(r"^(\d+) ([+*-]) (\d+) ?(?:=|->|:) ?(\d+)$", text, re.M)
    assert len(sums) > 100
    results = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}
    assert all(results[sign](int(a), int(b)) == int(c) for a, sign, b, c in sums)
    about = re.findall(r"(\d+) rounded to the nearest (ten|hundred) is (\d+)", text)
    assert about
    assert all(abs(int(a) - int(c)) <= {"ten": 5, "hundred": 50}[place] for a, place, c in about)


@given(st.integers(0, 10**6), st.sampled_from([10, 100, 1000]))
def test_rounding_is_to_the_nearest_multiple(number, place):
    result = rounded(number, place)
    assert result % place == 0
    assert abs(result - number) <= place // 2


def test_comparisons_are_true():
    sizes = wordbank.load("sizes")
    text = "\n".join(Documents("comparisons", WORLDS["train"], 0)[n] for n in range(150))
    stated = re.findall(r"The (\w+) is (bigger|smaller) than the (\w+)\.", text)
    assert len(stated) > 50
    assert all((sizes[a] > sizes[b]) == (word == "bigger") for a, word, b in stated)
    numbers = re.findall(r"Which is (larger|smaller), (\d+) or (\d+)\? (\d+)", text)
    assert len(numbers) > 20
    for word, a, b, answer in numbers:
        assert int(answer) == (max if word == "larger" else min)(int(a), int(b))


def test_negated_questions_are_answered_right_and_answers_are_balanced():
    kind_of = {member: kind for kind, members in wordbank.kinds().items() for member in members}
    answers = Counter()
    for number in range(200):
        for negated, kind, a, b, answer in re.findall(
            r"Which of these is (not )?an? ([\w ]+)\?\nA\. (.+)\nB\. (.+)\nAnswer: ([AB])",
            Documents("negation", WORLDS["train"], 0)[number],
        ):
            chosen, other = (a, b) if answer == "A" else (b, a)
            assert (kind_of[chosen] == kind) != bool(negated)
            assert (kind_of[other] == kind) == bool(negated)
            answers[bool(negated), answer] += 1
    assert len(answers) == 4
    assert min(answers.values()) > 0.6 * max(answers.values())


def test_copies_are_exact():
    text = "".join(Documents("copying", WORLDS["train"], 0)[n] for n in range(60))
    pairs = re.findall(r"Repeat the following: (.*)\n(.*)\n", text)
    assert len(pairs) > 20
    assert all(x == y for x, y in pairs)


def test_classified_texts_follow_their_words():
    feelings = wordbank.load("sentiment")
    right = wrong = 0
    texts = Documents("classification", WORLDS["train"], 0)
    for text in (texts[number] for number in range(300)):
        for review, label in re.findall(r"Review: (.*)\nSentiment: (positive|negative)\n", text):
            words = set(re.findall(r"\w+", review))
            right += bool(words & set(feelings[label]))
            wrong += not words & set(feelings[label])
    assert right > 30
    assert wrong == 0


@settings(max_examples=20)
@given(st.integers(1, 300), st.integers(0, 10))
def test_pseudowords_are_different_small_and_lettered(n, seed):
    words = pseudowords(n, np.random.default_rng(seed))
    assert len(set(words)) == n
    assert all(re.fullmatch("[a-z]{3,14}", word) for word in words)


def test_made_up_people_have_balanced_attributes():
    for name in ("town", "trade", "pet", "colour"):
        pairs = [p for world in WORLDS.values() for p in world.relations[name].pairs]
        counts = Counter(y for _, y in pairs)
        assert len({x for x, _ in pairs}) == len(pairs) == World().invented
        assert max(counts.values()) - min(counts.values()) <= 1
