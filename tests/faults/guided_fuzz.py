"""Hostile files for the readers, found by coverage: a longer search than that of the tests, with atheris.

Run as ``python guided_fuzz.py [--seconds N] [--reader NAME ...]``; prints a Markdown table and exits with 1
if a reader answered with anything but a message. Needs atheris (`make fuzz` installs it; there are wheels
for Linux). Readers and good samples are those of the tests.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

INSTRUMENTED = [
    "taskscope.tasks",
    "taskscope.models.folders",
    "taskscope.runs",
    "json",
    "csv",
    "zipfile",
    "ast",
]
NAMES = (
    *(
        "mapping, JSON",
        "mapping, CSV",
        "texts, JSON lines",
        "texts, CSV",
        "choices, JSON lines",
        "choices, CSV",
    ),
    *("pairs, JSON lines", "served models", "choices, zip", "scores, CSV", "scores, log", "sizes of models"),
    *("config.json", "model.safetensors", "index of shards", "run.json", "cell.json"),
)
COUNTS = ("number_of_executed_units", "average_exec_per_sec")


def subject(name: str, root: Path) -> tuple[Path, bytes, Callable[[], Any]]:
    """Lay out what a reader needs under `root`.

    Returns:
        The file that is replaced, what stood there, and the reader.
    """
    import test_hostile_input as inputs
    import test_hostile_models as models
    from hostile_files import CHOICES

    import toy_cells
    from taskscope.engines import inline
    from taskscope.models.identity import identify
    from taskscope.models.spec import ModelSpec
    from taskscope.runs.store import RunFolder
    from taskscope.tasks import choice_files
    from taskscope.tasks.score_files import load_scores

    if name in inputs.READERS:
        file, sample, read = inputs.READERS[name]
        return root / file, sample, lambda: read(root / file)
    if name == "choices, zip":
        with zipfile.ZipFile(root / "x.zip", "w") as archive:
            archive.writestr("part-1.jsonl", CHOICES)
        return root / "x.zip", (root / "x.zip").read_bytes(), lambda: choice_files.load(root / "x.zip")
    if name in ("scores, CSV", "scores, log", "sizes of models"):
        pattern, sample = ("{}.csv", inputs.SCORES)
        if name == "scores, log":
            pattern, sample = ("{}/samples_t_2025-03-01T10-00-00.0.jsonl", inputs.LOG)
        for model in "mn":
            (root / pattern.format(model)).parent.mkdir(exist_ok=True)
            (root / pattern.format(model)).write_bytes(sample)
        (root / "models.csv").write_bytes(inputs.SIZES)
        if name == "sizes of models":
            return root / "models.csv", inputs.SIZES, lambda: load_scores(root)
        return root / pattern.format("m"), sample, lambda: load_scores(root)
    if name in ("config.json", "model.safetensors", "index of shards"):
        config, weights = models.model_folder(root)
        index = b'{"weight_map": {"w": "a.safetensors"}}'
        is_sharded = name == "index of shards"
        good = {"config.json": config, "a.safetensors" if is_sharded else "model.safetensors": weights}
        if is_sharded:
            good["model.safetensors.index.json"] = index
            name = "model.safetensors.index.json"
        for file, content in good.items():
            (root / file).write_bytes(content)
        return root / name, good[name], lambda: identify(ModelSpec(name=str(root)))
    folder = RunFolder.create_or_open(root / "run", {"studies": []})
    inline.run(toy_cells.toy_plan("a", 1), folder, toy_cells.load, on_event=lambda event: None)
    path = next(folder.path.rglob(name))
    return path, path.read_bytes(), lambda: RunFolder.open(folder.path).rows()


def fuzz(name: str, options: list[str]) -> None:
    """Never returns: libFuzzer ends the process, at the time limit or at the first traceback."""
    import atheris

    root = Path(tempfile.mkdtemp())
    with atheris.instrument_imports(include=INSTRUMENTED):
        path, sample, read = subject(name, root)
        from taskscope.errors import TaskscopeError
    path.write_bytes(sample)
    read()
    seeds = Path(tempfile.mkdtemp())
    (seeds / "good").write_bytes(sample)

    def one(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read()
        except TaskscopeError as error:
            assert error.given

    atheris.Setup([sys.argv[0], *options, str(seeds)], one)
    atheris.Fuzz()


def main() -> None:
    """Fuzz one reader after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--reader", action="append", choices=NAMES)
    parser.add_argument("--alone", choices=NAMES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        fuzz(asked.alone, [f"-max_total_time={asked.seconds}", "-print_final_stats=1", "-timeout=300"])
    print("| reader | files | a second | branches reached | traceback |\n|---|---:|---:|---:|---|")
    failed = False
    for name in asked.reader or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                str(Path(__file__).resolve()),
                "--alone",
                name,
                "--seconds",
                str(asked.seconds),
            ]
            ended = subprocess.run(
                command, capture_output=True, cwd=folder, env={**os.environ, "TMPDIR": folder}
            )
        told = ended.stderr.decode(errors="replace")
        files, rate = (re.findall(rf"stat::{what}: *(\d+)", told) for what in COUNTS)
        covered = re.findall(r"cov: (\d+)", told)
        if not files:
            raise SystemExit(f"{name}: the fuzzer did not run.\n{told[-4000:]}")
        came = ended.returncode != 0
        failed |= came
        told_of = f"{int(files[0]):,} | {int(rate[0]):,} | {covered[-1]} | {'yes' if came else 'none'}"
        print(f"| {name} | {told_of} |", flush=True)
        if came:
            print(told[-4000:], file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
