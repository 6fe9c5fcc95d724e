"""Undoing the response's own function: its inverse and slope against the function itself and differences."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.inference.response_scale import ResponseScale

RNG = np.random.default_rng(1)
DATA = pd.DataFrame(
    {"y": RNG.uniform(0.2, 0.8, size=40), "f": list("abcd" * 10), "n": RNG.uniform(1, 2, size=40)}
)
# response -> the same in numpy, what a difference is a ratio of
FUNCTIONS = {
    "y": (lambda y: y, None),
    "log(y)": (np.log, "y"),
    "log(y, 3)": (lambda y: np.log(y) / np.log(3), "y"),
    "log2(y)": (np.log2, "y"),
    "log10(y)": (np.log10, "y"),
    "log1p(y)": (np.log1p, "y + 1"),
    "log(y + 1)": (lambda y: np.log(y + 1), "y + 1"),
    "log(2 * y)": (lambda y: np.log(2 * y), "2 * y"),
    "I(log(y))": (np.log, "y"),
    "log(y / (1 - y))": (lambda y: np.log(y / (1 - y)), "odds"),
    "qlogis(y)": (lambda y: np.log(y / (1 - y)), "odds"),
    "asin(sqrt(y))": (lambda y: np.arcsin(np.sqrt(y)), None),
    "sqrt(y)": (np.sqrt, None),
    "sqrt(y + 0.5)": (lambda y: np.sqrt(y + 0.5), None),
    "exp(y)": (np.exp, None),
    "I(y^2)": (lambda y: y**2, None),
    "I(y^0.3)": (lambda y: y**0.3, None),
    "I(y^-1)": (lambda y: y**-1.0, None),
    "I(1 / y)": (lambda y: 1 / y, None),
    "I(3 - y)": (lambda y: 3 - y, None),
    "I(-y)": (lambda y: -y, None),
    "I(y * 1000)": (lambda y: y * 1000, None),
    "I((y - 1) / 4)": (lambda y: (y - 1) / 4, None),
    "I(2^y)": (lambda y: 2**y, None),
    "scale(y)": (lambda y: (y - DATA["y"].mean()) / DATA["y"].std(), None),
    "center(y)": (lambda y: y - DATA["y"].mean(), None),
    "-log(y)": (lambda y: -np.log(y), None),
}


@pytest.mark.parametrize("response", FUNCTIONS)
def test_it_is_the_inverse(response):
    function, ratio_of = FUNCTIONS[response]
    scale = ResponseScale.of(lk.lm(f"{response} ~ f", DATA))
    y = np.linspace(0.2, 0.8, 7)
    eta = function(y)
    np.testing.assert_allclose(scale.inverse(eta), y, rtol=1e-10)
    h = 1e-5
    differences = (scale.inverse(eta + h) - scale.inverse(eta - h)) / (2 * h)
    np.testing.assert_allclose(scale.slope(eta), differences, rtol=1e-6)
    assert scale.response == "y" and scale.left == ""
    if ratio_of is None:
        assert scale.base is None
    else:
        assert scale.ratio_of == ratio_of
        inside = {"y": y, "y + 1": y + 1, "2 * y": 2 * y, "odds": y / (1 - y)}[ratio_of]
        np.testing.assert_allclose(scale.base ** (eta[1] - eta[0]), inside[1] / inside[0], rtol=1e-10)


@pytest.mark.parametrize("response", ["log(y)", "sqrt(y)", "I(y^2)", "I(1 / y)"])
def test_the_adjustment_has_the_second_derivative(response):
    scale = ResponseScale.of(lk.lm(f"{response} ~ f", DATA))
    eta = FUNCTIONS[response][0](np.array([0.3, 0.5, 0.7]))
    h = 1e-4
    bend = (scale.inverse(eta + h) - 2 * scale.inverse(eta) + scale.inverse(eta - h)) / h**2
    mean, slope = scale.adjusted(eta, 0.2)
    np.testing.assert_allclose(mean, scale.inverse(eta) + 0.02 * bend, rtol=1e-6)
    differences = (scale.adjusted(eta + h, 0.2)[0] - scale.adjusted(eta - h, 0.2)[0]) / (2 * h)
    np.testing.assert_allclose(slope, differences, rtol=1e-5)


def test_what_cannot_be_undone_is_told():
    table = lk.emmeans(lk.lm("abs(y) ~ f", DATA), "f", kind="response")
    assert table.notes == ["abs() cannot be undone, so the estimates are of abs(y)."]
    table = lk.emmeans(lk.lm("ifelse(y > 0.5, 1, 0) ~ f", DATA), "f", kind="response")
    assert table.notes == ["ifelse() cannot be undone, so the estimates are of ifelse(y > 0.5, 1, 0)."]
    of_two = lk.emmeans(lk.lm("log(y / n) ~ f", DATA), "f", contrasts="pairwise", kind="response")
    assert of_two.notes[-1] == "Estimates are ratios of y/n; tests are on the log(y/n) scale."


def test_link_and_function_are_both_undone():
    fit = lk.glm("sqrt(y) ~ f", DATA, lk.families.Gamma(link="log"))
    link, response = lk.emmeans(fit, "f"), lk.emmeans(fit, "f", kind="response")
    np.testing.assert_allclose(response["estimate"], np.exp(link["estimate"]) ** 2, rtol=1e-12)
    np.testing.assert_allclose(response["conf_high"], np.exp(link["conf_high"]) ** 2, rtol=1e-12)
    pairs = lk.emmeans(fit, "f", contrasts="pairwise", kind="response")
    assert pairs["contrast"][0] == "a - b" and "no counterpart" in pairs.notes[-1]


def test_a_logged_response_by_hand():
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"farm": np.repeat(np.arange(8), 6), "feed": list("ab") * 24})
    data["milk"] = np.exp(2.6 + 0.2 * (data["feed"] == "b") + rng.normal(size=48) * 0.1)
    fit = lk.lmer("log(milk) ~ feed + (1 | farm)", data)
    b = fit.fixef.to_numpy()
    table = lk.emmeans(fit, "feed", kind="response")
    np.testing.assert_allclose(table["estimate"], np.exp([b[0], b.sum()]), rtol=1e-10)
    pair = lk.emmeans(fit, "feed", contrasts="pairwise", kind="response").iloc[0]
    assert pair["contrast"] == "a / b" and pair["estimate"] == pytest.approx(np.exp(-b[1]))
