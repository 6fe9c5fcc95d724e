"""Cook's distance, leverage, DFBETAS: by row and by group."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.likelihood.fit_lmm import fit_lmm
from tests.inference.reference import ANSWERS, close, model
from tests.lme4_reference import load


def test_group_deletion_with_refitting_as_lme4():
    table, answer = model("slopes").influence(by="Subject", refit=True), ANSWERS["influence"]
    assert list(table.index) == model("slopes").design.terms[0].levels
    np.testing.assert_allclose(table.filter(like="dfbetas"), answer["dfbetas"], atol=1e-4)
    # lme4 multiplies Cook's distance by (groups - p) / groups; we stay with the textbook.
    close(table["cooksd"] * (18 - 2) / 18, answer["cooksd"], 1e-3)
    components = np.array(answer["components"])
    close(table["sigma"] ** 2, components[:, 0], 1e-4)
    close(table["sd_(Intercept)|Subject"] ** 2, components[:, 1], 1e-3)


def test_leverage_as_lme4():
    close(model("slopes").influence()["hat"], ANSWERS["influence"]["hat"], 1e-5)


@pytest.mark.parametrize(
    "formula, weights, by",
    [
        ("rt ~ cond * x + (x | subj) + (1 | item)", None, None),
        ("rt ~ cond + x + (1 | subj) + (1 | item)", "w", None),
        ("rt ~ cond + x + (x | subj) + (1 | item)", "w", "subj"),
        ("rt ~ cond + x + (x | subj) + (1 | item)", None, "item"),
        ("rt ~ cond + x + (1 | subj)", None, "cond"),
    ],
)
def test_formulas_are_those_of_a_fit_without_the_rows_at_the_same_theta(formula, weights, by):
    data = load("crossed")[:200]
    fit = lk.lmer(formula, data, weights=weights)
    table = fit.influence(by=by)
    labels = data.index if by is None else sorted(data[by].unique())
    assert list(table.index) == list(labels)
    for position in (0, len(labels) // 2, len(labels) - 1):
        keep = np.ones(200, dtype=bool)
        keep[position if by is None else np.flatnonzero(data[by] == labels[position])] = False
        if by == "cond":
            assert table.iloc[position].isna().all()  # with one level left, cond has no effect
            continue
        again = (
            fit_lmm(fit.design.take(keep), True, fit.theta, optimize=False)
            if _levels_stay(fit, keep)
            else None
        )
        assert again is not None
        change = again.beta - fit.estimate.beta
        row = table.iloc[position]
        close(row.filter(like="dfbetas"), change / (again.sigma * np.sqrt(np.diag(again.cov_unscaled))), 1e-6)
        assert row["sigma"] == pytest.approx(again.sigma, rel=1e-8)
        assert row["cooksd"] == pytest.approx(
            change @ np.linalg.solve(fit.vcov, change) / len(change), rel=1e-6
        )


def _levels_stay(fit, keep):
    return all(len(np.unique(term.codes[keep])) > 1 for term in fit.design.terms)


def test_working_model_of_a_glmm_is_near_the_refits():
    fit = model("herds")
    fast, slow = fit.influence(by="herd"), fit.influence(by="herd", refit=True, progress=False)
    assert "sigma" not in fast
    columns = list(fast.filter(like="dfbetas").columns)
    assert np.corrcoef(fast[columns].to_numpy().ravel(), slow[columns].to_numpy().ravel())[0, 1] > 0.98
    assert fast["cooksd"].idxmax() == slow["cooksd"].idxmax()


def test_any_column_may_be_left_out_by():
    data = load("crossed")[:100].assign(lab=lambda d: np.arange(100) % 4)
    table = lk.lmer("rt ~ x + (1 | subj)", data).influence(by="lab")
    assert list(table.index) == [0, 1, 2, 3] and table.index.name == "lab"


def test_an_outlier_is_found():
    data = load("sleepstudy").copy()
    data.loc[57, "Reaction"] += 300
    table = lk.lmer("Reaction ~ Days + (Days | Subject)", data).influence()
    assert table["sigma"].idxmin() == 57


def test_refusals():
    with pytest.raises(lk.DataError, match="neither a grouping factor"):
        model("slopes").influence(by="Lab")


def test_rows_that_alone_determine_an_effect():
    data = pd.DataFrame({"y": np.arange(12.0) ** 1.5, "g": list("abc") * 4, "odd": [1.0] + [0.0] * 11})
    fit = lk.lmer("y ~ odd + (1 | g)", data)
    assert fit.influence().iloc[0]["cooksd":].isna().all()
    assert fit.influence(refit=True, progress=False).iloc[0].isna().all()


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("reml", [True, False])
def test_without_variance_between_groups_distances_are_those_of_lm(reml, refit):
    """R 4.2.2, cooks.distance(lm(y ~ x)); the mixed model's variance is zero."""
    data = pd.DataFrame(
        {
            "x": [-0.33, 0.55, -0.67, 0.21, 0.31, 1.17],
            "f": list("aaabbb"),
            "y": [8.5, -4.2, -0.5, 1.5, -1.6, 4.6],
        }
    )
    fit = lk.lmer("y ~ x + (1 | f)", data, reml=reml)
    assert fit.is_singular
    r = [0.5533978444, 0.2045970584, 0.2713194525, 6.514443197e-05, 0.04110806842, 1.088357387]
    found = fit.influence(refit=refit)["cooksd"]
    if refit:  # without a row the variance may be above zero
        same = np.isclose(found, r, rtol=1e-5)
        assert same[0] and same.sum() >= 3
        return
    np.testing.assert_allclose(found, r, rtol=1e-6)
    np.testing.assert_allclose(fit.augment()["_cooksd"], r, rtol=1e-6)
    np.testing.assert_allclose(lk.lm("y ~ x", data).influence()["cooksd"], r, rtol=1e-6)


