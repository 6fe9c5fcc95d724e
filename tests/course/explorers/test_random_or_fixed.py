"""Fixed or random: the verdicts and their reasons."""

import numpy as np
import pytest
from scipy.stats import chi2

from lmmkit.course import explorers
from lmmkit.course.explorers._random_or_fixed import STORIES, sd_interval

result = explorers.random_or_fixed.result


@pytest.mark.parametrize(
    ("story", "variable", "answer"),
    [
        ("deer and soil", "treatment", "fixed"),
        ("deer and soil", "plot", "random"),
        ("halved fields", "management", "fixed"),
        ("halved fields", "field", "random"),
        ("owl nests", "implant", "fixed"),
        ("owl nests", "nest", "random"),
        ("owl nests", "chick", "random"),
        ("animals and weather", "time of day", "fixed"),
        ("animals and weather", "temperature", "fixed"),
        ("animals and weather", "day", "random"),
        ("animals and weather", "animal", "random"),
    ],
)
def test_the_lectures_four_designs(story, variable, answer):
    levels = next(v.levels for v in STORIES[story].variables if v.name == variable)
    state = {"story": story, "variable": variable, "levels": int(np.clip(levels, 2, 30))}
    settled = explorers.random_or_fixed.state(story=story, variable=variable)
    right = explorers.random_or_fixed.compute(**{**settled, **state, "answer": answer})
    wrong = explorers.random_or_fixed.compute(
        **{**settled, **state, "answer": "random" if answer == "fixed" else "fixed"}
    )
    assert right.right is True and wrong.right is False
    assert right.reason == wrong.reason and len(right.reason) > 20


def test_the_number_of_levels_decides_for_a_sample():
    few, some, many = (
        explorers.random_or_fixed.compute(
            story="halved fields", variable="field", answer="random", levels=levels
        )
        for levels in (3, 7, 20)
    )
    assert (few.accepted, some.accepted, many.accepted) == (("fixed",), ("fixed", "random"), ("random",))


def test_every_variable_has_a_verdict_at_any_number_of_levels():
    for story, told in STORIES.items():
        for variable in told.variables:
            for levels in (2, 5, 30):
                r = explorers.random_or_fixed.compute(
                    story=story, variable=variable.name, answer="fixed", levels=levels
                )
                assert r.right in (True, False)


def test_interval_of_an_sd_covers():
    """The limits hold an SD of 1 in 95% of samples of 6 levels."""
    rng = np.random.default_rng(1)
    s = rng.standard_normal((20000, 6)).std(1, ddof=1)
    low, high = sd_interval(6)
    assert np.mean((s * low < 1) & (s * high > 1)) == pytest.approx(0.95, abs=0.006)
    assert sd_interval(2)[1] == pytest.approx(1 / np.sqrt(chi2.ppf(0.025, 1)))


def test_next_variable_visits_all():
    explorer = explorers.random_or_fixed
    state, seen = explorer.initial(), set()
    for _ in range(sum(len(told.variables) for told in STORIES.values())):
        seen.add((state["story"], state["variable"]))
        state = {**state, **explorer.actions["Next variable"](state, explorer.compute(**state))}
    assert seen == {(story, v.name) for story, told in STORIES.items() for v in told.variables}
    assert state == {**explorer.initial(), "answer": "not yet"}
