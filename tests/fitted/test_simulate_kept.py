"""Simulations that keep some random effects, and those for other rows."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import load

N = 2000


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


def moments(draws):
    return draws.mean(axis=1).to_numpy(), draws.std(axis=1).to_numpy()


def test_all_effects_kept(sleep):
    """Around the fitted values with the residual standard deviation, as lme4's re.form = NULL."""
    mean, sd = moments(sleep.simulate(N, seed=1, re_form=None))
    np.testing.assert_allclose(mean, sleep.fitted, atol=4.5 * sleep.sigma / np.sqrt(N))
    np.testing.assert_allclose(sd, sleep.sigma, rtol=0.08)


def test_none_kept_is_the_default(sleep):
    pd.testing.assert_frame_equal(sleep.simulate(2, seed=1), sleep.simulate(2, seed=1, re_form="NA"))


def test_some_effects_kept_of_a_correlated_term(sleep):
    """The slope is normal given the intercept: its mean and variance by the formulas of the normal distribution."""
    draws = sleep.simulate(N, seed=2, re_form="~(1 | Subject)")
    cov = sleep.sigma**2 * sleep.estimate.factors[0] @ sleep.estimate.factors[0].T
    b0 = sleep.ranef()["Subject"]["(Intercept)"]["308"]
    days = np.arange(10)
    mean = sleep.fixef["(Intercept)"] + b0 + days * (sleep.fixef["Days"] + cov[0, 1] / cov[0, 0] * b0)
    sd = np.sqrt(sleep.sigma**2 + days**2 * (cov[1, 1] - cov[0, 1] ** 2 / cov[0, 0]))
    found = moments(draws.iloc[:10])
    np.testing.assert_allclose(found[0], mean, atol=4.5 * sd.max() / np.sqrt(N))
    np.testing.assert_allclose(found[1], sd, rtol=0.08)


def test_one_of_two_factors_kept():
    fit = lk.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", load("Penicillin"))
    mean, sd = moments(fit.simulate(N, seed=3, re_form="~(1 | sample)"))
    expected = fit.predict(re_form="~(1 | sample)")
    total = np.sqrt(fit.sigma**2 + fit.varcorr.frame["vcov"].iloc[0])
    np.testing.assert_allclose(mean, expected, atol=4.5 * total / np.sqrt(N))
    np.testing.assert_allclose(sd, total, rtol=0.08)


def test_new_rows_and_groups(sleep):
    new = pd.DataFrame({"Days": [0, 3, 5, 5], "Subject": ["308", "309", "new", "new"]})
    with pytest.raises(lk.DataError, match=r"level 'new', which the fit has not seen.*drawn anew"):
        sleep.simulate(1, newdata=new)
    draws = sleep.simulate(N, seed=4, newdata=new, re_form=None, allow_new_levels=True)
    mean, sd = moments(draws)
    np.testing.assert_allclose(mean[:2], sleep.predict(new[:2]), atol=4.5 * sleep.sigma / np.sqrt(N))
    cov = sleep.sigma**2 * sleep.estimate.factors[0] @ sleep.estimate.factors[0].T
    within = np.array([1, 5]) @ cov @ np.array([1, 5])
    np.testing.assert_allclose(sd, [sleep.sigma] * 2 + [np.sqrt(within + sleep.sigma**2)] * 2, rtol=0.08)
    same_group = np.cov(draws.iloc[2:].to_numpy())[0, 1]  # the two rows of the new group share its effects
    assert same_group == pytest.approx(within, rel=0.15)


def test_new_rows_of_counts_out_of_trials():
    fit = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")
    new = pd.DataFrame({"herd": ["1", "2"], "period": ["1", "1"], "incidence": 0, "size": [1000, 10]})
    draws = fit.simulate(400, seed=5, newdata=new, re_form=None)
    p = fit.predict(new)
    np.testing.assert_allclose(draws.mean(axis=1), p * new["size"], rtol=0.1)
    assert draws.max(axis=1).iloc[1] <= 10


def test_new_rows_of_a_model_with_several_parts():
    data = load("cbpp")
    fit = lk.glmer("incidence ~ period + (1 | herd)", data, "poisson", zero_inflation="~ 1")
    new = data.iloc[:3]
    mean, _ = moments(fit.simulate(N, seed=6, newdata=new, re_form=None))
    np.testing.assert_allclose(mean, fit.predict(new), rtol=0.15)


def test_models_without_random_effects():
    data = load("sleepstudy")
    fit = lk.lm("Reaction ~ Days", data)
    assert fit.simulate(2, seed=1, newdata=data[["Days"]].head(3)).shape == (3, 2)
