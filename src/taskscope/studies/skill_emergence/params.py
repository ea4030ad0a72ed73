"""What can be changed about the skill-emergence study."""

from __future__ import annotations

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.models.series import PICO, Place
from taskscope.studies.base import Params
from taskscope.studies.skill_emergence.collage.kinds import CONTROLS, Kind
from taskscope.studies.skill_emergence.collage.rows import (
    BACKBONE,
    CONDITIONS,
    EXTRAS,
    PERCEPTRON,
    PLAIN,
    TILES,
    TRANSFORMER,
)
from taskscope.studies.skill_emergence.pairs.names import DEFAULT, skills
from taskscope.studies.skill_emergence.settings import ENUMERATED, LARGE, Setting

GRAPHS, LAW, MECHANISMS, COLLAGES = "graphs", "law", "mechanisms", "collages"
SCALING, PAIRS, CLOZE, MIX = "scaling", "pairs", "cloze", "mix"
ASKED_FOR = (MIX,)
"""Parts that run only where they are named."""
PARTS = (GRAPHS, LAW, MECHANISMS, COLLAGES, SCALING, PAIRS, CLOZE, *ASKED_FOR)
"""Adversaries on random graphs (4.1), emergence along the scaling law (4.2), other laws of learning (4.3), a
classifier trained on collages of digits (6), losses of real trainings (5); and of the models given, skills
asked together, cloze questions with skill tags, and texts that show several skills (8)."""


class GraphParams(Params):
    """What the numbers of one kind of graph depend on."""

    setting: Setting
    n_graphs: int
    clusters: int
    restarts: int


class EmergenceParams(Params):
    """What the numbers of emergence along the law depend on."""

    n_texts: int = Field(default=100_000, ge=1000)
    n_skills: int = Field(default=1000, ge=20)
    k: int = Field(default=8, ge=1)
    alpha: float = Field(default=0.2, gt=0, lt=1)
    n_worlds: int = Field(default=10, ge=2)
    """Random graphs along which the failures shrink: the unit of analysis."""
    n_tuples: int = Field(default=20_000, ge=100)
    """Random sets of skills that are asked for."""
    law: str = "hoffmann"
    """Name of the published law that the excess loss follows."""


class MechanismParams(Params):
    """What the numbers of the other laws of learning depend on."""

    peeled_skills: int = Field(default=20_000, ge=500)
    """Skills of the peeling learner."""
    ranked_skills: int = Field(default=1_000_000, ge=10_000)
    """Skills of the quantization model."""


class CollageSizes(Params):
    """What every training on collages depends on."""

    n_collages: int = Field(default=1000, ge=64)
    """Training collages, each with one label."""
    n_test_collages: int = Field(default=1000, ge=10)
    epochs: int = Field(default=15, ge=1)
    """Epochs trained at most; the one kept is chosen on held-out collages."""


class CollageParams(CollageSizes):
    """What the numbers of one training depend on."""

    condition: str
    training: int


class KindParams(CollageParams):
    """What the numbers of one training on collages of another kind depend on."""

    kind: Kind


class PairSizes(Params):
    """What every pair of skills depends on, beside model and seed."""

    pair_shots: int = Field(default=8, ge=1)
    """Demonstrations of each skill, and of the pair where that is shown too."""
    pair_repetitions: int = Field(default=16, ge=2)
    """Draws of demonstrations: the unit of analysis."""
    pair_queries: int = Field(default=6, ge=1)
    """Inputs that are asked for after each draw."""


class PairParams(PairSizes):
    """What the numbers of one pair depend on."""

    pair: str
    place: Place
    """Where the model stands in its series."""


class ClozeSizes(Params):
    """What cloze questions depend on, beside model and seed."""

    cloze_items: int = Field(default=32, ge=2)
    """Questions of each kind; fewer where the words are used up."""


class ClozeParams(ClozeSizes):
    """What the numbers of cloze questions depend on."""

    place: Place
    """Where the model stands in its series."""


class MixSizes(Params):
    """What texts that show several skills depend on, beside model and seed."""

    mix_singles: int = Field(default=8, ge=2, le=8)
    """Texts in which each skill is asked for alone, each on a topic of its own."""
    mix_combinations: int = Field(default=100, ge=2, le=300)
    """Different sets of each number of skills, one text each: the unit of analysis."""
    mix_largest: int = Field(default=6, ge=2, le=6)
    """Skills asked for together at most."""
    mix_tokens: int = Field(default=128, ge=8)
    """Tokens of a text at most."""
    mix_samples: int = Field(default=0, ge=0, le=10)
    """Texts of each request that are drawn at random beside the greedy one."""
    mix_temperature: float = Field(default=0.7, gt=0, le=2)
    """Temperature at which they are drawn."""


class MixParams(MixSizes):
    """What the numbers of such texts depend on."""

    place: Place
    """Where the model stands in its series."""


