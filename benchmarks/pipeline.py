"""The whole measurement (E1 to E6) beside the published procedure in plain loops; same model, same prompts.

Every number of the study's cells is made a second time the way one would write it first: one prompt at a
time, one block at a time, a forward hook that overwrites the last token's residual, greedy decoding. Run as

    python benchmarks/pipeline.py [--model planted-vector] [--write docs/benchmarks.md]

Numbers are compared before times are. One thread; CPU seconds of one run of each (the loops are long).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sections import replace_section
from taskscope.engines.measuring import resolve
from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.conditions import HYPOTHESIS, OTHER_TASK, SEPARATOR, SHUFFLED
from taskscope.studies.task_vectors.conflict.draws import conflicts
from taskscope.studies.task_vectors.conflict.rows import INJECTED, NONE, OWN, UNRELATED
from taskscope.studies.task_vectors.draws import pairs
from taskscope.studies.task_vectors.geometry.draws import sets
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection.words import lexicon
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format
from timing import processor

PARAMS = TaskVectorParams(
    tasks=("to-upper", "next-letter"), n_dev=6, n_test=10, n_sets=8, n_conflicts=8, suites=(), n_averaged=0,
    n_templates=0, squares=(), lens_steps=0,
)  # fmt: skip
ARROW = get_format(PARAMS.format)
TOLERANCE = 1e-3
"""Of directions of length 1, which are kept in half precision."""


@dataclass
class Compared:
    """How often two ways gave the same answer, and how far their vectors lie apart."""

    answers: int = 0
    differ: int = 0
    distance: float = 0.0
    numbers: dict[str, int] = field(default_factory=dict)

    def answer(self, what: str, ours: bool, theirs: bool) -> None:
        """Count one answer."""
        self.answers += 1
        self.differ += ours != theirs
        self.numbers[what] = self.numbers.get(what, 0) + 1

    def vector(self, what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
        """Compare arrays by their largest difference."""
        self.distance = max(self.distance, float(np.abs(ours - theirs).max()))
        self.numbers[what] = self.numbers.get(what, 0) + 1


class Plain:
    """The procedure in plain loops, with hooks on the blocks of a Hugging Face model."""

    def __init__(self, model: LanguageModel) -> None:
        self.hf, self.tokenizer, self.blocks = model.hf, model.tokenizer, model.anatomy.blocks

    def ids(self, text: str) -> list[int]:
        """Encode a text."""
        return list(self.tokenizer(text)["input_ids"])

    @torch.no_grad()
    def residuals(self, text: str) -> np.ndarray:
        """Residual of the last token after every block: (block, d_model)."""
        found: list[torch.Tensor] = []

        def keep(_module: Any, _args: Any, output: Any) -> None:
            found.append((output if isinstance(output, torch.Tensor) else output[0])[0, -1].clone())

        handles = [block.register_forward_hook(keep) for block in self.blocks]
        self.hf(torch.tensor([self.ids(text)]), use_cache=False)
        for handle in handles:
            handle.remove()
        return torch.stack(found).numpy()

    def theta(self, texts: Sequence[str]) -> np.ndarray:
        """Mean residual over dummies, a prompt at a time: (block, d_model)."""
        return np.mean([self.residuals(text) for text in texts], axis=0)

    @torch.no_grad()
    def right(
        self, text: str, gold: Sequence[str], block: int = -1, vector: np.ndarray | None = None
    ) -> bool:
        """Whether greedy decoding gives an accepted answer; the edit is made at the prompt's last token."""
        prompt = self.ids(text)
        wanted = [self.ids(text + answer)[len(prompt) :] for answer in gold]
        said: list[int] = []
        with self._edited(block, len(prompt) - 1, vector):
            for _ in range(max(map(len, wanted))):
                logits = self.hf(torch.tensor([prompt + said]), use_cache=False).logits
                said.append(int(logits[0, -1].argmax()))
        return any(said[: len(answer)] == answer for answer in wanted)

    @contextmanager
    def _edited(self, block: int, at: int, vector: np.ndarray | None) -> Iterator[None]:
        if vector is None:
            yield
            return

        def replace(_module: Any, _args: Any, output: Any) -> Any:
            hidden = (output if isinstance(output, torch.Tensor) else output[0]).clone()
            hidden[0, at] = torch.from_numpy(vector)
            return hidden if isinstance(output, torch.Tensor) else (hidden, *output[1:])

        handle = self.blocks[block].register_forward_hook(replace)
        try:
            yield
        finally:
            handle.remove()

    @torch.no_grad()
    def ranks(self, vector: np.ndarray, tokens: Sequence[int]) -> np.ndarray:
        """1 / rank of tokens when a state is read through the final norm and the head."""
        logits = self.hf.lm_head(self.hf.model.norm(torch.from_numpy(vector)))
        order = torch.argsort(-logits)
        rank = torch.empty_like(order)
        rank[order] = torch.arange(1, len(order) + 1)
        found = 1 / rank[list(tokens)].double().numpy()
        return np.where(found >= 1e-3, found, 0)


