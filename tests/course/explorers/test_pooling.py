"""Pooling: the weight formula against the fit."""

import numpy as np
import pytest

from lmmkit.course import explorers
from lmmkit.course.explorers._pooling import group_sizes

result = explorers.pooling.result


@pytest.mark.parametrize("state", [{}, {"groups": 20, "ratio": 2.0}, {"smallest": 7, "largest": 7}])
def test_partial_is_the_weighted_mean_of_none_and_centre(state):
    r = result(**state)
    assert r.partial == pytest.approx(r.weight * r.none + (1 - r.weight) * r.centre)
    ratio = 1 / r.ratio_found
    assert r.weight == pytest.approx(r.sizes / (r.sizes + ratio))
    assert np.all(np.diff(r.weight) >= 0)


def test_own_means_and_the_common_mean():
    r = result()
    means = r.data.groupby("group")["y"].mean().to_numpy()
    assert r.none == pytest.approx(means)
    assert r.complete == pytest.approx(r.data["y"].mean())


def test_no_variance_between_groups_pools_completely():
    r = next(r for seed in range(1, 30) if (r := result(ratio=0.0, seed=seed)).ratio_found == 0)
    assert r.partial == pytest.approx(np.full(12, r.centre))
    assert r.weight == pytest.approx(np.zeros(12))
    assert "complete pooling" in explorers.pooling.sentence(r)


def test_one_group_and_one_observation_each():
    alone = result(groups=1)
    assert alone.partial == pytest.approx([alone.complete])
    single = result(smallest=1, largest=1)
    assert single.sizes.tolist() == [1] * 12 and single.weight.tolist() == [0] * 12


def test_sizes_run_from_smallest_to_largest_whichever_is_given_first():
    assert group_sizes(4, 1, 200)[[0, -1]].tolist() == [1, 200]
    assert result(smallest=50, largest=5).sizes[[0, -1]].tolist() == [5, 50]
