"""Parameters of the kernel-regression study and its four profiles."""

from __future__ import annotations

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import PROFILES, Params
from taskscope.studies.kernel_regression.templates import NAMES

TASKS = ("sentiment", "topics")
"""The built-in text-classification tasks that need no data folder."""
THEORY = "theory"
WEIGHTS = "weights"
PARTS = (THEORY, WEIGHTS)
"""Parts of the study; only the first needs no model."""


class WeightSizes(Params):
    """Sizes of a measurement of attention weights (M0, M1, M2, M5, M12)."""

    k: int = Field(default=16, ge=2)
    """Demonstrations of a prompt, drawn afresh for each query, classes equally often."""
    n_selection: int = Field(default=300, ge=40)
    """Queries by which a head is chosen; all of the split where it holds fewer."""
    n_held_out: int = Field(default=150, ge=20)
    """Queries by which it is judged; likewise."""
    n_orders: int = Field(default=4, ge=1)
    """Other orders of the same demonstrations in which every held-out query is asked again (M12b)."""
    n_random: int = Field(default=16, ge=2)
    """Prompts that a model of the same make with random weights reads (M12c)."""


class WeightParams(WeightSizes):
    """What the numbers of one cell depend on, beside model, task and seed."""

    template: str
    """Name of one of `templates.TEMPLATES`."""


class KernelRegressionParams(WeightSizes):
    """All parameters; those beyond a cell's own can change without measuring again."""

    parts: tuple[str, ...] = Field(default=PARTS, min_length=1)
    """Parts of the study that are run."""
    simulated: str = "standard"
    """Profile whose sizes the simulations of the theory have."""
    tasks: tuple[str, ...] = Field(default=TASKS, min_length=1)
    """Built-in names, data sets found in a folder, or paths of task files."""
    templates: tuple[str, ...] = Field(default=(NAMES[0],), min_length=1)
    """Templates in which every task is asked."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Draws of demonstrations and queries."""
    draws: int = Field(default=2000, ge=100)
    """Bootstrap resamples behind every interval, and permutations behind every null."""

    def weights(self, template: str) -> WeightParams:
        """The part that decides the numbers of one cell of attention weights."""
        return WeightParams(template=template, **self.model_dump(include=set(WeightSizes.model_fields)))

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: A part, task, template or seed named twice, or an unknown part, template or profile.
        """
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
        n_selection=100,
        n_held_out=60,
        n_orders=1,
        n_random=4,
        draws=1000,
    ),
    "standard": KernelRegressionParams(),
    "full": KernelRegressionParams(
        simulated="full",
        templates=NAMES,
        seeds=(0, 1, 2),
        n_orders=24,
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
