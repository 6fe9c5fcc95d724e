"""A family of lines: the state decides the formula, and the fit finds what was set."""

import numpy as np
import pytest
from scipy.optimize import minimize

from lmmkit.course import explorers
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.random_effects.result


@pytest.mark.parametrize(
    ("sd_intercept", "sd_slope", "correlation", "case", "formula"),
    [
        (0.0, 0.0, 0.5, "fixed effects only", "y ~ x"),
        (2.0, 0.0, 0.5, "random intercept", "y ~ x + (1 | group)"),
        (0.0, 1.0, 0.5, "random slope", "y ~ x + (0 + x | group)"),
        (2.0, 1.0, 0.5, "both", "y ~ x + (x | group)"),
        (2.0, 1.0, 0.0, "both", "y ~ x + (x || group)"),
    ],
)
def test_case_and_formula(sd_intercept, sd_slope, correlation, case, formula):
    r = result(sd_intercept=sd_intercept, sd_slope=sd_slope, correlation=correlation)
    assert (r.case, r.formula) == (case, formula)
    assert set(r.found) <= set(r.truth)
    assert np.ptp(r.lines[:, 0]) == pytest.approx(0, abs=1e-12) or sd_intercept > 0
    assert np.ptp(r.lines[:, 1]) == pytest.approx(0, abs=1e-12) or sd_slope > 0


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_perfect_correlation_makes_one_variable_of_two(correlation):
    r = result(correlation=correlation)
    assert np.corrcoef(r.lines.T)[0, 1] == pytest.approx(correlation)
    assert r.found["correlation"] == pytest.approx(correlation, abs=0.15)


def test_without_residual_noise_the_lines_are_found():
    r = result(sigma=0.0, groups=12)
    assert r.found["sigma"] < 1e-3
    assert r.found["SD of intercepts"] == pytest.approx(r.lines[:, 0].std(ddof=1), rel=1e-3)
    assert r.found["SD of slopes"] == pytest.approx(r.lines[:, 1].std(ddof=1), rel=1e-3)


def test_one_group():
    r = result(groups=1)
    assert r.found == {} and "one group only" in explorers.random_effects.sentence(r)
    assert result(groups=1, sd_intercept=0.0, sd_slope=0.0).found.keys() == {"sigma"}


KINDS = {
    "y ~ x + (1 | group)": ("SD of intercepts",),
    "y ~ x + (0 + x | group)": ("SD of slopes",),
    "y ~ x + (x || group)": ("SD of intercepts", "SD of slopes"),
    "y ~ x + (x | group)": ("SD of intercepts", "SD of slopes", "correlation"),
}


def covariance(values, formula):
    """Covariance matrix of intercept and slope, over the residual variance, of parameters (SDs, angle)."""
    D = np.zeros((2, 2))
    if formula == "y ~ x + (x | group)":
        a, b, rho = values[0], values[1], np.tanh(values[2])
        return np.array([[a * a, rho * a * b], [rho * a * b, b * b]])
    for value, name in zip(values, KINDS[formula], strict=True):
        at = 0 if name == "SD of intercepts" else 1
        D[at, at] = value**2
    return D


def criterion(r, D):
    """REML criterion with a covariance matrix of the effects over the residual variance.

    All groups have the same x, so the inverse of one group's covariance matrix serves all.
    """
    groups = r.data["group"].nunique()
    X = np.column_stack([np.ones(6), np.arange(6.0)])
    Y = r.data["y"].to_numpy().reshape(groups, 6)
    V = np.eye(6) + X @ D @ X.T
    inverse = np.linalg.inv(V)
    A = groups * X.T @ inverse @ X
    beta = np.linalg.solve(A, X.T @ inverse @ Y.sum(0))
    left = Y - X @ beta
    df = 6 * groups - 2
    sigma2 = np.einsum("gi,ij,gj->", left, inverse, left) / df
    value = groups * np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1]
    return value + df * (1 + np.log(2 * np.pi * sigma2))


def test_the_criterion_of_these_tests_is_that_of_whole_matrices():
    r = result(groups=5)
    D = np.array([[2.0, -0.3], [-0.3, 0.4]])
    x = r.data["x"].to_numpy()
    X = np.column_stack([np.ones_like(x), x])
    codes = np.unique(r.data["group"], return_inverse=True)[1]
    V = np.eye(len(x)) + (codes[:, None] == codes) * (X @ D @ X.T)
    assert criterion(r, D) == pytest.approx(brute.gls(r.data["y"].to_numpy(), X, V).criterion)


