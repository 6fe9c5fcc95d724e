"""R² and the intraclass correlation."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.diagnostics.explained_variance import variance_shares
from tests.inference.reference import close, model
from tests.lme4_reference import EXTRA, load


def test_r2_and_icc_as_performance():
    r2 = model("slopes").r2()
    assert r2["marginal"] == pytest.approx(EXTRA["r2"]["marg"], abs=1e-6)
    assert r2["conditional"] == pytest.approx(EXTRA["r2"]["cond"], abs=1e-6)
    assert model("intercepts").icc()["adjusted"] == pytest.approx(EXTRA["icc_ri"], abs=1e-6)


def test_shares_of_a_random_intercept_model_are_its_variances():
    fit = model("nested")
    shares = variance_shares(fit)
    frame = fit.varcorr.frame
    assert shares["random"] == pytest.approx(frame["vcov"][:2].sum())
    assert shares["residual"] == pytest.approx(fit.sigma**2)
    icc, r2 = fit.icc(), fit.r2()
    assert icc["unadjusted"] == pytest.approx(r2["conditional"] - r2["marginal"])
    assert icc["unadjusted"] < icc["adjusted"]


def test_slopes_do_not_depend_on_the_origin():
    shifted = lk.lmer("Reaction ~ I(Days - 4.5) + (I(Days - 4.5) | Subject)", load("sleepstudy"))
    close(shifted.r2(), model("slopes").r2(), 1e-5)


@pytest.mark.parametrize(
    "link, variance", [("logit", np.pi**2 / 3), ("probit", 1.0), ("cloglog", np.pi**2 / 6)]
)
def test_binomial_residual_variance(link, variance):
    fit = lk.glmer("pos ~ temp + (1 | site)", load("counts"), lk.families.Binomial(link=link))
    assert variance_shares(fit)["residual"] == pytest.approx(variance)


def test_log_link_residual_variance():
    data = load("counts")
    null = lk.glmer("count ~ 1 + (1 | site)", data, "poisson")
    rate = np.exp(null.fixef["(Intercept)"] + null.varcorr.frame["vcov"][0] / 2)
    fit = lk.glmer("count ~ temp + (1 | site)", data, "poisson")
    assert variance_shares(fit)["residual"] == pytest.approx(np.log1p(1 / rate))
    gamma = lk.glmer("time ~ temp + (1 | site)", data, lk.families.Gamma(link="log"))
    # sigma² of a gamma model is its squared coefficient of variation, whatever the mean is.
    nothing = lk.glmer("time ~ 1 + (1 | site)", data, lk.families.Gamma(link="log"))
    assert nothing.sigma > gamma.sigma
    assert variance_shares(gamma)["residual"] == pytest.approx(np.log1p(gamma.sigma**2))


def test_effects_of_single_rows_count_as_dispersion():
    data = load("grouseticks")[:150].assign(INDEX=lambda d: np.arange(len(d)).astype(str))
    fit = lk.glmer("TICKS ~ cHEIGHT + (1 | LOCATION) + (1 | INDEX)", data, "poisson")
    frame = fit.varcorr.frame.set_index("grp")
    shares = variance_shares(fit)
    assert shares["random"] == pytest.approx(frame.loc["LOCATION", "vcov"])
    assert shares["residual"] > frame.loc["INDEX", "vcov"]


def test_no_r2_for_a_link_without_variance():
    fit = lk.glmer("pos ~ temp + (1 | site)", load("counts"), lk.families.Binomial(link="cauchit"))
    with pytest.raises(lk.ModelError, match="cauchit"):
        fit.r2()
