"""Balanced data of one grouping factor, whose criterion has one valley, against closed form and grid."""

import numpy as np
import pandas as pd
import pytest

from lmmkit.design.design import build_design
from lmmkit.likelihood.balanced import has_one_valley
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.lmm import Criterion

FORMULAS = ["y ~ 1 + (1 | g)", "y ~ x + (x | g)", "y ~ x + z + (x + z | g)"]


def balanced(seed: int, ratio: float) -> pd.DataFrame:
    """Eight groups, each measured at the same six places; effects `ratio` times as variable as the residuals."""
    rng = np.random.default_rng([31, seed])
    x, z = np.tile(np.arange(6.0), 8), np.tile(rng.normal(size=6), 8)
    b = ratio * rng.normal(size=(8, 3)) @ rng.normal(size=(3, 3))
    g = np.repeat(np.arange(8), 6)
    y = 3 + x + b[g, 0] + b[g, 1] * x + b[g, 2] * z + rng.normal(size=48)
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": g.astype(str)})


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_covariance_of_the_groups_own_coefficients(formula, reml):
    """Anderson 1973: that of the least-squares coefficients of each group, less what the residuals explain."""
    data = balanced(2, 2.0)
    design = build_design(formula, data)
    fit = fit_lmm(design, reml)
    Z, q, n, k = design.X[:6], 8, 48, design.X.shape[1]
    own = np.linalg.lstsq(Z, data["y"].to_numpy().reshape(q, 6).T, rcond=None)[0].T
    sigma2 = ((data["y"].to_numpy().reshape(q, 6) - own @ Z.T) ** 2).sum() / (n - q * k)
    between = np.cov(own.T, ddof=1 if reml else 0).reshape(k, k)
    Sigma = between - sigma2 * np.linalg.inv(Z.T @ Z)
    assert fit.converged and fit.sigma**2 == pytest.approx(sigma2, rel=1e-9)
    np.testing.assert_allclose(fit.sigma**2 * fit.factors[0] @ fit.factors[0].T, Sigma, rtol=1e-8, atol=1e-9)
    assert fit.beta == pytest.approx(own.mean(axis=0), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, 1e4])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_grid_shows_no_lower_valley(formula, ratio, monkeypatch):
    designs = [build_design(formula, balanced(seed, ratio)) for seed in range(4)]
    fits = [fit_lmm(design, seed % 2 == 0) for seed, design in enumerate(designs)]
    assert all(len(fit.visits) for fit in fits)
    monkeypatch.setattr("lmmkit.likelihood.lmm.has_one_valley", lambda terms, lead: False)
    looked = [fit_lmm(design, seed % 2 == 0) for seed, design in enumerate(designs)]
    for fit, other in zip(fits, looked, strict=True):
        assert fit.converged == other.converged
        # Of effects ten thousand times the residuals the criterion is known to 1e-5.
        assert fit.objective == pytest.approx(other.objective, abs=1e-5 if ratio > 1 else 1e-8)


def known(formula: str, data: pd.DataFrame) -> bool:
    criterion = Criterion(build_design(formula, data))
    return has_one_valley(criterion, criterion.sums.lead)


@pytest.mark.parametrize(
    "formula", ["y ~ 1 + (x | g)", "y ~ x + z + (x | g)", "y ~ x + cs(x | g)", "y ~ 1 + (1 | g) + (1 | x)"]
)
def test_other_designs_are_looked_at_on_the_grid(formula):
    assert not known(formula, balanced(0, 1.0))


def test_a_missing_row_ends_the_balance():
    data = balanced(0, 1.0)
    assert known("y ~ x + (x | g)", data)
    assert not known("y ~ x + (x | g)", data[1:])
