"""What lesson 10 and its exercise say of criteria, theta, ML and REML."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

import lmmkit as lk
from lmmkit.likelihood.lmm import Criterion


@pytest.fixture(scope="module")
def mouse():
    return lk.load_data("mouse")


@pytest.fixture(scope="module")
def reml(mouse):
    return lk.lmer("Weight ~ Dose + (1 | Strain)", mouse)


@pytest.fixture(scope="module")
def ml(mouse):
    return lk.lmer("Weight ~ Dose + (1 | Strain)", mouse, reml=False)


@pytest.fixture(scope="module")
def patients():
    return lk.load_data("biomarker")


@pytest.fixture(scope="module")
def slopes(mouse):
    return lk.lmer("Weight ~ Dose + (Dose | Strain)", mouse)


def parts(mouse, theta):
    """Price and misfit of the REML criterion, from the eigenvalues of a strain's block."""
    strains = [rows for _, rows in mouse.groupby("Strain", observed=True)]
    xtx, xty, yty, logdet = np.zeros((2, 2)), np.zeros(2), 0.0, 0.0
    for rows in strains:
        n = len(rows)
        inverse = np.eye(n) - np.full((n, n), theta**2 / (1 + n * theta**2))
        x = np.column_stack([np.ones(n), rows["Dose"]])
        y = rows["Weight"].to_numpy()
        xtx, xty, yty = xtx + x.T @ inverse @ x, xty + x.T @ inverse @ y, yty + y @ inverse @ y
        logdet += np.log(1 + n * theta**2)
    df = len(mouse) - 2
    price = logdet + np.linalg.slogdet(xtx)[1]
    return price, df * (1 + np.log(2 * np.pi * (yty - xty @ np.linalg.solve(xtx, xty)) / df))


def test_one_part_rises_the_other_falls_and_there_is_one_valley(mouse, reml):
    """“On the left the two parts, one rising, one falling; on the right their sum, with a single valley.”"""
    price, misfit = np.array([parts(mouse, theta) for theta in np.linspace(0, 6, 61)]).T
    assert (np.diff(price) > 0).all()
    assert (np.diff(misfit) < 0).all()
    assert (np.diff(np.sign(np.diff(price + misfit))) != 0).sum() == 1
    assert sum(parts(mouse, reml.theta[0])) == pytest.approx(reml.reml_criterion, abs=1e-6)
    # R 4.2.2, lme4 1.1-31: REMLcrit, the criterion at the bottom of the valley
    assert sum(parts(mouse, 3.02677416)) == pytest.approx(156.57555628, abs=1e-6)


def test_lmer_finds_the_bottom(reml):
    """“lk.lmer finds theta = … with a criterion of ….”"""
    # R 4.2.2, lme4 1.1-31: REMLcrit and getME(fit, "theta")
    assert (reml.reml_criterion, reml.theta[0]) == pytest.approx((156.57555628, 3.02677416), abs=2e-5)


def test_many_mice_are_far_from_a_common_line(mouse):
    """“If strains were said not to differ at all, many mice would sit far from the common line”"""
    residual = mouse["Weight"] - np.polyval(np.polyfit(mouse["Dose"], mouse["Weight"], 1), mouse["Dose"])
    assert (residual.abs() > 2 * 0.939).mean() >= 0.5  # two residual SDs of the mixed model
    assert (residual.abs() > 2 * 0.939).mean() == pytest.approx(0.5)  # resid(lm), sigma(lmer)


def test_theta_knows_no_unit(mouse, reml):
    """“With one random intercept, theta is its SD in residual SDs, so it has no unit.”"""
    tenfold = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse.assign(Weight=10 * mouse["Weight"]))
    assert tenfold.theta[0] == pytest.approx(reml.theta[0], rel=1e-4)
    assert tenfold.sigma == pytest.approx(10 * reml.sigma, rel=1e-4)
    assert tenfold.theta[0] == pytest.approx(3.0267742, abs=1e-4)  # getME(, "theta")


