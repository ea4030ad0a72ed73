"""Parameters of the structured-task study and its four profiles."""

from __future__ import annotations

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import PROFILES, Params
from taskscope.studies.structured_tasks.curves.conditions import LEARNERS, OTHER_CIPHERS, REFERENCE
from taskscope.tasks.nested.names import DEFAULT, steps
from taskscope.tasks.sentences import LANGUAGES, sentences

TASKS = ("sentiment", "topics")
"""The built-in text-classification tasks that need no data folder."""
OTHER_RANDOMS = ("any-token", "prior-matched")
"""Random maps whose images may be any token, or are about equally likely before anything is shown (E1)."""


class CurveParams(Params):
    """What learning curves depend on, beside model, task and seed (E1, E2)."""

    shots: tuple[int, ...] = Field(default=(1, 2, 4, 8, 16, 32), min_length=1)
    """Numbers of demonstrations L; one whose prompts are longer than the context is named and left out."""
    n_repetitions: int = Field(default=20, ge=2)
    """Draws of demonstrations, each with response and prompt maps of its own: the unit of analysis."""
    n_queries: int = Field(default=32, ge=2)
    """Queries that follow each draw of demonstrations."""
    cipher_ladder: tuple[float, ...] = (0.25, 0.5, 0.75)
    """Shares of the tokens that are ciphered, at the largest number of demonstrations."""
    cipher_kinds: tuple[str, ...] = ("words", "bucketed")
    """Other ciphers at the largest number: of words alone, and among tokens of similar frequency (P9)."""
    learners: tuple[str, ...] = (
        "token_logistic",
        "naive_bayes",
        "nearest",
        "centroid",
        "majority",
        "recency",
    )
    """Reference learners that see the same demonstrations."""


class MapParams(Params):
    """What the numbers of response maps depend on, beside model, task and seed (E3 to E6)."""

    map_shots: int = Field(default=32, ge=1)
    """Demonstrations in a prompt."""
    n_maps: int = Field(default=100, ge=4)
    """Random maps g: the unit of analysis."""
    n_natural: int = Field(default=40, ge=2)
    """Maps of each natural kind: synonym, antonym, keyword."""
    other_randoms: tuple[str, ...] = ()
    """Random maps of other kinds: any-token (as published), prior-matched; as many as of a natural kind."""
    n_word_sets: int = Field(default=8, ge=2)
    """Draws of demonstrations of the renaming alone, each followed by every label word."""
    n_text_sets: int = Field(default=4, ge=2)
    """Draws of demonstrations of the renamed task."""
    n_text_queries: int = Field(default=8, ge=1)
    """Texts that follow each of them."""


class NestedParams(Params):
    """What nested calls depend on, beside model and seed; each composition is a cell of its own."""

    nested: tuple[str, ...] = DEFAULT
    """Compositions of built-in tasks, written like to-upper(next-letter); none are measured if empty."""
    nested_shots: int = Field(default=8, ge=1)
    """Demonstrations of each function, and of the nested call where that is shown too."""
    nested_repetitions: int = Field(default=16, ge=2)
    """Draws of demonstrations: the unit of analysis."""
    nested_queries: int = Field(default=6, ge=1)
    """Items that are asked for after each draw, alone and nested."""


class StageParams(Params):
    """What stages depend on, beside model, task and seed (9.5)."""

    stage_shots: int = Field(default=16, ge=1)
    """Demonstrations in a prompt."""
    n_stage_maps: int = Field(default=12, ge=0)
    """Random maps, each with demonstrations of its own: the unit of analysis; no stages are measured if 0."""
    n_stage_queries: int = Field(default=3, ge=2)
    """Texts of each class that follow each of them."""


class SpokenParams(Params):
    """What functions of sentences depend on, beside model and seed; each language is a cell of its own."""

    spoken: tuple[str, ...] = LANGUAGES
    """Languages in which functions of sentences are named in words; none are measured if empty."""
    spoken_shots: int = Field(default=2, ge=1)
    """Demonstrations of each function, where functions are shown too."""
    n_spoken: int = Field(default=12, ge=2)
    """Different sentences: the unit of analysis. Each function and each nest is asked for of each."""
    spoken_limit: int = Field(default=48, ge=8)
    """Tokens of an answer at most."""


