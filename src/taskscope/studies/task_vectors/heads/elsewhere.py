"""Function vectors where they were not read: other templates, plain text, and rebuilt from their words.

Everything is asked after the one block that development queries chose (FV-6 f, g; FV-7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.studies.task_vectors.heads.draws import Asked, TaskPrompts
from taskscope.studies.task_vectors.heads.rows import (
    NONE,
    OTHER,
    RANDOM,
    RANDOM_HEADS,
    VECTOR,
    ZERO_SHOT,
    Queries,
)
from taskscope.studies.task_vectors.heads.surrounding_rows import (
    PART,
    TEMPLATES,
    TEXT,
    TOP,
    WHOLE,
    rebuilt_rows,
)
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.tasks import surroundings
from taskscope.tasks.prompts import PromptFormat

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

N_TEMPLATES = 16
N_LIKELIEST = 100


def elsewhere_rows(
    drawn: TaskPrompts,
    added: dict[str, np.ndarray],
    size: int,
    block: int,
    params: HeadParams,
    model: LanguageModel,
    rng: np.random.Generator,
) -> list[pa.Table]:
    """Ask the test queries of one task in every surrounding.

    Args:
        drawn: The task's prompts.
        added: By condition, (d_model,) what is added; the function vector among it.
        size: Heads in a function vector.
        block: After which block.
        params: Sizes.
        model: The model.
        rng: Draws templates and where reconstructions start from.
    """
    vectors = {NONE: np.zeros(model.d_model, np.float32), **added}
    found = _in_templates(drawn, vectors, size, block, model, rng)
    found += _in_text(drawn, vectors, size, block, model)
    if not params.rebuilding_steps or not model.reads_out:
        return found
    rebuilt, left = _rebuilt(added[VECTOR], params.rebuilding_steps, model, rng)
    some = {NONE: vectors[NONE], VECTOR: added[VECTOR], RANDOM: added[RANDOM], **rebuilt}
    texts, gold = [one.bare for one in drawn.test], [one.gold for one in drawn.test]
    right = _right(texts, gold, some, block, model)
    found += _laid_out(drawn, range(len(texts)), ZERO_SHOT, right, size, block)
    cosine = {name: _cosine(vector, added[VECTOR]) for name, vector in rebuilt.items()}
    return [*found, rebuilt_rows(drawn.task.name, left, cosine)]


def _in_templates(
    drawn: TaskPrompts,
    vectors: dict[str, np.ndarray],
    size: int,
    block: int,
    model: LanguageModel,
    rng: np.random.Generator,
) -> list[pa.Table]:
    """Ask every query in a template, one after another of those that were drawn."""
    some = _readable(surroundings.templates(N_TEMPLATES, rng), drawn.test[0], model)
    if not some:
        return []
    looks = [some[i % len(some)] for i in range(len(drawn.test))]
    texts = [look.render((), one.query.input).text for look, one in zip(looks, drawn.test, strict=True)]
    gold = [
        tuple(look.answer(y) for y in one.query.answers) for look, one in zip(looks, drawn.test, strict=True)
    ]
    right = _right(texts, gold, vectors, block, model)
    return _laid_out(drawn, range(len(drawn.test)), TEMPLATES, right, size, block)


def _in_text(
    drawn: TaskPrompts, vectors: dict[str, np.ndarray], size: int, block: int, model: LanguageModel
) -> list[pa.Table]:
    """Let the model write on behind a sentence, and see whether an answer turns up; nothing for letters."""
    kept = [i for i, one in enumerate(drawn.test) if surroundings.fits_text(one.query)]
    if not kept:
        return []
    frames, asked = surroundings.sentences(drawn.task), [drawn.test[i] for i in kept]
    texts = [frames[i % len(frames)].format(x=one.query.input) for i, one in enumerate(asked)]
    written = model.write_on(texts, vectors, block, surroundings.tokens(drawn.task))
    right = {
        name: np.array([_holds(model.decode(some), one) for some, one in zip(by_text, asked, strict=True)])
        for name, by_text in written.items()
    }
    return _laid_out(drawn, kept, TEXT, right, size, block)


def _holds(text: str, one: Asked) -> bool:
    return any(answer in text for answer in one.query.answers)


def _readable(templates: Sequence[PromptFormat], one: Asked, model: LanguageModel) -> list[PromptFormat]:
    """Keep the templates behind which an answer starts a token of its own, as it must be scored."""
    kept = []
    for template in templates:
        try:
            model.encode_pair(template.render((), one.query.input).text, template.answer(one.query.label))
        except TaskError:
            continue
        kept.append(template)
    return kept


def _rebuilt(
    vector: np.ndarray, steps: int, model: LanguageModel, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Make vectors from which the same words can be read, and say how far off they are in nats (FV-7)."""
    start = rng.standard_normal((2, len(vector)), dtype=np.float32)
    both = np.stack([vector, vector])
    made, left = model.reconstruct(both, start, steps, (None, N_LIKELIEST))
    names = (WHOLE, TOP)
    return dict(zip(names, made, strict=True)), dict(zip(names, left.tolist(), strict=True))


def _cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


def _right(
    texts: Sequence[str],
    gold: Sequence[Sequence[str]],
    vectors: dict[str, np.ndarray],
    block: int,
    model: LanguageModel,
) -> dict[str, np.ndarray]:
    """Add every vector after one block: by condition (query,) bool, whether the answer is right."""
    shape = (len(texts), 1, model.d_model)
    named = {name: np.broadcast_to(vector, shape) for name, vector in vectors.items()}
    swept = model.sweep(texts, named, {"gold": gold}, blocks=[block], mode="add")
    return dict(zip(vectors, swept.correct["gold"][..., 0], strict=True))


def _laid_out(
    drawn: TaskPrompts,
    kept: Sequence[int],
    context: str,
    right: dict[str, np.ndarray],
    size: int,
    block: int,
) -> list[pa.Table]:
    asked = Queries(drawn.task, ("test",) * len(kept), tuple(kept), tuple(drawn.test[i].query for i in kept))
    of_heads = (VECTOR, OTHER, RANDOM_HEADS)
    return [
        asked.rows(context, name, hits[:, None], [block], n_heads=size if name in of_heads else 0, part=PART)
        for name, hits in right.items()
    ]
