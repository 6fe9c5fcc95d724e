"""Pooling: the weights, the fixed effect and the errors, each worked out another way."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers._pooling import group_sizes

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