class SkillEmergenceParams(EmergenceParams, MechanismParams, CollageSizes, PairSizes, ClozeSizes, MixSizes):
    """All parameters."""

    n_trainings: int = Field(default=5, ge=1)
    """Trainings on collages under each condition: the unit of analysis."""
    collage_extras: tuple[str, ...] = ("probe", "plain-pretrained")
    """Other ways of training on collages: some of ``probe``, ``plain-pretrained``, ``plain-shuffled``,
    ``logits``, ``repeats`` and ``longer``; the full profile has them all."""
    collage_kinds: tuple[Kind, ...] = CONTROLS
    """Other kinds of collages on which some of the classifiers are trained too."""
    n_kind_trainings: int = Field(default=3, ge=1)
    """Trainings on each of these, and in each of the other ways."""
    digits: str = ""
    """Folder with images of digits (MNIST as IDX files, or one .npz); empty for scikit-learn's."""
    backbone: str = ""
    """Folder of a pretrained image model, or its id on the hub; it is shown the collages too."""

    parts: tuple[str, ...] = Field(default=tuple(p for p in PARTS if p not in ASKED_FOR), min_length=1)
    """Parts of the study that are run; those of pairs, cloze and mix need a model, the others none. The last
    lets models write hundreds of texts and is run only where it is named."""
    losses: str = PICO
    """Whose losses the scaling law is fitted to: ``pico``, from the logs of its trainings, or a .csv of
    finished trainings with the columns parameters, tokens (or flop) and loss."""
    pairs: tuple[str, ...] = DEFAULT
    """Pairs of built-in tasks asked of every model, written like to-upper(next-letter); the inner is used
    first."""
    draws: int = Field(default=1000, ge=100)
    """Bootstrap resamples behind every interval of a model's answers."""
    settings: tuple[Setting, ...] = Field(default=(*ENUMERATED, *LARGE), min_length=1)
    n_graphs: int = Field(default=7, ge=1)
    """Random graphs of each setting."""
    n_clustered: int = Field(default=5, ge=1)
    """Graphs of the control, in which the skills of a text come from one cluster."""
    clusters: int = Field(default=10, ge=2)
    """Clusters of the control."""
    restarts: int = Field(default=5, ge=1)
    """Starts of the alternating search."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)

    @property
    def emergence(self) -> EmergenceParams:
        """The part that decides the numbers along the law."""
        return EmergenceParams(**self.model_dump(include=set(EmergenceParams.model_fields)))

    @property
    def mechanisms(self) -> MechanismParams:
        """The part that decides the numbers of the other laws."""
        return MechanismParams(**self.model_dump(include=set(MechanismParams.model_fields)))

    @property
    def trainings(self) -> list[CollageParams]:
        """Every training on collages."""
        sizes = self.model_dump(include=set(CollageSizes.model_fields))
        own = (*CONDITIONS, BACKBONE) if self.backbone else CONDITIONS
        wanted: dict[str, int] = dict.fromkeys(own, self.n_trainings)
        wanted |= dict.fromkeys((EXTRAS[name] for name in self.collage_extras), self.n_kind_trainings)
        return [
            CollageParams(**sizes, condition=condition, training=number)
            for condition, trainings in wanted.items()
            for number in range(trainings)
        ]

    @property
    def kind_trainings(self) -> list[KindParams]:
        """Every training on collages of another kind, those of one kind by classifier.

        Where the named tile is always the same, those are trained too that may find out which it is.
        """
        sizes = self.model_dump(include=set(CollageSizes.model_fields))
        return [
            KindParams(**sizes, condition=condition, training=number, kind=kind)
            for kind in self.collage_kinds
            for condition in (TILES, PERCEPTRON, *((PLAIN, TRANSFORMER) if kind.named is not None else ()))
            for number in range(self.n_kind_trainings)
        ]

    def of_pair(self, pair: str, place: Place) -> PairParams:
        """The part that decides the numbers of one pair of skills, for a model at a place."""
        return PairParams(**self.model_dump(include=set(PairSizes.model_fields)), pair=pair, place=place)

    def cloze(self, place: Place) -> ClozeParams:
        """The part that decides the numbers of cloze questions, for a model at a place."""
        return ClozeParams(cloze_items=self.cloze_items, place=place)

    def mix(self, place: Place) -> MixParams:
        """The part that decides the numbers of texts with several skills, for a model at a place."""
        return MixParams(**self.model_dump(include=set(MixSizes.model_fields)), place=place)

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: An unknown part, a setting, kind of collages, pair or seed twice, no large setting for
                the control, one that cannot be enumerated, a text with more skills than it can have,
                collages that cannot be drawn, an unknown law, or a pair that is none.
        """
        from taskscope.theory.scaling_laws.published import PUBLISHED

        for pair in self.pairs:
            skills(pair)
        if len(set(self.pairs)) < len(self.pairs):
            raise StudyError("a pair that is named twice", "each once")

        for kind in self.collage_kinds:
            kind.check()
        for name in self.collage_extras:
            if name not in EXTRAS:
                raise StudyError(
                    f"training on collages {name!r}", f"some of {', '.join(EXTRAS)}", nearest(name, EXTRAS)
                )
        for part in self.parts:
            if part not in PARTS:
                raise StudyError(f"part {part!r}", f"some of {', '.join(PARTS)}", nearest(part, PARTS))
        once = (self.settings, self.collage_kinds, self.collage_extras, self.seeds)
        if any(len(set(given)) < len(given) for given in once):
            raise StudyError("a setting, training, kind of collages or seed that is named twice", "each once")
        if all(setting.enumerated for setting in self.settings):
            raise StudyError(
                "settings that are all enumerated", "one for the search at least: its control needs one"
            )
        for setting in self.settings:
            most = setting.n_skills if setting.enumerated else setting.n_skills // self.clusters
            if (setting.enumerated and setting.n_skills > MOST_ENUMERATED) or setting.k > most:
                raise StudyError(
                    f"a setting of {setting.name}",
                    f"at most {MOST_ENUMERATED} skills where all sets are tried, and no more skills in a "
                    "text than there are, or than there are in a cluster",
                )
        if self.law not in PUBLISHED:
            raise StudyError(
                f"law {self.law!r}", f"one of {', '.join(PUBLISHED)}", nearest(self.law, PUBLISHED)
            )


MOST_ENUMERATED = 20
"""Skills of which all sets can be tried in seconds."""
