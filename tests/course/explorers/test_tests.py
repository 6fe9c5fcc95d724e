"""Four tests of one effect."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._tests import METHODS, null_p_values
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

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


def told_p(method, words):
    """The p-value that the sentence gives a method: a number, or the bound 0.001."""
    after = words.split(f"{method} p ")[1]
    return (0.0, float(after[2:7])) if after.startswith("<") else (1.0, float(after[2:7]))


def holds(state, r, words):
    """Estimate, SE and p-values of the balanced design: t tests of the groups' means, and ML by a grid."""
    k, m = state["groups"], state["size"]
    y = r.data["y"].to_numpy()
    Y = y.reshape(2, k, m)
    codes, arm = np.repeat(np.arange(2 * k), m), np.repeat([0.0, 1.0], k * m)
    means = stats.ttest_ind(Y[1].mean(1), Y[0].mean(1))
    rows = stats.ttest_ind(Y[1].ravel(), Y[0].ravel())
    difference = Y[1].mean() - Y[0].mean()
    pooled = m * Y.mean(2).var(1, ddof=1).mean() < Y.var(2, ddof=1).mean()
    used = rows if pooled else means
    shown = found("For a difference of # (SE #)", words)
    assert same(shown[0], difference) and same(shown[1], abs(difference / used.statistic), room=1e-4), (
        state,
        words,
    )
    X = np.column_stack([np.ones_like(arm), arm])
    ratio = (
        brute.intercepts(y, X[:, :1], codes, reml=False).criterion
        - brute.intercepts(y, X, codes, reml=False).criterion
    )
    right = {
        RATIO: stats.chi2.sf(max(ratio, 0.0), 1),
        SATTERTHWAITE: used.pvalue,
        KENWARD_ROGER: 2 * stats.t.sf(abs(used.statistic), 2 * k - 2),
    }
    for method, p in right.items():
        exact, told = told_p(method, words)
        room = 2e-3 if method == KENWARD_ROGER and pooled else 3e-4
        assert same(told, p, 3, room=room) if exact else p < told + room, (method, p, state, words)
    for method in METHODS:
        assert same(found(f"{method} in #%", words)[0], 100 * np.mean(r.null[method] <= 0.05), 1)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("tests", 6):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("tests", 130, seed=2):
        holds(state, r, words)


@pytest.mark.slow
def test_error_rates_are_those_of_simulated_rows():
    """Satterthwaite and the likelihood ratio in 3000 studies, row by row."""
    rng = np.random.default_rng(8)
    for groups, size, sd in ((2, 3, 0.0), (3, 5, 0.8), (8, 4, 2.0), (15, 2, 0.3)):
        r = result(groups=groups, size=size, sd_group=sd, effect=0.0)
        y = sd * rng.standard_normal((3000, 2, groups, 1)) + rng.standard_normal((3000, 2, groups, size))
        rows = stats.ttest_ind(y[:, 1].reshape(3000, -1), y[:, 0].reshape(3000, -1), axis=1).pvalue
        means = stats.ttest_ind(y[:, 1].mean(-1), y[:, 0].mean(-1), axis=1).pvalue
        pooled = size * y.mean(-1).var(-1, ddof=1).mean(-1) < y.var(-1, ddof=1).mean((1, 2))
        share = np.mean(np.where(pooled, rows, means) <= 0.05)
        chance = np.sqrt(0.05 * 0.95 * (1 / 3000 + 1 / 2000))
        assert abs(r.rate(SATTERTHWAITE) - share) < 4.5 * chance, (groups, size, sd)


def test_a_bootstraps_level_is_not_lowered_by_its_steps():
    """With 99 simulations p-values are hundredths, and 0.05 is one of them: 5 of 100 lie there or below."""
    p = null_p_values(10, size=5, sd_group=1.5)[BOOTSTRAP]
    assert np.allclose(p * 100, np.round(p * 100))
    assert np.mean(p <= 0.05) > np.mean(p < 0.05)
