"""What a cell of the structured-task study costs, in tokens, estimated from the lengths of its texts."""

from __future__ import annotations

from math import ceil
from statistics import fmean

from taskscope.runs.cell import Cost
from taskscope.studies.structured_tasks.curves.conditions import LABELS
from taskscope.studies.structured_tasks.maps.draws import NATURAL
from taskscope.studies.structured_tasks.maps.rows import SHOWN
from taskscope.studies.structured_tasks.nested.drawing import draw
from taskscope.studies.structured_tasks.params import StructuredTaskParams
from taskscope.studies.structured_tasks.spoken.draws import draw as draw_spoken
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.nested.compositions import Composition
from taskscope.tasks.nested.names import prompt
from taskscope.tasks.sentences import Language
from taskscope.tasks.sentences import prompt as request

CHARACTERS_PER_TOKEN = 3.5
"""Rough, for plans only: the measurement itself counts tokens with the model's own tokenizer."""


def demonstration(task: ClassificationTask) -> float:
    """Estimate the tokens of a demonstration."""
    return _tokens(task, fmean(len(text.text) for text in task.pool))


def curves(params: StructuredTaskParams, n_blocks: int, task: ClassificationTask) -> Cost:
    """Estimate the tokens of learning curves: every draw is encoded once for the queries that follow it."""
    one = demonstration(task)

    def condition(shots: int) -> float:
        return params.n_repetitions * (shots + params.n_queries) * one

    everywhere = len(LABELS) * sum(condition(shots) for shots in params.shots)
    last = len(params.cipher_kinds) + 2 * len(params.cipher_ladder)
    tokens = ceil(everywhere + last * condition(max(params.shots)))
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def maps(params: StructuredTaskParams, n_blocks: int, task: ClassificationTask) -> Cost:
    """Estimate the tokens of response maps: all kinds alone, and the task renamed, as such and in parts."""
    text, word = demonstration(task), _tokens(task, fmean(len(label) for label in task.labels))
    n_maps = params.n_maps + len(NATURAL) * params.n_natural
    words = n_maps * params.n_word_sets * (params.map_shots + len(task.labels)) * word
    texts = params.n_maps * params.n_text_sets * (params.map_shots + params.n_text_queries) * text
    parts = params.map_shots * (text + word) + len(SHOWN) * params.n_text_queries * text
    apart = params.n_maps * max(params.n_text_sets // 2, 1) * parts
    tokens = ceil(words + texts + apart)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def stages(params: StructuredTaskParams, n_blocks: int, task: ClassificationTask) -> Cost:
    """Estimate the tokens of stages: every prompt is read once, and once more with its last token edited."""
    n_prompts = params.n_stage_maps * params.n_stage_queries * len(task.classes)
    tokens = ceil(2 * n_prompts * (params.stage_shots + 1) * demonstration(task))
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def nested(params: StructuredTaskParams, composition: Composition, seed: int) -> int:
    """Estimate the tokens of nested calls: each draw's demonstrations once in either condition, and calls.

    The draws are made for it, so that a composition with too few items is refused before anything runs.

    Raises:
        TaskError: If the composition has too few items.
    """
    characters = 0
    for each in draw(composition, seed, params.nested_call(composition.name)):
        characters += sum(len(prompt(lines, "")) for lines in each.demonstrations.values())
        characters += sum(len(call) for *_, call in each.prompts(composition))
    return ceil(characters / CHARACTERS_PER_TOKEN)


def spoken(params: StructuredTaskParams, n_blocks: int, language: Language, seed: int) -> Cost:
    """Estimate the tokens of functions named in words: every request is read, and an answer is written."""
    asked = draw_spoken(language, seed, params.spoken_in(language))
    per_token = 1 if language == "ja" else CHARACTERS_PER_TOKEN
    characters = sum(len(request(one.demonstrations, one.sentence, one.functions)) for one in asked)
    tokens = ceil(characters / per_token) + len(asked) * params.spoken_limit
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def _tokens(task: ClassificationTask, characters: float) -> float:
    around = len(task.text_field) + len(task.label_field) + fmean(len(label) for label in task.labels) + 6
    return (characters + around) / CHARACTERS_PER_TOKEN
