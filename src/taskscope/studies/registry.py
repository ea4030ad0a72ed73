"""All studies by name. A study knows nothing of the others, and `base` of none."""

from __future__ import annotations

from collections.abc import Mapping

from taskscope.studies.base import Study


def registry() -> Mapping[str, Study]:
    """All studies by name; imported here so that naming a study costs no more than its own imports."""
    from taskscope.studies.inverse_scaling.study import INVERSE_SCALING
    from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
    from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
    from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS
    from taskscope.studies.task_spaces.study import TASK_SPACES
    from taskscope.studies.task_vectors.study import TASK_VECTORS

    studies = (
        STRUCTURED_TASKS,
        TASK_VECTORS,
        TASK_SPACES,
        INVERSE_SCALING,
        KERNEL_REGRESSION,
        SKILL_EMERGENCE,
    )
    return {study.name: study for study in studies}
