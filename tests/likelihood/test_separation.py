"""Separation: when a fixed effect has no finite estimate."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.families import Binomial, Gamma, NegativeBinomial, Poisson
from lmmkit.likelihood.separation import separated_columns

ONES = np.ones(8)
X = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
HALF = (X > 4).astype(float)


@pytest.mark.parametrize(
    ("columns", "y", "family", "found"),
    [
        ([ONES, X], [0, 0, 0, 0, 1, 1, 1, 1], Binomial(), [0, 1]),  # complete
        ([ONES, X], [0, 0, 1, 0, 1, 1, 1, 1], Binomial(), []),
        ([ONES, HALF], [0, 1, 0, 1, 1, 1, 1, 1], Binomial("probit"), [1]),  # one half all successes
        ([ONES, HALF, X], [0, 1, 0, 1, 1, 1, 1, 1], Binomial(), [1]),
        ([ONES, HALF], [0.5, 1, 0, 1, 1, 1, 1, 1], Binomial(), [1]),
        ([ONES, HALF], [0.5, 1, 0, 1, 1, 0.5, 1, 1], Binomial(), []),
        ([ONES, HALF], [2, 0, 1, 4, 0, 0, 0, 0], Poisson(), [1]),  # a treatment without a single count
        ([ONES, HALF], [2, 0, 1, 4, 0, 0, 3, 0], Poisson(), []),
        ([ONES, HALF], [2, 0, 1, 4, 0, 0, 0, 0], NegativeBinomial(), [1]),
        ([ONES, HALF], [2, 0, 1, 4, 0, 0, 0, 0], Poisson("sqrt"), []),  # the estimate is 0, not -inf
        ([ONES, HALF], [2, 1, 1, 4, 1, 1, 1, 1], Gamma(), []),
    ],
)
def test_columns_that_run_away(columns, y, family, found):
    assert separated_columns(np.column_stack(columns), np.array(y, float), None, family) == found


def test_rows_of_weight_zero_do_not_hold_back():
    y = np.array([0, 0, 0, 1, 0, 1, 1, 1.0])
    design = np.column_stack([ONES, X])
    assert separated_columns(design, y, None, Binomial()) == []
    weights = np.array([1, 1, 1, 1, 0, 1, 1, 1.0])
    assert separated_columns(design, y, weights, Binomial()) == [0, 1]


def test_units_do_not_matter():
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    assert separated_columns(np.column_stack([ONES, 1e7 * X]), y, None, Binomial()) == [0, 1]


@pytest.mark.parametrize("formula", ["k ~ x + (1 | g)", "k ~ 1 + (x | g)"])
def test_groups_of_one_outcome_have_an_endless_standard_deviation(formula):
    rng = np.random.default_rng(11)
    data = pd.DataFrame({"x": rng.normal(size=48), "g": np.repeat(list("abcdefgh"), 6)})
    data["k"] = (data["g"] < "e").astype(int)
    fit = lk.glmer(formula, data, "binomial")
    assert "Within each level of g all outcomes are the same" in fit.messages[0]
    data.loc[0, "k"] = 0
    assert not any(
        "all outcomes are the same" in line for line in lk.glmer(formula, data, "binomial").messages
    )


def test_single_trials_are_no_groups_of_one_outcome():
    data = pd.DataFrame({"k": [0, 1] * 10, "x": np.arange(20.0), "g": np.arange(20)})
    fit = lk.glmer("k ~ x + (1 | g)", data, "binomial")
    assert not any("all outcomes are the same" in line for line in fit.messages)


def test_profiles_of_separated_outcomes_end_in_sentences():
    data = pd.DataFrame({"g": np.repeat(list("abcdefgh"), 10), "f": np.tile(list("uvwx"), 20)})
    data["k"] = (data["f"] == "u").astype(int)
    limits = lk.glmer("k ~ f + (1 | g)", data, "binomial").confint()
    assert np.isneginf(limits.loc["fv", "conf_low"])
    assert not (limits.loc[["fv", "fw", "fx"], "conf_high"] >= 0).any()


def test_a_fit_that_reproduces_its_outcomes_says_so():
    """Slopes and groups predict 21 rows: lme4 1.1-31 ends at 18.35629, and from theta = 10 at 13.13551."""
    data = pd.DataFrame({"g": np.repeat(list("abcdefg"), 3)})
    data["x"] = [
        1.358, 1.033, -0.129, 0.63, -0.073, -1.079, -0.323, 0.09, -1.432, -0.819, 2.019, -1.183, 2.206, 0.794,
        -0.565, 1.586, 0.416, 1.12, -0.789, 0.076, 1.194,
    ]  # fmt: skip
    data["y"] = [1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1]
    fit = lk.glmer("y ~ x + (1 | g)", data, "binomial")
    assert fit.deviance == pytest.approx(13.13551, abs=1e-5)
    assert "nearly every outcome is certain" in fit.messages[0]
    assert not fit.converged  # there may be other such fits, as good or better
    assert not any("did not converge" in message for message in fit.messages)
    ordinary = lk.glmer("y ~ 1 + (1 | g)", data, "binomial")
    assert not any("certain" in message for message in ordinary.messages)
    data = pd.DataFrame({"y": [int(one) for one in "001100101000010000"], "g": np.repeat(range(6), 3)})
    data["x"] = [
        -0.288, -0.263, -0.237, 1.119, 0.133, 0.359, 0.006, -0.898, 0.172, 0.726, 0.117, -0.548, -1.221, 1.625,
        -0.787, -0.795, -1.312, 0.312,
    ]  # fmt: skip
    fit = lk.glmer("y ~ x + (1 | g)", data, "binomial")
    assert any("nearly every outcome is certain" in message for message in fit.messages)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_what_is_asked_of_a_separated_fit_is_answered_without_warnings(unit):
    # Pearson's residuals and working weights of R's glm: below 1e-6 in size where all is certain.
    rng = np.random.default_rng(77)
    data = pd.DataFrame({"x": unit * rng.normal(size=40), "g": np.repeat(range(8), 5)})
    data["z"] = (data["x"] > 0).astype(int)
    mixed, fixed = lk.glmer("z ~ x + (1 | g)", data, "binomial"), lk.glm("z ~ x", data, "binomial")
    for fit in (mixed, fixed):
        assert np.abs(fit.resid("pearson")).max() < 0.01
        assert fit.summary() and len(fit.augment()) == len(fit.influence()) == 40
    assert mixed.predict(data, interval="confidence").notna().all(axis=None)
    table = mixed.tidy(conf_int=True, exponentiate=True)
    assert (table["conf_low"] <= table["estimate"]).all() and (table["estimate"] <= table["conf_high"]).all()
