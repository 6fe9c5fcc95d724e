"""What lesson 15 and its exercise say of power."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers

TAU, SIGMA = 1.5, 1.0


def power(effect, error, df):
    """Of a two-sided t-test at 5%, by the noncentral t distribution."""
    limit = stats.t.ppf(0.975, df)
    return stats.nct.sf(limit, df, effect / error) + stats.nct.cdf(-limit, df, effect / error)


def mice(number, weighings, effect, tau=TAU, sigma=SIGMA):
    return power(effect, np.sqrt(4 / number * (tau**2 + sigma**2 / weighings)), number - 2)


@pytest.fixture(scope="module")
def drivers():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))


def test_theory_of_twelve_mice():
    """“In balanced designs there is an exact theory, and then it is a check of your simulation, for nothing”"""
    assert mice(12, 4, 2) == pytest.approx(0.5077255, abs=1e-6)  # R 4.2.2: pt with ncp
    rng = np.random.default_rng(1)
    means = np.sqrt(TAU**2 + SIGMA**2 / 4) * rng.standard_normal((20_000, 12))
    p = stats.ttest_ind(means[:, :6] + 2, means[:, 6:], axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(mice(12, 4, 2), abs=0.012)


def test_the_model_that_forgets_the_mice_finds_too_much():
    """“then chance looks like an effect.”"""
    rng = np.random.default_rng(2)  # no R number: simulated with a seed of our own
    y = TAU * rng.standard_normal((10_000, 12, 1)) + SIGMA * rng.standard_normal((10_000, 12, 4))
    rows, means = y.reshape(10_000, 2, 24), y.mean(axis=2)
    assert (stats.ttest_ind(rows[:, 0], rows[:, 1], axis=1).pvalue < 0.05).mean() > 0.25
    keeps = (stats.ttest_ind(means[:, :6], means[:, 6:], axis=1).pvalue < 0.05).mean()
    assert keeps == pytest.approx(0.05, abs=0.008)


def test_about_eight_points_to_either_side():
    """“So an interval reaches about eight points to either side: simulate more for the final answer.”"""
    assert 1.96 * np.sqrt(0.8 * 0.2 / 100) == pytest.approx(0.08, abs=0.005)


def test_weighing_for_ever_leaves_the_mice():
    """“Weighing for ever tells you everything about these mice, and nothing about others.”"""
    error = [np.sqrt(4 / 16 * (1 + 1 / n)) for n in (1, 10, 1000, 10**6)]
    assert error == sorted(error, reverse=True)
    assert error[-1] == pytest.approx(0.5, abs=1e-6)


def test_new_mice_climb_and_new_weighings_stay():
    """“Circles spend them on new mice and climb past the dotted line, which marks the customary four in five; squares
    spend them on the old ones and stay nearly where they were.”"""
    pilot = {
        "tau": 1.559322,
        "sigma": 0.866646,
    }  # R 4.2.2, lme4 1.1-31: VarCorr of lmer for the lesson's pilot
    new_mice = [mice(number, 4, 2, **pilot) for number in (12, 24, 36)]
    weighings = [mice(12, number, 2, **pilot) for number in (4, 8, 12)]
    assert new_mice[0] < 0.55 and new_mice[1] > 0.8
    assert weighings[-1] - weighings[0] < 0.05


def test_within_mice_measurements_buy_power():
    """“for one that changes within groups, measurements do, too.”"""
    found = [power(0.5, np.sqrt(4 / (12 * n)), 12 * n - 13) for n in (4, 8, 16)]
    # R 4.2.2: 1 - pt(qt(0.975, df), df, ncp)
    assert found == pytest.approx([0.391495, 0.6776376, 0.9312933], abs=2e-4)


def test_five_milliseconds_are_about_half_of_what_was_seen(drivers):
    """“that reaction slows by five milliseconds a day, about half of what was seen?”"""
    assert drivers.fixef["Days"] == pytest.approx(10, abs=1)
    assert drivers.fixef["Days"] == pytest.approx(10.467286, abs=1e-4)  # R 4.2.2, lme4 1.1-31


def test_theory_checks_the_random_slope(drivers):
    """“the test is that of the drivers' own slopes, whose variance is $\\tau_1^2 + \\sigma^2 / S_{xx}$”"""
    # R 4.2.2, lme4 1.1-31: slope SD 5.922137659, sigma 25.591795722
    assert drivers.varcorr.frame["sdcor"].iloc[1] == pytest.approx(5.922137659, rel=1e-4)
    one = np.sqrt(5.922137659**2 + 25.591795722**2 / 82.5)
    found = [power(5, one / np.sqrt(n), n - 1) for n in (6, 12, 18)]
    assert found == pytest.approx([0.3293718, 0.6723049, 0.8615606], abs=1e-5)  # R 4.2.2: pt with ncp
    simulated = lk.power(drivers, {"Days": 5.0}, 40, along={"Subject": [6]}, seed=8, progress=False).table
    assert simulated["conf_low"].iloc[0] < found[0] < simulated["conf_high"].iloc[0]


