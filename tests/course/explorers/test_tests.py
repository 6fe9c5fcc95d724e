"""Four tests of one effect."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._tests import METHODS, null_p_values

result = explorers.tests.result
RATIO, SATTERTHWAITE, KENWARD_ROGER, BOOTSTRAP = METHODS


def test_p_values_are_the_librarys():
    r = result(groups=4, size=3)
    fit = lk.lmer("y ~ arm + (1 | group)", r.data)
    assert r.p[SATTERTHWAITE] == pytest.approx(fit.coef_table().loc["armB", "p_value"])
    assert r.p[KENWARD_ROGER] == pytest.approx(fit.coef_table(ddf="kenward_roger").loc["armB", "p_value"])
    without = lk.lmer("y ~ 1 + (1 | group)", r.data)
    assert r.p[RATIO] == pytest.approx(lk.anova(without, fit)["p_value"].iloc[1], rel=1e-5)


@pytest.mark.slow
def test_bootstrap_by_sums_of_squares_is_the_bootstrap_by_refitting():
    r = result(groups=3, size=4)
    large = lk.lmer("y ~ arm + (1 | group)", r.data, reml=False)
    small = lk.lmer("y ~ 1 + (1 | group)", r.data, reml=False)
    table = lk.pb_modcomp(large, small, n_sim=600, seed=1)
    refitted = float(table.loc[table.index[-1], "p_value"])
    spread = np.sqrt(refitted * (1 - refitted) * (1 / 600 + 1 / 999))
    assert abs(refitted - r.p[BOOTSTRAP]) < 4 * spread


@pytest.mark.parametrize("groups", [2, 4, 15])
def test_error_rates_under_the_null(groups):
    p = null_p_values(groups, size=5, sd_group=1.5)
    rate = {name: np.mean(values < 0.05) for name, values in p.items()}
    margin = 4 * np.sqrt(0.05 * 0.95 / 1000)
    assert rate[KENWARD_ROGER] == pytest.approx(0.05, abs=margin)
    assert rate[BOOTSTRAP] == pytest.approx(0.05, abs=margin)
    assert rate[RATIO] > rate[KENWARD_ROGER]
    if groups == 2:
        assert rate[RATIO] > 0.12  # two groups an arm: the chi-squared limit is far away


@pytest.mark.slow
def test_refitted_studies_agree_with_the_sums_of_squares():
    r = explorers.tests.simulate(120, groups=3, size=4)
    for name, p in r.refitted.items():
        assert len(p) == 120
        margin = 4 * np.sqrt(0.25 / 120)
        assert np.mean(p < 0.3) == pytest.approx(np.mean(r.null[name] < 0.3), abs=margin)


def test_groups_all_alike():
    r = result(sd_group=0.0, groups=2, size=2)
    assert all(0 <= p <= 1 for p in r.p.values())
