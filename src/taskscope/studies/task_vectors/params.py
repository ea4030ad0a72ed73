"""Parameters of the task-vector study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import Params
from taskscope.tasks.compositions import SQUARES
from taskscope.tasks.generated import SUITES
from taskscope.tasks.prompts import FORMATS
from taskscope.tasks.registry import PAPER_TASKS

FEWEST_AVERAGED = 20
"""Prompts below which a mean of their thetas is not taken (protocol E7)."""


class CellParams(Params):
    """What the numbers of one cell depend on, beside model, task and seed."""

    k: int = Field(default=5, ge=1)
    """Demonstrations in a prompt."""
    n_dev: int = Field(default=100, ge=1)
    """Pairs (S, x) on which block and control are chosen."""
    n_test: int = Field(default=200, ge=1)
    """Pairs (S, x) on which they are judged."""
    n_dummies: int = Field(default=2, ge=1)
    """Dummy queries whose states are averaged into one theta."""
    format: str = "arrow"
    """Prompt format: arrow, example (as published), colon or chat."""
    dev_share: float = Field(default=0.3, gt=0, lt=1)
    """Share of a task's clusters whose queries are for development; no cluster is in both splits."""


class SuiteParams(CellParams):
    """What the numbers of a generated task depend on: as E1, and never taken for a cell of E1."""

    suite: Literal[True] = True

    @property
    def accuracies(self) -> CellParams:
        """The sizes alone, as E1 reads them."""
        return CellParams(**self.model_dump(include=set(CellParams.model_fields)))


class ThetaParams(Params):
    """What the thetas of one task depend on, beside model, task and seed (E3, E4, E6)."""

    k: int = Field(default=5, ge=1)
    n_sets: int = Field(default=24, ge=4)
    """Demonstration sets S, each with dummies of its own."""
    n_dummies: int = Field(default=2, ge=2)
    """Dummies of each set: two at least, or the share of the dummy cannot be told."""
    format: str = "arrow"


class LensParams(ThetaParams):
    """What thetas read through a tuned lens depend on, beside model, tasks and seed (E6 iii)."""

    lens_steps: int = Field(default=100, ge=1)
    """Steps in which the map of each block is tuned."""
    tuned_on: Literal["text and other groups"] = "text and other groups"
    """Sets apart what was read through maps tuned otherwise before, so that it is measured again."""


class ConflictParams(Params):
    """What a conflict of two tasks depends on, beside model, tasks and seed (E5)."""

    k: int = Field(default=5, ge=1)
    n_conflicts: int = Field(default=50, ge=1)
    """Queries, each with demonstrations of its own for both tasks."""
    n_dummies: int = Field(default=2, ge=1)
    format: str = "arrow"
    dev_share: float = Field(default=0.3, gt=0, lt=1)


class AveragedParams(Params):
    """What theta averaged over prompts depends on, beside model, task and seed (E7)."""

    k: int = Field(default=5, ge=1)
    n_averaged: int = Field(default=48, ge=1)
    """Prompts; each one's query is answered with the mean over those that do not contain it."""
    n_dummies: int = Field(default=2, ge=1)
    """Dummies of the theta of one prompt's demonstrations, beside which the mean stands."""
    format: str = "arrow"
    dev_share: float = Field(default=0.3, gt=0, lt=1)


class TemplateParams(Params):
    """What theta across prompt formats depends on, beside model, task and seed."""

    k: int = Field(default=5, ge=1)
    n_templates: int = Field(default=16, ge=1)
    """Queries, each asked in every format."""
    n_dummies: int = Field(default=2, ge=1)
    dev_share: float = Field(default=0.3, gt=0, lt=1)


class HeadParams(Params):
    """What function vectors depend on, beside model, tasks and seed (FV-1 to FV-7)."""

    k: int = Field(default=5, ge=1)
    n_means: int = Field(default=50, ge=1)
    """Prompts from which the heads' mean outputs are read, for each task (FV-2)."""
    n_effects: int = Field(default=25, ge=1)
    """Prompts with swapped labels in which heads are replaced one by one, for each task (FV-3)."""
    n_vector_dev: int = Field(default=25, ge=1)
    n_vector_test: int = Field(default=50, ge=1)
    """Queries to which function vectors are added, for each task."""
    head_share: float = Field(default=0.02, gt=0, le=1)
    """Share of all heads that write a function vector; at least one head does."""
    n_random_sets: int = Field(default=5, ge=1)
    """Sets of as many random heads, whose mean is a control."""
    exact_heads: int = Field(default=1024, ge=1)
    """A model with more heads gets exact effects for the twentieth that gradients say is strongest (6.8)."""
    rebuilding_steps: int = Field(default=1000, ge=0)
    """Steps in which a vector is made that says what the function vector says (FV-7); 0 for none."""
    format: str = "arrow"
    dev_share: float = Field(default=0.3, gt=0, lt=1)


class CompositionParams(HeadParams):
    """What a composition depends on: as function vectors, and never taken for a cell of theirs (FV-8)."""

    composition: Literal[True] = True


