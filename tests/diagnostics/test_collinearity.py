"""Variance inflation factors and principal components of random effects. Values: R 4.2.2."""

import numpy as np
import pytest

import lmmkit as lk
from tests.lme4_reference import load


def test_vif_of_a_mixed_model():
    """car 3.1-1, vif(lmer(angle ~ recipe * temp + (1 | recipe:replicate), cake))."""
    fit = lk.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", load("cake"))
    found = fit.vif()
    np.testing.assert_allclose(found["gvif"], [133.4135511, 3, 156.5145079], rtol=1e-6)
    np.testing.assert_allclose(found["per_df"], [3.398599475, 1.732050808, 3.537029239], rtol=1e-6)
    assert list(found.index) == ["recipe", "temp", "recipe:temp"]
    assert found["df"].tolist() == [2, 1, 2]


def test_vif_of_a_number_is_the_usual_one():
    """1 / (1 - R squared) of each predictor by the others."""
    data = load("nested")
    fit = lk.lm("score ~ ses + sex", data)
    X = fit.X.to_numpy()
    other = np.delete(X, 1, axis=1)
    left = X[:, 1] - other @ np.linalg.lstsq(other, X[:, 1], rcond=None)[0]
    expected = ((X[:, 1] - X[:, 1].mean()) ** 2).sum() / (left**2).sum()
    assert fit.vif().loc["ses", "gvif"] == pytest.approx(expected)
    with pytest.raises(lk.ModelError, match="fewer than two"):
        lk.lm("score ~ ses", data).vif()


def test_components_of_random_effects():
    """lme4 1.1-31, rePCA."""
    found = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).re_pca()
    np.testing.assert_allclose(found["sd"], [0.9668679723, 0.2308798142], rtol=1e-4)
    np.testing.assert_allclose(found["proportion"], [0.9460, 0.05395], atol=1e-4)
    split = lk.lmer("Reaction ~ Days + (Days || Subject)", load("sleepstudy")).re_pca()
    assert split["component"].tolist() == [1, 2]  # two terms on one factor are one table
    none = lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff2")).re_pca()
    assert none["proportion"].tolist() == [0.0]
