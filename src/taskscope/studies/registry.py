"""All studies by name. A study knows nothing of the others, and `base` of none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from taskscope import plugins
from taskscope.errors import TaskscopeError
from taskscope.report.findings import Account
from taskscope.studies.base import Study
from taskscope.studies.catalogue import ACCOUNTS

_CONTRACT = ("name", "version", "account", "Params", "planted", "compares")
_CALLED = ("profile", "plan", "analyse", "figures", "tables")


def built_in() -> Mapping[str, Study]:
    """This package's studies; imported here so that naming a study costs no more than its own imports."""
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


def registry() -> Mapping[str, Study]:
    """This package's studies and those that other installed packages offer.

    One that cannot be used is left out with a warning that names its package: a broken package must not keep
    the others from running.
    """
    studies = dict(built_in())
    for name in plugins.names(plugins.STUDIES):
        try:
            studies |= {name: _offered(name, studies)}
        except TaskscopeError as error:
            warnings.warn(f"a study was left out: {error.given}", stacklevel=2)
    return studies


def accounts() -> tuple[Account, ...]:
    """Every account in the order of the overview: the six, then those of other packages."""
    known = {account.name for account in ACCOUNTS}
    return (*ACCOUNTS, *(study.account for study in registry().values() if study.name not in known))


def _offered(name: str, taken: Mapping[str, Study]) -> Study:
    if name in taken:
        raise plugins.PluginError(f"the name {name!r} is taken", "a name of its own")
    study = plugins.load(plugins.STUDIES, name)
    missing = [part for part in _CONTRACT if not hasattr(study, part)]
    missing += [part for part in _CALLED if not callable(getattr(study, part, None))]
    if missing or study.name != name or study.account.name != name:
        told = f"lacks {', '.join(missing)}" if missing else "has another name"
        raise plugins.PluginError(f"{name!r} {told}", "the contract of taskscope.studies.base.Study")
    return study
