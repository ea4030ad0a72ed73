"""Voting heads looked up in the probes: planted, and read at random."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression import voters
from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.features.findings import features
from taskscope.studies.kernel_regression.features.probes import PENALTIES
from taskscope.studies.kernel_regression.features.rows import LABEL, OFFSETS, PROBED, probe_rows
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.grids import Heads
from taskscope.studies.kernel_regression.weights.simulation import BLOCKS, PER_BLOCK, SCENARIOS

N_TEXTS = 24


def probed(telling: np.ndarray) -> pa.Table:
    """Probes of which those of some heads' values are right, and all others right half of the time."""
    rng = np.random.default_rng(1)
    text, target = np.arange(N_TEXTS), np.arange(N_TEXTS) % 2
    tables = []
    for vector, names in PROBED.items():
        for name in names:
            for offset in OFFSETS:
                for penalty, mixed in ((PENALTIES[0], False), (PENALTIES[0], True), (PENALTIES[1], False)):
                    right = rng.random((BLOCKS * PER_BLOCK, N_TEXTS)) < 0.5
                    if vector == "value" and offset == 0 and not mixed:
                        right[telling] = True
                    said = {"vector": vector, "target": name, "offset": offset, "penalty": penalty}
                    said["shuffled"] = mixed
                    tables.append(probe_rows(said, right, target, text, text, range(BLOCKS)))
    rows = pa.concat_tables(tables).unify_dictionaries()
    for name, value in (("seed", 0), ("task", "two classes"), ("model", "simulated")):
        rows = rows.add_column(0, name, pa.array([value] * rows.num_rows))
    return rows


@pytest.fixture(scope="module")
def voting() -> pa.Table:
    return SCENARIOS[0].simulate(PARAMS, np.random.default_rng(0))


def read(voting: pa.Table, telling: np.ndarray) -> voters.Voters:
    rows = pa.concat_tables([voting, probed(telling)], promote_options="default")
    (found,) = voters.voters(rows, PARAMS)
    return found


def test_voting_heads_that_carry_the_label_stand_out(voting: pa.Table) -> None:
    (one,) = weights(voting, PARAMS)
    found = read(voting, one.voting_heads)
    assert found.beyond_chance and set(found.names) == {one.heads.name(int(h)) for h in one.voting_heads}
    label = next(each for each in found.carried if each.target == LABEL)
    assert label.voting == 1 and label.p < 0.01 and 0.4 < label.others < 0.8 and label.over_heads > 0.3
    assert all(each.p > 0.01 for each in found.carried if each.vector == "key")
    (table,) = voters.tables(found)
    assert (
        len(table.rows) == len(found.carried) == 3 and one.heads.name(int(one.voting_heads[0])) in table.note
    )


def test_a_label_that_all_values_carry_is_nothing_of_voters(voting: pa.Table) -> None:
    label = read(voting, np.arange(BLOCKS * PER_BLOCK)).carried[0]
    assert label.voting == 1 == pytest.approx(label.others) and label.p == 1 and label.over_heads == 0


def test_heads_share_keys_and_values_in_order() -> None:
    rows = probed(np.array([0]))
    (found,) = features(rows, 200)
    values = found.probe("value", LABEL)
    doubled = voters.by_head(values, found.blocks, Heads(found.blocks, 2 * PER_BLOCK, BLOCKS))
    assert (
        doubled.reshape(BLOCKS, PER_BLOCK, 2).tolist() == np.repeat(values.by_head[..., None], 2, 2).tolist()
    )


def test_nothing_is_joined_where_one_part_is_missing(voting: pa.Table) -> None:
    assert voters.voters(voting, PARAMS) == []
