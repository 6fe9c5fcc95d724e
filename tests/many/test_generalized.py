"""Many counts, shares and amounts at once: each response gets the fit that it would get alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.families import Binomial, Family, Gamma, NegativeBinomial, Poisson
from lmmkit.formula.parse import parse
from lmmkit.likelihood.glmm import GlmmCriterion
from lmmkit.likelihood.many_glmm import LaplacePoints, ManyGlmmCriterion
from tests.lme4_reference import CASES, load
from tests.many.test_fit_many import STRUCTURES

FAMILIES: dict[str, Family] = {
    "poisson": Poisson(),
    "negative_binomial": NegativeBinomial(),
    "expected information": NegativeBinomial(information="expected"),
    "known dispersion": NegativeBinomial(theta=2.0),
    "logit": Binomial(),
    "probit": Binomial(link="probit"),
    "cloglog": Binomial(link="cloglog"),
    "gamma": Gamma(),
}
#: Each structure with four families, each family with five structures.
PAIRS = list(zip(4 * list(STRUCTURES), 5 * list(FAMILIES), strict=True))


def samples(seed: int, n: int = 120) -> pd.DataFrame:
    """Rows with two predictors and three grouping factors."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    for name, levels in (("g", 12), ("h", 8), ("s", 3)):
        frame[name] = rng.integers(0, levels, n)
    return frame.assign(f=rng.choice(list("abc"), n), size=rng.uniform(-0.5, 0.5, n))


