import numpy as np
import pytest

from lmmkit.structures.triangle import Whitening, canonical, factor_from_theta, n_theta, theta_from_factor


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_theta_round_trip(k):
    theta = np.random.default_rng(k).normal(size=n_theta(k))
    factor = factor_from_theta(theta, k)
    assert np.array_equal(factor, np.tril(factor))
    assert np.array_equal(theta_from_factor(factor), theta)


def test_theta_runs_down_the_columns_as_in_lme4():
    assert factor_from_theta(np.arange(1.0, 7.0), 3).tolist() == [[1, 0, 0], [2, 4, 0], [3, 5, 6]]


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_canonical_keeps_the_covariance_at_any_rank(rank):
    rng = np.random.default_rng(rank)
    root = rng.normal(size=(3, rank)) @ rng.normal(size=(rank, 3))
    lower = canonical(root)
    assert np.array_equal(lower, np.tril(lower))
    assert (np.diag(lower) >= 0).all()
    np.testing.assert_allclose(lower @ lower.T, root @ root.T, atol=1e-12)


def test_canonical_takes_more_columns_than_rows():
    root = np.random.default_rng(0).normal(size=(2, 3))
    lower = canonical(root)
    np.testing.assert_allclose(lower @ lower.T, root @ root.T)


@pytest.mark.parametrize("shift, scale", [(0, 1), (1000, 1), (0, 1e-6), (50, 1e5)])
def test_whitening_makes_columns_orthonormal_and_maps_there_and_back(shift, scale):
    rng = np.random.default_rng(3)
    Z = np.column_stack([np.ones(60), shift + scale * rng.normal(size=60)])
    whitening = Whitening.of(Z.T @ Z / 60)
    white = Z @ whitening.matrix
    np.testing.assert_allclose(white.T @ white / 60, np.eye(2), atol=1e-7)
    factor = np.array([[1.2, 0], [-0.3, 0.4]])
    np.testing.assert_allclose(whitening.original(whitening.whitened(factor)), factor, atol=1e-8)


def test_whitening_of_collinear_columns_scales_only():
    Z = np.column_stack([np.ones(10), np.full(10, 2.0), np.zeros(10)])
    assert np.array_equal(Whitening.of(Z.T @ Z / 10).matrix, np.diag([1, 0.5, 1]))
