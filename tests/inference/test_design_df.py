"""Degrees of freedom counted from the design: nlme's, SAS's containment, and classical analysis of variance."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.inference.reference import close, model
from tests.lme4_reference import load


def test_between_within_as_nlme():
    # R 4.2.2, nlme 3.1-162: summary(lme(...))$tTable[, "DF"] and anova(lme(...))
    assert model("nested").coef_table("between_within")["df"].tolist() == [368, 368, 368]
    cake = lk.lmer("angle ~ recipe * temperature + (1 | replicate/recipe)", load("cake"))
    table = cake.anova(type=1, ddf="between_within")
    assert table["den_df"].to_dict() == {"recipe": 28, "temperature": 210, "recipe:temperature": 210}
    close(table["statistic"], [1.5781, 20.5199, 1.0062], 1e-4)
    assert cake.coef_table("between_within").loc["(Intercept)", "df"] == 210


def test_between_within_without_an_intercept():
    # nlme: 28 for each recipe
    fit = lk.lmer("angle ~ 0 + recipe + temp + (1 | replicate/recipe)", load("cake"))
    assert fit.coef_table("between_within")["df"].tolist() == [28, 28, 28, 224]


def test_containment_is_the_classical_split_plot():
    # R's aov(angle ~ recipe * temperature + Error(replicate/recipe)): 28 and 210 residual degrees of freedom
    fit = lk.lmer("angle ~ recipe * temperature + (1 | replicate/recipe)", load("cake"))
    table = fit.anova(type=3, ddf="containment")
    assert table["den_df"].to_dict() == {"recipe": 28, "temperature": 210, "recipe:temperature": 210}
    close(table["statistic"], [1.5781, 20.5199, 1.0062], 1e-4)
    assert fit.coef_table("containment").loc["(Intercept)", "df"] == 14


def test_containment_goes_by_names():
    # replicate within recipe, numbered 1 to 15 in each: 3 * 14 are added to the rank
    fit = lk.lmer("angle ~ recipe + temp + (1 | recipe:replicate)", load("cake"))
    assert fit.coef_table("containment")["df"].tolist() == [42, 42, 42, 224]
    renamed = load("cake").assign(unit=lambda d: d["recipe"].astype(str) + d["replicate"].astype(str))
    fit = lk.lmer("angle ~ recipe + temp + (1 | unit)", renamed)
    assert fit.coef_table("containment")["df"].tolist() == [42, 224, 224, 224]  # unit does not name recipe


def test_contrasts_take_the_smallest():
    fit = lk.lmer("angle ~ recipe * temperature + (1 | replicate/recipe)", load("cake"))
    means = lk.emmeans(fit, "recipe", contrasts="pairwise", ddf="between_within")
    assert means["df"].tolist() == [28, 28, 28]
    assert fit.contest(np.eye(18)[1:], ddf="between_within")["den_df"][0] == 28


def test_crossed_groups_are_refused_and_nothing_left_is_missing():
    fit = lk.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", load("Penicillin"))
    with pytest.raises(lk.ModelError, match=r"plate and sample are crossed"):
        fit.coef_table("between_within")
    assert fit.coef_table("containment")["df"].tolist() == [5]
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(list("abc"), 6), "z": np.repeat([0.0, 1.0, 3.0], 6)})
    data["w"], data["y"] = data["z"] ** 2, rng.normal(size=18)
    table = lk.lmer("y ~ z + w + (1 | g)", data).coef_table("between_within")
    assert table["df"].isna().tolist() == [False, True, True]
    assert table["p_value"].isna().tolist() == [False, True, True]


def test_the_summary_says_which():
    assert "between-within degrees of freedom" in " ".join(
        str(model("slopes").summary(ddf="between_within")).split()
    )
