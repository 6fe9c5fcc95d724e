"""The matrices behind a fit, its weights, and the corrected AIC."""

import numpy as np
import pytest

import lmmkit as lk
from tests.lme4_reference import load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


def test_matrices_make_the_fitted_values(sleep):
    """lme4 1.1-31: getME(m, "Z") is 180 x 36 and its entries add up to 990."""
    assert sleep.Z.shape == (180, 36)
    assert sleep.Z.sum() == 990
    first = [[0.966741774, 0], [0.0151690589, 0.2309099532]]
    np.testing.assert_allclose(sleep.Lambda.toarray()[:2, :2], first, rtol=1e-4)
    assert sleep.Lambda.shape == (36, 36)
    b = sleep.ranef()["Subject"].to_numpy().ravel()
    np.testing.assert_allclose(sleep.X.to_numpy() @ sleep.fixef + sleep.Z @ b, sleep.fitted)


def test_order_is_that_of_the_joint_covariance():
    fit = lk.lmer("score ~ ses + (ses | school/class)", load("nested"))
    joint = fit.vcov_full()
    b = np.concatenate([effects.ravel() for effects in fit.estimate.modes])
    np.testing.assert_allclose(fit.X.to_numpy() @ fit.fixef + fit.Z @ b, fit.fitted)
    assert fit.Lambda.shape[0] + len(fit.fixef) == len(joint)


def test_matrices_are_copies(sleep):
    matrix = sleep.X
    matrix.iloc[0, 0] = 9.0
    assert sleep.X.iloc[0, 0] == 1.0


def test_weights(sleep):
    assert (sleep.weights == 1).all()
    data = load("cbpp")
    herds = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, "binomial")
    np.testing.assert_array_equal(herds.weights, data["size"])  # as R's weights()


def test_corrected_aic(sleep):
    """R: AIC(m) + 2 * 6 * 7 / (180 - 7)."""
    assert sleep.aicc == pytest.approx(1756.113821, rel=1e-8)
    small = lk.lm("Reaction ~ Days", load("sleepstudy").head(4))
    assert np.isnan(small.aicc)
