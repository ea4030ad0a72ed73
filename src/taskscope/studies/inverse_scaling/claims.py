"""What the inverse-scaling account claims; measuring it is yet to come."""

from taskscope.report.findings import Account, Claim


def _claim(number: str, title: str, statement: str, *experiments: str) -> Claim:
    return Claim(number=number, title=title, statement=statement, experiments=experiments, implemented=False)


ACCOUNT = Account(
    name="inverse-scaling",
    title="Inverse scaling",
    papers=("McKenzie et al. 2023, arXiv 2306.09479", "Wei, Kim, Tay & Le 2022, arXiv 2211.02011"),
    question="Which tasks get worse as models grow, and which get worse and then better?",
    says="On some tasks larger models do worse, for four kinds of reasons; with still larger models several "
    "of these trends turn around.",
    measured="The same items on a series of models, with a trend label that has a known error rate.",
    how_to_read="Accuracy against size on a log axis, one line per family, chance as a rule.",
    claims=(
        _claim("C1", "Some tasks get worse", "On some tasks performance falls as models grow.", "E2"),
        _claim(
            "C2",
            "Four causes",
            "Strong priors, imitation, distractors and misleading examples explain it.",
            "E3",
        ),
        _claim("C3", "Trends reverse", "Falls can turn into rises and rises into falls.", "E2", "E5"),
        _claim(
            "C4", "Most turn U-shaped", "With five times the compute most inverse trends are U-shaped.", "E4"
        ),
        _claim(
            "C5",
            "Prompting softens it",
            "One demonstration or written reasoning softens the fall.",
            "E5",
            "E6",
        ),
        _claim(
            "C6", "A distractor task", "Medium models learn the distractor; only large ones ignore it.", "E7"
        ),
    ),
)
