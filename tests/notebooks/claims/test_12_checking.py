"""What lesson 12 and its exercise say of residuals, neighbours and influence."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.answers.exercise_12 import copied_by_hand

OWLS = "Implant + days + Implant:days + (1 | Ring)"


@pytest.fixture(scope="module")
def owls():
    return lk.load_data("owl_cort")


@pytest.fixture(scope="module")
def raw(owls):
    return lk.lmer(f"totCort ~ {OWLS}", owls)


@pytest.fixture(scope="module")
def logged(owls):
    return lk.lmer(f"log(totCort) ~ {OWLS}", owls)


@pytest.fixture(scope="module")
def fields():
    return lk.load_data("fields")


@pytest.fixture(scope="module")
def meadow(fields):
    return lk.lmer("species ~ nitrate + (1 | field)", fields)


@pytest.fixture(scope="module")
def chicks():
    return lk.load_data("implants")


def outside(values, level=0.95):
    """Which of the sorted values leave the band that chance leaves to normal order statistics."""
    z = np.sort((values - values.mean()) / values.std(ddof=1))
    n, at = len(z), np.arange(1, len(z) + 1)
    low, high = (stats.norm.ppf(stats.beta.ppf(q, at, n + 1 - at)) for q in (1 - level, level))
    return (z < low) | (z > high)


def test_two_clouds_and_the_right_one_is_taller(owls, raw):
    """“there are two clouds, and the right one (birds with the hormone, on day 2) is far taller than the left one.”"""
    right = raw.fitted > 25
    assert not raw.fitted.between(17, 38).any()
    assert set(zip(owls["Implant"][right], owls["days"][right].astype(str), strict=True)) == {("C", "2")}
    assert raw.resid()[right].std() > 3 * raw.resid()[~right].std()
    ratio = raw.resid()[right].std() / raw.resid()[~right].std()
    assert ratio == pytest.approx(3.8231445, abs=2e-3)  # resid of lmer


def test_residuals_leave_the_line_at_both_ends_and_birds_at_the_upper(raw):
    """“at both ends the points leave the line, because a few residuals are far too large for a normal distribution.
    Four: so do the birds, at the upper end.”"""
    residuals, birds = raw.resid().to_numpy(), raw.ranef()["Ring"].iloc[:, 0].to_numpy()
    (theory, ordered), (slope, start, _) = stats.probplot(residuals)
    gap = ordered - (start + slope * theory)
    assert gap[:2].max() < -0.5 * residuals.std()
    assert gap[-5:].min() > 2 * residuals.std()
    (theory, ordered), (slope, start, _) = stats.probplot(birds)
    gap = ordered - (start + slope * theory)
    assert np.abs(gap[:4]).max() < 0.4 * birds.std() < gap[-4:].min()
    ends = np.sort(residuals)[[0, 1, -1]] / residuals.std(ddof=1)
    assert ends == pytest.approx([-3.2057911, -3.0294319, 4.9675603], abs=2e-3)  # resid of lmer


def test_after_the_logarithm_the_spread_is_level(logged):
    """“Now the spread is level, and the points follow the dashed line.”"""
    upper = logged.fitted > logged.fitted.median()
    low, high = logged.resid()[~upper].std(), logged.resid()[upper].std()
    assert high / low == pytest.approx(1, abs=0.05)
    assert stats.spearmanr(logged.fitted, logged.resid().abs()).pvalue > 0.05
    assert high / low == pytest.approx(1.0022994, abs=1e-3)  # resid of lmer


def test_residuals_rise_with_the_random_effects_of_the_true_model(logged):
    """“So residuals rise with the random effects in every mixed model, the true one included.”"""
    # û'Z'ê is never negative: both are linear in V⁻¹r, with Z D Z' between them.
    effects = logged.fitted - logged.predict(re_form="~0")
    assert np.corrcoef(logged.resid(), effects)[0, 1] > 0.5
    study = logged.simulate(1, seed=77).iloc[:, 0]
    again = logged.refit(study)
    assert np.corrcoef(again.resid(), again.fitted - again.predict(re_form="~0"))[0, 1] > 0.5
    assert np.corrcoef(logged.resid(), effects)[0, 1] == pytest.approx(0.60212389, abs=1e-3)  # of lmer


def test_skewness_is_what_chance_gives(logged):
    """“chance alone gives up to ±…”"""
    assert abs(stats.skew(logged.resid())) < 1.96 * np.sqrt(6 / 287)
    assert stats.skewtest(logged.resid()).pvalue > 0.05
    assert stats.skew(logged.resid()) == pytest.approx(-0.14684626, abs=1e-3)  # of resid(lmer)


def test_a_gamma_family_would_do_nearly_the_same(logged):
    """“with a log link it would do here nearly what the logarithm does.”"""
    # R 4.2.2, glmmTMB 1.1.5: AIC 1847.683 of totCort ~ Implant * days + (1 | Ring), Gamma(link = "log");
    # lme4 1.1-31 by ML of the logarithm, on the same scale: 1844.974; days2 1.684 and 1.653
    owls = lk.load_data("owl_cort")
    by_ml = lk.lmer(f"log(totCort) ~ {OWLS}", owls, reml=False)
    same_scale = by_ml.aic + 2 * np.log(owls["totCort"]).sum()
    assert same_scale == pytest.approx(1844.974, abs=0.01)
    assert abs(same_scale - 1847.683) < 4
    assert logged.fixef["days2"] == pytest.approx(1.653, abs=5e-4)
    assert logged.fixef["days2"] == pytest.approx(1.684, abs=0.05)


def test_one_break_can_set_off_two_signs():
    """“a bend that was left in makes neighbours alike, and unequal spread makes the tails of all residuals together
    heavy.”"""
    # No R number: the signs of the explorer's own simulated data sets.
    healthy = {"curvature": 0.0, "spread": 0.0, "tails": 0.0, "outlier": 0.0, "dependence": 0.0}

    def suspicious(**broken):
        signs = explorers.diagnostics.result(**{**healthy, **broken}).signs
        return {sign.name for sign in signs if sign.suspicious}

    assert suspicious(curvature=0.5) == {"bend", "neighbours"}
    assert suspicious(spread=0.7) == {"spread", "tails"}
    assert suspicious(dependence=0.8) == {"neighbours"}
    assert suspicious() == set()


def test_slow_predictors_get_too_small_errors_and_alternating_ones_do_not():
    """“for a predictor that changes slowly from row to row, standard errors come out too small, as if there were more
    rows than there are.”"""
    rng = np.random.default_rng(12)  # no R number: simulated with a seed of our own
    errors = rng.standard_normal((4000, 40))
    for i in range(1, 40):
        errors[:, i] = 0.8 * errors[:, i - 1] + 0.6 * errors[:, i]
    for x, too_small in ((np.arange(40.0), True), ((-1.0) ** np.arange(40), False)):
        x = x - x.mean()
        slopes = errors @ x / (x @ x)
        rest = errors - errors.mean(axis=1, keepdims=True) - np.outer(slopes, x)
        claimed = np.sqrt((rest**2).sum(axis=1) / 38 / (x @ x)).mean()
        assert (claimed < 0.7 * slopes.std()) == too_small


def test_the_bend_hangs_on_a_few_plots_and_the_right_end_is_flatter(fields, meadow):
    """“The bend of the first picture hangs on a handful of plots at its left end. The residuals are somewhat smaller at
    its right end”"""
    fitted, r = meadow.fitted.to_numpy(), meadow.resid().to_numpy()
    bends = [np.polyfit(fitted[kept], r[kept], 2)[0] for kept in (np.argsort(fitted), np.argsort(fitted)[5:])]
    assert abs(bends[1]) < 0.01 * bends[0]
    # R 4.2.2, lme4 1.1-31: lm of resid(lmer) on fitted and its square
    assert bends == pytest.approx([0.0165244474, 0.0000519608713], abs=2e-5)
    sizes = stats.spearmanr(fitted, np.abs(r))
    assert sizes.statistic < 0 and sizes.pvalue < 0.01
    assert sizes.statistic == pytest.approx(-0.24944094, abs=2e-3)  # cor(, method = "spearman") of lmer
    river = lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)
    assert stats.spearmanr(river.fitted, river.resid().abs()).statistic == pytest.approx(-0.0355665, abs=2e-3)


def test_neighbours_are_alike_far_more_than_chance(fields, meadow):
    """“Plots thirty to sixty metres apart have residuals that are far more alike than chance makes them.”"""
    place = fields[["east", "distance"]].to_numpy()
    apart = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    i, j = np.where((apart > 30) & (apart <= 60))
    r = meadow.resid().to_numpy()
    rng = np.random.default_rng(1)
    chance = [np.corrcoef(d[i], d[j])[0, 1] for d in (rng.permutation(r) for _ in range(200))]
    assert np.corrcoef(r[i], r[j])[0, 1] > max(chance) + 0.1
    assert np.corrcoef(r[i], r[j])[0, 1] == pytest.approx(0.33016187, abs=1e-3)  # of resid(lmer)


def test_no_plot_weighs_much_but_one_field_does(meadow):
    """“no plot weighs much, but one field does.”"""
    by_row, by_field = meadow.influence()["cooksd"], meadow.influence(by="field", refit=True)
    # R 4.2.2, lme4 1.1-31: cooks.distance(influence(m)), which divides by n / (n - 2) more than Cook does
    every_row = meadow.influence(refit=True)["cooksd"]
    assert every_row.max() * 124 / 126 == pytest.approx(0.0935545087, abs=1e-5)
    assert by_field["cooksd"].mul(5 / 7).to_list() == pytest.approx(
        [0.13502049, 0.01783508, 0.64603682, 0.23831123, 0.00078448, 0.11530748, 0.04332373], abs=1e-3
    )
    assert by_row.max() < 0.1
    assert by_field["cooksd"].idxmax() == "F3"
    assert by_field["cooksd"].nlargest(2).iloc[1] < by_field["cooksd"].max() / 2
    # R 4.2.2, lme4 1.1-31: dfbetas(influence(m, "field")); F4 has another sign than with theta held
    assert by_field.loc["F3", "dfbetas_nitrate"] == pytest.approx(-1.09420255, abs=2e-3)
    assert by_field.loc["F4", "dfbetas_nitrate"] == pytest.approx(0.05484359, abs=2e-3)


def test_without_one_field_the_slope_moves_by_more_than_a_standard_error(fields, meadow):
    """“One field gone, and the slope has moved by more than a standard error.”"""
    # R 4.2.2, lme4 1.1-31: -0.45903847 (SE 0.046758138) with all, -0.51875475 without F3
    without = lk.lmer("species ~ nitrate + (1 | field)", fields[fields["field"] != "F3"]).fixef["nitrate"]
    assert (meadow.fixef["nitrate"], without) == pytest.approx((-0.45903847, -0.51875475), abs=1e-5)
    assert abs(without - meadow.fixef["nitrate"]) > 0.046758138


def test_seven_fields_prove_nothing_either_way(fields, meadow):
    """“proves nothing either way”"""
    means = fields.groupby("field", observed=True)["nitrate"].mean()
    assert stats.pearsonr(meadow.ranef()["field"].iloc[:, 0], means).pvalue > 0.2
    p_value = stats.pearsonr(meadow.ranef()["field"].iloc[:, 0], means).pvalue
    assert p_value == pytest.approx(0.23741065, abs=1e-3)  # cor.test with ranef of lmer


def test_few_groups_know_their_spread_badly():
    """“Below about five groups an SD is poorly estimated”"""
    low, high = (np.sqrt(stats.chi2.ppf(q, 4) / 4) for q in (0.025, 0.975))
    assert (round(low, 2), round(high, 2)) == (0.35, 1.67)


def test_lines_that_start_high_end_low(chicks):
    """“Lines that start high end low, and the other way round: in the picture an hourglass.”"""
    first = lk.lmer("mass ~ day * implant + (1 | nest/chick)", chicks)
    table = chicks.assign(r=first.resid()).pivot(index="chick", columns="day", values="r")
    assert table[0].corr(table[12]) < -0.5
    spread = table.std()
    assert max(spread[4], spread[8]) < min(spread[0], spread[12])
    assert table[0].corr(table[12]) == pytest.approx(-0.72160415, abs=1e-3)  # of resid(lmer)
    assert spread.to_list() == pytest.approx([7.2521486, 5.0373401, 5.9128351, 8.6291928], abs=2e-3)


def test_the_standard_error_now_knows_the_chicks(chicks):
    """“the standard error of the hormone's effect now knows it.”"""
    # R 4.2.2, lme4 1.1-31: 0.22557145 without and 0.31423697 with a slope for each chick
    formulas = ("(1 | nest/chick)", "(1 | nest) + (day | chick)")
    errors = [lk.lmer(f"mass ~ day * implant + {part}", chicks).se["day:implantP"] for part in formulas]
    assert errors == pytest.approx([0.22557145, 0.31423697], rel=1e-4)


