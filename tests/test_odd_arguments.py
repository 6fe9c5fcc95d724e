"""Odd values for every argument of every public function: refused by a sentence of our own, or answered.

No error of NumPy, pandas, joblib or Python, and no raw warning. A seeded sample is quick; the slow part makes all
calls.
"""

import inspect
import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests import odd_calls

matplotlib.use("Agg")
OURS = (lk.FormulaError, lk.DataError, lk.ModelError)
FORMULAS = (
    "formula",
    "re_form",
    "small",
    "zero_inflation",
    "dispersion",
)  # their errors show the place in the text
OF_THE_FITTER = (
    "irls",
    "deviance_at",
    "on_all_rows",
    "row_residuals",
)  # called by the library, not by its user
USERS_OWN = ("stat", "test")  # a function of the user's may raise what it likes


def complaint(call, name, value):
    """What is wrong with the answer; None if nothing is."""
    if name in USERS_OWN and callable(value):
        return None
    if call.label == "rand_test by bootstrap" and value is None:
        return None  # a thousand simulations
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            call(name, value)
        except OURS as error:
            text = str(error)
            tidy = name in FORMULAS or ("\n" not in text and len(text) < 400)
            return None if tidy else f"{call.label}({name}={value!r:.40}): {text[:200]}"
        except Exception as error:
            return f"{call.label}({name}={value!r:.40}): {type(error).__name__}: {error}"
        finally:
            plt.close("all")
    return None


def test_a_sample_of_odd_calls():
    every = list(odd_calls.odd_calls())
    chosen = np.random.default_rng(2026).choice(len(every), 150, replace=False)
    assert [found for i in chosen if (found := complaint(*every[i]))] == []


@pytest.mark.slow
def test_every_odd_call():
    assert [found for odd in odd_calls.odd_calls() if (found := complaint(*odd))] == []


def test_every_public_function_has_a_row():
    called = {call.function for call in odd_calls.calls()}
    for name in lk.__all__:
        member = getattr(lk, name)
        if inspect.isfunction(member) and name != "anova":  # that has a row of its own
            assert member in called, name


@pytest.mark.parametrize("kind", ["lmm", "glmm", "lm", "glm"])
def test_every_method_that_takes_arguments_has_a_row(kind):
    labels = {call.label for call in odd_calls.calls()} | {f"{kind}.{name}" for name in OF_THE_FITTER}
    for name, method in inspect.getmembers(type(odd_calls.fits()[kind]), inspect.isfunction):
        if not name.startswith("_") and len(inspect.signature(method).parameters) > 1:
            assert f"{kind}.{name}" in labels, name


# ---- interruptions ----


def interrupted_at(count):
    """A statistic during whose call number `count` the user interrupts."""
    turn = iter(range(10**6))

    def stat(model):
        if next(turn) == count:
            raise KeyboardInterrupt
        return model.fixef

    return stat


def test_what_an_interrupted_bootstrap_has_finished_is_kept():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    whole = fit.bootstrap(6, lambda model: model.fixef, seed=1, progress=False)
    part = fit.bootstrap(20, interrupted_at(7), seed=1, progress=False)
    pd.testing.assert_frame_equal(part.replicates, whole.replicates)
    assert part.summary.notes == ["Interrupted: 6 of 20 simulations were finished, and only these count."]
    with pytest.raises(KeyboardInterrupt):
        fit.bootstrap(20, interrupted_at(1), seed=1, progress=False)


def test_what_an_interrupted_power_study_has_finished_is_kept():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    turn = iter(range(100))

    def test(model):
        if next(turn) == 9:
            raise KeyboardInterrupt
        return 0.01

    found = lk.power(fit, "Days", 6, {"Subject": [6, 9, 12]}, test=test, seed=1, progress=False)
    assert found.table["Subject"].tolist() == [6, 9] and found.table["n_sim"].tolist() == [6, 3]
    assert found.notes[0].startswith("Interrupted: 3 of 6 simulations with Subject = 9")
    assert found.notes[0] in repr(found)


# ---- formulas and units ----


def test_nested_c_is_flattened_as_in_r():
    data = pd.DataFrame({"x": np.linspace(0, 5, 40), "y": np.sin(np.arange(40.0))})
    nested = lk.lm("y ~ bs(x, knots = c(1, c(2, 3)))", data)
    np.testing.assert_allclose(nested.fitted, lk.lm("y ~ bs(x, knots = c(1, 2, 3))", data).fitted)


def test_far_more_columns_than_rows_are_refused_with_the_numbers():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({name: rng.normal(size=60) for name in "abcdefgh"} | {"y": rng.normal(size=60)})
    data = data.assign(**{name: rng.choice(list("pqrst"), 60) for name in "ijk"})
    with pytest.raises(OURS, match=r"make \d+ columns of 60 rows"):
        lk.lm("y ~ a*b*c*d*e*f*g*h*i*j*k", data)


def test_a_huge_unit_does_not_cost_the_intercept():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=40), "z": rng.normal(size=40)})
    data["y"] = 3 + data["x"] + rng.normal(size=40)
    plain = lk.lm("y ~ x + z", data)
    for unit in (1e-120, 1e-16, 1e16, 1e120):
        scaled = lk.lm("y ~ x + z", data.assign(x=data["x"] * unit))
        np.testing.assert_allclose(scaled.fixef * [1, unit, 1], plain.fixef, rtol=1e-9)
        np.testing.assert_allclose(scaled.se * [1, unit, 1], plain.se, rtol=1e-9)
    for unit in (1e-160, 1e160):
        with pytest.raises(lk.DataError, match=r"the largest value of 'x' is .* use other units"):
            lk.lm("y ~ x + z", data.assign(x=data["x"] * unit))
