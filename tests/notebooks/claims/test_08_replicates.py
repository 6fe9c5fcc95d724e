"""What lesson 8 and its exercise say of replicates."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course.check import find


@pytest.fixture(scope="module")
def enzyme():
    return lk.load_data("enzyme")


@pytest.fixture(scope="module")
def soil():
    return lk.load_data("herbivory")


@pytest.fixture(scope="module")
def assays():
    """Activity and treatment of ten mice, six assays each, drawn as the lesson draws them."""
    rng = np.random.default_rng(38)
    return 20 + 3 * (np.arange(10) >= 5)[:, None] + 2 * rng.standard_normal(10)[:, None] + (
        rng.standard_normal(60).reshape(10, 6)
    )  # fmt: skip


def test_dots_of_one_mouse_lie_close_together(assays):
    """“Six dots of one mouse lie close together.”"""
    apart = assays.reshape(2, 5, 6)
    between = apart.mean(axis=2).std(axis=1, ddof=1)
    assert assays.std(axis=1, ddof=1).mean() < 1.1 < between.min()


def test_the_standard_error_of_all_rows_is_too_small(assays):
    """“Its standard error is too small, and its *t* too large.” and “The other two agree to the last digit.” and
    “All three find the same difference, near the true one of 3.”"""
    control, treated = assays[:5], assays[5:]
    rows = stats.ttest_ind(treated.ravel(), control.ravel())
    means = stats.ttest_ind(treated.mean(axis=1), control.mean(axis=1))
    truth = np.sqrt(2 * (4 / 5 + 1 / 30))
    of_rows, of_means = ((treated.mean() - control.mean()) / test.statistic for test in (rows, means))
    # R 4.2.2: summary(lm(y ~ treated)) of the sixty rows
    assert (of_rows, rows.statistic) == pytest.approx((0.47046593, 6.1401817), abs=1e-6)
    assert of_rows < 0.5 * truth < of_means < 1.5 * truth
    from pandas import DataFrame

    data = DataFrame({"y": assays.ravel(), "mouse": np.repeat(np.arange(10), 6)})
    data["treated"] = (data["mouse"] >= 5).astype(int)
    mixed = lk.lmer("y ~ treated + (1 | mouse)", data).coef_table().loc["treated"]
    # R 4.2.2, lmerTest 3.1-3: 2.8887463, t 2.6764493, df 8.0000
    assert mixed["statistic"] == pytest.approx(means.statistic, abs=1e-4)
    assert (mixed["statistic"], mixed["df"]) == pytest.approx((2.6764493, 8), abs=1e-3)
    assert mixed["estimate"] == pytest.approx(treated.mean() - control.mean(), rel=1e-9)
    assert mixed["estimate"] == pytest.approx(2.8887463, abs=1e-6)
    assert abs(mixed["estimate"] - 3) < 0.2 * truth


def test_fifty_rows_made_the_printout(enzyme):
    """“In truth nothing was averaged.” and “All of them: five samples were counted as fifty.” and
    “Five samples were measured ten times each.”"""
    assert enzyme.groupby("Sample", observed=True).size().tolist() == [10] * 5
    fit = ols("Enzyme ~ Pheno", enzyme).fit()
    assert fit.df_resid == 48  # as the slide prints
    assert fit.tvalues["Pheno"] == pytest.approx(7.683, abs=5e-4)
    assert fit.tvalues["Pheno"] == pytest.approx(7.6826069, abs=1e-5)  # R 4.2.2: summary(lm)


def test_the_score_differs_within_samples(enzyme):
    """“The score, too, was taken with every row, and it differs from row to row of one sample.”"""
    assert (enzyme.groupby("Sample", observed=True)["Pheno"].nunique() > 1).all()


def test_the_slope_of_all_rows_is_mostly_that_within_samples(enzyme):
    """“There the slope is …, between the means …; the slope of all rows, …, is a mixture of the two, and
    mostly the first.”"""
    means = enzyme.groupby("Sample", observed=True)[["Enzyme", "Pheno"]].mean()
    all_rows = np.polyfit(enzyme["Pheno"], enzyme["Enzyme"], 1)[0]
    between = np.polyfit(means["Pheno"], means["Enzyme"], 1)[0]
    within = ols("Enzyme ~ Pheno + Sample", enzyme).fit().params["Pheno"]
    # R 4.2.2: lm(Enzyme ~ Pheno + Sample), lm of the means, lme4 1.1-31's lmer(Enzyme ~ Pheno + (1 | Sample))
    assert [within, between, all_rows] == pytest.approx([1.2456855, 0.66054686, 1.161085], abs=1e-6)
    assert between < all_rows < within
    assert within - all_rows < (all_rows - between) / 2


def test_the_interval_of_the_spread_between_samples(enzyme):
    """“Standard deviations between samples from … to … U/L go with the data” and “with the same slope and the
    same standard error” and “no variance was *found* between five samples”"""
    fit = lk.lmer("Enzyme ~ Pheno + (1 | Sample)", enzyme)
    interval = fit.confint(parm="theta_")
    # R 4.2.2, lme4 1.1-31: confint(fit, parm = 1) gives 0 to 1.5506604
    assert interval.iloc[0].tolist() == pytest.approx([0, 1.5506604], abs=2e-3)
    assert fit.is_singular
    rows = ols("Enzyme ~ Pheno", enzyme).fit()
    assert [fit.fixef["Pheno"], fit.se["Pheno"]] == pytest.approx(
        [rows.params["Pheno"], rows.bse["Pheno"]], rel=1e-6
    )


def test_rows_are_independent_when_samples_do_not_differ():
    """“Only when samples do not differ at all: then rows are independent, and there is nothing to forget.”"""
    from lmmkit.course.explorers import pseudoreplication

    # no R number: how often the explorer's analyses err over simulated studies
    wrong = [
        pseudoreplication.result(sd_bio=sd, effect=0.0).analyses[0].false_positives for sd in (0.0, 0.4, 1.0)
    ]
    assert abs(wrong[0] - 0.05) < 0.02 < 0.05 < wrong[1] - 0.05 < wrong[2] - 0.1


def test_the_many_mice_win():
    """“Both plans have the same assay noise, but one has ten times the mice.”"""
    few, many = (np.sqrt(1 / mice + 1 / 100) for mice in (5, 50))
    assert many < few / 2.5


def test_means_and_mixed_model_agree_but_for_the_exception():
    """“Balanced replicates and a predictor of the unit: means and mixed model agree exactly, unless the variance
    between units is estimated as zero.” and “the mixed model falls back on all rows, and the means do not”"""
    from pandas import DataFrame

    rng = np.random.default_rng(1)
    mouse, singular = np.repeat(np.arange(10), 6), 0
    # R 4.2.2, lmerTest 3.1-3 on the same rows: p of lmer(y ~ treated + (1 | mouse)), the last three singular
    found = {2.0: [0.907983887], 0.1: [0.308498265, 0.988215541, 0.912039066]}
    for spread in (2.0, 0.1, 0.1, 0.1):
        y = spread * rng.standard_normal(10)[mouse] + rng.standard_normal(60)
        data = DataFrame({"y": y, "mouse": mouse, "treated": (mouse >= 5).astype(int)})
        fit = lk.lmer("y ~ treated + (1 | mouse)", data)
        means = data.groupby("mouse").mean()
        test = stats.ttest_ind(means.query("treated == 1")["y"], means.query("treated == 0")["y"])
        agree = abs(fit.coef_table().loc["treated", "p_value"] - test.pvalue) < 1e-5
        assert agree != fit.is_singular
        assert fit.coef_table().loc["treated", "p_value"] == pytest.approx(found[spread].pop(0), abs=1e-5)
        singular += fit.is_singular
    assert singular == 3


def test_the_mixed_model_is_better_with_unequal_replicates():
    """“With unequal replicates, or for an effect *within* mice, the mixed model is the better one.”"""
    assays = np.array([1, 1, 2, 12, 12, 1, 2, 3, 12, 12])
    treated = np.arange(10) >= 5
    of_means = 0.25 + 1 / assays  # mice differ with an SD of a half, assays with one of 1
    equal = sum(of_means[arm].sum() / 25 for arm in (treated, ~treated))
    weighted = sum(
        1 / (1 / of_means[arm]).sum() for arm in (treated, ~treated)
    )  # as the mixed model weighs them
    assert weighted < 0.8 * equal
    # Half of the assays of each mouse with a reagent: the means of the mice all have the same half of it.
    reagent = np.tile([0, 1], (10, 3))
    assert np.ptp(reagent.mean(axis=1)) == 0


def test_counting_rows_finds_something_in_two_studies_of_five():
    """“in two studies of five they find an effect that is not there” and “The means are wrong as often
    as the five per cent promise.” and “Alike rows look like overwhelming agreement.”"""
    # Closed form: t on rows is t on means times a factor; simulated anew with another generator (so no R number).
    rng = np.random.default_rng(99)
    y = 2 * rng.standard_normal((20_000, 10, 1)) + rng.standard_normal((20_000, 10, 6))
    a, b = y[:, :5].reshape(20_000, -1), y[:, 5:].reshape(20_000, -1)
    rows = (stats.ttest_ind(a, b, axis=1).pvalue < 0.05).mean()
    means = (stats.ttest_ind(y[:, :5].mean(2), y[:, 5:].mean(2), axis=1).pvalue < 0.05).mean()
    assert rows == pytest.approx(0.42, abs=0.015)
    assert means == pytest.approx(0.05, abs=0.006)


def test_one_interval_leaves_out_zero_and_the_other_does_not(soil):
    """“One of them leaves out zero, the other does not.”"""
    means = soil.groupby(["treatment", "plot"], observed=True)["nitrogen"].mean().reset_index()
    p_values = [ols("nitrogen ~ treatment", data).fit().pvalues.iloc[1] for data in (soil, means)]
    # R 4.2.2: lm of the rows and of the means
    assert p_values == pytest.approx([0.0013744567, 0.27676276], rel=1e-6)


def test_eighty_cores_are_worth_a_handful_more_than_eight_plots(soil):
    """“A handful more than there are plots: that is how alike cores of one plot are.”"""
    between, within = 0.115236247, 0.070123451  # R 4.2.2, lme4 1.1-31: VarCorr of the model with (1 | plot)
    fitted = lk.lmer("nitrogen ~ treatment + (1 | plot)", soil).varcorr.frame["vcov"]
    assert fitted.tolist() == pytest.approx([between, within], rel=1e-5)
    assert 80 / (1 + 9 * between / (between + within)) == pytest.approx(12.1, abs=0.1)


def test_nearly_all_comes_from_the_plots():
    """“Nearly all of it comes from the plots; many more cores would hardly help.”"""
    for cores in find("ex08.q2").own["cores"]:  # whatever the number of plots
        assert 0.12 / (0.12 + 0.07 / cores) > 0.85
        assert np.sqrt((0.12 + 0.07 / cores / 10) / (0.12 + 0.07 / cores)) > 0.93


def test_the_colleague_finds_no_variance_of_cores(soil):
    """“their variance is hardly there.”"""
    fit = lk.lmer("nitrogen ~ treatment + (1 | core)", soil)
    # R 4.2.2, lme4 1.1-31: VarCorr gives 0 and 0.15876671
    assert fit.varcorr.frame["vcov"].tolist() == pytest.approx([0, 0.15876671], abs=1e-6)


def test_four_cages_leave_two_degrees_of_freedom():
    """“has only two degrees of freedom for the diet, and with so few will find only a very large effect.”"""
    assert stats.t.ppf(0.975, 2) > 4.3
    assert stats.nct.sf(stats.t.ppf(0.975, 2), 2, 3) < 0.5  # an effect of three standard errors
