"""Two nodes of a real cluster on this machine, one core each; the second has two GPUs that nobody built."""

from __future__ import annotations

from typing import Any

SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
WITH_GPUS = {**SMALL, "num_gpus": 2}
"""Numbers that Ray hands out as it does real ones; no cell touches a GPU."""


def start() -> Any:
    """Start a head and one more node; Ray gives a node 30 s to start, which a busy machine may not keep."""
    from ray.cluster_utils import Cluster

    for last in (False, False, True):
        cluster = Cluster()
        try:
            cluster.add_node(**SMALL)
            cluster.add_node(**WITH_GPUS)
        except Exception:
            cluster.shutdown()
            if last:
                raise
        else:
            return cluster
    return None
