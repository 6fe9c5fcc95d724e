import gc
import pickle
import weakref

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.dense_reference import Dense
from tests.lme4_reference import CASES, load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


@pytest.fixture(scope="module")
def herds():
    return lk.glmer(CASES["cbpp"]["formula"], load("cbpp"), "binomial")


def test_simulated_responses_have_the_models_mean_and_covariance():
    """With weights and slopes: 4000 draws against the n × n covariance."""
    data = load("sleepstudy").head(50)
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", data, weights=np.linspace(0.5, 3, 50))
    draws = fit.simulate(4000, seed=3).to_numpy()
    dense = Dense(fit.design, fit.theta)
    cov = dense.sigma**2 * dense.V
    sd = np.sqrt(np.diag(cov))
    mean = fit.design.X @ fit.estimate.beta
    assert np.abs((draws.mean(axis=1) - mean) / sd).max() < 4.5 / np.sqrt(4000)
    error = np.sqrt((np.outer(sd, sd) ** 2 + cov**2) / 4000)
    assert (np.abs(np.cov(draws) - cov) / error).max() < 5


def test_seeds(sleep):
    first = sleep.simulate(2, seed=1)
    pd.testing.assert_frame_equal(first, sleep.simulate(3, seed=1)[["sim_1", "sim_2"]])
    assert not first.equals(sleep.simulate(2, seed=2))
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(sleep.simulate(1, seed=rng), first[["sim_1"]])
    assert first.index.equals(sleep.fitted.index)


def test_simulated_binomial_responses_are_hits(herds):
    draws = herds.simulate(200, seed=1)
    trials = herds.design.trials
    assert ((draws.to_numpy() == np.round(draws)) & (draws.to_numpy() <= trials[:, None])).all(axis=None)
    fixed = herds.predict(re_form="~0")
    assert draws.div(trials, axis=0).mean(axis=1).corr(fixed) > 0.9


def test_offset_and_new_random_effects(sleep):
    data = load("sleepstudy").assign(shift=1000.0)
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", data, offset="shift")
    assert abs(fit.simulate(50, seed=1).to_numpy().mean() - data["Reaction"].mean()) < 15


@pytest.mark.parametrize("n_sim", [0, -1, 2.5, "many"])
def test_refuses_a_wrong_number(sleep, n_sim):
    with pytest.raises(lk.ModelError, match="n_sim"):
        sleep.simulate(n_sim)


@pytest.mark.parametrize("formula", ["{} ~ Days + (Days | Subject)", "{} ~ Days + (Days || Subject)"])
@pytest.mark.parametrize("reml", [True, False])
def test_refit_is_the_fit_to_the_new_response(formula, reml):
    data = load("sleepstudy")
    fit = lk.lmer(formula.format("Reaction"), data, reml=reml)
    y = fit.simulate(seed=5)["sim_1"]
    again = fit.refit(y)
    anew = lk.lmer(formula.format("y"), data.assign(y=y), reml=reml)
    assert again.loglik == pytest.approx(anew.loglik, abs=1e-8)
    np.testing.assert_allclose(again.fixef, anew.fixef, rtol=1e-8)
    np.testing.assert_allclose(again.theta, anew.theta, atol=1e-5)
    np.testing.assert_allclose(again.resid(), anew.resid(), atol=1e-3)
    assert fit.resid().std() != pytest.approx(again.resid().std(), rel=1e-3)
    assert again.aic == -2 * again.loglik + 2 * again.npar


def test_refits_do_not_disturb_one_another(sleep):
    """They share the design's sums; each must answer for its own response."""
    draws = sleep.simulate(2, seed=9)
    first, second = (sleep.refit(draws[name]) for name in draws)
    table = sleep.coef_table()
    np.testing.assert_array_equal(first.criterion.y, first.design.y)
    np.testing.assert_array_equal(sleep.criterion.y, sleep.design.y)
    np.testing.assert_array_equal(second.criterion.y, second.design.y)
    pd.testing.assert_frame_equal(sleep.coef_table(), table)
    np.testing.assert_array_equal(sleep.design.y, load("sleepstudy")["Reaction"])


def test_refit_from_a_singular_fit_finds_the_way_out():
    data = load("Dyestuff2")
    fit = lk.lmer("Yield ~ 1 + (1 | Batch)", data)
    y = data["Yield"] + data["Batch"].map(dict(zip("ABCDEF", range(6), strict=True))) * 5.0
    assert fit.is_singular
    assert not fit.refit(y).is_singular


def test_glmm_refit(herds):
    hits = load("cbpp")["incidence"]
    assert herds.refit(hits).loglik == pytest.approx(herds.loglik, abs=1e-6)
    again = herds.refit(herds.simulate(seed=1)["sim_1"])
    assert again.loglik != pytest.approx(herds.loglik)
    assert again.design.trials is herds.design.trials


def test_a_series_is_matched_by_index(sleep):
    y = load("sleepstudy")["Reaction"]
    assert sleep.refit(y.sample(frac=1.0, random_state=1)).loglik == pytest.approx(sleep.loglik)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1.0, 2.0], "one value for each of the 180 rows"),
        (["a"] * 180, "must be numbers"),
        ([np.nan] * 180, "missing or infinite"),
        (pd.Series(np.arange(180.0), index=range(1000, 1180)), "index of the new response"),
    ],
)
def test_refuses_a_wrong_response(sleep, y, words):
    with pytest.raises(lk.DataError, match=words):
        sleep.refit(y)


def test_refuses_what_the_family_cannot_produce(herds):
    with pytest.raises(lk.DataError, match="more hits than trials"):
        herds.refit(herds.design.trials + 1)
    with pytest.raises(lk.DataError, match="between 0 and 1"):
        herds.refit(-herds.design.trials)


def test_update_after_a_refit(sleep):
    """The response goes along where it can, and the model says where it cannot."""
    y = sleep.simulate(seed=1)["sim_1"]
    again = sleep.refit(y)
    smaller = again.update(". ~ . - Days")
    assert smaller.loglik == pytest.approx(
        lk.lmer("y ~ 1 + (Days | Subject)", load("sleepstudy").assign(y=y)).loglik
    )
    assert again.update(reml=False).deviance == pytest.approx(again.refit(y).update(reml=False).deviance)
    with pytest.raises(lk.ModelError, match="refitted"):
        again.update("log(.) ~ .")
    np.testing.assert_array_equal(again.augment()["Reaction"], y)


@pytest.mark.parametrize(
    "formula, family", [("Reaction ~ Days + (Days | Subject)", None), ("k ~ Days + (1 | Subject)", "poisson")]
)
def test_what_was_computed_on_demand_is_not_pickled(formula, family):
    data = load("sleepstudy").assign(k=lambda d: (d["Reaction"] // 60).astype(int))
    fit = lk.lmer(formula, data) if family is None else lk.glmer(formula, data, family)
    before = len(pickle.dumps(fit))
    tables = [fit.coef_table(), fit.fitted, fit.messages, fit.varcorr.frame]
    if family is None:
        tables.append(fit.coef_table(ddf="kenward_roger"))
    assert len(pickle.dumps(fit)) == before
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.coef_table(), tables[0])
    assert again.messages == tables[2]


def test_derivatives_are_made_once_and_go_with_the_fit():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    assert fit.derivatives is fit.derivatives
    fit.coef_table(ddf="kenward_roger")
    gone = weakref.ref(fit.derivatives)
    del fit
    gc.collect()
    assert gone() is None
