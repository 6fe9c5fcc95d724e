"""Simulated data: exact moments, the lecture's figures, plain refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk


@pytest.mark.parametrize("seed", [None, 0, 1, 2024])
@pytest.mark.parametrize(
    ("n", "groups", "r", "difference"), [(100, 5, 0.95, 1), (4, 3, 0.5, 1), (7, 12, -0.8, 2.5), (50, 2, 0, 1)]
)
def test_moments_are_exact(n: int, groups: int, r: float, difference: float, seed: int | None) -> None:
    data = lk.simulate_simpson(n, groups, r, difference, seed)
    assert list(data.columns) == ["V1", "V2", "Group"]
    assert len(data) == n * groups
    for i, (_, group) in enumerate(data.groupby("Group", observed=True), start=1):
        moments = np.cov(group["V1"], group["V2"])
        assert np.allclose(moments, [[1, r], [r, 1]], rtol=0, atol=1e-12)
        assert np.allclose(group["V1"].mean(), difference * i, rtol=0, atol=1e-12)
        assert np.allclose(group["V2"].mean(), -np.sign(r) * difference * i, rtol=0, atol=1e-12)


def test_perfect_correlation() -> None:
    data = lk.simulate_simpson(r=1, seed=3)
    assert np.allclose(data["V1"] + data["V2"], 2 * (data["V1"] - data["Group"].cat.codes - 1))


def test_group_names_are_padded_from_ten_groups_on() -> None:
    assert list(lk.simulate_simpson(groups=5).Group.cat.categories) == ["G_1", "G_2", "G_3", "G_4", "G_5"]
    assert list(lk.simulate_simpson(groups=10).Group.cat.categories)[::9] == ["G_01", "G_10"]


def test_a_seed_repeats_the_rows_and_another_does_not() -> None:
    first, second = lk.simulate_simpson(seed=5), lk.simulate_simpson(seed=5)
    pd.testing.assert_frame_equal(first, second)
    assert not np.allclose(first["V1"], lk.simulate_simpson(seed=6)["V1"])


@pytest.mark.parametrize("seed", range(3))
def test_every_seed_gives_the_printed_fit(seed: int) -> None:
    fit = lk.lmer("V2 ~ V1 + (1 | Group)", lk.simulate_simpson(seed=seed))
    assert np.round(fit.fixef, 5).tolist() == [-5.84879, 0.94960]
    assert np.round(fit.se, 5).tolist() == [1.37925, 0.01405]
    assert round(float(fit.sigma), 4) == 0.3126


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"n": 3}, "n = 3 is too small; it must be at least 4"),
        ({"n": 10.5}, "n = 10.5 is not a whole number"),
        ({"groups": 0}, "groups = 0 is too small; it must be at least 1"),
        ({"r": 1.2}, "r = 1.2 is not a correlation; give a number from -1 to 1"),
        ({"r": float("nan")}, "r = nan is not a correlation"),
    ],
)
def test_impossible_requests_are_refused(call: dict[str, float], message: str) -> None:
    with pytest.raises(lk.DataError, match=message):
        lk.simulate_simpson(**call)  # type: ignore[arg-type]
