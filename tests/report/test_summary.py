import json
import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.report.summary import coef_lines
from tests.lme4_reference import REFERENCE, load

PRINTED = json.loads((REFERENCE / "printed.json").read_text())
FAMILIES = {"cbpp": "binomial", "counts": "poisson", "grouseticks": "poisson"}
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.(\d+))?(?:e[+-]\d+)?")


@cache
def fitted(name):
    case = PRINTED[name]
    data = load(case["data"])
    if case["data"] in FAMILIES:
        fit = lk.glmer(case["formula"], data, FAMILIES[case["data"]], n_agq=9 if name == "quadrature" else 1)
    else:
        fit = lk.lmer(case["formula"], data, reml=case["reml"])
    fit.call = replace(fit.call, data_name=case["data"])
    return fit


def layout(line):
    """The line with a mark for every digit: what remains is where things stand."""
    return re.sub(r"\d", "9", line)


def unit(match):
    """One unit in the last printed digit of a number."""
    mantissa, _, exponent = match.group().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def assert_reads_the_same(found, expected):
    """Character by character, but a number may differ where lme4's search leaves it open.

    For lmer that is one unit in the last printed digit. glmer differentiates its deviance numerically and
    coarsely, so its standard errors and p-values differ by up to 3% (they are judged in test_glmm); this
    test is about the text.
    """
    loose = 0.03 if expected[0].startswith("Generalized") else 0.0
    assert [layout(line) for line in found] == [layout(line) for line in expected]
    for ours, theirs in zip(found, expected, strict=True):
        for a, b in zip(NUMBER.finditer(ours), NUMBER.finditer(theirs), strict=True):
            gap = abs(float(a.group()) - float(b.group()))
            assert gap <= max(1.001 * unit(b), loose * abs(float(b.group()))), (ours, theirs)


def own_lines(text):
    """Without what R does not print: the messages, and the remark that a matrix is left out."""
    lines = text.partition("\n\nMessages:\n")[0].split("\n")
    return lines[:-2] if lines[-1].startswith("Correlation matrix not shown") else lines


@pytest.mark.parametrize("name", PRINTED)
def test_print(name):
    assert_reads_the_same(own_lines(repr(fitted(name))), PRINTED[name]["print"])


@pytest.mark.parametrize("name", PRINTED)
def test_summary(name):
    assert_reads_the_same(own_lines(str(fitted(name).summary())), PRINTED[name]["summary"])


@pytest.mark.parametrize("name", PRINTED)
def test_summary_without_p_values(name):
    assert_reads_the_same(own_lines(str(fitted(name).summary(ddf="none"))), PRINTED[name]["summary_none"])


@pytest.mark.parametrize("name", PRINTED)
def test_varcorr(name):
    kind = PRINTED[name]["print"][:1]
    assert_reads_the_same(kind + str(fitted(name).varcorr).split("\n"), kind + PRINTED[name]["varcorr"])


def test_other_degrees_of_freedom_are_named():
    fit = fitted("intercepts")
    assert "t-tests use residual degrees of freedom" in str(fit.summary(ddf="residual"))
    assert " 178" in str(fit.summary(ddf="residual"))
    with pytest.raises(lk.ModelError, match="ddf must be one of"):
        fit.summary(ddf="kenward")


def test_the_data_are_called_as_the_caller_calls_them():
    paste_strength = load("Pastes")
    fit = lk.lmer("strength ~ 1 + (1 | batch)", paste_strength)
    assert "   Data: paste_strength" in repr(fit)
    assert "   Data: paste_strength" in repr(fit.update(reml=False))
    assert "   Data: fewer" in repr((lambda fewer: fit.update(data=fewer))(paste_strength.head(50)))
    assert "Data:" not in repr(lk.lmer("strength ~ 1 + (1 | batch)", load("Pastes").copy()))


def test_weights_and_offset_are_named():
    crossed = load("crossed").assign(shift=1.0)
    text = repr(lk.lmer("rt ~ x + (1 | subj)", crossed, weights="w", offset="shift"))
    assert (
        "   Data: crossed\nWeights: w\n Offset: shift\n" in text or "\nWeights: w\n Offset: shift\n" in text
    )


def test_no_fixed_effects():
    fit = lk.lmer("Reaction ~ 0 + (1 | Subject)", load("sleepstudy"))
    assert "No fixed effect coefficients" in repr(fit)
    assert "No fixed effect coefficients" in str(fit.summary(ddf="none"))


def test_messages_stand_below():
    text = repr(fitted("zero variance"))
    assert "\n\nMessages:\n- The fit is singular:" in text
    assert max(map(len, text.split("\n"))) <= 80


def test_coefficients_that_rounding_would_lose():
    """R's printCoefmat shows a small coefficient beside large ones with digits of its own."""
    table = pd.DataFrame(
        {"estimate": [1234567.0, 1e-6], "std_error": [1000.0, 2e-7], "statistic": [1234.567, 5.0]},
        index=["a", "b"],
    )
    assert coef_lines(table, "t", "t")[1:] == [
        "a 1.235e+06  1.000e+03    1235",
        "b 1.000e-06  2.000e-07       5",
    ]


def test_groups_of_every_part_are_counted_and_its_statistics_are_z_values():
    data = load("grouseticks").assign(amount=lambda d: d["TICKS"] * 1.5)
    fit = lk.glmer("amount ~ cHEIGHT", data, "gamma", zero_inflation="~ 1 + (1 | LOCATION)")
    text = str(fit.summary())
    assert f"Number of obs: 403, groups:  LOCATION, {data['LOCATION'].nunique()}" in text
    assert text.count("z value Pr(>|z|)") == 2
    assert "t value" not in text
