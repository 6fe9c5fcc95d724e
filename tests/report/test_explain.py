import re

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.column_meaning import fixed_parts
from lmmkit.fitted.parts import component_fit
from lmmkit.formatting.wording import number
from tests.lme4_2_reference import load as structured
from tests.lme4_reference import load


def test_sleepstudy_in_words():
    text = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).explain()
    assert text == "\n".join([
        "This linear mixed model describes Reaction by Days, and lets the 18 levels of Subject differ. "
        "It was "
        "fitted to 180 rows by restricted maximum likelihood (REML).",
        "",
        "What holds for an average Subject (fixed effects; ± is the standard error):",
        "- (Intercept): 251.4 ± 6.825. This is the expected value of Reaction where Days is 0.",
        "- Days: 10.47 ± 1.546. With each unit more of Days, the expected value of Reaction is 10.47 higher, "
        "everything "
        "else equal.",
        "",
        "What differs between groups (random effects):",
        "- Subject: the intercept has a standard deviation of 24.74 around 251.4: 95% of all Subject "
        "values are "
        "expected between 202.9 and 299.9.",
        "- Subject: the effect of Days has a standard deviation of 5.922 around 10.47: 95% of all "
        "Subject values "
        "are expected between -1.140 and 22.07.",
        "- Subject: the correlation of (Intercept) and Days is 0.07: knowing one tells almost nothing "
        "about the "
        "other.",
        "",
        "What is left (residual): single values of Reaction scatter around these expectations with a "
        "standard "
        "deviation of 25.59.",
    ])  # fmt: skip


def test_factors_and_interactions():
    text = lk.lmer("rt ~ cond * x + (1 | subj) + (1 | item)", load("crossed")).explain()
    assert "for an average subj and item" in text
    assert "This is the expected value of rt where x is 0 and cond is a." in text
    assert "For cond b compared with a, the expected value of rt is" in text
    assert "higher where x is 0." in text
    assert "higher where cond is a." in text
    assert "An interaction: by so much the effect of cond b differs with each unit more of x." in text


def test_share_between_groups_is_the_icc():
    fit = lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff"))
    between = fit.varcorr.frame["vcov"][0]
    share = round(100 * between / (between + fit.sigma**2))
    assert f"{share}% lies between groups and {100 - share}% within" in fit.explain()
    assert "by its overall mean" in fit.explain()


def test_odds_ratios_and_probabilities():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = lk.glmer(formula, load("cbpp"), "binomial", n_agq=5)
    text = fit.explain()
    assert "describes the probability behind incidence by period" in text
    assert "with 5 quadrature points" in text
    assert f"the odds are multiplied by {number(np.exp(fit.fixef['period2']))}" in text
    assert f"a probability of {number(1 / (1 + np.exp(-fit.fixef['(Intercept)'])))}" in text


@pytest.mark.parametrize(
    ("formula", "family", "words"),
    [
        (
            "count ~ temp + (1 | site)",
            "poisson",
            ["Poisson mixed", "expected value of count is multiplied by"],
        ),
        ("time ~ temp + (1 | site)", "gamma", ["expected value of time is multiplied by", "% of that mean"]),
        ("over ~ treat + (1 | site)", "negative_binomial", ["negative binomial mixed", "mean²/"]),
        ("pos ~ temp + (1 | site)", lk.families.Binomial(link="probit"), ["pos on the probit scale is"]),
        (
            "count ~ temp + (1 | site)",
            lk.families.Poisson(link="sqrt"),
            ["count on the square root scale is"],
        ),
    ],
)
def test_families(formula, family, words):
    text = lk.glmer(formula, load("counts"), family).explain()
    for phrase in words:
        assert phrase in text


def test_a_two_level_response_names_its_second_level():
    data = load("counts").assign(seen=lambda d: np.where(d["pos"] == 1, "yes", "no"))
    assert (
        "the probability that seen is yes" in lk.glmer("seen ~ temp + (1 | site)", data, "binomial").explain()
    )


def test_contrasts_dummies_and_polynomials():
    fit = lk.lmer("score ~ sex + poly(ses, 2) + (1 | school)", load("nested"), contrasts={"sex": "sum"})
    assert "A contrast between the levels of sex" in fit.explain()
    assert fit.explain().count("One of the columns of poly(ses, 2)") == 2
    dummies = lk.lmer("score ~ 0 + sex + (1 | school)", load("nested")).explain()
    assert "This is the expected value of score for sex f" in dummies
    assert "are expected within" in dummies  # no fixed intercept to lie around


