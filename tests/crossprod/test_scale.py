"""Large designs: the sparse way gives the dense way's answers, frequent columns too, and memory is guarded."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.crossprod.blocks import ListedCross, SparseCross
from lmmkit.crossprod.layout import Layout
from lmmkit.crossprod.ordering import Ordering
from lmmkit.crossprod.panels import PanelCross
from lmmkit.crossprod.rest import DenseRest, SparseRest
from lmmkit.crossprod.small_elimination import Arrangement
from lmmkit.crossprod.sparse_elimination import SparseFactor
from lmmkit.design.design import build_design
from lmmkit.likelihood import lmm
from lmmkit.likelihood.fit_lmm import fit_criterion
from lmmkit.likelihood.lmm import Criterion
from lmmkit.numerics import memory

STRUCTURES = {
    "two scalars": "y ~ x + (1 | pupil) + (1 | teacher)",
    "vector that leads": "y ~ x + (x | pupil) + (1 | teacher)",
    "vector in the rest": "y ~ x + (1 | pupil) + (x | teacher)",
    "three factors": "y ~ x + (x | pupil) + (x | teacher) + (1 | year)",
}


@pytest.fixture(scope="module")
def moving() -> pd.DataFrame:
    """Pupils who move slowly through a line of teachers."""
    rng = np.random.default_rng(4)
    pupils, rows = 60, 6
    pupil = np.repeat(np.arange(pupils), rows)
    teacher = np.clip(pupil // 3 + rng.integers(0, 4, len(pupil)), 0, 19)
    data = pd.DataFrame({"pupil": pupil, "teacher": teacher, "year": np.tile(np.arange(rows), pupils)})
    data["x"] = rng.normal(size=len(data))
    data["y"] = (
        data["x"] + rng.normal(size=pupils)[pupil] + rng.normal(size=20)[teacher]
        + 0.5 * rng.normal(size=20)[teacher] * data["x"] + rng.normal(size=len(data))
    )  # fmt: skip
    return data


def criterion(monkeypatch: pytest.MonkeyPatch, formula: str, data: pd.DataFrame, way: str) -> Criterion:
    """The criterion with its cross-block and Schur complement stored one way or the other."""
    monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: way == "dense")
    monkeypatch.setattr(ListedCross, "MOST_PAIRS", 0)
    monkeypatch.setattr(Layout, "SPARSE_FROM", 1 if way == "sparse" else 10**9)
    monkeypatch.setattr(Layout, "SPARSE_FILL", 10.0)
    return Criterion(build_design(formula, data))


@pytest.mark.parametrize("theta", ["inside", "zero"])
@pytest.mark.parametrize("way", ["sparse", "panels"])
@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_all_ways_agree(
    monkeypatch: pytest.MonkeyPatch, moving: pd.DataFrame, formula: str, way: str, theta: str
) -> None:
    dense, other = (criterion(monkeypatch, formula, moving, kind) for kind in ("dense", way))
    assert isinstance(other.layout.rest_block, SparseRest) == (way == "sparse")
    assert isinstance(other.layout.cross, PanelCross if way == "panels" else SparseCross)
    at = np.random.default_rng(1).normal(size=dense.of_term[-1].stop)
    at = at if theta == "inside" else np.where(np.arange(len(at)) == len(at) - 1, 0.0, at)
    a, b = dense.point(at), other.point(at)
    assert b.objective == pytest.approx(a.objective, rel=1e-11)
    np.testing.assert_allclose(other.gradient(b), dense.gradient(a), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(other.curvature(b), dense.curvature(a), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(b.elimination.lead_blocks(), a.elimination.lead_blocks(), atol=1e-9)
    for f in range(len(dense.layout.rest)):
        np.testing.assert_allclose(b.elimination.rest_blocks(f), a.elimination.rest_blocks(f), atol=1e-8)


@pytest.mark.parametrize("made", [0, 2, 5])
@pytest.mark.parametrize("dense", [0, 25, 60])
def test_any_number_of_panels_and_of_dense_levels(
    monkeypatch: pytest.MonkeyPatch, moving: pd.DataFrame, made: int, dense: int
) -> None:
    formula = STRUCTURES["vector that leads"]
    plain = criterion(monkeypatch, formula, moving, "dense")
    monkeypatch.setattr(PanelCross, "WIDTH", 4)
    monkeypatch.setattr(PanelCross, "_made", lambda self, starts, counts, costs: made)
    monkeypatch.setattr(
        PanelCross, "_dense_rows", lambda self, starts, counts: ([dense] * len(starts), [0.0] * len(starts))
    )
    panels = criterion(monkeypatch, formula, moving, "panels")
    at = np.array([0.7, -0.3, 0.5, 0.9])
    assert panels.point(at).objective == pytest.approx(plain.point(at).objective, rel=1e-11)
    np.testing.assert_allclose(
        panels.gradient(panels.point(at)), plain.gradient(plain.point(at)), rtol=1e-8, atol=1e-8
    )


@pytest.mark.parametrize("way", ["dense", "sparse", "panels"])
def test_another_response_begins_where_the_first_ended_and_factorises_nothing_there(
    monkeypatch: pytest.MonkeyPatch, moving: pd.DataFrame, way: str
) -> None:
    monkeypatch.setattr(lmm, "SMALL", 5)
    monkeypatch.setattr(Arrangement, "suits", lambda layout, d: False)
    formula, y = STRUCTURES["three factors"], moving["y"] + np.random.default_rng(3).normal(size=len(moving))
    first = criterion(monkeypatch, formula, moving, way)
    par = fit_criterion(first).par
    fresh = criterion(monkeypatch, formula, moving.assign(y=y), way)
    again = first.with_response(y.to_numpy())
    with monkeypatch.context() as patch:
        patch.setattr(again, "_eliminate", lambda roots: pytest.fail("nothing new is to be factorised"))
        (place,) = again.places(again.from_original(par), guess=True)
    known, new = place.trial, fresh.trial(place.x.copy())
    assert known is not None
    assert known.value == pytest.approx(new.value, rel=1e-12)
    np.testing.assert_allclose(known.gradient(), new.gradient(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(known.curvature(), new.curvature(), rtol=1e-9, atol=1e-9)


def test_a_whole_fit_the_sparse_way(monkeypatch: pytest.MonkeyPatch, moving: pd.DataFrame) -> None:
    formula = STRUCTURES["vector in the rest"]
    dense = lk.lmer(formula, moving)
    monkeypatch.setattr(Layout, "_dense_is_cheaper", lambda self: False)
    monkeypatch.setattr(Layout, "SPARSE_FROM", 1)
    monkeypatch.setattr(Layout, "SPARSE_FILL", 10.0)
    sparse = lk.lmer(formula, moving)
    assert isinstance(sparse.criterion.layout.rest_block, SparseRest)
    assert sparse.estimate.objective == pytest.approx(dense.estimate.objective, abs=1e-8)
    np.testing.assert_allclose(sparse.theta, dense.theta, atol=1e-6)
    np.testing.assert_allclose(sparse.ranef_sd()["pupil"], dense.ranef_sd()["pupil"], rtol=1e-6)
    np.testing.assert_allclose(sparse.coef_table(), dense.coef_table(), rtol=1e-5)
    again = pickle.loads(pickle.dumps(sparse))  # SuperLU's factor is made anew
    np.testing.assert_array_equal(again.ranef_sd()["pupil"], sparse.ranef_sd()["pupil"])


def ordering_of(matrix) -> Ordering:
    ordering = Ordering.within(matrix)
    assert ordering is not None
    return ordering


def test_the_inverse_where_the_factor_has_entries() -> None:
    rng = np.random.default_rng(2)
    from scipy.sparse import csr_array

    half = csr_array(rng.random((40, 40)) * (rng.random((40, 40)) < 0.04))
    matrix = csr_array(half @ half.T + csr_array(np.eye(40)))
    factor = SparseFactor(matrix, ordering_of(matrix))
    dense = matrix.toarray()
    assert factor.logdet == pytest.approx(np.linalg.slogdet(dense)[1])
    inverse = np.linalg.inv(dense)
    found = factor.inverse_on_pattern.tocoo()
    assert set(zip(*matrix.nonzero(), strict=True)) <= set(zip(*(found.row, found.col), strict=True))
    np.testing.assert_allclose(found.data, inverse[(found.row, found.col)], atol=1e-12)
    right = rng.normal(size=(40, 3))
    np.testing.assert_allclose(factor.solve(right), inverse @ right, atol=1e-12)
    with pytest.raises(np.linalg.LinAlgError):
        SparseFactor(csr_array(-matrix), ordering_of(matrix))


@pytest.mark.slow
def test_a_long_line_of_teachers_is_fitted_sparsely() -> None:
    rng = np.random.default_rng(6)
    pupils, teachers = 24_000, 8_000
    pupil = np.repeat(np.arange(pupils), 4)
    teacher = np.clip(pupil // 3 + rng.integers(-4, 5, len(pupil)), 0, teachers - 1)
    y = (
        0.7 * rng.normal(size=pupils)[pupil]
        + 0.5 * rng.normal(size=teachers)[teacher]
        + rng.normal(size=len(pupil))
    )
    fit = lk.lmer(
        "y ~ 1 + (1 | pupil) + (1 | teacher)", pd.DataFrame({"y": y, "pupil": pupil, "teacher": teacher})
    )
    assert isinstance(fit.criterion.layout.rest_block, SparseRest)
    assert fit.converged
    sds = dict(zip(fit.varcorr.frame["grp"], fit.varcorr.frame["sdcor"], strict=True))
    assert sds == pytest.approx({"pupil": 0.7, "teacher": 0.5, "Residual": 1.0}, rel=0.05)


def test_what_cannot_fit_is_refused_with_the_numbers(
    monkeypatch: pytest.MonkeyPatch, moving: pd.DataFrame
) -> None:
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: 10_000)
    with pytest.raises(lk.ModelError, match=r"GB of memory .*60 and 20 random effects.*fit to a sample"):
        lk.lmer(STRUCTURES["two scalars"], moving)


@pytest.mark.slow
def test_the_estimate_of_memory_is_asked_before_anything_large_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """40,000 films would need matrices of 13 GB each."""
    rng = np.random.default_rng(5)
    n = 300_000
    data = pd.DataFrame(
        {"y": rng.normal(size=n), "v": rng.integers(0, 60_000, n), "f": rng.integers(0, 40_000, n)}
    )
    monkeypatch.setattr(memory, "available_bytes", lambda: 8 * 1024**3)
    for storage in (DenseRest, SparseRest):
        monkeypatch.setattr(storage, "sums", lambda self, weights: pytest.fail("too late"))
    with pytest.raises(lk.ModelError, match=r"8\.0 GB are free"):
        lk.lmer("y ~ 1 + (1 | v) + (1 | f)", data)
