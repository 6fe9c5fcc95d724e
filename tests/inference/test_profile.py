"""Profile likelihood intervals: lme4's limits."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq

import lmmkit as lk
from lmmkit.inference.profile import profile
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
    compare(fit.confint(), EXTRA["profile"], list(EXTRA["profile"].values()))


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
    half = np.sqrt(rss / n * np.expm1(stats.norm.ppf(0.975) ** 2 / n))
    table = model("singular").confint()
    close(table.loc["(Intercept)"], [y.mean() - half, y.mean() + half], 1e-6)
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
