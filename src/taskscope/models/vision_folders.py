"""The folder of an image model, on the disk or from the Hugging Face hub; without torch."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from taskscope.errors import ModelError
from taskscope.models import hub

PREPROCESSOR = "preprocessor_config.json"
FILES = ("config.json", PREPROCESSOR, "*.safetensors*")
"""What is taken of a repository."""
EXPECTED = (
    "the folder of an image model as `save_pretrained` writes it, or its id on the hub: config.json, "
    "model.safetensors and preprocessor_config.json with the size of its images"
)
_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def find(folder: str) -> Path:
    """Return the path of an image model's folder; what is none here and reads like an id is asked of the hub.

    Raises:
        ModelError: If it is none.
    """
    path = Path(folder).expanduser()
    if not path.exists() and _ID.fullmatch(folder):
        path = hub.files(folder, FILES)
    missing = [name for name in ("config.json", PREPROCESSOR) if not (path / name).is_file()]
    if missing:
        raise ModelError(f"{folder} without {' and '.join(missing)}", EXPECTED)
    return path


def preprocessing(path: Path) -> tuple[int, list[float] | None, list[float] | None]:
    """Read the side of the images that a model takes, and by which mean and spread they are normalised.

    Raises:
        ModelError: If the file says no size.
    """
    told: dict[str, Any] = json.loads((path / PREPROCESSOR).read_text(encoding="utf-8"))
    size = told.get("crop_size") or told.get("size")
    side = next(iter(size.values()), None) if isinstance(size, dict) else size
    if not isinstance(side, int) or side < 1:
        raise ModelError(f"{path.name}: {PREPROCESSOR} says no size", EXPECTED)
    return side, told.get("image_mean"), told.get("image_std")
