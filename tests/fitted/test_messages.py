"""Each finding, and silence where there is none."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.models.mixed import MixedModel
from tests.lme4_reference import load


def only_message(fit):
    assert len(fit.messages) == 1, fit.messages
    return fit.messages[0]


def test_nothing_to_say():
    assert lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).messages == []


def test_rows_left_out():
    data = load("sleepstudy").copy()
    data.loc[3, "Reaction"] = np.nan
    assert only_message(lk.lmer("Reaction ~ Days + (1 | Subject)", data)).startswith("1 row was left out")
    data.loc[5, "Days"] = np.nan
    text = only_message(lk.lmer("Reaction ~ Days + (1 | Subject)", data))
    assert "2 rows were left out because of missing values; 178 were used" in text
    assert "same rows" in text


def test_columns_dropped():
    data = load("sleepstudy").assign(hours=lambda d: 24 * d["Days"], weeks=lambda d: d["Days"] / 7)
    text = only_message(lk.lmer("Reaction ~ Days + hours + (1 | Subject)", data))
    assert "rank deficient, so hours was dropped" in text
    assert "Look for a predictor that repeats another" in text
    text = only_message(lk.lmer("Reaction ~ Days + hours + weeks + (1 | Subject)", data))
    assert "hours and weeks were dropped" in text


def test_zero_variance():
    text = only_message(lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff2")))
    assert text.startswith(
        "The fit is singular: the standard deviation of (Intercept) between the levels of Batch"
    )
    assert "estimated as zero" in text
    assert "too little information" in text
    assert "leave it in" in text and "drop it" in text


def test_correlation_of_one_and_what_to_try():
    fit = lk.lmer("rt ~ cond + (0 + cond | subj) + (1 | item)", load("crossed"))
    text = only_message(fit)
    assert "the correlation of conda and condb between the levels of subj is estimated as +1" in text
    # || leaves the levels of a factor correlated, in lme4 too, so that would be no help.
    assert "Try the simpler (1 | subj) in place of (0 + cond | subj)" in text
    slopes = lk.lmer("score ~ ses + sex + (ses | school/class)", load("nested"))
    text = only_message(slopes)
    assert "estimated as +1" in text and "estimated as -1" in text
    assert "Try the simpler (ses || school) in place of (ses | school)" in text


def test_linear_dependence_without_a_correlation_of_one():
    fit = lk.lmer("rt ~ cond + x + (cond + x | subj)", load("crossed"))
    fit.unit_free_factors[0] = np.array([[1.0, 0, 0], [0.5, 1.0, 0], [0.5, 0.5, 0.0]])
    assert "(Intercept), condb and x of subj are estimated as linearly dependent" in only_message(fit)


def test_few_levels():
    data = load("Penicillin")
    fit = lk.lmer("diameter ~ 1 + (1 | sample)", data[data["sample"].isin(["A", "B", "C"])])
    text = only_message(fit)
    assert text.startswith("sample has only 3 levels")
    assert "make sample a fixed effect" in text
    five = lk.lmer("diameter ~ 1 + (1 | sample)", data[data["sample"] != "F"])
    assert five.messages == []


def test_a_search_that_did_not_end_well():
    good = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))
    estimate = replace(
        good.estimate, converged=False, gradient=lambda: np.array([0.5]), warnings=["The search met a wall."]
    )
    first, second = MixedModel(estimate, good.call).messages
    assert first == "The search met a wall."
    assert "did not converge (gradient 0.5 after" in second
    assert "simpler random-effects structure" in second


@pytest.mark.parametrize(
    ("factor", "named"),
    [(1e6, "Days"), (1e-6, "Days")],
)
def test_predictors_on_very_different_scales(factor, named):
    data = load("sleepstudy").assign(Days=lambda d: d["Days"] * factor)
    text = only_message(lk.lmer("Reaction ~ Days + (1 | Subject)", data))
    assert f"very different scales ({named})" in text
    assert "scale()" in text


def test_two_predictors_whose_scales_are_apart():
    rng = np.random.default_rng(1)
    data = load("sleepstudy").assign(big=100 * rng.standard_normal(180), small=rng.standard_normal(180) / 100)
    text = only_message(lk.lmer("Reaction ~ big + small + (1 | Subject)", data))
    assert "(small and big)" in text


def test_the_estimates_of_a_badly_scaled_model_are_right():
    """Which is what the message says."""
    data = load("sleepstudy")
    plain = lk.lmer("Reaction ~ Days + (Days | Subject)", data)
    scaled = lk.lmer("Reaction ~ Days + (Days | Subject)", data.assign(Days=data["Days"] * 1e6))
    assert scaled.fixef["Days"] * 1e6 == pytest.approx(plain.fixef["Days"], rel=1e-8)
    assert scaled.messages == [text for text in scaled.messages if "very different scales" in text]


def test_intercept_only_models_have_no_scales():
    mice = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 7, 6, 8, 1, 2], "cage": list("aabbccddee")})
    assert lk.lmer("y ~ 1 + (1 | cage)", mice).messages == []


# ---- effects that something else already holds ----


@pytest.fixture(scope="module")
def plots():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {"g": np.repeat(list("abcdef"), 8), "h": np.tile([0, 1], 24), "x": rng.normal(size=48)}
    )
    return data.assign(
        y=rng.normal(size=48) + 2 * (data["g"] == "a"),
        twin="k" + data["g"],
        f=np.tile(["u", "u", "v", "v"], 12),
    )


CONFOUNDED = [
    ("y ~ g + (1 | g)", "all differences between the levels of g, so"),
    ("y ~ g * f + (1 | g/h)", "all differences between the levels of g, so"),
    ("y ~ g * x + (x | g)", "all differences between the levels of g, so"),
    ("y ~ g + (x | g)", r"in \(Intercept\), so .* or \(Intercept\) out of \(x \| g\)"),
    ("y ~ g:x + (x || g)", r"leave out \(0 \+ x \| g\)"),
    ("y ~ x + (1 | g) + (1 | twin)", "are the same, so only the sum"),
    ("y ~ x + (x | g) + (1 | twin)", "are the same, so only the sum"),
]


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("formula", "words"), CONFOUNDED)
def test_a_factor_both_fixed_and_random_is_named(plots, formula, words, reml):
    found = [text for text in lk.lmer(formula, plots, reml=reml).messages if re.search(words, text)]
    assert len(found) == 1
    assert ("mean nothing" in found[0]) == (reml and "the same" not in words)


@pytest.mark.parametrize(
    "formula", ["y ~ f + (1 | g)", "y ~ x + (x | g)", "y ~ f * x + (1 | g/h)", "y ~ x + (x || g)"]
)
def test_ordinary_models_are_not_told_so(plots, formula):
    texts = lk.lmer(formula, plots).messages
    assert not [text for text in texts if "already hold" in text or "are the same" in text]


def test_where_the_variance_cannot_be_estimated_the_criterion_is_flat(plots):
    values = [
        lk.lmer("y ~ g + (1 | g)", plots, start=[theta], optimize=False).reml_criterion
        for theta in (0.0, 1.0, 5.0)
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-10)


@pytest.mark.parametrize(
    ("written", "cure"),
    [("C ", "data['part'].str.strip() takes the spaces away"), ("\uff23", "write them alike")],
)
def test_levels_that_look_alike_are_told(written, cure):
    data = lk.load_data("implants")
    data["part"] = data["implant"].astype(str).where(data.index % 7 > 0, written)
    sentence = f"'part' has the levels 'C' and {written!r}, which look alike but count as two; {cure}."
    for fit in (
        lk.lmer("mass ~ part + (1 | nest)", data), lk.lmer("mass ~ day + (1 | part)", data), lk.lm("mass ~ part", data)
    ):  # fmt: skip
        told = [message for message in fit.messages if "look alike" in message]
        first, second = dict.fromkeys(level for level in data["part"] if level != "P")
        assert told == [sentence.replace(f"'C' and {written!r}", f"{first!r} and {second!r}")]
    plain = lk.lmer("mass ~ implant + (1 | nest)", data)
    assert not any("look alike" in message for message in plain.messages)