def test_forgotten_slopes_make_the_study_look_wonderful(drivers):
    """“leave out a source of variation, and the study looks wonderful until it is done.”"""
    sleep = lk.load_data("sleepstudy")
    parallel = lk.lmer("Reaction ~ Days + (1 | Subject)", sleep)
    for n in (6, 12, 18):
        rosy = power(5, parallel.sigma / np.sqrt(82.5 * n), 9 * n - 1)
        honest = power(5, np.sqrt((5.922137659**2 + 25.591795722**2 / 82.5) / n), n - 1)
        assert rosy > honest + 0.1
    assert parallel.sigma == pytest.approx(30.991234, abs=1e-3)  # R 4.2.2, lme4 1.1-31


def test_six_in_ten_measurements_are_not_balanced():
    """“of all measurements only six in ten are taken, by chance more of one driver than of another.”"""
    missed = lk.load_data("sleepstudy").sample(frac=0.6, random_state=15)
    assert len(missed) == 108
    assert missed.groupby("Subject", observed=True).size().nunique() > 3


def test_the_lucky_say_too_much():
    """“Only the lucky get past the threshold, and their luck is in the estimate.”"""
    rng = np.random.default_rng(4)  # no R number: simulated with a seed of our own
    means = np.sqrt(TAU**2 + SIGMA**2 / 3) * rng.standard_normal((20_000, 8))
    estimate = means[:, :4].mean(1) + 1 - means[:, 4:].mean(1)
    lucky = stats.ttest_ind(means[:, :4] + 1, means[:, 4:], axis=1).pvalue < 0.05
    assert estimate.mean() == pytest.approx(1, abs=0.03)
    assert estimate[lucky & (estimate > 0)].mean() > 2
    assert (lucky & (estimate < 0)).sum() > 0


def test_observed_power_is_a_function_of_the_p_value():
    """“It says what the p-value said; the interval of the effect says more.”"""
    limit = stats.t.isf(0.025, 10)
    found = [power(stats.t.isf(p / 2, 10), 1, 10) for p in (0.5, 0.2, 0.05, 0.01)]
    assert found == sorted(found)
    assert power(limit, 1, 10) == pytest.approx(0.5, abs=0.03)


def test_the_likelihood_ratio_finds_too_much():
    """“The likelihood ratio: it finds too much, and a test that breaks its promise has no power worth planning
    with.”"""
    # no R number: rates over studies simulated by the explorer
    state = explorers.tests.result(groups=4, size=4, sd_group=1.5)
    rates = {method: state.rate(method) for method in state.null}
    assert max(rates, key=rates.get) == "likelihood ratio"
    assert rates["likelihood ratio"] > 0.08


def pilot_variances():
    """Variance between plots and between cores of the deer and fences."""
    fit = lk.lmer("nitrogen ~ treatment + (1 | plot)", lk.load_data("herbivory"))
    found = fit.varcorr.frame["vcov"].to_list()
    assert found == pytest.approx([0.115236247, 0.070123451], rel=1e-4)  # R 4.2.2, lme4 1.1-31: VarCorr
    return found


def test_three_times_the_pilot():
    """“Three times the pilot. Its own size would miss the difference more often than not.”"""
    tau2, sigma2 = pilot_variances()
    found = {n: mice(n, 10, 0.5, tau2**0.5, sigma2**0.5) for n in (8, 16, 24, 32)}
    assert found[8] < 0.5 and found[16] < 0.85 <= found[24]
    # “an honest estimate is between seven and eight in ten”
    assert found[16] == pytest.approx(0.75, abs=0.03)


def test_most_of_the_noise_lies_between_plots():
    """“More cores from the same plots would hardly help, because most of the noise lies between plots.”"""
    tau2, sigma2 = pilot_variances()
    assert tau2 / (tau2 + sigma2 / 10) > 0.9
    assert np.sqrt(tau2 + sigma2) == pytest.approx(
        0.43, abs=0.005
    )  # “Soil varies by 0.43 g per kg, all in all.”
    assert (tau2, sigma2) == pytest.approx((0.115236247, 0.070123451), abs=1e-4)  # R 4.2.2, lme4 1.1-31


def test_near_the_optimum_the_curve_is_flat():
    """“Near it the curve is flat, so take what is handy.”"""
    cost = {n: (16 + n) * (1.5**2 + 3**2 / n) for n in range(1, 61)}
    assert min(cost, key=cost.get) == 8
    assert max(cost[7], cost[9]) < 1.01 * cost[8]


def test_samples_buy_what_replicates_cannot():
    """“As many measurements, and about half the standard error: samples buy what replicates cannot.”"""
    # no R number: the explorer's own simulated samples, against the closed form
    panels = [explorers.pseudoreplication.result(bio=bio, tech=tech) for bio, tech in ((4, 20), (16, 5))]
    shown = [panel.analyses[-1].se for panel in panels]
    truth = [np.sqrt(2 * (1 / bio + 0.6**2 / 80)) for bio in (4, 16)]
    assert truth[1] / truth[0] == pytest.approx(0.5, abs=0.05)
    assert shown[1] / shown[0] == pytest.approx(0.5, abs=0.15)
