"""What lesson 11 and its exercise say of tests and intervals."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers


@pytest.fixture(scope="module")
def protein():
    return lk.load_data("protein_years")


@pytest.fixture(scope="module")
def own_slopes(protein):
    people = protein.groupby("Sample", observed=True)
    return np.array([np.polyfit(rows["Year"], rows["Value"], 1)[0] for _, rows in people])


@pytest.fixture(scope="module")
def rise(protein):
    return lk.lmer("Value ~ Year + (Year | Sample)", protein)


@pytest.fixture(scope="module")
def flat(protein):
    return lk.lmer("Value ~ (Year | Sample)", protein)


@pytest.fixture(scope="module")
def marmots():
    return lk.load_data("behaviour")


def test_five_climb_and_one_sinks(own_slopes):
    """“Five people climb and one sinks.”"""
    assert sorted(np.sign(own_slopes)) == [-1, 1, 1, 1, 1, 1]
    # R 4.2.2: lm of each person
    found = [0.5568458, -0.4187405, 2.0460597, 1.372209, 2.7372841, 3.156418]
    assert own_slopes == pytest.approx(found, abs=1e-6)


def test_the_t_of_the_mixed_model_is_that_of_six_slopes(own_slopes, rise):
    """“They are the same, for everybody came every year.”"""
    # R 4.2.2, lmerTest 3.1-3: t 2.855576815 on 5.000006 df, p = 0.035590315
    simple = stats.ttest_1samp(own_slopes, 0)
    row = rise.coef_table().loc["Year"]
    assert (simple.statistic, simple.pvalue) == pytest.approx((2.855576815, 0.035590315), rel=1e-5)
    assert (row["statistic"], row["df"], row["p_value"]) == pytest.approx((2.855577, 5, 0.0355903), rel=1e-4)


def test_rows_as_degrees_of_freedom(own_slopes):
    """“With … degrees of freedom, from … rows, or with a normal distribution, the same t would have had p”"""
    t = stats.ttest_1samp(own_slopes, 0).statistic
    assert 2 * stats.t.sf(t, 28) == pytest.approx(0.0080, abs=5e-5)
    assert (t, 2 * stats.t.sf(t, 28)) == pytest.approx((2.8555765, 0.0080037), abs=1e-6)  # t.test, pt


def test_the_null_distribution_is_t_with_five_degrees_of_freedom(rise, flat):
    """“The bars have heavier tails than the dashed normal curve; the solid t curve follows them.”"""
    # No R number: studies simulated with a seed of our own (others than the lesson's), against the t distribution.
    studies = flat.simulate(200, seed=41)
    fits = [rise.refit(studies[column]) for column in studies]
    t = np.array([fit.fixef["Year"] / fit.se["Year"] for fit in fits])
    assert stats.kstest(t, stats.t(5).cdf).pvalue > 0.01
    assert (np.abs(t) > stats.norm.ppf(0.975)).mean() > 0.06


def test_crossed_and_balanced_is_exact(marmots):
    """“if crossed groups are not balanced, the ratio in general follows no t distribution exactly”"""
    days = marmots.groupby("day", observed=True)[["temperature", "activity"]].mean()
    line = stats.linregress(days["temperature"], days["activity"])
    fit = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", marmots)
    row = fit.coef_table().loc["temperature"]
    # R 4.2.2, lmerTest 3.1-3: t = -3.8913026 on 17.9998 df; here crossed groups are balanced, and it is exact
    assert (row["statistic"], row["df"]) == pytest.approx((-3.8913026, 18), rel=1e-4)
    assert row["p_value"] == pytest.approx(line.pvalue, rel=1e-4)


def test_chi_square_from_reml_changes_with_the_unit(protein):
    """“Likelihood-ratio tests of fixed effects need ML fits; from REML fits they change with the unit of x.”"""
    found = {}
    for unit in (1, 365):
        data = protein.assign(Year=protein["Year"] * unit)
        fits = [
            lk.lmer(formula, data)
            for formula in ("Value ~ Year + (Year | Sample)", "Value ~ (Year | Sample)")
        ]
        found[unit] = 2 * (fits[0].loglik - fits[1].loglik)
    assert found[1] == pytest.approx(6.3577994, abs=1e-4)  # R 4.2.2, lme4 1.1-31: logLik of both REML fits
    # in days the determinant of X'X alone has changed, by log(365²); lme4's search stops at -5.434, short of it
    assert found[365] == pytest.approx(6.3577994 - 2 * np.log(365), abs=1e-3) and found[365] < 0


def test_the_ml_test(rise, flat, own_slopes):
    """“The ML chi-square is the same in every unit.”"""
    t = stats.ttest_1samp(own_slopes, 0).statistic
    row = lk.anova(flat, rise).iloc[1]
    # R 4.2.2, lme4 1.1-31: anova gives 5.803872492, p = 0.015990918; in closed form 6 log(1 + t²/5)
    assert (row["chisq"], row["p_value"]) == pytest.approx((5.803872492, 0.015990918), rel=1e-5)
    assert row["chisq"] == pytest.approx(6 * np.log(1 + t**2 / 5), rel=1e-5)


def test_kenward_roger_changes_nothing_where_nobody_missed_a_visit(rise, flat):
    """“Where nobody missed a visit nothing changes.”"""
    test = lk.kr_modcomp(rise, flat).iloc[0]
    # R 4.2.2, pbkrtest 0.5.2: F = 8.154318945 on 5 df, p = 0.035590363
    assert (test["statistic"], test["den_df"]) == pytest.approx((8.154318945, 5), rel=1e-5)


def test_the_two_methods_part_when_visits_are_missed(protein):
    """“In the two lower rows the degrees of freedom are no longer whole, and the two methods no longer agree.”"""
    moved = protein["Sample"].isin(["s1", "s2"]) & (protein["Year"] > 2)
    moved |= (protein["Sample"] == "s3") & (protein["Year"] > 3)
    patchy = lk.lmer("Value ~ Year + (Year | Sample)", protein[~moved])
    found = [patchy.coef_table(ddf=ddf).loc["Year", "df"] for ddf in ("satterthwaite", "kenward_roger")]
    # R 4.2.2, lmerTest 3.1-3 and pbkrtest 0.5.2
    assert found == pytest.approx([4.617157673, 4.973774104], abs=2e-3)


def test_the_bootstrap_agrees_with_t_not_with_chi_square(own_slopes):
    """“The bootstrap knows that there are only six people, and it agrees with t on five degrees of
    freedom, not with the χ².”"""
    # The null law of the likelihood ratio in these complete data: 6 log(1 + t²/5), t with five df.
    # R 4.2.2, lme4 1.1-31: anova gives 5.803872492; t.test of the six slopes p = 0.0355903.
    t = stats.t(5).rvs(200_000, random_state=1)
    exceed = (6 * np.log1p(t**2 / 5) >= 5.803872492).mean()
    assert exceed == pytest.approx(0.0355903, abs=0.0015)
    assert exceed > 2 * stats.chi2.sf(5.803872492, 1)


def test_which_test_finds_too_much_with_two_groups():
    """“Its chi-square distribution is a promise for many groups, and here there are four in all.”"""
    # no R number: how often the tests err over studies simulated by the explorer
    few = explorers.tests.result(groups=2)
    rates = {method: few.rate(method) for method in few.null}
    assert max(rates, key=rates.get) == "likelihood ratio"
    assert rates["likelihood ratio"] > 0.15
    many = explorers.tests.result(groups=15)
    assert many.rate("likelihood ratio") < 0.09  # “the curves draw together”


def test_all_other_intervals_of_the_mean_slope_are_too_short(rise, own_slopes):
    """“All others are too short, for each of them forgets in its own way that six people are few.”"""
    exact = np.ptp(stats.ttest_1samp(own_slopes, 0).confidence_interval())
    profile = rise.confint(parm="Year")
    # R 4.2.2, lme4 1.1-31: profile interval 0.40698733 to 2.74303705
    assert profile.iloc[0].tolist() == pytest.approx([0.40698733, 2.74303705], abs=2e-3)
    by_wald = rise.confint(method="wald", parm="beta_").loc["Year"]
    # confint(method = "Wald"), and t.test of the six slopes: 0.157190738 to 2.992834629
    assert by_wald.to_list() == pytest.approx([0.493981307, 2.65604406], abs=1e-4)
    assert exact == pytest.approx(2.992834629 - 0.157190738, abs=1e-6)
    wald = np.ptp(by_wald)
    boot = np.ptp(rise.confint(method="boot", n_sim=100, seed=5, progress=False).loc["Year"])
    assert max(wald, boot, np.ptp(profile.iloc[0])) < exact


def test_profile_and_bootstrap_of_the_spread_end_too_low(rise, own_slopes):
    """“both end too low, the bootstrap more so.”"""
    # R 4.2.2, lme4 1.1-31: profile interval of the slopes' SD 0.75255588 to 2.46908453
    profile = rise.confint(parm="sd_Year|Sample").iloc[0].tolist()
    assert profile == pytest.approx([0.75255588, 2.46908453], abs=2e-3)
    noise = rise.sigma**2 / 10
    exact = np.sqrt(5 * own_slopes.var(ddof=1) / stats.chi2.ppf([0.975, 0.025], 5) - noise)
    boot = rise.confint(method="boot", n_sim=100, seed=5, progress=False).loc["sd_Year|Sample"].tolist()
    assert boot[0] < profile[0] < exact[0]
    assert boot[1] < profile[1] < exact[1]


def test_the_null_law_of_a_single_variance_has_half_its_mass_at_zero():
    """“For a *single* variance the likelihood ratio is exactly zero in about half of all studies without one”"""
    # One-way layout: the estimate is zero where F <= 1 (REML); 40 groups of 5, no effect.
    assert stats.f.cdf(1, 39, 160) == pytest.approx(0.53, abs=0.02)


def test_with_a_correlation_the_ratio_is_seldom_zero(protein):
    """“then the ratio is seldom zero, but $\\chi^2$ with two degrees of freedom still gives p-values that are too
    large.”"""
    parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
    full = lk.lmer("Value ~ Year + (Year | Sample)", protein)
    studies = parallel.simulate(60, seed=6)  # no R number: simulated with a seed of our own
    ratios = np.array([2 * (full.refit(y).loglik - parallel.refit(y).loglik) for _, y in studies.items()])
    assert (ratios < 1e-4).mean() < 0.2
    assert (ratios > stats.chi2.ppf(0.5, 2)).mean() < 0.5


def test_what_is_the_same_in_all_groups_rests_on_rows(protein):
    """“If an effect belongs to the groups, or differs from group to group, its t rests on the groups, not on
    rows.”"""
    parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
    # R 4.2.2, lmerTest 3.1-3: 22.9999 df where slopes are equal, 5 where they differ
    assert parallel.coef_table().loc["Year", "df"] == pytest.approx(22.9999, abs=0.01)
    grows = lk.lmer("Value ~ Year + (Year | Sample)", protein)
    assert grows.coef_table().loc["Year", "df"] == pytest.approx(5.000006, abs=1e-3)


def test_ben_is_four_times_as_certain(marmots):
    """“why is your standard error four times as large as Ben's?”"""
    # R 4.2.2, lmerTest 3.1-3: 0.2080519779 and 0.049222018
    with_days = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", marmots)
    ben = lk.lmer("activity ~ time + temperature + (1 | animal)", marmots)
    assert (with_days.se["temperature"], ben.se["temperature"]) == pytest.approx(
        (0.2080519779, 0.049222018), rel=1e-4
    )
    assert with_days.se["temperature"] / ben.se["temperature"] == pytest.approx(4, abs=0.5)


