"""What surprised in other packages (findings/), held for lmmkit: the same tables must give the plain answer."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk


@pytest.fixture(scope="module")
def made():
    groups = np.repeat([1, 2, 3, 4, 5], 8)
    return pd.DataFrame(
        {"y": groups * 10.0 + np.tile([-1.0, 1.0], 20), "x": np.arange(40.0) % 7, "g": groups}
    )


@pytest.fixture(scope="module")
def holes():
    return pd.DataFrame({
        "y": [1.0, 3, 2, 5, 4, 6, 7], "treated": [False, True, False, True, False, True, True],
        "n": [1, 2, None, 4, 5, 6, 7], "s": [*"abaabb", None],
    })  # fmt: skip


def test_a_group_is_the_same_as_whole_number_decimal_and_text(made):
    fit = lk.lmer("y ~ x + (1 | g)", made)
    two = [fit.predict(pd.DataFrame({"x": [1.0], "g": [g]})).iloc[0] for g in (2, 2.0, "2")]
    assert two[0] == two[1] == two[2] == pytest.approx(20, abs=0.1)


def test_rows_without_a_group_are_left_out_and_the_levels_stay_whole_numbers(made):
    fit = lk.lmer(
        "y ~ x + (1 | g)", made.assign(g=made["g"].where(made.index > 3))
    )  # the column is decimal now
    assert fit.nobs == 36
    assert "4 rows were left out" in fit.messages[0]
    assert list(fit.ranef()["g"].index) == ["1", "2", "3", "4", "5"]


def test_labels_of_the_index_may_come_twice(made):
    twice = pd.concat([made, made])
    twice.iloc[0, 0] = np.nan
    assert lk.lmer("y ~ x + (1 | g)", twice).nobs == 79


def test_a_binomial_model_is_about_true_and_the_second_level():
    x = np.linspace(-2, 2, 40)
    y = pd.Series((x + np.tile([-1.0, 1.0, 0.5, -0.5], 10)) > 0)
    slopes = [
        lk.glm("y ~ x", pd.DataFrame({"x": x, "y": one}), "binomial").fixef["x"]
        for one in (y.astype(int), y, y.map({True: "yes", False: "no"}))
    ]
    np.testing.assert_allclose(slopes, slopes[0])
    assert slopes[0] > 0


def test_true_and_false_are_two_levels(holes):
    assert list(lk.lm("y ~ 0 + treated", holes).fixef.index) == ["treatedFALSE", "treatedTRUE"]
    assert "treatedTRUE" in lk.lm("y ~ treated", holes.convert_dtypes()).fixef.index


@pytest.mark.parametrize("column", ["n", "s"])
def test_missing_values_of_pandas_own_types_are_left_out(holes, column):
    assert lk.lm(f"y ~ {column}", holes.convert_dtypes()).nobs == 6


def test_numbers_among_objects_are_numbers(holes):
    objects = holes.assign(n=holes["n"].astype(object))
    assert list(lk.lm("y ~ n", objects).fixef.index) == ["(Intercept)", "n"]


def test_a_level_that_the_reader_of_the_file_took_for_missing_is_named(tmp_path):
    groups = np.repeat(np.arange(12), 4)
    table = pd.DataFrame(
        {"y": np.sin(np.arange(48.0)), "g": groups, "dose": np.tile(["None", "high", "low"], 16)}
    )
    table.to_csv(tmp_path / "data.csv", index=False)
    read = pd.read_csv(tmp_path / "data.csv")  # pandas takes None for a missing value
    fit = lk.lmer("y ~ dose + (1 | g)", read)
    assert "16 rows were left out" in fit.messages[0] and "missing in 'dose' (16)" in fit.messages[0]
    with pytest.raises(
        lk.DataError, match=r"only the level 'low' in these data; .*; 16 rows with missing values"
    ):
        lk.lmer("y ~ dose + (1 | g)", read[read["dose"] != "high"])
    assert "dosehigh" not in fit.fixef and fit.nobs == 32


def test_two_levels_that_stata_put_in_order_are_told(tmp_path):
    table = pd.DataFrame(
        {"y": [1.0, 2, 4, 7, 5, 9], "sex": pd.Categorical([*"mfmfmf"], categories=["m", "f"])}
    )
    table.to_stata(tmp_path / "data.dta", write_index=False)
    read = pd.read_stata(tmp_path / "data.dta")
    fit = lk.lm("y ~ sex", read)
    difference = table["y"][1::2].mean() - table["y"][0::2].mean()
    assert fit.fixef["sex.L"] == pytest.approx(difference / np.sqrt(2))
    assert "divided by the square root of 2" in fit.messages[0]
    plain = lk.lm("y ~ sex", read.assign(sex=read["sex"].cat.as_unordered()))
    assert plain.fixef["sexf"] == pytest.approx(difference) and plain.messages == []


def test_treatments_are_compared_at_the_mean_age_and_not_at_zero():
    ages = np.linspace(30, 60, 40)
    table = pd.DataFrame({"treatment": np.tile(["A", "B"], 20), "age": ages})
    table["y"] = np.where(table["treatment"] == "B", 0.1 * ages, 0) + np.sin(np.arange(40.0))
    fit = lk.lm("y ~ treatment * age", table)
    got = lk.emmeans(fit, "treatment", contrasts="pairwise")["estimate"].iloc[0]
    at_mean = fit.fixef["treatmentB"] + 45 * fit.fixef["treatmentB:age"]
    assert got == pytest.approx(-at_mean)
    assert abs(fit.fixef["treatmentB"]) < 1 < at_mean


def test_animals_numbered_alike_in_two_groups_are_counted():
    cells = [(group, animal) for group in ("control", "treated") for animal in range(1, 9) for _ in range(2)]
    table = pd.DataFrame(cells, columns=["group", "animal"])
    table["y"] = np.sin(np.arange(32.0)) + table["animal"] * (table["group"] == "treated")
    assert lk.lmer("y ~ group + (1 | animal)", table).ngroups["animal"] == 8
    assert lk.lmer("y ~ group + (1 | group:animal)", table).ngroups["group:animal"] == 16


def test_a_table_that_lost_all_its_rows_on_the_way_to_long_is_refused():
    wide = pd.DataFrame({"g": [1, 2], "ya": [1.0, 2], "yb": [3.0, 4]})
    long = pd.wide_to_long(wide, "y", "g", "day").reset_index()  # empty: the default looks for digits
    with pytest.raises(lk.DataError, match="no rows"):
        lk.lmer("y ~ 1 + (1 | g)", long)
