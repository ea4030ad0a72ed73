"""Mean states against the model's own hidden states, in groups and alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import taskscope
from taskscope.models import mean_states as module
from taskscope.models.mean_states import mean_states


def test_mean_is_over_all_tokens_of_each_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    model = taskscope.load("pico-xs")
    prompts = [tuple(model.encode(text)) for text in ("red", "the film was a joy from start to end", "no")]
    found = mean_states(model.executor, prompts, 3)
    for tokens, mean in zip(prompts, found, strict=True):
        with torch.no_grad():
            states = model.hf(input_ids=torch.tensor([tokens]), output_hidden_states=True).hidden_states[4]
        assert mean == pytest.approx(states[0].mean(dim=0).numpy(), abs=1e-4)
    monkeypatch.setattr(module, "AT_A_TIME", 1)
    assert np.abs(mean_states(model.executor, prompts, 3) - found).max() < 1e-4
