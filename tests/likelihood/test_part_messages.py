"""What a fit with several parts says of coefficients that no data hold, and of columns that it left out."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design

RNG = np.random.default_rng(3)
ROWS = pd.DataFrame({"g": np.repeat(list("abcdefgh"), 12), "z": np.tile(["a", "b"], 48)})
COUNTS, EMPTY = 1 + RNG.poisson(2, 96), (ROWS["z"] == "a").to_numpy()
ROWS = ROWS.assign(
    x=RNG.normal(size=96),
    year=2001 + np.arange(96) % 5,
    count=np.where(EMPTY, 0, COUNTS * (RNG.random(96) > 0.3)),
    above=np.where(EMPTY, 0, COUNTS),
    ones=np.where(EMPTY, 1, COUNTS),
    hits=np.where(EMPTY, 0, RNG.binomial(8, 0.4, 96)),
    amount=np.where(EMPTY, 0, RNG.gamma(0.1 + 2.0 * RNG.poisson(1, 96)).round(6)),
)
LATER = RNG.random(96) < 1 / (1 + np.exp(-1.5 * (ROWS["year"] - 2003)))
ROWS["fewer"] = np.where(LATER, 0, COUNTS)


def said(formula, family, **parts):
    return lk.glmer(formula, ROWS, family, **parts).messages


@pytest.mark.parametrize(
    ("response", "family", "parts"),
    [
        ("count", "negative_binomial", {"zero_inflation": "~ 1"}),
        ("count", "negative_binomial_1", {}),
        ("ones", "truncated_poisson", {}),
        ("amount", "tweedie", {}),
        ("cbind(hits, 8 - hits)", "beta_binomial", {}),
        ("cbind(8 - hits, hits)", "beta_binomial", {}),
        ("cbind(hits, 8 - hits)", "binomial", {"zero_inflation": "~ 1"}),
    ],
)
def test_separated_outcomes(response, family, parts):
    """A level with nothing but the smallest (or largest) value has an estimate at infinity."""
    found = said(f"{response} ~ z", family, **parts)
    assert any("separated: some combination of (Intercept), zb " in text for text in found)


@pytest.mark.parametrize(("response", "family"), [("above", "truncated_poisson"), ("amount", "gamma")])
def test_a_level_without_values_above_zero_in_a_hurdle_model(response, family):
    """Without such values nothing is known about what they are like."""
    found = said(f"{response} ~ z", family, zero_inflation="~ x")
    assert "speaks of the values above zero alone" in found[0]
    assert "of (Intercept), zb:" in found[0]


@pytest.mark.parametrize("family", ["poisson", "truncated_poisson"])
def test_a_coefficient_far_from_zero_is_no_runaway_by_its_units(family):
    """The intercept of a year is that of the year 0, and a unit may be large."""
    rows = ROWS.assign(far=(ROWS["year"] - 2003) / 1e3)
    for zeros in ("~ year", "~ far"):
        fit = lk.glmer("fewer ~ x", rows, family, zero_inflation=zeros)
        estimates = fit.coef_table(component="zero_inflation")["estimate"]
        assert estimates.abs().max() > 100
        assert not fit.messages


def test_the_level_that_has_no_extra_zeros_is_named():
    found = said("above ~ x", "poisson", zero_inflation="~ z + year")
    assert "In the zero-inflation part 'zb' runs off to infinity" in found[0]


def test_columns_that_the_other_parts_leave_out():
    zeros = said("fewer ~ x", "poisson", zero_inflation="~ x + I(2 * x)")
    assert "The model matrix of zero_inflation= is rank deficient, so I(2 * x) was dropped" in zeros[0]
    spread = said("x ~ z", "gaussian", dispersion="~ z + I(2 * (z == 'b'))")
    assert "The model matrix of dispersion= is rank deficient" in spread[0]


def test_a_dot_stands_for_the_conditional_part():
    """As glmmTMB's ``ziformula = ~.``: its terms, with their random effects and without its offset."""
    parts = {"~ .": "~ x + z + (1 | g)", "~ . - z": "~ x + (1 | g)"}
    for short, full in parts.items():
        one, other = (
            build_design("fewer ~ x + z + offset(x) + (1 | g)", ROWS, components={"zero_inflation": text})
            for text in (short, full)
        )
        zeros, same = one.components["zero_inflation"], other.components["zero_inflation"]
        assert zeros.x_names == same.x_names
        np.testing.assert_array_equal(zeros.X, same.X)
        assert [term.bar.term for term in zeros.terms] == ["(1 | g)"]
        assert not zeros.offset.any()
