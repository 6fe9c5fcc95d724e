"""What lesson 4 and its exercise say of mice, clinics, owls and schools."""

import numpy as np
import pytest
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3.
TAU, SIGMA = 2.842214, 0.939024  # VarCorr(lmer(Weight ~ Dose + (1 | Strain)))


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
    """“The residual SD was … g and is … g: most of the noise was strains.”"""
    line = ols("Weight ~ Dose", mice).fit()
    assert np.sqrt(line.scale) == pytest.approx(2.71065, abs=1e-5)
    assert mixed.sigma == pytest.approx(SIGMA, abs=1e-4)
    assert 0.5 * line.scale > SIGMA**2


def test_a_milligram_more(mixed, mice):
    """“Each mg/kg a day costs a mouse … g (standard error …); the line had said … (…).”"""
    assert mixed.fixef["Dose"] == pytest.approx(-2.0509585, abs=1e-5)  # fixef
    assert ols("Weight ~ Dose", mice).fit().params["Dose"] == pytest.approx(-2.438719, abs=1e-6)


def test_slighter_strains_got_more(mice):
    """“the slighter strains happened to get more of it”"""
    doses = mice.groupby("Strain", observed=True)["Dose"].mean()
    starts = ols("Weight ~ 0 + Strain + Dose", mice).fit().params.filter(like="Strain")
    assert np.corrcoef(doses, starts)[0, 1] < -0.7
    assert doses.idxmax() == "m3" and starts.idxmin() == "Strain[m3]"
    assert doses.idxmin() == "m5" and starts.idxmax() == "Strain[m5]"


def test_four_strains_lie_on_one_side(mice):
    """“four of the five strains lie wholly above or wholly below the line”"""
    rows = mice.groupby("Strain", observed=True)["residual"]
    assert ((rows.min() > 0) | (rows.max() < 0)).sum() == 4


def test_afterwards_every_strain_sits_around_zero(mice, mixed):
    """“After: every strain sits around zero.”"""
    means = mixed.resid().groupby(mice["Strain"], observed=True).mean()
    assert (means.abs() < 0.05).all()


def test_nine_tenths_are_the_strain(mixed):
    """“Nine tenths of what the dose leaves unexplained is the strain.”"""
    tau2, sigma2 = mixed.varcorr.frame["vcov"]
    assert tau2 / (tau2 + sigma2) == pytest.approx(TAU**2 / (TAU**2 + SIGMA**2), abs=1e-4)
    assert tau2 / (tau2 + sigma2) == pytest.approx(0.9, abs=0.01)


def test_the_correlation_holds_at_any_two_doses():
    """“correlation of two mice of one strain, whatever their doses, once these are allowed for” and “Two
    mice of one strain at one dose still differ by … g (the SD of their difference)”"""
    rng = np.random.default_rng(4)
    strain = rng.normal(0, TAU, 100_000)
    one, other = (strain + rng.normal(0, SIGMA, 100_000) for _ in range(2))  # doses have been taken out
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(TAU**2 / (TAU**2 + SIGMA**2), abs=0.005)
    assert np.std(one - other) == pytest.approx(np.sqrt(2) * SIGMA, rel=0.01)
    assert np.sqrt(2) * SIGMA == pytest.approx(1.3, abs=0.05)


def test_strains_fixed_or_random(mice, mixed):
    """“a mg/kg costs … g with random and … g with fixed strains; the SD between strains is … g, with an
    interval from … to …”"""
    assert ols("Weight ~ Dose + Strain", mice).fit().params["Dose"] == pytest.approx(-2.046, abs=1e-3)
    low, high = mixed.confint(parm="sd_(Intercept)|Strain").iloc[0]
    assert (low, high) == pytest.approx((1.49864, 5.56163), abs=2e-3)  # confint(method = "profile")


def test_a_common_intercept_fits_much_worse(mice):
    """“a common intercept fits much worse”"""
    fit = lk.lmer("Weight ~ Dose + (0 + Dose | Strain)", mice)
    assert fit.reml_criterion == pytest.approx(202.05881, abs=1e-3)  # REMLcrit
    assert fit.reml_criterion > 153.43116 + 40  # REMLcrit of (Dose | Strain)


