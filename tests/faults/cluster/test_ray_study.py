"""A study on a real series of models by the command line, on two nodes: what one process finds.

The command is killed on the way and given again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from taskscope.runs.store import RunFolder

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = pytest.mark.slow

STUDY = ("run", "inverse-scaling", "--series", "pico", "-p", "smoke")
WITHIN = 1e-4


def command(out: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    words = [sys.executable, "-m", "taskscope.cli.main", *STUDY, "--out", str(out), *more]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done


def kill_after_one_cell(out: Path) -> None:
    """Start the command on the cluster, and kill it once a cell is stored and others are in work."""
    words = [sys.executable, "-m", "taskscope.cli.main", *STUDY, "--out", str(out), "--engine", "ray"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + 300
        while not list(out.glob("cells/*/cell.json")):
            assert child.poll() is None and time.monotonic() < deadline, "no cell was ever stored"
            time.sleep(0.05)
        child.kill()
    assert len(list(out.glob("cells/*/cell.json"))) < 8


def close(one: Any, other: Any) -> bool:
    """Whether two stored values are the same but for numbers, which may differ by `WITHIN`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= WITHIN * max(1.0, abs(other))
    return one == other


def test_a_series_on_two_nodes_has_the_keys_verdicts_and_estimates_of_one_process(
    nodes: Any, tmp_path: Path
) -> None:
    command(tmp_path / "inline")
    planned = " ".join(command(tmp_path / "ray", "--engine", "ray", "--dry-run").stdout.split())
    # Two nodes have a core each; the rates are those of the run beside this one, and decide whether the last
    # of the four models is shared out.
    schedule = re.search(r"8 cells missing, 2 workers, (\d) times a model is loaded", planned)
    assert schedule is not None and 4 <= int(schedule[1]) < 8, planned
    assert "by the times of 8 measured cells" in planned
    assert not (tmp_path / "ray").exists()

    kill_after_one_cell(tmp_path / "ray")
    told = command(tmp_path / "ray", "--engine", "ray")
    runs = {name: RunFolder.open(tmp_path / name) for name in ("inline", "ray")}
    records = {name: {r.key: r for r in run.cells()} for name, run in runs.items()}
    assert records["ray"].keys() == records["inline"].keys() and len(records["ray"]) == 8
    assert {r.provenance["engine"] for r in records["ray"].values()} == {"ray"}
    assert len({r.provenance["worker"] for r in records["ray"].values()}) >= 2
    findings = {name: json.loads((run.path / "findings.json").read_bytes()) for name, run in runs.items()}
    verdicts = {
        name: [(f["claim"], f["model"], f["verdict"]) for f in found] for name, found in findings.items()
    }
    assert verdicts["ray"] == verdicts["inline"] and len(verdicts["ray"]) >= 6
    assert close(findings["ray"], findings["inline"])
    assert "C1" in told.stdout and (tmp_path / "ray" / "report.html").stat().st_size > 100_000

    again = command(tmp_path / "ray", "--engine", "ray", "--dry-run").stdout
    assert "Nothing to measure" in again
