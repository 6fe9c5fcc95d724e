"""Posterior variances on the pattern of Z'Z, against the dense inverse."""

import numpy as np
import pandas as pd
import pytest

from lmmkit.crossprod.blocks import ListedCross
from lmmkit.crossprod.conditional_variances import VariancePattern
from lmmkit.crossprod.factors import factors_of
from lmmkit.crossprod.layout import Layout
from lmmkit.design.design import build_design
from lmmkit.likelihood.pirls import Precision, dot, scaled_back, sums_of


def setting(kind, seed=5):
    """A layout with its dense Z, roots and weights."""
    rng = np.random.default_rng(seed)
    n = 240
    data = pd.DataFrame({"y": rng.normal(size=n), "x": rng.normal(size=n)})
    data["a"], data["b"], data["c"] = (rng.integers(0, q, n).astype(str) for q in (23, 7, 4))
    data["inside"] = data["b"] + "." + pd.Series(rng.integers(0, 6, n).astype(str))
    bars = {
        "one": "(x | a)",
        "crossed": "(x | a) + (1 | b) + (x || c)",
        "nested": "(x | inside) + (x | b)",
    }[kind]
    design = build_design(f"y ~ 1 + {bars}", data)
    layout = Layout(factors_of(design.terms))
    roots = []
    for factor in layout.factors:
        roots.append(np.tril(rng.normal(size=(factor.k, factor.k))))
    Z = np.zeros((n, sum(factor.q * factor.k for factor in layout.factors)))
    Lambda = np.zeros((Z.shape[1], Z.shape[1]))
    start = 0
    for factor, root in zip(layout.factors, roots, strict=True):
        for level in range(factor.q):
            own = slice(start, start + factor.k)
            Z[:, own] = factor.Z * (factor.codes == level)[:, None]
            Lambda[own, own] = root
            start += factor.k
    return layout, roots, Z, Lambda, rng.uniform(0.1, 2, n)


WAYS = [("one", "dense")]
WAYS += [(kind, way) for kind in ("crossed", "nested") for way in ("dense", "list", "slabs")]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_leverages_and_variances(kind, way, monkeypatch):
    if way != "dense":
        monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: False)
        monkeypatch.setattr(ListedCross, "MOST_PAIRS", 10**9 if way == "list" else 0)
    layout, roots, Z, Lambda, weights = setting(kind)
    assert (layout.dense, isinstance(layout.cross, ListedCross)) == (way == "dense", way == "list")
    precision = Precision(layout, roots, weights)
    M = Lambda.T @ (Z.T * weights) @ Z @ Lambda + np.eye(Z.shape[1])
    K = Lambda @ np.linalg.solve(M, Lambda.T)
    pattern = VariancePattern(layout)
    variances = precision.variances(pattern)
    np.testing.assert_allclose(pattern.leverages(variances), np.einsum("ij,jk,ik->i", Z, K, Z), rtol=1e-9)
    assert precision.logdet == pytest.approx(np.linalg.slogdet(M)[1], rel=1e-11)
    start = 0
    for factor, own in zip(layout.factors, variances.own, strict=True):
        for level in range(factor.q):
            here = slice(start, start + factor.k)
            np.testing.assert_allclose(own[level], K[here, here], rtol=1e-8, atol=1e-12)
            start += factor.k


@pytest.mark.parametrize(
    ("kind", "dense"),
    [("one", True), ("crossed", True), ("crossed", False), ("nested", True), ("nested", False)],
)
def test_solve_and_shrunk(kind, dense, monkeypatch):
    if not dense:
        monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: False)
    layout, roots, Z, Lambda, weights = setting(kind)
    precision = Precision(layout, roots, weights)
    G = (Z.T * weights) @ Z
    M = Lambda.T @ G @ Lambda + np.eye(Z.shape[1])
    values = np.random.default_rng(1).normal(size=len(weights))
    right = sums_of(layout, values)

    def joined(parts):
        return np.concatenate([part.ravel() for part in parts])

    np.testing.assert_allclose(joined(right), Z.T @ values, atol=1e-12)
    spherical = scaled_back(right, roots)
    np.testing.assert_allclose(joined(spherical), Lambda.T @ Z.T @ values, atol=1e-11)
    solved = np.linalg.solve(M, joined(spherical))
    np.testing.assert_allclose(joined(precision.solve(spherical)), solved, rtol=1e-9, atol=1e-11)
    shrunk = np.linalg.solve(np.eye(len(G)) + G @ Lambda @ Lambda.T, joined(right))
    np.testing.assert_allclose(joined(precision.shrunk(right)), shrunk, rtol=1e-8, atol=1e-10)
    assert dot(right, right) == pytest.approx(float(joined(right) @ joined(right)))
