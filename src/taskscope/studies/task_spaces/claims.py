"""What the task-space account claims; every claim is measured."""

from taskscope.report.findings import Account, Claim


def _claim(number: str, title: str, statement: str, *experiments: str) -> Claim:
    return Claim(
        number=number,
        title=title,
        statement=statement,
        experiments=experiments,
    )


ACCOUNT = Account(
    name="task-spaces",
    title="Task spaces",
    papers=("Weber, Jumelet, Bruni & Hupkes 2024, arXiv 2406.06441",),
    question="Which tasks help or hurt each other inside the model?",
    says="How a learning signal for one task moves every other task is a map of how a model organises what "
    "it can do; fine-tuning on the difference of two gradients isolates one task at a time.",
    measured="Minimal pairs: a good and a bad sentence that differ in one point of grammar. A few weights of "
    "the model are tuned on one task's pairs, by the difference of the gradients of both sentences, and all "
    "tasks are judged before and after; then the weights are put back and the next task's turn comes. Beside "
    "it the same with labels exchanged at random, with weights drawn at random, and by plain training; what "
    "the words of two tasks have in common; and gradients of a network that learned nothing.",
    how_to_read="Row i, column j of the map says how far learning task i moves task j: blue for better, red "
    "for worse. Lines separate phenomena; if the model groups tasks as linguists do, the squares along the "
    "diagonal are darker than the rest.",
    claims=(
        _claim(
            "1",
            "A map of tasks",
            "Transfer between all pairs of tasks shows how a model organises them.",
            "E2",
        ),
        _claim(
            "2",
            "Entangled phenomena",
            "Ordinary fine-tuning on a task's sentences trains other tasks too.",
            "E1",
        ),
        _claim(
            "3",
            "Gradient differences isolate",
            "Tuning on gradient differences moves the aimed-at task alone.",
            "E1",
        ),
        _claim("4", "Two probes agree", "Transfer and gradient overlap draw the same map.", "E2", "E6"),
        _claim(
            "5", "As accurate, less damage", "Targeted tuning keeps accuracy and costs less perplexity.", "E1"
        ),
        _claim(
            "6", "Matches linguists' map", "Tasks that linguists group together transfer to each other.", "E4"
        ),
        _claim(
            "7",
            "Three patterns",
            "Phenomena are mutually similar, partly opposed, or unrelated inside.",
            "E3",
        ),
        _claim("8", "Size brings similarity", "Larger models make more phenomena similar inside.", "E5"),
        _claim("9", "Stable over training", "The map changes early, then stays, while subspaces grow.", "E7"),
    ),
)
