"""The engine against brute force: no n x n matrix in there, one in here."""

import numpy as np
import pandas as pd
import pytest

from lmmkit import ModelError
from lmmkit.crossprod.layout import Layout
from lmmkit.crossprod.small_elimination import Arrangement
from lmmkit.design.design import build_design
from lmmkit.formula.parse import parse
from lmmkit.likelihood.fit_lmm import fit_criterion, fit_lmm
from lmmkit.likelihood.lmm import Criterion
from lmmkit.numerics.trust_region import differenced_hessian, minimise
from tests.random_designs import random_design

STRUCTURES = {
    "one scalar": "y ~ x + (1 | g)",
    "one vector": "y ~ x + (x | g)",
    "three effects": "y ~ x + (x + z | g)",
    "uncorrelated": "y ~ x + (x || g)",
    "slope only": "y ~ x + (0 + x | g)",
    "factor left side": "y ~ x + (0 + f | g)",
    "crossed": "y ~ x + (1 | g) + (1 | h)",
    "crossed vectors": "y ~ x + (x | g) + (z | h)",
    "nested": "y ~ x + (1 | g/s)",
    "nested vectors": "y ~ x + (x | g/s)",
    "three factors": "y ~ x + (x | g) + (1 | h) + (0 + z | s)",
    "two terms on a factor": "y ~ x + (1 | g) + (0 + x | g) + (z | h)",
    "no fixed effects": "y ~ 0 + (x | g) + (1 | h)",
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(7)
    n = 140
    frame = pd.DataFrame({"x": rng.normal(3, 2, n), "z": rng.normal(size=n), "w": rng.uniform(0.3, 3, n)})
    frame["g"] = rng.integers(0, 13, n)
    frame["h"] = rng.integers(0, 9, n)
    frame["s"] = rng.integers(0, 3, n)
    frame["f"] = rng.choice(list("abc"), n)
    frame["y"] = (
        frame.x + rng.normal(size=13)[frame.g] + rng.normal(size=9)[frame.h] * frame.z + rng.normal(size=n)
    )
    return frame


@pytest.fixture(params=["small", "dense", "sparse"])
def storage(request, monkeypatch):
    """All as one matrix, or the two ways to store the block between factors, on designs where each would do."""
    monkeypatch.setattr(Arrangement, "suits", lambda *_: request.param == "small")
    monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: request.param != "sparse" or not self.rest)


def brute_force(criterion, theta):
    design, n = criterion.design, criterion.n
    weights = np.ones(n) if design.weights is None else design.weights
    V = np.diag(1 / weights)
    for T, term in zip(criterion.to_original(theta), design.terms, strict=True):
        Z = np.zeros((n, len(term.levels), T.shape[0]))
        Z[np.arange(n), term.codes] = term.Z
        half = (Z @ T).reshape(n, -1)
        V += half @ half.T
    Vinv = np.linalg.inv(V)
    X, y, p = design.X, design.y - design.offset, criterion.p
    XVX = X.T @ Vinv @ X
    beta = np.linalg.solve(XVX, X.T @ Vinv @ y)
    r2 = (y - X @ beta) @ Vinv @ (y - X @ beta)
    nu = n - p if criterion.reml else n
    objective = np.linalg.slogdet(V)[1] + nu * (1 + np.log(2 * np.pi * r2 / nu))
    if criterion.reml:
        objective += np.linalg.slogdet(XVX)[1]
    return objective, beta, XVX, r2 / nu, V, Vinv


def design_of(formula, data, **options):
    return build_design(parse(formula), data, **options)


