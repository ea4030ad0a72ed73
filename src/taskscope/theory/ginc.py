"""GINC: a small language in which in-context learning is exact Bayesian inference (kernel_regression S4).

Xie et al. 2022. A hidden state is a (value, slot) pair; a memory table says which symbol each pair emits,
slot 0 always the delimiter, so emissions are deterministic. A concept is a matrix of slot transitions;
values move alike in all concepts and mostly stay. A prompt shows n examples of k symbols, with a delimiter
after each, all from one concept and one start slot, then k - 1 symbols of a test example: which comes next?
The exact Bayesian predictor mixes the hidden Markov models of the training concepts.

The trap: about a third of the slot transitions are exactly zero, while the delimiter jumps from the last slot
of an example to slot 0 and back to the start slot whatever the concept allows. Exact Bayes then holds the
prompt for impossible under every concept, so transitions are smoothed: T <- (1 - e) T + e / states.

Emissions being deterministic, the forward pass keeps weights only for the few states that emit the symbol
just read, and everything is vectorised over prompts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

DELIMITER = 0
VALUES = 10
SLOTS = 10
STATES = VALUES * SLOTS
CONCEPTS = 10
"""Slot matrices drawn; the language is a mixture of the first `TRAINED`, the others are left unseen."""
TRAINED = 5
PERMUTATION_TEMPERATURE = 0.1
START_TEMPERATURE = 10.0
STAYING = 0.9
"""Weight of the identity in the transitions between values."""

Array = np.ndarray


@dataclass(frozen=True)
class Language:
    """One draw of the construction."""

    memory: Array
    """int (value, slot) symbol emitted; column 0 is the delimiter."""
    values: Array
    """(value, value) transitions, shared by all concepts."""
    slots: Array
    """(concept, slot, slot) transitions."""
    start: Array
    """(concept, state) law of a document's first state; state = value * slots + slot."""
    vocabulary: int

    @property
    def transitions(self) -> Array:
        """(concept, state, state), rows add up to 1."""
        joint = np.einsum("vw,cst->cvswt", self.values, self.slots)
        return joint.reshape(len(self.slots), STATES, STATES)

    @property
    def zeros(self) -> float:
        """Share of slot transitions that are exactly zero."""
        return float((self.slots == 0).mean())


@dataclass(frozen=True)
class Prompts:
    """Prompts of one shape; each shows up to n examples."""

    concepts: Array
    """int (prompt,); -1 where no concept made it."""
    examples: Array
    """int (prompt, n, k) symbols; the last of each is its label."""
    tests: Array
    """int (prompt, k - 1) symbols shown of the test example."""
    labels: Array
    """int (prompt,) symbol that should come next."""


def language(vocabulary: int, rng: np.random.Generator) -> Language:
    """Draw a language of as many symbols, the delimiter among them."""
    memory = rng.integers(1, vocabulary, (VALUES, SLOTS))
    memory[:, 0] = DELIMITER
    values = (1 - STAYING) * _mixed_permutations(VALUES, rng) + STAYING * np.eye(VALUES)
    slots = np.stack([_mixed_permutations(SLOTS, rng) for _ in range(CONCEPTS)])
    start = softmax((rng.random((CONCEPTS, STATES)) - 0.5) / START_TEMPERATURE, axis=1)
    return Language(memory, values, slots, start, vocabulary)


def _mixed_permutations(size: int, rng: np.random.Generator) -> Array:
    """Mix as many random permutation matrices as they have rows: few carry nearly all the weight."""
    weights = softmax((rng.random(size) - 0.5) / PERMUTATION_TEMPERATURE)
    return np.einsum("p,pst->st", weights, np.stack([rng.permutation(np.eye(size)) for _ in range(size)]))


