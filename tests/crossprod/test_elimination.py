"""Solutions with ``S = Lambda'Z'Z Lambda + I``, in each of its storages, against the matrix written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmmkit.crossprod.elimination import DenseElimination
from lmmkit.crossprod.layout import Layout
from lmmkit.crossprod.small_elimination import SmallElimination
from lmmkit.crossprod.sparse_elimination import SparseElimination
from lmmkit.design.design import build_design
from lmmkit.likelihood.lmm import Criterion

KINDS = {"small": SmallElimination, "dense": DenseElimination, "sparse": SparseElimination}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("formula", ["y ~ x + (x | a) + (1 | b) + (1 | c)", "y ~ x + (x | a)"])
def test_spherical_effects_solve_their_equations(formula, kind, monkeypatch):
    rng = np.random.default_rng(8)
    data = pd.DataFrame(
        {"a": rng.integers(0, 12, 80), "b": rng.integers(0, 9, 80), "c": rng.integers(0, 7, 80)}
    )
    data["x"], data["y"] = rng.normal(size=(2, 80))
    if kind == "sparse":
        monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: "b" not in formula)
        monkeypatch.setattr(Layout, "SPARSE_FROM", 1)
        monkeypatch.setattr(Layout, "SPARSE_FILL", 90.0)
    criterion = Criterion(build_design(formula, data))
    if kind != "small":
        criterion.arrangement = None
    layout, roots = (
        criterion.layout,
        criterion.roots(criterion.split(rng.normal(size=criterion.of_term[-1].stop))),
    )
    elimination = criterion._eliminate(roots)
    if "b" in formula:
        assert isinstance(elimination, KINDS[kind])
    columns = []
    for factor, root in zip(layout.factors, roots, strict=True):
        Z = np.zeros((80, factor.q, factor.k))
        Z[np.arange(80), factor.codes] = factor.Z @ root
        columns.append(Z.reshape(80, -1))
    half = np.concatenate(columns, axis=1)
    right = rng.normal(size=(half.shape[1], 3))
    lead = layout.lead.q * layout.lead.k
    solved = elimination.solve_spherical(right[:lead].reshape(layout.lead.q, layout.lead.k, 3), right[lead:])
    flat = np.concatenate([own.reshape(-1, 3) for own in solved])
    np.testing.assert_allclose(half.T @ (half @ flat) + flat, right, atol=1e-10)
