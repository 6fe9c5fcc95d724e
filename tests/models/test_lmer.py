import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import CASES, load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


def test_evaluation_at_a_given_theta():
    case = CASES["sleep_rs"]
    fit = lk.lmer(case["formula"], load("sleepstudy"), start=case["theta"], optimize=False)
    assert fit.reml_criterion == pytest.approx(case["reml_criterion"], abs=1e-6)
    np.testing.assert_allclose(fit.theta, case["theta"], rtol=1e-12)
    assert fit.optinfo["n_evaluations"] == 1
    assert "nothing was optimised" in fit.messages[0]


def test_another_start_ends_at_the_same_optimum(sleep):
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"), start=[3.0, -1.0, 0.01])
    assert fit.reml_criterion == pytest.approx(sleep.reml_criterion, abs=1e-7)


def test_contrasts_weights_and_offset_reach_the_design():
    data = load("crossed").assign(shift=lambda d: d["x"])
    fit = lk.lmer("rt ~ cond + (1 | subj)", data, contrasts={"cond": "sum"}, weights="w", offset="shift")
    assert fit.fixef.index.tolist() == ["(Intercept)", "cond1"]
    np.testing.assert_array_equal(fit.design.weights, data["w"])
    np.testing.assert_array_equal(fit.design.offset, data["x"])


def test_missing_values_are_left_out_or_refused():
    data = load("sleepstudy").copy()
    data.loc[[3, 7], "Reaction"] = np.nan
    assert lk.lmer("Reaction ~ Days + (1 | Subject)", data).nobs == 178
    with pytest.raises(lk.DataError, match="missing"):
        lk.lmer("Reaction ~ Days + (1 | Subject)", data, na_action="raise")


@pytest.mark.parametrize(
    ("formula", "options", "error", "words"),
    [
        ("Reaction ~ Days", {}, lk.FormulaError, "no random effects.*lk.lm"),
        ("Reaction ~ Day + (1 | Subject)", {}, lk.DataError, "did you mean 'Days'"),
        ("Reaction ~ Days + (1 | Subject", {}, lk.FormulaError, r"\^"),
        ("Subject ~ Days + (1 | Subject)", {}, lk.DataError, "numeric"),
        ("Reaction ~ Days + (1 | one)", {}, lk.DataError, "one level"),
        ("Reaction ~ Days + (1 | row)", {}, lk.DataError, "180 levels for 180 rows"),
        ("Days ~ Days + (1 | Subject)", {}, lk.FormulaError, "right"),
        ("I(2 * Days) ~ Days + (1 | Subject)", {}, lk.ModelError, "exactly"),
        ("Reaction ~ Days + (1 | Subject)", {"weights": -np.ones(180)}, lk.DataError, "negative"),
        ("Reaction ~ Days + (1 | Subject)", {"start": [1.0, 2.0]}, lk.ModelError, "theta"),
        ("Reaction ~ Days + (1 | Subject)", {"optimize": False}, lk.ModelError, "start="),
        ("Reaction ~ Days + (1 | Subject)", {"na_action": "ignore"}, lk.ModelError, "na_action"),
    ],
)
def test_lmer_refuses(formula, options, error, words):
    data = load("sleepstudy").assign(one="a", row=range(180))
    with pytest.raises(error, match=words):
        lk.lmer(formula, data, **options)


@pytest.mark.parametrize(
    ("formula", "family", "options", "error", "words"),
    [
        ("pos ~ temp", "binomial", {}, lk.FormulaError, "no random effects.*lk.glm"),
        ("pos ~ temp + (1 | site)", "beta", {}, lk.DataError, "strictly between 0 and 1"),
        ("pos ~ temp + (1 | site)", "bimonial", {}, lk.ModelError, "did you mean 'binomial'"),
        ("count ~ temp + (1 | site)", "binomial", {}, lk.DataError, "between 0 and 1"),
        ("pos ~ temp + (temp | site)", "binomial", {"n_agq": 5}, lk.ModelError, "n_agq"),
    ],
)
def test_glmer_refuses(formula, family, options, error, words):
    with pytest.raises(error, match=words):
        lk.glmer(formula, load("counts"), family, **options)


