"""The documented commands that `make docs-check` does not execute as they are written, and why not.

Everything else in a shell block of README, CONTRIBUTING and the docs is executed to the letter, in a folder
that holds the files a reader is said to have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from taskscope.studies.task_spaces.params import FEW

HUB = "downloads a model; a built-in one takes its place, in the smoke profile"
LONG = "takes many minutes; the smoke profile takes the same way"
DATA = "downloads a published set"
SETUP = "sets up and runs what this check itself runs in; `make dist` runs the demo, CI the tests"
TRAINING = "trains for minutes to days; tests/unit/training trains small ones by the same recipes"
WEIGHTS = "writes the built-in weights again; tests/unit/training checks the same functions"
CLUSTER = "needs machines; tests/faults/cluster runs the same on two nodes of one machine"
REGISTRY = "comes from the package registry"
SERVER = "asks models behind servers; tests/unit/models/test_served.py asks one that it starts"
OWN = "is a training of the reader's own; checkpoints of a built-in one take its place"


class Instead(NamedTuple):
    """A command as it is written, what is executed in its place (perhaps nothing), and why."""

    written: str
    executed: str
    why: str


INSTEAD = (
    Instead("make demo", "", SETUP),
    Instead("make test", "", SETUP),
    Instead("taskscope doctor EleutherAI/pythia-160m", "taskscope doctor pico-xs", HUB),
    Instead(
        "taskscope run task-vectors -m EleutherAI/pythia-160m",
        "taskscope run task-vectors -m pico-xs -p smoke",
        HUB,
    ),
    Instead(
        "taskscope run task-vectors -m EleutherAI/pythia-160m -t pairs.csv --set k=8",
        "taskscope run task-vectors -m pico-xs -t pairs.csv --set k=8 -p smoke --out runs/pairs",
        HUB,
    ),
    Instead(
        "taskscope run structured-tasks -m EleutherAI/pythia-160m -t reviews.csv",
        "taskscope run structured-tasks -m pico-xs -t reviews.csv -p smoke",
        HUB,
    ),
    Instead(
        "taskscope run structured-tasks -m pico-m",
        "taskscope run structured-tasks -m pico-xs -p smoke --out runs/a",
        LONG,
    ),
    Instead(
        "taskscope run structured-tasks -m selector -m learner -m composer -t sentiment-few -t topics-few "
        "--profile smoke --set n_queries=16 --set map_shots=32 --set n_maps=40 --set n_natural=12 "
        "--set n_word_sets=4 --set n_text_queries=8 --set n_stage_maps=0 --set draws=500",
        "",
        "takes many minutes; tests/studies/structured_tasks/test_structured_planted.py asks the same",
    ),
    Instead("taskscope run structured-tasks -m EleutherAI/pythia-410m -t sst2 -t ag-news", "", DATA),
    Instead(
        "TASKSCOPE_DATA=folder taskscope run structured-tasks -m pico-s -t sst2 -t cr --set map_shots=4 "
        "--set stage_shots=4",
        "",
        "reads published sets from a folder, which the reader has; "
        "tests/studies/structured_tasks/test_published_sets.py does where there is one",
    ),
    Instead(
        "taskscope run structured-tasks -m pico-m --set thesaurus=wordnet --set shots='[1,4,16]'",
        "taskscope run structured-tasks -m pico-xs --set shots='[1,4,16]' -p smoke --out runs/b",
        "reads the tables of WordNet, which the reader has",
    ),
    Instead(
        "taskscope run structured-tasks -m EleutherAI/pythia-410m --set nested='[\"to-upper(next-letter)\"]'",
        "taskscope run structured-tasks -m pico-xs --set nested='[\"to-upper(next-letter)\"]' -p smoke "
        "--out runs/c",
        HUB,
    ),
    Instead(
        "taskscope run structured-tasks -m HuggingFaceTB/SmolLM2-360M-Instruct --set spoken='[\"en\"]' "
        "--set n_spoken=64",
        "taskscope run structured-tasks -m pico-xs --set spoken='[\"en\"]' --set n_spoken=4 -p smoke "
        "--out runs/d",
        HUB,
    ),
    Instead(
        "taskscope run inverse-scaling --series pythia --device auto",
        "taskscope run inverse-scaling --series pico --device auto -t memo-trap -p smoke",
        HUB,
    ),
    Instead(
        "taskscope run inverse-scaling --series pico --series pico-s",
        "taskscope run inverse-scaling --series pico --series pico-s -t memo-trap -p smoke --out runs/series",
        LONG,
    ),
    Instead(
        "taskscope run inverse-scaling --series pythia -t released/memo-trap --device auto",
        "taskscope run inverse-scaling -m pico-xs -m pico-s -t memo-trap --device auto -p smoke --out runs/a",
        HUB,
    ),
    Instead("taskscope run inverse-scaling --series served.csv -t mine.csv", "", SERVER),
    Instead(
        "taskscope run task-vectors -m runs/small@step-100 -m runs/small@step-1000 -m runs/small@step-10000",
        "taskscope run task-vectors -m pico-s@step-130 -m pico-s -t to-upper -p smoke",
        OWN,
    ),
    Instead(
        "taskscope run kernel-regression -m EleutherAI/pythia-160m",
        "taskscope run kernel-regression -m pico-xs -p smoke",
        HUB,
    ),
    Instead(
        "taskscope run kernel-regression -m pico-m",
        "taskscope run kernel-regression -m pico-xs -p smoke --out runs/pico",
        LONG,
    ),
    Instead("taskscope run kernel-regression -m EleutherAI/pythia-410m -t sst2 -t irony", "", DATA),
    Instead(
        "taskscope run kernel-regression -m EleutherAI/pythia-410m --part effects "
        "--set thesaurus=DATA/wordnet",
        "taskscope run kernel-regression -m pico-xs --part effects -p smoke --out runs/effects",
        DATA,
    ),
    Instead(
        "taskscope run kernel-regression -m EleutherAI/pythia-410m --part weights --set k=8 "
        "--set templates='[\"fields\"]'",
        "taskscope run kernel-regression -m pico-xs --part weights --set k=8 --set templates='[\"fields\"]' "
        "-p smoke --out runs/weights",
        HUB,
    ),
    Instead(
        "taskscope run kernel-regression --part theory",
        "taskscope run kernel-regression --part theory -p smoke",
        LONG,
    ),
    Instead(
        "taskscope run task-spaces -m EleutherAI/pythia-160m",
        "taskscope run task-spaces -m pico-xs -p smoke",
        HUB,
    ),
    Instead("taskscope run skill-emergence", "taskscope run skill-emergence -p smoke", LONG),
    Instead(
        ".venv/bin/taskscope run task-vectors -m planted-vector -t my-colours.json --profile smoke --set k=3 "
        "--dry-run",
        "taskscope run task-vectors -m planted-vector -t my-colours.json --profile smoke --set k=3",
        "is measured here, not only planned",
    ),
    Instead(
        ".venv/bin/python -m pytest tests/unit/tasks/test_registry.py tests/unit/tasks/test_descriptions.py",
        "",
        "CI runs it with all other tests",
    ),
    Instead("pip install 'taskscope[ray]'", "", REGISTRY),
    Instead(
        "taskscope run task-vectors --series pico --engine ray",
        "taskscope run task-vectors -m pico-xs -t to-upper -p smoke --engine ray",
        LONG,
    ),
    Instead(
        "taskscope run task-vectors --series pico --engine ray --dry-run",
        "taskscope run task-vectors -m pico-xs -t to-upper -p smoke --engine ray --dry-run",
        LONG,
    ),
    Instead(
        "RAY_ADDRESS=head:6379 taskscope run task-vectors --series pico --engine ray --out /shared/runs/grid",
        "",
        CLUSTER,
    ),
    Instead(
        "taskscope run task-vectors --series pico --engine ray://head:10001 --out /shared/runs/grid",
        "",
        CLUSTER,
    ),
    Instead("taskscope show /shared/runs/grid --live", "", CLUSTER),
    Instead(
        "taskscope run all -m EleutherAI/pythia-410m -m EleutherAI/pythia-1b --device cuda --engine ray "
        "--out runs/grid",
        "",
        CLUSTER,
    ),
    Instead('HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)', "", CLUSTER),
    Instead("PORT=$((6379 + SLURM_JOB_ID % 1000))", "", CLUSTER),
    Instead(
        'srun ray symmetric-run --address "$HEAD:$PORT" --min-nodes 4 '
        '--temp-dir "/tmp/$USER-$SLURM_JOB_ID" -- env RAY_ADDRESS="$HEAD:$PORT" taskscope run all '
        '--series pythia --device cuda --engine ray --out "$SCRATCH/grid"',
        "",
        CLUSTER,
    ),
    Instead(
        'ray start --head --port 6399 --num-cpus 1 --include-dashboard false --temp-dir "/tmp/$USER-ray"',
        "",
        CLUSTER,
    ),
    Instead("ray start --address 127.0.0.1:6399 --num-cpus 1", "", CLUSTER),
    Instead("export RAY_ADDRESS=127.0.0.1:6399", "", CLUSTER),
    Instead("ray stop", "", CLUSTER),
    Instead("taskscope train pico-m --corpus FOLDER --out ./pico-m", "", TRAINING),
    Instead("taskscope train pico-l-icl --corpus FOLDER --out ./pico-l-icl", "", TRAINING),
    Instead("taskscope card ./pico-m --out ./pico-m", "", TRAINING),
    Instead("taskscope train selector --out ./selector", "", TRAINING),
    Instead("taskscope card selector", "", TRAINING),
    Instead("taskscope train learner --out ./learner", "", TRAINING),
    Instead(
        "taskscope run structured-tasks -m learner -t sentiment-few -t topics-few",
        "taskscope run structured-tasks -m learner -t sentiment-few -t topics-few -p smoke",
        LONG,
    ),
    Instead("taskscope train composer --out ./composer", "", TRAINING),
    Instead("python -m taskscope.training.in_context_markov world-0", "", WEIGHTS),
    Instead("python -m taskscope.training.smoother.shipping", "", WEIGHTS),
    Instead("python -m taskscope.training.groups.shipping", "", WEIGHTS),
    Instead(
        "taskscope run task-spaces -m pico-m",
        "taskscope run task-spaces -m pico-xs -p smoke --out runs/a",
        LONG,
    ),
    Instead(
        "taskscope run task-spaces -m EleutherAI/pythia-70m -t blimp/adjunct_island -t blimp/wh_island ...",
        "",
        DATA,
    ),
    Instead(
        "taskscope run task-spaces -m pico-m -t mine.jsonl",
        "taskscope run task-spaces -m pico-xs -t mine.jsonl -p smoke --out runs/b",
        LONG,
    ),
    Instead(
        "taskscope run task-spaces -m pico-m --set hypothesis=expected.csv",
        "taskscope run task-spaces -m pico-xs --set hypothesis=expected.csv -p smoke --out runs/f",
        LONG,
    ),
    Instead(
        "taskscope run task-spaces -m EleutherAI/pythia-1b --set first_order=true",
        "taskscope run task-spaces -m pico-xs --set first_order=true -p smoke --out runs/c",
        HUB,
    ),
    Instead(
        "taskscope run task-spaces -m pico-m -t mapping",
        "taskscope run task-spaces -m pico-xs -t mapping -p smoke --out runs/d",
        LONG,
    ),
    Instead(
        "taskscope run task-spaces -m pico-m -t mapping/antonyms -t classified ...",
        "taskscope run task-spaces -m pico-xs -t mapping/antonyms -t classified -p smoke --out runs/e",
        LONG,
    ),
)

BEFORE = {
    "README.ja.md": "taskscope run inverse-scaling -m pico-s -m pico-m -t memo-trap -p smoke --out runs/demo",
}
"""What a reader of a page has done before."""


def give_files(folder: Path) -> None:
    """Write the files that the pages take for the reader's own."""
    words = ("sun", "moon", "star", "tree", "leaf", "bird", "fish", "stone", "river", "road", "house", "door")
    pairs = [f"{a} {b},{b} {a}" for a in words for b in words if a < b]
    _write(folder / "pairs.csv", "input,answer", pairs)
    things = ("film", "book", "meal", "song", "play", "game", "room", "walk", "talk", "trip")
    good, bad = ("wonderful", "fine", "moving", "clever"), ("dreadful", "dull", "clumsy", "stale")
    told = [
        f"a {word} {thing},{label}"
        for label, kinds in (("good", good), ("bad", bad))
        for word in kinds
        for thing in things
    ]
    _write(folder / "reviews.csv", "text,label", told)
    subjects = ("dog", "child", "teacher", "bird", "friend", "nurse", "king", "boat", "girl", "boy")
    verbs = ("runs", "sleeps", "sings", "waits", "leaves", "smiles")
    singular = [(f"The {s} {v}.", f"The {s} {v[:-1]}.", "one") for s in subjects for v in verbs]
    plural = [
        (f"The {s}s {v[:-1]}.", f"The {s}s {v}.", "many") for s in subjects[:1] + subjects[2:] for v in verbs
    ]
    sentences = [
        json.dumps({"good": good, "bad": bad, "task": task}) for good, bad, task in (*singular, *plural)
    ]
    _write(folder / "mine.jsonl", "", sentences)
    alike = [[str(int(own[:4] == other[:4])) for other in FEW] for own in FEW]
    expected = [",".join([own, *cells]) for own, cells in zip(FEW, alike, strict=True)]
    _write(folder / "expected.csv", ",".join(["task", *FEW]), expected)
    scores = folder / "results" / "my-task"
    scores.mkdir(parents=True)
    for place, model in enumerate(("opt-125m", "opt-350m", "opt-1.3b", "opt-2.7b")):
        rows = [f"{n},{0.4 + 0.1 * place + n / 500},{int(n % 4 > place)},-0.1" for n in range(100)]
        _write(scores / f"{model}.csv", "index,loss,correct,total_logprob", rows)


def _write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([*filter(None, [header]), *lines]) + "\n", encoding="utf-8")
