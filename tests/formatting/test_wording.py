"""How names, numbers and p-values stand in a sentence."""

import math

import pytest

from lmmkit.formatting.wording import listed, number, p_digits, p_value, plural, rounded


def test_names_as_prose():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (math.inf, "inf"), (math.nan, "nan"), (1.0, "1.000"), (-12.3456, "-12.35"),
        (99999.4, "99999"), (9_999_999.0, "9999999"), (1e7, "1e+07"), (0.00012345, "0.0001234"),
        (1.23456e-8, "1.235e-08"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_and_rarely_an_exponent(value, text):
    assert number(value) == text


def test_decimals_with_a_true_minus():
    assert rounded(-2.5, 1) == "−2.5" and rounded(-0.0004) == "0.00" and rounded(3, 0) == "3"
    assert plural(0, "row") == "0 rows" and plural(1, "row") == "1 row"


def test_a_p_value_is_never_nought():
    for p in (0.0, 1e-300, 0.000999):
        assert p_value(p) == "p < 0.001" and p_digits(p) == "<0.001"
    assert p_value(0.001) == "p = 0.001" and p_digits(0.04999) == "0.050" and p_value(1.0) == "p = 1.000"