class TaskVectorParams(CellParams):
    """All parameters; those beyond a cell's own can change without measuring again."""

    tasks: tuple[str, ...] = Field(default=PAPER_TASKS, min_length=1)
    """Built-in names or paths of task files."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Each seed draws its own demonstrations; queries keep their split."""
    draws: int = Field(default=2000, ge=100)
    """Bootstrap resamples behind every interval."""

    k_sets: int | None = Field(default=None, ge=1)
    """Demonstrations of each set whose theta is compared with others (E3, E4, E6); k where not given."""
    k_conflicts: int | None = Field(default=None, ge=1)
    """Demonstrations of either task in a conflict (E5); k where not given."""
    k_heads: int | None = Field(default=None, ge=1)
    """Demonstrations behind function vectors (FV-1 to FV-8); k where not given."""

    n_sets: int = Field(default=24, ge=4)
    """Demonstration sets of each task whose thetas are compared with those of other tasks (E3, E4)."""

    n_picture_starts: int = Field(default=5, ge=0)
    """Random starts of t-SNE by which the picture of the thetas is checked (E3); 0 for none."""

    lens_steps: int = Field(default=100, ge=0)
    """Steps in which a tuned lens is made for each block, which reads theta too (E6); 0 for none."""

    n_conflicts: int = Field(default=50, ge=1)
    """Queries on which each pair of tasks that share inputs is set against each other (E5)."""
    suites: tuple[str, ...] = ("bijection", "two-step")
    """Groups of generated tasks on which one vector is known to fail; none of them enters a verdict."""

    n_averaged: int = Field(default=48, ge=0)
    """Prompts of each task over which theta is averaged, leaving out those that contain the query (E7); 0 for
    none."""

    n_templates: int = Field(default=16, ge=0)
    """Queries of each task that are asked in every prompt format, theta read in every other; 0 for none."""

    n_means: int = Field(default=50, ge=1)
    """Prompts of each task from which the heads' mean outputs are read (FV-2)."""

    n_effects: int = Field(default=25, ge=1)
    """Prompts of each task in which heads are replaced one by one (FV-3)."""

    n_vector_dev: int = Field(default=25, ge=1)
    n_vector_test: int = Field(default=50, ge=1)
    """Queries of each task to which function vectors are added (FV-6)."""

    head_share: float = Field(default=0.02, gt=0, le=1)
    """Share of all heads that write a function vector; at least one head does (FV-4)."""

    n_random_sets: int = Field(default=5, ge=1)
    """Sets of as many random heads, whose mean is a control."""

    exact_heads: int = Field(default=1024, ge=1)
    """A model with more heads gets exact effects for the twentieth that gradients say is strongest (6.8)."""

    rebuilding_steps: int = Field(default=1000, ge=0)
    """Steps in which a vector is made that says what the function vector says (FV-7); 0 for none."""

    squares: tuple[str, ...] = tuple(SQUARES)
    """Tasks whose function vectors are added up from those of three others (FV-8)."""

    @property
    def composition(self) -> CompositionParams:
        """The part that decides the numbers of a composition."""
        # Nothing is rebuilt here, so that rebuilding longer measures no composition again.
        return CompositionParams(**{**self.heads.model_dump(), "rebuilding_steps": 0})

    @property
    def template(self) -> TemplateParams:
        """The part that decides the numbers across prompt formats."""
        return TemplateParams(**self.model_dump(include=set(TemplateParams.model_fields)))

    @property
    def averaged(self) -> AveragedParams:
        """The part that decides the numbers of averaged thetas."""
        return AveragedParams(**self.model_dump(include=set(AveragedParams.model_fields)))

    @property
    def suite(self) -> SuiteParams:
        """Sizes of a cell on a generated task: a third of the pairs tell a failure from a success."""
        sizes = {"n_dev": max(self.n_dev // 3, 1), "n_test": max(self.n_test // 3, 1)}
        return SuiteParams(**{**self.cell.model_dump(), **sizes})

    @property
    def heads(self) -> HeadParams:
        """The part that decides the numbers of function vectors."""
        shared = self.model_dump(include=set(HeadParams.model_fields))
        return HeadParams(**{**shared, "k": self.k_heads or self.k})

    @property
    def conflict(self) -> ConflictParams:
        """The part that decides a conflict's numbers."""
        shared = self.model_dump(include=set(ConflictParams.model_fields))
        return ConflictParams(**{**shared, "k": self.k_conflicts or self.k})

    @property
    def cell(self) -> CellParams:
        """The part that decides a cell's numbers."""
        return CellParams(**self.model_dump(include=set(CellParams.model_fields)))

    @property
    def theta(self) -> ThetaParams:
        """The part that decides the thetas that are compared across tasks."""
        shared = self.model_dump(include=set(ThetaParams.model_fields))
        own = {"k": self.k_sets or self.k, "n_dummies": max(self.n_dummies, 2)}
        return ThetaParams(**{**shared, **own})

    @property
    def lens(self) -> LensParams:
        """The part that decides what is read through a tuned lens; its thetas are those of `theta`."""
        return LensParams(**self.theta.model_dump(), lens_steps=self.lens_steps)

    def check(self) -> None:
        """Refuse what pydantic's types cannot.

        Raises:
            StudyError: Unknown prompt format, suite or square; a task, seed, suite or square named twice; or
                fewer prompts to average than a mean takes.
        """
        if 0 < self.n_averaged <= FEWEST_AVERAGED:
            raise StudyError(
                f"n_averaged={self.n_averaged}: a mean over fewer than {FEWEST_AVERAGED} other prompts",
                f"at least {FEWEST_AVERAGED + 1} prompts, more for tasks of few items, or 0 to leave it out",
                "--set n_averaged=48",
            )
        if self.format not in FORMATS:
            raise StudyError(
                f"format {self.format!r}", f"one of {', '.join(FORMATS)}", nearest(self.format, FORMATS)
            )
        for group in self.suites:
            if group not in SUITES:
                raise StudyError(f"suite {group!r}", f"some of {', '.join(SUITES)}", nearest(group, SUITES))
        for name in self.squares:
            if name not in SQUARES:
                raise StudyError(f"square {name!r}", f"some of {', '.join(SQUARES)}", nearest(name, SQUARES))
        named = {"task": self.tasks, "seed": self.seeds, "suite": self.suites, "square": self.squares}
        for what, values in named.items():
            twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
            if twice:
                raise StudyError(f"{what} {twice[0]!r} is named twice", f"each {what} once")
