"""What lesson 5 and its exercise say of mice, cattle, wings, clinics and meetings."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, with bobyqa where the default search stops early.


@pytest.fixture(scope="module")
def mice():
    return lk.load_data("mouse")


@pytest.fixture(scope="module")
def strains(mice):
    return lk.lmer("Weight ~ Dose + (Dose | Strain)", mice)


@pytest.fixture(scope="module")
def cattle():
    return lk.load_data("ex33")


@pytest.fixture(scope="module")
def owls():
    data = lk.load_data("owl_wing")
    return data.assign(age_c=data["Age"] - data["Age"].mean())


@pytest.fixture(scope="module")
def wing(owls):
    return lk.lmer("Wing ~ Age * Implant + (Age | Ring)", owls, reml=False)


@pytest.fixture(scope="module")
def plasma():
    return lk.load_data("plasma_age")


@pytest.fixture(scope="module")
def happy():
    return lk.load_data("happiness")


def sds(fit):
    """Two standard deviations and their correlation."""
    return fit.varcorr.frame["sdcor"].iloc[:3].to_list()


def criterion(y, x, groups, first, second, correlation, sigma):
    """-2 log REML likelihood of random lines with these standard deviations."""
    X = np.column_stack([np.ones_like(x), x])
    cov = correlation * first * second
    D = np.array([[first**2, cov], [cov, second**2]])
    same = groups[:, None] == groups
    V = X @ D @ X.T * same + sigma**2 * np.eye(len(y))
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    left = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
    logdet = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
    return logdet + left @ inverse @ left + (len(y) - 2) * np.log(2 * np.pi)


def test_heavy_strains_fall_faster(strains):
    """“heavy strains fall a little faster, by a fixed rule. The lines draw together” and “The ratio is the same
    in all five strains.”"""
    # coef(lmer(Weight ~ Dose + (Dose | Strain)))
    lines = strains.coef()["Strain"]
    assert lines["Dose"].to_list() == pytest.approx(
        [-2.202011, -2.009368, -1.784338, -1.972606, -2.290192], abs=1e-4
    )
    assert list(lines["(Intercept)"].argsort()) == list((-lines["Dose"]).argsort())
    apart = lines - lines.mean()
    assert (apart["Dose"] / apart["(Intercept)"]).to_list() == pytest.approx([-0.0582] * 5, abs=1e-3)


def test_lines_meet_at_a_dose_of_17(strains):
    """“meet in one point, at a dose of about 17, where the weights would be negative” and “they meet at …
    mg/kg”"""
    first, second, correlation = sds(strains)
    assert correlation == pytest.approx(-1)  # VarCorr: 3.440486, 0.200382, -1.0000
    assert first / second == pytest.approx(3.440486 / 0.200382, rel=1e-3)
    assert first / second == pytest.approx(17, abs=0.3)
    assert strains.fixef["(Intercept)"] + 17.17 * strains.fixef["Dose"] < 0


def test_five_strains_cannot_tell_the_correlation(mice, strains):
    """“Five strains cannot tell a correlation of minus one from one of minus a half; the likelihood happened to
    be highest at the edge.”"""
    y, x = mice["Weight"].to_numpy(), mice["Dose"].to_numpy(float)
    groups = mice["Strain"].cat.codes.to_numpy()

    def at(logs, correlation):
        return criterion(y, x, groups, *np.exp(logs[:2]), correlation, np.exp(logs[2]))

    start = np.log([3.44, 0.2, 0.905])
    edge, half = (minimize(at, start, (c,), method="Nelder-Mead").fun for c in (-1.0, -0.5))
    assert edge == pytest.approx(153.43116, abs=1e-3)  # REMLcrit
    assert strains.reml_criterion == pytest.approx(153.43116, abs=1e-3)
    # the deviance function of lmer, minimised by optim with the correlation held at -0.5: 155.145443
    assert half - edge == pytest.approx(155.145443 - 153.431156, abs=1e-3)
    assert 0 < half - edge < 3.84  # within the 95% interval of a profile


def test_a_correlation_of_one_is_one_point_elsewhere():
    """“`(0 + x | g)` does, where `x` is zero. So does a correlation of plus or minus one, but there the point
    lies elsewhere.” and “Which ones make all lines pass through one point?”"""

    # No R number: lines that the explorer draws without any error, and no fit.
    def lines(**state):
        return explorers.random_effects.result(sigma=0.0, **state).lines

    common = lines(sd_intercept=0.0, sd_slope=0.8)
    assert common[:, 0] == pytest.approx(np.full(len(common), common[0, 0]))
    tied = lines(sd_intercept=3.0, sd_slope=0.8, correlation=-1.0)
    at = 3 / 0.8
    assert np.ptp(tied[:, 0] + at * tied[:, 1]) == pytest.approx(0, abs=1e-9)
    assert np.ptp(tied[:, 0]) > 1


def test_nothing_speaks_against_the_common_start(cattle):
    """“A free start lowers the criterion by almost nothing. Here nothing speaks against the common start. (The fit with
    free starts is *singular*; what that means comes at the end of this lesson.)”"""
    common = lk.lmer("PCV ~ time + (0 + time | animal_id)", cattle)
    free = lk.lmer("PCV ~ time + (time | animal_id)", cattle)
    assert common.reml_criterion == pytest.approx(850.30767, abs=1e-3)  # REMLcrit
    # R's searches stay at 850.30767 (SD of intercepts 0), so that there even less speaks against it
    assert 0 <= common.reml_criterion - free.reml_criterion < 0.1
    assert free.is_singular


def test_the_zero_changes_the_lines(cattle):
    """“All lines meet where x is zero, so the zero had better mean something.”, “slopes in other units are the
    same lines” and “with weeks no fitted value changes, with another zero they do”"""
    fits = [
        lk.lmer("PCV ~ t + (0 + t | animal_id)", cattle.assign(t=t))
        for t in (cattle["time"], cattle["time"] / 7, cattle["time"] - 10)
    ]
    assert np.abs(fits[0].fitted - fits[1].fitted).max() < 1e-3
    assert np.abs(fits[0].fitted - fits[2].fitted).max() > 1
    assert np.abs(fits[0].fitted - fits[2].fitted).max() == pytest.approx(
        2.936, abs=1e-3
    )  # fitted of both lmer


def test_nearly_every_bird_was_measured_two_or_three_times(owls):
    """“Nearly every bird was measured two or three times”"""
    times = owls.groupby("Ring", observed=True).size().value_counts().to_dict()
    assert times == {2: 47, 3: 38, 1: 1}


def test_the_hormone_slows_growth(wing):
    """“has a standard error of … mm a day: the hormone does slow growth (t = …).”"""
    row = wing.coef_table().loc["Age:ImplantP"]
    # lmerTest: 0.411302, SE 0.1363347, t 3.01685, p 3.55959e-03
    assert row["estimate"] == pytest.approx(0.411302, abs=1e-4)
    assert row["statistic"] == pytest.approx(3.01685, abs=1e-3)


def test_less_than_nothing_at_hatching(wing, owls):
    """“a wing of *less* than nothing, a spread of about 15 mm between birds, and a correlation of nearly minus one”
    and “the youngest bird was more than two weeks old”"""
    # fixef: -8.288685, with placebo -9.781607 more; VarCorr: 14.642393, -0.902576
    start, placebo = wing.fixef["(Intercept)"], wing.fixef["ImplantP"]
    assert (start, placebo) == pytest.approx((-8.288685, -9.781607), abs=1e-3)
    assert start < 0 > start + placebo
    assert owls["Age"].min() > 14
    assert (sds(wing)[0], sds(wing)[2]) == pytest.approx((14.642393, -0.902576), abs=2e-3)
    assert round(sds(wing)[0]) == 15 and sds(wing)[2] < -0.9


def test_what_centring_leaves_and_what_it_moves(wing, owls):
    """“Lines keep their slopes wherever you put the zero.” and “The same model, the same likelihood, the
    same lines; only the place where we read their spread has moved.”"""
    centred = lk.lmer("Wing ~ age_c * Implant + (age_c | Ring)", owls, reml=False)
    # VarCorr: 14.642393, 0.357304, -0.9026; centred 6.854588, 0.357305, -0.3927; logLik -632.219546 both
    assert sds(wing) == pytest.approx([14.642393, 0.357304, -0.9026], abs=2e-3)
    assert sds(centred) == pytest.approx([6.854588, 0.357305, -0.3927], abs=2e-3)
    assert wing.loglik == pytest.approx(-632.219546, abs=1e-4)
    assert centred.loglik == pytest.approx(wing.loglik, abs=1e-5)
    assert np.abs(centred.fitted - wing.fitted).max() < 0.01


def test_four_clinics_do_not_show_that_slopes_differ(plasma):
    """“Four clinics do not show that slopes differ, nor that they are equal. In both, the model with one slope
    claims to know more.”"""
    one = lk.lmer("conc ~ age + (1 | group)", plasma)
    four = lk.lmer("conc ~ age + (age | group)", plasma)
    assert one.reml_criterion - four.reml_criterion == pytest.approx(
        1.1851, abs=2e-3
    )  # anova: Chisq, p 0.5529
    assert not four.is_singular
    spread = sds(four)[1]
    assert spread == pytest.approx(0.6265, abs=1e-3)  # VarCorr: a third of the mean slope
    assert (one.se["age"], four.se["age"]) == pytest.approx((0.301444, 0.437354), abs=1e-3)  # sqrt of vcov
    assert four.se["age"] > 1.4 * one.se["age"]


def test_the_owls_clearly_differ_in_their_pace(owls):
    """“The owls clearly differ in their pace.”"""
    one = lk.lmer("Wing ~ age_c * Implant + (1 | Ring)", owls, reml=False)
    own = lk.lmer("Wing ~ age_c * Implant + (age_c | Ring)", owls, reml=False)
    # R: anova of the two, Chisq 10.413 on 2 df, p 0.00548
    assert one.deviance - own.deviance == pytest.approx(10.4126, abs=2e-3)
    errors = one.se["age_c:ImplantP"], own.se["age_c:ImplantP"]
    assert errors == pytest.approx((0.1203720, 0.1363347), abs=2e-5)  # sqrt of vcov
    assert errors[1] > 1.1 * errors[0]


def test_placebo_birds_begin_lower_and_end_higher(wing, owls):
    """“placebo begins a little lower and ends a little higher”"""
    difference = [wing.fixef["ImplantP"] + wing.fixef["Age:ImplantP"] * age for age in (18, 45)]
    assert (owls["Age"].min(), owls["Age"].max()) == (18, 45)
    assert difference[0] < 0 < difference[1]
    assert difference == pytest.approx([-2.3781767, 8.7269687], abs=2e-3)  # fixef, bobyqa


def test_fast_birds_come_from_further_down(wing):
    """“There, of course, a bird that grows fast must come from further down: that is the correlation.”"""
    apart = wing.ranef()["Ring"]
    assert np.corrcoef(apart["(Intercept)"], apart["Age"])[0, 1] < -0.8
    assert np.corrcoef(apart["(Intercept)"], apart["Age"])[0, 1] == pytest.approx(
        -0.90111302, abs=1e-3
    )  # cor of ranef


def test_the_fan_of_the_cattle(cattle):
    """“Left, each animal's own measurements, joined. Right, the model: twelve lines that leave one point and fan
    out” and “For five weeks, somebody measured”"""
    fan = lk.lmer("PCV ~ time + (0 + time | animal_id)", cattle)
    # VarCorr(lmer(PCV ~ time + (0 + time | animal_id))): 0.1159, sigma 2.7685; fixef 34.64075, -0.34514
    assert fan.varcorr.frame["sdcor"].to_list() == pytest.approx([0.1159, 2.7685], abs=1e-3)
    lines = fan.coef()["animal_id"]
    assert len(lines) == 12 and lines["(Intercept)"].nunique() == 1
    # coef: slopes from -0.5051013 to -0.1230850; isSingular: FALSE
    assert (lines["time"].min(), lines["time"].max()) == pytest.approx((-0.5051013, -0.1230850), abs=1e-4)
    assert 4.5 < (cattle["time"].max() - cattle["time"].min()) / 7 < 5.1
    assert not fan.is_singular


def test_two_thirds_of_the_animals():
    """“about two thirds of all such animals lose between … and … a day”"""
    assert norm.cdf(1) - norm.cdf(-1) == pytest.approx(2 / 3, abs=0.02)


def test_the_correlation_moves_with_the_zero(plasma, owls):
    """“In truth it is about where age has its zero; centred, it is $-0.39$.”"""
    centred = plasma.assign(age=plasma["age"] - plasma["age"].mean())
    # VarCorr: owls centred -0.3927; clinics -0.675, centred -0.396
    wing_c = lk.lmer("Wing ~ age_c * Implant + (age_c | Ring)", owls, reml=False)
    assert sds(wing_c)[2] == pytest.approx(-0.3927, abs=1e-3)
    assert sds(lk.lmer("conc ~ age + (age | group)", plasma))[2] == pytest.approx(-0.675, abs=1e-3)
    assert sds(lk.lmer("conc ~ age + (age | group)", centred))[2] == pytest.approx(-0.396, abs=1e-3)


def test_a_model_with_one_slope_is_too_sure():
    """“If slopes really differ, a model with one slope makes the standard error too small”"""
    # No R number: simulated with our own seed.
    rng = np.random.default_rng(55)
    x = np.tile(np.arange(10.0), 8)
    group = np.repeat(np.arange(8), 10)
    estimates, errors = [], []
    for _ in range(200):
        y = rng.normal(0, 1, 8)[group] + rng.normal(0, 0.5, 8)[group] * x + rng.normal(0, 1, 80)
        from_mean = x - x.mean()
        level = np.array([y[group == g].mean() for g in range(8)])[group]
        slope = from_mean @ (y - level) / (from_mean @ from_mean)
        left = y - level - slope * from_mean
        estimates.append(slope)
        errors.append(np.sqrt(left @ left / 71 / (from_mean @ from_mean)))
    assert np.mean(errors) < 0.6 * np.std(estimates)


def test_each_bird_has_one_implant(owls):
    """“The implant varies between birds, never within one.”"""
    assert (owls.groupby("Ring", observed=True)["Implant"].nunique() == 1).all()


def test_the_departments_lines_draw_together_and_fan_out(happy):
    """“Six lines, with slopes from … to … points an hour, that first draw together and then fan out.”"""
    lines = (
        lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy).coef()["department"].to_numpy()
    )
    spread = [(lines[:, 0] + hours * lines[:, 1]).std() for hours in (0, 1.8, 5, 10)]
    assert spread[1] < spread[0] and spread[1] < spread[2] < spread[3]
    assert spread == pytest.approx([1.1758756, 1.0664808, 1.4021432, 2.5498172], abs=1e-3)  # coef of lmer


def test_some_departments_may_enjoy_their_meetings(happy):
    """“A clear mean effect, and still some departments may enjoy their meetings”"""
    fit = lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy)
    # lmerTest: -0.500014, SE 0.128374, p 0.0115; VarCorr: 0.311177
    assert fit.coef_table().loc["zoom_hours", "p_value"] == pytest.approx(0.0114676, abs=1e-4)
    assert norm.cdf(-0.500014 / 0.311177) == pytest.approx(0.054, abs=1e-3)
    assert 0.5 * norm.cdf(-0.500014 / 0.311177) < norm.cdf(fit.fixef["zoom_hours"] / sds(fit)[1]) < 0.1


def test_the_colleague_is_three_times_too_sure(happy):
    """“Six slopes, six pieces of evidence: with them the standard error is about three times as large.” and
    “compare the estimates of the two models: they are the same, or nearly; the standard errors are not”"""
    one = lk.lmer("happiness ~ zoom_hours + (1 | department)", happy)
    six = lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy)
    # lmerTest: 0.0413422 (df 59), 0.128374 (df 5)
    assert (one.se["zoom_hours"], six.se["zoom_hours"]) == pytest.approx((0.0413422, 0.128374), abs=1e-4)
    assert pytest.approx(3, abs=0.2) == 0.128374 / 0.0413422
    assert one.fixef["zoom_hours"] == pytest.approx(six.fixef["zoom_hours"], abs=1e-4)
    slopes = [
        ols("happiness ~ zoom_hours", rows).fit().params.iloc[1] for _, rows in happy.groupby("department")
    ]
    assert np.mean(slopes) == pytest.approx(six.fixef["zoom_hours"], abs=1e-4)
    # mean of coef(lm), department by department
    assert np.mean(slopes) == pytest.approx(-0.500013636, abs=1e-6)


def test_a_week_of_short_nights():
    """“eighteen lorry drivers slept too little for a week, and on ten days their reaction time was measured”"""
    sleep = lk.load_data("sleepstudy")
    assert sleep["Subject"].nunique() == 18 and sleep["Days"].nunique() == 10
    assert "deprivation begins after the test of day 2" in " ".join(lk.data_info("sleepstudy").caveats)
    assert sleep["Days"].max() - 2 == 7  # short nights before the last test
