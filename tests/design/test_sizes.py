"""Extreme units: the same answer, or a sentence; never an overflow."""

import warnings

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

FORMULAS = {"Days": "Reaction ~ Days + (Days | Subject)", "slope": "Reaction ~ 1 + (Days | Subject)"}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
@pytest.mark.parametrize("column", ["Days", "Reaction"])
@pytest.mark.parametrize("unit", [1e-149, 1e-20, 1e20, 1e150])
def test_units_do_not_matter(formula, column, unit):
    data = lk.load_data("sleepstudy")
    plain = lk.lmer(formula, data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = lk.lmer(formula, data.assign(**{column: data[column] * unit}))
        table, messages = fit.coef_table(), fit.messages
    np.testing.assert_allclose(table["statistic"], plain.coef_table()["statistic"], rtol=1e-5)
    np.testing.assert_allclose(table["df"], plain.coef_table()["df"], rtol=1e-3)
    assert fit.converged and not any("residual variance" in message for message in messages)


@pytest.mark.parametrize("formula", [*FORMULAS.values(), "Reaction ~ Days"])
@pytest.mark.parametrize("column", ["Days", "Reaction"])
@pytest.mark.parametrize("unit", [5e-324, 1e-300, 1e-160, 1e160, 1e300])
def test_units_that_cannot_be_squared_are_refused(formula, column, unit):
    data = lk.load_data("sleepstudy").assign(**{column: lambda d: d[column] * unit})
    fit = lk.lmer if "|" in formula else lk.lm
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(lk.DataError, match=f"'{column}'.*use other units, or scale"):
            fit(formula, data)


def test_a_column_of_zeros_is_no_extreme():
    data = lk.load_data("sleepstudy").assign(zero=0.0)
    assert lk.lmer("Reaction ~ zero + (1 | Subject)", data).design.dropped == ["zero"]


@pytest.mark.parametrize(("dtype", "size"), [("int8", 100), ("int16", 30_000), ("int64", 4_000_000_000)])
def test_products_of_whole_numbers_do_not_overflow(dtype, size):
    rng = np.random.default_rng(5)
    numbers = pd.DataFrame(
        {"a": size + np.arange(24) % 20, "b": size - np.arange(24) % 7, "g": np.arange(24) % 6}
    )
    numbers["y"] = rng.normal(size=24) + numbers["g"]
    whole = numbers.astype({"a": dtype, "b": dtype})
    for formula in ("y ~ a:b + (1 | g)", "y ~ a * b + (0 + a:b || g)"):
        fit, right = lk.lmer(formula, whole), lk.lmer(formula, numbers.astype(float))
        np.testing.assert_array_equal(fit.design.X, right.design.X)
        np.testing.assert_array_equal(fit.design.terms[0].Z, right.design.terms[0].Z)
        np.testing.assert_allclose(fit.predict(whole), fit.fitted)