def prompts(
    made: Language, concepts: Array, n: int, k: int, rng: np.random.Generator, start_slots: Array
) -> Prompts:
    """Draw prompts: every example starts in the prompt's slot, at a value of its own, and moves k - 1 times.

    Args:
        made: The language.
        concepts: int (prompt,) concept of each prompt.
        n: Examples.
        k: Symbols of an example, at least 2.
        rng: Source of randomness.
        start_slots: int (prompt,).

    Returns:
        Prompts whose labels are the most likely next symbol under the prompt's own concept, given the test
        symbols and the start slot, all start values alike likely: an ideal learner never errs.
    """
    many = np.repeat(np.asarray(concepts)[:, None], n + 1, axis=1)
    slots = np.repeat(np.asarray(start_slots)[:, None], n + 1, axis=1)
    values = rng.integers(VALUES, size=many.shape)
    symbols = [made.memory[values, slots]]
    for _ in range(k - 1):
        values = _moved(made.values[values], rng)
        slots = _moved(made.slots[many, slots], rng)
        symbols.append(made.memory[values, slots])
    drawn = np.stack(symbols, axis=-1)
    tests = drawn[:, n, :-1]
    return Prompts(concepts, drawn[:, :n], tests, _labels(made, concepts, start_slots, tests))


def unseen_prompts(made: Language, count: int, n: int, k: int, rng: np.random.Generator) -> Prompts:
    """Draw prompts of no concept: slots are uniform noise, and the value stays within an example.

    The label is the symbol that came next in fact.
    """
    values = np.repeat(rng.integers(VALUES, size=(count, n + 1, 1)), k, axis=2)
    drawn = made.memory[values, rng.integers(SLOTS, size=values.shape)]
    return Prompts(np.full(count, -1), drawn[:, :n], drawn[:, n, :-1], drawn[:, n, -1])


def _moved(laws: Array, rng: np.random.Generator) -> Array:
    """Draw an index from each law (..., index)."""
    cumulative = np.cumsum(laws, axis=-1)
    picked = rng.random((*laws.shape[:-1], 1)) * cumulative[..., -1:]
    return (cumulative <= picked).sum(axis=-1)


def _labels(made: Language, concepts: Array, start_slots: Array, tests: Array) -> Array:
    """Most likely next symbol under each prompt's own concept, every start value alike likely."""
    forward = Forward(made, made.transitions)
    start = np.zeros((len(made.slots), len(concepts), VALUES, SLOTS))
    start[:, np.arange(len(concepts)), :, start_slots] = 1 / VALUES
    belief = forward.begin(start.reshape(*start.shape[:2], STATES), tests[:, 0])
    for symbol in tests[:, 1:].T:
        belief = forward.read(belief, symbol)
    own = np.zeros((len(made.slots), len(concepts)))
    own[concepts, np.arange(len(concepts))] = 1.0
    return forward.predict(belief, own).argmax(axis=1)


@dataclass(frozen=True)
class Belief:
    """Where the hidden Markov models stand after the symbols read so far."""

    states: Array
    """int (prompt, slot of memory) states that emit the last symbol; `STATES` fills up."""
    weights: Array
    """(concept, prompt, slot of memory), adding up to 1 over states, or 0 where the text is impossible."""
    log_likelihood: Array
    """(concept, prompt) nats; -inf where the text is impossible."""


