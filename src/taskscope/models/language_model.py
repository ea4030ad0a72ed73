"""A loaded language model and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from taskscope.errors import ModelError
from taskscope.models import (
    answering,
    contrasts,
    generating,
    head_gradients,
    head_sets,
    heads,
    lens,
    probing,
    reconstruction,
    steering,
    tuned_lens,
)
from taskscope.models import capture as capturing
from taskscope.models import sweep as sweeping
from taskscope.models.answering import Answers
from taskscope.models.attention import keys_values as caching
from taskscope.models.attention import last_rows as attending
from taskscope.models.attention.full_map import LastRow
from taskscope.models.attention.last_rows import LastRows
from taskscope.models.audit import Audit
from taskscope.models.batching import Route
from taskscope.models.classifying import label_logprobs
from taskscope.models.contrasts import Contrasts, Texts
from taskscope.models.deltas import Delta, edited
from taskscope.models.encoding import Encoder, Probe, Tokens
from taskscope.models.execution import Executor
from taskscope.models.guard import Guard
from taskscope.models.head_sets import HeadSet
from taskscope.models.heads import HeadEffects, Site
from taskscope.models.lengths import Lengths
from taskscope.models.limits import context_of, limits_of, width_of
from taskscope.models.patching import Mode
from taskscope.models.probing import Column
from taskscope.models.reading import What
from taskscope.models.sweep import Sweep

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy
    from taskscope.models.spec import ModelSpec
    from taskscope.models.tuned_lens import Translator

Blocks = Literal["all"] | Sequence[int]
AnswerTexts = Mapping[str, Sequence[Sequence[str]]]
"""By name, per prompt, the accepted answers exactly as they follow the prompt."""


class LanguageModel:
    """A causal language model, its tokenizer and its anatomy.

    Args:
        hf: The Hugging Face model; put into evaluation mode.
        tokenizer: Its tokenizer.
        spec: What was asked for; None for a model made in memory.
        anatomy: The model taken apart.
        id: Identity that a change of weights changes.
        label: What people call it.
        route: ``branches`` where trees may be packed in one row, ``rows`` where each branch needs its own;
            may be set later, when a check says which is valid.
        tokens: Training tokens it has read; None where nothing says so.
    """

    def __init__(
        self,
        hf: Any,
        tokenizer: Any,
        spec: ModelSpec | None,
        anatomy: Anatomy,
        id: str,
        label: str,
        route: Route = "branches",
        tokens: int | None = None,
    ) -> None:
        self.hf, self.tokenizer, self.spec, self.anatomy = hf.eval(), tokenizer, spec, anatomy
        self.id, self.label, self.tokens = id, label, tokens
        self.n_blocks, self.n_heads, self.head_dim = len(anatomy.blocks), anatomy.n_heads, anatomy.head_dim
        self.d_model, self.context = width_of(hf), context_of(hf)
        self.encoder = Encoder(tokenizer, self.context)
        pad = next((t for t in (tokenizer.pad_token_id, tokenizer.eos_token_id) if t is not None), 0)
        self.executor = Executor(hf, anatomy, limits_of(hf, self.device), route, pad)
        if route == "rows":
            # Blocks with a state are among these, whose classes may be right on short prompts alone.
            self.executor.lengths = Lengths(hf, self.context)

    def __repr__(self) -> str:
        return f"LanguageModel({self.id!r}, {self.n_blocks} blocks, d_model {self.d_model}, {self.dtype})"

    @property
    def device(self) -> torch.device:
        """Where inputs go."""
        return self.hf.device

    @property
    def dtype(self) -> str:
        """Type of the weights, e.g. ``float32``."""
        return str(self.hf.dtype).removeprefix("torch.")

    @property
    def attention(self) -> str:
        """Attention implementation in use."""
        return str(getattr(self.hf.config, "_attn_implementation", "eager"))

    @property
    def route(self) -> Route:
        """How trees are run."""
        return self.executor.route

    @route.setter
    def route(self, route: Route) -> None:
        self.executor.route = route

    @property
    def tokenizer_probe(self) -> Probe:
        """What the tokenizer adds to a text by default."""
        return self.encoder.probe

    def encode(self, text: str) -> list[int]:
        """Encode a prompt with the tokenizer's own special tokens in front.

        Raises:
            TaskError: If it is longer than the model takes.
        """
        return list(self.encoder.encode(text))

    def offsets(self, text: str) -> list[tuple[int, int]] | None:
        """Return the characters (start, end) of each token of `encode`; None if the tokenizer cannot say."""
        return self.encoder.offsets(text)

    def encode_pair(self, prompt: str, continuation: str) -> tuple[list[int], list[int]]:
        """Encode a prompt and its continuation jointly, split at the prompt's tokens.

        Raises:
            TaskError: If the continuation does not start at a boundary between tokens.
        """
        [(first, rest)] = self.encoder.encode_pairs([(prompt, continuation)])
        return list(first), list(rest)

    def capture(
        self,
        prompts: Sequence[str],
        *,
        blocks: Blocks = "all",
        position: int | Sequence[int] = -1,
        what: What = "residual",
    ) -> np.ndarray:
        """Read the residual, or the heads' outputs, at one token of every prompt.

        Returns:
            float32 (prompt, block, d_model), or (prompt, block, n_heads, head_dim); see `capture.capture`.
        """
        return capturing.capture(self.executor, self.encoder, prompts, self._blocks(blocks), position, what)

    def sweep(
        self,
        prompts: Sequence[str],
        vectors: Mapping[str, np.ndarray],
        answers: AnswerTexts,
        blocks: Blocks = "all",
        mode: Mode = "replace",
    ) -> Sweep:
        """Edit the last token's residual after every block in turn, one pass; see `sweep.sweep`."""
        return sweeping.sweep(
            self.executor, self.encoder, prompts, vectors, answers, self._blocks(blocks), mode
        )

    @property
    def attending_blocks(self) -> tuple[int, ...]:
        """Blocks whose heads can be told apart.

        Raises:
            ModelError: If there is none.
        """
        return heads.attending_blocks(self.anatomy, self.hf)

    @property
    def blocks_without_heads(self) -> dict[int, str]:
        """Blocks whose heads cannot be told apart, each with the reason."""
        return heads.blocks_without_heads(self.anatomy, self.hf)

    def head_effects(
        self,
        prompts: Sequence[str],
        outputs: np.ndarray,
        answers: Sequence[str],
        sites: Sequence[Site] | None = None,
    ) -> HeadEffects:
        """Replace every head's output at the last token in turn, one pass; see `heads.effects`.

        All heads of `attending_blocks` by default.
        """
        if sites is None:
            sites = heads.all_sites(self.attending_blocks, self.n_heads)
        return heads.effects(self.executor, self.encoder, prompts, outputs, answers, sites)

    def after_replacing(
        self, prompts: Sequence[Tokens], sets: Sequence[HeadSet], targets: Sequence[int]
    ) -> np.ndarray:
        """Return log p of next tokens with each set of heads replaced together; see `head_sets`."""
        return head_sets.after_replacing(self.executor, prompts, sets, targets)

    def estimated_head_effects(
        self, prompts: Sequence[str], outputs: np.ndarray, answers: Sequence[str]
    ) -> np.ndarray:
        """Estimate the effects of all heads from gradients, (prompt, block, head); see `head_gradients`."""
        return head_gradients.attribute(
            self.executor, self.encoder, prompts, outputs, answers, self.attending_blocks
        )

    def head_writes(self, outputs: np.ndarray, sites: Sequence[Site]) -> np.ndarray:
        """Return what heads write to the residual, (..., site, d_model), without bias; see `heads.writes`."""
        return heads.writes(self.anatomy, outputs, sites)

    def answer(self, prompts: Sequence[str], answers: AnswerTexts) -> Answers:
        """Ask the unmodified model; see `answering.answer`."""
        return answering.answer(self.executor, self.encoder, prompts, answers)

    def distributions(self, prompts: Sequence[str], columns: Sequence[Column]) -> np.ndarray:
        """Return log p of every next token, (column, vocabulary); see `probing.distributions`."""
        return probing.distributions(self.executor, self.encoder, prompts, columns)

    def complete(
        self, prompts: Sequence[str], columns: Sequence[Column], ended: Callable[[Tokens], bool], limit: int
    ) -> list[Tokens]:
        """Write on greedily after every column; see `probing.complete`."""
        return probing.complete(self.executor, self.encoder, prompts, columns, ended, limit)

    def force(self, prompts: Sequence[str], columns: Sequence[Column], answer: Tokens) -> np.ndarray:
        """Return log p of a whole answer after every column, (column,); see `probing.force`."""
        return probing.force(self.executor, self.encoder, prompts, columns, answer)

    def write(
        self, prompts: Sequence[Tokens], limit: int, draws: generating.Draws | None = None
    ) -> list[Tokens]:
        """Write behind token prompts, greedily where no draws are given; see `generating.write`."""
        ends = frozenset([self.tokenizer.eos_token_id]) - {None}
        budget = self.executor.limits.tokens
        return generating.write(self.hf, prompts, limit, ends, self.context, budget, draws)

    def write_on(
        self, prompts: Sequence[str], vectors: Mapping[str, np.ndarray], block: int, n_tokens: int
    ) -> dict[str, list[Tokens]]:
        """Write greedily while a vector is added at every new last token; see `steering.write_on`."""
        return steering.write_on(self.executor, self.encoder, prompts, vectors, block, n_tokens)

    def reconstruct(
        self, vectors: np.ndarray, start: np.ndarray, steps: int, tops: Sequence[int | None]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find vectors that say the same in the output vocabulary; see `reconstruction.reconstruct`."""
        return reconstruction.reconstruct(self, vectors, start, steps, tops)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return self.tokenizer.decode(list(tokens))

    def read_out(self, states: np.ndarray) -> np.ndarray:
        """Project states (state, d_model) on the vocabulary: logits (state, vocabulary); see `lens`."""
        return lens.read_out(self, states)

    def tune_lens(
        self, states: np.ndarray, finals: np.ndarray, steps: int, rng: np.random.Generator
    ) -> Translator:
        """Find the map of one block's states by which `read_out` is near the last one; see `tuned_lens`.

        Args:
            states: (state, d_model), residuals after the block.
            finals: (state, d_model), residuals after the last block at the same tokens.
            steps: Steps of gradient descent; with none the map is the identity.
            rng: Draws the states of every step.
        """
        return tuned_lens.tune(self, states, finals, steps, rng)

    def divergences(self, states: np.ndarray, finals: np.ndarray) -> np.ndarray:
        """Return how far `read_out` of states is from that after the last block, (state,) in nats."""
        return tuned_lens.divergences(self, states, finals)

    @cached_property
    def reads_out(self) -> bool:
        """Whether `read_out` ranks tokens as the model itself does after its last block."""
        return lens.agrees(self)

    def last_rows(self, prompts: Sequence[str | Tokens], targets: np.ndarray | None = None) -> LastRows:
        """Read where the last token of every prompt looks, for all heads; see `attention.last_rows`.

        Args:
            prompts: Texts, or token ids with special tokens included.
            targets: (prompt, target) int64, tokens whose log p as next token is read from the same passes.
        """
        tokens = self.encoder.tokens_of(prompts)
        return attending.last_rows(self.executor, self._attending, tokens, targets)

    def keys_values(
        self, prompts: Sequence[str | Tokens], positions: Sequence[Sequence[int]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read key and value vectors at tokens of every prompt, from the cache; see `attention.keys_values`.

        Returns:
            float32 (prompt, position, block, kv_head, head_dim) each.
        """
        return caching.keys_values(self.executor, self.encoder.tokens_of(prompts), positions)

    def attention_of_last(self, prompt: str) -> LastRow:
        """Read where the last token of one prompt looks, per block and head."""
        return attending.last_row(self.last_rows([prompt]))

    @cached_property
    def _attending(self) -> attending.Choice:
        return attending.choose(self.hf, self.anatomy, self.context)

    def score(self, requests: Sequence[tuple[str, str]]) -> np.ndarray:
        """Return log p(continuation | prompt) in nats, (request,) float64; see `answering.score`."""
        return answering.score(self.executor, self.encoder, requests)

    def contrasts(self, pairs: Sequence[Texts]) -> Contrasts:
        """Encode pairs of a good and a bad sentence; see `contrasts.encode`."""
        return contrasts.encode(self.encoder, pairs)

    def score_contrasts(self, pairs: Contrasts) -> np.ndarray:
        """Return log p of both sentences of pairs from where they part, (pair, 2); see `contrasts.score`."""
        return contrasts.score(self.executor, pairs)

    def edited(self, delta: Delta) -> AbstractContextManager[None]:
        """Add a sparse change to the weights, taken off bit for bit at the end; see `deltas.edited`."""
        return edited(self.hf, delta)

    def embeddings(self, tokens: Sequence[int]) -> np.ndarray:
        """Return the input embeddings of tokens, float32 (token, d_embedding)."""
        weight = self.hf.get_input_embeddings().weight
        rows = weight[torch.tensor(list(tokens), device=weight.device)]
        return rows.detach().float().cpu().numpy()

    def classify(self, prompts: Sequence[Tokens], labels: Sequence[Sequence[Tokens]]) -> np.ndarray:
        """Return log p of each label after token prompts, (prompt, label); see `classifying`."""
        return label_logprobs(self.executor, self.encoder, prompts, labels)

    @cached_property
    def _guard(self) -> Guard:
        return Guard(self.hf)

    def guard(self) -> AbstractContextManager[None]:
        """Run a measurement that must leave no trace in the model; see `guard.Guard`."""
        return self._guard()

    @contextmanager
    def audited(self, rng: np.random.Generator, share: float = 0.01) -> Iterator[Audit]:
        """Make a share of the predictions inside again at batch size 1; the audit says how they compare."""
        outer, self.executor.audit = self.executor.audit, Audit(rng, share)
        try:
            yield self.executor.audit
        finally:
            self.executor.audit = outer

    def _blocks(self, blocks: Blocks) -> tuple[int, ...]:
        if isinstance(blocks, str):
            return tuple(range(self.n_blocks))
        outside = [block for block in blocks if not 0 <= block < self.n_blocks]
        if outside or not len(blocks):
            raise ModelError(f"blocks {outside or list(blocks)}", f"some of 0 to {self.n_blocks - 1}")
        return tuple(int(block) for block in blocks)
