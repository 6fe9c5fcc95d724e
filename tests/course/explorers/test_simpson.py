"""Simpson's paradox, in numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as scipy_t

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

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


def holds(state, r, words):
    """Every number and verdict of the sentence, by least squares with a column for each group."""
    x, y = r.data["x"].to_numpy(), r.data["y"].to_numpy()
    codes = np.unique(r.data["group"], return_inverse=True)[1]
    groups = codes.max() + 1
    pooled = brute.least_squares(np.column_stack([np.ones_like(x), x]), y)

    def sign(line, at):
        reach = scipy_t.ppf(0.975, line.df) * line.se[at] if line.df else np.inf
        return int(line.beta[at] - reach > 0) - int(line.beta[at] + reach < 0)

    def told(line, at, pattern):
        slope = found(pattern, words)[0]
        assert same(slope, line.beta[at], 2), (pattern, words)
        if np.isfinite(line.se[at]) and line.se[at] >= 0.005:
            assert same(found(pattern + " (SE #)", words)[1], line.se[at], 2), words

    if groups == 1:
        told(pooled, 1, "slope #")
        assert words.endswith("there is nothing else to see."), words
        return
    told(pooled, 1, "Through all points the line has slope #")
    if not state["coloured"]:
        way = {1: ": up,", -1: ": down,", 0: "neither up nor down for sure"}[sign(pooled, 1)]
        assert way in words and f"these are {groups} groups" in words
        return
    within = brute.least_squares(np.column_stack([x, brute.dummies(codes)]), y)
    if state["noise"] > 0:
        told(within, 0, "inside the groups #")
        signs = sign(pooled, 1), sign(within, 0)
    else:
        assert same(found("inside the groups #", words)[0], state["within"], 2)
        signs = sign(pooled, 1), int(np.sign(state["within"]))
    verdict = {
        -1: "the trend turns round, which is Simpson's paradox",
        1: "both point the same way, so there is no paradox",
    }.get(signs[0] * signs[1])
    if verdict is None:
        verdict = {
            (True, True): "either may be zero",
            (True, False): "the slope through all points may be zero, so no paradox can be claimed",
            (False, True): "the slope inside may be zero, so no paradox can be claimed",
        }[signs[0] == 0, signs[1] == 0]
    assert verdict in words, (state, words)

    mixed = found("The mixed model's slope is #", words)[0]
    if state["noise"] == 0:
        assert same(mixed, state["within"], 2) and "no point strays" in words
        return
    X = np.column_stack([np.ones_like(x), x])
    best = brute.intercepts(y, X, codes)
    at = brute.criterion_of_intercepts(y, X, codes)
    said = at(0.0) if "falls back on the line through all points" in words else None
    if said is not None:
        assert said.criterion < best.criterion + 1e-3, (state, words)
        assert same(mixed, pooled.beta[1], 2)
    else:
        assert same(mixed, best.beta[1], 2, room=2e-4), (state, words, best)
        means = np.stack([np.bincount(codes, v) / np.bincount(codes) for v in (x, y)])
        assert same(found("between their means (#)", words)[0], np.polyfit(*means, 1)[0], 2)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("simpson", 12):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("simpson", 260, seed=2):
        holds(state, r, words)
