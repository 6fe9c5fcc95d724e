"""Profile likelihood intervals: lme4's limits."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

import lmmkit as lk
from lmmkit.inference.profile import _curve, profile
from lmmkit.inference.profile_lmm import held_parameters
from tests.inference.reference import ANSWERS, close, frame, model
from tests.lme4_reference import EXTRA, load

# lme4 interpolates these two curves, which bend sharply near zero: its own limits are 2e-4 and 1e-4 off (see
# test_limits_are_exact), still within the tolerance.
REL = 1e-3


def compare(table, parameters, limits):
    assert list(table.index) == list(parameters)
    close(table.to_numpy(), np.array(limits), REL)


def test_sleepstudy_as_lme4():
    fit = model("slopes").update(reml=False)
    theirs = EXTRA["profile"]
    names = list(theirs)
    names[1:3] = names[2:0:-1]  # lme4 1.1-31 has the correlation second, lme4 2 after all standard deviations
    compare(fit.confint(), names, [theirs[name] for name in names])


def test_penicillin_as_lme4():
    fit = lk.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", load("Penicillin"))
    compare(fit.confint(), EXTRA["profile_pen"], list(EXTRA["profile_pen"].values()))


@pytest.mark.parametrize("name", ["nested", "uncorrelated", "dyestuff", "herds"])
def test_more_models_as_lme4(name):
    theirs = frame(ANSWERS["profile"][name], index="parameter")
    compare(model(name).confint(), theirs.index, theirs)


def test_a_reml_fit_is_profiled_by_ml_and_says_so():
    table = model("intercepts").confint()
    close(table, model("intercepts").update(reml=False).confint(), 1e-5)
    assert "maximum likelihood" in table.notes[0]


@pytest.mark.parametrize("name", ["dyestuff", "slopes"])
def test_limits_are_exact(name):
    fit = model(name).update(reml=False)
    held, minimum = held_parameters(fit)
    cutoff = stats.norm.ppf(0.975)
    for parameter, (low, high) in fit.confint().iterrows():
        for limit in (low, high):
            deviance = held[parameter].minimise(limit, held[parameter].start())[0]
            assert np.sqrt(deviance - minimum) == pytest.approx(cutoff, abs=1e-4)


def test_a_held_coefficient_is_an_offset():
    fit = model("intercepts").update(reml=False)
    held, _ = held_parameters(fit)
    data = load("sleepstudy").assign(known=lambda d: 9.0 * d["Days"])
    other = lk.lmer("Reaction ~ 1 + offset(known) + (1 | Subject)", data, reml=False)
    assert held["Days"].minimise(9.0, held["Days"].start())[0] == pytest.approx(-2 * other.loglik, abs=1e-7)


def test_held_standard_deviations_and_correlations_stay_where_they_are_put():
    data = load("crossed")
    fit = lk.lmer("rt ~ cond + x + (cond + x | subj) + (1 | item)", data, reml=False)
    held, minimum = held_parameters(fit)
    assert len([name for name in held if name.startswith("cor_")]) == 3
    for one in held.values():
        at_estimate = one.minimise(one.estimate, one.start())[0]
        assert minimum - 1e-6 <= at_estimate < minimum + 1e-4
        beside = one.minimise(one.estimate + 0.5 * one.scale, one.start())[0]
        assert beside > minimum


def test_normal_model_in_closed_form_where_the_variance_is_zero():
    data = load("Dyestuff2")
    y = data["Yield"].to_numpy()
    n, rss = len(y), ((y - y.mean()) ** 2).sum()
    means = data.groupby("Batch")["Yield"].mean().to_numpy()
    within = rss - 5 * ((means - y.mean()) ** 2).sum()

    def held_mean(mu):  # five rows a batch: at its best the variance is zero only near the estimate
        between = 5 * ((means - mu) ** 2).sum()
        if between / 6 > within / 24:
            return 6 * np.log(between / 6) + 24 * np.log(within / 24)
        return n * np.log((between + within) / n)

    rise = lambda mu: held_mean(mu) - held_mean(y.mean()) - stats.norm.ppf(0.975) ** 2  # noqa: E731
    limits = [brentq(rise, y.mean() - 3, y.mean()), brentq(rise, y.mean(), y.mean() + 3)]
    table = model("singular").confint()
    close(table.loc["(Intercept)"], limits, 1e-6)
    deviance = lambda s: n * (np.log(2 * np.pi * s**2)) + rss / s**2  # noqa: E731
    best = np.sqrt(rss / n)
    excess = lambda s: deviance(s) - deviance(best) - stats.norm.ppf(0.975) ** 2  # noqa: E731
    assert table.loc["sd_(Intercept)|Batch", "conf_low"] == 0
    assert table.loc["sigma", "conf_low"] == pytest.approx(brentq(excess, 0.5 * best, best), rel=1e-4)


def test_a_correlation_that_the_data_leave_open_covers_its_range():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 5), "x": np.tile(np.arange(5.0), 12)})
    data["y"] = rng.normal(size=12)[data["g"]] + rng.normal(size=60)  # no slopes differ
    fit = lk.lmer("y ~ x + (x | g)", data, reml=False)
    table = fit.confint(parm="theta_")
    cor = table.loc["cor_x.(Intercept)|g"]
    assert cor["conf_low"] == -1 and cor["conf_high"] == 1
    assert np.isfinite(table).all(axis=None)


def test_interpolated_levels_agree_with_their_own():
    curve = profile(model("slopes"), "sigma", level=0.99)
    low, high = curve.interval("sigma", 0.8)
    close(model("slopes").confint(level=0.8, parm="sigma").iloc[0], [low, high], 1e-5)
    zeta = curve.frame["zeta"].to_numpy()
    assert (np.diff(zeta) > 0).all() and (np.diff(curve.frame["value"]) > 0).all()
    assert zeta[-1] == pytest.approx(stats.norm.ppf(0.995))


def test_quadrature_and_dispersion_are_profiled_too():
    fit = lk.glmer(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial", n_agq=9
    )
    table = fit.confint(parm=["sd_(Intercept)|herd", "period2"])
    assert (table["conf_low"] < [fit.varcorr.frame["sdcor"][0], fit.fixef["period2"]]).all()
    gamma = lk.glmer("time ~ temp + (1 | site)", load("counts"), lk.families.Gamma(link="log"))
    low, high = gamma.confint(parm="sigma").iloc[0]
    assert low < gamma.sigma < high


def test_fixed_effects_leave_a_variance_of_zero_as_in_lme4():
    # R 4.2.2, lme4 1.1-31: confint(profile(fit)); the deviance is flat at zero by symmetry
    y = [-0.5, 1.1, -0.5, 0.9, -1.1, 0.4, 0.1, 0.1, 0.6, -1.3, -0.3, -2.1, -0.9, -0.4, -0.2, -0.1]
    data = pd.DataFrame({"y": y, "g": np.repeat(list("abcd"), 4)})
    table = lk.lmer("y ~ 1 + (1 | g)", data, reml=False).confint()
    np.testing.assert_allclose(table.loc["(Intercept)"], [-0.744, 0.219], atol=1e-3)


ORTHODONT = (
    "26 25 29 31 21.5 22.5 23 26.5 23 22.5 24 27.5 25.5 27.5 26.5 27 20 23.5 22.5 26 24.5 25.5 27 "
    "28.5 22 22 24.5 26.5 24 21.5 24.5 25.5 23 20.5 31 26 27.5 28 31 31.5 23 23 23.5 25 21.5 23.5 "
    "24 28 17 24.5 26 29.5 22.5 25.5 25.5 26 23 24.5 26 30 22 21.5 23.5 25 21 20 21.5 23 21 21.5 24 "
    "25.5 20.5 24 24.5 26 23.5 24.5 25 26.5 21.5 23 22.5 23.5 20 21 21 22.5 21.5 22.5 23 25 23 23 "
    "23.5 24 20 21 22 21.5 16.5 19 19 19.5 24.5 25 28 28 "
)


def test_a_correlation_is_free_where_a_standard_deviation_may_be_zero():
    # nlme's Orthodont: without an SD of the intercept the deviance rises by 2.243 only; lme4 1.1-31: -1 to 1
    data = pd.DataFrame(
        {
            "distance": [float(value) for value in ORTHODONT.split()],
            "age": [8, 10, 12, 14] * 27,
            "Subject": np.repeat(np.arange(27), 4),
        }
    )
    fit = lk.lmer("distance ~ age + (age | Subject)", data)
    assert fit.confint(parm="cor_age.(Intercept)|Subject").iloc[0].tolist() == [-1, 1]
    held, minimum = held_parameters(fit.update(reml=False))
    assert held["cor_age.(Intercept)|Subject"].ceiling - minimum == pytest.approx(2.243, abs=1e-3)


MTCARS = {
    "am": "1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 0 0 0 0 0 1 1 1 1 1 1 1",
    "wt": "2.62 2.875 2.32 3.215 3.44 3.46 3.57 3.19 3.15 3.44 3.44 4.07 3.73 3.78 5.25 5.424 5.345 2.2 1.615 1.835 "
    "2.465 3.52 3.435 3.84 3.845 1.935 2.14 1.513 3.17 2.77 3.57 2.78",
    "hp": "110 110 93 110 175 105 245 62 95 123 123 180 180 180 205 215 230 66 52 65 97 150 150 245 175 66 91 113 264 "
    "175 335 109",
}


def test_glm_limits_as_in_r():
    # R 4.2.2: uniroot() on the deviance of glm.fit() with the coefficient as an offset, started from its
    # neighbour's coefficients; confint() of MASS 7.3-58.2 interpolates to 3 digits of the same
    data = pd.DataFrame({name: [float(x) for x in text.split()] for name, text in MTCARS.items()})
    table = lk.glm("am ~ wt + hp", data, "binomial").confint()
    close(table, [[8.3664978, 40.5507476], [-17.2071282, -3.7695302], [0.0105943, 0.0905524]], 1e-5)


def test_separated_outcomes_have_an_infinite_limit_and_a_sentence():
    data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0], "f": list("aaaabbbbcccc")})
    table = lk.glm("y ~ f", data, "binomial").confint()
    assert table.loc["fb", "conf_high"] == np.inf
    assert len(table.notes) == 1 and "upper limit of fb is infinite" in table.notes[0]
    assert np.isfinite(table.drop(index="fb")).all(axis=None)

    def rise(b):  # two of four in level a, four of four in level b
        own = lambda a: 8 * np.log1p(np.exp(a)) - 4 * a + 8 * np.log1p(np.exp(-a - b))  # noqa: E731
        return minimize_scalar(own, bounds=(-10, 10), options={"xatol": 1e-10}).fun - 8 * np.log(2)

    limit = brentq(lambda b: rise(b) - stats.chi2.ppf(0.95, 1), -5, 5)
    assert table.loc["fb", "conf_low"] == pytest.approx(limit, abs=1e-5)


@pytest.mark.parametrize("unit", [1e-90, 1e-15, 1e15, 1e90])
def test_limits_follow_the_unit(unit):
    data = load("sleepstudy")
    plain = lk.lmer("Reaction ~ Days + (1 | Subject)", data, reml=False).confint()
    scaled = lk.lmer("r ~ Days + (1 | Subject)", data.assign(r=data["Reaction"] * unit), reml=False).confint()
    close(scaled / unit, plain, 1e-5)


def test_a_curve_that_cannot_be_followed_is_a_sentence():
    class Broken:
        estimate, bounds, scale = 0.0, (-np.inf, np.inf), 1.0

        def start(self):
            return None

        def minimise(self, value, start):
            return (value**2 if abs(value) < 1 else np.inf), None

        look_again = minimise

    curve = _curve("x", Broken(), 0.0, 1.96, 3)
    assert np.isnan(curve.interval("x")).all()
    assert (
        len(curve.notes) == 2
        and "lower limit" in curve.notes[0]
        and "could not be followed" in curve.notes[1]
    )
