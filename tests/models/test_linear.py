"""`lm` and `glm` beside R: numbers, print, and the members they share with mixed models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.report.summary_linear import call_lines

R: dict[str, Any] = json.loads((Path(__file__).parents[1] / "reference" / "linear.json").read_text("utf-8"))


def data_of(name: str) -> pd.DataFrame:
    data = lk.load_data(name)
    if name == "clinic":
        data["w"] = 0.5 + data["Dose"]
    if name == "owl_cort":
        data["count"] = np.floor(data["totCort"])
    return data


mouse, plasma_age, clinic = data_of("mouse"), data_of("plasma_age"), data_of("clinic")
scrna, owl_cort = data_of("scrna"), data_of("owl_cort")
gamma, probit = lk.families.Gamma(link="log"), lk.families.Binomial(link="probit")

# The same models as in reference/make_linear.R.
FITS: dict[str, Callable[[], Any]] = {
    "mouse": lambda: lk.lm("Weight ~ Dose", mouse),
    "mouse_mean": lambda: lk.lm("Weight ~ 1", mouse),
    "mouse_strain": lambda: lk.lm("Weight ~ 0 + Strain + Dose", mouse),
    "plasma_group": lambda: lk.lm("conc ~ age + group", plasma_age),
    "clinic_weighted": lambda: lk.lm("Value ~ Dose * Gender", clinic, weights="w"),
    "clinic_offset": lambda: lk.lm("Value ~ Gender + offset(100 * Dose)", clinic),
    "owl": lambda: lk.lm("log(totCort) ~ Implant * days", owl_cort),
    "scrna_poisson": lambda: lk.glm("counts ~ disease", scrna, "poisson"),
    "owl_nb": lambda: lk.glm("count ~ Implant * days", owl_cort, "negative_binomial"),
    "mouse_binomial": lambda: lk.glm("cbind(Dose, 6 - Dose) ~ Weight", mouse, "binomial"),
    "clinic_logit": lambda: lk.glm("Gender ~ Value", clinic, "binomial"),
    "clinic_probit": lambda: lk.glm("Gender ~ Value", clinic, probit),
    "owl_gamma": lambda: lk.glm("totCort ~ Implant * days", owl_cort, gamma),
    "scrna_offset": lambda: lk.glm("counts ~ disease + offset(log(2 + 0 * counts))", scrna, "poisson"),
}
LM = [name for name in FITS if "r2" in R[name]]
GLM = [name for name in FITS if "r2" not in R[name]]
_made: dict[str, Any] = {}


@pytest.fixture(params=list(FITS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def fit_of(name: str) -> Any:
    if name not in _made:
        _made[name] = FITS[name]()
    return _made[name]


def close(ours: Any, theirs: Any, rtol: float = 1e-6) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=rtol, atol=1e-10)


# ---------------------------------------------------------------------------------------------------------
# R's numbers


def test_coefficients(name: str) -> None:
    fit, r = fit_of(name), R[name]
    table = fit.coef_table()
    assert list(table.index) == np.atleast_1d(r["terms"]).tolist() == list(fit.fixef.index)
    close(table[["estimate", "std_error", "statistic", "p_value"]], r["coef"])
    close(fit.vcov, r["vcov"])
    assert ("df" in table) == fit.has_scale
    assert list(fit.coef_table("none").columns[:3]) == ["estimate", "std_error", "statistic"]


def test_likelihood(name: str) -> None:
    fit, r = fit_of(name), R[name]
    for member in ("loglik", "npar", "aic", "bic", "deviance", "df_resid", "nobs"):
        close(getattr(fit, member), r[member], rtol=1e-8)


def test_rows(name: str) -> None:
    fit, r = fit_of(name), R[name]
    close(fit.fitted[:8], r["fitted"])
    for kind in ("response", "pearson", "working"):
        close(fit.resid(kind)[:8], r[kind])
    close(fit.resid("deviance")[:8], r["deviance_resid"])
    close(fit.resid("scaled"), fit.resid("pearson") / fit.sigma)


def test_influence(name: str) -> None:
    influence, r = fit_of(name).influence(), R[name]
    close(influence["hat"][:8], r["hat"])
    close(influence["cooksd"][:8], r["cooks"])
    close(influence["std_resid"][:8], r["rstandard"])


def test_intervals(name: str) -> None:
    fit, r = fit_of(name), R[name]
    close(fit.confint(method="wald"), np.reshape(r["wald"], (-1, 2)))
    # R interpolates the profile of a glm between a few points: its ends hold to 1e-3 of a standard error.
    distance = (
        np.abs(fit.confint().to_numpy() - np.reshape(r["confint"], (-1, 2))) / fit.se.to_numpy()[:, None]
    )
    assert distance.max() < (1e-8 if name in LM else 2e-3)


@pytest.mark.parametrize("name", GLM)
def test_ends_of_a_profile_lie_where_the_deviance_says(name: str) -> None:
    """Fix the second coefficient at its limit: the deviance must rise by the quantile of chi-square."""
    fit = fit_of(name)
    term = fit.design.x_names[1]
    column = fit.design.X[:, 1]
    for limit in fit.confint(parm=term).loc[term]:
        others = fit.design.frame.assign(fixed=limit * column + fit.design.offset)
        columns = [f"c{j}" for j in range(fit.design.X.shape[1]) if j != 1]
        others[columns] = np.delete(fit.design.X, 1, axis=1)
        at = lk.glm(
            f"{fit.design.response} ~ 0 + {' + '.join(columns)}",
            others,
            fit.family,
            offset="fixed",
        )
        assert (at.deviance - fit.deviance) / fit.sigma**2 == pytest.approx(3.841458820694124, rel=1e-6)


def test_sequential_anova(name: str) -> None:
    table, r = fit_of(name).anova(type=1), pd.DataFrame(R[name]["anova"]).set_index("row")
    rows = r.drop(index=["Residuals", "NULL"], errors="ignore")
    assert list(table.index) == list(rows.index)
    if len(rows):
        p_value = next(column for column in r.columns if column.startswith("Pr("))
        close(table["num_df"], rows["Df"])
        close(table["p_value"], rows[p_value])
        if name in LM:
            close(table["sum_sq"], rows["Sum Sq"])
        close(table["statistic"], rows["F value" if name in LM else "F" if "F" in r else "Deviance"])


def test_anova_of_types_two_and_three() -> None:
    fit, columns = fit_of("owl"), ["num_df", "sum_sq", "statistic", "p_value"]
    close(fit.anova(type=3)[columns], R["owl"]["type3"])
    close(fit.anova(type=2)[columns].iloc[:2], R["owl"]["type2"])
    close(fit.anova(type=2).iloc[2], fit.anova(type=3).iloc[2])
    assert list(fit.anova(ddf="none").columns) == ["sum_sq", "mean_sq", "num_df", "statistic"]


def test_wald_anova_of_a_glm_squares_z() -> None:
    fit = fit_of("scrna_poisson")
    close(fit.anova(type=3).loc["disease", "statistic"], fit.coef_table().loc["diseaseND", "statistic"] ** 2)
    assert list(fit.anova().columns) == ["num_df", "statistic", "p_value"]
    assert list(fit_of("owl_gamma").anova().columns) == ["num_df", "den_df", "statistic", "p_value"]


@pytest.mark.parametrize("name", [name for name in LM if name != "clinic_offset"])
def test_r_squared(name: str) -> None:
    fit, r = fit_of(name), R[name]
    close(fit.sigma, r["sigma"])
    close(fit.r2(), [r["r2"], r["adj_r2"]], rtol=1e-9)
    close(np.quantile(fit.resid(), [0, 0.25, 0.5, 0.75, 1]), r["quantiles"])
    if r["fstat"]:
        close(fit.f_test[["statistic", "num_df", "den_df"]], r["fstat"])


def test_an_offset_explains_nothing() -> None:
    """R before 4.3 counted it in; without it F is the square of the only t."""
    fit = fit_of("clinic_offset")
    close(fit.f_test["statistic"], fit.coef_table().loc["GenderM", "statistic"] ** 2)
    close(fit.sigma, R["clinic_offset"]["sigma"])


@pytest.mark.parametrize("name", GLM)
def test_null_model_and_dispersion(name: str) -> None:
    fit, r = fit_of(name), R[name]
    close(fit.null_deviance, r["null_deviance"])
    assert fit.df_null == r["df_null"]
    close(fit.sigma**2, r["dispersion"])
    assert fit.converged
    if name == "owl_nb":
        close(fit.family.theta, r["theta"])


def test_null_deviance_without_an_intercept() -> None:
    """Without an intercept and an offset the mean is exp(0) = 1: 2 (y log y - y + 1), summed."""
    fit = lk.glm("counts ~ 0 + disease", scrna, "poisson")
    y = scrna["counts"].to_numpy()
    assert fit.null_deviance == pytest.approx(
        2 * (np.where(y > 0, y * np.log(np.maximum(y, 1)), 0) - y + 1).sum()
    )
    assert fit.df_null == 500


def test_deletion_measures() -> None:
    influence = fit_of("mouse").influence()
    close(influence["sigma"][:8], R["mouse"]["deletion_sigma"])
    close(influence[["dfbetas_(Intercept)", "dfbetas_Dose"]][:8], R["mouse"]["dfbetas"])
    without = lk.lm("Weight ~ Dose", mouse.drop(index=3))
    assert influence.loc[3, "sigma"] == pytest.approx(without.sigma)
    change = (fit_of("mouse").fixef - without.fixef)["Dose"]
    unscaled = np.sqrt(fit_of("mouse").vcov.loc["Dose", "Dose"]) / fit_of("mouse").sigma
    assert influence.loc[3, "dfbetas_Dose"] == pytest.approx(change / (without.sigma * unscaled))


# ---------------------------------------------------------------------------------------------------------
# R's print


def comparable(lines: list[str]) -> list[str]:
    """Without the call of glm.nb, the count of steps, and the deviance residuals that R prints no more."""
    text = [line.rstrip().replace("‘", "'").replace("’", "'") for line in lines]
    if "Deviance Residuals:" in text:
        start = text.index("Deviance Residuals:")
        del text[start : start + 4]
    text = [line for line in text if not line.startswith("Number of Fisher Scoring")]
    for i, line in enumerate(text):
        if "glm.nb(" in line or "negative_binomial" in line:
            del text[i : i + 2]
            break
    while text[-1] == "":
        del text[-1]
    return text


@pytest.mark.parametrize("name", [name for name in FITS if name != "clinic_offset"])
def test_summary_reads_as_in_r(name: str) -> None:
    assert comparable(repr(fit_of(name).summary()).split("\n")) == comparable(R[name]["summary"])


def test_print_reads_as_in_r(name: str) -> None:
    assert comparable(repr(fit_of(name)).split("\n")) == comparable(R[name]["print"])


def test_steps_are_counted() -> None:
    assert "Number of Fisher Scoring iterations: 5" in repr(fit_of("scrna_poisson").summary())


def test_few_rows_show_all_residuals() -> None:
    text = repr(lk.lm("Weight ~ Dose", mouse.head(5)).summary())
    assert "         0          1          2          3          4\n" in text
    saturated = lk.lm("Weight ~ Dose", mouse.head(2))
    assert "ALL 2 residuals are 0: no residual degrees of freedom!" in repr(saturated.summary())
    assert np.isnan(saturated.sigma) and np.isnan(saturated.se).all()


def test_long_calls_break_as_in_r() -> None:
    fit = lk.glm("totCort ~ Implant + days + Age + log(count + 1)", owl_cort, gamma, weights="count")
    first, second = (
        "glm(formula = totCort ~ Implant + days + Age + log(count + 1), ",
        'family = Gamma(link = "log"),',
    )
    assert call_lines(fit) == [first, f"    {second} data = owl_cort, weights = count)"]


# ---------------------------------------------------------------------------------------------------------
# Predicting, simulating, fitting again


def test_predictions() -> None:
    fit, new = fit_of("mouse"), pd.DataFrame({"Dose": [1, 2.5, 6]}, index=list("abc"))
    close(fit.predict(new, interval="confidence"), R["mouse"]["confidence"])
    close(fit.predict(new, interval="prediction", level=0.9), R["mouse"]["prediction"])
    assert list(fit.predict(new).index) == list("abc")
    pd.testing.assert_series_equal(fit.predict(), fit.fitted, check_names=False)
    weighted = fit_of("clinic_weighted")
    close(weighted.predict(clinic.iloc[[0, 59]], interval="prediction"), R["clinic_weighted"]["prediction"])


def test_predictions_of_a_glm() -> None:
    fit, new = fit_of("clinic_logit"), pd.DataFrame({"Value": [120, 180, 260]})
    link = fit.predict(new, kind="link", interval="confidence", level=0.9)
    close(link["fit"], R["clinic_logit"]["link"])
    close((link["conf_high"] - link["fit"]) / 1.6448536269514722, R["clinic_logit"]["link_se"])
    response = fit.predict(new, interval="confidence", level=0.9)
    close(response, 1 / (1 + np.exp(-link)))
    new_counts = fit_of("scrna_poisson").predict(interval="prediction")
    counts = scrna["counts"]
    assert 0.93 < ((counts >= new_counts["conf_low"]) & (counts <= new_counts["conf_high"])).mean() <= 1


def test_a_falling_link_keeps_low_below_high() -> None:
    fit = lk.glm("totCort ~ days", owl_cort, lk.families.Gamma(link="inverse"))
    table = fit.predict(interval="confidence")
    assert (table["conf_low"] <= table["fit"]).all() and (table["fit"] <= table["conf_high"]).all()


def test_simulation_and_refit(name: str) -> None:
    fit = fit_of(name)
    draws = fit.simulate(2, seed=1)
    pd.testing.assert_frame_equal(draws, fit.simulate(2, seed=1))
    assert list(draws.columns) == ["sim_1", "sim_2"] and draws.index.equals(fit.design.frame.index)
    again = fit.refit(draws["sim_1"])
    assert type(again) is type(fit) and again.nobs == fit.nobs
    assert np.abs((again.fixef - fit.fixef) / fit.se).max() < 5
    original = fit.design.y if fit.design.trials is None else fit.design.y * fit.design.trials
    close(fit.refit(original).fixef, fit.fixef, rtol=1e-9)


def test_update() -> None:
    fit = fit_of("plasma_group")
    smaller = fit.update(". ~ . - group")
    assert list(smaller.fixef.index) == ["(Intercept)", "age"]
    assert fit.update(data=plasma_age.head(30)).nobs == 30
    assert fit_of("clinic_logit").update(family=probit).family.link.name == "probit"
    with pytest.raises(lk.ModelError, match="lm has no argument 'wheights'"):
        fit.update(wheights="w")


def test_likelihood_ratio_against_a_mixed_model() -> None:
    plain, mixed = fit_of("mouse"), lk.lmer("Weight ~ Dose + (1 | Strain)", mouse, reml=False)
    table = lk.anova(plain, mixed)
    assert table["npar"].tolist() == [3, 4]
    assert table["chisq"].iloc[1] == pytest.approx(2 * (mixed.loglik - plain.loglik))


# ---------------------------------------------------------------------------------------------------------
# Tables and words


def test_tables(name: str) -> None:
    fit = fit_of(name)
    tidy = fit.tidy()
    assert tidy["term"].tolist() == list(fit.fixef.index)
    assert tidy["effect"].eq("fixed").all()
    assert fit.glance().shape[0] == 1 and fit.glance()["aic"].item() == fit.aic
    rows = fit.augment()
    close(rows["_fitted"], fit.fitted)
    assert len(rows) == len(fit.design.y)


def test_tidy_intervals() -> None:
    fit = fit_of("mouse")
    close(fit.tidy(conf_int=True, level=0.9)[["conf_low", "conf_high"]], fit.confint(level=0.9))


def test_in_words_and_in_latex() -> None:
    assert "fitted to 50 rows by least squares" in fit_of("mouse").explain()
    assert r"\mathrm{Weight}_i &\sim \mathcal{N}(\mu_i,\ \sigma^2)" in fit_of("mouse").equation()
    assert "Poisson" in fit_of("scrna_poisson").equation()


def test_html(name: str) -> None:
    page = fit_of(name)._repr_html_()
    assert page.count("<table") == 2
    for term in fit_of(name).fixef.index:
        assert f">{term}</td>" in page


# ---------------------------------------------------------------------------------------------------------
# Weights, gaps, and what is refused


def test_rows_of_weight_zero_do_not_count() -> None:
    weights = np.r_[np.zeros(10), np.ones(40)]
    for fit, without in (
        (lk.lm("Weight ~ Dose", mouse, weights=weights), lk.lm("Weight ~ Dose", mouse.iloc[10:])),
        (
            lk.glm("Dose ~ Weight", mouse, "poisson", weights=weights),
            lk.glm("Dose ~ Weight", mouse.iloc[10:], "poisson"),
        ),
    ):
        assert (fit.nobs, fit.df_resid) == (40, 38)
        close(fit.coef_table(), without.coef_table())
        close([fit.loglik, fit.deviance, fit.bic], [without.loglik, without.deviance, without.bic])
        assert len(fit.fitted) == 50


def test_weights_are_known_precisions() -> None:
    """A row of weight 2 tells as much as the mean of two rows; coefficients of doubled rows are the same."""
    weights = np.where(np.arange(50) < 20, 2.0, 1.0)
    doubled = pd.concat([mouse, mouse.head(20)])
    close(lk.lm("Weight ~ Dose", mouse, weights=weights).fixef, lk.lm("Weight ~ Dose", doubled).fixef)


def test_gaps_and_repeats_are_told() -> None:
    data = mouse.assign(Twice=2 * mouse["Dose"])
    data.loc[3, "Weight"] = np.nan
    fit = lk.lm("Weight ~ Dose + Twice", data)
    assert fit.nobs == 49
    assert fit.messages[0].startswith("1 row was left out")
    assert "Twice was dropped" in fit.messages[1]
    text = repr(fit.summary())
    assert "Coefficients: (1 not defined because of singularities)" in text
    assert "(1 observation deleted due to missingness)" in text


def test_separation_is_told() -> None:
    fit = lk.glm("y ~ x", pd.DataFrame({"x": range(10), "y": [0] * 5 + [1] * 5}), "binomial")
    assert "separated" in fit.messages[0]


def test_counts_no_more_spread_than_poisson() -> None:
    rng = np.random.default_rng(1)
    fit = lk.glm("y ~ 1", pd.DataFrame({"y": rng.binomial(8, 0.5, 60)}), "negative_binomial")
    assert "runs off to infinity" in fit.messages[0]
    poisson = lk.glm("y ~ 1", fit.design.frame, "poisson")
    assert fit.loglik == pytest.approx(poisson.loglik, abs=1e-4)


def test_known_theta_is_kept() -> None:
    fit = lk.glm("count ~ days", owl_cort, lk.families.NegativeBinomial(theta=2.0))
    assert fit.family.theta == 2.0 and fit.npar == 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: lk.lm("Weight ~ Dose + (1 | Strain)", mouse),
            lk.FormulaError,
            r"\(1 \| Strain\); use lk.lmer",
        ),
        (lambda: lk.glm("Dose ~ (1 | Strain)", mouse, "poisson"), lk.FormulaError, "use lk.glmer"),
        (lambda: lk.lm("Weight ~ Dos", mouse), lk.DataError, "did you mean 'Dose'"),
        (lambda: lk.lm("Weight ~ 0", mouse), lk.ModelError, "leaves nothing to estimate"),
        (lambda: lk.glm("Weight ~ Dose", mouse, "gaussian"), lk.ModelError, "use|fit it with lk.lm"),
        (lambda: lk.glm("Weight ~ Dose", mouse, "poisson"), lk.DataError, "whole counts"),
        (lambda: lk.glm("Dose ~ Weight", mouse, "poison"), lk.ModelError, "did you mean 'poisson'"),
        (lambda: fit_of("mouse").coef_table("exact"), lk.ModelError, "ddf must be one of"),
        (lambda: fit_of("mouse").anova(ddf="exact"), lk.ModelError, "ddf must be one of"),
        (lambda: fit_of("mouse").anova(type=4), lk.ModelError, "type must be"),
        (lambda: fit_of("mouse").resid("student"), lk.ModelError, "kind must be one of"),
        (lambda: fit_of("mouse").confint(parm="Dos"), lk.ModelError, "no parameter 'Dos'"),
        (lambda: fit_of("mouse").confint(level=95), lk.ModelError, "between 0 and 1"),
        (lambda: fit_of("mouse").confint(method="boot"), lk.ModelError, "method must be"),
        (lambda: fit_of("mouse").predict(kind="log"), lk.ModelError, "kind must be"),
        (lambda: fit_of("mouse").predict(interval="both"), lk.ModelError, "interval must be"),
        (
            lambda: fit_of("mouse").predict(interval="prediction", kind="link"),
            lk.ModelError,
            "leave out kind",
        ),
        (lambda: fit_of("mouse").predict(interval="confidence", level=95), lk.ModelError, "between 0 and 1"),
        (lambda: fit_of("mouse").predict(pd.DataFrame({"dose": [1]})), lk.DataError, "Dose"),
        (lambda: fit_of("mouse").simulate(0), lk.ModelError, "n_sim must be"),
        (lambda: fit_of("mouse").refit([1.0, 2.0]), lk.DataError, "50 rows"),
        (lambda: fit_of("mouse").tidy("ran_pars"), lk.ModelError, "only 'fixed'"),
        (lambda: fit_of("scrna_poisson").theta_se, lk.ModelError, "has a theta"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_without_statsmodels_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.regression.linear_model", None)
    with pytest.raises(lk.ModelError, match=r"pip install 'lmmkit\[lm\]'"):
        lk.lm("Weight ~ Dose", mouse)


def test_share_of_the_deviance() -> None:
    """R: ``performance::r2_nagelkerke(glm(Days ~ Reaction, poisson, sleepstudy))`` and one for a binary response."""
    counts = lk.glm("Days ~ Reaction", lk.load_data("sleepstudy"), "poisson").r2()
    assert counts["nagelkerke"] == pytest.approx(0.434884864912, rel=1e-9)
    assert counts["deviance_explained"] == pytest.approx(0.217421910235, rel=1e-9)
    several = lk.glm(
        "cbind(count, 50 - count) ~ 1", pd.DataFrame({"count": [1.0, 20, 30, 4]}), "binomial"
    ).r2()
    assert several["deviance_explained"] == pytest.approx(0)
    assert np.isnan(several["nagelkerke"])  # what is one observation there?
    assert np.isnan(FITS["owl_gamma"]().r2()["nagelkerke"])


@pytest.mark.parametrize(
    "fit",
    [
        lambda: lk.lm("Weight ~ Dose", mouse),
        lambda: lk.glm("Days ~ Reaction", lk.load_data("sleepstudy"), "poisson"),
    ],
    ids=["lm", "glm"],
)
def test_bootstrapped_spread_is_that_of_the_estimates(fit: Callable[[], Any]) -> None:
    model = fit()
    boot = model.bootstrap(300, seed=3, progress=False)
    assert list(boot.estimate.index) == [*(["sigma"] if model.has_scale else []), *model.fixef.index]
    spread = boot.summary.loc[model.fixef.index, "std_error"]
    np.testing.assert_allclose(spread, model.se, rtol=0.15)  # 300 replicates know a spread to 4%
    one = model.bootstrap(5, lambda fit: fit.fixef.iloc[-1], seed=3, progress=False)
    np.testing.assert_allclose(one.replicates["stat"], boot.replicates.iloc[:5, -1])


# ---- counts ----


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "gamma"])
@pytest.mark.parametrize("column", [["ctl", "trt"], pd.Categorical(["ctl", "trt"])])
def test_text_is_no_count(family: str, column: Any) -> None:
    data = pd.DataFrame(
        {"y": np.tile(np.asarray(column), 12), "g": np.repeat(list("abcdef"), 4), "x": range(24)}
    )
    for function, formula in ((lk.glm, "y ~ x"), (lk.glmer, "y ~ x + (1 | g)")):
        with pytest.raises(lk.DataError, match="must be numeric"):
            function(formula, data, family)
    assert lk.glm("y ~ x", data, "binomial").design.response_levels == ["ctl", "trt"]


HITS = pd.DataFrame({"hits": [1, 3, 2, 5, 4, 6], "n": [8, 9, 7, 9, 8, 9], "g": list("aabbcc"), "two": 2.0, "half": 0.5,
                     "odd": [0.5, 1, 2, 0.7, 0, 3]})  # fmt: skip


@pytest.mark.parametrize(
    ("weights", "loglik", "intercept", "deviance", "mixed"),
    [
        (None, -10.944225283, -0.322773392263, 7.2549298726, None),
        ("two", -21.888450567, -0.322773392263, 14.5098597452, -20.5291994299),
        ("half", -5.47211264176, -0.322773392263, 3.6274649363, None),
        ("odd", -13.5154701558, -0.0763222675568, 9.25535491182, -12.6565000306),
    ],
)
def test_weights_of_counted_hits_multiply_their_log_density(
    weights: str | None, loglik: float, intercept: float, deviance: float, mixed: float | None
) -> None:
    """R 4.2.2, glm and lme4 1.1-31, glmer: cbind(hits, n - hits) ~ 1 with prior weights."""
    fit = lk.glm("cbind(hits, n - hits) ~ 1", HITS, "binomial", weights=weights)
    assert fit.loglik == pytest.approx(loglik, abs=1e-7)
    assert fit.fixef.item() == pytest.approx(intercept, abs=1e-7)
    assert fit.deviance == pytest.approx(deviance, rel=1e-7)
    group = lk.glmer("cbind(hits, n - hits) ~ 1 + (1 | g)", HITS, "binomial", weights=weights)
    if mixed is not None:
        assert group.loglik == pytest.approx(mixed, abs=1e-5)
    for each in (fit, group):
        drawn = each.simulate(50, seed=1)
        assert (drawn.le(HITS["n"], axis=0) & drawn.ge(0)).all(axis=None) and (drawn == drawn.round()).all(
            axis=None
        )
        again = each.refit(HITS["hits"])
        assert again.loglik == pytest.approx(each.loglik, abs=1e-5)


def test_weights_of_hits_twice_are_the_rows_twice() -> None:
    twice = pd.concat([HITS, HITS])
    a = lk.glmer("cbind(hits, n - hits) ~ 1 + (1 | g)", HITS, "binomial", weights="two")
    b = lk.glmer("cbind(hits, n - hits) ~ 1 + (1 | g)", twice, "binomial")
    assert a.loglik == pytest.approx(b.loglik, abs=1e-6)
    rows = lk.glm("cbind(hits, n - hits) ~ g", HITS, "binomial", weights="two")
    assert rows.loglik == pytest.approx(lk.glm("cbind(hits, n - hits) ~ g", twice, "binomial").loglik)


@pytest.mark.parametrize("y", [[0.0] * 6, [3.0] * 6, [1.0, 3, 5, 7, 9, 11]], ids=["zero", "constant", "line"])
def test_a_response_that_is_reproduced_exactly_has_no_tests(y: list[float]) -> None:
    """R 4.2.2 gives t = 1e16 here, and warns of an essentially perfect fit."""
    fit = lk.lm("y ~ x", pd.DataFrame({"x": np.arange(6.0), "y": y}))
    assert "reproduce the response exactly" in fit.messages[0]
    assert fit.fixef.to_numpy() == pytest.approx([y[0], y[1] - y[0]], abs=1e-12)
    for table in (fit.coef_table(), fit.anova(), fit.anova(type=1)):
        assert table["statistic"].isna().all() and table["p_value"].isna().all()
    assert fit.anova()["sum_sq"].item() == pytest.approx(17.5 * (y[1] - y[0]) ** 2, abs=1e-12)
    assert fit.r_squared == pytest.approx(1.0 if y[1] > y[0] else np.nan, nan_ok=True)
    with pytest.raises(lk.ModelError, match="no residuals"):
        fit.simulate()


def test_as_many_coefficients_as_rows() -> None:
    """R 4.2.2, anova(lm(y ~ x + I(x^2))): sums of squares, and no F."""
    fit = lk.lm("y ~ x + I(x^2)", pd.DataFrame({"x": [1.0, 2, 4], "y": [3.0, 5, 4]}))
    assert "as many coefficients as rows" in fit.messages[0]
    assert fit.anova(type=1)["sum_sq"].to_numpy() == pytest.approx([0.2142857, 1.7857143], abs=1e-7)
    assert fit.anova(type=1)["statistic"].isna().all()


def test_working_residuals_where_outcomes_are_separated():
    """R 4.2.2: -1 and 1 by residuals(glm(y ~ x, binomial), "working"), whatever the fitted probabilities round to."""
    data = pd.DataFrame({"x": [-3.0, -2, -1, 1, 2, 3], "y": [0, 0, 0, 1, 1, 1]})
    fit = lk.glm("y ~ x", data, "binomial")
    np.testing.assert_allclose(fit.resid("working"), [-1, -1, -1, 1, 1, 1], rtol=1e-6)
