"""Servers of both kinds give a law's own numbers; every way to fail is told, or passes when asked again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import pytest

from completions_server import Behaviour, Fault, cut_off, raw, serving, slow, status
from taskscope.errors import ModelError
from taskscope.models import server as serving_module
from taskscope.models.served import BATCH, TOPS, ServedModel
from taskscope.models.server import KEY_VARIABLE, RefusedError, Server

VOCABULARY = [f" w{n}" for n in range(40)]


def split(text: str) -> list[str]:
    """Tokens are words with the space in front of them, and single other characters."""
    return re.findall(r" ?\w+|\W", text)


def after(tokens: Sequence[str]) -> dict[str, float]:
    """A law of our own: words of a small vocabulary, shifted by what stands before; any other is unlikely."""
    shift = sum(map(len, tokens)) % 7
    weights = {word: -0.1 * ((n + shift) % 40) for n, word in enumerate(VOCABULARY)}
    total = math.log(sum(math.exp(value) for value in weights.values()))
    return _Law({word: value - total for word, value in weights.items()})


class _Law(dict[str, float]):
    def __missing__(self, token: str) -> float:
        return -20.0 - len(token)


def law(prompt: str, text: str) -> float:
    """Log p of a text after a prompt, token by token."""
    before, own = split(prompt), split(text)
    return sum(after([*before, *own[:n]])[token] for n, token in enumerate(own))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real waiting, and no proxy between this machine and itself."""
    monkeypatch.setattr(serving_module, "PAUSE", 0.01)
    monkeypatch.setattr(serving_module, "TIMEOUT", 5.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour(split, after)


@pytest.fixture
def address(behaviour: Behaviour) -> Iterator[str]:
    with serving(behaviour) as url:
        yield url


PROMPTS = [f"Question {n} of {n % 5}. Answer:" for n in range(20)]
CLASSES = [(" w1", " w2 w3 maybe") if n % 2 else (" w4", " w5", " w6 w7") for n in range(20)]


@pytest.mark.parametrize("before", [(), ("<s>",)])
def test_an_echoing_server_gives_log_p_of_whole_classes(
    behaviour: Behaviour, address: str, before: tuple[str, ...]
) -> None:
    behaviour.before = before
    served = ServedModel(Server(address, "m"))
    assert served.echoes
    found = served.classes(PROMPTS, CLASSES)
    for prompt, classes, answer in zip(PROMPTS, CLASSES, found, strict=True):
        wanted = []
        for text in classes:
            tokens, own = [*before, *split(prompt)], split(text)
            wanted.append(sum(after([*tokens, *own[:n]])[token] for n, token in enumerate(own)))
        assert answer.left_out == ""
        assert answer.logprobs == pytest.approx(wanted, abs=1e-12)
    lists = [request["prompt"] for request in behaviour.asked if isinstance(request["prompt"], list)]
    assert max(map(len, lists)) == BATCH and sum(map(len, lists)) >= sum(map(len, CLASSES)) - 1
    assert {request["model"] for request in behaviour.asked} == {"m"}
    assert {request["temperature"] for request in behaviour.asked} == {0}


@pytest.mark.parametrize("chat_form", [False, True])
def test_a_server_of_next_tokens_gives_single_tokens_and_names_the_rest(
    behaviour: Behaviour, address: str, chat_form: bool
) -> None:
    behaviour.echo, behaviour.chat_form = False, chat_form
    served = ServedModel(Server(address, "m"))
    assert not served.echoes
    prompt = "Answer:"
    likely = sorted(VOCABULARY, key=lambda word: -after(split(prompt))[word])
    near, far = (likely[0], likely[19]), (likely[0], likely[20])
    found = served.classes([prompt] * 3, [near, far, (likely[1], " w5 w6")])
    assert found[0].logprobs == pytest.approx([law(prompt, text) for text in near], abs=1e-12)
    assert f"{likely[20]!r} is none of the 20 likeliest" in found[1].left_out
    assert "' w5 w6' is none of the 20" in found[2].left_out
    assert all(isinstance(request["prompt"], str) for request in behaviour.asked)


def test_a_server_that_tells_fewer_is_asked_for_fewer(behaviour: Behaviour, address: str) -> None:
    behaviour.echo, behaviour.most_tops = False, 5
    likely = sorted(VOCABULARY, key=lambda word: -after(split("Answer:"))[word])
    found = ServedModel(Server(address, "m")).classes(["Answer:"] * 2, [likely[3:5], likely[4:6]])
    assert len(found[0].logprobs) == 2 and "5 likeliest" in found[1].left_out


def test_a_class_that_begins_inside_a_token_is_left_out(behaviour: Behaviour, address: str) -> None:
    (found,) = ServedModel(Server(address, "m")).classes(["The answer is w"], [("1", " w2")])
    assert "'1' does not start at a boundary" in found.left_out


def test_one_prompt_too_long_costs_no_other(behaviour: Behaviour, address: str) -> None:
    behaviour.longest = 30
    prompts = ["Answer:", "very " * 40 + "long:", "Answer :"]
    found = ServedModel(Server(address, "m")).classes(prompts, [(" w1", " w2")] * 3)
    assert [bool(one.left_out) for one in found] == [False, True, False]
    assert "HTTP 400: longer than the context" in found[1].left_out


def test_text_that_comes_back_changed_is_never_scored(behaviour: Behaviour, address: str) -> None:
    behaviour.split = lambda text: split(text.replace(" W", " w"))
    found = ServedModel(Server(address, "m")).classes(["is it"], [(" W1", " w2")])
    assert "did not come back" in found[0].left_out


@pytest.mark.parametrize("fault", [status(503), status(429), cut_off, slow(0.6)])
def test_what_may_pass_is_asked_again(
    behaviour: Behaviour, address: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "TIMEOUT", 0.3)
    behaviour.faults = [fault, fault]
    (choice,) = Server(address, "m").complete(["Answer:"], max_tokens=1, logprobs=1)
    assert choice["logprobs"]["tokens"]
    assert len(behaviour.asked) == 3


@pytest.mark.parametrize(
    ("fault", "times", "told"),
    [
        (status(503, "still loading"), 5, "HTTP 503: still loading"),
        (status(404, "no such model"), 1, "HTTP 404: no such model"),
        (raw("<html>hello"), 1, "no JSON, but '<html>hello'"),
        (raw("[1, 2]"), 1, "no list of choices"),
        (raw('{"choices": []}'), 1, "0 choices for 1 prompts"),
        (raw('{"choices": [{"index": 7}]}'), 1, "1 choices for 1 prompts"),
        (cut_off, 5, "gave no answer in 5 tries"),
    ],
)
def test_what_does_not_pass_is_told(
    behaviour: Behaviour, address: str, fault: Fault, times: int, told: str
) -> None:
    behaviour.faults = [fault] * 9
    with pytest.raises(ModelError) as caught:
        Server(address, "m").complete(["Answer:"], max_tokens=1, logprobs=1)
    assert told in str(caught.value)
    assert len(behaviour.asked) == times


def test_pauses_double(behaviour: Behaviour, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(serving_module.time, "sleep", pauses.append)
    behaviour.faults = [status(503)] * 5
    with pytest.raises(RefusedError):
        Server(address, "m").complete(["Answer:"], max_tokens=1, logprobs=1)
    assert pauses == pytest.approx([0.01, 0.02, 0.04, 0.08])


def test_nobody_there_is_told() -> None:
    with serving(Behaviour(split, after)) as url:
        pass
    with pytest.raises(ModelError, match="gave no answer in 5 tries"):
        ServedModel(Server(url, "m")).classes(["p"], [(" w1", " w2")])
    with pytest.raises(ModelError, match="such as http://localhost:8000/v1"):
        Server("file:///etc", "m")


def test_a_server_without_any_log_probabilities_is_refused(behaviour: Behaviour, address: str) -> None:
    behaviour.faults = [raw('{"choices": [{"index": 0, "text": "a", "logprobs": null}]}')] * len(TOPS)
    with pytest.raises(ModelError, match="tells no log-probabilities of 'm'"):
        ServedModel(Server(address, "m")).classes(["p"], [(" w1", " w2")])


def test_a_key_is_sent_where_one_is_set(
    behaviour: Behaviour, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    behaviour.key = "secret"
    with pytest.raises(RefusedError, match=f"(?s)a key is needed.*{KEY_VARIABLE}"):
        Server(address, "m").complete(["p"], max_tokens=1, logprobs=1)
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert Server(address, "m").complete(["p"], max_tokens=1, logprobs=1)
