"""What lesson 2 and its exercise say of owls in valleys, cohorts, a clinic, boxes and a hospital."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31.


@pytest.fixture(scope="module")
def owls():
    data = lk.load_data("simpson")
    fit = ols("V2 ~ V1", data).fit()
    return data.assign(residual=fit.resid, fitted=fit.fittedvalues)


@pytest.fixture(scope="module")
def patients():
    return lk.load_data("biomarker")


@pytest.fixture(scope="module")
def clinic():
    return lk.load_data("clinic")


@pytest.fixture(scope="module")
def mice():
    return lk.load_data("mouse")


def slopes(data, y, x, by):
    return {name: np.polyfit(rows[x], rows[y], 1)[0] for name, rows in data.groupby(by, observed=True)}


def split(data, y, x, by):
    """Slope within groups, slope between their means, and the share of x that lies between."""
    means = data.groupby(by, observed=True)[[x, y]].transform("mean")
    own, centre = data[[x, y]] - means, means - means.mean()
    within = own[x] @ own[y] / (own[x] @ own[x])
    between = centre[x] @ centre[y] / (centre[x] @ centre[x])
    return within, between, centre[x] @ centre[x] / ((data[x] - data[x].mean()) ** 2).sum()


def test_the_unit_is_the_spread_within_a_valley(owls):
    """“Their unit is the spread within a valley (one standard deviation), and their zero means nothing.”"""
    spread = owls.groupby("Group", observed=True)[["V1", "V2"]].std()
    assert spread.to_numpy() == pytest.approx(np.ones((5, 2)), abs=1e-6)


def test_inside_every_valley_the_line_goes_up(owls):
    """“Inside every valley longer hunting goes with a larger catch.” and “Every part goes up, and the whole
    goes down.”"""
    assert min(slopes(owls, "V2", "V1", "Group").values()) > 0.9
    assert np.polyfit(owls["V1"], owls["V2"], 1)[0] == pytest.approx(-0.35434783, abs=1e-7)  # lm
    assert list(slopes(owls, "V2", "V1", "Group").values()) == pytest.approx(
        [0.95] * 5, abs=1e-6
    )  # lm of each


def test_valleys_with_few_mice(owls):
    """“in valleys with few mice owls hunt longer, on average, and catch less”"""
    means = owls.groupby("Group", observed=True)[["V1", "V2"]].mean()
    assert means["V1"].is_monotonic_increasing and means["V2"].is_monotonic_decreasing


def test_every_valley_is_a_steep_streak(owls):
    """“Left, every valley is a steep streak: whoever knows the valley, and how long an owl hunted, knows the
    residual well.”"""
    assert max(slopes(owls, "residual", "fitted", "Group").values()) < -3
    assert ols("residual ~ V1 + Group", owls).fit().rsquared > 0.95
    assert ols("residual ~ Group", owls).fit().rsquared < 0.4  # the valley alone does not know it
    shares = [ols(f"residual ~ {x}", owls).fit().rsquared for x in ("V1 + Group", "Group")]
    assert shares == pytest.approx([0.96308186, 0.31887995], abs=1e-6)  # r.squared
    assert list(slopes(owls, "residual", "fitted", "Group").values()) == pytest.approx(
        [-3.6809816] * 5, abs=1e-5
    )


def test_a_shapeless_band(owls):
    """“Right, the residuals are a shapeless band, as they should be. (Each picture has its own scale: those on the
    right are far smaller.)”"""
    left = owls.assign(left=ols("V2 ~ V1 + Group", owls).fit().resid)
    assert np.abs(list(slopes(left, "left", "V1", "Group").values())).max() < 1e-6
    assert left.groupby("Group", observed=True)["left"].mean().abs().max() < 1e-6
    assert owls["residual"].std() > 5 * left["left"].std()
    assert owls["residual"].std() / left["left"].std() == pytest.approx(
        5.2045131, abs=1e-5
    )  # sd of resid(lm)


def test_the_five_slopes_are_one():
    """“Up, in every valley!” and in the answers “Run the next cell: it fits a line to each valley. Are all five slopes
    alike?”"""
    for seed in (11, 12, 13):  # R's lm of each valley, for each seed: 0.95 five times
        rows = lk.simulate_simpson(seed=seed)
        assert list(slopes(rows, "V2", "V1", "Group").values()) == pytest.approx([0.95] * 5, abs=1e-6)


def test_the_pooled_slope_is_an_average(owls, mice):
    """“The slope of all rows together (the *pooled* slope) is an average of two slopes: one **within** groups, and one
    **between** them” and
    “The two numbers of the last line agree to every digit.”"""
    cases = ((owls, "V2", "V1", "Group", -0.354347826), (mice, "Weight", "Dose", "Strain", -2.43871939))
    for data, y, x, by, of_lm in cases:  # coef(lm) of each
        within, between, share = split(data, y, x, by)
        assert share * between + (1 - share) * within == pytest.approx(of_lm, abs=1e-6)


def test_equal_means_leave_the_slope_within(owls):
    """“With w at zero only the slope within is left: a good reason to give all groups one mean of x.”"""
    level = owls.assign(V1=owls["V1"] - owls.groupby("Group", observed=True)["V1"].transform("mean"))
    assert np.polyfit(level["V1"], level["V2"], 1)[0] == pytest.approx(0.95, abs=1e-6)  # coef(lm): 0.95


def test_when_the_pooled_slope_leaves_and_turns():
    """“The pooled slope leaves the slope within at once, since most of the variation of `x` lies between these
    groups. It turns round when the slope between has come to about zero.”"""

    def result(between):
        return explorers.simpson.result(between=between)

    start = result(0.8)
    steps = [result(between).pooled[1] for between in (0.8, 0.7, 0.6, 0.5)]
    # coef(lm(y ~ x)) of the rows that the explorer drew
    assert steps == pytest.approx([0.794091096, 0.698208674, 0.602326253, 0.506443832], abs=1e-6)
    turn = [result(between).pooled[1] for between in (0.1, 0.0, -0.2)]
    assert turn == pytest.approx([0.122914147, 0.027031726, -0.164733116], abs=1e-6)
    data = pd.DataFrame({"x": start.x, "group": start.group}) if hasattr(start, "x") else start.data
    within, across = data["x"] - data.groupby("group")["x"].transform("mean"), data["x"] - data["x"].mean()
    assert (within @ within) / (across @ across) < 0.2


def test_the_mixed_model_stays_near_within_or_falls_back():
    """“It stays near the slope within as long as the fit finds that groups differ, and falls back on the
    pooled slope where it finds no difference between them”"""
    # fixef(lmer(y ~ x + (1 | group), control = lmerControl("bobyqa"))) of the rows drawn; its theta is 0 in the
    # first two. In the third its default search stays at theta 0, where REMLcrit is 183.72446 and not 153.41348.
    # The slope within is 0.97808089 in all, coef(lm(y ~ x + group)).
    for between, of_lmer in ((0.7, 0.698208674), (0.6, 0.602326253)):
        result = explorers.simpson.result(between=between)
        assert result.fell_back
        assert result.mixed == pytest.approx(of_lmer, abs=1e-6)
        assert result.mixed == pytest.approx(result.pooled[1], abs=1e-6)
    for between, of_lmer in ((0.0, 0.927752487), (-0.6, 0.947529367)):
        result = explorers.simpson.result(between=between)
        assert not result.fell_back
        assert (result.mixed, result.within.value) == pytest.approx((of_lmer, 0.97808089), abs=1e-5)
        assert abs(result.mixed - result.within.value) < 0.1 < abs(result.mixed - result.pooled[1])


def test_the_marker_turns_round(patients):
    """“The marker lowers the score, says the table, with p = 0.043.” and “a level for each cohort and one
    common slope, which rises”"""
    pooled = ols("Disease ~ Biomarker", patients).fit()
    assert pooled.params["Biomarker"] < 0 and pooled.pvalues["Biomarker"] == pytest.approx(0.0429, abs=5e-4)
    within = ols("Disease ~ Biomarker + Cohort", patients).fit()
    assert within.params["Biomarker"] > 0 and within.pvalues["Biomarker"] < 0.001
    # lm: -0.23817884 (p 0.042858165), within 0.36739885 (p 4.0842896e-05)
    assert (pooled.params["Biomarker"], within.params["Biomarker"]) == pytest.approx(
        (-0.23817884, 0.36739885), abs=1e-6
    )
    assert within.pvalues["Biomarker"] == pytest.approx(4.0842896e-05, rel=1e-5)


def test_cohorts_ask_for_no_slopes_of_their_own(patients):
    """“nothing here asks for them”"""
    full, common = (
        ols(f"Disease ~ {x}", patients).fit() for x in ("Biomarker * Cohort", "Biomarker + Cohort")
    )
    assert full.compare_f_test(common)[1] > 0.1
    assert full.compare_f_test(common)[:2] == pytest.approx(
        (0.031746569, 0.96877013), abs=1e-6
    )  # anova of both lm


def test_between_the_cohorts_the_line_falls(patients):
    """“The average is negative and one part is positive, so the other part must be negative.” and “compare the means of
    the cohorts: a higher marker, a lower score” and “the cohort with the highest marker has the lowest scores”"""
    within, between, share = split(patients, "Disease", "Biomarker", "Cohort")
    assert share * between + (1 - share) * within == pytest.approx(
        np.polyfit(patients["Biomarker"], patients["Disease"], 1)[0]
    )
    assert between < 0 < within
    means = (
        patients.groupby("Cohort", observed=True)[["Biomarker", "Disease"]].mean().sort_values("Biomarker")
    )
    assert means["Disease"].is_monotonic_decreasing
    assert between == pytest.approx(-1.0364231, abs=1e-5)  # lm of the means


def test_other_doses_other_fixed_effects(clinic):
    """“Here they have, because women and men had exactly the same doses. It is not a rule.”"""
    formula = "Value ~ Dose + (Dose | Gender)"
    plain, mixed = ols("Value ~ Dose", clinic).fit(), lk.lmer(formula, clinic)
    assert mixed.fixef["Dose"] == pytest.approx(plain.params["Dose"], abs=1e-3)
    fewer = clinic[(clinic["Gender"] == "F") | (clinic["Dose"] <= 0.45)]
    assert lk.lmer(formula, fewer).fixef["Dose"] - ols("Value ~ Dose", fewer).fit().params["Dose"] > 50
    # lm 39.898752; lmer by bobyqa 137.498198 (all doses: 149.23463)
    assert ols("Value ~ Dose", fewer).fit().params["Dose"] == pytest.approx(39.898752, abs=1e-5)
    assert lk.lmer(formula, fewer).fixef["Dose"] == pytest.approx(137.498198, abs=0.02)
    assert mixed.fixef["Dose"] == pytest.approx(149.23463, abs=1e-3)


def test_no_cohort_lies_in_a_narrow_band(patients):
    """“nothing here asks for them”"""
    assert patients.groupby("Cohort", observed=True)["Biomarker"].std().min() > 0.4


def test_a_hundred_patients_at_fifty_doses(clinic):
    """“Fifty women and fifty men of a clinic get a drug, in fifty doses, one woman and one man at each.” and
    “women and men had exactly the same doses”"""
    doses = clinic.groupby("Gender", observed=True)["Dose"].apply(lambda dose: tuple(sorted(dose)))
    assert len(clinic) == 100 and clinic["Dose"].nunique() == 50
    assert doses["F"] == doses["M"]


def test_women_and_men(clinic):
    """“But this average slope describes nobody. For women the drug does nothing that these data could show, for men it
    does a lot.”"""
    fit = ols("Value ~ Dose * Gender", clinic).fit()
    # lm: Dose -22.752811 (SE 39.490843, p 0.565859), Dose:GenderM 343.974892 (p 1.703150e-08); alone 149.2346
    assert fit.params["Dose"] == pytest.approx(-22.752811, abs=1e-5)
    assert fit.pvalues["Dose"] == pytest.approx(0.565859, abs=1e-5)
    assert fit.params["Dose:Gender[T.M]"] == pytest.approx(343.974892, abs=1e-5)
    assert fit.pvalues["Dose:Gender[T.M]"] == pytest.approx(1.703150e-08, rel=1e-5)
    assert fit.bse["Dose"] == pytest.approx(39.490843, abs=1e-5)
    men = fit.params["Dose"] + fit.params["Dose:Gender[T.M]"]
    assert men > 2 * 149.2346
    assert abs(fit.params["Dose"] - 149.2346) > 3 * fit.bse["Dose"]


def test_the_mean_slope_of_a_population_of_genders(clinic):
    """“are much the same as before. But the standard error of their mean has grown” and
    “The standard error of `Dose` is several times
    larger”"""
    urn = lk.lmer("Value ~ Dose + (Dose | Gender)", clinic)
    # R: coef 319.34012 for men, sqrt of vcov 173.249; lm 38.52768
    assert urn.coef()["Gender"]["Dose"]["M"] == pytest.approx(319.34, abs=0.5)
    assert urn.se["Dose"] == pytest.approx(173.25, rel=2e-3)
    assert urn.se["Dose"] > 4 * 38.52768


def test_what_an_estimated_spread_is_worth():
    """“With two groups an estimate near zero is nothing unusual, with thirty it is seldom far from the
    truth.” and in the answers “half of the estimates are above two thirds of the truth” and “The area of a normal curve
    within a quarter of an SD of its middle” and “A fifth of all studies with two groups” and
    “Below about five groups their variance is poorly known; two or three that you want to
    compare are fixed effects.”"""
    # No R number: closed forms. The squared estimate is chi-square on k - 1 degrees of freedom, divided by them.
    assert stats.chi2.cdf(0.25**2, 1) == pytest.approx(0.2, abs=0.01)
    assert stats.chi2.cdf(0.25**2, 1) == pytest.approx(stats.norm.cdf(0.25) - stats.norm.cdf(-0.25))
    assert stats.chi2.median(1) ** 0.5 == pytest.approx(2 / 3, abs=0.01)
    low, high = np.sqrt(stats.chi2.ppf([0.0005, 0.9995], 29) / 29)
    assert low > 0.5 and high < 1.5
    width = {
        k: np.ptp(np.sqrt(stats.chi2.ppf([0.025, 0.975], k - 1) / (k - 1))) for k in (2, 3, 4, 5, 10, 30)
    }
    assert min(width[k] for k in (2, 3, 4)) > 1.4 > width[5] > width[10] > width[30]


def test_round_holes_do_better_in_both_places():
    """“Round holes do better in the wood and on the farmland; the sum hid where they hang.” and “Taken all
    together, square holes look better.”"""
    success = {"round": (27 / 30, 54 / 90), "square": (84 / 96, 12 / 24)}
    assert success["round"][0] > success["square"][0] and success["round"][1] > success["square"][1]
    assert (84 + 12) / 120 > (27 + 54) / 120


def test_strains_creep_into_the_slope(mice):
    """“The line that ignores strains falls more steeply.” and “Strains got much the same doses, so little is
    mixed in; but the slope between strains is so steep that it shows.” and “No paradox here, since both
    slopes have one sign.”"""
    within, between, share = split(mice, "Weight", "Dose", "Strain")
    # lm: -2.0464369 with strains, -2.4387194 without
    assert within == pytest.approx(-2.0464369, abs=1e-6)
    assert share * between + (1 - share) * within == pytest.approx(-2.4387194, abs=1e-6)
    assert share < 0.1 and between < 3 * within < 0
    # coef(lm) of the five means, and R² of lm(Dose ~ Strain)
    assert (between, share) == pytest.approx((-8.18493084, 0.0639053254), abs=1e-6)


def test_a_slope_of_a_third_outweighs():
    """“Most of the predictor's variation lies between the two groups, so a slope of a third of the size
    there outweighs the one within.”"""

    def pooled(between):
        return explorers.simpson.result(groups=2, within=1.5, between=between).pooled[1]

    # coef(lm(y ~ x)) of the rows that the explorer drew
    assert [pooled(b) for b in (-0.4, -0.5)] == pytest.approx([0.0412230396, -0.0343829017], abs=1e-6)
    turn = next(b for b in np.round(-0.1 * np.arange(15), 1) if pooled(b) < 0)
    assert turn == pytest.approx(-1.5 / 3, abs=0.11)


def test_the_owl_hospital():
    """“Taken all together, treated owls do worse. By their state on arrival, they do better. By their weight
    on day three, worse again.”"""
    assert (19 + 40) / 100 < (90 + 6) / 120
    assert 19 / 20 > 90 / 100 and 40 / 80 > 6 / 20
    assert 55 / 60 < 93 / 100 and 4 / 40 < 3 / 20


def test_who_was_treated():
    """“treated owls are mostly those that arrived in a bad state, and such owls die more often” and “in both rows
    treated owls survive more often”"""
    assert 80 / (20 + 80) > 0.5 > 20 / (100 + 20)
    assert 40 / 80 < 19 / 20 and 6 / 20 < 90 / 100
    assert 19 / 20 > 90 / 100 and 40 / 80 > 6 / 20


def test_an_owl_that_hunts_longer_catches_more():
    """“Within a valley, an owl that hunts longer catches more.” and the colleague's “an owl that hunts longer catches
    less”"""
    rng = np.random.default_rng(4)  # the draw of the exercise
    valley = np.repeat(np.arange(12), 40)
    hours = 6 + rng.normal(size=12)[valley]
    about = 18 - 2 * hours + rng.normal(0, 0.7, 12)[valley]
    hours = hours + rng.normal(0, 0.6, valley.size)
    catch = about + 0.8 * hours + rng.normal(size=valley.size)
    within, between, _ = split(
        pd.DataFrame({"valley": valley, "hours": hours, "catch": catch}), "catch", "hours", "valley"
    )
    # these rows in R: coef(lm(catch ~ hours + factor(valley))), and coef(lm) of the twelve means
    assert (within, between) == pytest.approx((0.650042765, -0.975423208), abs=1e-6)


def test_rows_of_one_mouse_are_alike():
    """“Thirty rows of one mouse are more alike than thirty rows of thirty mice.”"""
    # No R number: simulated with our own seed.
    rng = np.random.default_rng(2)
    mouse, day = rng.normal(size=(200, 1, 30)), rng.normal(size=(200, 30, 30))
    rows = mouse + day  # studies, weighings, mice
    assert rows.var(axis=1).mean() < 0.6 * rows.reshape(200, -1).var(axis=1).mean()
