"""Broken assumptions: each is seen, and nothing is seen where nothing is wrong."""

import pytest

from lmmkit.course import explorers

result = explorers.diagnostics.result


def suspicious(**state):
    return {sign.name for sign in result(**state).signs if sign.suspicious}


@pytest.mark.parametrize(
    ("broken", "sign"),
    [
        ({"curvature": 0.5}, "bend"),
        ({"spread": 0.7}, "spread"),
        ({"tails": 0.9}, "tails"),
        ({"outlier": 0.8}, "group"),
        ({"dependence": 0.8}, "neighbours"),
    ],
)
def test_each_break_is_seen(broken, sign):
    seen = sum(sign in suspicious(**broken, seed=seed) for seed in range(1, 21))
    assert seen >= 18


@pytest.mark.slow
def test_false_alarms_are_about_as_rare_as_promised():
    """Five signs, each beyond its limit in 1 of 100 data sets: about 5% of data sets raise an alarm."""
    alarms = [suspicious(seed=seed) for seed in range(1, 201)]
    assert sum(bool(a) for a in alarms) <= 20  # 10 expected; 20 has a probability below 0.005
    for name in ("bend", "spread", "tails", "group", "neighbours"):
        assert sum(name in a for a in alarms) <= 8


def test_sentence_names_what_is_wrong_and_nothing_else():
    assert "Nothing in these pictures" in explorers.diagnostics.sentence(result())
    words = explorers.diagnostics.sentence(result(outlier=0.8))
    assert "one group stands apart" in words and "bend" not in words
