"""The block among the factors of the rest, stored each way, against ``Z'WZ`` written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmmkit.crossprod.blocks import ListedCross
from lmmkit.crossprod.factors import factors_of
from lmmkit.crossprod.layout import Layout
from lmmkit.crossprod.pieces import Pieces
from lmmkit.crossprod.rest import DenseRest, EntriesRest, SparseRest
from lmmkit.design.design import build_design

FORMULA = "y ~ x + (1 | row) + (x | a) + (1 | b)"


@pytest.fixture(scope="module")
def layout() -> Layout:
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"row": np.arange(80) // 2, "a": rng.integers(0, 9, 80), "b": rng.integers(0, 7, 80)})
    data["x"], data["y"] = rng.normal(size=(2, 80))
    return Layout(factors_of(build_design(FORMULA, data).terms))


@pytest.fixture(params=["dense", "entries", "sparse"])
def block(request, layout, monkeypatch):
    if request.param == "dense":
        assert isinstance(layout.rest_block, DenseRest)
        return layout.rest_block
    monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: False)
    if request.param == "entries":
        monkeypatch.setattr(ListedCross, "MOST_PAIRS", 0)
        block = Layout(layout.factors, sparse=True).rest_block
        assert type(block) is EntriesRest
        return block
    monkeypatch.setattr(Layout, "SPARSE_FROM", 1)
    monkeypatch.setattr(Layout, "SPARSE_FILL", 10.0)
    block = Layout(layout.factors, sparse=True).rest_block
    assert isinstance(block, SparseRest)
    return block


def rest_columns(layout: Layout) -> np.ndarray:
    """``rest`` with all its zeros, (n, R)."""
    rest = np.zeros((len(layout.lead.codes), layout.width))
    for f, factor in enumerate(layout.rest):
        rest[np.arange(len(rest))[:, None], layout.columns(f)[factor.codes]] = factor.Z
    return rest


@pytest.mark.parametrize("weighted", [False, True])
def test_all_ways_hold_the_same_matrix(layout, block, weighted):
    rest, rng = rest_columns(layout), np.random.default_rng(3)
    weights = rng.uniform(0.5, 2, len(rest)) if weighted else None
    whole = rest.T @ (rest if weights is None else rest * weights[:, None])
    values, right = block.sums(weights), rng.normal(size=(layout.width, 3))
    np.testing.assert_allclose(block.dot(values, right), whole @ right, atol=1e-11)
    np.testing.assert_allclose(block.dot(values, np.eye(layout.width)), whole, atol=1e-12)
    np.testing.assert_allclose(block.dot(block.squared(values), right), whole**2 @ right, atol=1e-11)
    np.testing.assert_allclose(block.diagonal(values), np.diag(whole), atol=1e-12)


def test_pieces_hold_every_column_once():
    part = np.array([2, 0, 2, 1, 0, 2, 3])
    pieces = Pieces.of(part, np.argsort(part, kind="stable"))
    assert pieces.shape == (3, 3)  # three, two, and one with one packed together
    flat = np.arange(7.0)[:, None]
    np.testing.assert_array_equal(pieces.unstack(pieces.stack(flat)), flat)
    together = pieces.slot // 3
    for number in range(4):
        assert len(set(together[part == number])) == 1
    stacked = np.zeros((3, 3, 3))
    stacked.reshape(9, 3)[pieces.slot, pieces.slot % 3] = np.arange(1.0, 8.0)
    np.testing.assert_array_equal(pieces.matrix(stacked).toarray(), np.diag(np.arange(1.0, 8.0)))