@pytest.mark.parametrize("reml", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["REML", "ML"])
@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_value_and_gradient(formula, reml, data, storage):
    criterion = Criterion(design_of(formula, data, weights=data.w), reml)
    m = len(criterion.identity())
    rng = np.random.default_rng(0)
    partly_zero = rng.normal(size=m) * (np.arange(m) % 2)
    for theta in (criterion.identity(), rng.normal(size=m), partly_zero, np.zeros(m)):
        point = criterion.point(theta)
        assert point.objective == pytest.approx(brute_force(criterion, theta)[0], abs=1e-8)
        h = 1e-5
        differences = [
            (criterion.point(theta + h * axis).objective - criterion.point(theta - h * axis).objective)
            / (2 * h)
            for axis in np.eye(m)
        ]
        np.testing.assert_allclose(criterion.gradient(point), differences, atol=1e-5, rtol=1e-6)
        if criterion.has_hessian:
            expected = differenced_hessian(criterion.trial, theta)
            np.testing.assert_allclose(criterion.hessian(point), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_everything_an_estimate_holds(formula, data, storage):
    design = design_of(formula, data, weights=data.w, offset=0.1 * data.z.to_numpy())
    fit = fit_lmm(design)
    criterion = Criterion(design)
    objective, beta, XVX, sigma2, _, Vinv = brute_force(criterion, criterion.from_original(fit.theta))
    assert fit.objective == pytest.approx(objective, abs=1e-7)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-7)
    assert fit.sigma**2 == pytest.approx(sigma2, rel=1e-9)
    if criterion.p:
        np.testing.assert_allclose(fit.cov_unscaled, np.linalg.inv(XVX), rtol=1e-7)
    residual = Vinv @ (design.y - design.offset - design.X @ beta)
    eta = design.X @ beta + design.offset
    for term, T, mode, cov in zip(design.terms, fit.factors, fit.modes, fit.conditional_cov(), strict=True):
        q, k = len(term.levels), T.shape[0]
        Z = np.zeros((criterion.n, q, k))
        Z[np.arange(criterion.n), term.codes] = term.Z
        expected = Z.reshape(criterion.n, -1).T @ residual
        np.testing.assert_allclose(mode, expected.reshape(q, k) @ (T @ T.T), atol=1e-6)
        eta = eta + np.einsum("nk,nk->n", term.Z, mode[term.codes])
        Sigma = T @ T.T
        blocks = np.einsum("nqa,nm,mqb->qab", Z, Vinv, Z)
        np.testing.assert_allclose(cov, Sigma - Sigma @ blocks @ Sigma, atol=1e-7)
    np.testing.assert_allclose(fit.fitted_eta, eta, atol=1e-7)


@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_curvature_is_close_to_the_hessian_at_the_optimum(formula, data):
    """Averaged information: right in expectation, so right to a factor here; exact in no direction."""
    criterion = Criterion(design_of(formula, data))
    search = minimise(criterion.trial, criterion.identity())
    curvature = criterion.curvature(search.state)
    assert np.linalg.eigvalsh(curvature)[0] > -1e-6
    h = 1e-4
    for axis in np.eye(len(search.x)):
        ahead, behind = criterion.point(search.x + h * axis), criterion.point(search.x - h * axis)
        second = axis @ (criterion.gradient(ahead) - criterion.gradient(behind)) / (2 * h)
        assert axis @ curvature @ axis == pytest.approx(second, rel=0.9, abs=1e-2)


def test_pieces_of_a_nested_design_stay_apart():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": np.repeat(np.arange(3000), 8), "b": np.tile(np.arange(4).repeat(2), 3000)})
    frame["y"] = rng.normal(size=3000)[frame.a] + rng.normal(size=len(frame))
    layout = Criterion(design_of("y ~ 1 + (1 | a/b)", frame)).layout
    assert not layout.dense
    assert layout.pieces.shape == (3000, 1)


def test_a_million_random_effects_need_no_square_matrix():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"child": np.repeat(np.arange(100_000), 2), "y": rng.normal(size=200_000)})
    frame["school"] = frame.child // 25
    frame["y"] += rng.normal(size=100_000)[frame.child] + 2 * rng.normal(size=4_000)[frame.school]
    fit = fit_lmm(design_of("y ~ 1 + (1 | school/child)", frame))
    sd = fit.sigma * np.concatenate([np.diag(T) for T in fit.factors])
    np.testing.assert_allclose([fit.sigma, *sd], [1, 1, 2], rtol=0.05)


