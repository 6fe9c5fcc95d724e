"""A negative binomial's theta that goes to infinity, and one that only looks like it."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.likelihood.far_theta import downhill
from lmmkit.likelihood.glmm import GlmmCriterion


def tame(seed, n=240):
    """Counts that vary less than a Poisson's."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"g": np.repeat([f"g{i:03d}" for i in range(n // 6)], 6), "x": rng.normal(size=n)})
    eta = 0.3 * rows["x"] + np.repeat(rng.normal(0, 0.5, n // 6), 6)
    return rows.assign(
        y=rng.binomial(8, 1 / (1 + np.exp(-eta))), t=np.tile([f"t{i}" for i in range(6)], n // 6)
    )


@pytest.mark.parametrize("n_agq", [0, 1])
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ x + ar1(0 + t | g)"])
def test_tame_counts_end_at_the_poisson_fit(formula, n_agq):
    data = tame(len(formula))
    fit = lk.glmer(formula, data, "negative_binomial", n_agq=n_agq)
    poisson = lk.glmer(formula, data, "poisson", n_agq=n_agq)
    assert fit.converged
    assert fit.deviance == pytest.approx(poisson.deviance, abs=1e-6)
    np.testing.assert_allclose(fit.fixef, poisson.fixef, atol=1e-6)
    np.testing.assert_allclose(fit.se, poisson.se, rtol=1e-4)
    assert sum("runs off to infinity" in text for text in fit.messages) == 1
    assert not any("did not converge" in text for text in fit.messages)
    assert fit.estimate.n_evaluations < 400  # following theta took up to 1200


@pytest.mark.parametrize("log_theta", [12.0, 16.0, 22.0])
def test_a_way_that_went_too_far_comes_back(log_theta):
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(list("abcdefghij"), 12)})
    data["y"] = rng.poisson(20 * rng.gamma(40, 1 / 40, 120))
    fit = lk.glmer("y ~ 1 + (1 | g)", data, "negative_binomial")
    criterion = GlmmCriterion(fit.design, lk.families.NegativeBinomial())
    start = criterion.start()
    start[-1] = log_theta
    end = downhill(criterion, start)
    assert end.converged
    assert end.value == pytest.approx(fit.deviance, abs=1e-6)
    assert np.exp(end.x[-1]) == pytest.approx(fit.family.dispersion, rel=1e-3)
