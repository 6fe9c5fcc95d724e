"""Formula text -> Formula: what is taken apart, how it is written back, and how terms multiply out."""

import pytest

from lmmkit.errors import FormulaError
from lmmkit.formula.algebra import expand
from lmmkit.formula.parse import Formula, parse, require_bars
from lmmkit.formula.syntax import read
from lmmkit.formula.tree import Unary, number, write
from lmmkit.formula.update import expand_dot, update


def bars(text):
    return [bar.text for bar in parse(text).bars]


def labels(text):
    return [term.label for term in expand(parse(text).fixed).terms]


def test_a_formula_is_taken_apart():
    f = parse("  cbind(hits, n - hits) ~ x + offset(log(e)) + f*z + (1 + x | g) - 1 ")
    assert f.text == "cbind(hits, n - hits) ~ x + offset(log(e)) + f*z + (1 + x | g) - 1"
    assert f.response == "cbind(hits, n - hits)"
    assert f.fixed == "0 + x + f * z"
    assert f.offsets == ("log(e)",)
    assert [(b.lhs, b.factors, b.group) for b in f.bars] == [("1 + x", ("g",), "g")]
    assert f.columns == ("hits", "n", "x", "f", "z", "e", "g")
    assert str(f) == f.text


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("y ~ 1", "1"),
        ("y ~ 0 + (1 | g)", "0"),
        ("y ~ (1 | g)", "1"),
        ("y ~ x - 1 + 1", "1 + x"),
        ("y ~ x + -1", "0 + x"),
        ("y ~ x - 0", "1 + x"),
        ("y ~ (0 + x)", "0 + x"),
        ("y ~ (x + (1 | g)) + z", "1 + x + z"),
        ("y ~ a*b - (a + b)", "1 + a * b - (a + b)"),
    ],
)
def test_the_intercept_is_spelled_out(text, fixed):
    assert parse(text).fixed == fixed


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ("(x | g)", ["x | g"]),
        ("(0+x|g)", ["0 + x | g"]),
        ("(x || g)", ["1 | g", "0 + x | g"]),
        ("(0 + x || g)", ["0 + x | g"]),
        ("(1 || g)", ["1 | g"]),
        ("(x*z || g)", ["1 | g", "0 + x | g", "0 + z | g", "0 + x:z | g"]),
        ("(ses | school/class)", ["ses | class:school", "ses | school"]),
        ("(1 | reg/popu/gen)", ["1 | gen:(popu:reg)", "1 | popu:reg", "1 | reg"]),
        ("(x || a/b)", ["1 | b:a", "1 | a", "0 + x | b:a", "0 + x | a"]),
        ("(1 | (a:b)/c)", ["1 | c:(a:b)", "1 | (a:b)"]),
        ("(x | a + b)", ["x | a", "x | b"]),
        ("(1 | a*b)", ["1 | a", "1 | b", "1 | a:b"]),
        ("(1 | (a + b)^2)", ["1 | a", "1 | b", "1 | a:b"]),
        ("(1 | (a + b + c)^2)", ["1 | a", "1 | b", "1 | c", "1 | a:b", "1 | a:c", "1 | b:c"]),
        ("(1 | a %in% b)", ["1 | a:b"]),
        ("(1 | a/b + c)", ["1 | b:a", "1 | a", "1 | c"]),
        ("(1 | a/(b + c))", ["1 | b:a", "1 | c:a", "1 | a"]),
        ("(1 | `my g`*h)", ["1 | `my g`", "1 | h", "1 | `my g`:h"]),
        ("(1 | a/b:c)", ["1 | b:c:a", "1 | a"]),
        ("(1 | factor(g))", ["1 | factor(g)"]),
        ("((1 | g))", ["1 | g"]),
        ("(1 | g) + (0 + x | g)", ["1 | g", "0 + x | g"]),
        ("(1 | `my g`/h)", ["1 | h:`my g`", "1 | `my g`"]),
    ],
)
def test_bars_are_expanded_as_lme4_does(bar, expected):
    assert bars(f"y ~ x + {bar}") == expected


def terms(text, **options):
    return [bar.term for bar in parse(text, **options).bars]


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ("us(x | g)", ["(x | g)"]),
        ("diag(x | g)", ["diag(x | g)"]),
        ("diag(x | g, hom = FALSE)", ["diag(x | g)"]),
        ("cs(0 + f | g, hom = TRUE)", ["cs(0 + f | g, hom = TRUE)"]),
        ("ar1(0 + f | g)", ["ar1(0 + f | g)"]),
        ("ar1(0 + f | g, hom = True)", ["ar1(0 + f | g)"]),
        ("ar1(0 + f | g, hom = FALSE)", ["ar1(0 + f | g, hom = FALSE)"]),
        ("(cs(x | g))", ["cs(x | g)"]),
        ("cs(f | a/b, hom = TRUE)", ["cs(f | b:a, hom = TRUE)", "cs(f | a, hom = TRUE)"]),
        ("ar1(0 + f | a*b)", ["ar1(0 + f | a)", "ar1(0 + f | b)", "ar1(0 + f | a:b)"]),
        ("cs(x | g) + (1 | h) - cs(x | g)", ["(1 | h)"]),
    ],
)
def test_tags_name_the_structure(bar, expected):
    assert terms(f"y ~ x + {bar}") == expected
    again = parse(f"y ~ x + {' + '.join(expected)}")  # a term is written so that it is read as the same
    assert again.bars == parse(f"y ~ x + {bar}").bars


