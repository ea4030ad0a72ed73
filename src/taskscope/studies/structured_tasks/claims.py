"""What the structured-task account claims, with the published numbers."""

from taskscope.report.findings import Account, Claim, Published

_CORRELATION = "Li et al. 2024: correlation of renamed task and renaming over maps, all three data sets"

ACCOUNT = Account(
    name="structured-tasks",
    title="Structured tasks",
    papers=("Li, Hou, Sachan & Cotterell 2024, arXiv 2406.04216",),
    question="Does the model select a task it knows, learn a new one, or compose known ones?",
    says="Demonstrations select a composition of tasks that were learned in pre-training: neither one "
    "stored task alone nor a general learning algorithm explains what models do.",
    measured="Text classification in three ways: as it is; with every label word replaced by a random word, "
    "which no pre-training can have seen as an answer; and with the words of the texts in a cipher, which "
    "leaves a learner of word counts undisturbed. Beside them controls in which there is nothing to learn, "
    "simple learners on the same demonstrations, and the renaming of labels asked for on its own.",
    how_to_read="Each panel is a task; a line shows how often the model is right (macro-F1) as it is shown "
    "more demonstrations. Compare the renamed and the ciphered line with the grey ones, where nothing can be "
    "learned, and with logistic regression, which learns from the same demonstrations.",
    claims=(
        Claim(
            number="H1",
            title="Select a known task",
            statement="Pre-training stores finitely many tasks and demonstrations only say which one to run. "
            "The paper refutes it: tasks with randomly renamed answers are learned.",
            experiments=("E1",),
        ),
        Claim(
            number="H2",
            title="Learn a new task",
            statement="Demonstrations are a training set for a general learner. The paper refutes it: with "
            "rewritten inputs models do not learn where logistic regression does.",
            experiments=("E2", "E3"),
        ),
        Claim(
            number="H3",
            title="Compose known tasks",
            statement="Models execute compositions of tasks they know, so renamed answers are learned as "
            "well as the renaming alone is, and natural renamings more easily than random ones.",
            experiments=("E4", "E5", "E6"),
            published=(
                Published(label="LLaMA2 70B, lowest", value=0.3, source=_CORRELATION),
                Published(label="LLaMA2 70B, highest", value=0.5, source=_CORRELATION),
            ),
        ),
    ),
)