def test_a_column_for_each_level_says_what_holds_there():
    """Slopes and means that a column for each level has are no interactions: own regressions find them."""
    mice, owls = lk.load_data("mouse"), lk.load_data("owl_cort")
    own = {
        name: np.polyfit(rows["Dose"], rows["Weight"], 1)
        for name, rows in mice.groupby("Strain", observed=True)
    }
    nested = lk.lm("Weight ~ Strain / Dose", mice).explain()
    for name, (slope, _) in own.items():
        assert (
            f"With each unit more of Dose, the expected value of Weight is {number(-slope)} lower for Strain {name}."
            in nested
        )
    apart = number(own["m1"][1] - own["m2"][1])
    assert f"m2 compared with m1, the expected value of Weight is {apart} lower where Dose is 0." in nested
    assert "interaction" not in nested
    means = owls.groupby(["Implant", "days"], observed=True)["totCort"].mean()
    cells = lk.lm("totCort ~ 0 + Implant:days", owls).explain()
    for (implant, days), mean in means.items():
        assert f"- Implant{implant}:days{days}: {number(mean)} ±" in cells
        assert f"the expected value of totCort for Implant {implant} and days {days}." in cells
    assert "compared with what was dropped" in lk.lm("totCort ~ Implant:days", owls).explain()


def test_effects_lie_around_a_coefficient_that_means_the_same():
    """MachineB left of a bar without an intercept is the level of B, and in the fixed part B compared with A."""
    machines = structured("Machines")
    levels = "(0 + Machine | Worker)"
    apart = lk.lmer(f"score ~ Machine + {levels}", machines).explain()
    assert "the effect for Machine B has a standard deviation of 8.625: 95% of all Worker" in apart
    own = lk.lmer(f"score ~ 0 + Machine + {levels}", machines).explain()
    assert "for Machine B has a standard deviation of 8.625 around 60.32: 95%" in own
    contrasts = lk.lmer("score ~ Machine + (Machine | Worker)", machines).explain()
    assert "the effect of MachineB has a standard deviation of 5.878 around 7.967" in contrasts
    pair = lk.lmer("Reaction ~ Days + cs(Days | Subject)", structured("sleepstudy")).explain()
    assert "the correlation of (Intercept) and Days is 0.07 (compound symmetry)" in pair


def test_where_a_coefficient_holds():
    mice, owls = lk.load_data("mouse"), lk.load_data("owl_cort")
    common = lk.lm("Weight ~ Dose + Strain:Dose", mice)
    assert f"is {number(-common.fixef['Dose'])} lower where Strain is m1." in common.explain()
    dummies = lk.lm("Weight ~ 0 + Strain + Dose", mice).explain()
    assert "the expected value of Weight for Strain m3 where Dose is 0." in dummies
    three = lk.lm("totCort ~ Implant * days * Age", owls).explain()
    assert "differs with days 2 rather than before, where Age is 0." in three
    assert "differs with days 2 rather than before and with each unit more of Age." in three
    curve = lk.lm("Weight ~ Strain * poly(Dose, 2)", mice).explain()
    assert "Weight where Strain is m1 and the columns of poly(Dose, 2) are 0." in curve
    coded = lk.lm("Weight ~ Strain * Dose", mice, contrasts={"Strain": "sum"}).explain()
    assert "Weight where Dose is 0 and the contrasts of Strain are 0." in coded


def test_zeros_with_a_column_for_each_level():
    ticks = lk.load_data("ticks")
    fit = lk.glmer("ticks ~ year + (1 | park)", ticks, family="poisson", zero_inflation="~ 0 + year")
    share = 1 / (1 + np.exp(-component_fit(fit, "zero_inflation").fixef["year2022"]))
    assert f"It means a probability of an extra zero of {number(share)} for year 2022." in fit.explain()


def test_what_does_not_vary_and_messages():
    text = lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff2")).explain()
    assert "standard deviation of 0: no difference between one Batch and another" in text
    assert "Take note:\n- The fit is singular" in text


def test_models_without_random_effects():
    text = lk.lm("angle ~ recipe", load("cake")).explain()
    assert text.startswith("This linear model describes angle by recipe.")
    assert "What differs between groups" not in text


def test_shown_as_markdown():
    text = lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff")).explain()
    assert text._repr_markdown_() == text and type(text._repr_markdown_()) is str


def test_printed_lines_are_broken_between_words(capsys):
    text = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).explain()
    print(text)
    printed = capsys.readouterr().out.rstrip("\n")
    assert printed == str(text) == repr(text) == f"{text}"
    assert printed.split() == text.split()  # every word whole, and none lost
    lines = printed.splitlines()
    assert len(lines) > len(text.splitlines()) and max(map(len, lines)) <= 72
    assert "\n- Days: " in printed and "\n  of Reaction is" in printed  # a point's lines stand under it


def test_a_long_name_is_not_broken():
    name = "a_response_with_a_name_of_its_own_that_is_longer_than_any_line_ever_printed_by_anybody_who_counts_columns"
    data = load("Dyestuff").rename(columns={"Yield": name})
    printed = str(lk.lmer(f"{name} ~ 1 + (1 | Batch)", data).explain())
    assert printed.count(name) == len(re.findall(r"a_response\w+", printed)) > 2


