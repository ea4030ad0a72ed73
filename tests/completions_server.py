"""A small server of OpenAI's completions protocol on a thread, backed by any law of tokens.

It answers as vLLM does (echoed prompts with their log-probabilities) or as llama.cpp does (the likeliest next
tokens alone, in the form of chats), and fails on request before it answers.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Split = Callable[[str], list[str]]
"""From a text to its tokens as texts."""
After = Callable[[Sequence[str]], dict[str, float]]
"""From the tokens so far to log p of every next token."""
Fault = Callable[["Handler"], bool]
"""Spoils an answer; returns whether it answered at all."""


@dataclass
class Behaviour:
    """What the server can do, and what was asked of it."""

    split: Split
    after: After
    echo: bool = True
    chat_form: bool = False
    most_tops: int = 20
    longest: int = 10**9
    """Tokens beyond which a prompt is refused."""
    before: tuple[str, ...] = ()
    """Tokens that it puts in front of every prompt, such as BOS."""
    key: str = ""
    faults: list[Fault] = field(default_factory=list)
    """Done to the requests that come, one each, first to last."""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def choice(self, index: int, prompt: str, body: dict[str, Any]) -> dict[str, Any]:
        """Complete one prompt by one token."""
        tokens = [*self.before, *self.split(prompt)]
        following = self.after(tokens)
        best = max(following, key=following.__getitem__)
        tops = dict(sorted(following.items(), key=lambda one: -one[1])[: body["logprobs"]])
        if self.chat_form:
            listed = [{"token": token, "logprob": value} for token, value in tops.items()]
            told: dict[str, Any] = {
                "content": [{"token": best, "logprob": tops[best], "top_logprobs": listed}]
            }
        elif body.get("echo") and self.echo:
            values = [None, *(self.after(tokens[:n])[tokens[n]] for n in range(1, len(tokens)))]
            whole = [*tokens, best]
            told = {
                "tokens": whole,
                "token_logprobs": [*values, following[best]],
                "top_logprobs": [None] * len(whole),
            }
        else:
            told = {"tokens": [best], "token_logprobs": [following[best]], "top_logprobs": [tops]}
        return {"index": index, "text": best, "logprobs": told}


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    behaviour: Behaviour

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Complete the prompts of a request, unless a fault is due."""
        own = self.behaviour
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        own.asked.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
        if own.faults and own.faults.pop(0)(self):
            return
        if own.key and self.headers.get("Authorization") != f"Bearer {own.key}":
            self.say(401, {"error": {"message": "a key is needed"}})
        elif body.get("logprobs", 0) > own.most_tops:
            self.say(400, {"error": {"message": f"at most {own.most_tops} log-probabilities"}})
        elif any(len(own.split(prompt)) > own.longest for prompt in _prompts(body)):
            self.say(400, {"message": "longer than the context"})
        else:
            choices = [own.choice(n, prompt, body) for n, prompt in enumerate(_prompts(body))]
            self.say(200, {"choices": choices[::-1]})  # in no particular order, as allowed

    def say(self, status: int, content: Any) -> None:
        """Send JSON."""
        self.send(status, json.dumps(content).encode())

    def send(self, status: int, raw: bytes, length: int | None = None) -> None:
        """Send bytes, saying perhaps that there are more."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw) if length is None else length))
        self.end_headers()
        self.wfile.write(raw)


def _prompts(body: dict[str, Any]) -> list[str]:
    return [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]


def status(code: int, message: str = "busy") -> Fault:
    """Answer with an HTTP error."""

    def fault(handler: Handler) -> bool:
        handler.say(code, {"error": {"message": message}})
        return True

    return fault


def raw(text: str) -> Fault:
    """Answer with something that may be no JSON."""

    def fault(handler: Handler) -> bool:
        handler.send(200, text.encode())
        return True

    return fault


def cut_off(handler: Handler) -> bool:
    """Promise more than is sent."""
    handler.send(200, b'{"choices": [', length=1000)
    handler.close_connection = True
    return True


def slow(seconds: float) -> Fault:
    """Answer late."""

    def fault(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return fault


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free port of this machine; yields the base address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"behaviour": behaviour}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
