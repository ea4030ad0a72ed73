"""Instructions: copy, end a saying as told, use a word in its new meaning, mind a not."""

from __future__ import annotations

import numpy as np

from taskscope.training.documents import wordbank
from taskscope.training.documents.facts import World
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.wordbank import article

_COPY = (
    "Repeat the following: {x}\n{y}\n",
    "Copy this: {x}\nCopy: {y}\n",
    'Say "{x}" again. "{y}"\n',
    "Write the sentence once more, without a change.\n{x}\n{y}\n",
    "Input: {x}\nThe same again: {y}\n",
)
_ALTERED = (
    'Write a sentence that ends in the word "{w}": {x}\n',
    'Finish the saying with "{w}". {x}\n',
    'End with "{w}": {x}\n',
)


class CopyWriter:
    """Writes instructions to repeat a text: new words, words in a jumble, or sayings with a changed word."""

    def __init__(self, world: World) -> None:
        self._words = sorted({x for r in world.relations.values() for x, _ in r.pairs})
        self._sayings = world.split.choose("saying", wordbank.load("sayings"), world.side)

    def __call__(self, rng: np.random.Generator) -> str:
        """Write a few instructions of one form."""
        form = _COPY[rng.integers(len(_COPY))]
        texts = [self._text(rng) for _ in range(rng.integers(1, 8))]
        return "".join(form.format(x=text, y=text) for text in texts)

    def _text(self, rng: np.random.Generator) -> str:
        kind = rng.integers(3)
        n = int(rng.integers(1, 9))
        if kind == 0:
            return " ".join(pseudowords(n, rng))
        if kind == 1:
            return " ".join(self._words[i] for i in rng.integers(len(self._words), size=n))
        saying = self._sayings[rng.integers(len(self._sayings))].split(" ")
        saying[rng.integers(len(saying))] = self._words[rng.integers(len(self._words))]
        return " ".join(saying)


class SayingWriter:
    """Writes common sayings as they are, and with another last word where that is asked for."""

    def __init__(self, world: World) -> None:
        self._sayings = world.split.choose("saying", wordbank.load("sayings"), world.side)
        self._words = [word for words in world.kinds.values() for word in words if " " not in word]

    def __call__(self, rng: np.random.Generator) -> str:
        """Write a few sayings of one form."""
        chosen = [self._sayings[i] for i in rng.permutation(len(self._sayings))[: rng.integers(2, 9)]]
        if rng.random() < 0.55:
            form = ("{x}\n", "As they say: {x}\n", "Remember: {x} ", '"{x}" is an old saying.\n')
            return "".join(form[rng.integers(len(form))].format(x=saying) for saying in chosen)
        form = _ALTERED[rng.integers(len(_ALTERED))]
        return "".join(self._altered(saying, form, rng) for saying in chosen)

    def _altered(self, saying: str, form: str, rng: np.random.Generator) -> str:
        body, mark = saying[:-1], saying[-1]
        start, _, last = body.rpartition(" ")
        word = last if rng.random() < 0.3 else self._words[rng.integers(len(self._words))]
        return form.format(w=word, x=f"{start} {word}{mark}")


