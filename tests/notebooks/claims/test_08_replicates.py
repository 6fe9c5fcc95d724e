"""What lesson 8 and its exercise say of replicates."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.formula.api import ols

import lmmkit as lk


@pytest.fixture(scope="module")
def enzyme():
    return lk.load_data("enzyme")


@pytest.fixture(scope="module")
def soil():
    return lk.load_data("herbivory")


def test_five_samples_ten_rows_each(enzyme):
    """“the tables that follow are of five samples with ten replicates each”"""
    assert enzyme.groupby("Sample", observed=True).size().tolist() == [10] * 5


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
    """“Standard deviations between samples from … to … U/L go with the data”"""
    fit = lk.lmer("Enzyme ~ Pheno + (1 | Sample)", enzyme)
    interval = fit.confint(parm="theta_")
    # R 4.2.2, lme4 1.1-31: confint(fit, parm = 1) gives 0 to 1.5506604
    assert interval.iloc[0].tolist() == pytest.approx([0, 1.5506604], abs=2e-3)
    assert fit.is_singular


def test_the_many_mice_win():
    """“Both plans have the same assay noise, but one has ten times the mice.”"""
    few, many = (np.sqrt(1 / mice + 1 / 100) for mice in (5, 50))
    assert many < few / 2.5


def test_means_and_mixed_model_agree_but_for_the_exception():
    """“Balanced replicates and a predictor of the unit: means and mixed model agree exactly, unless the variance
    between units is estimated as zero.”"""
    from pandas import DataFrame

    rng = np.random.default_rng(1)
    mouse, singular = np.repeat(np.arange(10), 6), 0
    for spread in (2.0, 0.1, 0.1, 0.1):
        y = spread * rng.standard_normal(10)[mouse] + rng.standard_normal(60)
        data = DataFrame({"y": y, "mouse": mouse, "treated": (mouse >= 5).astype(int)})
        fit = lk.lmer("y ~ treated + (1 | mouse)", data)
        means = data.groupby("mouse").mean()
        test = stats.ttest_ind(means.query("treated == 1")["y"], means.query("treated == 0")["y"])
        agree = abs(fit.coef_table().loc["treated", "p_value"] - test.pvalue) < 1e-5
        assert agree != fit.is_singular
        singular += fit.is_singular
    assert 0 < singular < 4


def test_counting_rows_finds_something_in_two_studies_of_five():
    """“the regression on all rows at a level of five per cent is wrong” and
    “Alike rows look like overwhelming agreement.”"""
    # Closed form: t on rows is t on means times a factor; simulated anew with another generator.
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
    """“Nearly all of it comes from the plots; ten times the cores would hardly help.”"""
    plots, cores = 0.12 / 4, 0.07 / 40
    assert plots / (plots + cores) > 0.9
    assert np.sqrt((plots + cores / 10) / (plots + cores)) > 0.97


def test_the_colleague_finds_no_variance_of_cores(soil):
    """“their variance is hardly there.”"""
    fit = lk.lmer("nitrogen ~ treatment + (1 | core)", soil)
    # R 4.2.2, lme4 1.1-31: VarCorr gives 0 and 0.15876671
    assert fit.varcorr.frame["vcov"].tolist() == pytest.approx([0, 0.15876671], abs=1e-6)


def test_four_cages_leave_two_degrees_of_freedom():
    """“has only two degrees of freedom for the diet, and with so few will find only a very large effect.”"""
    assert stats.t.ppf(0.975, 2) > 4.3
    assert stats.nct.sf(stats.t.ppf(0.975, 2), 2, 3) < 0.5  # an effect of three standard errors
