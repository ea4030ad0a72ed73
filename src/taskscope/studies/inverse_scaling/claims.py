"""What the inverse-scaling account claims."""

from taskscope.report.findings import Account, Claim

ACCOUNT = Account(
    name="inverse-scaling",
    title="Inverse scaling",
    papers=("McKenzie et al. 2023, arXiv 2306.09479", "Wei, Kim, Tay & Le 2022, arXiv 2211.02011"),
    question="Which tasks get worse as models grow, and which get worse and then better?",
    says="On some tasks larger models do worse, for four kinds of reasons: a strong prior, imitation of bad "
    "text, an easier task that looks alike, and examples that mislead. With still larger models several of "
    "these trends turn around.",
    measured="The same items on a series of models that differ in size, or in training alone. A rule with a "
    "known error rate names the trend of each task, with the share of resamples that give it the same name. "
    "Beside each task of ours stand the distractor task alone, the true task alone, and the same form "
    "without the trap.",
    how_to_read="Each panel is a task, from small models on the left to large ones on the right; the band "
    "is the interval over items, the rule is guessing. The heading names the trend, or says undetermined: "
    "a line that looks like a fall is not called one until resampled items agree.",
    claims=(
        Claim(
            number="C1",
            title="Some tasks get worse",
            statement="On some tasks performance falls as models grow.",
            experiments=("E2",),
        ),
        Claim(
            number="C2",
            title="The trap is what costs",
            statement="Strong priors, imitation, distractors and misleading examples cause the falls: "
            "without them the same form of task is not lost.",
            experiments=("E7",),
        ),
        Claim(
            number="C3",
            title="Trends reverse",
            statement="Falls can turn into rises (U-shaped) and rises into falls (inverted-U).",
            experiments=("E2", "E5"),
        ),
        Claim(
            number="C4",
            title="Most turn U-shaped",
            statement="With five times the compute of the largest earlier models most inverse trends turn "
            "upwards.",
            experiments=("E4",),
        ),
        Claim(
            number="C5",
            title="Prompting softens it",
            statement="One demonstration softens the fall.",
            experiments=("E3", "E4"),
        ),
        Claim(
            number="C6",
            title="A distractor comes first",
            statement="Medium models can do the distractor task; only large ones can ignore it.",
            experiments=("E7",),
        ),
    ),
)
