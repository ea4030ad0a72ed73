"""Collages of other kinds: one tile always named, other grids, fewer digits (protocol 6, controls)."""

from __future__ import annotations

import hashlib
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
import torch

from taskscope.engines.measuring import measure
from taskscope.errors import StudyError
from taskscope.studies.skill_emergence.analysis import analyse, figures, tables
from taskscope.studies.skill_emergence.collage import draws
from taskscope.studies.skill_emergence.collage import measure as measuring
from taskscope.studies.skill_emergence.collage.digits import load
from taskscope.studies.skill_emergence.collage.kind_showing import GUESSING, ONE_KNOWN
from taskscope.studies.skill_emergence.collage.kinds import CONTROLS, STANDARD, Kind
from taskscope.studies.skill_emergence.collage.measure_networks import (
    Perceptron,
    PlainNetwork,
    TileMixture,
    Transformer,
    whole,
)
from taskscope.studies.skill_emergence.collage.rows import (
    PERCEPTRON,
    PLAIN,
    TILES,
    TRANSFORMER,
    Outcomes,
    by_kind,
    outcomes,
    records,
)
from taskscope.studies.skill_emergence.params import COLLAGES, SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import KINDS, of_part, to_rows
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE

ANY = (*CONTROLS, STANDARD, Kind(grid=1, classes=2), Kind(named=3, classes=5))
EACH_KIND = pytest.mark.parametrize("kind", ANY, ids=lambda kind: kind.name)


def training(kind: Kind, condition: str = TILES, **sizes: int):
    """Plan one training on collages of a kind."""
    small = {"n_collages": 64, "n_test_collages": 50, "epochs": 1, **sizes}
    params = SkillEmergenceParams(parts=(COLLAGES,), collage_kinds=(kind,), n_trainings=1, **small)
    cells = (cell for cell in SKILL_EMERGENCE.plan(params, []) if "kind" in cell.params)
    return next(cell for cell in cells if cell.params["condition"] == condition)


def rows_of(cell) -> pa.Table:
    attempt = measure(cell, None, "test")
    assert attempt.failure is None, attempt.failure
    assert 1 <= attempt.measured.notes["epoch"] <= cell.params["epochs"]
    rows = attempt.measured.rows
    return rows.append_column("seed", pa.array([0] * rows.num_rows)).append_column(
        "model", pa.array([""] * rows.num_rows)
    )


def found(kind: Kind, condition: str = TILES, **sizes: int) -> Outcomes:
    ((read, conditions),) = by_kind(of_part(rows_of(training(kind, condition, **sizes)), KINDS)).items()
    assert read == kind and list(conditions) == [condition]
    return conditions[condition]


@EACH_KIND
def test_chance_is_what_counting_all_guesses_gives(kind: Kind) -> None:
    held = set(range(kind.tiles))
    guesses = [set(guess) for guess in combinations(range(kind.classes), kind.tiles)]
    assert np.mean([guess == held for guess in guesses]) == pytest.approx(kind.guessed)
    assert np.mean([len(guess & held) for guess in guesses]) / kind.tiles == pytest.approx(kind.guessed_each)
    known = [guess for guess in guesses if 0 in guess]
    assert np.mean([guess == held for guess in known]) == pytest.approx(kind.one_known)
    assert np.mean([len(guess & held) for guess in known]) / kind.tiles == pytest.approx(kind.one_known_each)


def test_the_papers_kind_is_drawn_as_ever() -> None:
    """To the byte: digests from before there were other kinds."""
    digits = draws.split(*load(""))[0]
    for paired, digest in (
        (None, "bb1714abc8f9860c"),
        (True, "1933135996da94f1"),
        (False, "860ef7bfe56afce0"),
    ):
        drawn = draws.draw(digits, 200, np.random.default_rng(7), paired=paired)
        content = b"".join(part.tobytes() for part in (drawn.tiles, drawn.classes, drawn.labels))
        assert hashlib.sha256(content).hexdigest().startswith(digest)
    planned = SKILL_EMERGENCE.plan(SkillEmergenceParams(parts=(COLLAGES,)), [])
    # A training's random numbers hang on all that its cell is told, so that must not grow either.
    assert planned[0].params == {
        **{"n_collages": 1000, "n_test_collages": 1000, "epochs": 15},
        **{"condition": TILES, "training": 0},
    }