def test_mice_weigh_grams(mouse):
    """“in decigrams (tenths of a gram) instead of grams”"""
    assert mouse["Weight"].between(10, 30).all()


def test_what_the_three_thetas_say(slopes):
    """“the intercept's SD is theta1, the slope's is $\\sqrt{\\theta_2^2 + \\theta_3^2}$, both in residual SDs, and
    the correlation is theta2 divided by the latter.”"""
    theta = np.array([3.80044961, -0.22134731, 0.0])  # R 4.2.2, lme4 1.1-31: getME(fit, "theta")
    assert slopes.theta == pytest.approx(theta, abs=2e-4)
    sds, corr = slopes.varcorr.frame["sdcor"].iloc[:2] / slopes.sigma, slopes.varcorr.frame["sdcor"].iloc[2]
    assert sds.tolist() == pytest.approx([theta[0], np.hypot(*theta[1:])], abs=2e-4)
    assert corr == pytest.approx(theta[1] / np.hypot(*theta[1:]), abs=1e-4)


def test_ways_down_from_several_places(slopes):
    """“the search went downhill from … places; the table shows the first of these ways. All end at the same
    height, …. On these ways the criterion was computed … times; the coarse grid that showed where to begin is
    not counted.”"""
    places, trail = slopes.optinfo["places"], slopes.optinfo["trail"]
    assert len(places) > 1 and slopes.optinfo["n_evaluations"] > len(trail)
    on_the_grid, *_ = Criterion(
        slopes.design
    ).on_grid()  # more points than there were evaluations on the ways
    assert "grid" in places["why"].iloc[0] and len(on_the_grid) > slopes.optinfo["n_evaluations"]
    assert trail[["theta1", "theta2", "theta3"]].iloc[0].tolist() == pytest.approx(
        places[["theta1", "theta2", "theta3"]].iloc[0].tolist()
    )
    # R 4.2.2, lme4 1.1-31: REMLcrit
    assert places["reached"].to_numpy() == pytest.approx(153.43115622, abs=1e-4)
    assert trail["objective"].is_monotonic_decreasing


def test_the_larger_model_buys_no_more_than_noise(reml, slopes):
    """“a larger model always has a criterion at least as low: it can imitate the smaller one” and “Here the
    larger model buys nothing that noise would not buy. AIC, a mark that asks two points for each parameter, says
    the same.” and “With a slope's SD of zero it is the smaller model, and has its criterion.”"""
    # R 4.2.2, lme4 1.1-31: REMLcrit of both
    drop = 156.57555628 - 153.43115622
    assert reml.reml_criterion - slopes.reml_criterion == pytest.approx(drop, abs=1e-4)
    assert 0.5 * chi2.sf(drop, 1) + 0.5 * chi2.sf(drop, 2) > 0.1
    assert (reml.aic, slopes.aic) == pytest.approx((164.575556, 165.431156), abs=1e-4)  # AIC of both
    assert reml.aic < slopes.aic


def test_all_standard_deviations_and_errors_are_smaller_by_ml(reml, ml):
    """“standard deviations and standard errors are all smaller by ML.”"""
    # R 4.2.2, lme4 1.1-31: VarCorr and vcov of both fits
    by_reml = [2.84221377, 0.93902407, 1.31413563, 0.10554277]
    by_ml = [2.53856813, 0.92854919, 1.18224261, 0.10435687]
    assert [*reml.varcorr.frame["sdcor"], *reml.se] == pytest.approx(by_reml, rel=1e-5)
    assert [*ml.varcorr.frame["sdcor"], *ml.se] == pytest.approx(by_ml, rel=1e-5)
    assert (np.array(by_ml) < by_reml).all()


