"""Cook's distance, leverage, DFBETAS: by row and by group."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.likelihood.lmm import fit_lmm
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
