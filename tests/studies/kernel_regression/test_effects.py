"""Known effects without a model: texts that are chosen and rewritten, and the reading of simulated rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.report.findings import Verdict
from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.effects import (
    choosing,
    conditions,
    figures,
    rewriting,
    tables,
    texts,
)
from taskscope.studies.kernel_regression.effects.findings import (
    BALANCE,
    BEFORE,
    ModelEffects,
    effects,
    findings,
)
from taskscope.studies.kernel_regression.effects.reading import asked
from taskscope.studies.kernel_regression.effects.simulation import SCENARIOS
from taskscope.studies.kernel_regression.effects.verdict import Foretold, deciding, judge
from taskscope.tasks.classification import Text

SURE_AND_UNSURE = ((0.1, 0.001, "sure"), (0.3, 0.5, "unsure"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_highest_of_each_class_are_chosen(rng: np.random.Generator) -> None:
    scores = np.array([5.0, 4, 3, 9, 8, 7])
    chosen = choosing.highest(scores, np.array([0, 0, 0, 1, 1, 1]), np.array([1, 2]), rng)
    assert sorted(chosen.tolist()) == [0, 3, 4]


def test_ties_go_to_anyone(rng: np.random.Generator) -> None:
    seen = {choosing.highest(np.zeros(4), np.zeros(4, int), np.array([1]), rng).item() for _ in range(100)}
    assert seen == {0, 1, 2, 3}


def test_places_are_dealt_out_equally(rng: np.random.Generator) -> None:
    dealt = np.array([choosing.shares(7, 3, rng) for _ in range(60)])
    assert (dealt.sum(axis=1) == 7).all() and set(dealt.ravel()) == {2, 3}
    assert (dealt.max(axis=0) == 3).all()  # the remainder goes to every class in turn


def test_typical_texts_cover_nearly_as_much_as_the_best_choice_does(rng: np.random.Generator) -> None:
    """Greedy choice of a submodular sum reaches 1 - 1/e of the best, and in practice nearly all of it."""
    points = rng.normal(size=(9, 2))
    likeness = np.exp(-((points[:, None] - points) ** 2).sum(axis=-1))

    def covered(chosen: tuple[int, ...]) -> float:
        return likeness[:, list(chosen)].max(axis=1).sum()

    found = choosing.typical(likeness, np.zeros(9, int), np.array([3]))
    best = max(combinations(range(9), 3), key=covered)
    assert covered(tuple(found)) >= 0.9 * covered(best)
    assert len(set(found.tolist())) == 3


def test_the_oddest_text_is_the_one_apart() -> None:
    points = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [0.05]])
    likeness = -np.abs(points - points.T)
    assert choosing.oddness(likeness, np.array([0, 0, 0, 0, 1, 1]))[:4].argmax() == 3


def test_candidates_are_of_the_class_and_as_many_as_there_are(rng: np.random.Generator) -> None:
    labels = np.array([0] * 50 + [1] * 3)
    among = choosing.candidates(labels, np.array([2, 2]), rng)
    assert np.bincount(labels[among]).tolist() == [8, 3] and len(set(among.tolist())) == 11


def test_no_typos_at_rate_zero_and_as_many_as_asked_for(rng: np.random.Generator) -> None:
    text = "The quick brown fox jumps over the lazy dog, and so on and so forth. " * 20
    assert rewriting.with_typos(text, 0.0, rng) == text.strip()
    spoiled = rewriting.with_typos(text, 0.1, rng)
    kept = sum(word in spoiled.split() for word in set(text.split()))
    assert spoiled != text and kept == len(set(text.split()))  # of twenty copies some are whole
    changed = sum(a != b for a, b in zip(text.split(), spoiled.split(), strict=True)) / len(text.split())
    assert 0.2 < changed < 0.5  # a word of 3.6 letters on average, each spoiled one time in ten
    assert rewriting.with_typos("a", 1.0, rng)


def test_clauses_leave_the_text_whole(rng: np.random.Generator) -> None:
    assert all(
        "The plot {x} is dull." in rewriting.with_clauses("The plot {x} is dull.", rng) for _ in "abcde"
    )


def test_a_rare_word_is_the_least_counted_synonym(tmp_path) -> None:
    lines = ["word\tsynonym\tpos\tsynset_offset\tsemcor_count_word\tsemcor_count_synonym"]
    lines += ["large\tbig\tadj\t1\t50\t60", "large\tbulky\tadj\t1\t50\t2", "large\tbulkier\tadj\t1\t50\t2"]
    lines += ["cat\tmouser\tnoun\t2\t9\t0", "large\tNew Big\tadj\t1\t50\t0", "bulky\tlarge\tadj\t1\t2\t50"]
    (tmp_path / "synonyms.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rare = rewriting.rare_synonyms(tmp_path)
    assert rare == {"large": "bulkier"}  # as rare as bulky and longer; a cat is too short a word
    assert rewriting.with_rare_words("Large, bulky cat.", rare) == "Bulkier, bulky cat."


def test_exchanged_labels_are_the_same_labels(rng: np.random.Generator) -> None:
    shown = [tuple(Text(text=f"text {i}", label=i % 2) for i in range(6))]
    seen = [texts.exchange(shown, rng)[0] for _ in range(200)]
    assert all([t.text for t in own] == [t.text for t in shown[0]] for own in seen)
    assert all(sum(t.label for t in own) == 3 for own in seen)
    same = np.mean([a.label == b.label for own in seen for a, b in zip(own, shown[0], strict=True)])
    assert same == pytest.approx(0.5, abs=0.06)  # nothing is left of who had which, nor its opposite


def test_kinds_share_no_condition() -> None:
    every = [name for names in conditions.KINDS.values() for name in names]
    assert len(every) == len(set(every)) and conditions.RANDOM not in every


def low(draws: np.ndarray) -> float:
    return float(np.quantile(draws[1:], 0.025))


def found_in(number: int, draws: int = 300) -> ModelEffects:
    rows = SCENARIOS[number].simulate(PARAMS, np.random.default_rng(number))
    (found,) = effects(rows, draws)
    return found


def test_correlations_are_numpys_and_resamples_surround_them() -> None:
    rows = SCENARIOS[0].simulate(PARAMS, np.random.default_rng(0))
    (seen,) = asked(rows)
    plain = seen.by_name[conditions.RANDOM]
    own = [seen.by_name[name] for name in conditions.INPUTS if name in seen.by_name]
    answer = np.concatenate([each.answer - plain.answer for each in own])
    votes = np.concatenate([each.vote - plain.vote for each in own])  # type: ignore[operator]
    (found,) = effects(rows, 300)
    inputs = next(each for each in found.foretold if each.kind == "inputs")
    assert inputs.vote[0] == pytest.approx(np.corrcoef(votes, answer)[0, 1])
    assert inputs.spread == pytest.approx(answer.std())
    ends = np.quantile(inputs.vote[1:], [0.025, 0.975])
    assert ends[0] < inputs.vote[0] < ends[1] and np.ptp(ends) < 0.2


def test_where_votes_decide_they_foretell_every_change() -> None:
    found = found_in(0)
    (finding,) = findings(found)
    assert finding.verdict == Verdict.SUPPORTED and finding.claim == "RQ5"
    assert all(each.vote[0] > 0.75 and low(each.lead) > 0 for each in found.foretold)
    assert {control.name for control in finding.controls} > {"strongest"}


def test_a_fall_from_high_is_no_success_of_the_vote() -> None:
    """With other samples the answer ignores votes; both changes share the vote before the change."""
    scenario = next(i for i, s in enumerate(SCENARIOS) if s.but == ("samples",))
    found = found_in(scenario)
    samples = next(each for each in found.foretold if each.kind == "samples")
    assert samples.vote[0] > 0.3 and samples.strongest == BEFORE
    (finding,) = findings(found)
    assert finding.verdict == Verdict.CONTRADICTED
    assert "other samples" in finding.reason and "samples, the kind with the smallest" in finding.quantity
    assert finding.estimate == pytest.approx(samples.vote[0], rel=1e-5)


def kind_with(vote: np.ndarray, control: np.ndarray, kind: str, spread: float = 0.3) -> Foretold:
    return Foretold(kind, vote, {BEFORE: control}, spread)


def test_the_numbers_are_of_the_kind_that_the_reason_names(rng: np.random.Generator) -> None:
    """A larger lead may be less sure; one clearly behind goes first, one that is still before it."""
    noise = np.concatenate([[0.0], rng.normal(size=500)])
    flat = np.full(501, 0.2)
    sure, unsure = (kind_with(flat + lead + s * noise, flat, kind) for lead, s, kind in SURE_AND_UNSURE)
    assert deciding([sure, unsure]) is unsure and "unsure" in judge([sure, unsure]).reason
    behind = kind_with(flat - 0.1 + 0.001 * noise, flat, "behind")
    wide = kind_with(flat - 0.3 + 0.3 * noise, flat, "wide")
    assert deciding([sure, wide, behind]) is behind and "behind" in judge([sure, wide, behind]).reason
    still = kind_with(flat, flat, "still", spread=0.01)
    assert deciding([wide, still]) is still and "still" in judge([wide, still]).reason


def test_the_number_of_labels_is_seen_for_what_it_is() -> None:
    scenario = next(i for i, s in enumerate(SCENARIOS) if "number" in s.name)
    words = next(each for each in found_in(scenario).foretold if each.kind == "label words")
    assert words.strongest == BALANCE and low(words.lead) < 0


def test_pages_show_every_kind_and_condition() -> None:
    found = found_in(0)
    drawn, tabulated = figures.figures(found), tables.tables(found)
    assert len(drawn) == len(tabulated) == 2
    assert [row[0] for row in tabulated[0].rows] == list(conditions.KINDS)
    assert len(tabulated[1].rows) == len(found.tasks[0].effects)


def test_a_query_in_two_seeds_is_one_unit() -> None:
    rows = SCENARIOS[0].simulate(PARAMS, np.random.default_rng(0))
    place = rows.column_names.index("seed")
    again = rows.set_column(place, "seed", pa.array(np.ones(rows.num_rows, np.int64)))
    (once,), (twice,) = effects(rows, 400), effects(pa.concat_tables([rows, again]), 400)
    assert twice.tasks[0].n_questions == once.tasks[0].n_questions
    for a, b in zip(once.foretold, twice.foretold, strict=True):
        assert a.vote[0] == pytest.approx(b.vote[0])
        assert np.ptp(np.quantile(a.vote, [0.025, 0.975])) == pytest.approx(
            np.ptp(np.quantile(b.vote, [0.025, 0.975])), rel=0.25
        )