def test_the_spread_of_strains_shrinks_most(reml, ml):
    """“The spread of the five strains is reduced most, and with it the standard error of the intercept”"""
    ratio = np.array([*ml.varcorr.frame["sdcor"], *ml.se]) / [*reml.varcorr.frame["sdcor"], *reml.se]
    strains, residual, intercept, dose = ratio
    assert strains < intercept < min(residual, dose)
    # VarCorr and vcov of both lmer
    assert ratio == pytest.approx([0.8931658, 0.98884493, 0.89963515, 0.98876382], abs=1e-4)


def test_balanced_reml_is_unbiased_until_it_is_cut_off_at_zero():
    """“REML takes away most of that bias (all of it in balanced designs, as long as no estimate is cut off at
    zero).”"""
    rng = np.random.default_rng(10)  # no R number: a mean over studies simulated with a seed of our own
    for spread, biased in ((3.0, False), (0.3, True)):
        y = spread * rng.standard_normal((20_000, 5, 1)) + rng.standard_normal((20_000, 5, 4))
        within = y.var(axis=2, ddof=1).mean(axis=1)
        reml = np.maximum(y.mean(axis=2).var(axis=1, ddof=1) - within / 4, 0)  # the ANOVA estimate, cut off
        gap = (reml.mean() - spread**2) / (reml.std() / np.sqrt(len(reml)))
        assert (abs(gap) > 10) == biased


def test_ml_divides_by_five_where_four_would_be_right():
    """“ML divides by five where four would be right.” and “because the mean was estimated from the same ten mice
    and lies too close to them”"""
    # no R number: draws with a seed of our own, against the closed form
    draws = np.random.default_rng(5).normal(size=(100_000, 5))
    assert draws.var(axis=1).mean() == pytest.approx(4 / 5, abs=0.01)


def test_every_standard_error_of_the_owls_is_smaller_by_ml():
    """“For the owls every standard error is smaller by ML, by up to …%; for the mice by up to …%” and
    “In truth it is ML that makes both the variances and these standard errors too small.”"""
    owls = lk.load_data("owl_cort")
    by_reml, by_ml = (
        lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls, reml=flag) for flag in (True, False)
    )
    ratio = by_ml.se / by_reml.se
    # R 4.2.2, lme4 1.1-31: the smallest ratio of the standard errors
    assert ratio.min() == pytest.approx(0.98872356, abs=1e-5)
    assert (ratio < 1).all()


def test_a_reml_criterion_depends_on_the_units(mouse, reml, ml):
    """“A REML criterion depends on the units of the predictors.”"""
    milli = mouse.assign(Dose=mouse["Dose"] * 1000)
    other = lk.lmer("Weight ~ Dose + (1 | Strain)", milli)
    assert other.reml_criterion - reml.reml_criterion == pytest.approx(2 * np.log(1000), abs=1e-4)
    by_ml = lk.lmer("Weight ~ Dose + (1 | Strain)", milli, reml=False)
    assert by_ml.deviance == pytest.approx(ml.deviance, abs=1e-6)
    # REMLcrit: 13.815511 higher in thousandths; the deviance by ML is the same
    assert other.reml_criterion - reml.reml_criterion == pytest.approx(13.815511, abs=1e-4)


def test_ml_forgets_about_a_quarter_between_plots():
    """“About a quarter: two means were estimated from eight plots, and ML forgets both.”"""
    # R 4.2.2, lme4 1.1-31: VarCorr by REML and by ML
    lost = 1 - 0.0846741 / 0.115236247
    assert lost == pytest.approx(2 / 8, abs=0.02)
    soil = lk.load_data("herbivory")
    by_ml = lk.lmer("nitrogen ~ treatment + (1 | plot)", soil, reml=False)
    assert by_ml.varcorr.frame["vcov"].iloc[0] == pytest.approx(0.0846741, rel=1e-4)