def responses(data: pd.DataFrame, family: Family, B: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Responses with large, small and vanishing variances, and the numbers of trials of shares."""
    rng = np.random.default_rng(seed)
    n = len(data)
    eta = rng.normal(1, 0.7, (B, 1)) + rng.normal(0, 0.4, (B, 1)) * data["x"].to_numpy()
    for name in "ghs":
        codes = data[name].to_numpy()
        size = np.exp(rng.normal(-0.7, 0.6, (B, 1))) * (rng.random((B, 1)) < 0.6)
        eta = eta + size * rng.standard_normal((B, codes.max() + 1))[:, codes]
        slope = 0.3 * (rng.random((B, 1)) < 0.4)
        eta = eta + slope * rng.standard_normal((B, codes.max() + 1))[:, codes] * data["x"].to_numpy()
    if family.name == "binomial":
        trials = rng.integers(1, 8, (B, n)).astype(float)
        return rng.binomial(trials.astype(int), 1 / (1 + np.exp(1 - eta))) / trials, trials
    mu = np.exp(np.minimum(eta, 6))
    if family.name == "gamma":
        return rng.gamma(2, mu / 2), None
    size = 2.0 if family.name == "negative_binomial" else 50.0
    return rng.poisson(mu * rng.gamma(size, 1 / size, (B, n))).astype(float), None


def criteria(formula: str, family: Family, B: int, seed: int = 1):
    data = samples(seed)
    Y, trials = responses(data, family, B, seed)
    design = build_design(parse("y " + formula), data.assign(y=Y[0]))
    many = ManyGlmmCriterion(design, family)
    weights = None if trials is None else trials.T
    constant = None if family.estimates_dispersion else family.constant_rows(Y.T, weights).sum(axis=0)
    return design, many, Y, trials, (Y.T.copy(), weights, constant)


@pytest.mark.parametrize(("structure", "family"), PAIRS)
def test_criterion_gradient_and_curvature_are_those_of_single_responses(structure, family):
    design, many, Y, trials, data = criteria(STRUCTURES[structure], FAMILIES[family], 3)
    x = np.random.default_rng(2).normal(0, 0.3, (3, many.size))
    x[1, : many.m] = 0.0
    points = LaplacePoints(many, x, data, many.nothing(3))
    gradient, curvature = points.gradient(), points.curvature()
    for b in range(3):
        own = None if trials is None else trials[b]
        single = GlmmCriterion(replace(design, y=Y[b], weights=own), FAMILIES[family])
        point = single.point(x[b])
        assert points.objective[b] == pytest.approx(point.objective, rel=1e-12)
        np.testing.assert_allclose(gradient[b], single.gradient(point), rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(curvature[b], single.curvature(point), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_is_the_slope_of_the_criterion(family):
    _, many, _, _, data = criteria(STRUCTURES["crossed vectors"], FAMILIES[family], 2)
    x = np.random.default_rng(3).normal(0.3, 0.2, (2, many.size))
    gradient = LaplacePoints(many, x, data, many.nothing(2)).gradient()
    for i in range(many.size):
        shift = 1e-5 * (np.arange(many.size) == i)
        ends = [LaplacePoints(many, x + side * shift, data, many.nothing(2)).objective for side in (1, -1)]
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-5, gradient[:, i], rtol=1e-5, atol=1e-5)


def compare(formula: str, family: Family, B: int, seed: int) -> None:
    data = samples(seed)
    Y, trials = responses(data, family, B, seed + 1)
    fits = lk.fit_many(Y, formula, data, family=family, weights=trials, progress=False)
    for b in range(B):
        status = fits.status.iloc[b]
        if status["failed"]:
            continue
        one = fits.fit(b)
        assert status["objective"] <= -2 * one.loglik + 1e-6, (formula, family, seed, b)
        if status["objective"] < -2 * one.loglik - 1e-6 or not (status["converged"] and one.converged):
            continue
        np.testing.assert_allclose((fits.fixef.iloc[b] - one.fixef) / one.se, 0, atol=1e-4)
        np.testing.assert_allclose(fits.se.iloc[b] / one.se, 1, atol=1e-3)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "logit"])
def test_each_response_gets_its_own_fit(family):
    compare("~ x + offset(size) + (1 | g)", FAMILIES[family], 3, 5)


@pytest.mark.slow
@pytest.mark.parametrize(("structure", "family"), PAIRS)
def test_never_worse_than_one_by_one(structure, family):
    compare(STRUCTURES[structure], FAMILIES[family], 4, 11)


def test_cbpp_is_lme4s():
    herds, case = load("cbpp"), CASES["cbpp"]
    assert case["formula"].startswith("cbind(incidence, size - incidence) ~ ")
    share = (herds["incidence"] / herds["size"]).to_numpy()[None]
    formula = "~" + case["formula"].partition("~")[2]
    fits = lk.fit_many(share, formula, herds, family="binomial", weights="size", progress=False)
    np.testing.assert_allclose(fits.fixef.iloc[0], list(case["fixef"].values()), rtol=1e-4)
    np.testing.assert_allclose(fits.se.iloc[0], list(case["se"].values()), rtol=1e-3)


@pytest.fixture(scope="module")
def counts() -> tuple[pd.DataFrame, np.ndarray]:
    data = samples(4)
    return data, responses(data, Poisson(), 8, 4)[0]


def test_every_response_keeps_its_row(counts):
    data, Y = counts
    Y = Y.copy()
    Y[0], Y[1, 3], Y[2, 5], Y[3, 4], Y[4] = 0, np.nan, 2.5, np.inf, np.nan
    fits = lk.fit_many(Y, "~ x + (1 | g)", data, family="poisson", progress=False)
    assert fits.status["failed"].tolist() == [True, False, True, True, True, False, False, False]
    assert fits.status["n_obs"].tolist() == [120, 119, 120, 120, 0, 120, 120, 120]
    said = fits.status["message"]
    assert "is 0" in said[0] and "2.5 in row 6" in said[2] and "infinite" in said[3] and "no rows" in said[4]
    assert fits.fixef.iloc[[0, 2, 3, 4]].isna().all().all()
    assert fits.status["objective"][1] == pytest.approx(-2 * fits.fit(1).loglik, abs=1e-6)
    assert "4 of 8 responses could not be fitted" in repr(fits)


def test_wald_tests_are_those_of_the_single_fit(counts):
    data, Y = counts
    fits = lk.fit_many(Y[:2], "~ x + (1 | g)", data, family="poisson", progress=False)
    alone = fits.fit(1).coef_table().loc["x"]
    row = fits.tests("x").iloc[1]
    assert row["df"] == np.inf
    assert row["statistic"] == pytest.approx(alone["statistic"], rel=1e-3)
    assert row["p_value"] == pytest.approx(alone["p_value"], rel=1e-2)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "gamma", "logit"])
def test_shares_are_those_of_r2(family):
    data = samples(6)
    Y, trials = responses(data, FAMILIES[family], 2, 6)
    formula = "~ x + (1 | g) + (1 | h)"
    parts = lk.variance_partition(Y, formula, data, family=FAMILIES[family], weights=trials, progress=False)
    np.testing.assert_allclose(parts.sum(axis=1), 1.0)
    fits = lk.fit_many(Y, formula, data, family=FAMILIES[family], weights=trials, progress=False)
    pd.testing.assert_frame_equal(pd.DataFrame(fits.fractions), pd.DataFrame(parts), rtol=1e-6)
    for b in range(2):
        shares = fits.fit(b).r2()
        # R² has the sample variance of the fixed part, shares have the population's
        odds = (1 - shares["conditional"]) / (shares["conditional"] - shares["marginal"])
        row = parts.iloc[b]
        assert row["Residuals"] / (row["g"] + row["h"]) == pytest.approx(odds, rel=1e-4)


def test_weights_of_each_response_count(counts):
    data, Y = counts
    W = np.random.default_rng(1).uniform(0.5, 2, Y.shape)
    linear = lk.fit_many(np.log1p(Y[:3]), "~ x + (1 | g)", data, weights=W[:3], progress=False)
    alone = lk.lmer("y ~ x + (1 | g)", data.assign(y=np.log1p(Y[2])), weights=W[2])
    np.testing.assert_allclose(linear.fixef.iloc[2], alone.fixef, rtol=1e-6)
    np.testing.assert_allclose(linear.fit(2).fixef, alone.fixef, rtol=1e-6)
    with pytest.raises(lk.DataError, match="weights are a table of 2 by 120"):
        lk.fit_many(Y, "~ x + (1 | g)", data, weights=W[:2])
    with pytest.raises(lk.DataError, match="must not be negative"):
        lk.fit_many(Y, "~ x + (1 | g)", data, weights=-W)
    frame = pd.DataFrame(Y, index=[f"gene{b}" for b in range(len(Y))])
    with pytest.raises(lk.DataError, match="other row or column names"):
        lk.fit_many(frame, "~ x + (1 | g)", data, weights=pd.DataFrame(W))


def test_a_family_without_a_batch_is_refused(counts):
    data, Y = counts
    with pytest.raises(lk.ModelError, match="fit others one by one"):
        lk.fit_many(Y, "~ x + (1 | g)", data, family="beta")


def test_a_link_with_two_branches_is_fitted_one_by_one(counts):
    data, Y = counts
    fits = lk.fit_many(Y[:1], "~ x + (1 | g)", data, family=Poisson(link="sqrt"), progress=False)
    assert fits.status["objective"][0] == pytest.approx(-2 * fits.fit(0).loglik, abs=1e-8)