@pytest.mark.parametrize(
    ("bar", "sentence"),
    [
        ("exp(x | g)", r"exp\(\) is not a covariance structure"),
        ("exp((x | g))", r"exp\(\) is not a covariance structure"),
        ("log(cs(x | g))", r"can only be added, as in y ~ x \+ cs\(x \| g\)"),
        ("lme4::cs(x | g)", "cs\\(x \\| g\\), without splines:: or lme4::"),
    ],
)
def test_a_tag_in_the_wrong_place_is_told_where_it_belongs(bar, sentence):
    with pytest.raises(FormulaError, match=sentence):
        parse(f"y ~ x + {bar}")
    assert list(parse("y ~ exp(x) + (1 | g)").columns) == ["y", "x", "g"]


def test_a_bar_needs_no_brackets_where_it_is_the_only_term():
    for text, lhs in (("y ~ 1 | g", "1"), ("y ~ x | g", "1 + x"), ("y ~ x:z | g", "1 + x:z")):
        f = parse(text)
        assert f.fixed == "1" and [bar.lhs for bar in f.bars] == [lhs]
    assert bars("y ~ x || g") == ["1 | g", "0 + x | g"]
    assert parse("~ 1 | g", one_sided=True).bars[0].text == "1 | g"


def test_the_double_bar_splits_or_is_diagonal():
    assert terms("y ~ (x + f || g)") == ["(1 | g)", "(0 + x | g)", "(0 + f | g)"]
    diagonal = parse("y ~ (x + f || g)", double_bar="diag")
    assert [bar.term for bar in diagonal.bars] == ["diag(x + f | g)"]
    assert expand_dot(parse("y ~ . + (x || g)", double_bar="diag"), ["y", "x", "g"]).bars[0].tag == "diag"
    assert update("y ~ x + (x || g)", ". ~ . + z", double_bar="diag") == "y ~ 1 + x + z + diag(x | g)"
    with pytest.raises(FormulaError, match="double_bar must be 'split' or 'diag'"):
        parse("y ~ (x || g)", double_bar="dia")


def test_groups_are_named_as_lme4_names_them():
    f = parse("y ~ (1 | reg/popu/gen) + (1 | `my g`)")
    assert [b.group for b in f.bars] == ["gen:(popu:reg)", "popu:reg", "reg", "my g"]
    assert f.bars[0].factors == ("gen", "popu", "reg")


def test_left_sides_have_an_explicit_intercept():
    assert [b.lhs for b in parse("y ~ (x | g) + (x - 1 | g) + (f || g)").bars] == [
        "1 + x",
        "0 + x",
        "1",
        "0 + f",
    ]


def test_names_of_any_kind():
    f = parse(
        "total.fruits ~ class + time + C + lambda + .hidden + _x + größe + `my col` + (1 | school/class)"
    )
    assert f.columns[:5] == ("total.fruits", "class", "time", "C", "lambda")
    assert labels("y ~ `my col`:class + C(C)") == ["C(C)", "`my col`:class"]
    assert parse("y ~ `TRUE` + `1st`").columns == ("y", "TRUE", "1st")


def test_terms_come_in_r_s_order():
    assert labels("y ~ a*b*c") == ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]
    assert labels("y ~ c:a + b + a") == ["b", "a", "c:a"]
    assert labels("y ~ (a + b + c)^2 - a:b") == ["a", "b", "c", "a:c", "b:c"]
    assert labels("y ~ a/b/c") == ["a", "a:b", "a:b:c"]
    assert labels("y ~ (a + b)/c") == ["a", "b", "a:b:c"]
    assert labels("y ~ a:a + b:a + a:b") == ["a", "a:b"]
    assert labels("y ~ (z + x*h)^2") == ["z", "x", "h", "z:x", "z:h", "x:h", "z:x:h"]
    assert labels("y ~ a + (b - a)") == ["a", "b"]
    assert labels("y ~ a + (b - 1)") == ["a", "b"]
    assert labels("y ~ x^3 + (x)^2") == ["x"]
    assert labels("y ~ (a + b)^9") == labels("y ~ a*b")