def test_the_reviewers_two_criteria_are_close():
    """“the REML criterion of their model is hardly lower than without the treatment”"""
    soil = lk.load_data("herbivory")
    with_it, without = (
        lk.lmer(f"nitrogen ~ {part} + (1 | plot)", soil).reml_criterion for part in ("treatment", "1")
    )
    # R 4.2.2, lme4 1.1-31: REMLcrit of both
    assert (with_it, without) == pytest.approx((38.597632, 39.058675), abs=1e-5)


def test_three_fits_are_almost_equally_good(patients):
    """“the three fits have correlations from one end to the other, and are almost equally good. What they agree on
    is the last row: cohorts differ by about 1.6 points at the average marker.”"""
    formula = "Disease ~ Biomarker + (Biomarker | Cohort)"
    best = lk.lmer(formula, patients)
    assert best.is_singular
    # R 4.2.2, lme4 1.1-31: REMLcrit by bobyqa; SD 0.9229270, Corr 1.000
    assert best.reml_criterion == pytest.approx(137.37675, abs=1e-4)
    starts = ([1.207703175, 0.014691126, 0.002973204], [3.5, -0.0145, 0.0])
    printed, third = (lk.lmer(formula, patients, start=start, optimize=False) for start in starts)
    sds = [fit.varcorr.frame["sdcor"] for fit in (printed, best, third)]
    assert sds[0].iloc[2] == pytest.approx(0.98, abs=5e-3) and sds[2].iloc[2] == pytest.approx(-1)
    # R 4.2.2, lme4 1.1-31: the deviance function of lmer(devFunOnly = TRUE) at both starts
    assert (printed.reml_criterion, third.reml_criterion) == pytest.approx((137.37697, 137.394643), abs=1e-5)
    assert 0 < printed.reml_criterion - best.reml_criterion < 0.001
    assert 0 < third.reml_criterion - best.reml_criterion < 0.02
    for one, slope, correlation in (sd.iloc[:3] for sd in sds):
        at_mean = slope * patients["Biomarker"].mean()
        assert np.sqrt(one**2 + at_mean**2 + 2 * correlation * one * at_mean) == pytest.approx(1.6, abs=0.05)


def lowest(patients, x, theta1):
    """The REML criterion at this theta1, with the best other two thetas, from the whole covariance matrix."""
    y, X = patients["Disease"].to_numpy(), np.column_stack([np.ones(len(x)), x])
    same = np.equal.outer(patients["Cohort"].to_numpy(), patients["Cohort"].to_numpy())

    def criterion(others):
        L = np.array([[theta1, 0], others])
        V = np.eye(len(y)) + same * (X @ L @ L.T @ X.T)
        inverse = np.linalg.inv(V)
        information = X.T @ inverse @ X
        left = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
        df = len(y) - 2
        logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
        return logs + df * (1 + np.log(2 * np.pi * (left @ inverse @ left) / df))

    starts = [(turn, 0.001) for turn in (-theta1 / 80, 0.01)]
    return min(minimize(criterion, start, method="Nelder-Mead").fun for start in starts)


def test_centring_gives_the_ridge_a_bottom(patients):
    """“The red line is flat: that is the ridge.” and “Centre the predictor, so that its zero lies among the data,
    and the same model has a valley with a bottom.”"""
    marker = patients["Biomarker"].to_numpy()
    assert marker.min() > 70  # zero is far outside the data
    ridge = [lowest(patients, marker, theta) for theta in (0.5, 2.4, 5.0)]
    valley = [lowest(patients, marker - marker.mean(), theta) for theta in (0.5, 2.4, 5.0)]
    assert np.ptp(ridge) < 0.05
    assert valley[0] - valley[1] > 10 and valley[2] - valley[1] > 1
    assert valley[1] == pytest.approx(ridge[1], abs=0.02)
    # R 4.2.2, lme4 1.1-31: lmer(devFunOnly = TRUE) at the same theta1, the lowest over the others by optim
    assert ridge == pytest.approx([137.378765, 137.379659, 137.411783], abs=5e-3)
    assert valley == pytest.approx([152.214063, 137.376755, 138.704474], abs=1e-3)