def test_a_random_slope_is_not_worth_it(mice, mixed):
    """“A random slope and its correlation are two parameters more, and they lower the criterion by … only.”
    and “The fit is singular as well”"""
    slopes = lk.lmer("Weight ~ Dose + (Dose | Strain)", mice)
    gain = mixed.reml_criterion - slopes.reml_criterion
    assert gain == pytest.approx(3.1444, abs=2e-3)  # anova(refit = FALSE): Chisq 3.1444, Df 2, p 0.2076
    assert slopes.is_singular


def test_by_chance_the_two_lower_it_by_one_or_two():
    """“(By chance alone, these two lower it by one or two.)”"""
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


def test_a_clinics_level_is_known_to_about_three():
    """“the level of each clinic, at the mean age of its patients, with a standard error of about …”"""
    plasma = lk.load_data("plasma_age")
    clinic = np.eye(4)[plasma["group"].cat.codes]
    X = np.column_stack([np.ones(40), plasma["age"]])
    sd, sigma = 47.163922, 9.245074  # VarCorr(lmer(conc ~ age + (1 | group)))
    W = np.column_stack([X, clinic])
    henderson = W.T @ W
    henderson[2:, 2:] += np.eye(4) * (sigma / sd) ** 2
    error = np.linalg.inv(henderson) * sigma**2
    ages = plasma.groupby("group", observed=True)["age"].mean().to_numpy()
    rows = np.column_stack([np.ones(4), ages, np.eye(4)])
    errors = np.sqrt(np.einsum("ij,jk,ik->i", rows, error, rows))
    assert errors == pytest.approx(np.full(4, 2.9), abs=0.05)
    deviations = np.sqrt(np.diag(error)[2:])
    assert (deviations > 20).all()  # from the average clinic, which is not known so well


def test_most_were_caught_more_than_once(owls):
    """“Most were caught more than once” and “Grey lines are single nestlings, those that were caught at
    least twice.”"""
    caught = owls["Ring"].value_counts()
    assert caught.value_counts().to_dict() == {1: 50, 2: 66, 3: 35}
    assert (caught > 1).mean() > 0.5
    assert owls["Ring"].nunique() > 100


def test_a_placebo_changes_nothing(hormone):
    """“The two almost cancel: with a placebo, next to nothing happens.” and “after a placebo, … times: no
    change to speak of”"""
    b = hormone.fixef  # fixef: days2 1.65307, ImplantP:days2 -1.71999
    assert b["days2"] == pytest.approx(1.65307, abs=1e-4)
    assert b["ImplantP:days2"] == pytest.approx(-1.71999, abs=1e-4)
    change = b["days2"] + b["ImplantP:days2"]
    assert abs(change) < error_of(hormone, "days2", "ImplantP:days2")


def test_by_day_twenty_the_two_hardly_differ(hormone):
    """“By day twenty the two hardly differ any more”"""
    apart = hormone.fixef["ImplantP"] + hormone.fixef["ImplantP:days20"]
    assert abs(apart) < 2 * error_of(hormone, "ImplantP", "ImplantP:days20")


def test_reml_gives_the_larger_variances_here(owls, hormone):
    """“Which of the two gives the larger variances here, as it usually does”"""
    ml = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls, reml=False)
    # VarCorr: REML 0.338400, 0.613388; ML 0.336398, 0.606298
    assert hormone.varcorr.frame["sdcor"].to_list() == pytest.approx([0.338400, 0.613388], abs=1e-4)
    assert ml.varcorr.frame["sdcor"].to_list() == pytest.approx([0.336398, 0.606298], abs=1e-4)


def test_the_larger_part_was_the_nest(owls):
    """“parts into … between the … broods and … between rings of a brood: the larger part was the nest”"""
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
    sds = fit.varcorr.frame.set_index("grp")["sdcor"]
    assert sds["Brood"] == pytest.approx(0.274085, abs=1e-4)  # VarCorr
    assert sds["Ring:Brood"] == pytest.approx(0.210404, abs=1e-4)


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
    assert (deviations < 4.68).mean() == pytest.approx(2 / 3, abs=0.05)


def test_three_groups_hardly_know_their_spread():
    """“The truth was three each time. Three groups hardly know their spread.”"""
    state = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": 3}
    found = [explorers.random_effects.result(**state, seed=k).found["SD of intercepts"] for k in range(1, 7)]
    assert min(found) < 1.5 and max(found) > 3.5


def test_the_colleague_has_four_groups():
    """“that is the colleague's: c1 of all schools is taken for one and the same class”"""
    pupils = lk.load_data("schools")
    assert pupils["class"].nunique() == 4
    assert len(pupils[["school", "class"]].drop_duplicates()) == 34