def test_a_long_sum_is_no_trouble():
    text = "y ~ " + " + ".join(f"x{i}" for i in range(600))
    assert len(labels(text)) == 600


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("log( a+1 )", "log(a + 1)"),
        ("I(a/b*2^-c)", "I(a/b * 2^-c)"),
        ("poly(x,2,raw=True)", "poly(x, 2, raw = TRUE)"),
        ("-x**2", "-x^2"),
        ("a>=2 & !b", "a >= 2 & !b"),
        ("f == 'a'", 'f == "a"'),
        ("f == 'say \"a\"'", "f == 'say \"a\"'"),
        ("ns(x, knots=c(1,2.50))", "ns(x, knots = c(1, 2.5))"),
        ("2^3^a", "2^3^a"),
        ("(a)", "(a)"),
        ("3L + 1e5 + .5 + 1e-4 + 123456", "3 + 1e+05 + 0.5 + 1e-04 + 123456"),
    ],
)
def test_text_is_written_as_r_writes_it(text, written):
    assert write(read(text)) == written
    assert read(written) == read(text)


def test_operators_bind_as_in_r():
    assert read("-a^2") == Unary(0, "-", read("a^2"))
    assert read("a + b * c").op == "+"
    assert read("a * b:c").op == "*"
    assert read("a^b^c").right == read("b^c")
    assert read("!a == b").op == "!"


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), (100000.0, "1e+05"), (0.1 + 0.2, "0.3"), (-1.5e-7, "-1.5e-07")]
)
def test_numbers_are_written_as_r_writes_them(value, text):
    assert number(value) == text


def test_one_sided_formulas():
    f = parse("~ Age + (1 | Individual)", one_sided=True)
    assert (f.response, f.fixed, f.bars[0].group) == ("", "1 + Age", "Individual")
    with pytest.raises(FormulaError, match="one-sided"):
        parse("y ~ x", one_sided=True)


def test_the_dot_is_all_other_columns():
    f = expand_dot(parse("log(y) ~ . - a + (1 | g)"), ["y", "a", "b c", "g"])
    assert f.text == "log(y) ~ (a + `b c`) - a + (1 | g)"
    assert labels(f.text) == ["`b c`"]
    assert expand_dot(parse("y ~ x"), ["y", "z"]) == parse("y ~ x")
    assert labels(expand_dot(parse("y ~ .:x"), ["y", "a", "b", "x"]).text) == ["x", "a:x", "b:x"]
    for name in ("x`y", ""):
        with pytest.raises(FormulaError, match=f"cannot write the column name '{name}'"):
            expand_dot(parse("y ~ . + (1 | g)"), ["y", "a", name, "g"])
        assert expand_dot(parse("y ~ a"), ["y", "a", name]).text == "y ~ a"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("y ~ x + z + (1 | g)", ". ~ . - z", "y ~ 1 + x + (1 | g)"),
        ("y ~ x + (x | g)", "log(.) ~ . - (x | g) + (1 | g)", "log(y) ~ 1 + x + (1 | g)"),
        ("y ~ a * b + (1 | g)", ". ~ . - a:b", "y ~ 1 + a + b + (1 | g)"),
        ("y ~ x + (1 | g)", "~ . + w + offset(log(e))", "y ~ 1 + x + w + offset(log(e)) + (1 | g)"),
        ("a + b ~ x", ". / 2 ~ .", "(a + b)/2 ~ 1 + x"),
        ("y ~ x + (1 | g)", "z ~ 0 + .", "z ~ 0 + x + (1 | g)"),
        ("y ~ x + (x || a/b)", ". ~ . - (0 + x | a)", "y ~ 1 + x + (1 | b:a) + (1 | a) + (0 + x | b:a)"),
        ("y ~ x + (1 | `my g`)", ". ~ .", "y ~ 1 + x + (1 | `my g`)"),
    ],
)
def test_update_follows_r(old, new, expected):
    assert update(old, new) == expected
    assert update(expected, ". ~ .") == expected


def test_a_mixed_model_needs_a_bar():
    require_bars(parse("y ~ (1 | g)"))
    with pytest.raises(FormulaError, match="no random-effects term"):
        require_bars(parse("y ~ x"))


def test_formulas_are_values():
    assert parse("y ~ x + (1|g)") == parse("y ~ x + (1|g)")
    assert isinstance(hash(parse("y ~ x + (1|g)")), int)
    assert isinstance(parse("y ~ x"), Formula)


@pytest.mark.parametrize(
    "contrast",
    ["C(f, Treatment('b'))", "C(f, contr.treatment(3, base=2))"],
)
def test_computed_contrasts_are_told_where_else_they_are_made(contrast):
    with pytest.raises(FormulaError, match=r"another reference level is C\(f, treatment, base = \"b\"\)"):
        parse(f"y ~ {contrast} + (1 | g)")