def test_glmer_counts_its_parameters():
    data = load("counts")
    formula = "over ~ treat + (1 | site)"
    negative_binomial = lk.glmer(formula, data, "negative_binomial")
    known = lk.glmer(formula, data, lk.families.NegativeBinomial(theta=2.0))
    assert lk.glmer(formula, data, "poisson").npar == known.npar == 3
    assert negative_binomial.npar == 4
    assert lk.glmer("time ~ temp + (1 | site)", data, "gamma").npar == 4


# ---- update ----


@pytest.mark.parametrize(
    ("change", "same_as"),
    [
        (". ~ . - Days", "Reaction ~ 1 + (Days | Subject)"),
        (". ~ . + I(Days^2)", "Reaction ~ Days + I(Days^2) + (Days | Subject)"),
        (". ~ . - (Days | Subject) + (1 | Subject)", "Reaction ~ Days + (1 | Subject)"),
        ("log(.) ~ .", "log(Reaction) ~ Days + (Days | Subject)"),
        ("~ 1 + (Days | Subject)", "Reaction ~ 1 + (Days | Subject)"),
        ("Days ~ (1 | Subject)", "Days ~ 1 + (1 | Subject)"),
    ],
)
def test_update_of_the_formula(sleep, change, same_as):
    expected = lk.lmer(same_as, load("sleepstudy"))
    assert sleep.update(change).loglik == pytest.approx(expected.loglik, abs=1e-8)


def test_update_of_arguments(sleep):
    data = load("sleepstudy")
    ml = sleep.update(reml=False)
    assert not ml.is_reml
    assert ml.design is sleep.design
    assert ml.update(". ~ . - Days").is_reml is False
    fewer = sleep.update(data=data[data["Days"] > 1])
    assert fewer.nobs == 144
    heavy = sleep.update(weights=np.linspace(1, 2, 180))
    np.testing.assert_array_equal(heavy.design.weights, np.linspace(1, 2, 180))
    assert heavy.update(weights=None).loglik == pytest.approx(sleep.loglik)


def test_update_forgets_a_start_that_no_longer_fits():
    case = CASES["sleep_rs"]
    fit = lk.lmer(case["formula"], load("sleepstudy"), start=case["theta"], optimize=False)
    smaller = fit.update(". ~ . - (Days | Subject) + (1 | Subject)")
    assert smaller.loglik == pytest.approx(CASES["sleep_ri"]["loglik"], abs=1e-6)
    assert smaller.messages == []


def test_update_where_a_dot_stood_for_all_columns():
    fit = lk.lmer("Reaction ~ . + (1 | Subject)", load("sleepstudy"))
    assert fit.fixef.index.tolist() == ["(Intercept)", "Days"]
    assert fit.update(". ~ . - Days").fixef.index.tolist() == ["(Intercept)"]


def test_update_of_a_glmm():
    fit = lk.glmer("count ~ treat + (1 | site)", load("counts"), "poisson")
    assert fit.update(family="negative_binomial").family.name == "negative_binomial"
    assert fit.update(". ~ . - treat").npar == 2


def test_update_refuses_unknown_arguments(sleep):
    with pytest.raises(lk.ModelError, match=r"no argument 'REML'.*reml"):
        sleep.update(REML=False)


def test_text_numbers_and_categories_group_alike():
    data = load("sleepstudy")
    as_numbers = lk.lmer("Reaction ~ Days + (1 | Subject)", data.assign(Subject=data["Subject"].astype(int)))
    as_categories = lk.lmer(
        "Reaction ~ Days + (1 | Subject)", data.assign(Subject=pd.Categorical(data["Subject"]))
    )
    assert as_numbers.loglik == pytest.approx(as_categories.loglik, abs=1e-10)
    assert as_numbers.ranef()["Subject"].index.tolist() == as_categories.ranef()["Subject"].index.tolist()