def test_a_dozen_groups_and_still_not_five_per_cent():
    """“A dozen groups in all, and its promise of 5% is still not kept.”"""
    # no R number: a rate over studies simulated by the explorer
    assert 0.06 < explorers.tests.result(groups=6).rate("likelihood ratio") < 0.09
    assert explorers.tests.result(groups=5).rate("likelihood ratio") >= 0.09


def test_the_fewer_groups_the_more_the_tests_disagree():
    """“The fewer groups, the more they disagree.”"""
    spread = []  # no R number: rates over studies simulated by the explorer
    for groups in (2, 4, 15):
        state = explorers.tests.result(groups=groups)
        spread.append(np.ptp([state.rate(method) for method in state.null]))
    assert spread == sorted(spread, reverse=True) and spread[0] > 5 * spread[-1]


def test_both_simulated_p_values_are_as_small_as_can_be(protein, rise):
    """“both simulated p-values above are just that”"""
    parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
    of_slopes = lk.rand_test(rise, n_sim=100, seed=1, progress=False).iloc[0]
    of_levels = lk.rand_test(parallel, seed=1).iloc[0]
    assert of_slopes["p_value"] == pytest.approx(1 / 101)
    assert of_levels["p_value"] == pytest.approx(1 / 10_001)
    # R 4.2.2, lme4 1.1-31: differences of REMLcrit, and of -2 log REML likelihood of lm
    assert (of_slopes["lrt"], of_levels["lrt"]) == pytest.approx((47.3621446, 29.8905735), abs=1e-3)


def test_the_report_on_the_marmots(marmots):
    """“marmots were active for 0.81 minutes an hour less (95% interval 0.37 to 1.25”"""
    # R 4.2.2, lmerTest 3.1-3: -0.8095932 (SE 0.2080520) on 18 df
    low, high = -0.8095932 + np.array([-1, 1]) * stats.t.ppf(0.975, 18) * 0.2080520
    assert (round(-high, 2), round(-low, 2)) == (0.37, 1.25)
    fit = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", marmots)
    assert fit.fixef["temperature"] == pytest.approx(-0.8095932, rel=1e-5)
    assert (marmots.groupby(["day", "animal"], observed=True).size() == 4).all()  # every marmot, every day
