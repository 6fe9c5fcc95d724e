"""Each structure by itself: parameters, factor, covariance, derivatives, bounds, edges."""

import numpy as np
import pytest

from lmmkit.structures.known import STRUCTURES, structure_of

KINDS = [
    (tag, k, hom)
    for tag in STRUCTURES
    for k in (2, 3, 4, 6)
    for hom in ((False,) if tag == "us" else (False, True))
]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}{kind[1]}{'hom' * kind[2]}")
def structure(request):
    return structure_of(*request.param)


def some_par(structure, seed=0, at=0.3):
    rng = np.random.default_rng(seed)
    if structure.tag == "us":
        T = np.tril(rng.normal(size=(structure.k, structure.k)))
        np.fill_diagonal(T, rng.uniform(0.3, 2, structure.k))
        return structure.theta(T)
    par = rng.uniform(0.3, 2, structure.size)
    if structure.has_rho:
        low, high = (bound[-1] for bound in structure.bounds)
        par[-1] = low + (high - low) * (at + 1) / 2
    return par


def expected_covariance(structure, par):
    """Written out from the definition."""
    k = structure.k
    if structure.tag == "us":
        T = np.zeros((k, k))
        T[np.triu_indices(k)[::-1]] = par
        return T @ T.T
    sds = np.full(k, par[0]) if structure.homogeneous else par[:k]
    out = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            r = {"diag": 0.0, "cs": par[-1], "ar1": par[-1] ** abs(i - j)}[structure.tag]
            out[i, j] = sds[i] * sds[j] * (1.0 if i == j else r)
    return out


@pytest.mark.parametrize("at", [-1.0, -0.9, 0.0, 0.3, 0.999, 1.0])
def test_the_factor_is_triangular_and_makes_the_covariance(structure, at):
    par = some_par(structure, at=at)
    T = structure.factor(par)
    assert np.isfinite(T).all() and np.array_equal(T, np.tril(T)) and (np.diag(T) >= 0).all()
    np.testing.assert_allclose(T @ T.T, expected_covariance(structure, par), atol=1e-12)


def test_parameters_come_back_from_the_search(structure):
    par = some_par(structure)
    np.testing.assert_allclose(structure.par(structure.search(par)), par, rtol=1e-12)
    many = np.stack([par, some_par(structure, seed=1)])
    x = np.stack([structure.search(row) for row in many])
    np.testing.assert_allclose(structure.root(x), np.stack([structure.root(row) for row in x]), atol=1e-12)


def test_derivatives_are_those_of_the_covariance(structure):
    x = structure.search(some_par(structure))
    T, rng = structure.root(x), np.random.default_rng(5)
    slope = rng.normal(size=(structure.k, structure.k))
    slope = slope + slope.T
    score = rng.normal(size=(7, structure.k))

    def covariance(point):
        root = structure.root(point)
        return root @ root.T

    def difference(f, h=1e-6):
        return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])

    by_x = difference(covariance)
    np.testing.assert_allclose(structure.slopes(x, T), by_x, atol=1e-7)
    np.testing.assert_allclose(structure.gradient(x, T, slope), (by_x * slope).sum(axis=(1, 2)), atol=1e-7)
    np.testing.assert_allclose(
        structure.directions(x, T, score), np.einsum("la,mab->lbm", score, by_x), atol=1e-7
    )
    second = difference(lambda point: structure.gradient(point, structure.root(point), slope))
    np.testing.assert_allclose(structure.second_order(x, T, slope), second, atol=1e-6)
    tangents, rates = structure.tangents(x, T), structure.tangent_rates(x, T)
    np.testing.assert_allclose(np.einsum("rm,rab->mab", rates, tangents), by_x, atol=1e-7)


def test_many_at_once_are_each_by_itself(structure):
    points = np.stack([structure.search(some_par(structure, seed)) for seed in range(3)])
    T = structure.root(points)
    slopes = np.random.default_rng(0).normal(size=T.shape)
    slopes = slopes + slopes.transpose(0, 2, 1)
    scores = np.random.default_rng(1).normal(size=(3, 5, structure.k))
    for name, what in (("gradient", slopes), ("second_order", slopes), ("directions", scores)):
        method = getattr(structure, name)
        each = [method(x, t, s) for x, t, s in zip(points, T, what, strict=True)]
        np.testing.assert_allclose(method(points, T, what), np.stack(each), atol=1e-12)


def test_units_are_carried_through(structure):
    par = some_par(structure)
    Z = np.random.default_rng(2).normal(size=(50, structure.k)) * np.arange(1, structure.k + 1)
    A = structure.units(Z.T @ Z / 50)
    np.testing.assert_allclose(
        structure.factor(structure.in_units(par, A)), A @ structure.factor(par), atol=1e-12
    )


def test_edges_are_seen(structure):
    par = some_par(structure)
    assert not structure.at_edge(par, 1e-4)
    if structure.tag != "us":
        zero = par.copy()
        zero[0] = 0.0
        assert structure.at_edge(zero, 1e-4)
    if structure.has_rho:
        for bound in structure.bounds:
            edge = par.copy()
            edge[-1] = bound[-1]
            assert structure.at_edge(edge, 1e-4)
            x, T = structure.search(edge), structure.factor(edge)
            downhill = -np.sign(bound[-1]) * structure.correlation(np.asarray(0.4))[1]
            ways = list(structure.beside(x, T, -downhill, 1e-2, 1e-9))
            uphill = list(structure.beside(x, T, downhill, 1e-2, 1e-9))
            assert ways and not uphill


def test_what_contains_what():
    cs, ar1, diag = (structure_of(tag, 4, False) for tag in ("cs", "ar1", "diag"))
    hom_cs, hom_ar1, hom_diag = (structure_of(tag, 4, True) for tag in ("cs", "ar1", "diag"))
    us = structure_of("us", 4, False)
    assert all(us.contains(other) for other in (cs, ar1, diag, hom_cs, hom_ar1, hom_diag))
    assert cs.contains(hom_cs) and cs.contains(diag) and cs.contains(hom_diag) and not cs.contains(ar1)
    assert hom_cs.contains(hom_diag) and not hom_cs.contains(diag) and not hom_cs.contains(cs)
    assert ar1.contains(hom_ar1) and not hom_ar1.contains(hom_cs) and hom_ar1.contains(hom_diag)
    assert diag.contains(hom_diag) and not diag.contains(cs)


def test_lme4_s_theta():
    # language.md of lme4 2.1: cs(1, 2, 3; .5), homogeneous cs(2; .5), ar1(2; .5), ar1(1, 2, 3; .5)
    examples = [
        ("cs", False, (1, 2, 3, 0.5), (1, 1, 1.5, 1.7320508, 0.8660254, 2.4494897)),
        ("cs", True, (2, 0.5), (2, 1, 1.7320508, 0.5773503, 1.6329932)),
        ("ar1", True, (2, 0.5), (2, 1, 0.5, 1.7320508, 0.8660254)),
        ("ar1", False, (1, 2, 3, 0.5), (1, 1, 0.75, 1.7320508, 1.299038, 2.598076)),
    ]
    for tag, hom, par, theta in examples:
        structure = structure_of(tag, 3, hom)
        found = structure.theta(structure.factor(np.array(par, dtype=float)))
        np.testing.assert_allclose(found, theta, atol=1e-7)
