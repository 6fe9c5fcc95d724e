"""Random structured models: as low as from any other start, and the likelihood that the definition gives."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag

from lmmkit.design.design import build_design
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.lmm import Criterion
from lmmkit.numerics.trust_region import differenced_hessian, minimise

TAGS = ("cs", "ar1", "diag")


def random_design(seed):
    """A structured term of 2 to 6 columns, with and without other terms, weights, missing cells."""
    rng = np.random.default_rng(seed)
    k, groups, reps = int(rng.integers(2, 7)), int(rng.integers(5, 25)), int(rng.integers(1, 4))
    tag, hom = TAGS[seed % 3], bool(rng.integers(2))
    frame = pd.DataFrame(
        [(g, f) for g in range(groups) for f in range(k) for _ in range(reps)], columns=["g", "f"]
    )
    n = len(frame)
    frame["x"] = rng.normal(size=n)
    frame["h"] = rng.integers(0, 6, n)
    frame["w"] = rng.uniform(0.5, 2, n) if rng.random() < 0.3 else 1.0
    rho = rng.choice([-0.15, 0.0, 0.4, 0.8, 0.97])
    sds = rng.uniform(0.2, 2, k) * rng.choice([0.05, 1, 3])
    at = np.arange(k)
    R = rho ** np.abs(at[:, None] - at) if tag == "ar1" else np.where(np.eye(k) > 0, 1, rho * (tag == "cs"))
    effects = rng.multivariate_normal(np.zeros(k), sds[:, None] * R * sds, size=groups, check_valid="ignore")
    frame["y"] = (
        1 + 0.5 * frame["x"] + effects[frame["g"], frame["f"]] + rng.normal(size=6)[frame["h"]]
        + rng.normal(size=n) / np.sqrt(frame["w"])
    )  # fmt: skip
    if rng.random() < 0.4:
        frame = frame.sample(frac=0.8, random_state=seed)
    frame[["g", "f", "h"]] = frame[["g", "f", "h"]].astype(str)
    left = rng.choice(["0 + f", "1 + x"], p=[0.85, 0.15])
    others = rng.choice(["", " + (1 | h)", " + (x | h)"], p=[0.5, 0.3, 0.2])
    formula = f"y ~ x + {tag}({left} | g, hom = {str(hom).upper()}){others}"
    return build_design(formula, frame, weights="w"), bool(rng.integers(2))


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
            parts.append(structure.from_sds(sds, rng.uniform(-0.95, 0.98)))
        values.append(minimise(criterion.trial, np.concatenate(parts)).value)
    return min(values)


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(s, marks=pytest.mark.slow) for s in range(8, 40))]
)
def test_no_start_leads_lower_and_the_likelihood_is_the_definition_s(seed):
    design, reml = random_design(seed)
    fit = fit_lmm(design, reml)
    # With next to no residual variance (one row in each cell) rounding makes the criterion rough.
    rough = 1e-4 if np.abs(fit.par).max() > 1e3 else 1e-6
    assert fit.objective <= restarts(design, reml, 5, seed) + rough
    assert fit.objective == pytest.approx(dense_criterion(design, fit.par, reml), rel=1e-9, abs=rough)


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