@EACH_KIND
def test_collages_of_every_kind_are_as_it_says(kind: Kind) -> None:
    which = np.sort(np.random.default_rng(1).permutation(10)[: kind.classes])
    images, targets = draws.only(draws.split(*load(""))[0], which)
    assert set(targets) == set(range(kind.classes))
    drawn = draws.draw((images, targets), 300, np.random.default_rng(0), kind=kind)
    assert drawn.tiles.shape == (300, kind.tiles, 8, 8) and drawn.classes.shape == (300, kind.tiles)
    assert all(len(set(row)) == kind.tiles for row in drawn.classes.tolist())
    assert set(drawn.classes.ravel()) == set(range(kind.classes))
    known = dict(zip((image.tobytes() for image in load("")[0]), load("")[1].tolist(), strict=True))
    for tiles, classes in zip(drawn.tiles[:30], drawn.classes[:30], strict=True):
        assert [known[tile.tobytes()] for tile in tiles] == which[classes].tolist()
    at = (drawn.labels[:, None] == drawn.classes).mean(axis=0)
    if kind.named is None:
        np.testing.assert_allclose(at, 1 / kind.tiles, atol=0.09)
    else:
        np.testing.assert_array_equal(at, np.eye(kind.tiles)[kind.named])


@pytest.mark.parametrize("named", [0, 3])
def test_every_label_that_is_told_is_of_the_named_tile(named: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of training and those by which the epoch is chosen, of the very images of that tile."""
    seen, train = [], measuring.train

    def spy(network, shown, held_out, *rest):
        seen.extend((shown, held_out))
        return train(network, shown, held_out, *rest)

    monkeypatch.setattr(measuring, "train", spy)
    rows_of(training(Kind(named=named)))
    known = dict(zip((image.tobytes() for image in load("")[0]), load("")[1].tolist(), strict=True))
    assert len(seen) == 2
    for collages in seen:
        assert [known[tile.tobytes()] for tile in collages.tiles[:, named]] == collages.labels.tolist()


def test_one_tile_is_plain_classification() -> None:
    kind = Kind(grid=1)
    torch.manual_seed(0)
    network, tiles = TileMixture(8).eval(), torch.rand(5, 1, 8, 8)
    torch.testing.assert_close(network(tiles), network.detector(tiles).log_softmax(-1))
    drawn = draws.draw(draws.split(*load(""))[0], 100, np.random.default_rng(0), kind=kind)
    np.testing.assert_array_equal(drawn.labels, drawn.classes[:, 0])
    np.testing.assert_array_equal(whole(torch.from_numpy(drawn.tiles)).numpy(), drawn.tiles[:, 0])
    one = found(kind, n_collages=1000, epochs=4, n_test_collages=300)
    assert one.exact[0] == one.recall[0] == one.first.mean() > 0.9
    assert one.product[0] == pytest.approx(one.exact[0], abs=0.03)


def test_fewer_digits_are_drawn_for_each_training_and_written_as_they_are() -> None:
    params = SkillEmergenceParams(
        **{"n_collages": 64, "n_test_collages": 40, "epochs": 1, "n_trainings": 1, "n_kind_trainings": 3},
        parts=(COLLAGES,),
        collage_kinds=(Kind(classes=6),),
    )
    cells = [c for c in SKILL_EMERGENCE.plan(params, []) if c.params.get("kind")]
    used = []
    for cell in (c for c in cells if c.params["condition"] == PERCEPTRON):
        used.append(frozenset("".join(rows_of(cell)["digits"].to_pylist())))
    assert {len(each) for each in used} == {6} and len(set(used)) > 1
    first = rows_of(cells[0])
    assert first.equals(rows_of(cells[0]))  # made again to the bit


@EACH_KIND
@pytest.mark.parametrize("network", [TileMixture, PlainNetwork, Perceptron, Transformer])
def test_every_network_sees_every_pixel_of_every_kind(kind: Kind, network: type) -> None:
    torch.manual_seed(0)
    own = {TileMixture: (8, kind.classes), PlainNetwork: (kind.classes,)}.get(network, (8, kind))
    tiles = torch.rand(3, kind.tiles, 8, 8, requires_grad=True)
    said = network(*own).eval()(tiles)
    assert said.shape == (3, kind.classes)
    torch.testing.assert_close(said.exp().sum(1), torch.ones(3))
    said[:, 0].sum().backward()
    assert tiles.grad is not None and (tiles.grad != 0).any(dim=0).all()


def test_nine_tiles_lie_row_by_row() -> None:
    tiles = torch.arange(9.0).reshape(1, 9, 1, 1).expand(1, 9, 8, 8)
    assert whole(tiles)[0, ::8, ::8].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def knows_one(kind: Kind, n: int) -> dict[str, Outcomes]:
    """Simulate who knows the digit of the named tile and guesses the others."""
    rng = np.random.default_rng(0)
    classes = np.argsort(rng.random((n, kind.classes)), axis=1)[:, : kind.tiles]
    guess = rng.random((n, kind.classes))
    np.put_along_axis(guess, classes[:, [kind.named]], 2.0, axis=1)
    top = np.argsort(-guess, axis=1)[:, : kind.tiles]
    hits = (classes[:, :, None] == top[:, None]).any(axis=2)
    told = records(PERCEPTRON, 0, classes, hits, hits[:, kind.named])
    return outcomes([{**record, "seed": 0} for record in told])


@pytest.mark.parametrize("named", [0, 2])
def test_who_knows_one_place_is_told_from_who_knows_all(named: int) -> None:
    kind = Kind(named=named)
    one = knows_one(kind, 20_000)[PERCEPTRON]
    assert one.exact[0] == pytest.approx(kind.one_known, abs=0.003)
    assert one.recall[0] == pytest.approx(kind.one_known_each, abs=0.01)
    here, elsewhere = one.places(named)
    assert here[0] == 1 and elsewhere[0] == pytest.approx(1 / 3, abs=0.01)


def test_a_network_that_knows_places_learns_the_named_one_alone() -> None:
    """What it has at the other tiles is near the third that guessing the rest gives; chances by counting."""
    one = found(Kind(named=1), PERCEPTRON, n_collages=1000, epochs=10, n_test_collages=500)
    here, elsewhere = one.places(1)
    assert here[0] > 0.8
    assert elsewhere[0] == pytest.approx(1 / 3, abs=0.08)
    assert one.exact[0] < 0.06


def test_the_page_has_chance_beside_every_number() -> None:
    kinds = (Kind(named=0), Kind(grid=3), Kind(classes=6))
    rng = np.random.default_rng(0)
    told = []
    for kind in kinds:
        for training_ in range(2):
            classes = np.argsort(rng.random((20, kind.classes)), axis=1)[:, : kind.tiles]
            one = records(TILES, training_, classes, rng.random(classes.shape) < 0.9, np.ones(20, bool))
            told += [{**kind.model_dump(), **record} for record in one]
    rows = to_rows(KINDS, told)
    standard = records(TILES, 0, np.tile(np.arange(4), (20, 1)), np.ones((20, 4), bool), np.ones(20, bool))
    standard += records(PLAIN, 0, np.tile(np.arange(4), (20, 1)), np.ones((20, 4), bool), np.ones(20, bool))
    rows = pa.concat_tables([rows, to_rows("collages", standard)], promote_options="default")
    n = rows.num_rows
    rows = rows.append_column("seed", pa.array([0] * n)).append_column("model", pa.array([""] * n))
    params = SkillEmergenceParams()
    (table,) = (each for each in tables(rows, params) if each.name == "skill-emergence-collage-kinds")
    assert [(row[0], row[1], row[2]) for row in table.rows] == [
        (STANDARD.name, TILES, 1),
        *((kind.name, TILES, 2) for kind in (kinds[0], kinds[2], kinds[1])),
    ]
    assert [row[4] for row in table.rows] == ["0.005", "0.005", "0.067", "0.100"]
    assert [row[7] for row in table.rows] == ["0.400", "0.400", "0.667", "0.900"]
    assert [row[-1] == "–" for row in table.rows] == [True, False, True, True]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "0.012 and 0.500" in table.note
    (drawn,) = (each for each in figures(rows, params) if each.name == "skill-emergence-collage-kinds")
    points = [p for p in drawn.spec["datasets"]["data"] if p["kind"] == "data"]
    assert sum(p["series"] == GUESSING for p in points) == 2 * 4
    assert sum(p["series"] == ONE_KNOWN for p in points) == 2
    assert {f.claim for f in analyse(rows, params)} == {"3", "8"}


def test_a_run_from_before_there_were_other_kinds_has_no_table_of_them() -> None:
    told = records(TILES, 0, np.tile(np.arange(4), (20, 1)), np.ones((20, 4), bool), np.ones(20, bool))
    rows = to_rows("collages", told)
    rows = rows.append_column("seed", pa.array([0] * 20)).append_column("model", pa.array([""] * 20))
    names = {each.name for each in tables(rows, SkillEmergenceParams())}
    assert "skill-emergence-collages" in names and "skill-emergence-collage-kinds" not in names


def test_which_networks_are_trained_on_what() -> None:
    planned = SkillEmergenceParams().kind_trainings
    assert {t.condition for t in planned if t.kind.named is not None} == {
        TILES,
        PERCEPTRON,
        PLAIN,
        TRANSFORMER,
    }
    assert {t.condition for t in planned if t.kind.named is None} == {TILES, PERCEPTRON}
    assert len({t.model_dump_json() for t in planned}) == len(planned)


@pytest.mark.parametrize(
    ("kinds", "match"),
    [
        ((Kind(classes=4),), "4 different digits out of 4"),
        ((Kind(grid=3, classes=8),), "9 different digits out of 8"),
        ((Kind(named=4),), "tile 4 of 4"),
        ((Kind(grid=1), Kind(grid=1)), "named twice"),
    ],
)
def test_what_cannot_be_drawn_is_refused(kinds: tuple[Kind, ...], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        SKILL_EMERGENCE.plan(SkillEmergenceParams(collage_kinds=kinds), [])
