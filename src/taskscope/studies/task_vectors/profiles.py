"""The four profiles of the task-vector study."""

from __future__ import annotations

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import PROFILES
from taskscope.studies.task_vectors.params import TaskVectorParams

SMOKE_TASKS = (
    *("next-letter", "to-upper", "list-first", "en-fr"),
    *("present-past", "antonyms", "country-capital", "person-language"),
)
"""Two tasks or so of each group: enough of them to resample tasks, few enough for seconds."""

_PROFILES = {
    "smoke": TaskVectorParams(
        tasks=SMOKE_TASKS,
        n_dev=16,
        n_test=24,
        draws=1000,
        n_sets=16,
        n_picture_starts=0,
        lens_steps=0,
        n_conflicts=16,
        suites=(),
        n_averaged=0,
        n_templates=0,
        n_means=6,
        n_effects=4,
        n_vector_dev=5,
        n_vector_test=12,
        n_random_sets=2,
        rebuilding_steps=60,
        squares=("next-letter-then-to-upper",),
    ),
    "standard": TaskVectorParams(),
    "full": TaskVectorParams(
        n_test=400,
        seeds=(0, 1, 2, 3, 4),
        draws=10_000,
        n_sets=50,
        n_conflicts=100,
        n_averaged=100,
        n_templates=64,
        n_means=100,
    ),
    "paper": TaskVectorParams(
        k_sets=4,
        k_conflicts=4,
        k_heads=10,
        n_dev=50,
        n_test=50,
        n_sets=50,
        n_conflicts=100,
        n_averaged=50,
        n_means=100,
        format="example",
        seeds=(41,),
        suites=(),
    ),
}


def profile(name: str) -> TaskVectorParams:
    """Return the parameters of a profile.

    ``paper`` keeps the published sizes: k = 5, but 4 in geometry and conflicts and 10 for function vectors;
    50 pairs each for development and test, so 100 baseline prompts, 50 demonstration sets for the geometry,
    seed 41 (protocol E0, E3, E5, 5). Queries stay split between development and test, and dummies outside S,
    because the published overlap flatters the result (P12).

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
