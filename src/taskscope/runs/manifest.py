"""`run.json` and its history: what was asked of a run, with which versions, on which machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from taskscope.runs.atomic import write_file
from taskscope.runs.cell import canonical_json
from taskscope.runs.claims import CLAIMS
from taskscope.runs.provenance import surroundings
from taskscope.runs.record import SCHEMA_VERSION, DamagedError, check_schema, plain

MANIFEST, HISTORY = "run.json", "history"
CONTENTS = {MANIFEST, HISTORY, "cells", CLAIMS, "damaged", "findings.json", "figures", "report.html"}
"""Everything a run folder may hold at its top."""


def to_json(value: Any) -> bytes:
    """Serialise for a file that people read and compare: equal values give equal bytes.

    Raises:
        TypeError, ValueError: If `value` holds what JSON cannot say.
    """
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def write_manifest(root: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Write `run.json`, and the same into the history if this command on this machine is not there yet.

    History files are named by their content, so two processes that open the folder at once lose neither's.

    Raises:
        RunError: If they cannot be written.
    """
    asked = {"schema_version": SCHEMA_VERSION, "spec": plain(spec), **surroundings()}
    manifest = {**asked, "opened": datetime.now(UTC).isoformat(timespec="microseconds")}
    past = root / HISTORY / f"{sha256(canonical_json(asked).encode()).hexdigest()[:16]}.json"
    if not past.exists():
        write_file(root, past, to_json(manifest))
    write_file(root, root / MANIFEST, to_json(manifest))
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Read `run.json` or a file of the history.

    Raises:
        DamagedError: If it is no manifest.
        RunError: If a newer taskscope wrote it.
    """
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedError(f"it cannot be read ({error})") from error
    if isinstance(manifest, dict):
        check_schema(manifest.get("schema_version"), path)
    if not isinstance(manifest, dict) or not {"spec", "opened"} <= manifest.keys():
        raise DamagedError("it does not describe a run")
    return manifest
