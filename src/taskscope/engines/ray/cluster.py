"""Starting a cluster on this machine, or joining one; leaving it as it was found.

Each setting stands against a known trap: telemetry and the dashboard are off, the temporary folder is short
(sockets have 107 characters) and belongs to one user, the object store is small since rows never travel
through it, and Ray's handler of SIGTERM, which would end the process at once, is undone.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from taskscope.engines.queues import Needs
from taskscope.errors import RunError

LOCAL = "ray"
"""Names the engine; alone it starts a local cluster unless RAY_ADDRESS names one."""
_OBJECT_STORE = 80 * 2**20
"""Bytes; hardly more than the least that Ray accepts."""
_TRIES = 3
"""Times that a cluster is started or joined; Ray gives up a local start after half a minute, and a head,
which forks a server for each client among running threads, now and then loses one at birth."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@contextmanager
def cluster(engine: str) -> Iterator[ModuleType]:
    """Connect to the cluster that `engine` names, and disconnect at the end; yields the module `ray`.

    Args:
        engine: ``ray`` for RAY_ADDRESS or, where that is not set, a cluster started here and stopped at the
            end; or an address ``ray://host:port``.

    Raises:
        RunError: If Ray is not installed or the cluster cannot be reached.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    on_main = threading.current_thread() is threading.main_thread()
    terminate = signal.getsignal(signal.SIGTERM) if on_main else None
    ray = _imported()
    _connect(ray, engine)
    try:
        if on_main:
            signal.signal(signal.SIGTERM, terminate)
        yield ray
    finally:
        ray.shutdown()


def places(ray: ModuleType, needs: Needs) -> int:
    """Count the workers with such needs that fit on the cluster, as far as nothing else runs there.

    Raises:
        RunError: If no machine of the cluster has room for one.
    """
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    wanted = {"CPU": needs.cpus, "GPU": needs.gpus}
    fit = [min(int(node.get(what, 0) / n) for what, n in wanted.items() if n) for node in alive]
    if not any(fit):
        has = "; ".join(f"{n.get('CPU', 0):g} CPUs, {n.get('GPU', 0):g} GPUs" for n in alive)
        raise RunError(
            f"a worker with {needs.cpus:g} CPUs and {needs.gpus:g} GPUs",
            f"what one machine of the cluster has: {has or 'none is alive'}",
            "another --device or --dtype, or a larger machine",
        )
    return sum(fit)


def _imported() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whatever Ray deprecates in itself
            import ray
    except ImportError as error:
        raise RunError(
            "Ray is not installed.", "the extra of that name", "pip install 'taskscope[ray]'"
        ) from error
    return ray


def _connect(ray: ModuleType, engine: str) -> None:
    """Join a cluster, or start one here; neither need succeed at once.

    An address that nobody answers is not asked again: Ray has waited for it already.

    Raises:
        RunError: If there is none.
    """
    address = engine if engine != LOCAL else os.environ.get("RAY_ADDRESS") or None
    options: dict[str, object] = {"log_to_driver": False, "configure_logging": False}
    if address is None:
        options |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE}
        if os.name != "nt":
            options["_temp_dir"] = f"/tmp/taskscope-{os.getuid()}"
    for tries_left in range(_TRIES - 1, -1, -1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(address=address or "local", **options)
            return
        except Exception as error:  # Ray raises what its parts raise: connection, value and runtime errors
            ray.shutdown()
            if tries_left and (address is None or isinstance(error, ConnectionAbortedError)):
                continue
            why = (str(error).strip() or repr(error)).splitlines()[0]
            raise RunError(
                f"No Ray cluster at {address or 'this machine'}: {why}",
                "the address of a running cluster of the same versions of Ray and Python",
                "docs/clusters.md names the known traps",
            ) from error
