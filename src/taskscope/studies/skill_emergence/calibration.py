"""The calibration of the verdicts on all eight claims.

Run ``python -m taskscope.studies.skill_emergence.calibration`` from the repository to write the committed
table.
"""

from __future__ import annotations

from taskscope.studies.calibrating import Calibration
from taskscope.studies.skill_emergence.analysis import analyse
from taskscope.studies.skill_emergence.claims import ACCOUNT
from taskscope.studies.skill_emergence.cloze import simulation as cloze
from taskscope.studies.skill_emergence.collage import simulation as collage
from taskscope.studies.skill_emergence.pairs import simulation as pairs
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.scaling import simulation as scaling
from taskscope.studies.skill_emergence.simulation import SCENARIOS

PARAMS = SkillEmergenceParams()

CALIBRATION = Calibration(
    study=ACCOUNT.name,
    params=PARAMS,
    analyse=analyse,
    scenarios=(*SCENARIOS, *collage.SCENARIOS, *pairs.SCENARIOS, *scaling.SCENARIOS, *cloze.SCENARIOS),
    sizes={
        "settings": len(PARAMS.settings),
        "graphs": PARAMS.n_graphs,
        "clustered": PARAMS.n_clustered,
        "worlds": PARAMS.n_worlds,
        "trainings": PARAMS.n_trainings,
        "collages": collage.N_COLLAGES,
        "pairs": len(PARAMS.pairs),
        "draws of demonstrations": PARAMS.pair_repetitions,
        "questions after each": PARAMS.pair_queries,
        "sizes": len(scaling.SIZES),
        "numbers of tokens": len(scaling.TOKENS),
        "models": cloze.N_MODELS,
        "cloze questions of a kind": PARAMS.cloze_items,
    },
    told=f"{len(PARAMS.settings)} settings of {PARAMS.n_graphs} random graphs and {PARAMS.n_clustered} "
    f"clustered ones for claim 5, {PARAMS.n_worlds} simulated worlds for claim 6, {PARAMS.n_trainings} "
    f"trainings with {collage.N_COLLAGES} test collages for claims 3 and 8, "
    f"{len(PARAMS.pairs)} pairs of skills with {PARAMS.pair_repetitions} draws of demonstrations and "
    f"{PARAMS.pair_queries} questions after each for claim 7, {len(scaling.SIZES)} sizes by "
    f"{len(scaling.TOKENS)} numbers of tokens for claims 1 and 2, {cloze.N_MODELS} models with "
    f"{PARAMS.cloze_items} cloze questions of each kind for claim 4.",
)

if __name__ == "__main__":
    CALIBRATION.main()