class Forward:
    """The forward pass of several concepts over many prompts at a time.

    Args:
        made: The language: which state emits which symbol.
        transitions: (concept, state, state) of the concepts to follow.
    """

    def __init__(self, made: Language, transitions: Array) -> None:
        # One state more, which nothing enters or leaves, fills up the lists of states that emit a symbol.
        self._transitions = np.pad(transitions, ((0, 0), (0, 1), (0, 1)))
        self._vocabulary = made.vocabulary
        emitted = made.memory.ravel()
        self._emitted = np.append(emitted, made.vocabulary)
        widest = int(np.bincount(emitted).max())
        self._emitters = np.full((made.vocabulary, widest), STATES)
        for symbol in range(made.vocabulary):
            states = np.flatnonzero(emitted == symbol)
            self._emitters[symbol, : len(states)] = states

    def begin(self, start: Array, symbols: Array) -> Belief:
        """Read the first symbol (prompt,) of each text.

        Args:
            start: (concept, prompt or 1, state) law of the first state.
            symbols: int (prompt,).
        """
        states = self._emitters[symbols]
        padded = np.pad(start, ((0, 0), (0, 0), (0, 1)))
        padded = np.broadcast_to(padded, (len(start), len(symbols), padded.shape[2]))
        weights = np.take_along_axis(padded, states[None], axis=2)
        return _scaled(states, weights, np.zeros(weights.shape[:2]))

    def read(self, belief: Belief, symbols: Array) -> Belief:
        """Read one more symbol (prompt,) of each text."""
        states = self._emitters[symbols]
        # One flat index into each concept's matrix: gathering from two indices at a time takes twice as long.
        pairs = belief.states[:, :, None] * (STATES + 1) + states[:, None, :]
        moves = self._transitions.reshape(len(self._transitions), -1).take(pairs, axis=1)
        return _scaled(states, (belief.weights[:, :, None] @ moves)[:, :, 0], belief.log_likelihood)

    def predict(self, belief: Belief, prior: Array) -> Array:
        """Law of the next symbol (prompt, symbol); all zero where no concept can have made the text.

        Args:
            belief: After the last symbol.
            prior: (concept, prompt or 1) prior weights of the concepts.
        """
        posterior = self.posterior(belief, prior)
        spread = np.zeros((*belief.weights.shape[:2], STATES + 1))
        np.put_along_axis(
            spread, np.broadcast_to(belief.states, belief.weights.shape), belief.weights, axis=2
        )
        ahead = np.einsum("cp,cps->ps", posterior, spread @ self._transitions)
        law = np.zeros((ahead.shape[0], self._vocabulary + 1))
        np.add.at(law.T, self._emitted, ahead.T)
        return law[:, :-1]

    def posterior(self, belief: Belief, prior: Array) -> Array:
        """Weights of the concepts (concept, prompt) given the text; zero where all hold it for impossible."""
        with np.errstate(divide="ignore"):
            joint = belief.log_likelihood + np.log(prior)
        best = joint.max(axis=0)
        relative = np.exp(joint - np.where(np.isfinite(best), best, 0.0))
        return relative / np.maximum(relative.sum(axis=0), np.finfo(float).tiny)


def _scaled(states: Array, weights: Array, log_likelihood: Array) -> Belief:
    total = weights.sum(axis=-1)
    safe = np.where(total > 0, total, 1.0)
    with np.errstate(divide="ignore"):
        return Belief(states, weights / safe[..., None], log_likelihood + np.log(total))


def smoothed(transitions: Array, share: float) -> Array:
    """Mix a share of uniform jumps into transitions (..., state, state): nothing stays impossible."""
    return (1 - share) * transitions + share / transitions.shape[-1]


def bayes_answers(made: Language, shown: Prompts, sizes: tuple[int, ...], smoothing: float) -> Array:
    """Answers of the exact Bayesian predictor that mixes the trained concepts.

    The examples are read once; at each size the test example is read from there.

    Args:
        made: The language.
        shown: Prompts with at least max(sizes) examples.
        sizes: Ascending numbers of examples after which to answer.
        smoothing: Share e of uniform jumps; 0 for the construction as it stands.

    Returns:
        int (size, prompt) most likely next symbol; -1 where every concept holds the prompt for impossible.
    """
    forward = Forward(made, smoothed(made.transitions[:TRAINED], smoothing))
    prior = np.full((TRAINED, 1), 1 / TRAINED)
    start = made.start[:TRAINED, None]
    delimiters = np.full(len(shown.tests), DELIMITER)
    answers, read = [], 0
    belief: Belief | None = None

    def after(belief: Belief | None, symbols: Array) -> Belief:
        return forward.begin(start, symbols) if belief is None else forward.read(belief, symbols)

    for size in sizes:
        for example in range(read, size):
            for symbol in (*shown.examples[:, example].T, delimiters):
                belief = after(belief, symbol)
        read, test = size, belief
        for symbol in shown.tests.T:
            test = after(test, symbol)
        assert test is not None, "a test example has at least one symbol"
        law = forward.predict(test, prior)
        answers.append(np.where(law.sum(axis=1) > 0, law.argmax(axis=1), -1))
    return np.array(answers)
