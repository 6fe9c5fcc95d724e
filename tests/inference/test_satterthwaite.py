"""Degrees of freedom, t and F tests by Satterthwaite's method: lmerTest's numbers."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.inference.satterthwaite import ddf, f_test
from tests.inference.reference import ANSWERS, close, fitted, model
from tests.lme4_reference import CASES, load

WITH_DF = [name for name, case in CASES.items() if "satt_df" in case]
WITH_F = [name for name, case in CASES.items() if case.get("anova3")]


@pytest.mark.parametrize("name", WITH_DF)
def test_coefficients_as_lmertest(name):
    case, table = CASES[name], fitted(name).coef_table()
    assert list(table.index) == list(case["satt_df"])
    close(table["df"], list(case["satt_df"].values()), 1e-4)
    close(table["p_value"], list(case["satt_p"].values()), 1e-3)


@pytest.mark.parametrize("name", WITH_F)
def test_type_three_as_lmertest(name):
    case, table = CASES[name], fitted(name).anova()
    assert list(table.index) == [row["term"] for row in case["anova3"]]
    for ours, theirs in {"num_df": "NumDF", "den_df": "DenDF", "statistic": "F", "p_value": "p"}.items():
        close(table[ours], [row[theirs] for row in case["anova3"]], 1e-3)


def test_unbalanced_and_singular():
    for name in ("unbalanced", "singular"):
        table, answer = model(name).coef_table(), ANSWERS["coefs"]["Satterthwaite"][name]
        close(table["std_error"], answer["std_error"], 1e-5)
        close(table["df"], answer["df"], 1e-4)
        close(table["p_value"], answer["p_value"], 1e-3)


def test_p_values_of_a_singular_fit_come_with_a_message():
    singular, regular = model("singular"), model("unbalanced")
    for table in (singular.coef_table(), singular.coef_table("kenward_roger")):
        assert np.isfinite(table["p_value"]).all()
        assert "Singular fit" in repr(table) and "pb_modcomp" in table._repr_html_()
    assert regular.coef_table().notes == []


def test_several_contrasts_at_once():
    answer = ANSWERS["both"]["Satterthwaite"]
    statistic, num_df, den_df = f_test(model("unbalanced"), np.eye(2))
    close([statistic, num_df, den_df], [answer[key][0] for key in ("statistic", "num_df", "den_df")], 1e-5)
    repeated = f_test(model("unbalanced"), np.array([[1.0, 0], [0, 1], [1, 1]]))
    close(repeated[:2], (statistic, num_df), 1e-8)  # the denominator depends on how contrasts are written


def test_does_not_depend_on_units():
    data = load("sleepstudy")
    other = data.assign(Days=data["Days"] * 86400 + 1e6, Reaction=data["Reaction"] / 1000)
    fits = [lk.lmer("Reaction ~ Days + (Days | Subject)", part) for part in (data, other)]
    close(ddf(fits[1], np.array([[0.0, 1.0]])), ddf(fits[0], np.array([[0.0, 1.0]])), 1e-4)


def test_refits_that_share_a_criterion_do_not_disturb_each_other():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    again = fit.refit(fit.simulate(seed=1)["sim_1"])
    expected = again.coef_table()["df"].to_numpy()
    close(fit.coef_table()["df"], [17, 17], 1e-4)
    fresh = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy").assign(Reaction=again.design.y))
    close(expected, fresh.coef_table()["df"], 1e-3)


def test_a_glmm_has_no_degrees_of_freedom():
    with pytest.raises(lk.ModelError, match="z tests"):
        ddf(model("herds"), np.eye(4))
    with pytest.raises(lk.ModelError, match="ddf must be one of"):
        model("slopes").anova(ddf="between-without")


@pytest.mark.slow
def test_seventy_thousand_rows():
    fit = fitted("insteval")
    table = fit.coef_table()
    assert 10 < table["df"].iloc[0] < 20 and 3e4 < table["df"].iloc[1] < 4e4
