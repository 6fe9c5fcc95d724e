"""What lesson 4 and its exercise say of mice, clinics, owls and schools."""

import numpy as np
import pytest
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3.
TAU, SIGMA = 2.842214, 0.939024  # VarCorr(lmer(Weight ~ Dose + (1 | Strain)))
# VarCorr(lmer(y ~ x + (1 | group))) of what the explorer draws for three groups, seeds 1 to 6
SPREADS = (1.07092832, 3.55465472, 3.64995955, 5.30212122, 2.83468178, 5.98595157)


@pytest.fixture(scope="module")
def mice():
    data = lk.load_data("mouse")
    return data.assign(residual=ols("Weight ~ Dose", data).fit().resid)


@pytest.fixture(scope="module")
def mixed(mice):
    return lk.lmer("Weight ~ Dose + (1 | Strain)", mice)


@pytest.fixture(scope="module")
def owls():
    return lk.load_data("owl_cort")


@pytest.fixture(scope="module")
def hormone(owls):
    return lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls)


@pytest.fixture(scope="module")
def first_classes():
    pupils = lk.load_data("schools")
    return pupils[pupils["class"] == "c1"].reset_index(drop=True)


def error_of(fit, *terms):
    """The standard error of a sum of fixed effects."""
    return float(np.sqrt(fit.vcov.loc[list(terms), list(terms)].to_numpy().sum()))


def test_most_of_the_noise_was_strains(mice, mixed):
    """“The residual SD was … g and is … g: most of the noise was strains.” and
    “Will it be `"smaller"`, `"larger"` or `"the same"`?”"""
    line = ols("Weight ~ Dose", mice).fit()
    assert np.sqrt(line.scale) == pytest.approx(2.71065, abs=1e-5)
    assert mixed.sigma == pytest.approx(SIGMA, abs=1e-4)
    assert 0.5 * line.scale > SIGMA**2


def test_a_milligram_more(mixed, mice):
    """“Each mg/kg a day takes … g off a mouse (standard error …); the one line had said … g (…).”"""
    assert mixed.fixef["Dose"] == pytest.approx(-2.0509585, abs=1e-5)  # fixef
    assert mixed.se["Dose"] == pytest.approx(0.1055428, abs=1e-5)  # sqrt of vcov
    line = ols("Weight ~ Dose", mice).fit()
    assert (line.params["Dose"], line.bse["Dose"]) == pytest.approx((-2.438719, 0.2948804), abs=1e-6)  # lm


def test_slighter_strains_got_more(mice):
    """“the lighter strains happened to get more of it”"""
    doses = mice.groupby("Strain", observed=True)["Dose"].mean()
    starts = ols("Weight ~ 0 + Strain + Dose", mice).fit().params.filter(like="Strain")
    assert np.corrcoef(doses, starts)[0, 1] < -0.7
    assert doses.idxmax() == "m3" and starts.idxmin() == "Strain[m3]"
    assert doses.idxmin() == "m5" and starts.idxmax() == "Strain[m5]"
    assert np.corrcoef(doses, starts)[0, 1] == pytest.approx(-0.78896078, abs=1e-6)  # cor with coef(lm)


def test_four_strains_lie_on_one_side(mice):
    """“Four of the five strains lie wholly above or wholly below zero.” and “if you know the strain, you can
    nearly always guess the sign of the residual”"""
    rows = mice.groupby("Strain", observed=True)["residual"]
    assert ((rows.min() > 0) | (rows.max() < 0)).sum() == 4
    guessed = np.sign(mice["residual"]) == np.sign(rows.transform("mean"))
    assert guessed.mean() > 0.9
    assert guessed.mean() == pytest.approx(0.96)  # signs of resid(lm)


def test_afterwards_every_strain_sits_around_zero(mice, mixed):
    """“Right, every strain sits around zero.” and “Right: the residuals of every strain now scatter around
    zero; the largest mean is … g.”"""
    means = mixed.resid().groupby(mice["Strain"], observed=True).mean()
    assert (means.abs() < 0.05).all()
    assert means.abs().max() == pytest.approx(0.040449, abs=1e-4)  # resid of lmer


def test_nine_tenths_are_the_strain(mixed):
    """“Nine tenths of what the dose leaves unexplained is the strain.”"""
    tau2, sigma2 = mixed.varcorr.frame["vcov"]
    assert tau2 / (tau2 + sigma2) == pytest.approx(TAU**2 / (TAU**2 + SIGMA**2), abs=1e-4)
    assert tau2 / (tau2 + sigma2) == pytest.approx(0.9, abs=0.01)


