"""What the kernel-regression account claims; measuring it is yet to come."""

from taskscope.report.findings import Account, Claim


def _claim(number: str, title: str, statement: str, *experiments: str) -> Claim:
    return Claim(number=number, title=title, statement=statement, experiments=experiments, implemented=False)


ACCOUNT = Account(
    name="kernel-regression",
    title="Kernel regression",
    papers=("Han, Wang, Zhao & Ji 2023, arXiv 2305.12766",),
    question="Is attention over demonstrations a weighted vote of their labels?",
    says="A Bayesian predictor of mixed text answers a few-shot prompt like a kernel smoother: it averages "
    "the demonstrations' labels, weighted by similarity; some attention heads look as if they did this.",
    measured="The theorem by exact simulation, then the attention of every head read as a kernel.",
    how_to_read="A layers x heads map of how well each head's vote reproduces the model's answer.",
    claims=(
        _claim(
            "RQ1", "The theorem", "Exact Bayes on mixed text approaches kernel regression.", "S1", "S2", "S3"
        ),
        _claim("RQ2", "Attention on labels", "The last token attends to the demonstrations' labels.", "M1"),
        _claim(
            "RQ3",
            "A few middle heads",
            "A few heads in the upper middle act as kernel smoothers.",
            "M2",
            "M4",
        ),
        _claim(
            "RQ4", "Votes rebuild outputs", "One head's label vote reproduces the answer.", "M2", "M5", "M11"
        ),
        _claim(
            "RQ5",
            "Known effects follow",
            "Retrieval, formats and samples act as theory says.",
            "S5",
            "S7",
            "M7",
        ),
    ),
)
