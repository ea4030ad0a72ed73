"""The four profiles of the skill-emergence study: how much of it is run."""

from __future__ import annotations

from taskscope.errors import StudyError, nearest
from taskscope.studies.base import PROFILES
from taskscope.studies.skill_emergence.collage.kinds import CONTROLS
from taskscope.studies.skill_emergence.collage.rows import EXTRAS
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.settings import ENUMERATED, LARGE

_PROFILES = {
    "smoke": SkillEmergenceParams(
        settings=(ENUMERATED[0], ENUMERATED[6], LARGE[0]),
        n_graphs=27,
        n_texts=20_000,
        n_skills=300,
        n_worlds=5,
        n_tuples=4_000,
        peeled_skills=2_000,
        ranked_skills=100_000,
        restarts=2,
        n_collages=128,
        n_test_collages=200,
        epochs=2,
        n_trainings=1,
        collage_kinds=CONTROLS[:1],
        n_kind_trainings=1,
        pairs=("to-upper(list-first)", "present-gerund(fr-en)"),
        pair_repetitions=6,
        pair_queries=3,
        cloze_items=4,
        mix_singles=2,
        mix_combinations=12,
        mix_largest=3,
        mix_tokens=48,
    ),
    "standard": SkillEmergenceParams(),
    "full": SkillEmergenceParams(
        n_graphs=30,
        n_clustered=20,
        n_worlds=30,
        n_kind_trainings=5,
        collage_extras=tuple(EXTRAS),
        n_tuples=100_000,
        restarts=20,
        pair_repetitions=50,
        draws=10_000,
    ),
    "paper": SkillEmergenceParams(
        n_graphs=50,
        n_clustered=20,
        n_worlds=30,
        n_kind_trainings=5,
        collage_extras=tuple(EXTRAS),
        n_tuples=100_000,
        restarts=20,
        pair_repetitions=50,
        draws=10_000,
    ),
}


def profile(name: str) -> SkillEmergenceParams:
    """Return the parameters of a profile; ``paper`` has the protocol's fifty graphs of each setting.

    Raises:
        StudyError: If there is no such profile.
    """
    if name not in _PROFILES:
        raise StudyError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", nearest(name, PROFILES))
    return _PROFILES[name]