@pytest.mark.parametrize("link", ["identity", "log", "inverse"])
def test_rows_of_a_gamma_model_have_measures_near_those_of_refits(link):
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"g": np.repeat(range(12), 5), "x": rng.uniform(0, 2, 60)})
    mean = 5 + 2 * data["x"] + np.repeat(rng.normal(size=12), 5)
    data["y"] = rng.gamma(2.0, mean / 2.0)
    fit = lk.glmer("y ~ x + (1 | g)", data, lk.families.Gamma(link=link))
    quick, slow = fit.influence(), fit.influence(refit=True, progress=False)
    assert quick.notna().all(axis=None)
    assert quick["hat"].between(0, 1).all()
    for name in ("dfbetas_x", "dfbetas_(Intercept)"):
        assert np.corrcoef(quick[name], slow[name])[0, 1] > 0.98
    assert quick["cooksd"].idxmax() in slow["cooksd"].nlargest(3).index
    np.testing.assert_allclose(fit.augment()["_hat"], quick["hat"], rtol=1e-8)


def test_a_glm_s_measures_are_those_of_a_glmm_without_variance():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.tile(range(8), 8), "x": rng.normal(size=64)})
    data["k"] = rng.poisson(np.exp(0.8 + 0.3 * data["x"]))
    fit, plain = lk.glmer("k ~ x + (1 | g)", data, "poisson"), lk.glm("k ~ x", data, "poisson")
    assert fit.is_singular
    np.testing.assert_allclose(fit.influence()["hat"], plain.influence()["hat"], rtol=1e-5)


def test_influence_without_fixed_effects():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {"g": np.repeat(range(8), 5), "y": rng.normal(size=40) + np.repeat(rng.normal(size=8), 5)}
    )
    for refit in (False, True):
        table = lk.lmer("y ~ 0 + (1 | g)", data).influence(refit=refit, progress=False)
        assert table["cooksd"].isna().all() and table["sigma"].notna().all()
