"""`fit.contest`: the numbers of lmerTest, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.inference.reference import close, model
from tests.lme4_reference import load

L = [[0, 1, 0], [0, 0, 1], [1, 2, 4]]
# R 4.2.2, lmerTest 3.1-3: contest(m, L, rhs = c(5, .5, 270)) and contest(m, L, rhs = 5, joint = FALSE)
TOGETHER = {
    "satterthwaite": [3, 29.40828259, 0.2560187169, 0.8564183758],
    "kenward_roger": [3, 28.62625976, 0.2413859779, 0.8667324069],
}
ONE_BY_ONE = {
    "satterthwaite": [
        [7.4882294538, 2.8840501764, 118.0673003, 0.8627552579, 0.390021135, 1.777058648, 13.1994002596],
        [0.3189757333, 0.2738355723, 137.8262077, -17.0942884717, 7.221e-36, -0.2224863529, 0.8604378195],
        [272.1260394366, 7.0836548145, 16.99076986, 37.7101999506, 8.0319e-18, 257.1802156701, 287.0718632],
    ],
    "kenward_roger": [
        [7.4882294538, 2.8850000811, 119.1509395, 0.8624711903, 0.3901608620, 1.7757154789, 13.2007434287],
        [0.3189757333, 0.2739880285, 137.855059, -17.084776635, 7.5581e-36, -0.2227868042, 0.8607382707],
        [272.1260394366, 7.0842012329, 17.23510795, 37.7072912885, 5.2443e-18, 257.1951975487, 287.05688132],
    ],
}
COLUMNS = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def fit():
    data = load("sleepstudy").drop(index=[1, 8, 13, 14, 15, 99])
    return lk.lmer("Reaction ~ Days + I(Days^2) + (Days | Subject)", data)


@pytest.mark.parametrize("ddf", TOGETHER)
def test_as_lmertest(fit, ddf):
    together = fit.contest(L, rhs=[5, 0.5, 270], ddf=ddf)
    close(together.iloc[0], TOGETHER[ddf], 1e-4)
    single = fit.contest(L, rhs=5, ddf=ddf, joint=False)
    close(single[COLUMNS], ONE_BY_ONE[ddf], 1e-3)


def test_repeated_contrasts_do_not_count(fit):
    once, twice = fit.contest(L[:2], [5, 0.5]), fit.contest([*L[:2], [0, 2, 0]], [5, 0.5, 10])
    assert twice["num_df"][0] == 2
    close(twice["statistic"], once["statistic"], 1e-8)
    with pytest.raises(lk.ModelError, match="contradicts itself"):
        fit.contest([*L[:2], [0, 2, 0]], [5, 0.5, 11])


def test_coefficients_by_name(fit):
    by_name = fit.contest(
        {"slope": {"Days": 1}, "at 2": {"(Intercept)": 1, "Days": 2, "I(Days^2)": 4}}, joint=False
    )
    assert by_name.index.tolist() == ["slope", "at 2"]
    close(by_name[COLUMNS], fit.contest([L[0], L[2]], joint=False)[COLUMNS], 1e-12)
    close(fit.contest({"Days": 1}).iloc[0], fit.contest(L[0]).iloc[0], 1e-12)
    frame = pd.DataFrame({"Days": [1.0]}, index=["slope"])
    assert fit.contest(frame, joint=False).index.tolist() == ["slope"]


def test_several_contrasts_by_name_in_a_list(fit):
    names = fit.fixef.index
    listed = fit.contest([{names[1]: 1}, {names[0]: 1, names[1]: 9}], joint=False)
    numbers = [[0, 1, *[0] * (len(names) - 2)], [1, 9, *[0] * (len(names) - 2)]]
    pd.testing.assert_frame_equal(pd.DataFrame(listed), pd.DataFrame(fit.contest(numbers, joint=False)))


def test_models_without_random_effects_and_generalised_ones():
    line = model("line")
    t = (line.fixef["Days"] - 10) / line.se["Days"]
    row = line.contest({"Days": 1}, 10).iloc[0]
    close(row[["num_df", "den_df", "statistic"]], [1, 178, t**2], 1e-10)
    herds = model("herds")
    row = herds.contest(np.eye(4)[1:]).iloc[0]
    expected = herds.anova().loc["period"]
    close(row[["num_df", "statistic", "p_value"]], expected[["num_df", "statistic", "p_value"]], 1e-8)
    assert np.isinf(row["den_df"])


@pytest.mark.parametrize(
    "given, message",
    [
        ({"L": [1, 2]}, "L has 2 columns for 3 coefficients"),
        ({"L": "Days"}, "L must be numbers"),
        ({"L": {"Day": 1}}, "no coefficient 'Day'"),
        ({"L": [0, 0, 0]}, "not all zero"),
        ({"L": [0, np.nan, 0]}, "finite numbers"),
        ({"L": {"a": {"Days": 1}, "Days": 1}}, "mixes names"),
        ({"L": L, "rhs": [1, 2]}, "3 of them"),
        ({"L": L, "rhs": "a"}, "rhs must be a number"),
        ({"L": L, "ddf": "exact"}, "ddf must be one of"),
        ({"L": L, "joint": False, "level": 95}, "level must lie"),
    ],
)
def test_refusals(fit, given, message):
    with pytest.raises(lk.ModelError, match=message):
        fit.contest(**given)
