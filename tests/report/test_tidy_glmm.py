"""Fixed effects of GLMMs as odds and rate ratios, and GLMMs compared by likelihood."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit import ModelError
from tests.lme4_reference import load


def test_odds_ratios():
    fit = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")
    plain, factors = fit.tidy(conf_int=True), fit.tidy(conf_int=True, exponentiate=True)
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(factors[name], np.exp(plain[name]))
    np.testing.assert_allclose(factors["std_error"], plain["std_error"] * np.exp(plain["estimate"]))
    np.testing.assert_allclose(factors["p_value"], plain["p_value"])


def test_standard_deviations_stay_as_they_are():
    fit = lk.glmer("count ~ treat + (1 | site)", load("counts"), "poisson")
    plain, factors = (fit.tidy(["fixed", "ran_pars"], exponentiate=flag) for flag in (False, True))
    sds = plain["effect"] == "ran_pars"
    np.testing.assert_allclose(factors.loc[sds, "estimate"], plain.loc[sds, "estimate"])
    np.testing.assert_allclose(factors.loc[~sds, "estimate"], np.exp(plain.loc[~sds, "estimate"]))


def test_a_logged_response_has_ratios_too():
    data = load("sleepstudy")
    logged = lk.lmer("log(Reaction) ~ Days + (1 | Subject)", data)
    assert logged.tidy(exponentiate=True)["estimate"][1] == pytest.approx(np.exp(logged.fixef["Days"]))


@pytest.mark.parametrize("family", [None, lk.families.Poisson("sqrt"), lk.families.Binomial("probit")])
def test_no_ratios_where_they_mean_nothing(family):
    if family is None:
        fit = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))
    else:
        response = "count" if family.name == "poisson" else "pos"
        fit = lk.glmer(f"{response} ~ treat + (1 | site)", load("counts"), family)
    with pytest.raises(ModelError, match="has no meaning"):
        fit.tidy(exponentiate=True)


def test_likelihood_ratio_with_an_estimated_dispersion():
    small, large = (
        lk.glmer(f"over ~ {fixed} + (1 | site)", load("counts"), "negative_binomial")
        for fixed in ("1", "treat")
    )
    table = lk.anova(small, large)
    assert table["chisq"].iloc[1] == pytest.approx(2 * (large.loglik - small.loglik))
    assert table["df"].iloc[1] == 1


def test_laplace_and_quadrature_are_not_compared():
    formula = "pos ~ {} + (1 | site)"
    small = lk.glmer(formula.format("1"), load("counts"), "binomial")
    large = lk.glmer(formula.format("temp"), load("counts"), "binomial", n_agq=5)
    with pytest.raises(ModelError, match="different n_agq"):
        lk.anova(small, large)
