"""Estimated marginal means: the numbers of R's emmeans."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.inference.comparisons import coefficients, kind_of
from tests.inference.reference import ANSWERS, close, model
from tests.lme4_reference import REFERENCE, load

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
    assert table["contrast"].tolist() == ["A against rest"]
    assert table.notes == [
        "Means are averaged over temperature, which interacts with recipe, so they may hide differences; "
        "by='temperature' shows them apart."
    ]


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
        ({"specs": "recipe", "adjust": "mvt"}, "adjust must be one of"),
        ({"specs": "recipe", "kind": "mean"}, "kind must be one of"),
        ({"specs": "recipe", "weights": "cells"}, "weights must be one of"),
        ({"specs": "recipe", "ddf": "exact"}, "ddf must be one of"),
        ({"specs": [], "contrasts": "pairwise"}, "only one mean"),
        ({"specs": 3}, "specs must be a name"),
        ({"specs": "recipe", "by": 3}, "by must be a name"),
        ({"specs": "recipe", "at": []}, "at must be a dict"),
        ({"specs": "recipe", "at": {"temperature": []}}, "one or more values of 'temperature'"),
        ({"specs": "recipe", "at": {"temperature": None}}, "one or more values of 'temperature'"),
        ({"specs": "recipe", "contrasts": 3}, "contrasts must be one of"),
        ({"specs": "recipe", "contrasts": {"x": "ab"}}, "must be a list of 3 numbers"),
        ({"specs": "recipe", "level": "0.95"}, "level must be a number"),
        ({"specs": "recipe", "offset": "a"}, "offset must be a number"),
        ({"specs": "recipe", "bias_adjust": True}, "needs kind='response'"),
        ({"specs": "recipe", "sigma": 1.0}, "sigma is for bias_adjust"),
        ({"specs": ["recipe", "temperature"], "interaction": ["poly"]}, "names 1 kinds of contrasts for 2"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(lk.ModelError, match=message):
        lk.emmeans(model("factors"), **options)


def test_what_is_no_model_is_refused():
    with pytest.raises(lk.ModelError, match=r"fit must be a fitted model, .* not None"):
        lk.emmeans(None, "recipe")


def test_the_grand_mean():
    assert len(lk.emmeans(model("factors"), [])) == 1


MORE = json.loads((REFERENCE / "emmeans.json").read_text())


@cache
def more(name):
    """A model of make_emmeans.R, by the name that it has there."""
    cake = load("cake").assign(warm=lambda d: d["temp"] / 100)
    cake = cake[(np.arange(len(cake)) + 1) % 7 != 3]
    nests = pd.DataFrame({"nest": list("A" * 8 + "B" * 12 + "C" * 8), "feed": list("fg" * 14)})
    nests["bird"] = np.repeat(list("1234567"), 4)
    nests["y"] = [
        *(3.1, 4.2, 2.9, 4.8, 5.5, 6.1, 5.0, 6.9, 7.2, 8.8, 7.9, 8.1, 4.4, 5.2, 4.1, 5.9, 6.6, 7.1, 6.0, 7.7),
        *(2.2, 3.9, 2.8, 3.3, 9.1, 9.9, 8.7, 9.5),
    ]
    counts = load("counts").assign(log_effort=lambda d: np.log(d["effort"]))
    return {
        "logged": lambda: lk.lmer("log(angle) ~ recipe + temperature + (1 | recipe:replicate)", cake),
        "rooted": lambda: lk.lmer("sqrt(angle) ~ recipe + (1 | recipe:replicate)", cake),
        "shifted": lambda: lk.lmer("log(angle + 1) ~ recipe + (1 | recipe:replicate)", cake),
        "squared": lambda: lk.lm("I(angle^2) ~ recipe", cake),
        "inverse": lambda: lk.lm("I(1 / angle) ~ recipe", cake),
        "tens": lambda: lk.lm("log10(angle) ~ recipe * temperature", cake),
        "curved": lambda: lk.lmer("angle ~ recipe * poly(warm, 2) + (1 | recipe:replicate)", cake),
        "rates": lambda: lk.glmer(
            "count ~ treat * temp + offset(log_effort) + (1 | site)", counts, "poisson"
        ),
        "growth": lambda: lk.glmer("count ~ treat * temp + (1 | site)", counts, "poisson"),
        "nested": lambda: lk.lm("y ~ nest + bird + feed", nests),
    }.get(name, lambda: model(name))()


RESPONSE = {"kind": "response"}
MORE_ASKED = {
    "logged": ("logged", lk.emmeans, {"specs": "recipe", **RESPONSE}),
    "logged_pairs": ("logged", lk.emmeans, {"specs": "recipe", "contrasts": "pairwise", **RESPONSE}),
    "logged_control": (
        "logged",
        lk.emmeans,
        {"specs": "recipe", "contrasts": "trt_vs_ctrl", "adjust": "none", **RESPONSE},
    ),
    "logged_effects": (
        "logged",
        lk.emmeans,
        {"specs": "recipe", "contrasts": "effects", "adjust": "none", **RESPONSE},
    ),
    "logged_bias": ("logged", lk.emmeans, {"specs": "recipe", "bias_adjust": True, **RESPONSE}),
    "rooted": ("rooted", lk.emmeans, {"specs": "recipe", **RESPONSE}),
    "rooted_bias": ("rooted", lk.emmeans, {"specs": "recipe", "bias_adjust": True, **RESPONSE}),
    "shifted": ("shifted", lk.emmeans, {"specs": "recipe", **RESPONSE}),
    "squared": ("squared", lk.emmeans, {"specs": "recipe", **RESPONSE}),
    "inverse": ("inverse", lk.emmeans, {"specs": "recipe", **RESPONSE}),
    "tens": ("tens", lk.emmeans, {"specs": "~ recipe | temperature", **RESPONSE}),
    "tens_pairs": ("tens", lk.emmeans, {"specs": "pairwise ~ recipe | temperature", **RESPONSE}),
    "herds_bias": ("herds", lk.emmeans, {"specs": "period", "bias_adjust": True, **RESPONSE}),
    "rates_offset": ("rates", lk.emmeans, {"specs": "treat", "offset": 0, **RESPONSE}),
    "growth_trend": ("growth", lk.emtrends, {"specs": "treat", "var": "temp"}),
    "trend": ("covariate", lk.emtrends, {"specs": "recipe", "var": "warm"}),
    "trend_kr": ("covariate", lk.emtrends, {"specs": "recipe", "var": "warm", "ddf": "kenward_roger"}),
    "trend_pairs": ("covariate", lk.emtrends, {"specs": "recipe", "var": "warm", "contrasts": "pairwise"}),
    "trend_curved": (
        "curved",
        lk.emtrends,
        {"specs": "~ recipe | warm", "var": "warm", "at": {"warm": [1.8, 2.2]}},
    ),
    "poly": ("factors", lk.emmeans, {"specs": "temperature", "contrasts": "poly", "adjust": "none"}),
    "interaction": ("factors", lk.emmeans, {"specs": "~ recipe * temperature", "interaction": "pairwise"}),
    "interaction_mixed": (
        "factors",
        lk.emmeans,
        {"specs": ["recipe", "temperature"], "interaction": ["trt.vs.ctrl", "poly"]},
    ),
    "interaction_by": (
        "factors",
        lk.emmeans,
        {"specs": "temperature", "by": "recipe", "interaction": "consec"},
    ),
    "nest": ("nested", lk.emmeans, {"specs": "nest"}),
    "bird": ("nested", lk.emmeans, {"specs": "bird"}),
    "feed": ("nested", lk.emmeans, {"specs": "feed"}),
    "nest_pairs": ("nested", lk.emmeans, {"specs": "nest", "contrasts": "pairwise"}),
    "bird_pairs": ("nested", lk.emmeans, {"specs": "bird", "contrasts": "pairwise"}),
}


def same_as_r(table, answer, columns):
    """Numbers of a table against those that R gave, missing and infinite ones in the same places."""
    numbers = {"Inf": np.inf, None: np.nan, "NA": np.nan}
    for ours, theirs in columns.items():
        if ours in table:
            column = next(name for name in theirs if name in answer)
            expected = [numbers.get(value, value) for value in answer[column]]
            rel = 1e-3 if ours == "p_value" else 2e-4
            # R integrates the studentized range to about 1e-9
            np.testing.assert_allclose(table[ours], np.array(expected, float), rtol=rel, atol=1e-9)


MORE_COLUMNS = COLUMNS | {
    "estimate": ("emmean", "estimate", "response", "prob", "rate", "ratio", "warm.trend", "temp.trend"),
}


@pytest.mark.parametrize("name", MORE_ASKED)
def test_second_edition_as_r(name):
    # R 4.2.2, emmeans 1.8.4-1, lmerTest 3.1-3, pbkrtest 0.5.2, glmmTMB 1.1.5: tests/reference/make_emmeans.R
    which, ask, options = MORE_ASKED[name]
    table, answer = ask(more(which), **options), MORE[name]
    infinite = which in ("herds", "rates", "growth")
    same_as_r(table, answer if not infinite else answer | {"df": ["Inf"] * len(table)}, MORE_COLUMNS)
    if "contrast" in table and name != "bird_pairs":
        assert table["contrast"].tolist() == answer["contrast"]


def test_pairs_of_logarithms_are_named_ratios():
    table = lk.emmeans(more("logged"), "recipe", contrasts="pairwise", kind="response")
    assert table["contrast"].tolist() == ["A / B", "A / C", "B / C"]
    assert table.notes[-1] == "Estimates are ratios of angle; tests are on the log(angle) scale."
    odds = lk.emmeans(model("herds"), "period", contrasts="trt_vs_ctrl", kind="response")
    assert odds["contrast"].tolist() == ["2 / 1", "3 / 1", "4 / 1"]
    assert odds.notes[-1] == "Estimates are odds ratios; tests are on the logit scale."
    roots = lk.emmeans(more("rooted"), "recipe", contrasts="pairwise", kind="response")
    assert roots["contrast"][0] == "A - B" and "on the sqrt(angle) scale" in roots.notes[-1]
    assert lk.emmeans(more("logged"), "recipe", contrasts="pairwise")["contrast"][0] == "A - B"


def test_nesting_is_found_and_told():
    table = lk.emmeans(more("nested"), "bird")
    assert table.notes == ["bird is taken as nested in nest."]
    assert table["nest"].tolist() == list("AABBBCC")
    within = lk.emmeans(more("nested"), "bird", by="nest", contrasts="pairwise")
    assert within["contrast"].tolist() == ["1 - 2", "3 - 4", "3 - 5", "4 - 5", "6 - 7"]


def test_a_mean_that_the_data_leave_open_is_told():
    table = lk.emmeans(model("empty"), "temperature")
    assert table["estimate"].isna().sum() == 1
    assert any("1 of 6 means cannot be estimated" in note for note in table.notes)
    pairs = lk.emmeans(model("empty"), "temperature", contrasts="trt_vs_ctrl")
    assert np.isnan(pairs["p_value"]).all()  # each against the one that is open
    pairs = lk.emmeans(model("empty"), "temperature", contrasts="pairwise")
    assert np.isnan(pairs["p_value"]).sum() == 5


def gap():
    """Two predictors, of whose combinations one has no rows, and a third that meets all."""
    rows = [(a, b, c) for _ in range(2) for c in "12" for b in "123" for a in "12"]
    y = [5, 7, 9, 4, 6, 8, 1, 3, 2, 9, 5, 7, 6, 6, 8, 5, 7, 9, 2, 2, 3, 8, 4, 9]
    data = pd.DataFrame(rows, columns=["a", "b", "c"]).assign(y=y)
    return lk.lm("y ~ (a + b + c)^2", data[(data["b"] != "3") | (data["c"] != "2")])


def test_a_difference_can_be_known_where_neither_mean_is():  # R 4.2.2, emmeans 1.8.4-1: pairs(emmeans(fit, "a"))
    fit = gap()
    assert lk.emmeans(fit, "a")["estimate"].isna().all()
    pair = lk.emmeans(fit, "a", contrasts="pairwise")
    np.testing.assert_allclose(
        pair[["estimate", "std_error", "p_value"]], [[-2.17, 0.826, 0.0237]], rtol=3e-3
    )
    assert lk.emmeans(fit, "b", contrasts="pairwise")["p_value"].isna().tolist() == [False, True, True]


def test_means_of_numbers_that_a_formula_crosses():  # as of the two factors with their interaction
    data = pd.DataFrame(
        {"g": np.repeat(list("abcdef"), 6), "f": list("uv") * 18, "year": [2019, 2020, 2022] * 12}
    )
    data["y"] = np.arange(36) * 7 % 11 + (data["year"] - 2019) * (data["f"] == "u")
    crossed, right = (
        lk.lmer(f"y ~ {x} + (1 | g)", data) for x in ("interaction(f, year)", "f * factor(year)")
    )
    for specs in ("year", "~ f | year"):
        close(lk.emmeans(crossed, specs)["estimate"], lk.emmeans(right, specs)["estimate"], 1e-8)


BREAKS = [  # R's warpbreaks: two wools, three tensions, nine looms each
    26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36, 36, 21, 24, 18, 10, 43, 28, 15, 26,
    27, 14, 29, 19, 29, 31, 41, 20, 44, 42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28,
]  # fmt: skip


@pytest.mark.parametrize(
    "adjust, level, low, high",
    [
        ("tukey", 0.95, 0.358184083, 0.840349725),
        ("tukey", 0.9, np.exp(-0.970988395), np.exp(-0.22965696450)),
        ("bonferroni", 0.95, np.exp(-1.038), np.exp(-0.1630)),
        ("sidak", 0.95, np.exp(-1.036), np.exp(-0.1642)),
        ("none", 0.95, np.exp(-0.955), np.exp(-0.2458)),
        ("BH", 0.95, np.exp(-1.038), np.exp(-0.1630)),
    ],
)
def test_intervals_of_contrasts_as_r(
    adjust, level, low, high
):  # emmeans 1.8.4-1: confint(pairs(e), adjust = )
    data = pd.DataFrame({"breaks": BREAKS, "wool": np.repeat(["A", "B"], 27)})
    data["tension"] = np.tile(np.repeat(["L", "M", "H"], 9), 2)
    fit = lk.lm("log(breaks) ~ wool * tension", data)
    options = {"adjust": adjust, "level": level, "conf_int": True, "kind": "response"}
    table = lk.emmeans(fit, "pairwise ~ tension | wool", **options)
    np.testing.assert_allclose(table.loc[0, ["conf_low", "conf_high"]].astype(float), [low, high], rtol=6e-4)
    named = {"none": [], "BH": ["bonferroni"]}.get(adjust, [adjust])
    assert [note.rsplit(" ", 1)[1] for note in table.notes if note.startswith("Intervals")] == [
        f"{x}." for x in named
    ]
    if adjust == "BH":  # summary(contrast(emmeans(fit, ~ tension * wool), "eff", adjust = "fdr"))
        effects = lk.emmeans(fit, "~ tension | wool", contrasts="eff", adjust="fdr")
        expected = [0.05544795607, 0.00080358051, 0.05544795607, 0.04044991210, 0.25569599808, 0.24523988964]
        np.testing.assert_allclose(effects["p_value"], expected, rtol=1e-6)


def test_several_limits_at_a_pole():
    data = pd.DataFrame({"y": [2.0, 50.0, 100.0, -90.0, 2.5, 2.2, 1.9, 2.1], "f": list("aaaabbbb")})
    table = lk.emmeans(lk.lm("1 / y ~ f", data), "f", kind="response")
    link = lk.emmeans(lk.lm("1 / y ~ f", data), "f")
    assert link["conf_low"][0] < 0 < link["conf_high"][0]
    assert table["conf_high"][0] == np.inf
    assert table["conf_low"][0] == pytest.approx(1 / link["conf_high"][0])
    assert table["conf_low"][1] == pytest.approx(1 / link["conf_high"][1])


def test_bias_adjustment_is_the_mean_over_the_random_effects():
    rng = np.random.default_rng(1)
    draws = rng.normal(size=2_000_000)
    fit = more("logged")
    eta = lk.emmeans(fit, "recipe")["estimate"].to_numpy()
    parts = fit.varcorr.frame["vcov"].sum()
    table = lk.emmeans(fit, "recipe", kind="response", bias_adjust=True)
    simulated = [np.exp(value + np.sqrt(parts) * draws).mean() for value in eta]
    np.testing.assert_allclose(table["estimate"], simulated, rtol=2e-3)  # a series to second order


def test_columns_of_the_table_are_no_predictors():
    data = load("cake").rename(columns={"recipe": "estimate"})
    with pytest.raises(lk.ModelError, match="a column 'estimate' of its own"):
        lk.emmeans(lk.lm("angle ~ estimate", data), "estimate")


def test_the_slope_of_a_factor_is_refused():
    with pytest.raises(lk.ModelError, match="'recipe' is a factor"):
        lk.emtrends(model("covariate"), [], "recipe")
    with pytest.raises(lk.ModelError, match="'oven' is not a predictor"):
        lk.emtrends(model("covariate"), "recipe", "oven")


def test_slopes_of_two_valued_and_whole_numbers():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"s": np.repeat([0, 1], 30), "d": np.tile([1, 2, 3], 20), "f": list("ab" * 30)})
    data["y"] = rng.normal(size=60)
    fit = lk.lm("y ~ s * f + d", data)
    slopes = lk.emtrends(fit, "f", "s")
    close(slopes["estimate"], [fit.fixef["s"], fit.fixef["s"] + fit.fixef["s:fb"]], 1e-8)
    close(lk.emtrends(fit, [], "d")["estimate"], [fit.fixef["d"]], 1e-8)


def test_slopes_along_a_function_of_a_predictor():  # R 4.2.2, emmeans 1.8.4-1: emtrends(fit, ~ f, var = "log(x)")
    data = pd.DataFrame({"x": np.tile([1.0, 2, 4, 9], 6), "f": np.repeat(list("ab"), 12)})
    data["y"] = np.arange(24) * 5 % 13 + data["x"] * (data["f"] == "a")
    fit = lk.lm("y ~ f * (log(x) + sqrt(x))", data)
    slopes = [
        ({"var": "log(x)"}, [3.481681, 2.159303]),
        ({"var": "log(x)", "at": {"x": 9}}, [-1.766104, 5.659589]),
        ({"var": "sqrt(x)"}, [3.481679, 2.159302]),
        ({"var": "x"}, [0.8704192, 0.5398251]),
    ]
    for options, expected in slopes:
        np.testing.assert_allclose(lk.emtrends(fit, "f", **options)["estimate"], expected, rtol=2e-5)
    straight = lk.lm("y ~ f * log(x)", data)
    slopes = lk.emtrends(straight, "f", "log(x)", contrasts="pairwise")
    close(slopes[["estimate", "std_error"]], [[-straight.fixef["fb:log(x)"], straight.se["fb:log(x)"]]], 1e-6)
    with pytest.raises(lk.ModelError, match=r"slopes along scale\(x\) need it in the formula"):
        lk.emtrends(straight, "f", "scale(x)")
    with pytest.raises(lk.ModelError, match="'z' is not a predictor"):
        lk.emtrends(straight, "f", "log(z)")


def test_slopes_of_transformed_models_say_their_scale():
    assert lk.emtrends(more("growth"), "treat", "temp").notes == ["Slopes are on the log scale."]


def test_coefficients_are_those_of_emmeans():  # R's emmeans 1.8.4-1: mean_chg.emmc, del.eff.emmc, trt.vs.ctrlk.emmc
    four, third = list("abcd"), 1 / 3
    expected = {
        "mean_chg": {"a|b": [-1, third, third, third], "b|c": [-0.5, -0.5, 0.5, 0.5],
                     "c|d": [-third, -third, -third, 1]},
        "del.eff": {"a effect": [1, -third, -third, -third], "b effect": [-third, 1, -third, -third],
                    "c effect": [-third, -third, 1, -third], "d effect": [-third, -third, -third, 1]},
        "trt.vs.ctrlk": {"a - d": [1, 0, 0, -1], "b - d": [0, 1, 0, -1], "c - d": [0, 0, 1, -1]},
    }  # fmt: skip
    for name, contrasts in expected.items():
        found = coefficients(kind_of(name), four)
        assert list(found) == list(contrasts)
        np.testing.assert_allclose(list(found.values()), list(contrasts.values()))
