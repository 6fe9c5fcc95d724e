"""What can be asked of a model with several parts: extra zeros, modelled dispersion, the newer families."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import REFERENCE


@cache
def data(name="parts"):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@cache
def salamanders():
    return lk.glmer(
        "count ~ mined + (1 | site)",
        data("salamanders"),
        "nbinom2",
        zero_inflation="~ mined",
        dispersion="~ mined",
    )


@cache
def hurdle():
    return lk.glmer("hp ~ x + (1 | g)", data(), "truncated_poisson", zero_inflation="~ x")


@cache
def shares():
    return lk.glmer("share ~ x + (1 | g)", data(), "beta")


def test_predictions_of_the_parts_make_up_that_of_the_response():
    fit = salamanders()
    kinds = {kind: fit.predict(kind=kind) for kind in ("response", "conditional", "zero_probability")}
    np.testing.assert_allclose(kinds["response"], (1 - kinds["zero_probability"]) * kinds["conditional"])
    np.testing.assert_allclose(fit.fitted, kinds["response"])
    np.testing.assert_allclose(np.log(kinds["conditional"]), fit.predict(kind="link"))
    zeros = fit.coef_table(component="zero_inflation")["estimate"]
    mined = (data("salamanders")["mined"] == "yes").to_numpy()
    logit = zeros["(Intercept)"] + zeros["minedyes"] * mined
    np.testing.assert_allclose(kinds["zero_probability"], 1 / (1 + np.exp(-logit)))
    spread = fit.coef_table(component="dispersion")["estimate"]
    expected = np.exp(spread["(Intercept)"] + spread["minedyes"] * mined)
    np.testing.assert_allclose(fit.predict(kind="dispersion"), expected)


def test_the_mean_of_a_hurdle_is_that_of_the_counts_above_zero():
    fit = hurdle()
    mu = np.exp(fit.predict(kind="link"))
    np.testing.assert_allclose(fit.predict(kind="conditional"), mu / -np.expm1(-mu))
    zero = (data()["hp"] == 0).mean()
    assert fit.predict(kind="zero_probability").mean() == pytest.approx(zero, abs=1e-6)


@pytest.mark.parametrize("kind", ["response", "conditional", "zero_probability", "dispersion", "link"])
def test_confidence_limits_hold_the_prediction(kind):
    table = salamanders().predict(kind=kind, interval="confidence")
    assert ((table["conf_low"] < table["fit"]) & (table["fit"] < table["conf_high"])).all()


def test_limits_of_a_part_are_those_of_its_coefficients():
    fit = salamanders()
    new = pd.DataFrame({"mined": ["no"]})
    row = fit.predict(new, re_form="~0", kind="zero_probability", interval="confidence").iloc[0]
    line = fit.coef_table(component="zero_inflation").loc["(Intercept)"]
    ends = [line["estimate"] + side * 1.959964 * line["std_error"] for side in (-1, 0, 1)]
    np.testing.assert_allclose(
        row[["conf_low", "fit", "conf_high"]], 1 / (1 + np.exp(-np.array(ends))), rtol=1e-5
    )
    row = fit.predict(new, re_form="~0", kind="link", interval="confidence").iloc[0]
    half = 1.959964 * fit.se["(Intercept)"]
    assert row["conf_high"] - row["fit"] == pytest.approx(half, rel=1e-5)


def test_limits_of_the_mean_follow_from_all_parts():
    """By the delta method on the logarithm, from the joint covariance of the coefficients."""
    fit = salamanders()
    row = fit.predict(pd.DataFrame({"mined": ["no"]}), re_form="~0", interval="confidence").iloc[0]
    cov, parts = fit.estimate.cov_parts, fit.estimate.parts
    p = 1 / (1 + np.exp(-parts["zero_inflation"].beta[0]))
    slope = np.zeros(len(cov))
    slope[0], slope[parts["zero_inflation"].own.start] = 1.0, -p
    half = 1.959964 * np.sqrt(slope @ cov @ slope)
    assert np.log(row["conf_high"] / row["fit"]) == pytest.approx(half, rel=1e-4)


def test_prediction_intervals_cover_new_responses():
    fit = salamanders()
    table = fit.predict(interval="prediction", level=0.9)
    draws = fit.simulate(40, seed=2)
    inside = draws.ge(table["conf_low"], axis=0) & draws.le(table["conf_high"], axis=0)
    assert 0.88 < inside.to_numpy().mean() <= 1


def test_simulated_zeros_are_as_many_as_the_model_says():
    for fit in (salamanders(), hurdle()):
        share = (fit.simulate(60, seed=5) == 0).to_numpy().mean()
        assert share == pytest.approx(fit.rows.zero.mean(), abs=0.02)


def test_pearson_residuals_are_divided_by_the_standard_deviation_of_all_sources():
    fit = salamanders()
    p, mean = fit.predict(kind="zero_probability"), fit.predict(kind="conditional")
    variance = (1 - p) * (mean + mean**2 / fit.predict(kind="dispersion") + p * mean**2)
    own = (data("salamanders")["count"] - fit.fitted) / np.sqrt(variance)
    np.testing.assert_allclose(fit.resid("pearson"), own)
    with pytest.raises(lk.ModelError, match="simulated residuals"):
        fit.resid("deviance")


def test_tables_know_their_component():
    fit = salamanders()
    table = fit.coef_table(component="all")
    assert [*dict.fromkeys(table.index.get_level_values("component"))] == [
        "conditional", "zero_inflation", "dispersion",
    ]  # fmt: skip
    tidy = fit.tidy(component="zero_inflation", conf_int=True)
    assert list(tidy["component"].unique()) == ["zero_inflation"]
    assert {"conf_low", "conf_high"} <= {*tidy.columns}
    factors = fit.tidy(component="zi", exponentiate=True)["estimate"]
    np.testing.assert_allclose(factors, np.exp(table.loc["zero_inflation", "estimate"]))
    with pytest.raises(lk.ModelError, match="no part 'shape'"):
        fit.coef_table(component="shape")
    with pytest.raises(lk.ModelError, match="conditional one only"):
        lk.glmer("pois ~ x + (1 | g)", data(), "poisson").coef_table(component="dispersion")


def test_marginal_means_are_had_on_each_scale():
    fit = salamanders()
    table = lk.emmeans(fit, "mined", component="zero_inflation", kind="response")
    new = pd.DataFrame({"mined": ["no", "yes"]})
    predicted = fit.predict(new, re_form="~0", kind="zero_probability", interval="confidence")
    np.testing.assert_allclose(table["estimate"], predicted["fit"])
    np.testing.assert_allclose(table["conf_high"], predicted["conf_high"], rtol=1e-5)
    table = lk.emmeans(fit, "mined", component="dispersion", kind="response")
    np.testing.assert_allclose(table["estimate"], fit.predict(new, re_form="~0", kind="dispersion"))
    with pytest.raises(lk.ModelError, match="component='all'"):
        lk.emmeans(fit, "mined", component="all")


def test_wald_limits_name_all_parts():
    table = salamanders().confint(method="wald")
    assert {"zero_inflation.minedyes", "dispersion.(Intercept)", "minedyes"} <= {*table.index}
    line = salamanders().coef_table(component="dispersion").loc["minedyes"]
    low, high = table.loc["dispersion.minedyes"]
    assert (low + high) / 2 == pytest.approx(line["estimate"])
    assert high - low == pytest.approx(2 * 1.959964 * line["std_error"], rel=1e-6)


@pytest.mark.slow
def test_profile_limits_are_where_the_deviance_has_risen_by_the_quantile():
    """Held by an offset, and everything else fitted again."""
    rows = data().assign(one=1.0)
    fit = lk.glmer("share ~ x + (1 | g)", rows, "beta")
    low, high = fit.confint(parm="x").iloc[0]
    for limit in (low, high):
        held = lk.glmer("share ~ 1 + (1 | g)", rows, "beta", offset=limit * rows["x"])
        assert held.deviance - fit.deviance == pytest.approx(3.841459, abs=1e-3)
    low, high = fit.confint(parm="dispersion.(Intercept)").iloc[0]
    for limit in (low, high):
        held = lk.glmer("share ~ x + (1 | g)", rows, lk.families.Beta(dispersion=float(np.exp(limit))))
        assert held.deviance - fit.deviance == pytest.approx(3.841459, abs=1e-3)


def test_likelihood_ratio_tests_compare_parts():
    rows = data()
    small, by_x, by_f = (
        lk.glmer("zip ~ x + (1 | g)", rows, "poisson", zero_inflation=zeros)
        for zeros in ("~ 1", "~ x", "~ f")
    )
    table = lk.anova(small, by_x)
    assert table["chisq"].iloc[1] == pytest.approx(small.deviance - by_x.deviance, abs=1e-9)
    assert table["df"].iloc[1] == 1
    with pytest.raises(lk.ModelError, match="zero_inflation part of by_f lacks x"):
        lk.anova(by_x, by_f)


def test_updates_and_refits_keep_the_parts():
    fit = hurdle()
    without = fit.update(zero_inflation="~ 1")
    assert without.npar == fit.npar - 1
    again = fit.refit(fit.simulate(seed=3)["sim_1"])
    assert again.design.components.keys() == {"zero_inflation"}
    assert again.converged


def test_the_model_is_told_in_all_its_parts():
    fit = salamanders()
    text, words, formula = str(fit.summary()), " ".join(fit.explain().split()), str(fit.equation())
    assert "Conditional model:" in text and "Zero-inflation model (logit):" in text
    assert "Dispersion model (log):" in text and "Zero inflation: ~mined" in text
    assert "Extra zeros:" in words and "the odds of an extra zero are multiplied by" in words
    assert r"\operatorname{logit}(\pi_i) &= \gamma_0" in formula and r"\log(\theta_i) &= \delta_0" in formula


def test_simulated_residuals_test_zeros_and_dispersion():
    poisson = lk.glmer("zip ~ x + (1 | g)", data(), "poisson")
    inflated = lk.glmer("zip ~ x + (1 | g)", data(), "poisson", zero_inflation="~ 1")
    before, after = (lk.simulate_residuals(fit, seed=1).zero_inflation.p_value for fit in (poisson, inflated))
    assert before < 0.02 and after > 0.1
    ratios = [lk.dispersion_test(fit, "simulation", seed=1).ratio for fit in (poisson, inflated)]
    assert ratios[0] > ratios[1]


# ---- at the edges ----


def message_of(fit, part):
    return any(part in text for text in fit.messages)


def test_no_extra_zeros_are_said():
    rng = np.random.default_rng(6)
    rows = pd.DataFrame({"g": np.repeat(range(20), 15)}).assign(y=lambda d: rng.poisson(2.0, len(d)))
    rows["y"] = np.where(rows["y"] == 0, 1, rows["y"])
    rows.loc[:3, "y"] = 0
    fit = lk.glmer("y ~ 1 + (1 | g)", rows, "poisson", zero_inflation="~ 1")
    assert message_of(fit, "no more zeros than the rest of the model expects")


@pytest.mark.parametrize(("family", "name"), [("nbinom2", "theta"), ("nbinom1", "phi")])
def test_counts_that_vary_no_more_than_a_poisson_are_said(family, name):
    rng = np.random.default_rng(7)
    rows = pd.DataFrame({"g": np.repeat(range(20), 15)})
    rows["y"] = rng.binomial(12, 0.5, len(rows))
    fit = lk.glmer("y ~ 1 + (1 | g)", rows, lk.families.resolve(family), dispersion="~ 1")
    assert message_of(fit, f"{name} went to")


# R's InsectSprays: insects on twelve fields under each of six sprays. Those of E vary less than a Poisson's.
SPRAYS = {
    "A": [10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13],
    "B": [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
    "C": [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4],
    "D": [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
    "E": [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4],
    "F": [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13],
}
# Estimates and standard errors by glmmTMB 1.1.5 (R 4.2.2, rel.tol=1e-15) without the fields of E.
WITHOUT_E = {
    "conditional": [[2.674148657, 0.0900649291], [0.055880449, 0.1187705395], [-1.940179469, 0.2726565879],
                    [-1.081517827, 0.1644002722], [0.139262061, 0.1363306045]],
    "dispersion": [[3.562254674, 1.41139535], [1.440470545, 4.85428107], [-2.406306744, 1.77080166],
                   [0.184284015, 3.64783889], [-0.839478021, 1.61052886]],
}  # fmt: skip


def test_a_level_without_overdispersion_leaves_the_other_levels_as_they_are():
    rows = pd.DataFrame([(spray, count) for spray, counts in SPRAYS.items() for count in counts])
    fit = lk.glmer(
        "count ~ spray", rows.set_axis(["spray", "count"], axis=1), "nbinom2", dispersion="~ spray"
    )
    for part, expected in WITHOUT_E.items():
        found = fit.coef_table(component=part)[["estimate", "std_error"]].drop("sprayE")
        np.testing.assert_allclose(found, expected, rtol=2e-5)
    assert message_of(fit, "In the dispersion part 'sprayE' runs off to infinity")
    poisson = fit.coef_table()["std_error"][["(Intercept)", "sprayE"]] ** 2 @ [-1, 1]
    assert poisson == pytest.approx(1 / sum(SPRAYS["E"]), rel=1e-5)


@pytest.mark.parametrize(
    ("family", "value", "zeros"),
    [("gaussian", 1.0, None), ("beta", 0.5, None), ("gamma", 2.0, "~ 1"), ("inverse_gaussian", 2.0, None)],
)
def test_a_level_whose_rows_are_all_the_same_is_no_maximum(family, value, zeros):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"f": np.tile(list("abc"), 20), "y": rng.beta(2, 2, 60)})
    rows.loc[rows["f"] == "a", "y"] = value
    if zeros:
        rows.loc[3:8, "y"] = 0.0
    fit = lk.glmer("y ~ f", rows, family, dispersion="~ f", zero_inflation=zeros)
    assert not fit.converged
    (said,) = fit.messages
    left = ((rows["f"] == "a") & (rows["y"] > 0)).sum()
    assert f"reproduces them: row 1 and {left - 1} more" in said
    assert fit.coef_table()["p_value"].isna().all()
    assert fit.confint(method="wald").isna().all(axis=None)


def test_a_level_that_varies_little_is_a_level_that_varies():
    rng = np.random.default_rng(8)
    f = np.tile(list("abc"), 40)
    rows = pd.DataFrame({"f": f, "y": rng.normal(0, np.where(f == "a", 1e-4, 1.0))})
    fit = lk.glmer("y ~ f", rows, "gaussian", dispersion="~ f")
    assert fit.converged
    assert not fit.messages
    own = rows.groupby("f")["y"].std(ddof=0)
    spread = fit.coef_table(component="dispersion")["estimate"]
    np.testing.assert_allclose(spread["(Intercept)"], np.log(own["a"]), rtol=1e-6)
    np.testing.assert_allclose(spread["fb"], np.log(own["b"] / own["a"]), rtol=1e-6)


ROWS = pd.DataFrame(
    {"g": list("aabbcc") * 4, "x": np.arange(24.0), "one": 1, "zero": 0, "y": [0, 1, 2, 3] * 6}
)
SHARES = ROWS.assign(y=np.linspace(0, 0.9, 24))


@pytest.mark.parametrize(
    ("formula", "rows", "family", "parts", "error", "words"),
    [
        ("y ~ 1 + (1 | g)", SHARES, "beta", {}, lk.DataError, "strictly between 0 and 1"),
        ("y ~ 1 + (1 | g)", SHARES.assign(y=1.0), "beta", {}, lk.DataError, "shares of exactly 1 cannot"),
        ("y ~ 1 + (1 | g)", ROWS, "poisson", {"zero_inflation": "x"}, lk.FormulaError, "write '~ terms'"),
        ("y ~ 1 + (1 | g)", SHARES.assign(y=1.2), "beta", {}, lk.DataError, "divide percentages"),
        ("y ~ 1 + (1 | g)", ROWS, "truncated_poisson", {}, lk.DataError, "has no zeros"),
        ("one ~ 1 + (1 | g)", ROWS, "truncated_poisson", {}, lk.DataError, "is 1, so the mean"),
        ("one ~ 1 + (1 | g)", ROWS, "poisson", {"zero_inflation": "~ 1"}, lk.ModelError, "has no zeros"),
        ("zero ~ 1 + (1 | g)", ROWS, "poisson", {"zero_inflation": "~ 1"}, lk.DataError, "is 0, so"),
        ("y ~ 1 + (1 | g)", ROWS, "poisson", {"dispersion": "~ x"}, lk.ModelError, "no dispersion parameter"),
        ("y ~ 1 + (1 | g)", ROWS, "nbinom2", {"dispersion": "~ (1 | g)"}, lk.ModelError, "cannot be fitted here"),
        ("x ~ 1 + (1 | g)", ROWS, "gaussian", {"zero_inflation": "~ 1"}, lk.ModelError, "never exactly zero"),
        ("y ~ 1 + (1 | g)", ROWS, "poisson", {"zero_inflation": "y ~ 1"}, lk.FormulaError, "one-sided"),
        ("y ~ 1 + (1 | g)", ROWS, "poisson", {"zero_inflation": "~ who"}, lk.DataError, "who"),
        ("y ~ 1 + (1 | g)", ROWS, "nbinom1", {"n_agq": 5}, lk.ModelError, "n_agq=5"),
        ("y ~ 1 + (1 | g)", ROWS, "beta_binomial", {}, lk.DataError, "between 0 and 1, but .y. has 2"),
        ("x ~ 1 + (1 | g)", ROWS, "inverse_gaussian", {}, lk.DataError, "must be positive"),
        ("x ~ 1 + (1 | g)", ROWS.assign(x=-1.0), "tweedie", {}, lk.DataError, "negative"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(formula, rows, family, parts, error, words):
    with pytest.raises(error, match=words):
        lk.glmer(formula, rows, family, **parts)


def test_what_has_no_answer_is_refused():
    fit = shares()
    for question in (fit.influence, fit.r2, lambda: lk.power(fit, "x", 10), lambda: lk.rand_test(fit)):
        with pytest.raises(lk.ModelError, match="several parts"):
            question()
    with pytest.raises(lk.ModelError, match=r"lk\.glmer"):
        lk.glm("share ~ x", data(), "beta")
    with pytest.raises(lk.ModelError, match="no part for kind"):
        fit.predict(kind="zero_probability")


def test_rows_that_lack_a_value_in_any_part_are_left_out_of_all():
    rows = data().copy()
    rows["z"] = rows["x"]
    rows.loc[3, "z"] = np.nan
    fit = lk.glmer("zip ~ x + (1 | g)", rows, "poisson", zero_inflation="~ z")
    assert fit.nobs == len(rows) - 1
    assert len(fit.design.components["zero_inflation"].X) == fit.nobs
