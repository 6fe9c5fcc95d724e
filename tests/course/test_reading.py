"""What a reader may write: every form that means the same is the same, and nothing else is."""

import numpy as np
import pandas as pd
import pytest

from lmmkit.course.reading import as_numbers, chosen, given, listed, plain_text


@pytest.mark.parametrize(
    ("value", "number", "digits"),
    [
        (5, 5.0, 1), (15, 15.0, 2), (100, 100.0, 3), (0.0415, 0.0415, 3), (-6.2, -6.2, 2), (1e-3, 0.001, 1),
        ("5", 5.0, 1), ("five", 5.0, 1), ("Zero.", 0.0, 1), ("−6,2", -6.2, 2), ("(3.10)", 3.1, 3), ("1e-3", 0.001, 1),
        ("4 %", 4.0, 1), ("4 per cent", 4.0, 1),
        ("10.5 ms", 10.5, 3), ("1.5 g/kg", 1.5, 2), ("4/5", 0.8, 1), ("fifty", 50.0, 2),
        (np.array([[2.5]]), 2.5, 2), (pd.Series([7]), 7.0, 1), ([0.5], 0.5, 1),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_digits(value, number, digits):
    found = given(value)
    assert (found.value, found.digits) == (number, digits)
    assert found.percent == ("%" in str(value) or "per cent" in str(value))


@pytest.mark.parametrize(
    "value", ["nan", "inf", "1 2", "five mice", "", "1,234.5", "0x10", None, True, [1, 2], 3 + 4j, "1e999"]
)
def test_what_is_no_number_is_none(value):
    assert given(value) is None


@pytest.mark.parametrize(
    ("written", "truth", "same"),
    [
        (0.67, 0.665, True), (0.66, 0.6667, True), (0.67, 0.6667, True), (10, 10.47, True), (15, 15.4, True),
        (1.4, 1.5, False), (25.6, 26.5, False), (0.2063753, 0.2251, False), (-0.66, 0.6667, False), (3, 2.6, True),
        (0.06, 0.0639, True), (0.06, 0.0562, True), (1500, 1463, False), (0.0, 0.004, True), (-6.2, -6.21, True),
    ],
)  # fmt: skip
def test_a_rounded_number_means_the_whole_one(written, truth, same):
    assert given(written).means(truth) == same


def test_text_may_hold_several_numbers():
    assert list(as_numbers("1.5, 2.5")) == list(as_numbers(["1.5", "2.5"])) == [1.5, 2.5]
    assert list(as_numbers("1; 2 3")) == [1, 2, 3]
    assert as_numbers("one, owl") is None and as_numbers(["1", "owl"]) is None


POOLING = ("complete", "no", "partial", "none of them")
NESTED = ("(1 | school/class)", "(1 | class)", "(1 | school) + (1 | class)", "(0 + hours | school)")


@pytest.mark.parametrize(
    ("value", "options", "option"),
    [
        ("complete pooling", POOLING, "complete"), ("Complete.", POOLING, "complete"), ("no pooling", POOLING, "no"),
        ("none", POOLING, "none of them"), ("(d)", POOLING, "none of them"), ("b", POOLING, "no"),
        ("e", POOLING, None),
        ("complete or partial", POOLING, None), ("not partial", POOLING, None), ("owl", POOLING, None),
        ("", POOLING, None),
        ("(1|school/class)", NESTED, NESTED[0]),
        ("(Days||Subject)", ("(Days | Subject)", "(Days || Subject)"), "(Days || Subject)"),
        ("(1 + week | vole)", ("(1 | vole)", "(week | vole)"), "(week | vole)"),
        ("(1 | school / class)", NESTED, NESTED[0]),
        ("1|class", NESTED, NESTED[1]),
        ("(1|school)+(1|class)", NESTED, NESTED[2]), ("(hours|school)", NESTED, None), ("1", NESTED, None),
        ("Simpson", ("Simpson's paradox", "regression to the mean"), "Simpson's paradox"),
        ("50 mice × 2", ("50 mice x 2", "100 mice x 1"), "50 mice x 2"),
        ("Kenward–Roger", ("Kenward-Roger", "Satterthwaite"), "Kenward-Roger"),
        ("binomial,logit", ("binomial, logit", "poisson, log"), "binomial, logit"),
        ("zero", ("up", "down", "towards zero"), "towards zero"), ("lk.glmer", ("lm", "glm", "lmer", "glmer"), "glmer"),
        ("plots", ("plot", "core", "field"), "plot"),
        ("one in two", ("one in twenty", "nearly one in two"), "nearly one in two"),
        ("B", ("A", "B", "C"), "B"), ("panel c", ("A", "B", "C"), "C"), ("a mouse", ("A", "B", "C"), None),
        ("independent", ("linearity", "independence", "normality"), "independence"),
        ("normal", ("linearity", "independence", "normality"), "normality"),
        ("linear", ("linearity", "nonlinearity"), "linearity"), ("posit", ("positive", "negative"), None),
        ("nesting", ("nested", "crossed"), None), ("interaction", ("intercept", "interval"), None),
        ("%s%d%n", ("a", "b", "c", "d"), None), ("%s%d%n", ("draw", "none"), None),
        ("class" * 200, ("class", "school"), None),
    ],
)  # fmt: skip
def test_an_option_is_found_in_any_form(value, options, option):
    assert chosen(value, options) == option


def test_dashes_quotes_and_crosses_are_of_one_kind():
    assert plain_text("“a” – b — c × 2 − 1") == '"a" - b - c x 2 - 1'


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("plot, half, chick, day", ["plot", "half", "chick", "day"]), ("['lm', 'glmer']", ["lm", "glmer"]),
        ("(brood; ring)", ["brood", "ring"]), ("plot", "plot"), ("", ""), (["a", "b"], ["a", "b"]), (3, 3),
    ],
)  # fmt: skip
def test_a_list_may_be_written_as_text(text, items):
    assert listed(text) == items


@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("(1 | winter) + (1 | fox)", "(1 | fox) + (1 | winter)"), ("(1|fox)+(1|winter)", "(1 | fox) + (1 | winter)"),
        ("(1 | winter)", None), ("(1 | winter/fox)", "(1 | winter/fox)"), ("(fox | winter)", None),
    ],
)  # fmt: skip
def test_the_terms_of_a_random_part_have_no_order(value, option):
    assert (
        chosen(value, ["(1 | fox)", "(1 | fox/winter)", "(1 | winter/fox)", "(1 | fox) + (1 | winter)"])
        == option
    )
