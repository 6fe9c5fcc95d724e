"""Against scipy.stats, which computes some of them in another way."""

import numpy as np
import pytest
from scipy import stats

from lmmkit.numerics import distributions

X = np.array([-40.0, -2.0, 0.0, 0.3, 1.96, 8.0, 35.0, np.nan])
P = np.array([0.0, 1e-12, 0.025, 0.5, 0.9, 0.975, 1.0, np.nan])
DF = [0.7, 1, 4.9996, 30, 1e6]


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-300)


def test_normal() -> None:
    same(distributions.norm.sf(X), stats.norm.sf(X))
    same(distributions.norm.ppf(P), stats.norm.ppf(P))


@pytest.mark.parametrize("df", [*DF, np.inf])
def test_t(df: float) -> None:
    same(distributions.t.sf(X, df), stats.t.sf(X, df))
    same(distributions.t.ppf(P, df), stats.t.ppf(P, df))


@pytest.mark.parametrize("df", DF)
def test_chi_squared(df: float) -> None:
    same(distributions.chi2.sf(X, df), stats.chi2.sf(X, df))


@pytest.mark.parametrize("num_df", [1, 3, 12])
@pytest.mark.parametrize("den_df", [1, 4.3, 500])
def test_f(num_df: float, den_df: float) -> None:
    same(distributions.f.sf(X, num_df, den_df), stats.f.sf(X, num_df, den_df))


def test_an_infinite_denominator_is_chi_squared() -> None:
    same(distributions.f.sf(X, 3, np.inf), stats.chi2.sf(3 * X, 3))


def test_a_table_of_degrees_of_freedom() -> None:
    same(distributions.t.ppf(0.975, np.array([3.0, np.inf])), stats.t.ppf(0.975, [3, np.inf]))


@pytest.mark.parametrize("df", [1, 2, 5, 50, 1e4, np.inf])
def test_the_range_of_two_values_is_a_t_statistic_however_far_out(df: float) -> None:
    q = np.array([0.0, 0.01, 1.0, 5.0, 20.0, 46 * np.sqrt(2), 300.0])
    ours = distributions.studentized_range.sf(q, 2, df)
    np.testing.assert_allclose(ours, 2 * stats.t.sf(q / np.sqrt(2), df), rtol=1e-9, atol=1e-320)


@pytest.mark.parametrize("k", [3, 6, 20])
@pytest.mark.parametrize("df", [1.5, 4, 30, 900])
def test_studentized_range(k: int, df: float) -> None:
    q = np.array([0.1, 1.0, 2.5, 4.0])
    ours = distributions.studentized_range.sf(q, k, df)
    np.testing.assert_allclose(ours, stats.studentized_range.sf(q, k, df), rtol=1e-6)
    assert np.isnan(distributions.studentized_range.sf(np.nan, k, df))


def test_the_range_of_normal_values_far_out() -> None:
    """For a known SD, far out, the largest gap is that of a single pair: k (k - 1) / 2 pairs."""
    q = np.array([20.0, 40.0])
    pairs = 10 * 2 * stats.norm.sf(q / np.sqrt(2))
    np.testing.assert_allclose(distributions.studentized_range.sf(q, 5, np.inf), pairs, rtol=1e-6)
