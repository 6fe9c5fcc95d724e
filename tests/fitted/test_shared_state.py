"""A fit never changes once it is made: refits in threads, under nested joblib, and on their way to workers."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed, parallel_config

import lmmkit as lk


@pytest.fixture(scope="module")
def fit():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))


@pytest.fixture(scope="module")
def draws(fit):
    return fit.simulate(48, seed=3).to_numpy().T


def test_refits_in_eight_threads_are_those_of_one(fit, draws):
    alone = [fit.refit(y) for y in draws]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(fit.refit, draws))
    for one, other in zip(alone, together, strict=True):
        assert one.reml_criterion == other.reml_criterion
        np.testing.assert_array_equal(one.theta, other.theta)
        np.testing.assert_array_equal(one.fitted, other.fitted)


def test_tables_of_refits_in_threads(fit, draws):
    refits = [fit.refit(y) for y in draws[:16]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: one.coef_table(), refits))
    for y, table in zip(draws[:16], together, strict=True):
        pd.testing.assert_frame_equal(fit.refit(y).coef_table(), table)


@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_a_bootstrap_does_not_depend_on_the_backend(fit, backend):
    alone = fit.bootstrap(20, seed=1, progress=False)
    with parallel_config(backend=backend):
        other = fit.bootstrap(20, seed=1, n_jobs=4, progress=False)
    pd.testing.assert_frame_equal(alone.replicates, other.replicates)


def test_bootstraps_inside_of_joblib(fit, draws):
    def study(y):
        return fit.refit(y).bootstrap(6, seed=2, n_jobs=2, progress=False).replicates

    alone = [study(y) for y in draws[:3]]
    together = Parallel(n_jobs=3, backend="threading")(delayed(study)(y) for y in draws[:3])
    for one, other in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_refit_leaves_its_model_as_it_was(fit, draws):
    before = fit.criterion.y.copy()
    table = fit.coef_table()
    for y in draws[:3]:
        fit.refit(y).coef_table()
    np.testing.assert_array_equal(fit.criterion.y, before)
    pd.testing.assert_frame_equal(fit.coef_table(), table)


def test_refits_of_a_glmm_in_threads():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 6), "x": rng.normal(size=72)})
    data["y"] = rng.poisson(np.exp(0.5 + 0.3 * data.x + 0.5 * rng.normal(size=12)[data.g]))
    fit = lk.glmer("y ~ x + (1 | g)", data, "poisson")
    draws = fit.simulate(12, seed=1).to_numpy().T
    alone = [fit.refit(y).loglik for y in draws]
    with ThreadPoolExecutor(6) as pool:
        assert [one.loglik for one in pool.map(fit.refit, draws)] == alone


def test_what_inference_has_worked_out_does_not_travel(fit):
    fresh = len(pickle.dumps(fit))
    fit.coef_table("kenward_roger")
    fit.coef_table("satterthwaite")
    assert len(pickle.dumps(fit)) <= 1.05 * fresh
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.coef_table(), fit.coef_table())
