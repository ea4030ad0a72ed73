"""What the skill-emergence account claims; measuring it is yet to come."""

from taskscope.report.findings import Account, Claim


def _claim(number: str, title: str, statement: str) -> Claim:
    return Claim(number=number, title=title, statement=statement, implemented=False)


ACCOUNT = Account(
    name="skill-emergence",
    title="Skill emergence",
    papers=("Arora & Goyal 2023, arXiv 2307.15936",),
    question="Why can a model combine skills it has never seen together?",
    says="If texts draw random sets of skills and the loss falls as scaling laws say, then competence must "
    "spread over almost all skills, and over sets of skills too many to have been seen.",
    measured="The theorem as a calculator, simulations against its worst adversary, and real responses.",
    how_to_read="Share of skills against guaranteed competence, with the exact worst case below the bound.",
    claims=(
        _claim(
            "1", "Loss is entropy plus excess", "Only the part of the loss above the text's entropy can fall."
        ),
        _claim(
            "2", "Ten times halves excess", "Scaling size and data together tenfold halves the excess loss."
        ),
        _claim(
            "3", "Joint learning wins", "Learning skills from shared text beats learning them one by one."
        ),
        _claim("4", "Skill graph", "Texts draw random sets of skills; cloze questions test them."),
        _claim(
            "5", "Random-graph theorem", "Few failed texts imply few badly learned skills, whichever fail."
        ),
        _claim("6", "Tuples double per decade", "Ten times the scale doubles how many skills combine."),
        _claim("7", "Paucity of stimulus", "Models combine more skills than they can have seen together."),
        _claim(
            "8", "Collage experiment", "Trained on one label of four, a classifier ranks all four on top."
        ),
    ),
)
