"""A real study that needs neither a model nor torch: trends judged from score files, a cell each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MODELS = {"tiny": "1M", "small": "10M", "medium": "100M", "large": "1B"}


def command(root: Path, out: Path, n_folders: int, n_items: int) -> list[str]:
    """Write folders of made-up scores; returns the words of the command that judges them all.

    Args:
        root: Where the folders go.
        out: The run folder.
        n_folders: Each is a task, and so a cell.
        n_items: Of each task.
    """
    words = ["run", "inverse-scaling", "--set", "draws=100", "-o", str(out)]
    for number in range(n_folders):
        folder = root / f"task-{number:02d}"
        folder.mkdir(parents=True)
        sizes = "".join(f"{model},mine,{size},\n" for model, size in MODELS.items())
        (folder / "models.csv").write_text("model,family,parameters,tokens\n" + sizes)
        for place, model in enumerate(MODELS):
            loss = np.random.default_rng([number, place]).exponential(size=n_items)
            rows = "".join(f"{i},{x:.4f},{int(x < 0.69)},-0.1\n" for i, x in enumerate(loss))
            (folder / f"{model}.csv").write_text("index,loss,correct,total_logprob\n" + rows)
        words += ["--scores", str(folder)]
    return words
