"""Simpson's paradox, in numbers."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers

result, sentence = explorers.simpson.result, explorers.simpson.sentence


def test_slopes_are_those_of_lm_and_lmer():
    r = result(within=1.0, between=-0.5, groups=6, noise=1.2)
    assert r.mixed == pytest.approx(lk.lmer("y ~ x + (1 | group)", r.data).fixef["x"])
    line = lk.lm("y ~ x", r.data)
    assert r.pooled == pytest.approx(tuple(line.fixef))
    dummies = lk.lm("y ~ x + group", r.data)
    for slope, fit in ((r.pooled_slope, line), (r.within, dummies)):
        low, high = fit.confint().loc["x"]
        expected = (fit.fixef["x"], fit.se["x"], low, high)
        assert (slope.value, slope.se, slope.low, slope.high) == pytest.approx(expected)


@pytest.mark.parametrize("within", [-2.0, -0.5, 0.0, 1.3, 2.0])
def test_without_noise_the_slope_within_is_found_exactly(within):
    r = result(within=within, between=0.4, noise=0.0)
    assert r.within.value == pytest.approx(within, abs=1e-9) and r.within.se == 0
    assert r.mixed == pytest.approx(within, abs=1e-9)
    assert r.between == pytest.approx(0.4)


def test_without_noise_and_with_one_slope_there_is_one_line():
    r = result(within=0.7, between=0.7, noise=0.0)
    assert r.mixed == pytest.approx(0.7) and r.pooled[1] == pytest.approx(0.7) and not r.paradox


def test_one_group_has_no_mixed_model():
    r = result(groups=1)
    assert r.mixed is None and r.within is None and not r.paradox
    assert "nothing else to see" in sentence(r)


def test_paradox_is_seen_and_only_then():
    assert result(within=1.0, between=-1.0).paradox
    assert not result(within=1.0, between=1.0).paradox
    assert "Simpson" in sentence(result(within=1.0, between=-1.0))


def test_a_slope_that_may_be_zero_makes_no_paradox_and_hides_none():
    """Where the random-intercept slope follows the pooled line, the slope inside the groups still rises."""
    r = result(noise=1.5, size=5)
    assert r.mixed < 0 < r.within.value and not r.paradox
    assert "the slope inside may be zero, so no paradox can be claimed" in sentence(r)


def test_the_mixed_models_slope_lies_between_the_slopes_inside_and_between_the_groups():
    for seed in range(1, 30):
        r = result(noise=1.0, seed=seed)
        low, high = sorted((r.within.value, r.between))
        assert low - 1e-6 <= r.mixed <= high + 1e-6


def test_hidden_groups_are_not_spoken_of():
    r = result(coloured=False)
    assert "down, it seems" in sentence(r) and "inside" not in sentence(r)


def test_a_table_of_the_readers():
    owls = pd.DataFrame(
        {"hunt": [1.0, 2, 3, 4, 5, 6], "prey": [2.0, 3, 4, 1, 2, 3.5], "valley": list("aaabbb")}
    )
    r = result(owls, "prey", "hunt", "valley")
    assert r.names == ("hunt", "prey", "valley") and r.groups == 2
    dummies = np.column_stack([owls["hunt"], owls["valley"] == "a", owls["valley"] == "b"]).astype(float)
    assert r.within.value == pytest.approx(np.linalg.lstsq(dummies, owls["prey"])[0][0])
    with pytest.raises(DataError, match="constant within every 'valley'"):
        result(owls.assign(hunt=[1.0, 1, 1, 2, 2, 2]), "prey", "hunt", "valley")
    with pytest.raises(DataError, match="explorers that take a table are likelihood"):
        explorers.tests.result(owls, "prey", "hunt", "valley")
    with pytest.raises(DataError, match=r"a table \(a data frame\) is wanted first, not list"):
        result([1, 2], "prey", "hunt", "valley")
