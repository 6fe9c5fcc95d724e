"""What is simulated and fitted side by side, against the same fits one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.fitted.refits import LinearRefits, refits_of
from lmmkit.fitted.simulate import draw, draw_many
from lmmkit.fitted.simulated_rows import SimulatedRows
from lmmkit.inference import bootstrap, power_tests, simulated_fits
from lmmkit.inference.parameters import parameter_values
from tests.inference.reference import model

#: Name -> numbers that come of simulated responses.
WORK: dict[str, Callable[[], Any]] = {
    "parameters": lambda: model("unbalanced").bootstrap(12, seed=1, progress=False).replicates,
    "parameters of nested terms": lambda: model("nested").bootstrap(6, seed=1, progress=False).replicates,
    "a statistic of one's own": lambda: (
        model("slopes").bootstrap(8, lambda fit: fit.predict()[:3], seed=2, progress=False).replicates
    ),
    "a vanished variance": lambda: (
        model("singular").bootstrap(20, seed=3, progress=False).replicates["sigma"]
    ),
    "likelihood ratio of a slope's variance": lambda: null_of("slopes", "intercepts", 15),
    "likelihood ratio of terms of a factor": lambda: null_of("uncorrelated", "intercepts", 15),
    "likelihood ratio of the only term": lambda: null_of("intercepts", "line", 15),
    "rand_test": lambda: lk.rand_test(model("slopes"), method="bootstrap", n_sim=10, seed=4, progress=False),
    "shares": lambda: model("herds").bootstrap(6, seed=1, progress=False).replicates,
    "counts with a slope": lambda: counts("poisson").bootstrap(6, seed=1, progress=False).replicates,
    "overdispersed counts": lambda: (
        counts("negative_binomial").bootstrap(5, seed=1, progress=False).replicates
    ),
    "a statistic of one's own of shares": lambda: (
        model("herds").bootstrap(5, lambda fit: fit.se, seed=2, progress=False).replicates
    ),
    "likelihood ratio of shares": lambda: null_of("herds", "no_herds", 5),
    "Wald's test of counts": lambda: power_of_counts("satterthwaite"),
    "likelihood ratio test of counts": lambda: power_of_counts("lr"),
    "Satterthwaite": lambda: p_values("satterthwaite"),
    "residual degrees of freedom": lambda: p_values("residual"),
    "likelihood ratio test": lambda: p_values("lr"),
    "Kenward and Roger": lambda: p_values("kenward_roger"),
}


def null_of(large: str, small: str, n_sim: int) -> list[float]:
    return lk.pb_modcomp(model(large), model(small), n_sim, seed=5, progress=False).attrs["reference"]


@cache
def counts(family: str) -> Any:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.normal(size=60), "g": np.repeat(np.arange(10), 6)})
    mean = np.exp(1 + rng.normal(0, 0.5, 10)[data["g"]] + rng.normal(0, 0.3, 10)[data["g"]] * data["x"])
    size = 50.0 if family == "poisson" else 3.0
    data["y"] = rng.poisson(mean * rng.gamma(size, 1 / size, 60))
    return lk.glmer(f"y ~ x + ({'x' if family == 'poisson' else '1'} | g)", data, family)


def power_of_counts(test: str) -> Any:
    fit = counts("negative_binomial")
    return lk.power(fit, {"x": 0.3}, 5, {"g": [8]}, test=test, seed=6, progress=False).p_values


def p_values(test: Any) -> Any:
    found = lk.power(
        model("intercepts"), {"Days": 2.0}, 8, {"Subject": [9]}, test=test, seed=6, progress=False
    )
    return found.p_values


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_side_by_side_is_the_same_as_one_by_one(work, monkeypatch):
    together = np.asarray(work(), dtype=float)
    for module in (bootstrap, power_tests, simulated_fits):
        monkeypatch.setattr(module, "refits_of", lambda fit: None)
    np.testing.assert_allclose(together, np.asarray(work(), dtype=float), rtol=1e-6, atol=1e-6)


def test_models_made_from_a_batch_are_refits():
    fit = model("slopes")
    Y = fit.simulate(6, seed=1).to_numpy().T
    for y, again in zip(Y, LinearRefits(fit).models(Y), strict=True):
        alone = fit.refit(y)
        np.testing.assert_allclose(parameter_values(again), parameter_values(alone), rtol=1e-6)
        np.testing.assert_allclose(again.se, alone.se, rtol=1e-6)
        np.testing.assert_allclose(again.fitted, alone.fitted, rtol=1e-6)
        assert again.converged and again.loglik == pytest.approx(alone.loglik, abs=1e-8)


@pytest.mark.parametrize("name", ["slopes", "nested", "line", "herds"])
def test_responses_are_drawn_side_by_side_as_one_by_one(name):
    fit = model(name)
    rows = SimulatedRows.own(fit)
    alone = [draw(fit, rows, np.random.default_rng(seed)) for seed in range(3)]
    together = draw_many(fit, rows, [np.random.default_rng(seed) for seed in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-10)


def test_a_response_that_cannot_be_fitted_is_none():
    fit = model("slopes")
    Y = np.array([np.full(180, 2.0), fit.simulate(1, seed=1)["sim_1"]])
    models = LinearRefits(fit).models(Y)
    assert models[0] is None and models[1] is not None


def test_which_models_are_fitted_side_by_side():
    suited = {name: refits_of(model(name)) is not None for name in ("slopes", "nested", "herds", "line")}
    assert suited == {"slopes": True, "nested": True, "herds": True, "line": False}
    assert refits_of(lk.glmer("y ~ x + (1 | g)", counts("poisson").call.data, "poisson", n_agq=5)) is None
    structured = lk.lmer("Reaction ~ Days + cs(Days | Subject)", lk.load_data("sleepstudy"))
    assert refits_of(structured) is None


def test_an_interruption_keeps_the_batches_that_are_finished(monkeypatch):
    fit, turns = model("slopes"), iter(range(10))
    fits = LinearRefits.fits

    def interrupted(self, Y):
        if next(turns) == 2:
            raise KeyboardInterrupt
        return fits(self, Y)

    monkeypatch.setattr(simulated_fits, "BATCH", 4)
    monkeypatch.setattr(LinearRefits, "fits", interrupted)
    boot = fit.bootstrap(20, seed=1, progress=False)
    assert len(boot.replicates) == 8 and "Interrupted: 8 of 20" in repr(boot)
