"""What lesson 16 and its exercise say of the forest, the fields, the owls and the words."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers

GROUPS = "(1 | transect/plot)"
SPLIT = f"height ~ slope_within + transect_slope + section + {GROUPS}"


@pytest.fixture(scope="module")
def valley():
    return lk.load_data("forest")


@pytest.fixture(scope="module")
def forest(valley):
    trees = valley.dropna(subset=["height"])
    plots = trees.drop_duplicates(["transect", "plot"])
    mean = trees["transect"].map(plots.groupby("transect", observed=True)["slope"].mean()).astype(float)
    return trees.assign(transect_slope=mean, slope_within=trees["slope"] - mean)


@pytest.fixture(scope="module")
def split(forest):
    return lk.lmer(SPLIT, forest)


@pytest.fixture(scope="module")
def fields():
    return lk.load_data("fields")


@pytest.fixture(scope="module")
def words():
    return lk.lmer("rt ~ condition + (condition | subject) + (1 | item)", lk.load_data("words"))


def test_every_line_falls(forest):
    """“Every line falls.”"""
    slopes = [np.polyfit(t["slope"], t["height"], 1)[0] for _, t in forest.groupby("transect", observed=True)]
    assert len(slopes) == 12 and max(slopes) < 0
    assert (min(slopes), max(slopes)) == pytest.approx(
        (-0.3197716, -0.0213420), abs=1e-6
    )  # R 4.2.2: lm of each


def test_the_large_marks_rise(forest):
    """“The large marks *rise*, while every line falls: that is the whole story.”"""
    means = forest.groupby("transect", observed=True)[["slope", "height"]].mean()
    assert np.polyfit(means["slope"], means["height"], 1)[0] > 0
    assert np.polyfit(forest["slope"], forest["height"], 1)[0] > 0  # “All trees on one heap”
    lines = [np.polyfit(rows["slope"], rows["height"], 1)[0] for rows in (means, forest)]
    assert lines == pytest.approx([0.28898641, 0.09608431], abs=1e-6)  # R 4.2.2: lm


def test_the_steepest_plot_is_lost(valley, forest):
    """“it was the steepest plot of the valley (the next has …).”"""
    everything = valley.groupby(["transect", "plot"], observed=True)["slope"].agg(["first", "size"])
    left = forest.groupby(["transect", "plot"], observed=True).size()
    lost = everything[~everything.index.isin(left.index)]
    assert lost.index.tolist() == [("T06", "3")]
    assert lost["size"].tolist() == [1]
    assert lost["first"].iloc[0] == everything["first"].max() > forest["slope"].max()


def test_three_ways_to_count_plots(forest):
    """“The first says that there are six plots in the world, and sees almost nothing. The second sees the effect but
    is too sure of it: look at its standard error.”"""
    found = {}
    for part in ("(1 | plot)", "(1 | transect) + (1 | plot)", GROUPS):
        fit = lk.lmer(f"height ~ slope + section + {part}", forest)
        found[part] = fit.fixef["slope"], fit.se["slope"]
    # R 4.2.2, lmerTest 3.1-3
    assert found["(1 | plot)"] == pytest.approx((0.021837241, 0.019673522), rel=1e-3)
    assert found["(1 | transect) + (1 | plot)"] == pytest.approx((-0.128683067, 0.017946843), rel=1e-3)
    assert found[GROUPS] == pytest.approx((-0.130578097, 0.024997584), rel=1e-3)


def test_the_likelihood_ratio_is_too_small_and_the_f_test_counts_groups(forest, split):
    """“here are twelve transects: its p-value is too small.”"""
    mixed = lk.lmer(f"height ~ slope + section + {GROUPS}", forest)
    by_chi2, by_f = lk.anova(mixed, split).iloc[1], lk.kr_modcomp(split, mixed).iloc[0]
    # R 4.2.2, lme4 1.1-31: chi² 11.61109, p = 0.00065559705; pbkrtest 0.5.2: F(1, 8.858) = 12.769, p = 0.0061472513
    assert (by_chi2["chisq"], by_chi2["p_value"]) == pytest.approx((11.61109, 0.00065559705), rel=1e-4)
    assert (by_f["statistic"], by_f["den_df"]) == pytest.approx((12.7694558, 8.8582373), rel=1e-3)
    assert by_f["p_value"] == pytest.approx(0.0061472513, rel=1e-2)


def test_within_down_and_between_up(split):
    """“twelve transects cannot say much, and what they say is the opposite.”"""
    table = split.coef_table()
    # R 4.2.2, lmerTest 3.1-3: estimate, standard error, df, p
    within, between = table.loc["slope_within"], table.loc["transect_slope"]
    assert within.tolist() == pytest.approx(
        [-0.14014128, 0.025277423, 69.466, -5.5441285, 4.976e-07], rel=2e-3
    )
    assert between.tolist() == pytest.approx([0.20873196, 0.094966991, 7.931, 2.1979422, 0.059471], rel=2e-3)


def test_within_hangs_on_no_transect_and_between_does(forest):
    """“The one between them does hang on single transects”, “Its sign is always the same.”"""
    tables = {
        name: lk.lmer(SPLIT, forest[forest["transect"] != name]).coef_table()
        for name in forest["transect"].cat.categories
    }
    within = [table.loc["slope_within", "estimate"] for table in tables.values()]
    between = {name: table.loc["transect_slope", "p_value"] for name, table in tables.items()}
    # R 4.2.2, lmerTest 3.1-3: -0.156 to -0.129; p = 0.0144 without T01, 0.1924 without T09
    assert (min(within), max(within)) == pytest.approx((-0.156145, -0.129081), abs=2e-4)
    assert (between["T01"], between["T09"]) == pytest.approx((0.01441675, 0.1924485), rel=5e-3)
    assert (min(between, key=between.get), max(between, key=between.get)) == ("T01", "T09")
    assert all(table.loc["transect_slope", "estimate"] > 0 for table in tables.values())


def test_the_profile_leaves_out_zero_and_the_t_test_does_not(split):
    """“Between transects the profile leaves out zero, and the t interval does not.”"""
    # R 4.2.2, lme4 1.1-31: profile 0.043928651 to 0.373540370
    profile = split.confint(parm="transect_slope").iloc[0]
    assert profile.tolist() == pytest.approx([0.043928651, 0.37354037], abs=1e-3)
    assert 0.20873196 - stats.t.ppf(0.975, 7.931) * 0.094966991 < 0


def test_the_two_intervals_within_are_nearly_the_same(split):
    """“Within transects the two intervals are nearly the same.”"""
    # R 4.2.2, lme4 1.1-31: profile -0.190417069 to -0.090732673
    reach = stats.t.ppf(0.975, 69.466) * 0.025277423
    assert split.confint(parm="slope_within").iloc[0].tolist() == pytest.approx(
        [-0.14014128 - reach, -0.14014128 + reach], abs=2e-3
    )


def test_both_compare_plots_of_one_transect_only(forest):
    """“both compare plots of one transect only.”"""
    fixed = lk.lmer("height ~ slope + transect + (1 | transect:plot)", forest)
    # R 4.2.2, lmerTest 3.1-3; emmeans 1.8.4-1: 13.06 m for T06 at the mean slope
    assert fixed.fixef["slope"] == pytest.approx(-0.13974603, abs=1e-4)
    means = lk.emmeans(fixed, "transect").set_index("transect")["estimate"]
    assert means["T06"] == pytest.approx(13.06, abs=0.01)
    raw = forest.groupby("transect", observed=True)["height"].mean()
    assert raw["T06"] < means["T06"]


def test_ml_is_too_sure_between_transects(split):
    """“one of maximum likelihood, and too sure of itself with few groups.”"""
    ratio = split.update(reml=False).se / split.se
    # R 4.2.2, lme4 1.1-31: 0.81484156 between and 0.99144964 within
    assert ratio["transect_slope"] == pytest.approx(0.81484156, abs=1e-3)
    assert ratio["slope_within"] == pytest.approx(0.99144964, abs=1e-3)


def test_more_species_near_the_water(fields):
    """“the residuals, drawn on a map, were above the model near the water, and below it on the dry side.”"""
    residual = lk.lmer("species ~ nitrate + (1 | field)", fields).resid()
    near = fields["distance"] < 100
    assert (residual[near] > 0).mean() > 0.75 and (residual[~near] < 0).mean() > 0.6
    shares = (residual[near] > 0).mean(), (residual[~near] < 0).mean()
    assert shares == pytest.approx((0.84126984, 0.76190476), abs=0.01)  # R 4.2.2, lme4 1.1-31: resid of lmer


def test_nitrate_costs_a_quarter_of_what_was_said(fields):
    """“The effect of the dryness, which comes with nitrate, is no longer put down to nitrate.”"""
    first = lk.lmer("species ~ nitrate + (1 | field)", fields)
    second = lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)
    # R 4.2.2, lmerTest 3.1-3: -0.45903847 and -0.10629657 (SE 0.026227317)
    assert first.fixef["nitrate"] == pytest.approx(-0.45903847, abs=1e-5)
    assert (second.fixef["nitrate"], second.se["nitrate"]) == pytest.approx(
        (-0.10629657, 0.026227317), rel=1e-4
    )
    assert fields["nitrate"].corr(fields["distance"]) > 0.5


def test_broods_keep_closer_to_the_average():
    """“The broods keep closer to the average because only part of the differences between birds comes from the
    nest.”"""
    owls = lk.load_data("owl_cort")
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
    sds = fit.varcorr.frame.set_index("grp")["sdcor"]
    # R 4.2.2, lme4 1.1-31: birds of a brood 0.21040431, broods 0.27408537
    assert (sds["Ring:Brood"], sds["Brood"]) == pytest.approx((0.21040431, 0.27408537), rel=1e-3)
    average = fit.predict(re_form="~ 0")
    spreads = (fit.predict(re_form="~ (1 | Brood)") - average).std(), (fit.fitted - average).std()
    # sd of the same differences of predict(lmer)
    assert spreads == pytest.approx((0.185588391, 0.236025175), abs=1e-3)
    assert spreads[0] < spreads[1]


def test_lines_of_birds_are_parallel():
    """“Only intercepts are random, so within an implant all lines are parallel.”"""
    owls = lk.load_data("owl_cort")
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
    # No R number: an identity of every model whose intercepts alone are random.
    birds = owls.drop_duplicates("Ring")[["Brood", "Ring", "Implant"]]
    steps = fit.predict(birds.assign(days="20")) - fit.predict(birds.assign(days="2"))
    assert steps.groupby(birds["Implant"], observed=True).std().max() < 1e-10


def test_priming_helps_nearly_everybody(words):
    """“so priming helps nearly everybody, though not by the same amount.”"""
    # R 4.2.2, lmerTest 3.1-3: average -35.03 ms (SE 5.95, 27.3 df), SD between subjects 17.92
    row = words.coef_table().loc["conditionprimed"]
    assert (row["estimate"], row["std_error"], row["df"]) == pytest.approx(
        (-35.0328, 5.954517, 27.34), rel=2e-3
    )
    sd = words.varcorr.frame["sdcor"].iloc[1]
    assert sd == pytest.approx(17.91764, rel=5e-3)
    assert stats.norm.cdf(0, -35.0328, 17.91764) > 0.95


def test_more_answers_leave_people_as_different(words):
    """“The test counts rows; the effect varies between subjects, who are few.”"""
    assert words.nobs - 2 > 20 * words.coef_table().loc["conditionprimed", "df"]
    # R 4.2.2, lmerTest 3.1-3
    assert words.coef_table().loc["conditionprimed", "df"] == pytest.approx(27.3427785, rel=2e-3)
    assert words.ngroups["subject"] == 30


def test_the_correlation_of_drivers_is_not_worth_its_parameter():
    """“Both spreads are needed; their correlation is not.”"""
    sleep = lk.load_data("sleepstudy")
    parts = ("(Days | Subject)", "(Days || Subject)", "(1 | Subject)")
    found = [lk.lmer(f"Reaction ~ Days + {part}", sleep).reml_criterion for part in parts]
    # R 4.2.2, lme4 1.1-31: REMLcrit
    assert found == pytest.approx([1743.6283, 1743.6693, 1786.4651], abs=1e-3)
    assert found[1] - found[0] < stats.chi2.ppf(0.5, 1) < 40 < found[2] - found[1]


def test_with_eight_nests_the_likelihood_ratio_claims_too_much():
    """“Chi-square is a promise for many groups, and eight nests are few.” and “is close to its promise with four of
    each kind”"""
    # no R number: rates over studies simulated by the explorer
    state = explorers.tests.result(groups=4)
    assert state.rate("likelihood ratio") > 0.08
    assert abs(state.rate("Satterthwaite") - 0.05) < 0.015
    assert state.rate("Kenward–Roger") <= state.rate("Satterthwaite")


def test_tests_that_count_the_nests():
    """In the answers: “it counts the nests, and is close to its promise with four of each kind” and “it counts the
    nests, and is close to its promise as well, or on the careful side of it”"""
    # No R number: rates over studies simulated by the explorer.
    rates = {
        groups: [
            explorers.tests.result(groups=groups).rate(name)
            for name in ("likelihood ratio", "Satterthwaite", "Kenward–Roger")
        ]
        for groups in (2, 4)
    }
    ratio, satterthwaite, kenward_roger = rates[4]
    assert ratio > 0.08 and satterthwaite == pytest.approx(0.05, abs=0.015)
    assert kenward_roger == pytest.approx(0.05, abs=0.015) and rates[2][2] < 0.03
