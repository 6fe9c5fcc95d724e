"""The same model in another basis is the same model; another model is not, however close it comes."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course.same_model import printed_numbers, same_model

SLEEP = lk.load_data("sleepstudy")
MICE = lk.load_data("mouse")
COUNTS = SLEEP.assign(k=(SLEEP["Reaction"] // 50).astype(int), half=np.where(SLEEP["Days"] < 5, "a", "b"))


def lmer(formula, data=SLEEP, **options):
    return lk.lmer(formula, data, **options)


QUADRATIC = "Reaction ~ Days + I(Days^2) + (Days | Subject)"
SAME = {
    "orthogonal polynomials": (QUADRATIC, "Reaction ~ poly(Days, 2) + (Days | Subject)"),
    "scaled": (QUADRATIC, "Reaction ~ scale(Days) + I(scale(Days)^2) + (Days | Subject)"),
    "other units": (
        "Reaction ~ Days + (Days | Subject)",
        "Reaction ~ I(Days / 10) + (I(Days / 10) | Subject)",
    ),
    "centred": ("Reaction ~ Days + (Days | Subject)", "Reaction ~ center(Days) + (center(Days) | Subject)"),
    "only the fixed part": (
        "Reaction ~ Days + (Days | Subject)",
        "Reaction ~ scale(Days) + (Days | Subject)",
    ),
    "no intercept": ("Reaction ~ half + (1 | Subject)", "Reaction ~ 0 + half + (1 | Subject)"),
    "written out": (
        "Reaction ~ Days * half + (1 | Subject)",
        "Reaction ~ Days + half + half:Days + (1 | Subject)",
    ),
    "spaces": ("Reaction ~ Days + (Days | Subject)", "Reaction~1+Days+(1+Days|Subject)"),
}
OTHER = {
    "no correlation, scaled": (
        "Reaction ~ Days + (Days || Subject)",
        "Reaction ~ Days + (scale(Days) || Subject)",
    ),
    "no correlation": ("Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (Days || Subject)"),
    "another fixed part": (QUADRATIC, "Reaction ~ Days + I(Days^3) + (Days | Subject)"),
    "another random part": ("Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (0 + Days | Subject)"),
    "another response": ("Reaction ~ Days + (1 | Subject)", "I(Reaction + 1) ~ Days + (1 | Subject)"),
    "another scale of the response": (
        "Reaction ~ Days + (1 | Subject)",
        "scale(Reaction) ~ Days + (1 | Subject)",
    ),
    "without the intercept": ("Reaction ~ Days + (1 | Subject)", "Reaction ~ 0 + Days + (1 | Subject)"),
}


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("kind", SAME)
def test_another_basis_is_the_same_model(kind, reml):
    one, other = (lmer(formula, COUNTS, reml=reml) for formula in SAME[kind])
    assert same_model(one, other) and same_model(other, one)


@pytest.mark.parametrize("kind", OTHER)
def test_another_model_is_another_model(kind):
    one, other = (lmer(formula, COUNTS) for formula in OTHER[kind])
    assert not same_model(one, other)


def test_rows_may_be_shuffled_and_contrasts_be_others():
    fit = lmer("Weight ~ Dose + Strain + (1 | Strain:Dose)", MICE.assign(Strain=MICE["Strain"].astype(str)))
    shuffled = MICE.sample(frac=1, random_state=1)
    assert same_model(
        fit, lmer("Weight ~ Strain + Dose + (1 | Dose:Strain)", shuffled, contrasts={"Strain": "sum"})
    )


def test_reml_and_ml_other_rows_and_other_families_are_told_apart():
    formula = "Reaction ~ Days + (Days | Subject)"
    fit = lmer(formula)
    assert not same_model(fit, lmer(formula, reml=False))
    assert not same_model(fit, lmer(formula, SLEEP[SLEEP["Subject"] != "308"]))
    assert not same_model(
        fit, lmer(formula, SLEEP.assign(Reaction=np.random.default_rng(1).permutation(SLEEP["Reaction"])))
    )
    counts = "k ~ Days + (1 | Subject)"
    poisson = lk.glmer(counts, COUNTS, "poisson")
    assert same_model(poisson, lk.glmer("k ~ scale(Days) + (1 | Subject)", COUNTS, "poisson"))
    assert not same_model(poisson, lk.glmer(counts, COUNTS, lk.families.Poisson(link="sqrt")))
    assert not same_model(lk.lm("Reaction ~ Days", SLEEP), fit)
    assert same_model(lk.lm("Reaction ~ Days", SLEEP), lk.lm("Reaction ~ scale(Days)", SLEEP))


def test_the_numbers_of_a_printout_have_names():
    numbers = printed_numbers(lmer("Reaction ~ Days + (Days | Subject)"))
    expected = {
        "the estimate of Days": 10.467, "the standard error of Days": 1.546, "the test statistic of Days": 6.771,
        "the standard deviation of Days between levels of Subject": 5.922, "the residual variance": 654.94,
        "the correlation of (Intercept) and Days between levels of Subject": 0.066, "the number of rows": 180,
        "the number of levels of Subject": 18,
    }  # fmt: skip
    assert {name: numbers[name] for name in expected} == pytest.approx(expected, abs=6e-3)
    assert "the residual standard deviation" in printed_numbers(lk.lm("Reaction ~ Days", SLEEP))
    assert all(
        np.isfinite(list(printed_numbers(lk.glmer("k ~ Days + (1 | Subject)", COUNTS, "poisson")).values()))
    )
