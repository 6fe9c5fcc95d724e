"""Fixed or random: the verdicts and their reasons."""

import numpy as np
import pytest
from scipy.stats import chi2

from lmmkit.course import explorers
from lmmkit.course.explorers._random_or_fixed import STORIES, sd_interval
from tests.course.explorers.sweep import found, same, sweep

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


def test_few_levels_of_a_sample_may_be_either():
    few, some, many = (
        explorers.random_or_fixed.compute(
            story="halved fields", variable="field", answer="random", levels=levels
        )
        for levels in (3, 7, 20)
    )
    assert few.accepted == some.accepted == ("fixed", "random") and many.accepted == ("random",)
    low, high = sd_interval(3)
    assert f"3 levels tell their SD at best to between {low:.2f} and {high:.1f} times" in few.reason


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


def holds(state, r, words):
    """The verdict by the three rules of lesson 3, and the limits by the chi-squared distribution."""
    told = STORIES[state["story"]]
    kind = {v.name: v.kind for v in told.variables}[state["variable"]]
    levels = state["levels"]
    if kind in ("chosen", "measured"):
        levels = {v.name: v.levels for v in told.variables}[state["variable"]]
    right = {"chosen": {"fixed"}, "measured": {"fixed"}, "carrier": {"random"}}.get(kind)
    if right is None:
        right = {"fixed", "random"} if levels < 10 else {"random"}
    if state["answer"] == "not yet":
        assert words.endswith("Choose an answer above.")
        if kind == "measured":
            assert "SD" not in words
        else:
            n, low, high = found("learnt from # levels and known at best to between # and # times", words)
            df = levels - 1
            assert n == levels
            assert same(low, np.sqrt(df / chi2.ppf(0.975, df))) and same(
                high, np.sqrt(df / chi2.ppf(0.025, df)), 1
            )
    else:
        assert words.startswith("Right" if state["answer"] in right else "Not quite")
        assert f"is {' or '.join(sorted(right))}, because" in words
        if kind == "carrier" and levels == 2:
            assert "no degree of freedom is left" in words
        elif kind == "carrier" and levels < 10:
            assert found("has at most # degree", words) == [levels - 2]
        if kind == "sampled":
            n, low, high = found("# levels tell their SD at best to between # and # times", words)
            df = levels - 1
            assert n == levels
            assert same(low, np.sqrt(df / chi2.ppf(0.975, df)))
            assert same(high, np.sqrt(df / chi2.ppf(0.025, df)), 1)
    if state["again"]:
        back = (
            "the same"
            if kind == "chosen"
            else "the same question"
            if kind == "measured"
            else f"{levels} others come"
        )
        assert back in words


def test_sentences_of_many_states():
    for state, r, words in sweep("random_or_fixed", 400):
        holds(state, r, words)


def test_the_picture_has_as_many_units_as_there_are_levels():
    for told in STORIES.values():
        names = [name for name, _ in told.shape]
        for variable in told.variables:
            if variable.name in names and variable.kind in ("sampled", "carrier"):
                for levels in (2, 7, 60):
                    counts = told.counts(variable.name, levels)
                    assert counts[names.index(variable.name)] == levels
                    assert all(count >= 1 for count in counts)


def test_sentences_of_every_variable_at_every_small_number_of_levels():
    explorer = explorers.random_or_fixed
    for story, told in STORIES.items():
        for variable in told.variables:
            for levels in (*range(2, 13), 60):
                for answer in ("not yet", "fixed", "random"):
                    state = {"story": story, "variable": variable.name, "levels": levels, "answer": answer}
                    r = explorer.compute(**state)
                    holds({**state, "again": False}, r, explorer.sentence(r))
