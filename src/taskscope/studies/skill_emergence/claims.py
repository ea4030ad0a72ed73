"""What the skill-emergence account claims, with the published numbers."""

from taskscope.report.findings import Account, Claim, Published

ACCOUNT = Account(
    name="skill-emergence",
    title="Skill emergence",
    papers=("Arora & Goyal 2023, arXiv 2307.15936",),
    question="Why can a model combine skills it has never seen together?",
    says="If texts draw random sets of skills and the loss falls as scaling laws say, then competence must "
    "spread over almost all skills, and over sets of skills too many to have been seen.",
    measured="The theorem as a calculator, and simulated texts of which an adversary chooses those "
    "that the model fails on: exactly where all sets of skills can be tried, by a search elsewhere. "
    "Then the failures shrink as the scaling law says, and sets of skills are asked for. A small classifier "
    "is trained on collages of four digits and told one of them, and a scaling law is fitted to losses of "
    "real trainings. None of this needs a model; of models that are given, skills shown apart are asked "
    "together.",
    how_to_read="Leave out the share of skills on the horizontal axis, the worst ones; the height is the "
    "competence guaranteed on all others. The theorem lies above what holds for every graph and below the "
    "exact worst case; where it touches the floor it says nothing.",
    claims=(
        Claim(
            number="1",
            title="Loss is entropy plus excess",
            statement="Only the part of the loss above the text's entropy can fall.",
            experiments=("5",),
        ),
        Claim(
            number="2",
            title="Ten times halves excess",
            statement="Scaling size and data together tenfold halves the excess loss.",
            experiments=("5.1",),
            published=(
                Published(label="Hoffmann et al.", value=2.0, source="Hoffmann et al. 2022, N = D / 20"),
                Published(label="Besiroglu et al.", value=2.3, source="Besiroglu et al. 2024, N = D / 20"),
            ),
        ),
        Claim(
            number="3",
            title="Joint learning wins",
            statement="Learning skills from shared text beats learning them one by one.",
            experiments=("5.1", "6"),
        ),
        Claim(
            number="4",
            title="Skill graph",
            statement="Questions about a text test the set of skills that the text draws.",
            experiments=("7",),
        ),
        Claim(
            number="5",
            title="Random-graph theorem",
            statement="Few failed texts imply few badly learned skills, whichever texts fail.",
            experiments=("3", "4.1"),
        ),
        Claim(
            number="6",
            title="Tuples double per decade",
            statement="Ten times the scale doubles how many skills combine at equal competence.",
            experiments=("3.6", "4.2"),
            published=(
                Published(label="Corollary 13", value=2.0, source="Arora & Goyal 2023, Corollary 13"),
            ),
        ),
        Claim(
            number="7",
            title="Paucity of stimulus",
            statement="Models combine more skills than they can have seen together.",
            experiments=("3.7", "8"),
        ),
        Claim(
            number="8",
            title="Collage experiment",
            statement="Trained on one label of four, a classifier ranks all four on top.",
            experiments=("6",),
            published=(
                Published(
                    label="ViT",
                    value=0.92,
                    source="Arora & Goyal 2023: a pretrained ViT on 1,000 collages of MNIST digits",
                ),
            ),
        ),
    ),
)