def test_the_correlation_holds_at_any_two_doses():
    """“correlation of two mice of one strain, whatever their doses, once these are allowed for” and “Two
    mice of one strain at one dose still differ by … g (the SD of their difference)”"""
    # Both SDs are R's; the mice are simulated with our own seed.
    rng = np.random.default_rng(4)
    strain = rng.normal(0, TAU, 100_000)
    one, other = (strain + rng.normal(0, SIGMA, 100_000) for _ in range(2))  # doses have been taken out
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(TAU**2 / (TAU**2 + SIGMA**2), abs=0.005)
    assert np.std(one - other) == pytest.approx(np.sqrt(2) * SIGMA, rel=0.01)
    assert np.sqrt(2) * SIGMA == pytest.approx(1.3, abs=0.05)


def test_strains_fixed_or_random(mice, mixed):
    """“a fixed factor is just as sound; and from five strains $\\tau$ is poorly known”"""
    assert ols("Weight ~ Dose + Strain", mice).fit().params["Dose"] == pytest.approx(-2.046, abs=1e-3)
    low, high = mixed.confint(parm="sd_(Intercept)|Strain").iloc[0]
    assert (low, high) == pytest.approx((1.49864, 5.56163), abs=2e-3)  # confint(method = "profile")


def test_a_common_intercept_fits_much_worse(mice):
    """“See rows three and four, which are one model, and row two, which fits much worse.”"""
    fit = lk.lmer("Weight ~ Dose + (0 + Dose | Strain)", mice)
    assert fit.reml_criterion == pytest.approx(202.05881, abs=1e-3)  # REMLcrit
    assert fit.reml_criterion > 153.43116 + 40  # REMLcrit of (Dose | Strain)
    same = [lk.lmer(f"Weight ~ Dose + ({x} | Strain)", mice).reml_criterion for x in ("Dose", "1 + Dose")]
    assert same == pytest.approx([153.43116] * 2, abs=1e-3)


def test_a_random_slope_is_not_worth_it(mice, mixed):
    """“The criterion of `(Dose | Strain)` is lower than that of `(1 | Strain)` by about 3, for two numbers
    more.”"""
    slopes = lk.lmer("Weight ~ Dose + (Dose | Strain)", mice)
    gain = mixed.reml_criterion - slopes.reml_criterion
    assert gain == pytest.approx(3.1444, abs=2e-3)  # anova(refit = FALSE): Chisq 3.1444, Df 2, p 0.2076


def test_by_chance_the_two_lower_it_by_one_or_two():
    """“By chance alone, these two lower it by one or two. So they are not.”"""
    # With as few as five strains a simulation says more than the limit, which is a mean of 1.5.
    rng = np.random.default_rng(44)
    mice = lk.load_data("mouse")
    start = 25.84 - 2.05 * mice["Dose"].to_numpy()
    strain = mice["Strain"].cat.codes.to_numpy()
    gains = []
    for _ in range(60):
        y = start + rng.normal(0, TAU, 5)[strain] + rng.normal(0, SIGMA, 50)
        data = mice.assign(y=y)
        plain, more = (
            lk.lmer(f"y ~ Dose + ({term} | Strain)", data).reml_criterion for term in ("1", "Dose")
        )
        gains.append(plain - more)
    assert 0.7 < np.mean(gains) < 2.3
    # mean difference of REMLcrit over these 60 sets of weights, the larger model by bobyqa
    assert np.mean(gains) == pytest.approx(1.21089877, abs=1e-3)


def test_most_were_caught_more_than_once(owls):
    """“Most were caught more than once”, “Thin lines are birds that were caught at least twice.” and “Now
    more than a hundred groups.”"""
    caught = owls["Ring"].value_counts()
    assert caught.value_counts().to_dict() == {1: 50, 2: 66, 3: 35}
    assert (caught > 1).mean() > 0.5
    assert owls["Ring"].nunique() > 100


def test_a_placebo_changes_nothing(hormone):
    """“The two almost cancel: with a placebo, almost nothing happens.” and “after a placebo, … times: no
    change to speak of”"""
    b = hormone.fixef  # fixef: days2 1.65307, ImplantP:days2 -1.71999
    assert b["days2"] == pytest.approx(1.65307, abs=1e-4)
    assert b["ImplantP:days2"] == pytest.approx(-1.71999, abs=1e-4)
    change = b["days2"] + b["ImplantP:days2"]
    assert abs(change) < error_of(hormone, "days2", "ImplantP:days2")
    found = change, error_of(hormone, "days2", "ImplantP:days2")
    assert found == pytest.approx((-0.06692, 0.13899225), abs=1e-4)  # fixef, vcov


def test_by_day_twenty_the_two_hardly_differ(hormone):
    """“By day twenty the two hardly differ any more: … and … times.”"""
    apart = hormone.fixef["ImplantP"] + hormone.fixef["ImplantP:days20"]
    assert abs(apart) < 2 * error_of(hormone, "ImplantP", "ImplantP:days20")
    found = apart, error_of(hormone, "ImplantP", "ImplantP:days20")
    assert found == pytest.approx((-0.18037, 0.13448839), abs=1e-4)  # fixef, vcov


