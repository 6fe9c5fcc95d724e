"""Contrasts of the user's own, `%in%`, `%%`. Values: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, emmeans 1.8.4-1."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import load

LINEAR, QUADRATIC = [-1, 0, 1], [1, -2, 1]
MODEL = "angle ~ recipe + temp + (1 | recipe:replicate)"


def letters():
    return pd.DataFrame(
        {"f": list("abcabc"), "g": list("uvuvvu"), "x": [1.0, 2, 3, 4, 5, 7], "y": [1.0, 3, 2, 5, 4, 9]}
    )


@pytest.mark.parametrize(
    "given",
    [
        {"lin": LINEAR, "quad": QUADRATIC},
        pd.DataFrame({"lin": [0, -1, 1], "quad": [-2, 1, 1]}, index=list("BAC")),
    ],
    ids=["dict", "frame in another order"],
)
def test_named_contrasts_have_the_numbers_and_the_names_of_r(given):
    """contrasts = list(recipe = cbind(lin = c(-1, 0, 1), quad = c(1, -2, 1)))."""
    fit = lk.lmer(MODEL, load("cake"), contrasts={"recipe": given})
    assert list(fit.fixef.index) == ["(Intercept)", "recipelin", "recipequad", "temp"]
    np.testing.assert_allclose(
        fit.fixef, [0.5158730159, -0.7611111111, 0.2388888889, 0.1580317460], rtol=1e-8
    )
    np.testing.assert_allclose(fit.se.iloc[1:3], [1.22812667352, 0.70905926556], rtol=1e-7)
    np.testing.assert_allclose(fit.anova()["statistic"], [0.24879, 94.97587], rtol=2e-5)
    usual = lk.lmer(MODEL, load("cake"))
    np.testing.assert_allclose(lk.emmeans(fit, "recipe")["estimate"], lk.emmeans(usual, "recipe")["estimate"])


def test_fewer_contrasts_than_levels_allow_are_a_smaller_model():
    """contrasts = list(recipe = cbind(c(-1, 0, 1))): the columns have no names, and are numbered."""
    fit = lk.lmer(
        "angle ~ recipe + (1 | recipe:replicate)", load("cake"), contrasts={"recipe": np.array(LINEAR)}
    )
    assert list(fit.fixef.index) == ["(Intercept)", "recipe1"]
    np.testing.assert_allclose(fit.fixef, [32.122222222, -0.761111111], rtol=1e-9)


def test_c_adds_the_contrasts_that_are_left_as_r_does():
    fit = lk.lmer(MODEL.replace("recipe +", "C(recipe, c(-1, 0, 1)) +", 1), load("cake"))
    assert list(fit.fixef.index[1:3]) == ["C(recipe, c(-1, 0, 1))1", "C(recipe, c(-1, 0, 1))2"]
    np.testing.assert_allclose(fit.fixef.iloc[1:3], [-0.7611111111, 0.5851558830], rtol=1e-8)
    named = lk.lm("y ~ C(f, cbind(lin = c(-1, 0, 1)))", letters())
    assert named.design.x_names[1:] == ["C(f, cbind(lin = c(-1, 0, 1)))lin", "C(f, cbind(lin = c(-1, 0, 1)))"]
    np.testing.assert_allclose(named.predict(letters()), named.fitted)


def test_sas_compares_with_the_last_level():
    """contr.SAS."""
    fit = lk.lm("y ~ f", letters(), contrasts={"f": "contr.SAS"})
    assert fit.design.x_names == ["(Intercept)", "fa", "fb"]
    np.testing.assert_array_equal(fit.design.X[:3, 1:], [[1, 0], [0, 1], [0, 0]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2], "a row for each of the 3 levels a, b, c, not 2"),
        ([1, 1, 1], "what the intercept says"),
        (np.eye(3), "at most 2 contrasts"),
        (pd.DataFrame({"q": [0, 1, 2]}, index=list("abd")), "levels a, b, c, not for a, b, d"),
        ({"q": [0, 1], "r": [1, 2, 3]}, "or finite numbers"),
        ([1, np.nan, 2], "or finite numbers"),
        ({}, "or finite numbers"),
    ],
    ids=str,
)
def test_contrasts_that_make_no_sense_are_refused(given, message):
    with pytest.raises(lk.DataError, match=message):
        lk.lm("y ~ f", letters(), contrasts={"f": given})


def test_in_between_terms_is_nesting():
    """model.matrix(~ recipe + temp %in% recipe + I(temp %% 20)) by lmer: its names and its numbers."""
    formula = "angle ~ recipe + temp %in% recipe + I(temp %% 20) + (1 | recipe:replicate)"
    fixef = lk.lmer(formula, load("cake")).fixef
    assert list(fixef.index[3:]) == ["I(temp%%20)", "recipeA:temp", "recipeB:temp", "recipeC:temp"]
    expected = [
        -0.0911375661,
        -3.6492063492,
        -1.9412698413,
        0.0910185185,
        0.1615158730,
        0.1723730159,
        0.1636111111,
    ]
    np.testing.assert_allclose(fixef, expected, rtol=1e-7)
    nested = lk.lm("y ~ f + g %in% f", letters())
    assert nested.design.x_names == lk.lm("y ~ f/g", letters()).design.x_names


def test_in_and_several_arguments_make_values():
    """lmer(angle ~ I(temp %in% c(175, 185)) + pmax(temp, 185, replicate) + recipe + (1 | recipe:replicate))."""
    formula = "angle ~ I(temp %in% c(175, 185)) + pmax(temp, 185, rep) + recipe + (1 | recipe:replicate)"
    data = load("cake").assign(rep=lambda cake: cake["replicate"].astype(float))
    fixef = lk.lmer(formula, data).fixef
    assert fixef.index[1] == "I(temp %in% c(175, 185))TRUE"
    np.testing.assert_allclose(fixef.iloc[:3], [2.22, -0.866666667, 0.154666667], rtol=1e-7)
    assert lk.lm("y ~ x %in% c(1, 2)", letters()).design.X[:, 1].tolist() == [1, 1, 0, 0, 0, 0]
    assert lk.lm("y ~ I(f %in% 'a')", letters()).design.X[:, 1].tolist() == [1, 0, 0, 1, 0, 0]
    assert lk.lm("y ~ I(-x %% 3) + I(x %/% 3)", letters()).design.X[:3, 1:].tolist() == [
        [2, 0],
        [1, 0],
        [0, 1],
    ]
    crossed = lk.lm("y ~ interaction(f, g, x > 3)", letters())
    assert (
        crossed.design.x_names[1] == "interaction(f, g, x > 3)c.u.FALSE"
    )  # as levels(interaction()) has them