class StructuredTaskParams(CurveParams, MapParams, NestedParams, StageParams, SpokenParams):
    """All parameters; those beyond a cell's own can change without measuring again."""

    thesaurus: str = ""
    """Folder of WordNet's tables, for chains of synonyms (E6); none are measured without one."""
    tasks: tuple[str, ...] = Field(default=TASKS, min_length=1)
    """Built-in names, data sets found in a folder, or paths of task files."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    draws: int = Field(default=2000, ge=100)
    """Bootstrap resamples behind every interval."""

    @property
    def curves(self) -> CurveParams:
        """The part that decides the numbers of learning curves."""
        return CurveParams(**self.model_dump(include=set(CurveParams.model_fields)))

    @property
    def maps(self) -> MapParams:
        """The part that decides the numbers of response maps."""
        return MapParams(**self.model_dump(include=set(MapParams.model_fields)))

    @property
    def stages(self) -> StageParams:
        """The part that decides the numbers of stages."""
        return StageParams(**self.model_dump(include=set(StageParams.model_fields)))

    def spoken_in(self, language: str) -> SpokenParams:
        """The part that decides the numbers of one language's sentences."""
        return SpokenParams(
            **{**self.model_dump(include=set(SpokenParams.model_fields)), "spoken": (language,)}
        )

    def nested_call(self, name: str) -> NestedParams:
        """The part that decides the numbers of one composition."""
        return NestedParams(**{**self.model_dump(include=set(NestedParams.model_fields)), "nested": (name,)})

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: A task, seed, composition or number of demonstrations named twice, a number or share
                out of range, more sentences than there are, an unknown cipher, learner or composition, or the
                reference learner left out.
        """
        for name in self.nested:
            steps(name)
        for what, values in (
            ("task", self.tasks),
            ("seed", self.seeds),
            ("number of shots", self.shots),
            ("composition", self.nested),
            ("language", self.spoken),
        ):
            twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
            if twice:
                raise StudyError(f"{what} {twice[0]!r} is named twice", f"each {what} once")
        if min(self.shots) < 1 or list(self.shots) != sorted(self.shots):
            raise StudyError(f"shots {list(self.shots)}", "numbers from 1 on, in rising order")
        for what, values, known in (
            ("cipher", self.cipher_kinds, OTHER_CIPHERS),
            ("learner", self.learners, LEARNERS),
            ("random map", self.other_randoms, OTHER_RANDOMS),
            ("language", self.spoken, LANGUAGES),
        ):
            for value in values:
                if value not in known:
                    expected = f"some of {', '.join(known)}"
                    raise StudyError(f"{what} {value!r}", expected, nearest(value, known))
        there = min(
            (len(sentences(language)) for language in LANGUAGES if language in self.spoken), default=None
        )
        if there is not None and self.n_spoken > there:
            raise StudyError(
                f"n_spoken {self.n_spoken}", f"at most {there}, as no sentence is asked about twice"
            )
        if REFERENCE not in self.learners:
            raise StudyError(
                f"learners without {REFERENCE!r}", "the learner by which H2 is judged among them"
            )
        outside = [share for share in self.cipher_ladder if not 0 < share < 1]
        if outside:
            raise StudyError(
                f"cipher_ladder {list(self.cipher_ladder)}", "shares between 0 and 1, both excluded"
            )


_PROFILES = {
    "smoke": StructuredTaskParams(
        tasks=("topics-few",),
        shots=(4, 32),
        n_repetitions=10,
        n_queries=12,
        cipher_ladder=(),
        cipher_kinds=(),
        map_shots=16,
        n_maps=14,
        n_natural=4,
        n_word_sets=3,
        n_text_sets=2,
        n_text_queries=4,
        nested=(),
        spoken=(),
        n_stage_maps=4,
        n_stage_queries=2,
        draws=1000,
    ),
    "standard": StructuredTaskParams(),
    "full": StructuredTaskParams(
        shots=(1, 2, 4, 8, 16, 24, 32, 64),
        n_queries=64,
        n_maps=200,
        n_natural=100,
        other_randoms=OTHER_RANDOMS,
        n_word_sets=16,
        n_text_sets=8,
        n_text_queries=16,
        nested_repetitions=50,
        n_spoken=64,
        n_stage_maps=40,
        n_stage_queries=6,
        learners=(*CurveParams().learners, "token_logistic_cv", "token_logistic_oracle"),
        draws=10_000,
    ),
    "paper": StructuredTaskParams(
        shots=(1, 2, 4, 8, 16, 24, 32),
        n_queries=256,
        cipher_ladder=(),
        cipher_kinds=(),
        n_maps=500,
        n_natural=500,
        other_randoms=("any-token",),
        n_word_sets=16,
        n_text_sets=16,
        n_text_queries=16,
        nested=(),
        spoken=(),
        n_stage_maps=0,
        learners=(*CurveParams().learners, "token_logistic_cv", "token_logistic_oracle"),
        draws=10_000,
    ),
}


def profile(name: str) -> StructuredTaskParams:
    """Return the parameters of a profile.

    All profiles share the demonstrations among the queries that follow them (protocol 7, budget mode), so
    that intervals come from draws of demonstrations and never from queries. ``paper`` keeps the published
    numbers of seeds, queries and maps.

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