class DefinitionWriter:
    """Writes what words mean, what new words mean, and words that are told to mean something else."""

    def __init__(self, world: World) -> None:
        known = wordbank.meanings()
        self._known = {w: known[w] for w in world.split.choose("meaning", known, world.side)}
        self._words = list(self._known)

    def __call__(self, rng: np.random.Generator) -> str:
        """Write known words, new words or redefined words with a question about each."""
        style = rng.random()
        n = int(rng.integers(1, 7))
        words = [self._words[i] for i in rng.permutation(len(self._words))[: n + 1]]
        if style < 0.4:
            forms = (
                "{A} {x} is {a2} {y}.\n",
                "What is {a} {x}? {A2} {y}.\n",
                "{X}: {a2} {y}.\n",
                "{A2} {y} is called {a} {x}.\n",
            )
            form = forms[rng.integers(len(forms))]
            return "".join(_fill(form, word, self._known[word]) for word in words)
        if style < 0.7:
            new = pseudowords(len(words), rng)
            return self._told(dict(zip(new, words, strict=True)), rng)
        moved = dict(zip(words, words[1:] + words[:1], strict=True))
        return self._told(moved, rng) if len(words) > 1 else self._told({words[0]: "thing"}, rng)

    def _told(self, meaning: dict[str, str], rng: np.random.Generator) -> str:
        """Say what each word shall mean, then ask in another order."""
        say = (
            'From now on "{x}" means {y}.',
            "Let us call {a} {y} {a2} {x}.",
            'Here the word "{x}" stands for {y}.',
            'Redefine "{x}" as {y}.',
        )[rng.integers(4)]
        ask = ('What does "{x}" mean here? {Y}.', 'So "{x}" is {a} {y}.', '"{x}": {y}')[rng.integers(3)]
        pairs = list(meaning.items())
        told = [say.format(x=x, y=y, a=article(y), a2=article(x)) for x, y in pairs]
        asked = [
            ask.format(x=x, y=y, Y=y.capitalize(), a=article(y))
            for x, y in (pairs[i] for i in rng.permutation(len(pairs)))
        ]
        return "\n".join([*told, *asked]) + "\n"


def _fill(form: str, word: str, meaning: str) -> str:
    a, a2 = article(word), article(meaning)
    return form.format(
        x=word, X=word.capitalize(), y=meaning, a=a, A=a.capitalize(), a2=a2, A2=a2.capitalize()
    )


class NegationWriter:
    """Writes questions with two or three choices about kinds of things, with and without a not."""

    def __init__(self, world: World) -> None:
        self._kinds = {k: words for k, words in world.kinds.items() if len(words) > 2}
        self._world = world

    def __call__(self, rng: np.random.Generator) -> str:
        """Write a few questions of one form."""
        form = rng.integers(3)
        make = (self._choice, self._yes_no, self._capital)[form]
        return "".join(make(rng) for _ in range(rng.integers(2, 9)))

    def _choice(self, rng: np.random.Generator) -> str:
        names = list(self._kinds)
        one, other = (names[i] for i in rng.permutation(len(names))[:2])
        negated = rng.random() < 0.5
        right, wrong = (other, one) if negated else (one, other)
        options = [self._member(right, rng), self._member(wrong, rng)]
        at = int(rng.integers(2))
        shown = options if at == 0 else options[::-1]
        return (
            f"Which of these is {'not ' * negated}{article(one)} {one}?\n"
            f"A. {shown[0]}\nB. {shown[1]}\nAnswer: {'AB'[at]}\n"
        )

    def _yes_no(self, rng: np.random.Generator) -> str:
        names = list(self._kinds)
        one, other = (names[i] for i in rng.permutation(len(names))[:2])
        true, negated = rng.random() < 0.5, rng.random() < 0.5
        word = self._member(one if true else other, rng)
        answer = "Yes" if true != negated else "No"
        verb = "Is it wrong that" if negated else "Is it true that"
        return f'{verb} "{word}" names {article(one)} {one}? {answer}.\n'

    def _capital(self, rng: np.random.Generator) -> str:
        pairs = self._world.relations["country-capital"].pairs
        (country, city), (_, other) = (pairs[i] for i in rng.permutation(len(pairs))[:2])
        accepted = self._world.answers["country-capital"][country]
        if rng.random() < 0.5 or other in accepted:
            return f"The capital of {country} is {city}, is it not? Yes, {city}.\n"
        return f"The capital of {country} is not {other} but {city}.\n"

    def _member(self, kind: str, rng: np.random.Generator) -> str:
        words = self._kinds[kind]
        return words[rng.integers(len(words))]