def test_meaning_of_columns():
    y, x = np.arange(8.0) ** 1.5, np.arange(8.0)[::-1] ** 2
    data = pd.DataFrame({"y": y, "x": x, "f": list("abcabcab"), "g": list("aabbccdd")})
    parts = fixed_parts(lk.lmer("y ~ f * x + (1 | g)", data).design)
    names = [[part.name for part in column] for column in parts]
    assert names == [[], ["fb"], ["fc"], ["x"], ["fb", "x"], ["fc", "x"]]
    assert (parts[1][0].level, parts[1][0].reference, parts[1][0].kind) == ("b", "a", "level")
    assert parts[3][0].kind == "number"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (251.4051, "251.4"),
        (0.0655, "0.06550"),
        (-1.1399, "-1.140"),
        (0, "0"),
        (123456.7, "123457"),
        (1e-9, "1e-09"),
        (2e9, "2e+09"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.fixture(scope="module")
def counts():
    """Counts of 25 groups, searched for on areas of different size; a quarter of `rare` is an extra zero."""
    rng = np.random.default_rng(11)
    group = np.repeat(np.arange(25), 12)
    x, area = rng.normal(size=300), rng.uniform(1, 9, 300)
    mean = np.exp(0.8 + 0.3 * x + rng.normal(0, 0.4, 25)[group])
    count = rng.poisson(mean)
    rare = np.where(rng.random(300) < 0.25, 0, count)
    table = {"x": x, "g": group.astype(str), "area": area, "found": rng.poisson(mean * area), "rare": rare}
    above = np.where(count == 0, 1, count)
    return pd.DataFrame({**table, "above": above, "share": (count + 0.5) / (count + 4.0)})


def _stated(text):
    """The mean that is read from the intercept."""
    return float(re.search(r"it means an expected value[^;]*? of ([\d.]+)\.\n", text)[1])


def test_intercept_of_a_model_with_an_offset(counts):
    fit = lk.glmer("found ~ x + offset(log(area)) + (1 | g)", counts, "poisson")
    text = fit.explain()
    assert "expected value of found where x is 0 and the offset is 0; it means" in text
    new = pd.DataFrame({"x": [0.0, 0.0], "area": [1.0, 5.0]})
    at_one, at_five = fit.predict(new, re_form="~0")
    assert _stated(text) == pytest.approx(at_one, rel=1e-3) and at_five == pytest.approx(5 * at_one)
    alone = lk.glmer("found ~ 1 + offset(log(area)) + (1 | g)", counts, "poisson").explain()
    assert "expected value of found where the offset is 0; it means" in alone
    assert "offset" not in lk.glmer("found ~ x + (1 | g)", counts, "poisson").explain()


def test_a_response_is_named_in_a_sentence():
    """“the expected ticks is”, “an expected ticks of” and “3% of the values of ticks is” are no English."""
    ticks = lk.load_data("ticks")
    text = lk.glmer("ticks ~ year + (1 | litter)", ticks, "poisson", zero_inflation="~ 1").explain()
    assert "the expected value of ticks (extra zeros aside) is multiplied by" in text
    assert "it means an expected value (extra zeros aside) of" in text
    assert "3% of the values of ticks are 0 whatever" in text
    assert "expected ticks" not in text


def test_extra_zeros_are_left_aside(counts):
    fit = lk.glmer("rare ~ x + (1 | g)", counts, "poisson", zero_inflation="~ 1")
    text = fit.explain()
    zero = float(re.search(r"probability of an extra zero of ([\d.]+)\.", text)[1])
    assert "an expected value (extra zeros aside) of" in text
    assert "the expected value of rare (extra zeros aside) is multiplied by" in text
    assert "given its mean, rare (extra zeros aside) varies as a Poisson count" in text
    expected = fit.predict(pd.DataFrame({"x": [0.0]}), re_form="~0").iloc[0]
    assert _stated(text) * (1 - zero) == pytest.approx(expected, rel=2e-3) and zero > 0.1


def test_cut_off_zeros_are_said(counts):
    fit = lk.glmer("above ~ x + (1 | g)", counts, "truncated_poisson")
    text = fit.explain()
    mean = _stated(text)
    assert "an expected value (before zeros are left out) of" in text
    expected = fit.predict(pd.DataFrame({"x": [0.0]}), re_form="~0").iloc[0]
    assert mean / (1 - np.exp(-mean)) == pytest.approx(expected, rel=2e-3) and expected > 1.05 * mean
    assert "varies as a Poisson count; the values are those above zero." in text
    hurdle = lk.glmer("rare ~ x + (1 | g)", counts, "truncated_poisson", zero_inflation="~ x").explain()
    assert "It means a probability of a zero of" in hurdle and "the odds of a zero are" in hurdle
    assert "extra zero" not in hurdle


def test_log_odds_of_an_expected_share(counts):
    text = lk.glmer("share ~ x + (1 | g)", counts, "beta").explain()
    assert (
        "This is the log odds of the expected value of share where x is 0; it means an expected value of"
        in text
    )
