"""Estimated marginal means: the numbers of R's emmeans."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.inference.reference import ANSWERS, close, model
from tests.lme4_reference import load

ASKED = {
    "recipe_kr": ("factors", {"specs": "recipe", "ddf": "kenward_roger"}),
    "recipe": ("factors", {"specs": "recipe"}),
    "two": ("factors", {"specs": ["recipe", "temperature"]}),
    "proportional": ("factors", {"specs": "recipe", "weights": "proportional"}),
    "tukey": ("factors", {"specs": "recipe", "contrasts": "pairwise"}),
    "holm": ("factors", {"specs": "recipe", "contrasts": "pairwise", "adjust": "holm"}),
    "bonferroni": ("factors", {"specs": "recipe", "contrasts": "pairwise", "adjust": "bonferroni"}),
    "sidak": ("factors", {"specs": "recipe", "contrasts": "pairwise", "adjust": "sidak"}),
    "none": ("factors", {"specs": "recipe", "contrasts": "pairwise", "adjust": "none"}),
    "by": ("factors", {"specs": "recipe", "by": "temperature", "contrasts": "pairwise"}),
    "control": ("factors", {"specs": "recipe", "contrasts": "trt_vs_ctrl"}),
    "consecutive": ("factors", {"specs": "temperature", "contrasts": "consecutive", "adjust": "none"}),
    "effects": ("factors", {"specs": "recipe", "contrasts": "effects", "adjust": "none"}),
    "covariate": ("covariate", {"specs": "recipe"}),
    "at": ("covariate", {"specs": ["recipe", "warm"], "at": {"warm": [1.8, 2.2]}}),
    "empty": ("empty", {"specs": "temperature"}),
    "glmm": ("herds", {"specs": "period"}),
    "glmm_response": ("herds", {"specs": "period", "kind": "response"}),
    "glmm_pairs": ("herds", {"specs": "period", "contrasts": "pairwise", "kind": "response"}),
}
COLUMNS = {
    "estimate": ("emmean", "estimate", "prob", "odds.ratio"),
    "std_error": ("SE",),
    "df": ("df",),
    "conf_low": ("lower.CL", "asymp.LCL"),
    "conf_high": ("upper.CL", "asymp.UCL"),
    "statistic": ("t.ratio", "z.ratio"),
    "p_value": ("p.value",),
}


@pytest.mark.parametrize("name", ASKED)
def test_as_r(name):
    which, options = ASKED[name]
    table, answer = lk.emmeans(model(which), **options), ANSWERS["emmeans"][name]
    for ours, theirs in COLUMNS.items():
        if ours not in table:
            continue
        expected = next(answer[column] for column in theirs if column in answer)
        expected = [
            np.inf if value == "Inf" else np.nan if value in (None, "NA") else value for value in expected
        ]
        if which == "herds" and ours == "df":
            expected = [np.inf] * len(expected)  # JSON has no infinity
        close(table[ours], expected, 1e-3 if ours == "p_value" else 2e-4)
    for spec in ("recipe", "temperature", "period"):
        if spec in answer and spec in table:
            assert [str(level) for level in table[spec]] == [str(level) for level in answer[spec]]


def test_a_balanced_design_has_plain_means():
    data = load("cake")
    table = lk.emmeans(lk.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", data), "recipe")
    close(table["estimate"], data.groupby("recipe")["angle"].mean(), 1e-10)


def test_factors_made_in_the_formula_and_two_valued_numbers():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"d": np.tile([1, 2, 3], 20), "s": np.repeat([0, 1], 30), "g": np.arange(60) % 7})
    data["y"] = rng.normal(size=60) + data["d"]
    fit = lk.lmer("y ~ factor(d) + s + (1 | g)", data)
    assert lk.emmeans(fit, "d")["d"].tolist() == [1, 2, 3]
    assert lk.emmeans(fit, "s")["s"].tolist() == [0, 1]
    line = lk.lmer("y ~ d + (1 | g)", data)
    assert lk.emmeans(line, "d")["d"].tolist() == [2.0]
    assert lk.emmeans(line, "d", at={"d": [1, 3]})["d"].tolist() == [1, 3]


def test_own_contrasts():
    fit = model("factors")
    means = lk.emmeans(fit, "recipe")["estimate"]
    table = lk.emmeans(fit, "recipe", contrasts={"A against rest": [1, -0.5, -0.5]})
    close(table["estimate"], [means[0] - means[1:].mean()], 1e-10)
    assert table["contrast"].tolist() == ["A against rest"] and table.notes == []


def test_categories_keep_their_order():
    data = load("cake").assign(recipe=lambda d: pd.Categorical(d["recipe"], ["C", "A", "B"]))
    table = lk.emmeans(lk.lmer("angle ~ recipe + (1 | replicate)", data), "recipe", contrasts="pairwise")
    assert table["contrast"].tolist() == ["C - A", "C - B", "A - B"]


def test_models_without_random_effects():
    data = load("cake")
    table = lk.emmeans(lk.lm("angle ~ recipe", data), "recipe")
    assert table["df"].tolist() == [267.0] * 3
    poisson = lk.glm("count ~ treat", load("counts"), "poisson")
    response = lk.emmeans(poisson, "treat", kind="response")
    close(response["estimate"], load("counts").groupby("treat")["count"].mean(), 1e-6)


def test_offset_at_its_mean():
    data = load("counts")
    fit = lk.glmer("count ~ treat + offset(log(effort)) + (1 | site)", data, "poisson")
    table = lk.emmeans(fit, "treat")
    b = fit.fixef.to_numpy()
    close(table["estimate"], np.array([b[0], b.sum()]) + np.log(data["effort"]).mean(), 1e-10)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"specs": "oven"}, "'oven' is not a predictor"),
        ({"specs": "recipe", "at": {"oven": 1}}, "'oven' is not a predictor"),
        ({"specs": "recipe", "contrasts": "all"}, "contrasts must be one of"),
        ({"specs": "recipe", "contrasts": "effects", "adjust": "tukey"}, "for all pairs"),
        ({"specs": "recipe", "contrasts": {"x": [1, 2]}}, "2 coefficients for 3 means"),
        ({"specs": "recipe", "adjust": "fdr"}, "adjust must be one of"),
        ({"specs": "recipe", "kind": "mean"}, "kind must be one of"),
        ({"specs": "recipe", "weights": "cells"}, "weights must be one of"),
        ({"specs": "recipe", "ddf": "exact"}, "ddf must be one of"),
        ({"specs": [], "contrasts": "pairwise"}, "only one mean"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(lk.ModelError, match=message):
        lk.emmeans(model("factors"), **options)


def test_the_grand_mean():
    assert len(lk.emmeans(model("factors"), [])) == 1
