"""Log p of classes from a model behind a server (protocol inverse_scaling 2, 7.4).

Two kinds of servers are told apart by asking. One echoes the prompt with the log-probability of each of its
tokens (vLLM): prompt and class are sent as one text, and the tokens of the class are its last ones. Another
tells the likeliest next tokens alone (llama.cpp): enough for classes of one token that are among them.
The server's own tokenizer decides where a class begins; where that is inside a token, the item is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from taskscope.errors import ModelError
from taskscope.models.server import RefusedError, Server

BATCH = 16
"""Texts in one request to a server that echoes; others are sent one, for they answer lists in other forms."""
TOPS = (1000, 20, 5)
"""Next tokens to ask for, the most first: llama.cpp tells any number, vLLM 20, OpenAI's own servers 5."""
SEEN = 24
"""Characters at the end of a prompt that must come back before those of its class."""
_PROBE = "The sky is blue and the"


@dataclass(frozen=True)
class Answer:
    """Log p of each class of one item, nats, or why the item was left out."""

    logprobs: tuple[float, ...] = ()
    left_out: str = ""


class ServedModel:
    """One model behind a server, and what the server tells of it.

    Args:
        server: Where to ask.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    @cached_property
    def echoes(self) -> bool:
        """Whether the server tells the log-probability of each token of a prompt."""
        assert self._tops  # a server that is up and tells any, so that what is refused next is the echo
        try:
            (choice,) = self.server.complete([_PROBE], patient=False, **_ECHO)
        except ModelError:
            return False
        return _of_end(choice, _PROBE[:-4], _PROBE[-4:]).logprobs != ()

    def classes(self, prompts: Sequence[str], classes: Sequence[Sequence[str]]) -> list[Answer]:
        """Return log p of each class after its prompt, (item,).

        Args:
            prompts: Texts, (item,).
            classes: For each prompt what may follow it.

        Raises:
            ModelError: If the server cannot be asked, or tells no log-probabilities at all.
        """
        return self._echoed(prompts, classes) if self.echoes else self._next(prompts, classes)

    def _echoed(self, prompts: Sequence[str], classes: Sequence[Sequence[str]]) -> list[Answer]:
        pairs = [(prompt, text) for prompt, some in zip(prompts, classes, strict=True) for text in some]
        told = self._ask([prompt + text for prompt, text in pairs], _ECHO)
        single = iter(
            Answer(left_out=choice) if isinstance(choice, str) else _of_end(choice, *pair)
            for pair, choice in zip(pairs, told, strict=True)
        )
        return [_joined([next(single) for _ in some]) for some in classes]

    def _next(self, prompts: Sequence[str], classes: Sequence[Sequence[str]]) -> list[Answer]:
        told = self._ask(prompts, {"max_tokens": 1, "logprobs": self._tops})
        return [
            Answer(left_out=choice) if isinstance(choice, str) else self._among(_next_tokens(choice), some)
            for choice, some in zip(told, classes, strict=True)
        ]

    def _among(self, found: dict[str, float], classes: Sequence[str]) -> Answer:
        missing = [text for text in classes if text not in found]
        if missing:
            return Answer(
                left_out=f"{missing[0]!r} is none of the {len(found)} likeliest next tokens, and this server "
                "tells no log-probabilities of a prompt"
            )
        return Answer(tuple(found[text] for text in classes))

    @cached_property
    def _tops(self) -> int:
        """How many of the likeliest next tokens the server tells.

        Raises:
            ModelError: If none.
        """
        for tops in TOPS:
            try:
                (choice,) = self.server.complete([_PROBE], max_tokens=1, logprobs=tops)
            except RefusedError:
                if tops == TOPS[-1]:
                    raise
                continue
            if _next_tokens(choice):
                return tops
        raise ModelError(
            f"{self.server.url} tells no log-probabilities of {self.server.model!r}",
            "a server that does, such as vLLM or llama.cpp",
            "scores measured elsewhere can be read with --scores",
        )

    def _ask(self, texts: Sequence[str], options: dict[str, Any]) -> list[dict[str, Any] | str]:
        """Complete every text; one that the server refuses by itself comes back as its reason."""
        found: list[dict[str, Any] | str] = []
        size = BATCH if self.echoes else 1
        for start in range(0, len(texts), size):
            batch = texts[start : start + size]
            try:
                found += self.server.complete(batch, **options)
            except RefusedError as error:  # one text too long refuses all that are sent with it
                found += self._apart(batch, options) if len(batch) > 1 else [error.given]
        return found

    def _apart(self, texts: Sequence[str], options: dict[str, Any]) -> list[dict[str, Any] | str]:
        """Complete every text in a request of its own."""
        found: list[dict[str, Any] | str] = []
        for text in texts:
            try:
                found += self.server.complete([text], **options)
            except RefusedError as error:
                found.append(error.given)
        return found


_ECHO = {"max_tokens": 1, "echo": True, "logprobs": 1}
"""One token is written, because some servers write no fewer; it is not counted."""


def _joined(single: Sequence[Answer]) -> Answer:
    reason = next((one.left_out for one in single if one.left_out), "")
    return Answer(left_out=reason) if reason else Answer(tuple(one.logprobs[0] for one in single))


def _of_end(choice: dict[str, Any], prompt: str, text: str) -> Answer:
    """Return log p of the text at the end of an echoed prompt, from the tokens that make it up."""
    told = choice.get("logprobs") or {}
    tokens, values = told.get("tokens") or [], told.get("token_logprobs") or []
    wanted = prompt[-SEEN:] + text
    ends = [n for n in (len(tokens) - 1, len(tokens)) if n > 0 and "".join(tokens[:n]).endswith(wanted)]
    if not ends or len(values) < ends[0]:
        return Answer(left_out=f"the tokens of {text!r} did not come back from the server as they were sent")
    start = end = ends[0]
    while len("".join(tokens[start:end])) < len(text):
        start -= 1
    own = values[start:end]
    if "".join(tokens[start:end]) != text or not all(isinstance(value, int | float) for value in own):
        return Answer(left_out=f"{text!r} does not start at a boundary between tokens")
    return Answer((float(sum(own)),))


def _next_tokens(choice: dict[str, Any]) -> dict[str, float]:
    """Read the likeliest next tokens in either of the forms in use; empty where there are none."""
    told = choice.get("logprobs") or {}
    if told.get("content"):  # llama.cpp, after the form of chats
        return {one["token"]: float(one["logprob"]) for one in told["content"][0].get("top_logprobs") or ()}
    tops = told.get("top_logprobs") or [None]
    return {token: float(value) for token, value in (tops[0] or {}).items()}
