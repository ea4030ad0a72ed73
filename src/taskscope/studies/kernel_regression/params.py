"""Parameters of the kernel-regression study and its four profiles."""

from __future__ import annotations

from typing import TypeVar

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import PROFILES, Params
from taskscope.studies.kernel_regression.effects.params import EffectParams
from taskscope.studies.kernel_regression.features.params import FeatureParams
from taskscope.studies.kernel_regression.influence.params import InfluenceParams
from taskscope.studies.kernel_regression.rivals.params import RivalParams
from taskscope.studies.kernel_regression.similarity.params import SimilarityParams
from taskscope.studies.kernel_regression.templates import NAMES

Cell = TypeVar("Cell", bound=Params)

TASKS = ("sentiment", "topics")
"""The built-in text-classification tasks that need no data folder."""
THEORY = "theory"
WEIGHTS = "weights"
EFFECTS = "effects"


class WeightParams(Params):
    """What the numbers of attention weights depend on, beside model, task and seed (M0, M1, M2, M5, M12)."""

    k: int = Field(default=16, ge=3)
    """Demonstrations of a prompt, drawn afresh for each query, classes equally often."""
    template: str = NAMES[0]
    """How questions are written; one of `templates.NAMES`."""
    n_selection: int = Field(default=300, ge=40)
    """Queries by which a head is chosen; all of the split where it holds fewer."""
    n_held_out: int = Field(default=150, ge=20)
    """Queries by which it is judged; likewise."""
    n_orders: int = Field(default=4, ge=1)
    """Other orders of the same demonstrations in which every held-out query is asked again (M12b)."""
    n_random: int = Field(default=16, ge=2)
    """Prompts that a model of the same make with random weights reads (M12c)."""


CELLS: dict[str, type[Params]] = {
    WEIGHTS: WeightParams,
    "similarity": SimilarityParams,
    "features": FeatureParams,
    "influence": InfluenceParams,
    "rivals": RivalParams,
    EFFECTS: EffectParams,
}
"""What the cells of each part that asks a model depend on."""
PARTS = (THEORY, *CELLS)
"""Parts of the study; only the first needs no model."""


class KernelRegressionParams(Params):
    """All parameters; those beyond a cell's own can change without measuring again."""

    k: int = Field(default=16, ge=3)
    """Demonstrations of a prompt, drawn afresh for each query, classes equally often."""
    n_selection: int = Field(default=300, ge=40)
    """Queries by which a head is chosen; all of the split where it holds fewer."""
    n_held_out: int = Field(default=150, ge=20)
    """Queries by which it is judged; likewise."""
    n_orders: int = Field(default=4, ge=1)
    """Other orders of the same demonstrations in which every held-out query is asked again (M12b)."""
    n_random: int = Field(default=16, ge=2)
    """Prompts that a model of the same make with random weights reads (M12c)."""
    n_similarity: int = Field(default=60, ge=8)
    """Questions whose weights are compared with the likeness of what texts alone predict (M3)."""
    n_probed: int = Field(default=60, ge=4)
    """Questions from whose demonstrations keys and values are read (M4)."""
    n_choosing: int = Field(default=100, ge=8)
    """Questions by which heads to replace are chosen (section 8)."""
    n_influence: int = Field(default=40, ge=4)
    """Questions in which each label is swapped in turn, and heads are replaced (section 8)."""
    vote_share: float = Field(default=0.05, gt=0, le=1)
    """Share of all heads that are replaced together; at least one is."""
    n_matched_sets: int = Field(default=5, ge=1)
    """Sets of as many other heads of the same blocks, replaced for comparison."""
    shots: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    """Numbers of demonstrations, beside k, along which votes and answers are compared (M11)."""
    n_chosen: int = Field(default=80, ge=8)
    """Questions by which rival kernels are tuned (M6, section 8)."""
    n_judged: int = Field(default=80, ge=8)
    """Questions by which they are judged."""
    n_effects: int = Field(default=60, ge=8)
    """Questions asked with other demonstrations, labels and inputs (M7 to M10)."""
    sentence_encoder: str = ""
    """Name or folder of a sentence encoder that is a kernel too (M6, M7); needs the extra ``encoders``."""
    thesaurus: str = ""
    """Folder of WordNet's tables, for inputs with rare words (M9); none are asked about without one."""

    parts: tuple[str, ...] = Field(default=PARTS, min_length=1)
    """Parts of the study that are run."""
    simulated: str = "standard"
    """Profile whose sizes the simulations of the theory have."""
    tasks: tuple[str, ...] = Field(default=TASKS, min_length=1)
    """Built-in names, data sets found in a folder, or paths of task files."""
    templates: tuple[str, ...] = Field(default=(NAMES[0],), min_length=1)
    """Templates in which every task is asked; parts beyond the weights use the first."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Draws of demonstrations and queries."""
    draws: int = Field(default=2000, ge=100)
    """Bootstrap resamples behind every interval, and permutations behind every null."""

    def of(self, cell: type[Cell], template: str) -> Cell:
        """The parameters that decide the numbers of one kind of cell, one of `CELLS`."""
        own = self.model_dump(include=set(cell.model_fields))
        return cell.model_validate({**own, "template": template})

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: A part, task, template or seed named twice, an unknown part, template or profile, or a
            number of shots below 1.
        """
        if min(self.shots, default=1) < 1:
            raise StudyError(f"shots {list(self.shots)}", "numbers from 1 on")
        for what, values in (
            ("part", self.parts),
            ("task", self.tasks),
            ("template", self.templates),
            ("seed", self.seeds),
        ):
            twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
            if twice:
                raise StudyError(f"{what} {twice[0]!r} is named twice", f"each {what} once")
        for what, values, known in (
            ("part", self.parts, PARTS),
            ("template", self.templates, NAMES),
            ("profile of the simulations", (self.simulated,), PROFILES),
        ):
            for value in values:
                if value not in known:
                    raise StudyError(f"{what} {value!r}", f"one of {', '.join(known)}", nearest(value, known))


_PROFILES = {
    "smoke": KernelRegressionParams(
        simulated="smoke",
        tasks=("sentiment",),
        k=8,
        n_selection=70,
        n_held_out=60,
        n_orders=1,
        n_random=4,
        n_similarity=12,
        n_probed=12,
        n_choosing=16,
        n_influence=8,
        n_matched_sets=2,
        shots=(2, 8),
        n_chosen=8,
        n_judged=8,
        n_effects=24,
        draws=1000,
    ),
    "standard": KernelRegressionParams(),
    "full": KernelRegressionParams(
        simulated="full",
        templates=NAMES,
        seeds=(0, 1, 2),
        n_orders=24,
        n_similarity=100,
        n_influence=100,
        shots=(1, 2, 4, 8, 16, 32, 64),
        n_chosen=200,
        n_judged=150,
        n_effects=120,
        draws=10_000,
    ),
    "paper": KernelRegressionParams(
        simulated="paper",
        tasks=("sst2", "mnli", "rotten-tomatoes", "hate", "irony", "offensive"),
        n_selection=700,
        n_held_out=300,
        n_orders=1,
        draws=10_000,
    ),
}


def profile(name: str) -> KernelRegressionParams:
    """Return the parameters of a profile.

    ``paper`` asks the six published sets, which a data folder must hold, with 700 queries to choose a head by
    and 300 to judge it by where a set has as many.

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