def test_lines_that_begin_high_end_low(chicks):
    """“lines that begin high end low” and “Lines that start high end low, and the other way round”"""
    residual = lk.lmer("mass ~ day * implant + (1 | nest/chick)", chicks).resid()
    ends = chicks.assign(residual=residual).pivot(index="chick", columns="day", values="residual")
    assert ends[0].corr(ends[12]) == pytest.approx(-0.7216, abs=1e-3)  # resid of lmer


def test_no_nest_decides_alone(chicks):
    """“Less than one standard error: no nest decides alone.”"""
    fit = lk.lmer("mass ~ day * implant + (1 | nest) + (day | chick)", chicks)
    assert fit.influence(by="nest")["dfbetas_day:implantP"].abs().max() < 1
    refitted = fit.influence(by="nest", refit=True)["dfbetas_day:implantP"].abs().max()
    assert refitted == pytest.approx(0.35160418, abs=2e-3)  # dfbetas(influence(, "nest")) of lme4


def test_only_the_slip_has_lost_weight(chicks):
    """“on its last day it seems to have lost weight that no other chick lost”"""
    copy = copied_by_hand(chicks).pivot(index="chick", columns="day", values="mass")
    assert (copy.diff(axis=1) < 0).sum().sum() == 1
    assert (copy[12] - copy[8] < 0).sum() == 1


def test_nitrate_and_the_river_go_together(fields):
    """“It is related to nitrate, which is in the model”"""
    assert stats.pearsonr(fields["nitrate"], fields["distance"]).pvalue < 1e-6


def test_seven_fields_give_no_sign_of_a_difference(fields):
    """“Seven fields give no sign of one, which proves nothing either way.”"""
    means = fields.groupby("field", observed=True)["nitrate"].transform("mean")
    split = lk.lmer("species ~ nitrate + field_mean + (1 | field)", fields.assign(field_mean=means))
    row = split.coef_table().loc["field_mean"]
    # R 4.2.2, lmerTest 3.1-3: 0.3712434 (SE 0.2735152) on 5.314 df, p = 0.229488
    assert (row["estimate"], row["p_value"]) == pytest.approx((0.3712434, 0.229488), rel=1e-3)


def test_with_two_groups_a_standard_deviation_says_next_to_nothing():
    """“With two groups, it says almost nothing.”"""
    low, high = (np.sqrt(stats.chi2.ppf(q, 1)) for q in (0.025, 0.975))
    assert low < 0.05 and high > 2
