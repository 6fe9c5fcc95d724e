"""Hypothesis matrices of terms: a number times a factor, against R's lmerTest."""

import numpy as np

import lmmkit as lk


def test_type_three_takes_a_number_times_a_factor():
    # lmerTest 3.1: anova(lmer(Wing ~ Age * Implant + (1 | Ring)))
    table = lk.lmer("Wing ~ Age * Implant + (1 | Ring)", lk.load_data("owl_wing")).anova()
    assert list(table.index) == ["Age", "Implant", "Age:Implant"]
    np.testing.assert_allclose(table["statistic"], [6536.232, 5.925, 10.049], rtol=1e-4)
    np.testing.assert_allclose(table["den_df"], [157.89, 192.01, 157.89], atol=0.01)


def test_type_three_of_lm_with_an_interaction_is_what_is_lost_with_it():
    # R: drop1(lm(Disease ~ Biomarker * Cohort), test = "F") for the interaction
    table = lk.lm("Disease ~ Biomarker * Cohort", lk.load_data("biomarker")).anova()
    np.testing.assert_allclose(table.loc["Biomarker:Cohort", "sum_sq"], 0.03023696, rtol=1e-5)
    np.testing.assert_allclose(table.loc["Biomarker:Cohort", "statistic"], 0.03175, atol=5e-6)