def test_shift_and_scale_of_the_response(data):
    base = fit_lmm(design_of("y ~ x + (x | g) + (1 | h)", data))
    moved = fit_lmm(design_of("y ~ x + (x | g) + (1 | h)", data.assign(y=1e6 + 1e-3 * data.y)))
    np.testing.assert_allclose(moved.theta, base.theta, rtol=1e-4)
    assert moved.sigma == pytest.approx(1e-3 * base.sigma, rel=1e-6)
    assert moved.beta[0] == pytest.approx(1e6 + 1e-3 * base.beta[0], rel=1e-12)
    expected = base.objective + 2 * (len(data) - 2) * np.log(1e-3)
    assert moved.objective == pytest.approx(expected, abs=1e-4)


def test_origin_and_unit_of_a_covariate(data):
    base = fit_lmm(design_of("y ~ x + (x | g)", data))
    moved = fit_lmm(design_of("y ~ x + (x | g)", data.assign(x=5e4 + 1e3 * data.x)))
    assert moved.objective == pytest.approx(base.objective + 2 * np.log(1e3), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_row_order_and_level_names_do_not_matter(seed):
    random = random_design(seed)
    base = fit_lmm(design_of(random.formula, random.data, weights=random.weights), random.reml)
    order = np.random.default_rng(seed).permutation(len(random.data))
    shuffled = random.data.iloc[order].copy()
    for column in shuffled.columns[shuffled.columns.str.startswith("g")]:
        shuffled[column] = "level" + (1000 - shuffled[column]).astype(str)
    weights = None if random.weights is None else random.weights[order]
    again = fit_lmm(design_of(random.formula, shuffled, weights=weights), random.reml)
    assert again.objective == pytest.approx(base.objective, abs=1e-6)
    np.testing.assert_allclose(again.beta, base.beta, rtol=1e-3, atol=1e-4 * np.abs(base.beta).max())


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_no_restart_finds_a_better_optimum(block):
    """500 designs in 20 blocks, five random restarts each."""
    for seed in range(25 * block, 25 * (block + 1)):
        random = random_design(seed)
        criterion = Criterion(design_of(random.formula, random.data, weights=random.weights), random.reml)
        fit = fit_criterion(criterion)
        assert fit.converged, (seed, random.formula)
        rng = np.random.default_rng(seed)
        for _ in range(5):
            start = rng.normal(size=len(fit.theta)) * np.exp(rng.normal())
            other = minimise(criterion.trial, start).value
            assert fit.objective <= other + 1e-6, (seed, random.formula, fit.objective - other)


def test_a_new_response_gives_the_same_as_a_new_criterion(data):
    design = design_of("y ~ x + (x | g) + (1 | h)", data)
    criterion = Criterion(design)
    y = design.y**2
    criterion = criterion.with_response(y)
    fresh = fit_lmm(design_of("y2 ~ x + (x | g) + (1 | h)", data.assign(y2=y)))
    assert fit_criterion(criterion).objective == pytest.approx(fresh.objective, abs=1e-9)


def test_evaluating_without_searching(data):
    theta = np.array([0.7, 0.1, 0.2])
    fit = fit_lmm(design_of("y ~ x + (x | g)", data), start=theta, optimize=False)
    np.testing.assert_allclose(fit.theta, theta)
    assert fit.n_evaluations == 1


def test_a_start_of_the_wrong_length_is_refused(data):
    with pytest.raises(ModelError, match="start has 2 values, but theta of this model has 3"):
        fit_lmm(design_of("y ~ x + (x | g)", data), start=np.ones(2))


def test_a_constant_response_is_refused(data):
    with pytest.raises(ModelError, match="reproduced exactly by the fixed effects"):
        fit_lmm(design_of("y ~ x + (1 | g)", data.assign(y=3.0)))
