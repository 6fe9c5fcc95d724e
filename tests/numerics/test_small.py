"""Factors of small matrices, against NumPy's, down to a matrix without rows."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.numerics.small import FEW, eigen, inverse_root, nearly_singular, pivots


@pytest.mark.parametrize("m", [0, 1, 2, 5])
def test_roots_and_eigenvalues_are_those_of_numpy(m, capfd):
    rows = np.random.default_rng(m).standard_normal((m + 3, m))
    matrix = rows.T @ rows
    root, logdet = inverse_root(matrix)
    assert root == pytest.approx(np.linalg.inv(np.linalg.cholesky(matrix)))
    assert logdet == pytest.approx(np.linalg.slogdet(matrix)[1])
    assert eigen(matrix)[0] == pytest.approx(np.linalg.eigvalsh(matrix))
    assert capfd.readouterr() == ("", "")


def test_a_model_without_fixed_effects_prints_nothing_of_its_own(capfd):
    fit = lk.lmer("Reaction ~ 0 + (Days | Subject)", lk.load_data("sleepstudy_plus"))
    assert fit.sigma > 0
    assert capfd.readouterr() == ("", "")


def test_a_matrix_that_is_not_positive_definite_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        inverse_root(np.diag([1.0, -1.0]))


@pytest.mark.parametrize("m", [1, 2, 4])
def test_next_to_singular_is_what_numpy_finds(m):
    rng = np.random.default_rng(m)
    for size in rng.uniform(1e-3, 1, 200):
        lower = np.tril(rng.standard_normal((m, m))) * rng.choice([1e-2, 1.0, 1e2])
        assert nearly_singular(lower, size) == (np.linalg.svd(lower, compute_uv=False)[-1] < size)


@pytest.mark.parametrize("w", [1, 3, FEW + 1])
def test_pivots_are_the_squared_diagonals_of_cholesky_factors(w):
    roots = np.random.default_rng(w).normal(size=(5, w, w + 1))
    stack = roots @ roots.transpose(0, 2, 1)
    expected = np.linalg.cholesky(stack).diagonal(axis1=1, axis2=2) ** 2
    np.testing.assert_allclose(pivots(stack), expected, rtol=1e-9)
    stack[1] -= 100 * np.eye(w)
    with np.errstate(all="ignore"):
        factorised = (pivots(stack) > 0).all(axis=1)
    assert factorised.tolist() == [True, False, True, True, True]
