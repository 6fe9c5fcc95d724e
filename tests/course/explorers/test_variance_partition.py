"""Shares of the variance, set and found."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._variance_partition import FORMULA, genes, shares

result = explorers.variance_partition.result


def test_shares_sum_to_one_and_are_the_fits():
    r = result(count=3, seed=2)
    assert r.found.sum(1) == pytest.approx(np.ones(3))
    fit = lk.lmer(f"gene {FORMULA}", r.design.assign(gene=genes(r.design, r.truth, 3, 2)[2]))
    variances = fit.varcorr.frame.set_index("grp")["vcov"]
    assert r.found[2, 0] == pytest.approx(variances["Individual"] / variances.sum(), rel=1e-6)


@pytest.mark.parametrize("asked", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.3, 0.2)])
def test_any_three_shares_leave_a_residual(asked):
    truth, scaled = shares(*asked)
    assert truth.sum() == pytest.approx(1) and truth.min() >= 0 and truth[3] >= 0.01 - 1e-12
    assert scaled == (sum(asked) > 0.99)
    r = result(individual=asked[0], tissue=asked[1], batch=asked[2], count=1)
    assert np.isfinite(r.found).all() and np.all(r.found >= 0)


def test_many_levels_recover_a_share_better_than_few():
    r = [result(individual=0.5, tissue=0.3, batch=0.0, count=8, seed=seed).found for seed in range(1, 6)]
    found = np.concatenate(r)
    assert found[:, 0].mean() == pytest.approx(0.5, abs=0.1)
    individual = found[:, 0] / (found[:, 0] + found[:, 3])
    tissue = found[:, 1] / (found[:, 1] + found[:, 3])
    assert individual.std() < tissue.std()
