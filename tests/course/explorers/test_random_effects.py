"""A family of lines: the state decides the formula, and the fit finds what was set."""

import numpy as np
import pytest

from lmmkit.course import explorers

result = explorers.random_effects.result


@pytest.mark.parametrize(
    ("sd_intercept", "sd_slope", "correlation", "case", "formula"),
    [
        (0.0, 0.0, 0.5, "fixed effects only", "y ~ x"),
        (2.0, 0.0, 0.5, "random intercept", "y ~ x + (1 | group)"),
        (0.0, 1.0, 0.5, "random slope", "y ~ x + (0 + x | group)"),
        (2.0, 1.0, 0.5, "both", "y ~ x + (x | group)"),
        (2.0, 1.0, 0.0, "both", "y ~ x + (x || group)"),
    ],
)
def test_case_and_formula(sd_intercept, sd_slope, correlation, case, formula):
    r = result(sd_intercept=sd_intercept, sd_slope=sd_slope, correlation=correlation)
    assert (r.case, r.formula) == (case, formula)
    assert set(r.found) <= set(r.truth)
    assert np.ptp(r.lines[:, 0]) == pytest.approx(0, abs=1e-12) or sd_intercept > 0
    assert np.ptp(r.lines[:, 1]) == pytest.approx(0, abs=1e-12) or sd_slope > 0


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_perfect_correlation_makes_one_variable_of_two(correlation):
    r = result(correlation=correlation)
    assert np.corrcoef(r.lines.T)[0, 1] == pytest.approx(correlation)
    assert r.found["correlation"] == pytest.approx(correlation, abs=0.15)


def test_without_residual_noise_the_lines_are_found():
    r = result(sigma=0.0, groups=12)
    assert r.found["sigma"] < 1e-3
    assert r.found["SD of intercepts"] == pytest.approx(r.lines[:, 0].std(ddof=1), rel=1e-3)
    assert r.found["SD of slopes"] == pytest.approx(r.lines[:, 1].std(ddof=1), rel=1e-3)


def test_one_group():
    r = result(groups=1)
    assert r.found == {} and "one group only" in explorers.random_effects.sentence(r)
    assert result(groups=1, sd_intercept=0.0, sd_slope=0.0).found.keys() == {"sigma"}
