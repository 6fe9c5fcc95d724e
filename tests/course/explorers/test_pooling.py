"""Pooling: the weights, the fixed effect and the errors, each worked out another way."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers._pooling import group_sizes
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.pooling.result


@pytest.mark.parametrize(
    "state", [{}, {"groups": 20, "ratio": 2.0}, {"smallest": 7, "largest": 7, "ratio": 0.01}]
)
def test_partial_pooling_is_the_mixed_model_held_at_this_ratio(state):
    r = result(**state)
    fit = lk.lmer("y ~ 1 + (1 | group)", r.data, start=[np.sqrt(r.ratio)], optimize=False)
    assert r.centre == pytest.approx(fit.fixef.iloc[0])
    assert r.partial == pytest.approx(fit.coef()["group"]["(Intercept)"].to_numpy())
    assert r.weight == pytest.approx(r.sizes / (r.sizes + 1 / r.ratio))
    assert r.found == pytest.approx(float(lk.lmer("y ~ 1 + (1 | group)", r.data).theta[0]) ** 2)


def test_own_means_and_the_common_mean():
    r = result()
    assert r.none == pytest.approx(r.data.groupby("group")["y"].mean().to_numpy())
    assert r.complete == pytest.approx(r.data["y"].mean())


def test_at_a_ratio_of_zero_the_fixed_effect_is_the_common_mean():
    r = result(ratio=0.0)
    assert r.partial == pytest.approx(np.full(12, r.complete)) and r.centre == pytest.approx(r.complete)
    assert "complete pooling" in explorers.pooling.sentence(r)


@pytest.mark.slow
def test_partial_pooling_comes_nearest_to_the_truth_on_average():
    """At the ratio that the data are made with: 60 seeds, every kind of pooling."""
    for ratio in (0.1, 0.5, 2.0):
        errors = pd.DataFrame(
            [result(ratio=ratio, true_ratio=ratio, seed=seed).errors for seed in range(1, 61)]
        )
        assert errors["partial"].mean() < errors[["none", "complete"]].mean().min()


def test_one_group_and_one_observation_each():
    alone = result(groups=1)
    assert alone.none == pytest.approx([alone.complete]) and alone.found is None
    assert "nothing to pool" in explorers.pooling.sentence(alone)
    single = result(smallest=1, largest=1)
    assert single.sizes.tolist() == [1] * 12 and single.found is None
    assert "cannot tell the variance between groups from that within" in explorers.pooling.sentence(single)


def test_groups_of_one_size_are_spoken_of_together():
    words = explorers.pooling.sentence(result(smallest=140, largest=140))
    assert "every group has 140 observations" in words


def test_sizes_run_from_smallest_to_largest_whichever_is_given_first():
    assert group_sizes(4, 1, 200)[[0, -1]].tolist() == [1, 200]
    assert result(smallest=50, largest=5).sizes[[0, -1]].tolist() == [5, 50]


def test_the_button_sets_what_reml_finds():
    r = result()
    ratio = explorers.pooling.actions["As REML finds it"]({}, r)["ratio"]
    assert ratio == pytest.approx(r.found, abs=0.005)


def test_a_table_of_the_readers():
    table = lk.load_data("groups20")
    r = result(table, "length", "group")
    assert r.ratio == pytest.approx(r.found, abs=0.005) and r.truth is None and r.errors == {}
    fit = lk.lmer("length ~ 1 + (1 | group)", table)
    assert r.found == pytest.approx(float(fit.theta[0]) ** 2)
    own = table.groupby("group", observed=True)["length"].mean()
    assert dict(zip(r.labels, r.none, strict=True)) == pytest.approx(own.to_dict())
    with pytest.raises(DataError, match="did you mean 'length'"):
        result(table, "lenght", "group")
    with pytest.raises(DataError, match="'group' is not numeric"):
        result(table, "group", "length")
    with pytest.raises(DataError, match=r"explorers.pooling takes \(table, y, group\)"):
        result(table, "length")
    many = pd.DataFrame({"y": np.arange(100.0), "g": np.repeat(np.arange(50), 2)})
    with pytest.raises(DataError, match="has 50 groups; the picture has room for 40"):
        result(many, "y", "g")


def holds(state, r, words):
    """Weights, estimates, REML's ratio and distances from the truth, from the raw rows."""
    y = r.data["y"].to_numpy()
    codes = np.unique(r.data["group"], return_inverse=True)[1]
    sizes = np.bincount(codes)
    own = np.bincount(codes, y) / sizes
    if len(sizes) == 1:
        assert same(found("is the common mean #", words)[0], y.mean()) and "nothing to pool" in words
        return
    ratio = state["ratio"]
    ones = np.ones((len(y), 1))
    centre = float(brute.criterion_of_intercepts(y, ones, codes)(np.sqrt(ratio)).beta[0])
    weight = sizes * ratio / (1 + sizes * ratio)
    estimate = weight * own + (1 - weight) * centre
    said = found("With a variance ratio of #", words)[0]
    assert said == pytest.approx(ratio, abs=0.005)
    if ratio == 0:
        assert same(found("the common mean #", words)[0], y.mean()) and "complete pooling" in words
    elif sizes[0] == sizes[-1]:
        n, share, fixed = found("every group has # observation", words)[0], *found(
            "each own mean counts #% and the fixed effect #", words)  # fmt: skip
        assert n == sizes[0] and same(share, 100 * weight[0], 0) and same(fixed, centre)
    else:
        for g, pattern in (
            (0, "the group with # observation"),
            (-1, "that of the group with # counts #% (# becomes #)"),
        ):
            assert found(pattern, words)[0] == sizes[g]
        small = found("counts #% (# becomes #), that", words)
        large = found("counts #% (# becomes #); the rest is the fixed effect #", words)
        for g, told in ((0, small), (-1, large)):
            assert same(told[0], 100 * weight[g], 0) and same(told[1], own[g]) and same(told[2], estimate[g])
        assert same(large[3], centre)
    if len(sizes) < len(y):
        best = brute.intercepts(y, ones, codes).theta ** 2
        told = found("REML finds #", words)[0]
        assert told == pytest.approx(best, abs=0.0051 if best > 0.09 else 0.06 * best + 1e-6), words
        assert ("no variance between the groups" in words) == (best < 5e-7), words
    else:
        assert "REML finds no ratio" in words
    shown = found("from the true means: none #, partial #, complete #", words)
    for told, kind in zip(shown, (own, estimate, np.full(len(own), y.mean())), strict=True):
        assert same(told, np.sqrt(np.mean((kind - r.truth) ** 2)))


def test_sentences_of_a_few_states():
    for state, r, words in sweep("pooling", 10):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("pooling", 240, seed=2):
        holds(state, r, words)
