"""Simpson's paradox, in numbers."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers

result = explorers.simpson.result


def test_slopes_are_those_of_lmer_and_of_a_line_through_all_points():
    r = result(within=1.0, between=-0.5, groups=6, noise=1.2)
    fit = lk.lmer("y ~ x + (1 | group)", r.data)
    assert r.slope == pytest.approx(fit.fixef["x"])
    line = lk.lm("y ~ x", r.data)
    assert r.pooled == pytest.approx(tuple(line.fixef))
    assert r.pooled_se == pytest.approx(line.se["x"])


@pytest.mark.parametrize("within", [-2.0, -0.5, 0.0, 1.3, 2.0])
def test_without_noise_the_slope_within_is_found_exactly(within):
    r = result(within=within, between=0.4, noise=0.0)
    assert r.slope == pytest.approx(within, abs=1e-5)
    assert np.polyfit(*r.group_means.T, 1)[0] == pytest.approx(0.4)


def test_without_noise_and_with_one_slope_there_is_one_line():
    r = result(within=0.7, between=0.7, noise=0.0)
    assert r.slope == pytest.approx(0.7) and r.pooled[1] == pytest.approx(0.7) and not r.paradox


def test_one_group_has_no_mixed_model():
    r = result(groups=1)
    assert r.slope is None and not r.paradox
    assert "nothing else to see" in explorers.simpson.sentence(r)


def test_paradox_is_seen_and_only_then():
    assert result(within=1.0, between=-1.0).paradox
    assert not result(within=1.0, between=1.0).paradox
    assert "Simpson" in explorers.simpson.sentence(result(within=1.0, between=-1.0))
