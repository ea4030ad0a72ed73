import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.errors import ModelError, TaskError
from taskscope.tasks import registry
from taskscope.training.documents import curricula
from taskscope.training.documents.lines import FEWEST_DEMONSTRATIONS, Batch, Mix, Writer
from taskscope.training.documents.relations import Curriculum, Domain, Relation, word_domain
from taskscope.training.vocabulary import ARROW, LINE_END, fit_tokenizer, mark

CURRICULUM = curricula.get("mappings")
TOKENIZER = fit_tokenizer(CURRICULUM.words, 600, n_marks=len(CURRICULUM.relations))
ARROW_ID, END_ID = (TOKENIZER.convert_tokens_to_ids(text) for text in (ARROW, LINE_END))
MARKS = {name: TOKENIZER.convert_tokens_to_ids(mark(i)) for i, name in enumerate(CURRICULUM.relations)}
NAMES = {token: name for name, token in MARKS.items()}
LISTED = {
    name: {p for d in CURRICULUM.domains for r in d.relations if r.name == name for p in r.pairs}
    for name in CURRICULUM.relations
}

mixes = st.builds(
    Mix,
    length=st.integers(40, 90),
    named=st.sampled_from([0.0, 0.5, 1.0]),
    heading=st.sampled_from([0.0, 0.5]),
    bare=st.integers(0, 2),
    bare_length=st.integers(12, 20),
)
few = settings(max_examples=25)
seeds = st.integers(0, 10_000)


def encode(text: str) -> list[int]:
    return TOKENIZER.encode(text, add_special_tokens=False)


WRITER = Writer(CURRICULUM, encode, ARROW_ID, END_ID, MARKS)


def write(mix: Mix, seed: int, n: int = 4):
    return WRITER.batch(n, mix, np.random.default_rng(seed))


def lines_of(tokens: np.ndarray) -> list[tuple[str, int, str]]:
    """Read a row back: (input, separator, answer) of every whole line that has a separator."""
    lines, start = [], 0
    for end in np.flatnonzero(tokens == END_ID):
        line = tokens[start:end].tolist()
        start = end + 1
        at = [i for i, token in enumerate(line) if token == ARROW_ID or token in NAMES]
        if at:
            assert len(at) == 1
            lines.append((TOKENIZER.decode(line[: at[0]]), line[at[0]], TOKENIZER.decode(line[at[0] + 1 :])))
    return lines


def holds(name: str, given: str, answer: str) -> bool:
    if not name.startswith("list-"):
        return (given, answer) in LISTED[name]
    parts = given.split(",")
    if len(parts) < 2:
        return False
    return (
        answer
        == {
            "list-first": parts[0],
            "list-last": parts[-1],
            "list-second": parts[1],
            "list-copy": given,
            "list-first-capital": parts[0].upper(),
        }[name]
    )


@few
@given(mixes, seeds)
def test_every_document_holds_one_relation(mix, seed):
    for row in write(mix, seed).tokens:
        lines = lines_of(row)
        marks = {NAMES[separator] for _, separator, _ in lines if separator in NAMES}
        assert len(marks) <= 1
        fitting = [
            name for name in (marks or CURRICULUM.relations) if all(holds(name, x, y) for x, _, y in lines)
        ]
        assert fitting


@few
@given(mixes, seeds)
def test_answers_have_a_weight_up_to_the_line_end(mix, seed):
    batch = write(mix, seed)
    for tokens, weight in zip(batch.tokens, batch.weight, strict=True):
        inside = False
        for token, counted in zip(tokens, weight, strict=True):
            assert (counted > 0) == inside
            if token == ARROW_ID or token in NAMES:
                inside = True
            elif token == END_ID:
                inside = False