def test_reml_gives_the_larger_variances_here(owls, hormone):
    """“Which of the two gives the larger standard deviations here, as it usually does” and “With so many
    birds the two hardly differ.”"""
    ml = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls, reml=False)
    # VarCorr: REML 0.338400, 0.613388; ML 0.336398, 0.606298
    assert hormone.varcorr.frame["sdcor"].to_list() == pytest.approx([0.338400, 0.613388], abs=1e-4)
    assert ml.varcorr.frame["sdcor"].to_list() == pytest.approx([0.336398, 0.606298], abs=1e-4)
    assert (hormone.varcorr.frame["sdcor"] / ml.varcorr.frame["sdcor"] < 1.02).all()


def test_the_larger_part_was_the_nest(owls):
    """“a large part of the spread between rings was the nest's”"""
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
    sds = fit.varcorr.frame.set_index("grp")["sdcor"]
    assert sds["Brood"] == pytest.approx(0.274085, abs=1e-4)  # VarCorr
    assert sds["Ring:Brood"] == pytest.approx(0.210404, abs=1e-4)
    assert sds["Brood"] ** 2 > 0.5 * (sds["Brood"] ** 2 + sds["Ring:Brood"] ** 2)


def test_schools_in_points(first_classes):
    """“about two thirds of them lie within four or five points of the average school, which is as much as
    goes with a difference of about three hours of homework” and “Two fifths of what the hours leave open is
    the school; the larger part is the pupil.”"""
    fit = lk.lmer("score ~ hours + (1 | school)", first_classes)
    between, within = fit.varcorr.frame["sdcor"]
    assert (between, within) == pytest.approx((4.67713, 5.66266), abs=1e-3)  # VarCorr
    slope = fit.fixef["hours"]
    assert slope == pytest.approx(1.429071, abs=1e-4)  # fixef; its standard error 0.2018
    assert round(4.67713 / 1.429071) == 3
    assert pytest.approx(0.4, abs=0.02) == 4.67713**2 / (4.67713**2 + 5.66266**2)
    deviations = fit.ranef()["school"]["(Intercept)"].abs()
    assert (deviations < 4.68).mean() == pytest.approx(8 / 12)  # ranef: eight of the twelve


def test_three_groups_hardly_know_their_spread():
    """“The truth was three each time. Three groups hardly know their spread.”"""
    state = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": 3}
    found = [explorers.random_effects.result(**state, seed=k).found["SD of intercepts"] for k in range(1, 7)]
    assert found == pytest.approx(SPREADS, rel=1e-4)
    assert min(found) < 1.5 and max(found) > 3.5


def test_the_colleague_has_four_groups():
    """“that is the colleague's: c1 of all schools is taken for one and the same class”"""
    pupils = lk.load_data("schools")
    assert pupils["class"].nunique() == 4
    assert len(pupils[["school", "class"]].drop_duplicates()) == 34
    assert pupils["school"].nunique() == 12


def test_the_smallest_and_the_largest_spread():
    """“The smallest is well below 3, the largest well above.”"""
    state = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": 3}
    found = [explorers.random_effects.result(**state, seed=k).found["SD of intercepts"] for k in range(1, 7)]
    assert found == pytest.approx(SPREADS, rel=1e-4)
    assert min(found) < 2 and max(found) > 4


def test_slope_and_error_of_the_pupils(first_classes):
    """“differ, on average, by nearly one and a half points, with a standard error of a fifth of a point”"""
    fit = lk.lmer("score ~ hours + (1 | school)", first_classes)
    row = fit.coef_table("none").loc["hours"]  # lmer: 1.429071, SE 0.2018
    assert row.to_list()[:2] == pytest.approx([1.429071, 0.2018], abs=1e-3)
    tau2, tau = fit.varcorr.frame[["vcov", "sdcor"]].iloc[0]
    assert tau2 / tau > 3  # the colleague's "several times as large" is the standard deviation once more
    assert tau2 / tau == pytest.approx(tau)


def test_ml_variances_are_a_little_small():
    """“so its variances come out a little small”"""
    # No R number: simulated with our own seed.
    rng = np.random.default_rng(4)
    left = rng.normal(0, 1, (20_000, 6))
    left = left - left.mean(1, keepdims=True)  # one mean is estimated from six values
    assert (left**2).sum(1).mean() / 6 == pytest.approx(5 / 6, abs=0.01)
    assert (left**2).sum(1).mean() / 5 == pytest.approx(1, abs=0.01)


def test_every_line_of_the_printout_has_its_note(mixed):
    """“what is left of each mouse, in units of σ, from the lowest to the highest” and “how the two estimates
    hang together: if one is too high, the other tends to be low”"""
    scaled = mixed.resid() / mixed.sigma
    assert (scaled.min(), scaled.max()) == pytest.approx((-1.90686, 1.86728), abs=1e-3)  # summary
    assert mixed.vcov.loc["(Intercept)", "Dose"] == pytest.approx(-0.0323039, abs=1e-5)  # vcov
