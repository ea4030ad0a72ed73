"""Text to tokens: the tokenizer's own defaults, and one rule for where a continuation starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taskscope.errors import TaskError

Tokens = tuple[int, ...]
Pair = tuple[Tokens, Tokens]
"""Token ids of a prompt and of its continuation."""


@dataclass(frozen=True)
class Probe:
    """What a tokenizer does to the text ``x``; recorded, because defaults change between versions."""

    ids: tuple[int, ...]
    before: tuple[int, ...]
    """Special tokens it puts in front, such as BOS."""
    after: tuple[int, ...]
    """Special tokens it puts behind; dropped, because a prompt is there to be continued."""


class Encoder:
    """Encodes prompts and continuations for one model.

    Args:
        tokenizer: A Hugging Face tokenizer.
        context: Longest sequence in tokens that the model takes.
    """

    def __init__(self, tokenizer: Any, context: int) -> None:
        self.tokenizer, self.context = tokenizer, context
        self.probe = _probe(tokenizer)
        self._known: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str) -> tuple[int, ...]:
        """Encode a text with the tokenizer's own special tokens in front and none behind.

        An empty text becomes the BOS token, or EOS where there is no BOS, so that there is something to
        continue.

        Raises:
            TaskError: If the text has more tokens than the model takes, or none at all.
        """
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Encode several texts, each distinct one once.

        Raises:
            TaskError: As `encode`.
        """
        found = self._tokenised(texts)
        for text, ids in zip(texts, found, strict=True):
            self._check_length(text, len(ids))
        return found

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens that `encode` would give each text, however many they are.

        Raises:
            TaskError: If a text has none at all.
        """
        return [len(ids) for ids in self._tokenised(texts)]

    def tokens_of(self, prompts: Sequence[str | Tokens]) -> list[Tokens]:
        """Return the token ids of prompts, which may be texts or token ids already.

        Raises:
            TaskError: As `encode`.
        """
        texts = iter(self.encode_all([prompt for prompt in prompts if isinstance(prompt, str)]))
        found = [next(texts) if isinstance(prompt, str) else tuple(prompt) for prompt in prompts]
        for tokens in found:
            if len(tokens) > self.context:
                self._check_length(self.tokenizer.decode(list(tokens)), len(tokens))
        return found

    def offsets(self, text: str) -> list[tuple[int, int]] | None:
        """Return the characters (start, end) of each token of `encode`, (0, 0) for special tokens.

        None where the tokenizer does not keep them, as those written in Python do not.

        Raises:
            TaskError: As `encode`.
        """
        found = self.offsets_all([text])
        return None if found is None else found[0]

    def offsets_all(self, texts: Sequence[str]) -> list[list[tuple[int, int]]] | None:
        """Return what `offsets` does of several texts, in one call of the tokenizer.

        Raises:
            TaskError: As `encode`.
        """
        lengths = [len(ids) for ids in self.encode_all(texts)]
        if not getattr(self.tokenizer, "is_fast", False):
            return None
        found = self.tokenizer(list(texts), return_offsets_mapping=True)["offset_mapping"]
        return [
            [(int(start), int(end)) for start, end in spans[:n]]
            for spans, n in zip(found, lengths, strict=True)
        ]

    def encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
        """Encode (prompt, continuation) pairs jointly and split them at the prompt's tokens.

        The joint text is encoded, because a tokenizer may join the end of one text with the start of the
        next. Where it does, the prompt's tokens are no prefix of the joint ones and no split is right
        (design numerics 5).

        Raises:
            TaskError: If the prompt's tokens are no prefix, nothing is left to continue with, or the whole is
                longer than the model takes.
        """
        prompts = self.encode_all([prompt for prompt, _ in pairs])
        joint = self.encode_all([prompt + continuation for prompt, continuation in pairs])
        return [
            self._split(texts, prompt, whole)
            for texts, prompt, whole in zip(pairs, prompts, joint, strict=True)
        ]

    def answers(
        self, prompts: Sequence[str], answers: Mapping[str, Sequence[Sequence[str]]]
    ) -> dict[str, list[list[tuple[int, ...]]]]:
        """Encode the accepted answers of every prompt: name to (prompt, answer) token tuples.

        Raises:
            TaskError: As `encode_pairs`, or if a mapping does not hold a list for every prompt.
        """
        encoded: dict[str, list[list[tuple[int, ...]]]] = {}
        for name, accepted in answers.items():
            if len(accepted) != len(prompts):
                raise TaskError(
                    f"{len(accepted)} lists of {name!r} answers for {len(prompts)} prompts",
                    "one list of accepted answers per prompt",
                )
            flat = [(prompt, a) for prompt, some in zip(prompts, accepted, strict=True) for a in some]
            tokens = iter(self.encode_pairs(flat))
            encoded[name] = [[next(tokens)[1] for _ in some] for some in accepted]
        return encoded

    def _tokenised(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of texts of any length; each distinct one is encoded once."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            behind = len(self.probe.after)
            for text, ids in zip(new, self.tokenizer(new)["input_ids"], strict=True):
                self._known[text] = tuple(ids[: len(ids) - behind]) or self._beginning()
        result = [self._known[text] for text in texts]
        if len(self._known) > 1 << 16:
            self._known.clear()
        return result

    def _split(self, texts: tuple[str, str], prompt: tuple[int, ...], whole: tuple[int, ...]) -> Pair:
        if not texts[0] and whole[: len(prompt)] != prompt:
            whole = (*prompt, *whole)  # the prompt is empty, and its token is not one the tokenizer adds
        n = len(prompt)
        if whole[:n] != prompt or len(whole) == n:
            raise TaskError(
                f"{texts[1]!r} after {texts[0][-40:]!r} does not start at a boundary between tokens",
                "a prompt whose tokens are a prefix of the tokens of prompt and continuation together",
                "move the space between them from the end of the prompt to the start of the continuation",
            )
        self._check_length(texts[0] + texts[1], len(whole))
        return prompt, whole[n:]

    def _beginning(self) -> tuple[int, ...]:
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return (token,)
        raise TaskError("an empty prompt", "a text, since this tokenizer has neither a BOS nor an EOS token")

    def _check_length(self, text: str, n: int) -> None:
        if n > self.context:
            raise TaskError(
                f"a prompt of {n} tokens: {text[:30]!r} ... {text[-30:]!r}",
                f"at most {self.context} tokens, the context of this model",
                "fewer or shorter demonstrations",
            )


def _probe(tokenizer: Any) -> Probe:
    ids = tuple(tokenizer("x")["input_ids"])
    bare = tuple(tokenizer("x", add_special_tokens=False)["input_ids"])
    at = next((i for i in range(len(ids)) if bare and ids[i : i + len(bare)] == bare), 0)
    return Probe(ids, ids[:at], ids[at + len(bare) :])
