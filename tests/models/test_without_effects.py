"""Models with several parts that have no random effects, or have them among the extra zeros only."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP, ZeroInflatedPoisson

import lmmkit as lk
from tests.lme4_reference import REFERENCE

DATA = pd.read_csv(REFERENCE / "data" / "parts.csv")


@cache
def zip_of_x(**changes):
    given = {"zero_inflation": "~ x"} | changes
    return lk.glmer("zip ~ x + f", DATA, "poisson", **given)


@cache
def shares():
    return lk.glmer("share ~ x + f", DATA, "beta")


@cache
def measurements(dispersion=None):
    return lk.glmer("norm ~ x + f", DATA, "gaussian", dispersion=dispersion)


@cache
def zeros_of_groups():
    return lk.glmer("zip ~ x + f", DATA, "poisson", zero_inflation="~ x + (1 | g)")


@pytest.mark.parametrize("kind", [ZeroInflatedPoisson, ZeroInflatedNegativeBinomialP])
def test_statsmodels_agrees(kind):
    poisson = kind is ZeroInflatedPoisson
    response, family = ("zip", "poisson") if poisson else ("zinb2", "negative_binomial")
    ours = lk.glmer(f"{response} ~ x + f", DATA, family, zero_inflation="~ x")
    zeros = sm.add_constant(DATA["x"].to_numpy())
    peer = kind(DATA[response].to_numpy(), ours.X.to_numpy(), zeros).fit(maxiter=500, disp=0, gtol=1e-8)
    assert ours.loglik == pytest.approx(peer.llf, abs=1e-6)
    np.testing.assert_allclose(ours.fixef, peer.params[2:6], atol=1e-4)
    inflated = ours.coef_table(component="zero_inflation")
    np.testing.assert_allclose(inflated["estimate"], peer.params[:2], atol=2e-3)


def test_a_gaussian_fit_is_that_of_least_squares():
    ours, squares = measurements(), lk.lm("norm ~ x + f", DATA)
    assert ours.loglik == pytest.approx(squares.loglik, abs=1e-9)
    np.testing.assert_allclose(ours.fixef, squares.fixef, atol=1e-7)
    # by maximum likelihood: n in place of n - p
    np.testing.assert_allclose(ours.se, squares.se * np.sqrt(squares.df_resid / ours.nobs), rtol=1e-6)
    assert "df" not in ours.coef_table() and "Residual standard deviation: 1.371" in str(ours)


def test_a_residual_deviation_for_each_group_is_tested_against_one_for_all():
    table = lk.anova(lk.lm("norm ~ x + f", DATA), measurements("~ f"))
    assert table["df"].iloc[1] == 2
    assert table["chisq"].iloc[1] == pytest.approx(measurements().deviance - measurements("~ f").deviance)
    mixed = lk.lmer("norm ~ x + f + (1 | g)", DATA)
    larger = lk.glmer("norm ~ x + f + (1 | g)", DATA, "gaussian", dispersion="~ f")
    assert lk.anova(mixed, larger)["deviance"].iloc[0] == pytest.approx(mixed.update(reml=False).deviance)
    weighted = [
        lk.lm("norm ~ x", DATA, weights="size"),
        lk.glmer("norm ~ x", DATA, "gaussian", weights="size"),
    ]
    with pytest.raises(lk.ModelError, match="different families"):
        lk.anova(*weighted)


def test_whether_there_are_extra_zeros_is_tested_at_the_boundary():
    plain, inflated = lk.glm("zip ~ x + f", DATA, "poisson"), zip_of_x(zero_inflation="~ 1")
    table = lk.anova(plain, inflated)
    assert table["chisq"].iloc[1] == pytest.approx(-2 * plain.loglik - inflated.deviance)
    said = "a probability of extra zeros more than plain, which under plain is zero"
    assert said in table.notes[0] and "χ²(0)" in table.notes[0]
    table = lk.anova(inflated, zip_of_x())
    assert table["df"].iloc[1] == 1 and not table.notes


@pytest.mark.slow
def test_random_effects_are_tested_against_none():
    small, large = zip_of_x(), lk.glmer("zip ~ x + f + (1 | g)", DATA, "poisson", zero_inflation="~ x")
    table = lk.anova(small, large)
    assert table["chisq"].iloc[1] == pytest.approx(small.deviance - large.deviance)
    assert "large has a variance more than small" in table.notes[0]
    assert large.update(". ~ . - (1 | g)").deviance == pytest.approx(small.deviance, abs=1e-8)
    notes = lk.anova(small, zeros_of_groups(), names=["a", "b"]).notes
    assert "b has a variance more than a" in notes[0]


def test_a_gamma_glm_is_compared_at_its_most_likely_dispersion():
    family = lk.families.Gamma(link="log")
    small = lk.glm("amount ~ x + f", DATA, family)
    same = lk.glmer("amount ~ x + f", DATA, family, dispersion="~ 1")
    large = lk.glmer("amount ~ x + f + (1 | g)", DATA, family)
    assert -2 * small.highest_loglik == pytest.approx(same.deviance, abs=1e-8)
    table = lk.anova(small, large)
    assert table["chisq"].iloc[1] == pytest.approx(same.deviance - large.deviance, abs=1e-7)
    assert "most likely dispersion" in table.notes[0]


@pytest.mark.parametrize("fit", [zip_of_x, shares, measurements])
def test_the_model_is_shown_as_one_without_random_effects(fit):
    fit = fit()
    for text in (str(fit), str(fit.summary())):
        assert text.startswith("Generalized linear model fit by maximum likelihood\n")
        assert "Random effects" not in text and "groups" not in text and "Number of obs: 240" in text
    assert "mixed" not in fit.explain() and "Laplace" not in fit.explain()
    assert "Random effects" not in fit._repr_html_() or fit.has_scale
    assert fit.ranef() == {} and fit.tidy("ran_vals").empty and not fit.is_singular
    assert fit.Z.shape == (240, 0) and fit.Lambda.shape == (0, 0)


def test_questions_about_random_effects_are_answered_with_a_sentence():
    fit = zip_of_x()
    assert str(fit.varcorr) == "No random effects"
    for ask in (fit.re_pca, fit.plot.ranef, fit.plot.ranef_qq, fit.plot.pooling, fit.plot.ranef_qq.describe):
        with pytest.raises(lk.ModelError, match="no random effects"):
            ask()


def test_predictions_and_their_limits_follow_from_the_coefficients():
    fit, new = zip_of_x(), DATA.head(3)
    link = fit.predict(new, kind="link", interval="confidence")
    X = fit.X.to_numpy()[:3]
    half = 1.959964 * np.sqrt(np.einsum("ij,jk,ik->i", X, fit.vcov.to_numpy(), X))
    np.testing.assert_allclose(link["conf_high"] - link["fit"], half, rtol=1e-5)
    np.testing.assert_allclose(fit.predict(new, re_form="~0"), fit.predict(new))
    table = fit.predict(new, interval="prediction")
    assert (table["conf_low"] <= table["fit"]).all() and (table["fit"] <= table["conf_high"]).all()


@pytest.mark.slow
def test_profile_limits_are_where_the_deviance_has_risen_by_the_quantile():
    fit = shares()
    low, high = fit.confint(parm="x").iloc[0]
    for limit in (low, high):
        held = lk.glmer("share ~ f", DATA, "beta", offset=limit * DATA["x"])
        assert held.deviance - fit.deviance == pytest.approx(3.841459, abs=1e-3)


def test_simulated_responses_are_fitted_again():
    fit = zip_of_x()
    draws = fit.simulate(40, seed=1)
    assert (draws == 0).to_numpy().mean() == pytest.approx(fit.rows.zero.mean(), abs=0.02)
    assert fit.refit(draws["sim_1"]).converged
    assert list(fit.bootstrap(2, seed=1, progress=False).replicates.columns) == list(
        fit.confint(method="wald").index
    )


def test_random_effects_of_the_extra_zeros_are_had():
    """glmmTMB 1.1.5: ranef(fit)$zi$g."""
    fit = zeros_of_groups()
    known = [-1.18560055, 0.22001083, 0.13736307]
    modes, sd = fit.ranef(component="zero_inflation")["g"], fit.ranef_sd(component="zi")["g"]
    np.testing.assert_allclose(modes["(Intercept)"].iloc[:3], known, atol=5e-5)
    table = fit.tidy("ran_vals", component="zero_inflation")
    np.testing.assert_allclose(table["std_error"], sd["(Intercept)"])
    own = fit.coef(component="zero_inflation")["g"]["(Intercept)"] - modes["(Intercept)"]
    np.testing.assert_allclose(own, fit.coef_table(component="zero_inflation")["estimate"].iloc[0])
    assert fit.ranef() == {} and "Random effects, zero-inflation model:" in str(fit)


def test_conditional_variances_of_the_extra_zeros_are_those_of_the_curvature():
    fit = zeros_of_groups()
    part, first = fit.estimate.parts["zero_inflation"], DATA["g"] == "g00"
    mode, sd = float(part.modes[0][0, 0]), float(part.factors[0][0, 0])
    y, mu = DATA.loc[first, "zip"].to_numpy(), np.exp(fit.rows.etas["conditional"][first])

    def log_density(effect):
        p = 1 / (1 + np.exp(-(part.eta[first] + effect - mode)))
        poisson = np.exp(-mu)
        values = np.where(y == 0, np.log(p + (1 - p) * poisson), np.log(1 - p))
        return values.sum() - effect**2 / (2 * sd**2)

    h = 1e-3
    bend = (log_density(mode + h) - 2 * log_density(mode) + log_density(mode - h)) / h**2
    assert fit.ranef_sd(component="zero_inflation")["g"].iloc[0, 0] == pytest.approx(
        1 / np.sqrt(-bend), rel=1e-4
    )


def test_nothing_to_estimate_in_the_mean_is_possible():
    """With a mean of one, only the extra zeros are left to find."""
    fit = lk.glmer("zip ~ 0", DATA, "poisson", zero_inflation="~ 1")
    zero = (DATA["zip"] == 0).mean()
    p = 1 / (1 + np.exp(-fit.coef_table(component="zero_inflation")["estimate"].iloc[0]))
    assert p + (1 - p) * np.exp(-1) == pytest.approx(zero, abs=1e-6)


def test_what_needs_random_effects_says_where_to_go():
    with pytest.raises(lk.FormulaError, match=r"lk\.glm$"):
        lk.glmer("zip ~ x", DATA, "poisson")
    with pytest.raises(lk.ModelError, match=r"lk\.glmer, which needs no random effects"):
        lk.glm("share ~ x", DATA, "beta")