def accuracies(plain: Plain, cell: Cell) -> dict[tuple[str, str, int, int], bool]:
    """E1 and E2: (split, condition, pair, block) -> right. Random and zero vectors are drawn by the study."""
    task, other = (registry.resolve(ref) for ref in cell.tasks)
    found = {}
    for pair in pairs(task, other, cell.seed, PARAMS.cell, ARROW):
        key = (pair.split, pair.number)
        for name, text in (
            ("baseline", pair.bare),
            ("regular", pair.regular),
            ("regular-shuffled", pair.regular_shuffled),
        ):
            found[key[0], name, key[1], -1] = plain.right(text, pair.gold)
        vectors = {
            HYPOTHESIS: plain.theta(pair.theta),
            SHUFFLED: plain.theta(pair.shuffled),
            OTHER_TASK: plain.theta(pair.other_task),
            SEPARATOR: plain.theta(pair.separator),
        }
        for name, theta in vectors.items():
            for block in range(len(plain.blocks)):
                found[key[0], name, key[1], block] = plain.right(pair.bare, pair.gold, block, theta[block])
    return found


def thetas(plain: Plain, cell: Cell) -> tuple[dict[tuple[str, int, int], np.ndarray], dict[int, np.ndarray]]:
    """E3, E4 and E6: (kind, set, dummy) -> residuals; and set -> 1 / ranks of output words by block."""
    task = registry.resolve(cell.tasks[0])
    tokens = lexicon(plain.tokenizer).outputs
    states, ranks = {}, {}
    for number, texts in enumerate(sets(task, cell.seed, PARAMS.theta, ARROW)):
        for kind, some in ((THETA, texts.theta), (SWAPPED, texts.swapped), (BARE, texts.bare)):
            for dummy, text in enumerate(some):
                states[kind, number, dummy] = plain.residuals(text)
        theta = np.mean([states[THETA, number, d] for d in range(len(texts.theta))], axis=0)
        ranks[number] = np.array([[plain.ranks(v, own).mean() for own in tokens] for v in theta])
    return states, ranks


def conflicting(plain: Plain, cell: Cell) -> dict[tuple[str, str, int, int], tuple[bool, bool]]:
    """E5: (task shown, condition, pair, block) -> right by the task shown, right by the other."""
    a, b, unrelated = (registry.resolve(ref) for ref in cell.tasks)
    found = {}
    for number, conflict in enumerate(conflicts(a, b, unrelated, cell.seed, PARAMS.conflict, ARROW)):
        theta = [plain.theta(side.theta) for side in conflict.sides]
        foreign = plain.theta(conflict.unrelated)
        for shown, task in enumerate((a, b)):
            text = conflict.sides[shown].prompt
            golds = (conflict.sides[shown].gold, conflict.sides[1 - shown].gold)
            found[task.name, NONE, number, -1] = tuple(plain.right(text, gold) for gold in golds)
            put_in = {INJECTED: theta[1 - shown], OWN: theta[shown], UNRELATED: foreign}
            for condition, vector in put_in.items():
                for block in range(len(plain.blocks)):
                    right = tuple(plain.right(text, gold, block, vector[block]) for gold in golds)
                    found[task.name, condition, number, block] = right
    return found


