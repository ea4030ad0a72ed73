"""A server that speaks OpenAI's completions protocol, as vLLM and llama.cpp do: asking it, and asking again.

Nothing but the standard library is needed, and no model is loaded here.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from taskscope.errors import ModelError

KEY_VARIABLE = "TASKSCOPE_SERVER_KEY"
"""Environment variable with a key that the server asks for; it is sent to the server and kept nowhere."""
TIMEOUT = 300.0
"""Seconds to wait for one answer."""
TRIES, PAUSE = 5, 1.0
"""How often a request is made, and seconds before the second time; each further pause is twice as long."""
TRANSIENT = (408, 409, 425, 429, 500, 502, 503, 504)
"""HTTP statuses after which the same request may succeed."""


class RefusedError(ModelError):
    """A request that the server answered with an error of its own."""


@dataclass(frozen=True)
class Server:
    """One model behind a server.

    Raises:
        ModelError: If the address is none of HTTP.
    """

    url: str
    """Base address, such as ``http://localhost:8000/v1``."""
    model: str
    """Name by which the server knows the model."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ModelError(f"the address {self.url!r} of a server", "one such as http://localhost:8000/v1")

    def complete(
        self, prompts: Sequence[str], *, patient: bool = True, **options: Any
    ) -> list[dict[str, Any]]:
        """Ask for a greedy completion of each prompt; return the server's choices in the order of prompts.

        Args:
            prompts: Texts.
            patient: Whether to ask again after a failure that may pass.
            options: Further fields of the request.

        Raises:
            RefusedError: If the server answers with an error.
            ModelError: If it does not answer, or what it says is no answer of this protocol.
        """
        prompt = prompts[0] if len(prompts) == 1 else list(prompts)  # lists are not read by every server
        body = {"model": self.model, "prompt": prompt, "temperature": 0, **options}
        answer = self._post("/completions", body, TRIES if patient else 1)
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise self._strange("no list of choices")
        by_index = {choice.get("index", place): choice for place, choice in enumerate(choices)}
        if set(by_index) != set(range(len(prompts))):
            raise self._strange(f"{len(choices)} choices for {len(prompts)} prompts")
        return [by_index[place] for place in range(len(prompts))]

    def _post(self, path: str, body: dict[str, Any], tries: int) -> Any:
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(KEY_VARIABLE)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(
            self.url.rstrip("/") + path, data=json.dumps(body).encode(), headers=headers, method="POST"
        )
        for attempt in range(tries):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            last = attempt == tries - 1
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
                    return self._parsed(reply.read())
            except urllib.error.HTTPError as error:
                with error:
                    if last or error.code not in TRANSIENT:
                        raise self._refused(error) from None
            except (OSError, http.client.HTTPException) as error:  # refused, timed out, or cut off half-way
                if last:
                    raise self._silent(error, tries) from None
        raise AssertionError("the last try returns or raises")

    def _parsed(self, raw: bytes) -> Any:
        try:
            return json.loads(raw)
        except ValueError:
            raise self._strange(f"no JSON, but {raw[:60].decode(errors='replace')!r}") from None

    def _refused(self, error: urllib.error.HTTPError) -> RefusedError:
        told = error.read(2000).decode(errors="replace").strip()
        try:
            content = json.loads(told)
            told = str(content.get("message") or content["error"]["message"])
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        return RefusedError(
            f"{self.url} answers for {self.model!r} with HTTP {error.code}: {told[:300]}",
            "an answer to /completions",
            f"set {KEY_VARIABLE} if it asks for a key" if error.code in (401, 403) else "",
        )

    def _silent(self, error: Exception, tries: int) -> ModelError:
        reason = getattr(error, "reason", None) or error
        return ModelError(
            f"{self.url} gave no answer in {tries} {'try' if tries == 1 else 'tries'} ({reason})",
            "a server that is up and reached from here",
            f"curl {self.url.rstrip('/')}/models",
        )

    def _strange(self, told: str) -> ModelError:
        return ModelError(
            f"{self.url} answers with {told}", "an answer of OpenAI's completions protocol, as vLLM's"
        )
