"""S3: a Bayes who believes that a delimiter may change the task stays away from kernel regression."""

import pytest
from drawn_worlds import many

from taskscope.studies.kernel_regression.simulated import posterior as s3
from taskscope.studies.kernel_regression.simulated.rows import curves


def test_under_a_leak_the_gap_to_bayes_ends_where_doubt_keeps_it():
    """From 4,096 demonstrations on four times as many halve the gap under an exact reset alone."""
    known = curves(many(s3.simulate, s3.SIZES["standard"], 8), s3.NUMBER)
    gap, floor = (
        {leak: known[s3.leak_name(leak), s3.KERNEL, metric] for leak in s3.LEAKS}
        for metric in (s3.GAP, s3.FLOOR)
    )
    assert gap[0.0].sizes[-2:].tolist() == [4096, 16_384]
    falls = {leak: curve.mean[-1] / curve.mean[-2] for leak, curve in gap.items()}
    assert falls[0.0] == pytest.approx(0.5, abs=0.06)
    assert falls[0.1] > falls[0.0] + 0.1
    # Bayes under an exact reset tends to what the kernel tends to; a doubt that stays keeps him away from it,
    # no less after 16,384 demonstrations than after 64.
    assert floor[0.0].mean[-1] < 1e-12
    for leak in (0.01, 0.1):
        ends = floor[leak].mean
        assert ends[-1] == pytest.approx(ends[1], rel=0.5) and ends[-1] > 0.002
        assert (gap[leak].values[:, -1] > 0.9 * floor[leak].values[:, -1]).all()
    assert floor[0.1].mean[-1] > 4 * floor[0.01].mean[-1]
    assert 1.5 * gap[0.0].mean[-1] < gap[0.1].mean[-1] < 1.6 * floor[0.1].mean[-1]
