"""Answers of the tasks on arguments and numbers, worked out again from the prompt."""

import re
from decimal import ROUND_HALF_UP, Context
from itertools import product

import pytest

from taskscope.tasks import contest
from taskscope.tasks.contest.frame import load

CLAUSE = re.compile(r"(?P<thing>[Tt]he \w+|[A-Z]\w+) is (?P<no>not )?(?P<state>at home|in town|at work|\w+)")
OPTION = re.compile(r"^[(\[]?([AB])[])}.:]\s*(.+)$", re.MULTILINE)
YES = (
    *("Does that follow?", "Is the claim certain?", "Is that sound?", "Is the last step right?"),
    "Is the result forced?",
)
_THINGS = {thing for family in load("clauses").values() for thing in family["things"]}


def _clauses(prompt: str) -> list[tuple[str, bool]]:
    found = []
    for match in CLAUSE.finditer(prompt):
        thing = match["thing"][:1].lower() + match["thing"][1:]
        thing = thing if thing in _THINGS else match["thing"]
        if thing in _THINGS:
            found.append((f"{thing} {match['state']}", match["no"] is None))
    return found


def _is_valid(prompt: str) -> bool:
    """Try all worlds: do the rules and the fact leave none in which the conclusion is false?"""
    prompt = re.sub(r"Only if .+? can it be that .+?\. ", "", prompt)
    clauses = _clauses(prompt)
    *rules, fact, end = [*zip(clauses[:-2:2], clauses[1:-2:2], strict=True), clauses[-2], clauses[-1]]
    if re.search(r"^\S.+? if ", prompt) and not prompt.startswith(("If ", "Given: if")):
        rules = [(p, q) for q, p in rules]
    names = sorted({name for name, _ in clauses})
    for world in product([True, False], repeat=len(names)):
        holds = dict(zip(names, world, strict=True))

        def true(clause: tuple[str, bool], holds: dict[str, bool] = holds) -> bool:
            return holds[clause[0]] == clause[1]

        if all(true(q) or not true(p) for p, q in rules) and true(fact) and not true(end):
            return False
    return True


@pytest.mark.parametrize("difficulty", range(4))
@pytest.mark.parametrize("probe", contest.PROBES)
def test_arguments_are_valid_but_those_of_the_distractor_probe(probe: contest.Probe, difficulty: int) -> None:
    for item in contest.build(
        "modus-tollens", n=100, seed=difficulty, probe=probe, difficulty=difficulty
    ).items:
        valid = _is_valid(item.prompt)
        assert valid == (probe != "distractor")
        ask = re.split(r"(?<=[.]) ", item.prompt)[-1]
        assert item.classes == (" Yes", " No")
        assert item.classes[item.answer] == (" Yes" if valid == (ask in YES) else " No")


def test_opinions_and_hints_go_with_strength() -> None:
    tasks = [contest.build("modus-tollens", n=100, strength=step).items for step in range(4)]
    for hinted, plain, one, two in zip(*tasks, strict=True):
        assert re.sub(r"Only if .+? can it be that .+?\. ", "", hinted.prompt) == plain.prompt
        assert one.prompt.replace("Max doubts it. ", "") == plain.prompt
        assert two.prompt.replace("Max and Lea doubt it. ", "") == plain.prompt
        assert hinted.answer == plain.answer == one.answer == two.answer


def _options(item) -> tuple[str, str]:
    found = dict(OPTION.findall(item.prompt))
    return found[item.classes[item.answer].strip()], found[item.classes[1 - item.answer].strip()]


@pytest.mark.parametrize("difficulty", range(4))
def test_significant_figures_are_rounded_from_the_first_digit(difficulty: int) -> None:
    k = difficulty + 1
    rounder = Context(prec=k, rounding=ROUND_HALF_UP)
    for item in contest.build("sig-figs", seed=difficulty, difficulty=difficulty).items:
        number = re.search(r"\d+\.\d+", item.prompt)
        assert number and f"{k} significant figure" in item.prompt
        right, wrong = _options(item)
        assert right == f"{rounder.create_decimal(number[0]):f}"
        assert float(wrong) == pytest.approx(round(float(number[0]), k), abs=1e-12)
        assert len(wrong.partition(".")[2]) == k and right != wrong
    for item in contest.build("sig-figs", difficulty=difficulty, probe="distractor").items:
        number = re.search(r"\d+\.\d+", item.prompt)
        assert number and f"{k} decimal place" in item.prompt
        assert float(_options(item)[0]) == pytest.approx(round(float(number[0]), k), abs=1e-12)


@pytest.mark.parametrize("probe", ["true", "control"])
def test_without_the_lure_the_wrong_number_is_off_by_one_in_its_last_figure(probe: contest.Probe) -> None:
    rounder = Context(prec=2, rounding=ROUND_HALF_UP)
    for item in contest.build("sig-figs", probe=probe).items:
        number = re.search(r"\d+\.\d+", item.prompt)
        assert number
        right, wrong = (rounder.create_decimal(text) for text in _options(item))
        assert right == rounder.create_decimal(number[0])
        assert abs(int(right.scaleb(-right.adjusted() + 1)) - int(wrong.scaleb(-right.adjusted() + 1))) == 1
        if probe == "control":
            assert f"{right:f}" == f"{round(float(number[0]), 2):.2f}"


def test_scenes_offer_news_and_what_was_told() -> None:
    scenes = load("scenes")
    tasks = {
        step: contest.build("into-the-unknown", n=100, strength=step, difficulty=0).items for step in range(4)
    }
    for step, items in tasks.items():
        for item in items:
            scene = scenes[item.cluster.partition(", ")[2]]
            right, wrong = _options(item)
            forms = {re.sub(r"\{\w+\}", r"(.+)", text): text for text in scene["new"]}
            assert any(re.fullmatch(form, right) for form in forms)
            told = (scene["short"], scene["again"], scene["told"], scene["told"])[step]
            assert re.fullmatch(re.sub(r"\{\w+\}", "(.+)", told), wrong)
            before = item.prompt[: OPTION.search(item.prompt).start()]
            assert right not in before
            assert (wrong in before) == (step >= 2)
    for probe in ("true", "control"):
        for item in contest.build("into-the-unknown", probe=probe).items:
            assert _options(item)[1] in load("fillers")
    plain = contest.build("into-the-unknown").items
    for item, whole in zip(contest.build("into-the-unknown", probe="distractor").items, plain, strict=True):
        if OPTION.findall(item.prompt) == OPTION.findall(whole.prompt):
            assert item.answer == 1 - whole.answer
