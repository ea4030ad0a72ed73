"""Digits from a folder, and a pretrained image model that is shown the collages (protocol 6)."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import GPT2Config, GPT2Model, ResNetConfig, ResNetModel, ViTConfig, ViTModel

from taskscope.engines.measuring import measure
from taskscope.errors import ModelError, StudyError
from taskscope.models.vision import VisionModel
from taskscope.report.chart_data import wrapped
from taskscope.studies.skill_emergence.collage.digits import load
from taskscope.studies.skill_emergence.collage.measure_networks import whole
from taskscope.studies.skill_emergence.collage.rows import BACKBONE, CONDITIONS, EXAMPLES, TILES, Outcomes
from taskscope.studies.skill_emergence.collage.showing import figure, table
from taskscope.studies.skill_emergence.params import COLLAGES, SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import PICTURES
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE

DATA = os.environ.get("TASKSCOPE_DATA")
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (600, 12, 12), dtype=np.uint8)
LABELS = np.arange(600, dtype=np.uint8) % 10
SMALL = SkillEmergenceParams(parts=(COLLAGES,), n_collages=64, n_test_collages=20, epochs=1, n_trainings=1)


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return head + values.tobytes()


def collages(rows: pa.Table) -> int:
    """Count the outcomes; the pictures of five collages stand beside them."""
    parts = rows["part"].to_pylist()
    assert parts.count(PICTURES) == EXAMPLES and set(parts) == {COLLAGES, PICTURES}
    return parts.count(COLLAGES)


def as_idx(folder: Path) -> Path:
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES[:400])))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS[:400])))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES[400:]))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[400:]))
    return folder


def image_model(folder: Path, kind: str) -> Path:
    torch.manual_seed(0)
    if kind == "vit":
        config = ViTConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=32,
            patch_size=4,
        )
        ViTModel(config).save_pretrained(folder)
    else:
        config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
        ResNetModel(config).save_pretrained(folder)
    told = {"size": {"height": 32, "width": 32}, "image_mean": [0.1, 0.2, 0.3], "image_std": [1.0, 2.0, 4.0]}
    (folder / "preprocessor_config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_a_folder_and_an_archive_give_the_same_digits(tmp_path: Path) -> None:
    for name in ("idx", "npz"):
        (tmp_path / name).mkdir()
    np.savez(
        tmp_path / "npz" / "mnist.npz",
        x_train=IMAGES[:400],
        y_train=LABELS[:400],
        x_test=IMAGES[400:],
        y_test=LABELS[400:],
    )
    first, second = load(str(as_idx(tmp_path / "idx"))), load(str(tmp_path / "npz"))
    assert first[0].dtype == np.float32 and first[0].shape == (600, 12, 12)
    order = [np.lexsort(part[0].reshape(600, -1).T) for part in (first, second)]
    np.testing.assert_array_equal(first[0][order[0]], second[0][order[1]])
    np.testing.assert_array_equal(first[1][order[0]], second[1][order[1]])
    np.testing.assert_allclose(first[0][-200:].max(), IMAGES.max() / 255)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda f: [p.unlink() for p in f.iterdir()], "without digits"),
        (lambda f: (f / "t10k-labels-idx1-ubyte").unlink(), "t10k-labels"),
        (lambda f: (f / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x03" + b"\0" * 12), "1 axes"),
        (lambda f: (f / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES[400:])[:-5]), "its head says"),
        (lambda f: (f / "train-images-idx3-ubyte.gz").write_bytes(b"no archive"), "gzip"),
        (lambda f: (f / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[400:] + 3)), "labels up to 12"),
        (lambda f: (f / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES[400:, :, 1:])), "of shape"),
    ],
)
def test_what_holds_no_digits_is_refused_when_planned(tmp_path: Path, spoil, match: str) -> None:
    spoil(as_idx(tmp_path))
    with pytest.raises(StudyError, match=match) as error:
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"digits": str(tmp_path)}), [])
    assert "digit" in error.value.expected
    with pytest.raises(StudyError, match="no folder"):
        load(str(tmp_path / "none"))


@pytest.mark.parametrize("place", ["7.PNG", "3/00001.png", "train/3/00001.jpg"])
def test_single_pictures_are_refused_by_name_with_a_way_out(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(StudyError, match="single pictures") as error:
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"digits": str(tmp_path)}), [])
    assert str(Path(place)) in str(error.value)
    assert "npz" in error.value.expected and "savez" in error.value.hint
    as_idx(tmp_path)  # beside digits that can be read they do not matter
    assert len(load(str(tmp_path))[0]) == 600


def test_a_folder_of_other_things_holds_no_digits(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "notes.txt").write_text("no picture", encoding="utf-8")
    with pytest.raises(StudyError, match="without digits"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"x_train": IMAGES}, "without digits"),
        ({"images": IMAGES, "labels": LABELS[:-1]}, "of shape"),
        ({"images": IMAGES.reshape(600, -1), "labels": LABELS}, "of shape"),
        ({"images": IMAGES[:, :11, :11], "labels": LABELS}, "side is odd"),
        ({"images": -IMAGES.astype(float), "labels": LABELS}, "negative or no number"),
        ({"images": np.full((600, 12, 12), np.nan), "labels": LABELS}, "negative or no number"),
        ({"images": IMAGES, "labels": LABELS / 2}, "labels of type float"),
        ({"images": IMAGES, "labels": -LABELS.astype(int)}, "from -9"),
        ({"images": IMAGES[:100], "labels": LABELS[:100]}, "10 images of digit"),
    ],
)
def test_an_archive_of_something_else_is_refused(tmp_path: Path, arrays: dict, match: str) -> None:
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(StudyError, match=match):
        load(str(tmp_path))
    (tmp_path / "mnist.npz").write_bytes(b"no archive")
    with pytest.raises(StudyError, match=r"mnist|pickle|npz"):
        load(str(tmp_path))


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_a_pretrained_model_is_shown_whole_collages(tmp_path: Path, kind: str) -> None:
    folder = image_model(tmp_path, kind)
    params = SMALL.model_copy(update={"backbone": str(folder)})
    cells = SKILL_EMERGENCE.plan(params, [])
    others = len(params.collage_extras) * params.n_kind_trainings + len(params.kind_trainings)
    assert len(cells) == len(CONDITIONS) + 1 + others
    assert all(
        "kind" not in each.params or not each.tasks for each in cells
    )  # only the paper's are shown to it
    cell = next(cell for cell in cells if cell.params["condition"] == BACKBONE)
    attempts = [measure(cell, None, "test") for _ in range(2)]
    assert attempts[0].failure is None, attempts[0].failure
    first, second = (attempt.measured.rows for attempt in attempts)
    assert collages(first) == 20 and first.equals(second)
    image_model(folder, "resnet" if kind == "vit" else "vit")  # other weights in the same place
    failure = measure(cell, None, "test").failure
    assert failure is not None and "changed since the run was planned" in str(failure.error)


def test_a_pretrained_model_comes_from_the_hubs_cache_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("taskscope.models.hub.reachable", lambda: False)
    kept = tmp_path / "models--lab--eye"
    snapshot = kept / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("a" * 40, encoding="utf-8")
    image_model(snapshot, "vit")
    cells = SKILL_EMERGENCE.plan(SMALL.model_copy(update={"backbone": "lab/eye"}), [])
    (task,) = next(cell for cell in cells if cell.params["condition"] == BACKBONE).tasks
    assert task.source == "lab/eye" and task.fingerprint
    assert VisionModel("lab/eye").side == 32
    (snapshot / "preprocessor_config.json").unlink()  # a cache that holds half of it
    with pytest.raises(ModelError, match="not in the local cache"):
        VisionModel("lab/eye")
    with pytest.raises(ModelError, match="not in the local cache"):
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"backbone": "lab/other"}), [])
    for none in ("./lab/eye", "/lab/eye", "eye"):
        with pytest.raises(ModelError, match=r"without config\.json"):
            VisionModel(none)


def test_images_reach_the_model_as_its_folder_says(tmp_path: Path) -> None:
    eye, seen = VisionModel(str(image_model(tmp_path, "vit"))), []
    eye.model.register_forward_pre_hook(
        lambda _, __, given: seen.append(given["pixel_values"]), with_kwargs=True
    )
    found = eye.features(np.full((3, 8, 8), 0.7, dtype=np.float32))
    wanted = (0.7 - torch.tensor([0.1, 0.2, 0.3])) / torch.tensor([1.0, 2.0, 4.0])
    torch.testing.assert_close(seen[0], wanted.reshape(1, 3, 1, 1).expand(3, 3, 32, 32))
    assert found.shape == (3, 16, 16)  # 4 x 4 places of 16 numbers
    with torch.no_grad():
        plain = eye.model(pixel_values=seen[0]).last_hidden_state[:, 1:]  # the first stands for the whole
    np.testing.assert_allclose(found.mean(axis=1), plain.mean(dim=1).numpy(), rtol=1e-4, atol=1e-5)


def test_tiles_lie_in_the_collage_as_in_the_plain_network() -> None:
    tiles = torch.arange(4.0).reshape(1, 4, 1, 1).expand(1, 4, 8, 8)
    assert whole(tiles)[0, ::8, ::8].tolist() == [[0, 1], [2, 3]]


def test_what_is_no_image_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without config\.json and preprocessor_config\.json"):
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"backbone": str(tmp_path)}), [])
    GPT2Model(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=11, n_positions=8)).save_pretrained(
        tmp_path
    )
    (tmp_path / "preprocessor_config.json").write_text('{"size": 8}', encoding="utf-8")
    with pytest.raises(ModelError, match="input_ids"):
        VisionModel(str(tmp_path))
    (tmp_path / "preprocessor_config.json").write_text("{}", encoding="utf-8")
    image_model(tmp_path / "vit", "vit")
    (tmp_path / "vit" / "preprocessor_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="says no size"):
        VisionModel(str(tmp_path / "vit"))


@pytest.mark.skipif(DATA is None, reason="TASKSCOPE_DATA is not set")
def test_mnist_is_read_and_trained_on() -> None:
    folder = str(Path(DATA or "") / "digits_mnist")
    images, labels = load(folder)
    assert images.shape == (20_000, 28, 28) and set(labels.tolist()) == set(range(10))
    assert images.max() == 1.0
    params = SMALL.model_copy(update={"digits": folder})
    cell = next(c for c in SKILL_EMERGENCE.plan(params, []) if c.params["condition"] == TILES)
    attempt = measure(cell, None, "test")
    assert attempt.failure is None, attempt.failure
    assert collages(attempt.measured.rows) == 20


def test_a_pretrained_model_stands_beside_the_others_on_the_page() -> None:
    one = Outcomes(
        np.ones((2, 5, 4), bool), np.tile(np.arange(4), (2, 5, 1)), np.ones((2, 5), bool), np.ones((2, 5))
    )
    found = {TILES: one, BACKBONE: one}
    drawn = figure(found, "x").spec["datasets"]["data"]
    assert {row["row"] for row in drawn if row["kind"] == "data"} == {wrapped(TILES), wrapped(BACKBONE)}
    assert [row[0] for row in table(found, "x").rows] == [TILES, BACKBONE]
