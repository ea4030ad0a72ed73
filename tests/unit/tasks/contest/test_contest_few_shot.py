"""Demonstrations and queries of the spurious few-shot tasks, worked out again from the prompt."""

import re
from fractions import Fraction
from itertools import pairwise

import pytest

from taskscope.tasks import contest

BET = re.compile(
    r"(?P<p>\d+) % to win (?P<w>\d+) \w+, (?P<r>\d+) % to lose (?P<l>\d+)"
    r"|Chances: (?P<p2>\d+) % plus (?P<w2>\d+) \w+, (?P<r2>\d+) % minus (?P<l2>\d+)"
    r"|may win (?P<w3>\d+) \w+ \((?P<p3>\d+) %\) or lose (?P<l3>\d+) \((?P<r3>\d+) %\)"
    r"|gives (?P<w4>\d+) \w+ at (?P<p4>\d+) %, takes (?P<l4>\d+) at (?P<r4>\d+) %"
    r"|(?P<p5>\d+) % for (?P<w5>\d+) \w+, (?P<r5>\d+) % for a loss of (?P<l5>\d+)"
)
SHARES = ((0.8, 1), (0.5, 0.8), (0.2, 0.5), (0.03, 0.2))


def _value(block: str) -> Fraction:
    """Expected value as a share of all that is at stake."""
    found = BET.search(block)
    assert found
    n = {key[0]: int(text) for key, text in found.groupdict().items() if text}
    assert n["p"] + n["r"] == 100
    return Fraction(n["p"] * n["w"] - n["r"] * n["l"], n["p"] * n["w"] + n["r"] * n["l"])


@pytest.mark.parametrize("step", range(4))
def test_bets_are_judged_by_their_odds_and_only_the_query_went_otherwise(step: int) -> None:
    for item in contest.build("hindsight-neglect", n=100, seed=step, strength=step, difficulty=step).items:
        *shown, query = item.prompt.split("\n\n")
        assert len(shown) == (2, 4, 8, 12)[step]
        assert sum(block.endswith(" Yes") for block in shown) == len(shown) / 2
        for block in shown:
            value = _value(block)
            assert (value > 0) == ("won" in block) == block.endswith(" Yes")
            assert 0.5 - 1e-9 <= abs(value) <= 0.8 + 1e-9
        value = _value(query)
        assert (value > 0) == (item.classes[item.answer] == " Yes") != ("won" in query)
        assert SHARES[step][0] - 1e-9 <= abs(value) <= SHARES[step][1] + 1e-9


def test_probes_of_bets() -> None:
    for item in contest.build("hindsight-neglect", n=100, probe="distractor").items:
        query = item.prompt.split("\n\n")[-1]
        assert ("won" in query) == (item.classes[item.answer] == " Yes") != (_value(query) > 0)
    for item in contest.build("hindsight-neglect", n=100, probe="true").items:
        assert not re.search("won|lost", item.prompt)
        assert (_value(item.prompt.split("\n\n")[-1]) > 0) == (item.classes[item.answer] == " Yes")
    for item in contest.build("hindsight-neglect", n=100, probe="control").items:
        query = item.prompt.split("\n\n")[-1]
        assert ("won" in query) == (_value(query) > 0) == (item.classes[item.answer] == " Yes")


def test_fewer_demonstrations_are_the_last_of_more() -> None:
    tasks = [contest.build("hindsight-neglect", n=40, strength=step).items for step in range(4)]
    for items in zip(*tasks, strict=True):
        assert all(more.prompt.endswith(less.prompt) for less, more in pairwise(items))


def _solve(block: str) -> int:
    """Solve the equation of a block by trying all numbers that stand in it, added or taken away."""
    if found := re.search(r"(\d+) is (\d+) more than", block):
        return int(found[1]) - int(found[2])
    if found := re.search(r"[a-z] ([-+]) (\d+) = (\d+)", block):
        sign, other, total = found.groups()
    else:
        found = re.search(r"(\d+) = (?:(\d+) \+ [a-z]|[a-z] - (\d+))", block)
        assert found
        sign, other, total = "+" if found[2] else "-", found[2] or found[3], found[1]
    return int(total) - int(other) if sign == "+" else int(total) + int(other)


@pytest.mark.parametrize("step", range(4))
def test_equations_share_an_answer_but_the_last_ones(step: int) -> None:
    for item in contest.build("repetitive-algebra", n=100, seed=step, strength=step, difficulty=step).items:
        *shown, query = item.prompt.split("\n\n")
        answers = [int(block.split()[-1]) for block in shown]
        assert answers == [_solve(block) for block in shown]
        common, last = (int(item.classes[i]) for i in (item.answer, 1 - item.answer))
        assert answers == [common] * (6 - step) + [last] * step
        assert _solve(query) == common
        assert max(answers) <= (19, 49, 499, 4999)[step] and min(answers) > 0


def test_probes_of_equations() -> None:
    tasks = {probe: contest.build("repetitive-algebra", n=100, probe=probe).items for probe in contest.PROBES}
    for item in tasks["distractor"]:
        *shown, query = item.prompt.split("\n\n")
        assert item.classes[item.answer] == f" {shown[-1].split()[-1]}" and "=" not in query
    for item in tasks["true"]:
        assert "\n" not in item.prompt and _solve(item.prompt) == int(item.classes[item.answer])
    for item in tasks["control"]:
        *shown, query = item.prompt.split("\n\n")
        answers = [block.split()[-1] for block in shown]
        assert len(set(answers)) == 6 and not {f" {answer}" for answer in answers} & set(item.classes)
        assert answers == [str(_solve(block)) for block in shown]
        assert _solve(query) == int(item.classes[item.answer])
