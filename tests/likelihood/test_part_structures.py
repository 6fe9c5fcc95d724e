"""Structured covariances in models with extra zeros, beside glmmTMB; and a model without any random effect."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import REFERENCE

DATA = REFERENCE / "data" / "salamanders.csv"
# R 4.2.2, glmmTMB 1.1.5: -2 log-likelihood and the coefficients of the extra zeros. (Homogeneous compound symmetry
# is (1 | site) + (1 | site:spp) there.)
GLMMTMB = [
    ("count ~ mined + cs(0 + spp | site, hom = TRUE)", "~ mined", "poisson", 1741.01933538, [-1.6250489, 1.2306625]),
    ("count ~ mined + diag(0 + mined | site)", "~ mined", "nbinom2", 1721.77936736, [-1.8913985, 1.7684190]),
    ("count ~ mined + ar1(0 + spp | site)", "~ mined", "poisson", 1741.36452386, [-1.6235950, 1.2211667]),
    ("count ~ mined + (1 | site)", "~ diag(1 + mined | site)", "poisson", 1897.12729606, [-0.49144227]),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("formula", "zeros", "family", "objective", "beta"), GLMMTMB)
def test_structures_inside_the_parts(formula, zeros, family, objective, beta):
    fit = lk.glmer(formula, pd.read_csv(DATA), family, zero_inflation=zeros)
    assert fit.deviance == pytest.approx(objective, abs=1e-5)
    assert fit.estimate.parts["zero_inflation"].beta == pytest.approx(beta, abs=2e-4)
    assert fit.converged and not fit.messages


def test_a_structured_term_that_could_be_otherwise_beside_extra_zeros():
    """The search looks at other correlations too, from points whose likelihood it knows."""
    rng = np.random.default_rng(1)
    effects = rng.standard_normal((20, 8))
    for t in range(1, 8):
        effects[:, t] = 0.7 * effects[:, t - 1] + np.sqrt(1 - 0.7**2) * effects[:, t]
    y = rng.poisson(np.exp(1 + 0.5 * effects)) * (rng.random((20, 8)) > 0.25)
    visits = {"t": np.tile(list("abcdefgh"), 20), "g": np.repeat([f"g{i}" for i in range(20)], 8)}
    data = pd.DataFrame({"y": y.ravel(), **visits})
    fit = lk.glmer("y ~ 1 + ar1(0 + t | g, hom = TRUE)", data, "poisson", zero_inflation="~ 1")
    # R 4.2.2, glmmTMB 1.1.5
    assert fit.deviance == pytest.approx(572.2249934, abs=1e-5)