def test_a_bare_query_favours_no_relation():
    """Over many documents the first lines of a domain count the same for every relation."""
    words = [f"{a}{b}" for a in "abcdefgh" for b in "xyz"]
    rare = Relation("rare", tuple((w, w + "r") for w in words), weight=0.2)
    often = Relation("often", tuple((w, w + "o") for w in words), weight=1.0)
    writer = Writer(Curriculum((Domain("d", (rare, often)),)), encode, ARROW_ID, END_ID, {})
    batch = writer.batch(4000, Mix(30, 0.0, 0.0, 0, 12), np.random.default_rng(0))
    counted = {"r": 0.0, "o": 0.0}
    documents = {"r": 0, "o": 0}
    for row, weight in zip(batch.tokens, batch.weight, strict=True):
        end = np.flatnonzero(row == END_ID)[0]
        (_, _, answer), *_ = lines_of(row)
        counted[answer[-1]] += weight[end]
        documents[answer[-1]] += 1
        assert set(weight[end + 1 :]) <= {0.0, 1.0}
    assert documents["o"] > 3 * documents["r"]
    assert counted["o"] == pytest.approx(counted["r"], rel=0.15)


@few
@given(mixes.filter(lambda mix: mix.bare > 0), seeds)
def test_bare_queries_are_new_to_their_document_and_share_its_relation(mix, seed):
    batch = write(mix, seed)
    for b, (document, first, second) in enumerate(batch.source):
        row = batch.tokens[document]
        assert {row[first], row[second]} <= {ARROW_ID, *NAMES}
        before = [(x, y) for x, _, y in lines_of(row[: min(first, second)])]
        assert len(before) >= min(FEWEST_DEMONSTRATIONS, np.isin(row, [ARROW_ID, *NAMES]).sum() - 1)
        assert batch.query[b, batch.separator[b]] == ARROW_ID
        if batch.separator[b] == 0:  # nothing short enough was left
            continue
        ((x, _, y),) = lines_of(batch.query[b])
        assert x not in {given for given, _, _ in lines_of(row)}
        shared = [n for n in CURRICULUM.relations if all(holds(n, *pair) for pair in [(x, y), *before])]
        assert shared
        marked = batch.query[b][batch.query_weight[b] > 0].tolist()
        assert marked == [*encode(y), END_ID]


@few
@given(mixes, seeds)
def test_the_seed_decides_everything(mix, seed):
    one, other = write(mix, seed), write(mix, seed)
    for field in Batch.__dataclass_fields__:
        assert np.array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("named", [0.0, 0.5, 1.0])
def test_the_named_share_is_kept(named):
    mix = Mix(length=40, named=named, heading=0.0, bare=0, bare_length=12)
    rows = write(mix, 0, n=400).tokens
    share = np.mean([any(token in NAMES for token in row) for row in rows])
    assert abs(share - named) <= 3 * (named * (1 - named) / 400) ** 0.5


def test_headings_name_the_relation_in_words():
    mix = Mix(length=60, named=0.0, heading=1.0, bare=0, bare_length=12)
    for row in write(mix, 3, n=20).tokens:
        assert TOKENIZER.decode(row).split("\n")[0] in CURRICULUM.relations


def test_no_word_gives_its_relation_away():
    """Each domain has at least four relations that share nearly all of its inputs."""
    for domain in CURRICULUM.domains:
        if all(relation.pairs for relation in domain.relations):
            inputs = [{x for x, _ in relation.pairs} for relation in domain.relations]
            everything = set().union(*inputs)
            assert np.mean([sum(x in group for group in inputs) for x in everything]) > 3.5


def test_relations_use_the_canonical_answer():
    task = registry.get("present-past")
    assert curricula.relation("present-past").pairs[0] == (task.items[0].input, task.items[0].answers[0])


def test_a_change_of_one_answer_changes_the_curriculum():
    one = Curriculum((word_domain("d", [Relation("r", (("ab", "cd"),))]),))
    other = Curriculum((word_domain("d", [Relation("r", (("ab", "ce"),))]),))
    assert one.canonical() != other.canonical()


def test_complaints_name_what_is_known():
    with pytest.raises(ModelError, match="did you mean 'letters'"):
        curricula.get("leters")
    with pytest.raises(TaskError, match="holds no word"):
        word_domain("empty", [Relation("r")])
