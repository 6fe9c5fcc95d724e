from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmmkit.design.design import build_design
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.moments import LEAST, moment_sds
from tests.crossprod.test_scale import STRUCTURES, criterion, moving  # noqa: F401  (a fixture)


def columns(made: Criterion) -> list[np.ndarray]:
    """Whitened ``Z_j``, dense, one (n, levels) matrix per column of ``Z``, in the order of the answer."""
    out = []
    for factor in made.layout.factors:
        indicators = np.eye(factor.q)[factor.codes]
        out += [indicators * factor.Z[:, a, None] for a in range(factor.k)]
    return out


@pytest.mark.parametrize("way", ["dense", "hybrid", "sparse"])
@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_the_expectations_are_those_of_the_dense_matrices(
    monkeypatch: pytest.MonkeyPatch,
    moving: pd.DataFrame,  # noqa: F811
    formula: str,
    way: str,
) -> None:
    """The answer reproduces itself: its own weights, and traces of n x n matrices, give it back."""
    made = criterion(monkeypatch, formula, moving, way)
    monkeypatch.setattr("lmmkit.likelihood.moments.ROUNDS", 200)
    variances = np.concatenate(moment_sds(made.layout, made.sums, made.n)) ** 2
    Zs, n = columns(made), made.n
    residual = (made.y - made.Q @ (made.Q.T @ made.y)) / made.unit
    forms = []
    for j, Z in enumerate(Zs):
        weight = 1 / ((Z**2).sum(axis=0) + (1 + variances.sum() - variances[j]) / variances[j]) ** 2
        forms.append((Z * weight) @ Z.T)
    forms.append(np.eye(n))
    parts = [Z @ Z.T for Z in Zs] + [np.eye(n)]
    expected = np.array([[np.trace(form @ part) for part in parts] for form in forms])
    found = np.linalg.solve(expected, [residual @ form @ residual for form in forms])
    np.testing.assert_allclose(variances, np.maximum(found[:-1] / found[-1], LEAST), rtol=1e-6)


def test_a_large_fit_begins_close_to_where_it_ends() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, [900, 400], (20_000, 2))
    slope = rng.normal(size=20_000)
    y = (
        0.6 * rng.normal(size=900)[codes[:, 0]]
        + 0.3 * rng.normal(size=900)[codes[:, 0]] * slope
        + 0.4 * rng.normal(size=400)[codes[:, 1]]
        + rng.normal(size=20_000)
    )
    data = pd.DataFrame({"y": y, "x": slope, "a": codes[:, 0], "b": codes[:, 1]})
    design = build_design("y ~ x + (x | a) + (1 | b)", data)
    made = Criterion(design)
    start, fit = made.moments(), fit_lmm(design)
    assert made.layout.width > 300  # or it would not be large
    np.testing.assert_allclose(np.abs(start), np.abs(made.from_original(fit.theta)), atol=0.06)
    assert made.point(start).objective < fit.objective + 10
    assert fit.converged
    assert fit.n_evaluations <= 5


def test_no_variation_between_the_groups_is_no_start_at_zero() -> None:
    """At zero the criterion is flat by symmetry, and no search would leave it."""
    data = pd.DataFrame({"y": [1.0, -1.0] * 20, "g": np.repeat(np.arange(20), 2)})
    made = Criterion(build_design("y ~ 1 + (1 | g)", data))
    assert moment_sds(made.layout, made.sums, made.n)[0] == pytest.approx(np.sqrt(LEAST))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_the_way_of_large_fits_ends_where_the_way_of_small_ones_does(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Uneven crossed designs, with slopes, weights, and variances of zero among them."""
    rng = np.random.default_rng([seed, 7])
    n, levels = 3000, rng.integers([350, 310], [700, 400])
    popularity = [rng.lognormal(0, 1, count) for count in levels]
    a, b = (
        rng.choice(count, n, p=share / share.sum()) for count, share in zip(levels, popularity, strict=True)
    )
    x, w = rng.normal(size=n), rng.uniform(0.5, 2, n)
    spread = rng.choice([0.0, 0.1, 0.5, 1.0, 3.0], 3)
    effects = [
        sd * rng.normal(size=count)
        for sd, count in zip(spread, (levels[0], levels[0], levels[1]), strict=True)
    ]
    y = 0.3 * x + effects[0][a] + effects[1][a] * x + effects[2][b] + rng.normal(size=n) / np.sqrt(w)
    data = pd.DataFrame({"y": y, "x": x, "a": a, "b": b, "w": w})
    slope = ("(1 | a)", "(x | a)", "(x || a)")[seed % 3]
    design = build_design(f"y ~ x + {slope} + (1 | b)", data, weights="w" if seed % 2 else None)
    large = fit_lmm(design, reml=seed % 4 < 2)
    monkeypatch.setattr("lmmkit.likelihood.lmm.SMALL", 10**9)
    small = fit_lmm(design, reml=seed % 4 < 2)
    assert large.converged
    assert large.objective == pytest.approx(small.objective, abs=1e-6)
    np.testing.assert_allclose(large.beta, small.beta, atol=1e-5)