def compare(rows: list[dict[str, Any]], theirs: Any, compared: Compared, measure: str) -> None:
    """Compare one cell's rows with what the loops gave."""
    if ".geometry." in measure:
        states, ranks = theirs
        for r in rows:
            if r["part"] == "theta":
                v = states[r["kind"], r["set"], r["dummy"]][r["block"]]
                own = np.frombuffer(r["direction"], "<f2").astype(float)
                compared.vector("E3, E4", own, v / np.linalg.norm(v))
            elif r["kind"] == THETA and r["set"] >= 0:
                own = np.frombuffer(r["read_outputs"], "<f4")
                compared.vector("E6", own, ranks[r["set"]][r["block"]])
    elif ".conflict." in measure:
        for r in rows:
            key = (r["shown"], r["condition"], r["pair"], r["block"])
            if key in theirs:
                for mine, other in zip((r["right_shown"], r["right_injected"]), theirs[key], strict=True):
                    compared.answer("E5", mine, other)
    else:
        for r in rows:
            key = (r["split"], r["condition"], r["pair"], r["block"])
            if r["part"] is None and key in theirs:
                compared.answer("E1, E2", r["correct"], theirs[key])


def run(name: str) -> tuple[Compared, dict[str, float], dict[str, float]]:
    """Measure every cell both ways; return the comparison and the CPU seconds by experiment."""
    model, known = load(name), identify(ModelSpec(name=name))
    planned = PlannedModel(
        ref=reference(ModelSpec(name=name)),
        n_blocks=known.n_blocks,
        n_parameters=known.n_parameters,
        context=known.context,
    )
    plain, compared = Plain(model), Compared()
    ours: dict[str, float] = {}
    loops: dict[str, float] = {}
    for cell in TASK_VECTORS.plan(PARAMS, [planned]):
        kind = cell.measure
        if ".heads." in kind:
            continue  # not of the first paper's procedure; see head_effects.py
        what = "E3, E4, E6" if ".geometry." in kind else "E5" if ".conflict." in kind else "E1, E2"
        again = thetas if ".geometry." in kind else conflicting if ".conflict." in kind else accuracies
        start = time.process_time()
        rows = resolve(cell.measure)(cell, model).rows.to_pylist()
        middle = time.process_time()
        theirs = again(plain, cell)
        ours[what] = ours.get(what, 0) + middle - start
        loops[what] = loops.get(what, 0) + time.process_time() - middle
        compare(rows, theirs, compared, kind)
    return compared, ours, loops


def section(name: str) -> str:
    """Run; return the Markdown section.

    Raises:
        SystemExit: If the two ways disagree.
    """
    compared, ours, loops = run(name)
    if compared.differ or compared.distance > TOLERANCE:
        raise SystemExit(f"{compared.differ} answers differ; vectors by {compared.distance:.1e}")
    counts = ", ".join(f"{what}: {n:,}" for what, n in compared.numbers.items())
    lines = [f"| {w} | {ours[w]:.1f} | {loops[w]:.1f} | {loops[w] / ours[w]:.1f} |" for w in ours]
    total = sum(loops.values()) / sum(ours.values())
    lines.append(f"| all | {sum(ours.values()):.1f} | {sum(loops.values()):.1f} | {total:.1f} |")
    return "\n".join(
        [
            "## The whole measurement",
            "",
            f"E1 to E6 of {' and '.join(PARAMS.tasks)} on `{name}` ({PARAMS.n_dev} + {PARAMS.n_test} "
            f"pairs, {PARAMS.n_sets} sets, {PARAMS.n_conflicts} conflicts), and the same numbers by the "
            "published procedure in plain loops: one prompt, one block at a time, greedy decoding. "
            "`benchmarks/pipeline.py`, CPU time on one thread, one run of each. The loops leave out random "
            "and zero vectors, the words of C5, and accuracy by number of demonstrations, which the study's "
            "time includes. They run every prompt anew and keep no cache. The published release keeps the "
            "keys and values of a prompt's earlier tokens while it goes through the blocks; it is faster "
            "than these loops, most of all in E5, whose prompts hold demonstrations, so that the ratios "
            "below are not ratios to it.",
            "",
            f"{processor()}. All {compared.answers:,} answers agree; vectors and reciprocal ranks to "
            f"{compared.distance:.1e} (numbers compared: {counts}).",
            "",
            "| experiments | taskscope, CPU s | plain loops, CPU s | ratio |",
            "|---|---:|---:|---:|",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Run the benchmark; print the section, and write it where asked."""
    parser = argparse.ArgumentParser(description="The whole measurement, and the loops.")
    parser.add_argument("--model", default="planted-vector")
    parser.add_argument("--write", type=Path, help="Markdown file whose section is replaced")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    text = section(arguments.model)
    print(text)
    if arguments.write:
        replace_section(arguments.write, text)


if __name__ == "__main__":
    main()
