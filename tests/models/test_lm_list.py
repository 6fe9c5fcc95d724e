"""One linear model for each group. Values: lme4 1.1-31, lmList."""

import numpy as np
import pytest

import lmmkit as lk
from tests.lme4_reference import load

FORMULA = "Reaction ~ Days | Subject"


@pytest.fixture(scope="module")
def each():
    return lk.lm_list(FORMULA, load("sleepstudy"))


def test_coefficients_and_pooled_sigma(each):
    expected = [[244.1926691, 21.764702424], [205.0549455, 2.261785455], [203.4842255, 6.114898788]]
    np.testing.assert_allclose(each.coef.iloc[:3], expected, rtol=1e-8)
    assert list(each.coef.index[:2]) == ["308", "309"]
    assert each.sigma == pytest.approx(25.59181563, rel=1e-8)
    assert [each[name].sigma for name in list(each)[:2]] == pytest.approx([47.77968658, 8.87474409])


def test_table_with_pooled_errors(each):
    rows = each.coef_table().query("term == 'Days'").head(2)
    np.testing.assert_allclose(rows["std_error"], [2.8175662] * 2, rtol=1e-7)
    np.testing.assert_allclose(rows["p_value"], [1.7418404e-12, 4.2344541e-01], rtol=1e-6)
    assert (rows["df"] == 144).all()
    alone = each.coef_table(pool=False).query("term == 'Days'").head(1)
    assert alone["df"].tolist() == [8]


def test_intervals(each):
    rows = each.confint().query("term == 'Days'").head(2)
    np.testing.assert_allclose(rows["conf_low"], [9.634266613, 0.008641467], rtol=1e-6)
    np.testing.assert_allclose(rows["conf_high"], [33.895138, 4.514929], rtol=1e-6)
    assert (each.confint(pool=True)["conf_low"].iloc[1] > rows["conf_low"]).any()


def test_groups_that_tell_too_little():
    data = load("sleepstudy").iloc[:12].copy()  # the second subject has two rows
    few = lk.lm_list(FORMULA, data)
    assert few.df_resid == 8
    data.loc[data.index[-1], "Reaction"] = np.nan  # and now one
    one = lk.lm_list(FORMULA, data)
    assert one.coef["Days"].isna().sum() + len(one.messages) == 1


@pytest.mark.parametrize("right", ["Days", "Days + (Days | Subject)", "Days + (1|Subject)", "(Days|Subject)"])
def test_other_formulas_are_refused(right):
    with pytest.raises(lk.FormulaError, match="one group after a bar"):
        lk.lm_list(f"Reaction ~ {right}", load("sleepstudy"))


def test_unknown_group(each):
    with pytest.raises(lk.ModelError, match="no fit for '999'"):
        each["999"]


def test_a_group_of_missing_values_is_told():
    data = load("sleepstudy").assign(Reaction=lambda d: d["Reaction"].where(d["Subject"] != "309"))
    each = lk.lm_list("Reaction ~ Days | Subject", data)
    assert len(each) == 17
    assert each.messages == ["'309' of Subject was left out: each of its rows has a missing value"]
