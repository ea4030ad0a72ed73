from pathlib import Path

import pytest

from taskscope.training import recipes, trainer


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> trainer.Trained:
    """The smoke recipe, trained once for all tests that need a trained folder."""
    folder: Path = tmp_path_factory.mktemp("smoke")
    return trainer.train(recipes.get("smoke"), folder, device="cpu")
