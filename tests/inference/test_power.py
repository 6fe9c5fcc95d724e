"""Power by simulation beside power by theory."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.inference.study_sizes import data_of_size, more_levels, more_values, rows_within

matplotlib.use("Agg")


def two_groups(subjects: int, rows: int = 4) -> pd.DataFrame:
    """Subjects in two groups, one block after the other, with means and spread that are exactly known."""
    rng = np.random.default_rng(3)
    subject = np.repeat(np.arange(subjects), rows)
    group = np.where(subject < subjects / 2, "a", "b")
    effect = rng.standard_normal(subjects)[subject]
    y = 5 + (group == "b") + effect + rng.standard_normal(len(subject))
    return pd.DataFrame({"y": y, "group": group, "subject": subject.astype(str)})


def t_test_power(fit: lk.lmer, effect: float, subjects: int, rows: int = 4) -> float:
    """Of the two-sample t test on subject means, which the mixed model is when it is balanced."""
    between = fit.varcorr["subject"].to_numpy().item() + fit.sigma**2 / rows
    shift = effect / np.sqrt(between * 4 / subjects)
    df, edge = subjects - 2, stats.t.ppf(0.975, subjects - 2)
    return float(stats.nct.sf(edge, df, shift) + stats.nct.cdf(-edge, df, shift))


@pytest.mark.slow
def test_the_t_test_is_the_limiting_case() -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(20))
    sizes, n_sim = [12, 20, 40], 1500
    found = lk.power(fit, {"groupb": 1.0}, n_sim, along={"subject": sizes}, seed=5, progress=False)
    for size, estimate in zip(sizes, found.table["power"], strict=True):
        truth = t_test_power(fit, 1.0, size)
        assert abs(estimate - truth) < 3.3 * np.sqrt(truth * (1 - truth) / n_sim)
    assert found.table["power"].is_monotonic_increasing


def test_without_an_effect_the_test_keeps_its_level() -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(12))
    found = lk.power(fit, {"groupb": 0.0}, 300, seed=2, progress=False)
    row = found.table.iloc[0]
    exact = stats.binomtest(int(row["found"]), 300).proportion_ci(0.95, method="exact")
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((exact.low, exact.high))
    assert row["conf_low"] <= 0.05 <= row["conf_high"]
    assert row["n_failed"] == 0


def test_more_and_fewer_levels_keep_the_mix() -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(20))
    for size in (8, 20, 50):
        data = more_levels(fit, "subject", size)
        subjects = data.groupby("subject")["group"].agg(["first", "size"])
        assert len(subjects) == size and (subjects["size"] == 4).all()
        assert subjects["first"].value_counts().tolist() == [size // 2, size // 2]


def test_levels_nested_in_new_ones_are_new_as_well() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"school": np.repeat(list("abcdef"), 12), "pupil": np.tile(list("pqr"), 24)})
    data["room"] = data["school"] + np.repeat(np.arange(12), 6).astype(str)
    data["y"] = rng.normal(size=72) + rng.normal(size=6)[np.repeat(np.arange(6), 12)]
    fit = lk.lmer("y ~ 1 + (1 | school) + (1 | room) + (1 | pupil)", data)
    more = more_levels(fit, "school", 9)
    assert (more["school"].nunique(), more["room"].nunique(), more["pupil"].nunique()) == (9, 18, 3)


def slope_power(size: float, sxx: float, subjects: int, rows: int, sigma: float) -> float:
    """Of the t test of a slope within subjects, which differ by their intercepts: exact where it is balanced."""
    shift, df = size / (sigma / np.sqrt(subjects * sxx)), subjects * (rows - 1) - 1
    edge = stats.t.ppf(0.975, df)
    return float(stats.nct.sf(edge, df, shift) + stats.nct.cdf(-edge, df, shift))


@pytest.mark.parametrize(
    ("how", "rows", "sxx"),
    [
        ({"along": {"Days": [5]}}, 5, 10),
        ({"along": {"Days": [12]}}, 12, 143),
        ({"within": {"Subject": [4]}}, 4, 29),
    ],
    ids=str,
)
def test_more_days_and_more_rows_within_subjects_have_the_power_of_theory(how, rows, sxx) -> None:
    """Days 0 to 4; 0 to 11; and four of the ten days: 0, 2, 5, 7."""
    data = lk.load_data("sleepstudy")
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", data)
    size, n_sim = (2.0 if rows == 12 else 5.0), 400
    found = lk.power(fit, {"Days": size}, n_sim, **how, seed=3, progress=False)
    truth = slope_power(size, sxx, 18, rows, fit.sigma)
    assert 0.5 < truth < 0.97
    assert abs(found.table["power"][0] - truth) < 3.3 * np.sqrt(truth * (1 - truth) / n_sim)
    assert found.along in found.table.columns


def test_the_names_of_the_model_and_either_order_of_an_interaction() -> None:
    data = lk.load_data("implants")
    fit = lk.lmer("mass ~ implant * day + (1 | nest/chick)", data)
    quick = {"n_sim": 2, "seed": 1, "progress": False}
    more = more_levels(fit, "chick:nest", 75)
    assert more.groupby(["nest", "chick"]).ngroups == 75 and more["nest"].nunique() == data["nest"].nunique()
    one = lk.power(fit, {"implantP:day": 0.2}, along={"chick:nest": [60]}, **quick)
    other = lk.power(fit, {"day:implantP": 0.2}, along={"nest:chick": [60]}, **quick)
    np.testing.assert_array_equal(one.p_values, other.p_values)
    assert lk.power(fit, "day:implant", **quick).effect == lk.power(fit, "implant:day", **quick).effect


def test_fewer_rows_keep_the_mix_of_treatments() -> None:
    """Arms that take turns row by row, and a factorial with one row for each combination."""
    plan = pd.DataFrame(
        {"class": np.repeat(list("uvwxyz"), 8), "arm": list("ab") * 24, "score": np.arange(48) % 7}
    )
    fit = lk.lmer("score ~ arm + (1 | class)", plan)
    for rows in (2, 4, 6, 12):
        counts = data_of_size(fit, "observations within class", rows).groupby(["class", "arm"]).size()
        assert (counts == rows / 2).all() and len(counts) == 12
    assert data_of_size(fit, "observations", 24)["arm"].value_counts().tolist() == [12, 12]
    cakes = pd.DataFrame(
        [(g, r, t) for g in "abcdef" for r in "ABC" for t in "123456"], columns=["g", "r", "t"]
    )
    factorial = lk.lmer("y ~ r + t + (1 | g)", cakes.assign(y=np.arange(108) * 7 % 11))
    six = data_of_size(factorial, "observations within g", 6).head(6)
    assert six["r"].value_counts().tolist() == [2, 2, 2] and six["t"].nunique() == 6


def test_values_go_on_at_their_distance_and_bring_their_rows() -> None:
    data = pd.DataFrame({"x": [2.0, 4, 6] * 2, "g": list("aaabbb"), "z": range(6)})
    assert more_values(data, "x", 2)["x"].tolist() == [2, 2, 4, 4]
    more = more_values(data, "x", 5)
    assert sorted(more["x"].unique()) == [2, 4, 6, 8, 10]
    assert more.loc[more["x"] == 8, "z"].tolist() == [0, 3]
    with pytest.raises(lk.ModelError, match="another value in each row"):
        more_values(data, "z", 3)
    assert rows_within(data, ["g"], 1)["z"].tolist() == [0, 3]


@pytest.mark.parametrize("test", ["kenward_roger", "lr", "residual"])
def test_other_tests(test: str) -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(10))
    found = lk.power(fit, {"groupb": 8.0}, 12, test=test, seed=1, progress=False)
    assert found.table.loc[0, "power"] > 0.8
    assert found.p_values["p_value"].between(0, 1).all()


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_test_of_your_own_and_workers_change_nothing_else(n_jobs: int) -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(10))
    built_in = lk.power(fit, "group", 16, along={"observations": [30, 60]}, seed=4, progress=False)
    own = lk.power(
        fit, "groupb", 16, along={"observations": [30, 60]}, seed=4, progress=False, n_jobs=n_jobs,
        test=lambda model: model.coef_table().loc["groupb", "p_value"],
    )  # fmt: skip
    np.testing.assert_allclose(built_in.p_values, own.p_values, rtol=1e-9)


def test_counts_have_power_too() -> None:
    rng = np.random.default_rng(2)
    data = two_groups(12).assign(y=rng.poisson(3, 48))
    fit = lk.glmer("y ~ group + (1 | subject)", data, "poisson")
    found = lk.power(fit, {"groupb": 1.5}, 10, along={"subject": [12, 16]}, seed=1, progress=False)
    assert (found.table["power"] > 0.7).all()


def test_centred_predictors_keep_their_centre() -> None:
    data = lk.load_data("sleepstudy")
    fit = lk.lmer("Reaction ~ scale(Days) + (scale(Days) || Subject)", data)
    found = lk.power(fit, "scale(Days)", 3, along={"observations": [95, 180]}, seed=1, progress=False)
    assert found.effect == {"scale(Days)": pytest.approx(fit.fixef["scale(Days)"])}
    assert (found.p_values < 0.05).all(axis=None)


def test_the_curve() -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(10))
    found = lk.power(fit, {"groupb": 1.0}, 10, along={"subject": [6, 12]}, seed=4, progress=False)
    ax = found.plot()
    assert ax.get_xlabel() == "levels of subject"
    np.testing.assert_allclose(ax.containers[0][0].get_ydata(), 100 * found.table["power"])
    assert "Power to find groupb = 1" in repr(found)


def test_bad_requests() -> None:
    fit = lk.lmer("y ~ group + (1 | subject)", two_groups(10))
    for options, message in [
        ({"effect": "dose"}, "no effect 'dose'"),
        ({"effect": {"dose": 1}}, "no coefficient 'dose'"),
        ({"effect": "group", "along": {"group": [4]}}, "neither a grouping factor nor a number"),
        ({"effect": "group", "along": {"subject": [1]}}, "whole numbers from 2"),
        ({"effect": "group", "test": "magic"}, "test must be one of"),
        ({"effect": "group", "alpha": 5}, "between 0 and 1"),
        ({"effect": "group", "along": 5}, "takes one entry such as"),
        ({"effect": "group", "along": {"subject": 5.5}}, "whole numbers from 2, not 5.5"),
        ({"effect": "group", "along": {"subject": [4]}, "within": {"subject": [4]}}, "not both"),
        ({"effect": "group", "within": {"room": [4]}}, "'room' is not a group"),
    ]:
        with pytest.raises(lk.ModelError, match=message):
            lk.power(fit, n_sim=2, **options)


def test_a_model_without_random_effects_is_refused():
    with pytest.raises(lk.ModelError, match="fitted mixed model"):
        lk.power(lk.lm("Reaction ~ Days", lk.load_data("sleepstudy")), "Days", 10)
