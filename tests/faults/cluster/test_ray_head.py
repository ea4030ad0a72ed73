"""A cluster that somebody else started and guards with a token, joined as a client of its head."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import toy_cells
from taskscope.engines import inline
from taskscope.runs.store import RunFolder
from toy_cells import toy_plan

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client_address() -> Iterator[str]:
    """The address ``ray://`` of a head with two cores, in a process of its own."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir="/tmp") as short:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # workers import the cells
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        port, client = _free_port(), _free_port()
        options = {
            "port": port,
            "ray-client-server-port": client,
            "num-cpus": 2,
            "object-store-memory": 80 * 2**20,
            "include-dashboard": "false",
            "temp-dir": short,
        }
        ray = str(Path(sys.executable).with_name("ray"))
        command = [
            ray,
            "start",
            "--head",
            "--block",
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as started:
            assert started.stdout is not None
            told: list[str] = []
            try:
                for line in started.stdout:
                    told.append(line)
                    if "Ray runtime started" in line:
                        break
                assert started.poll() is None, "".join(told)
                address = f"ray://127.0.0.1:{client}"
                _reached_by_ray_alone(address, Path(short) / "session_latest" / "logs")
                yield address
            finally:
                started.terminate()
                started.communicate(timeout=60)


def _reached_by_ray_alone(address: str, logs: Path) -> None:
    """Skip where Ray's own client, without us, cannot join its own head; what the head wrote says why."""
    command = [sys.executable, "-c", f"import ray; ray.init({address!r}, log_to_driver=False)"]
    for _ in range(3):
        tried = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        if tried.returncode == 0:
            return
    wrote = "\n".join(path.read_text()[-2000:] for path in sorted(logs.glob("ray_client_server*.err")))
    pytest.skip(f"Ray's client does not reach its head here: {tried.stderr[-2000:]}\n{wrote}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_a_client_measures_on_the_cluster_and_has_the_rows_of_one_process(
    client_address: str, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    command = [sys.executable, "-P", toy_cells.__file__, str(path), "--engine", client_address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    plan = toy_plan("ba", 4)
    assert done.stdout.count("measured") == len(plan)
    alone = RunFolder.create_or_open(tmp_path / "alone", {})
    inline.run(plan, alone, toy_cells.load, on_event=lambda event: None)
    folder = RunFolder.open(path)
    assert folder.rows().equals(alone.rows())
    assert {record.provenance["engine"] for record in folder.cells()} == {"ray"}


def test_a_client_with_another_token_is_refused(client_address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-P", toy_cells.__file__, str(tmp_path / "run"), "--engine", client_address]
    env = {**os.environ, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=env)
    assert done.returncode != 0 and "No Ray cluster at" in done.stderr
    assert not RunFolder.open(tmp_path / "run").rows()
