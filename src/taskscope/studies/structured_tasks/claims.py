"""What the structured-task account claims; measuring it is yet to come."""

from taskscope.report.findings import Account, Claim

ACCOUNT = Account(
    name="structured-tasks",
    title="Structured tasks",
    papers=("Li, Hou, Sachan & Cotterell 2024, arXiv 2406.04216",),
    question="Does the model select a task it knows, learn a new one, or compose known ones?",
    says="Demonstrations select a composition of tasks that were learned in pre-training: neither one "
    "stored task alone nor a general learning algorithm explains what models do.",
    measured="Tasks with rewritten answers and tasks with rewritten inputs, beside reference learners.",
    how_to_read="A learning curve over the number of demonstrations for each kind of task.",
    claims=(
        Claim(
            number="H1",
            title="Select a known task",
            statement="Pre-training stores finitely many tasks and demonstrations only say which one to run. "
            "The paper refutes it: tasks with randomly renamed answers are learned.",
            experiments=("E1",),
            implemented=False,
        ),
        Claim(
            number="H2",
            title="Learn a new task",
            statement="Demonstrations are a training set for a general learner. The paper refutes it: with "
            "rewritten inputs models do not learn where logistic regression does.",
            experiments=("E2", "E3"),
            implemented=False,
        ),
        Claim(
            number="H3",
            title="Compose known tasks",
            statement="Models execute compositions of tasks they know, so renamed answers are learned as "
            "well as the renaming alone is, and natural renamings more easily than random ones.",
            experiments=("E4", "E5", "E6"),
            implemented=False,
        ),
    ),
)
