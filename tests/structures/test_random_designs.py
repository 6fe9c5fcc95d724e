"""Random structured models: as low as from any other start, and the likelihood that the definition gives."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.likelihood import theta
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.many_criterion import ManyCriterion
from lmmkit.likelihood.many_search import fit_responses
from lmmkit.numerics.trust_region import differenced_hessian, minimise
from tests.lme4_2_reference import load

#: Two valleys with little between them, effects that vanish but for another correlation, and rows that structured
#: effects explain one by one, so that the criterion is lowest, and level, at a residual variance of zero.
HARD = [47, 86, 165, 340, 425, 635, 662, 705, 1204, 2057, 6246, 7000]
#: Lowest where two of five effects are left out and the others correlate by one.
FACE = 4116
#: And where one of two terms vanishes.
ONE_TERM = 8050
FAR = 2e4  # standard deviations, relative to the residuals', at which rounding begins to be felt


def correlations(rng, k):
    """Of effects that follow one pattern or another, or none."""
    truth = ["cs", "ar1", "us", "none"][rng.integers(4)]
    rho = rng.uniform(-0.9 if truth == "ar1" else -0.9 / (k - 1), 0.98)
    lag = np.abs(np.subtract.outer(range(k), range(k)))
    if truth == "us":
        half = rng.normal(size=(k, k))
        size = np.sqrt((half**2).sum(axis=1))
        return half @ half.T / np.outer(size, size)
    return {"cs": np.where(lag == 0, 1, rho), "ar1": rho**lag, "none": np.eye(k)}[truth]


def without_some(rng, frame, seed):
    """Some rows or some cells missing, or none."""
    missing = rng.choice(["none", "rows", "cells"])
    if missing == "rows":
        return frame.sample(frac=0.75, random_state=seed)
    if missing == "cells":
        cells = frame[["g", "f"]].drop_duplicates().sample(frac=0.25, random_state=seed)
        gone = set(map(tuple, cells.to_numpy()))
        return frame[[cell not in gone for cell in zip(frame["g"], frame["f"], strict=True)]]
    return frame


def random_design(seed):
    """A structured term of 2 to 6 columns, with and without other terms, weights, missing cells; and REML or ML."""
    rng = np.random.default_rng([19, seed])
    k, groups, reps = int(rng.integers(2, 7)), int(rng.integers(4, 31)), int(rng.choice([1, 1, 2, 3]))
    tag, hom = ["cs", "ar1", "diag"][rng.integers(3)], bool(rng.integers(2))
    cells = [(g, f) for g in range(groups) for f in range(k) for _ in range(reps)]
    frame = pd.DataFrame(cells, columns=["g", "f"])
    n = len(frame)
    frame["x"], frame["z"] = rng.normal(rng.choice([0, 3]), 1, n), rng.normal(size=n)
    items = int(rng.integers(3, 9))
    frame["h"] = rng.integers(0, items, n)
    weighted = rng.random() < 0.3
    frame["w"] = rng.uniform(0.3, 3, n) if weighted else 1.0
    R = correlations(rng, k)
    sds = np.exp(rng.normal(0, 0.8, k)) * rng.choice([0.1, 0.5, 1, 3])
    if rng.random() < 0.2:
        sds[rng.integers(k)] = 0
    b = rng.multivariate_normal(np.zeros(k), sds[:, None] * R * sds, size=groups, check_valid="ignore")
    left = rng.choice(["0 + f", "1 + x", "f", "x + z"], p=[0.65, 0.15, 0.1, 0.1])
    g = frame["g"]
    if "x" in left:
        effects = b[g, 0] + b[g, 1] * frame["x"] + (b[g, 2 % k] * frame["z"] if "z" in left else 0)
    else:
        effects = b[g, frame["f"]]
    mean = 1 + 0.5 * frame["x"] + effects + rng.normal(0, rng.choice([0, 1]), items)[frame["h"]]
    frame["y"] = mean + rng.normal(size=n) / np.sqrt(frame["w"])
    frame = without_some(rng, frame, seed).copy()
    frame[["g", "f", "h"]] = frame[["g", "f", "h"]].astype(str)
    others = ["", " + (1 | h)", " + (x | h)", " + diag(x | h)", " + (1 | g:h)"]
    other = rng.choice(others, p=[0.45, 0.25, 0.1, 0.1, 0.1])
    fixed = rng.choice(["x", "x + f", "1", "x"])
    formula = f"y ~ {fixed} + {tag}({left} | g, hom = {str(hom).upper()}){other}"
    design = build_design(formula, frame.reset_index(drop=True), weights="w" if weighted else None)
    return design, bool(rng.integers(2))


def dense_criterion(design, par, reml):
    """-2 log-likelihood or the REML criterion, from the n x n covariance of the definition."""
    n, p = design.X.shape
    V, start = np.diag(1 / design.row_weights), 0
    for term in design.terms:
        own = par[start : start + term.structure.size]
        start += term.structure.size
        Z = np.zeros((n, len(term.levels) * term.Z.shape[1]))
        for i, code in enumerate(term.codes):
            Z[i, code * term.Z.shape[1] : (code + 1) * term.Z.shape[1]] = term.Z[i]
        k, bar = term.Z.shape[1], term.bar
        if bar.tag == "us":
            T = np.zeros((k, k))
            T[np.triu_indices(k)[::-1]] = own
            one = T @ T.T
        else:
            sds = np.full(k, own[0]) if bar.homogeneous else own[:k]
            at = np.arange(k)
            lag = np.abs(at[:, None] - at)
            R = own[-1] ** lag if bar.tag == "ar1" else np.where(lag == 0, 1.0, own[-1] * (bar.tag == "cs"))
            one = sds[:, None] * R * sds
        V = V + Z @ block_diag(*[one] * len(term.levels)) @ Z.T
    L = np.linalg.cholesky(V)
    X, y = np.linalg.solve(L, design.X), np.linalg.solve(L, design.y - design.offset)
    Q, R = np.linalg.qr(X)
    r2 = float(y @ y - (Q.T @ y) @ (Q.T @ y))
    nu = n - p if reml else n
    value = 2 * np.log(np.diag(L)).sum() + nu * (1 + np.log(2 * np.pi * r2 / nu))
    return value + (2 * np.log(np.abs(np.diag(R))).sum() if reml else 0.0)


def restarts(design, reml, count, seed):
    """The lowest end of searches from random parameters."""
    criterion, rng = Criterion(design, reml), np.random.default_rng(seed)
    values = []
    for _ in range(count):
        parts = []
        for structure in criterion.structures:
            sds = np.exp(rng.normal(0, 1.2, structure.k))
            parts.append(structure.from_sds(sds, rng.uniform(-0.97, 0.99)))
        end = minimise(criterion.trial, np.concatenate(parts), max_evaluations=200)
        share = min(1.0, FAR / max(float(np.abs(T).max()) for T in criterion.split(end.x)))
        values.append(criterion.trial(criterion.nearer_zero(end.x, share)).value)
    return min(values)


@pytest.mark.parametrize(
    "seed",
    [*range(6), FACE, ONE_TERM, *(pytest.param(s, marks=pytest.mark.slow) for s in [*range(6, 26), *HARD])],
)
def test_no_start_leads_lower_and_the_likelihood_is_the_definition_s(seed):
    design, reml = random_design(seed)
    fit = fit_lmm(design, reml)
    rough = 2e-5 if np.abs(fit.par).max() > 5e3 else 1e-6  # far out rounding is felt
    assert fit.converged and not fit.endless
    assert fit.objective <= restarts(design, reml, 5, seed) + rough
    assert fit.objective == pytest.approx(dense_criterion(design, fit.par, reml), rel=1e-9, abs=rough)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [340, 425, 662])
def test_many_responses_find_the_same_valleys(seed):
    design, reml = random_design(seed)
    other = np.random.default_rng(seed).normal(size=len(design.y))
    Y = np.array([design.y, other, design.y + other])
    _, optima = fit_responses(ManyCriterion(design, reml), Y)
    alone = [fit_lmm(replace(design, y=y), reml).objective for y in Y]
    np.testing.assert_allclose(optima.objective, alone, atol=2e-6)


def test_effects_that_explain_each_row_are_looked_for_where_they_are_alike_too():
    # 18 rows of 5 groups, a row in a cell: estimates by moments have the second effect 50 times as large as others.
    g, f = list("011431224404321322"), list("421005505114334142")
    y = [-4.49, -1.54, -43.46, 2.98, 2.53, -0.3, -0.6, 3.0, -0.66]
    y += [-3.28, -58.71, -0.11, 0.38, -0.49, -3.39, -11.34, -1.35, 1.62]
    frame = pd.DataFrame({"g": g, "f": f, "y": y})
    design = build_design("y ~ 1 + ar1(0 + f | g, hom = FALSE)", frame)
    fit = fit_lmm(design, reml=False)
    assert fit.converged
    # Where the lowest of sixty searches from random parameters ended.
    known = np.array([2719.232452, 121538.491, 11787.699, 18321.61695, 18475.71868, 13827.16892, 0.976548])
    assert fit.objective <= dense_criterion(design, known, False) + 1e-4


@pytest.mark.slow
def test_what_falls_for_ever_is_told_from_what_levels_out():
    # 12 rows, 15 fixed and random effects: the likelihood rises for ever. 105 rows explained one by one: it does not.
    assert fit_lmm(*random_design(436)).endless
    # One row in each cell: the residual variance is a part of the cells', and any share of it fits as well.
    flat = lk.lmer("yield ~ nf + cs(0 + Variety | Block/nf, hom = TRUE)", load("Oats"))
    assert not flat.estimate.endless and flat.converged
    # Four groups: there are multiples of the five effects whose sum, without variance at the least correlation, is
    # the same in all of them, so the likelihood rises for ever; next to it lies a valley of finite effects.
    frame = pd.DataFrame([(str(g), str(f)) for g in range(4) for f in range(5)], columns=["g", "f"])
    frame["y"] = np.random.default_rng(36).normal(size=20)
    assert fit_lmm(build_design("y ~ f + cs(0 + f | g, hom = FALSE)", frame), reml=False).endless
    # Where on the level part a search stops is not determined.
    level = fit_lmm(*random_design(47))
    assert level.converged and not level.endless and level.par.max() > theta.FAR


@pytest.mark.parametrize("seed", range(6))
def test_the_gradient_is_that_of_the_criterion(seed):
    design, reml = random_design(seed)
    criterion, rng = Criterion(design, reml), np.random.default_rng(seed)
    x = criterion.identity() + 0.3 * rng.normal(size=criterion.of_term[-1].stop)
    point = criterion.point(x)
    gradient = criterion.gradient(point)
    h = 1e-5
    differences = [
        (criterion.point(x + h * e).objective - criterion.point(x - h * e).objective) / (2 * h)
        for e in np.eye(len(x))
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-5)
    if criterion.has_hessian:
        expected = differenced_hessian(criterion.trial, x)
        np.testing.assert_allclose(criterion.hessian(point), expected, rtol=1e-5, atol=1e-5)
