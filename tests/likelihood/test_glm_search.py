"""glm at the maximum: where reweighted least squares ends elsewhere, as a search from several places finds."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import lmmkit as lk
from lmmkit.likelihood.glm_search import GlmRows, natural_unit

KINDS = [
    lk.families.Binomial(link="cauchit"),
    lk.families.Binomial(link="cloglog"),
    lk.families.Poisson(link="sqrt"),
    lk.families.Poisson(link="identity"),
    lk.families.Gamma(link="log"),
    lk.families.Gamma(link="inverse"),
]


def made(seed, family):
    """A small table and a glm of it."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 50))
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    eta = 0.5 + 0.4 * data["x"]
    if family.name == "binomial":
        data["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    elif family.name == "poisson":
        data["y"] = rng.poisson(np.exp(eta) if family.link.name == "sqrt" else 4 + data["x"].clip(-2, 2))
    else:
        data["y"] = rng.gamma(2, np.exp(eta) / 2)
    return lk.glm("y ~ x + z", data, family), rng


@pytest.mark.parametrize("family", KINDS, ids=lambda family: f"{family.name} {family.link.name}")
def test_no_start_finds_a_better_fit(family):
    for seed in range(3):
        fit, rng = made(seed, family)
        rows = GlmRows(fit.design.y, np.ones(fit.nobs), fit.family)

        def deviance(beta, rows=rows, X=fit.design.X):
            return min(rows.deviance(X @ beta), 1e10)

        starts = [fit.beta, *(fit.beta + rng.normal(size=3) * size for size in (0.3, 1.0, 2.0))]
        best = min(minimize(deviance, start, method="BFGS").fun for start in starts)
        assert deviance(fit.beta) < best + 1e-5


def test_a_maximum_beyond_what_is_possible_is_told():
    fit, _ = made(186, lk.families.Poisson(link="identity"))  # a row of 0 would have a mean below 0
    assert not fit.converged and any("did not converge" in message for message in fit.messages)
    assert (fit.fitted >= 0).all()


@pytest.mark.parametrize("seed, family", [(28, "inverse"), (95, "sqrt")])
def test_fits_that_least_squares_misses(seed, family):
    """statsmodels ends at an impossible mean, or in a worse valley."""
    kind = lk.families.Gamma(link="inverse") if family == "inverse" else lk.families.Poisson(link=family)
    fit, _ = made(seed, kind)
    assert fit.converged and (fit.fitted >= 0).all()
    slope = fit.design.X.T @ fit.family.derivatives(fit.design.y, fit.design.X @ fit.beta, None)[1]
    assert np.abs(slope).max() < 1e-6 * fit.nobs  # the score is zero


@pytest.mark.parametrize("unit", [1e-15, 1e15])
def test_the_unit_of_a_predictor_does_not_matter(unit):
    data = lk.load_data("sleepstudy")
    plain = lk.glm("Days ~ Reaction", data, "poisson")
    scaled = lk.glm("Days ~ Reaction", data.assign(Reaction=data["Reaction"] * unit), "poisson")
    np.testing.assert_allclose(scaled.beta * [1, unit], plain.beta, rtol=1e-8)
    np.testing.assert_allclose(scaled.se * [1, unit], plain.se, rtol=1e-8)


def test_the_natural_unit():
    assert natural_unit(lk.families.Poisson(), np.array([100.0])) == 1.0
    assert natural_unit(lk.families.Poisson(link="identity"), np.array([100.0])) == pytest.approx(30.0)
    assert natural_unit(lk.families.Poisson(link="identity"), np.array([0.0])) == 1.0
