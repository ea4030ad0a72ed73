"""What the kernel-regression account claims, with the published numbers."""

from taskscope.report.findings import Account, Claim, Published

_TABLE = "Han et al. 2023: output reconstruction by the best head on held-out examples, Table 2"

ACCOUNT = Account(
    name="kernel-regression",
    title="Kernel regression",
    papers=("Han, Wang, Zhao & Ji 2023, arXiv 2305.12766",),
    question="Is attention over demonstrations a weighted vote of their labels?",
    says="A Bayesian predictor of mixed text answers a few-shot prompt like a kernel smoother: it averages "
    "the demonstrations' labels, weighted by similarity; some attention heads look as if they did this.",
    measured="The theorem by exact simulation. Then every head's attention to the demonstrations, read as "
    "the weights of a vote over their labels: one head is chosen on some questions, and on others its vote "
    "is compared with the model's answer, beside everything that agrees with the model for simpler reasons.",
    how_to_read="Each cell of the map is a head; the darker, the more often its vote is the model's answer. "
    "Compare it with the map to its right, in which the model's answers were exchanged between questions.",
    claims=(
        Claim(
            number="RQ1",
            title="The theorem",
            statement="Exact Bayes on mixed text approaches kernel regression as demonstrations are added.",
            experiments=("S1", "S2", "S3"),
        ),
        Claim(
            number="RQ2",
            title="Attention on labels",
            statement="While it predicts, the last token attends to the labels of the demonstrations.",
            experiments=("M1", "M12"),
        ),
        Claim(
            number="RQ3",
            title="A few upper heads",
            statement="A few heads in the middle and upper blocks act as kernel smoothers.",
            experiments=("M2", "M4"),
        ),
        Claim(
            number="RQ4",
            title="Votes rebuild outputs",
            statement="Voting with one head's attention over the demonstrations' labels gives the model's "
            "answer, its errors among them.",
            experiments=("M2", "M5", "M11", "M12"),
            published=(
                Published(label="GPT-J 6B, SST-2", value=0.797, source=_TABLE),
                Published(label="GPT-J 6B, MNLI", value=0.597, source=_TABLE),
                Published(label="GPT-J 6B, offensive", value=0.753, source=_TABLE),
            ),
        ),
        Claim(
            number="RQ5",
            title="Known effects follow",
            statement="Retrieval, label words, rewritten inputs and chosen samples move the answer as they "
            "move the vote.",
            experiments=("S5", "S7", "M7", "M8", "M9", "M10"),
        ),
    ),
)