def holds(state, r, words):
    """The case, what was set, and a fit that no search from other places improves."""
    a, b, rho = state["sd_intercept"], state["sd_slope"], state["correlation"]
    formula = {(0, 0): "y ~ x", (1, 0): "y ~ x + (1 | group)", (0, 1): "y ~ x + (0 + x | group)"}.get(
        (a > 0, b > 0), "y ~ x + (x || group)" if rho == 0 else "y ~ x + (x | group)"
    )  # fmt: skip
    x, y = r.data["x"].to_numpy(), r.data["y"].to_numpy()
    if "|" not in formula:
        line = brute.least_squares(np.column_stack([np.ones_like(x), x]), y)
        told, was = found("finds sigma # (set: #)", words)
        assert same(told, np.sqrt(line.rss / line.df)) and same(was, state["sigma"])
        return
    if state["groups"] == 1:
        assert "one group only" in words
        return
    assert f", {formula}: " in words
    said = {}
    for name, was in (
        ("SD of intercepts", a),
        ("SD of slopes", b),
        ("correlation", rho),
        ("sigma", state["sigma"]),
    ):
        if f"{name} " in words.replace("no correlation beside", ""):
            try:
                said[name], told = found(f"{name} # (set: #)", words)
            except AssertionError:
                continue
            assert same(told, was), words
    assert set(said) <= {*KINDS[formula], "sigma"} and "sigma" in said, words
    if state["sigma"] == 0:
        assert "nothing is fitted" in words and "the fit" not in words
        lines = own_lines(r)
        for name, value in (
            ("SD of intercepts", lines[:, 0].std(ddof=1)),
            ("SD of slopes", lines[:, 1].std(ddof=1)),
        ):
            if name in said:
                assert same(said[name], value, room=1e-6)
        if "correlation" in said:
            assert same(said["correlation"], np.corrcoef(lines.T)[0, 1], room=1e-6)
        return
    D = covariance_found(r)
    here = criterion(r, D / r.found["sigma"] ** 2)
    starts = [(1, 1, 0.5), (0.05, 0.05, -0.5), (3, 0.01, 0.0), (0.01, 1, 0.0)]
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 1500}
    searches = [
        minimize(
            lambda v: criterion(r, covariance(v, formula)),
            np.array(start[: len(KINDS[formula])], float),
            method="Nelder-Mead",
            options=options,
        )
        for start in starts
    ]
    best = min(searches, key=lambda search: search.fun)
    assert here < best.fun + 2e-3, (state, words, best)
    used = [i for i, name in enumerate(("SD of intercepts", "SD of slopes")) if name in KINDS[formula]]
    eigenvalues = np.linalg.eigvalsh(D[np.ix_(used, used)])
    singular = eigenvalues[0] <= 1e-8 * max(eigenvalues[-1], r.found["sigma"] ** 2)
    assert ("the fit is singular" in words) == singular, (state, words)
    if singular:
        true = abs(rho) == 1 and formula == "y ~ x + (x | group)"
        assert ("and so is the truth" in words) == true
    for name, value in r.found.items():
        assert same(said[name], value), (name, words)


def own_lines(r):
    """Each group's own line, by least squares."""
    return np.array([np.polyfit(g["x"], g["y"], 1)[::-1] for _, g in r.data.groupby("group")])


def covariance_found(r):
    """What the sentence's numbers say of the effects' covariance matrix."""
    a, b = r.found.get("SD of intercepts", 0.0), r.found.get("SD of slopes", 0.0)
    c = r.found.get("correlation", 0.0) * a * b
    return np.array([[a * a, c], [c, b * b]])


def test_sentences_of_a_few_states():
    for state, r, words in sweep("random_effects", 4):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("random_effects", 160, seed=2):
        holds(state, r, words)


def test_where_no_sd_is_found_there_is_no_correlation():
    state = {
        "sd_intercept": 1.0,
        "sd_slope": 0.3,
        "correlation": -0.6,
        "sigma": 2.3,
        "groups": 11,
        "seed": 1072,
    }
    words = explorers.random_effects.sentence(result(**state))
    assert "no correlation beside an SD of 0" in words and "nan" not in words
