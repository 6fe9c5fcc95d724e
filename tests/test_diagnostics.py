"""R², intraclass correlation, influence."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.diagnostics import _kept, variance_shares
from lmmkit.lmm import fit_lmm
from tests.inference.reference import ANSWERS, close, model
from tests.lme4_reference import EXTRA, load


def test_r2_and_icc_as_performance():
    r2 = model("slopes").r2()
    assert r2["marginal"] == pytest.approx(EXTRA["r2"]["marg"], abs=1e-6)
    assert r2["conditional"] == pytest.approx(EXTRA["r2"]["cond"], abs=1e-6)
    assert model("intercepts").icc()["adjusted"] == pytest.approx(EXTRA["icc_ri"], abs=1e-6)


def test_shares_of_a_random_intercept_model_are_its_variances():
    fit = model("nested")
    shares = variance_shares(fit)
    frame = fit.varcorr.frame
    assert shares["random"] == pytest.approx(frame["vcov"][:2].sum())
    assert shares["residual"] == pytest.approx(fit.sigma**2)
    icc, r2 = fit.icc(), fit.r2()
    assert icc["unadjusted"] == pytest.approx(r2["conditional"] - r2["marginal"])
    assert icc["unadjusted"] < icc["adjusted"]


def test_slopes_do_not_depend_on_the_origin():
    shifted = lk.lmer("Reaction ~ I(Days - 4.5) + (I(Days - 4.5) | Subject)", load("sleepstudy"))
    close(shifted.r2(), model("slopes").r2(), 1e-5)


@pytest.mark.parametrize(
    "link, variance", [("logit", np.pi**2 / 3), ("probit", 1.0), ("cloglog", np.pi**2 / 6)]
)
def test_binomial_residual_variance(link, variance):
    fit = lk.glmer("pos ~ temp + (1 | site)", load("counts"), lk.families.Binomial(link=link))
    assert variance_shares(fit)["residual"] == pytest.approx(variance)


def test_log_link_residual_variance():
    data = load("counts")
    null = lk.glmer("count ~ 1 + (1 | site)", data, "poisson")
    rate = np.exp(null.fixef["(Intercept)"] + null.varcorr.frame["vcov"][0] / 2)
    fit = lk.glmer("count ~ temp + (1 | site)", data, "poisson")
    assert variance_shares(fit)["residual"] == pytest.approx(np.log1p(1 / rate))
    gamma = lk.glmer("time ~ temp + (1 | site)", data, lk.families.Gamma(link="log"))
    # sigma² of a gamma model is its squared coefficient of variation, whatever the mean is.
    nothing = lk.glmer("time ~ 1 + (1 | site)", data, lk.families.Gamma(link="log"))
    assert nothing.sigma > gamma.sigma
    assert variance_shares(gamma)["residual"] == pytest.approx(np.log1p(gamma.sigma**2))


def test_effects_of_single_rows_count_as_dispersion():
    data = load("grouseticks")[:150].assign(INDEX=lambda d: np.arange(len(d)).astype(str))
    fit = lk.glmer("TICKS ~ cHEIGHT + (1 | LOCATION) + (1 | INDEX)", data, "poisson")
    frame = fit.varcorr.frame.set_index("grp")
    shares = variance_shares(fit)
    assert shares["random"] == pytest.approx(frame.loc["LOCATION", "vcov"])
    assert shares["residual"] > frame.loc["INDEX", "vcov"]


def test_no_r2_for_a_link_without_variance():
    fit = lk.glmer("pos ~ temp + (1 | site)", load("counts"), lk.families.Binomial(link="cauchit"))
    with pytest.raises(lk.ModelError, match="cauchit"):
        fit.r2()


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
            fit_lmm(_kept(fit.design, keep), True, fit.theta, optimize=False)
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
