"""`taskscope demo`: the first run, on built-in models, with nothing to download."""

from __future__ import annotations

from taskscope.cli import options

SHOWN = "pico-m"
"""The trained model that every study asks; the next size takes three times as long."""


def demo(
    profile: options.Profile = "smoke",
    folder: options.Out = None,
    language: options.Language = "en",
) -> None:
    """Run every built study on built-in models and write one page; a few minutes on a laptop.

    One that was trained on text, and for each study those whose mechanism was planted for it; for
    a study that compares models, all sizes, and the checkpoints of the one with most.

    Example: `taskscope demo --out runs/first`
    """
    from pathlib import Path

    from taskscope import pico
    from taskscope.cli.run import carry_out
    from taskscope.models.spec import ModelSpec
    from taskscope.studies.registry import built_in
    from taskscope.studies.request import RunRequest, StudyRequest

    trained = pico.names("weights")
    along = max(trained, key=lambda name: len(pico.checkpoints(name)))
    series = (*trained, *pico.checkpoints(along))
    studies = tuple(
        StudyRequest(
            study=name,
            profile=profile,
            models=(*(series if study.compares else (SHOWN,)), *study.planted),
        )
        for name, study in built_in().items()
    )
    models = dict.fromkeys(name for study in studies for name in study.models)
    request = RunRequest(
        studies=studies,
        models=tuple(ModelSpec(name=name) for name in models),
        command="taskscope demo" + ("" if profile == "smoke" else f" --profile {profile}"),
    )
    carry_out(request, folder or Path("runs") / "demo", language=language)
