"""Expected texts are R's own output (format, format.pval, abbreviate, print, cat, deparse)."""

import numpy as np
import pytest

from lmmkit.formatting.r_text import (
    abbreviate,
    deparse,
    fill,
    format_numbers,
    format_pvalues,
    matrix_lines,
    stars,
    vector_lines,
    zap_small,
)


@pytest.mark.parametrize(
    ("values", "digits", "expected"),
    [
        ([612.089748, 35.071662, 654.941041], 4, ["612.09", " 35.07", "654.94"]),
        ([24.740448, 5.922133, 25.591816], 4, ["24.740", " 5.922", "25.592"]),
        ([1743.6283], 7, ["1743.628"]),
        ([0.0, 13.81], 4, [" 0.00", "13.81"]),
        ([1e-10, 1.0], 3, ["1e-10", "1e+00"]),
        ([123456789.0, 1.5], 3, ["1.23e+08", "1.50e+00"]),
        ([100000.0], 7, ["1e+05"]),
        ([123456.0], 7, ["123456"]),
        ([0.00001234], 3, ["1.23e-05"]),
        ([-0.5, 10.25], 7, ["-0.50", "10.25"]),
        ([float("nan"), 1.5], 7, [" NA", "1.5"]),
        ([float("-inf"), 2.0], 7, ["-Inf", "   2"]),
        ([-0.0], 7, ["0"]),
        ([], 7, []),
    ],
)
def test_format_numbers(values, digits, expected):
    assert format_numbers(values, digits) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 0.000138, 3.26e-6], ["0.500000", "0.000138", "3.26e-06"]),
        ([1e-20, 3.26e-6], ["< 2e-16", "3.26e-06"]),
        ([1e-20, 1e-30], ["<2e-16", "<2e-16"]),
        ([1e-20, 0.25], ["<2e-16", "0.25"]),
        ([0.043259, float("nan")], ["0.0433", "NA"]),
    ],
)
def test_format_pvalues(values, expected):
    assert format_pvalues(values, digits=3) == expected


def test_stars():
    assert [stars(p).strip() for p in (0.0005, 0.005, 0.04, 0.09, 0.5)] == ["***", "**", "*", ".", ""]


@pytest.mark.parametrize(
    ("names", "length", "expected"),
    [
        (["(Intercept)", "period2", "nutrient:amdunclipped"], 6, ["(Intr)", "perid2", "ntrnt:"]),
        (["nutrient:amdunclipped", "statusPetri.Plate"], 11, ["ntrnt:mdncl", "sttsPtr.Plt"]),
        (["poly(ses, 2)1", "poly(ses, 2)2"], 6, ["p(,2)1", "p(,2)2"]),
        (["abcdef1", "abcdef2", "short"], 3, ["ab1", "ab2", "shr"]),
        (["temperature", "temperament"], 4, ["tmprt", "tmprm"]),
    ],
)
def test_abbreviate(names, length, expected):
    assert abbreviate(names, length) == expected


def test_zap_small():
    np.testing.assert_array_equal(zap_small(np.array([-3.95, 1e-9, 0.46341]), 5), [-3.95, 0.0, 0.4634])


def test_wide_matrices_and_vectors_are_broken_into_blocks():
    columns = [f"column{i:02d}" for i in range(10)]
    lines = matrix_lines([["1.25"] * 10], columns, ["row"], right=True)
    assert len(lines) == 4
    assert lines[0] == "    " + " ".join(columns[:8])
    assert lines[2] == "    " + " ".join(columns[8:])
    vector = vector_lines(columns, ["1"] * 10)
    assert [len(line) <= 80 for line in vector] == [True] * 4


def test_fill_starts_a_new_line_where_the_next_item_does_not_fit():
    assert fill(["a" * 50, "b" * 28]) == ["a" * 50 + " " + "b" * 28]
    assert fill(["a" * 50, "b" * 30]) == ["a" * 50, "b" * 30]


def test_deparse_breaks_long_formulas_as_r_does():
    text = "log(total.fruits + 1) ~ rack + nutrient * amd + status + (1 | reg/popu/gen)"
    assert deparse(text) == [text.removesuffix("reg/popu/gen)"), "    reg/popu/gen)"]
    assert deparse("y~x+(x|g)") == ["y ~ x + (x | g)"]
