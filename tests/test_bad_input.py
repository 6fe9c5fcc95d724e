"""Every malformed formula and frame is refused by one plain sentence of our own.

Each case names the class of the error and a pattern of its sentence. No traceback may end inside pandas,
NumPy or formulaic: the innermost frame must be one of lmmkit's.
"""

import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmmkit
from lmmkit.design.design import build_design
from lmmkit.design.grouping_checks import check_grouping
from lmmkit.errors import DataError, FormulaError
from lmmkit.formula.parse import parse, require_bars
from lmmkit.formula.update import update

HOUSE = Path(lmmkit.__file__).parent


def refused(call, error, pattern):
    """`call` must raise exactly `error`, from within lmmkit, with a sentence that matches."""
    with pytest.raises(error, match=pattern) as caught:
        call()
    assert caught.type is error
    innermost = Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename)
    assert HOUSE in innermost.parents, f"the error comes from {innermost}"
    assert not str(caught.value).split("\n")[0].endswith((".", " ", ":"))
    return str(caught.value)


FORMULAS = [
    # nothing, or not a formula
    ("", "empty"),
    ("   ", "empty"),
    (None, "not an object of type NoneType"),
    (3, "not an object of type int"),
    (["y ~ x"], "not an object of type list"),
    ("y", "no '~'"),
    ("y + x", "no '~'"),
    ("y ~", "ends where a term was expected"),
    ("~ x", "response is missing"),
    ("y ~ x ~ z", "exactly one '~'"),
    ("y ~ (x ~ z)", "exactly one '~'"),
    ("(y ~ x)", "exactly one '~'"),
    ("y ~ log(~x)", "exactly one '~'"),
    # syntax
    ("y ~ x +", "ends where a term was expected"),
    ("y ~ * x", r"not '\*'"),
    ("y ~ x + * z", r"not '\*'"),
    ("y ~ x z", "operator such as .* missing before 'z'"),
    ("y ~ 2x", "missing before 'x'"),
    ("y ~ x 'a'", "missing before"),
    ("y ~ (x", "bracket is never closed"),
    ("y ~ x)", "closing bracket has no opening one"),
    ("y ~ log(x", "bracket is never closed"),
    ("y ~ log(", "ends where a term was expected"),
    ("y ~ poly(x,)", "missing after the comma"),
    ("y ~ ()", r"not '\)'"),
    ("y ~ x, z", "comma"),
    ("y = x", "'=' belongs only inside"),
    ("y ~ x = 2", "'=' belongs only inside"),
    ("y <- x", "no assignments"),
    ("y ~ x[0]", "subscripts"),
    ("y ~ x[['a']]", "subscripts"),
    ("y ~ d$x", r"'\$' is not part"),
    ("y ~ x@y", "'@' is not part"),
    ("y ~ {x}", "braces"),
    ("y ~ x; z", "single expression"),
    ("y ~ x \\ z", "backslashes"),
    ("y ~ 'x", "never closed"),
    ("y ~ `x", "backtick is never closed"),
    ("y ~ ``", "backticks hold no name"),
    ("y ~ x ? z", r"character '\?'"),
    ("y ~ x + 🦉", "character '🦉'"),
    ("y ~ I(x * 1e999)", "this number is too large"),
    ("y ~ x %% 2", "'%%' has no meaning between terms"),
    ("y ~ x %o% z", "'%o%' is not part"),
    ("y ~ I(x %in% z)", "'%in%' takes the values to look for"),
    ("y ~ x %in% c(z)", "plain number, string"),
    ("y ~ " + "(" * 3000 + "x" + ")" * 3000, "nested too deeply"),
    ("y ~ I(" + "-" * 3000 + "x)", "nested too deeply"),
    ("y ~ I(" + "x^" * 3000 + "x)", "nested too deeply"),
    ("~" * 3000 + "x", "nested too deeply"),
    ("y ~ " + "*".join(f"x{i}" for i in range(40)), "multiplies out to more than 20000 terms"),
    # evaluating something else
    ("y ~ lambda x: x", "missing before 'x'"),
    ("y ~ (lambda: 1)()", None),
    ("y ~ x.__class__", "not a name a formula may use"),
    ("y ~ __import__('os')", "not a name a formula may use"),
    ("y ~ `__import__`('os')", "only a named function can be called"),
    ("y ~ ().__class__", None),
    ("y ~ np.log(x)", r"np\.log\(\) is not a function .* did you mean 'log'"),
    ("y ~ x.mean()", r"x\.mean\(\) is not a function"),
    ("y ~ eval('1')", r"eval\(\) is not a function"),
    ("y ~ open('f')", r"open\(\) is not a function"),
    ("y ~ as.factor(x)", "did you mean 'factor'"),
    ("y ~ Log(x)", "did you mean 'log'"),
    ("y ~ splines::ns(x, 3)", r"write ns\(x, 3\) and cs\(x \| g\), without splines::"),
    ("y ~ I(x - mean(x))", r"center\(x\) takes the mean away"),
    ("y ~ lag(x)", "looks at other rows: make it a column"),
    ("y ~ my x", "a name with a space stands in backticks: `my x`"),
    ("eval(y) ~ x", r"eval\(\) is not a function"),
    ("y ~ (eval(x) | g)", r"eval\(\) is not a function"),
    ("y ~ (1 | eval(g))", r"eval\(\) is not a function"),
    ("y ~ offset(eval(x))", r"eval\(\) is not a function"),
    ("y ~ poly(eval(x), 2)", r"eval\(\) is not a function"),
    ("y ~ poly(x, eval(2))", "plain number"),
    ("y ~ log(x)(z)", "only a named function can be called"),
    ("y ~ x if x else z", "missing before 'if'"),
    ("y ~ [x for x in z]", "subscripts"),
    ("y ~ f'{x}'", "missing before"),
    ("y ~ x := 3", r"not part|not ':|expected"),
    ("y ~ c(x, z)", r"c\(\) is not a function"),
    # arguments
    ("y ~ log()", r"log\(\) needs its argument x"),
    ("y ~ I()", r"I\(\) needs its argument x"),
    ("y ~ exp(x, 2)", "takes at most 1 argument\n"),
    ("y ~ poly(x, 2, TRUE, 4)", "takes at most 3 arguments"),
    ("y ~ poly(x, deg = 2)", "no argument 'deg'; it takes x, degree, raw"),
    ("y ~ poly(x, degree = 2, degree = 3)", "'degree' twice"),
    ("y ~ poly(x, z)", "plain number, string"),
    ("y ~ poly(x, 1 + 1)", "plain number, string"),
    ("y ~ bs(x, knots = z)", "plain number, string"),
    ("y ~ poly(x, 0)", "for degree a whole number from 1 to 1000"),
    ("y ~ poly(x, 1.5)", "for degree a whole number"),
    ("y ~ poly(x, 'a')", "for degree a whole number"),
    ("y ~ poly(x, c(1, 2))", "for degree a whole number"),
    ("y ~ poly(x, 2, raw = 3)", "for raw TRUE or FALSE"),
    ("y ~ ns(x, df = 0)", "for df a whole number from 1 to 1000"),
    ("y ~ ns(x, 2.5)", "for df a whole number"),
    ("y ~ bs(x, degree = TRUE)", "for degree a whole number"),
    ("y ~ bs(x, Boundary.knots = 3)", "two different numbers"),
    ("y ~ bs(x, Boundary.knots = c(3, 3))", "two different numbers"),
    ("y ~ ns(x, knots = c('a', 'b'))", "for knots numbers"),
    ("y ~ scale(x, 'a')", "for center TRUE, FALSE or a number"),
    ("y ~ scale(x, TRUE, c(1, 2))", "for scale TRUE, FALSE or a number"),
    ("y ~ log(x, 'e')", "for base a number above 0, not 1"),
    ("y ~ log(x, 1)", "for base a number above 0, not 1"),
    ("y ~ factor(f, levels = 'a')", "the levels in their order"),
    ("y ~ C(f, summ)", "contrasts are .* did you mean 'sum'"),
    ("y ~ C(f, 3)", "contrasts are"),
    # terms
    ("y ~ 2", "only 0 or 1"),
    ("y ~ x + 3", "only 0 or 1"),
    ("y ~ 2 * x", "plain number or string is not a term"),
    ("y ~ x:1", "plain number or string is not a term"),
    ("y ~ x + 'a'", "only 0 or 1"),
    ("y ~ x^2.5", "whole number"),
    ("y ~ x^0", "whole number"),
    ("y ~ x^z", "whole number"),
    ("y ~ (x - x)/z", "takes every term of it away"),
    ("y ~ x > 3", "needs brackets of its own"),
    ("y ~ x > 3 > 1", "cannot be chained"),
    ("y ~ !x", "'!' cannot stand here"),
    ("y ~ a & b", "'&' has no meaning between terms"),
    ("y ~ I(a:b)", "':' has no meaning here"),
    ("y ~ I(a && b)", "'&&' cannot stand here"),
    ("y ~ I(a || b)", r"'\|\|' cannot stand here"),
    ("y ~ cbind(a, b)", r"cbind\(\) can only stand as the response"),
    ("y ~ log(offset(x))", r"offset\(\) can only stand as a term"),
    ("y ~ x:offset(z)", r"offset\(\) can only stand as a term"),
    ("y ~ x - offset(z)", "cannot be taken away"),
    ("y ~ offset()", "needs its argument"),
    ("y ~ I(.)", "all other columns"),
    # the response
    ("1 ~ x", "must name a column"),
    ("'y' ~ x", "must name a column"),
    ("y:z ~ x", "':' has no meaning here"),
    ("offset(y) ~ x", r"offset\(\) can only stand"),
    ("cbind(y) ~ x", "needs its argument misses"),
    ("cbind(a, b, c) ~ x", "takes at most 2 arguments"),
    ("log(cbind(a, b)) ~ x", r"cbind\(\) can only stand"),
    (". ~ x", "all other columns"),
    ("y ~ x + y", "also stands on the right"),
    ("log(y) ~ log( y )", "also stands on the right"),
    # random-effects terms
    ("y ~ x + 1 | g", "needs brackets of its own"),
    ("y ~ x * (1 | g)", "can only be added"),
    ("y ~ x:(1 | g)", "can only be added"),
    ("y ~ (1 | g)^2", "can only be added"),
    ("y ~ (1 | g | h)", "single bar"),
    ("y ~ (1 | (x | g))", "cannot stand here between grouping factors|meaning"),
    ("y ~ ((1 | g) | h)", "cannot stand inside another term"),
    ("y ~ (offset(x) | g)", "cannot stand inside another term"),
    ("y ~ (. | g)", "cannot stand in a random-effects term"),
    ("y ~ (0 | g)", "nothing that varies"),
    ("y ~ (-1 | g)", "nothing that varies"),
    ("y ~ ( | g)", r"not '\|'"),
    ("y ~ (1 | )", r"not '\)'"),
    ("y ~ (1 | 1)", "must be a column"),
    ("y ~ (1 | 'g')", "must be a column"),
    ("y ~ x + z + 1 | g", "all of 'x \\+ z \\+ 1' would vary between the levels of g"),
    ("y ~ (1 | (a + b)/c)", "it is not clear what lies within"),
    ("y ~ (1 | a*(b/c))", "as a term of its own"),
    ("y ~ (1 | a - b)", "'-' cannot stand here between grouping factors"),
    ("y ~ (1 | (a + b)^x)", "whole number"),
    ("y ~ cs(x)", "needs a bar, as in: cs"),
    ("y ~ cs()", "needs a bar"),
    ("y ~ toep(0 + f | g)", "toep\\(\\) is not a covariance structure .*us, diag, cs and ar1"),
    ("y ~ hetar1(0 + f | g)", "ar1\\(x \\| g, hom = FALSE\\)"),
    ("y ~ lme4::cs(x | g)", None),
    ("y ~ cs(x | g, hom = TRUE, hom = TRUE)", "given 'hom' twice"),
    ("y ~ cs(x | g, hom = !FALSE)", "must be TRUE or FALSE"),
    ("y ~ cs(b = x | g)", "the bar in cs\\(\\) has no name"),
    ("y ~ (cs(x | g) | h)", "cannot stand inside another term"),
    ("y ~ x - cs(x | g)", "the term cs\\(x \\| g\\) is not in the formula"),
    ("y ~ (1 | a/(b/c))", "cannot stand here between grouping factors"),
    ("y ~ (1 | .)", "all other columns"),
    ("y ~ x - (1 | g)", "cannot be taken away"),
    ("y ~ (2 | g)", "only 0 or 1"),
]


@pytest.mark.parametrize(("formula", "pattern"), FORMULAS, ids=[repr(f)[:40] for f, _ in FORMULAS])
def test_a_malformed_formula_is_refused(formula, pattern):
    data = pd.DataFrame({"y": [1.0, 2.0], "x": [1.0, 3.0]})
    refused(lambda: build_design(formula, data), FormulaError, pattern or ".")


def test_a_caret_stands_under_the_spot():
    message = refused(lambda: parse("y ~ x +\n  z[1]"), FormulaError, "subscripts")
    assert message.split("\n")[1:] == ["    z[1]", "     ^"]
    message = refused(lambda: parse("y ~ x + foo(z)"), FormulaError, "foo")
    assert message.split("\n")[1:] == ["  y ~ x + foo(z)", "          ^"]


def test_nothing_is_evaluated_before_the_formula_is_accepted(monkeypatch):
    from lmmkit.design import evaluate

    monkeypatch.setattr(evaluate.Evaluator, "column", lambda *_: pytest.fail("a column was read"))
    data = pd.DataFrame({"y": [1.0], "x": [1.0]})
    refused(lambda: build_design("y ~ log(x) + eval(x)", data), FormulaError, "eval")
    refused(lambda: build_design("y ~ log(x) + (1 | eval(x))", data), FormulaError, "eval")


# ---- frames ----

N = 12
GOOD = pd.DataFrame(
    {
        "y": np.arange(N) * 1.5 % 7,
        "Dose": np.arange(N) % 5 + 1.0,
        "f": list("abc") * 4,
        "g": np.arange(N) % 4,
        "count": np.arange(N) % 3,
    }
)


def with_column(**columns):
    return GOOD.assign(**columns)


def holes(column, rows):
    data = GOOD.copy()
    data[column] = data[column].astype(object if column == "f" else float)
    data.loc[rows, column] = None if column == "f" else np.nan
    return data


STRANGE = {
    "intervals": (pd.interval_range(0, N), "neither numbers nor text"),
    "complex": (np.arange(N) * 1j, "complex"),
    "lists": (pd.Series([[1, 2]] * N), "neither numbers nor text"),
    "dicts": (pd.Series([{"a": 1}] * N), "neither numbers nor text"),
    "functions": (pd.Series([len] * N), "neither numbers nor text"),
    "bytes": (pd.Series([b"a", b"b"] * 6), "neither numbers nor text"),
    "text and numbers": (pd.Series([1, "a"] * 6, dtype=object), "neither numbers nor text"),
    "truth and numbers": (pd.Series([True, 2.5] * 6, dtype=object), "neither numbers nor text"),
    "huge": (pd.Series([10**400, 1] * 6, dtype=object), "too large"),
    "infinity": (np.where(np.arange(N) == 3, np.inf, 1.0), "holds 1 infinite value;"),
    "minus infinity": (np.where(np.arange(N) < 3, -np.inf, 1.0), "holds 3 infinite values;"),
    "object infinity": (pd.Series([np.inf, 1] * 6, dtype=object), "6 infinite"),
    "nothing": (pd.Series([None] * N, dtype=object), "no rows are left"),
    "one level": (["a"] * N, "only the level 'a'"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_column_is_refused(kind):
    values, pattern = STRANGE[kind]
    data = GOOD.assign(x=values if isinstance(values, pd.Series) else pd.Series(values))
    refused(lambda: build_design("y ~ x + (1 | g)", data), DataError, pattern)


class Foreign:
    """A table of another library that knows the way to pandas."""

    def to_pandas(self):
        return GOOD


FRAMES = [
    # not a frame
    (
        {"y": [1]},
        "y ~ 1",
        {},
        "data must be a DataFrame of pandas, polars, ..., not dict; try pandas.DataFrame",
    ),
    (None, "y ~ 1", {}, "not NoneType"),
    (np.ones((3, 2)), "y ~ 1", {}, "not ndarray"),
    (GOOD["y"], "y ~ 1", {}, "not Series"),
    (Foreign(), "y ~ 1", {}, r"not Foreign of tests; try data.to_pandas\(\)"),
    (pd.DataFrame(), "y ~ 1", {}, "column 'y' is not in the data|no rows"),
    (GOOD.head(0), "y ~ Dose", {}, "no rows"),
    (pd.concat({"a": GOOD}, axis=1), "y ~ Dose", {}, "several levels"),
    # columns
    (GOOD, "y ~ Dos", {}, "column 'Dos' is not in the data; did you mean 'Dose'"),
    (GOOD, "y ~ dose", {}, "did you mean 'Dose'"),
    (GOOD, "yy ~ Dose", {}, "column 'yy' is not in the data"),
    (GOOD, "y ~ Dose + (1 | Subject)", {}, "column 'Subject' is not in the data$"),
    (GOOD, "y ~ Dose + (Dsoe | g)", {}, "did you mean 'Dose'"),
    (GOOD, "y ~ offset(log(effort))", {}, "column 'effort'"),
    (GOOD, "y ~ y.mean", {}, "column 'y.mean' is not in the data"),
    (GOOD.rename(columns={"Dose": 7}), "y ~ Dose", {}, "column 'Dose' is not in the data"),
    (GOOD.rename(columns={"Dose": 7}), "y ~ `7`", {}, r"data.rename\(columns=str\)"),
    (GOOD.rename(columns={"Dose": 7}), "y ~ .", {}, r"data.rename\(columns=str\)"),
    (GOOD.set_index("Dose"), "y ~ Dose", {}, r"it is the index: data.reset_index\(\) makes"),
    (
        GOOD.rename(columns={"Dose": "Dose "}),
        "y ~ Dose",
        {},
        "'Dose ' looks alike, but has spaces at its ends",
    ),
    (
        GOOD.rename(columns={"Dose": "\u00b5g"}),
        "y ~ \u03bcg",
        {},
        "looks alike, but is written with other char",
    ),
    (pd.concat([GOOD, GOOD["Dose"]], axis=1), "y ~ Dose", {}, "more than one column called 'Dose'"),
    (pd.concat([GOOD, GOOD["g"]], axis=1), "y ~ (1 | g)", {}, "more than one column called 'g'"),
    (pd.concat([GOOD, GOOD["y"]], axis=1), "y ~ Dose", {}, "more than one column called 'y'"),
    # the response
    (GOOD, "f ~ Dose", {}, "response 'f' must be numeric, but it holds text or categories with 3 levels"),
    (with_column(y=GOOD["y"].astype(str)), "y ~ Dose", {}, "response 'y' must be numeric"),
    (with_column(y=GOOD["y"].astype("category")), "y ~ Dose", {}, "response 'y' must be numeric"),
    (GOOD, "f ~ Dose", {"binary_response": True}, "numeric or have two levels, .* 3 levels"),
    (GOOD, "log(f) ~ Dose", {}, "'f' must be numeric"),
    (GOOD, "log(count) ~ Dose", {}, r"log\(count\) is not a finite number in 4 rows, the first of them 0"),
    (GOOD, "y + f ~ Dose", {}, "'f' must be numeric"),
    (GOOD, "poly(y, 2) ~ Dose", {}, "several columns"),
    (GOOD, "cbind(count, f) ~ Dose", {}, "'f' must be numeric"),
    (GOOD, "cbind(count, count - 1) ~ Dose", {}, "must not be negative"),
    # missing values
    (holes("y", [2]), "y ~ Dose", {"na_action": "raise"}, "column 'y' has 1 missing value; drop"),
    (holes("Dose", [2, 3]), "y ~ Dose", {"na_action": "raise"}, "column 'Dose' has 2 missing values"),
    (holes("f", [2]), "y ~ f", {"na_action": "raise"}, "column 'f' has 1 missing value"),
    (holes("g", [2]), "y ~ (1 | g)", {"na_action": "raise"}, "column 'g' has 1 missing value"),
    (holes("y", range(N)), "y ~ Dose", {}, "no rows are left: .* column 'y'"),
    (holes("f", range(N)), "y ~ f", {}, "no rows are left: .* column 'f'"),
    (GOOD, "y ~ Dose", {"na_action": "leave"}, "not 'leave'"),
    (GOOD, "y ~ Dose", {"weights": [np.nan] * N}, "no rows are left: .* weights"),
    # variables
    (GOOD, "y ~ log(f)", {}, "'f' must be numeric"),
    (GOOD, "y ~ I(f + 1)", {}, "'f' must be numeric"),
    (GOOD, "y ~ (f > 1)", {}, "'f' must be numeric"),
    (GOOD, "y ~ I('a')", {}, "can only be compared"),
    (GOOD, "y ~ I(f < 'b')", {}, "can only be compared|must be numeric"),
    (GOOD, "y ~ log(count)", {}, "not a finite number in 4 rows"),
    (GOOD, "y ~ sqrt(-Dose)", {}, "not a finite number in 12 rows"),
    (GOOD, "y ~ I(1/count)", {}, "not a finite number"),
    (GOOD, "y ~ exp(1000 * Dose)", {}, "not a finite number"),
    (GOOD, "y ~ I((-Dose)^0.5)", {}, "not a finite number"),
    (GOOD, "y ~ offset(log(count))", {}, "not a finite number"),
    (GOOD, "y ~ offset(f)", {}, "'f' must be numeric"),
    (GOOD, "y ~ log(poly(Dose, 2))", {}, "several columns"),
    (GOOD, "y ~ factor(poly(Dose, 2))", {}, "several columns"),
    (GOOD, "y ~ (1 | poly(g, 2))", {}, "several columns"),
    (GOOD, "y ~ poly(Dose, 5)", {}, "needs more than 5 distinct values"),
    (GOOD, "y ~ poly(f, 2)", {}, "'f' must be numeric"),
    (GOOD, "y ~ bs(Dose, df = 2)", {}, "df of at least 3"),
    (GOOD, "y ~ bs(Dose, knots = c(2, 9))", {}, "knots must lie between the boundary knots 1 and 5"),
    (GOOD, "y ~ ns(Dose, df = 3, Boundary.knots = c(20, 30))", {}, "needs more distinct values between"),
    (GOOD, "y ~ ns((Dose > 3), df = 4)", {}, "needs more distinct values between the boundary knots 0 and 1"),
    (with_column(one=1.0), "y ~ ns(one)", {}, "two distinct"),
    (with_column(one=1.0), "y ~ scale(one)", {}, "standard deviation of zero"),
    (with_column(one=1.0), "y ~ poly(one, 1)", {}, "distinct values"),
    (GOOD, "y ~ factor(f, levels = c('a', 'b'))", {}, "leaves out the level 'c'"),
    (GOOD, "y ~ I(" + "Dose+" * 2000 + "1)", {}, "too long"),
    # weights and offset
    (GOOD, "y ~ Dose", {"weights": -GOOD["Dose"]}, "must not be negative; 12 of them"),
    (GOOD, "y ~ Dose", {"weights": "w"}, "column 'w' is not in the data"),
    (GOOD, "y ~ Dose", {"weights": "f"}, "column 'f' must be numeric"),
    (GOOD, "y ~ Dose", {"weights": [1, 2]}, "one value for each of the 12 rows, not 2"),
    (GOOD, "y ~ Dose", {"weights": np.ones((N, 2))}, r"not shape \(12, 2\)"),
    (GOOD, "y ~ Dose", {"weights": 3}, r"not shape \(\)"),
    (GOOD, "y ~ Dose", {"weights": ["a"] * N}, "weights must be numbers"),
    (GOOD, "y ~ Dose", {"weights": [[1], [2, 3]]}, "weights must be numbers"),
    (GOOD, "y ~ Dose", {"weights": GOOD["f"]}, "weights must be numeric"),
    (GOOD, "y ~ Dose", {"weights": pd.Series(1.0, index=range(50, 50 + N))}, "index of weights"),
    (GOOD, "y ~ Dose", {"weights": pd.Series([1.0, 2.0])}, "12 rows, not 2"),
    (GOOD, "y ~ Dose", {"weights": [np.inf] * N}, "weights holds infinite"),
    (GOOD, "y ~ Dose", {"offset": "nowhere"}, "column 'nowhere' is not in the data"),
    (GOOD, "y ~ Dose", {"offset": [1, 2, 3]}, "offset must have one value"),
    (GOOD, "y ~ Dose", {"offset": pd.Series([np.inf] * N)}, "offset holds 12 infinite"),
    (GOOD, "y ~ Dose", {"offset": object()}, "offset must be numbers"),
    # contrasts
    (GOOD, "y ~ f", {"contrasts": {"F": "sum"}}, "'F', which is not in the data; did you mean 'f'"),
    (GOOD, "y ~ f", {"contrasts": {"f": "sums"}}, "must be one of .* did you mean 'sum'"),
    (
        GOOD,
        "y ~ f",
        {"contrasts": {"f": np.eye(3)}},
        "say the same more than once, or what the intercept says",
    ),
    (GOOD, "y ~ f", {"contrasts": "sum"}, "must be a dict"),
    (GOOD, "y ~ Dose", {"contrasts": {"Dose": "sum"}}, "'Dose', which is numeric"),
]


@pytest.mark.parametrize(
    ("data", "formula", "options", "pattern"),
    FRAMES,
    ids=[f"{i}: {f[:30]} {list(o)}" for i, (_, f, o, _) in enumerate(FRAMES)],
)
def test_a_malformed_frame_is_refused(data, formula, options, pattern):
    refused(lambda: build_design(formula, data, **options), DataError, pattern or ".")


# ---- new data ----

NEWDATA = [
    ({"Dose": [1.0]}, "column 'f' is not in the data"),
    ({"Dose": [1.0], "f": ["z"]}, "level 'z', which the fit has not seen; it knows a, b, c"),
    ({"Dose": ["1"], "f": ["a"]}, "'Dose' must be numeric"),
    ({"Dose": [np.inf], "f": ["a"]}, "infinite"),
    ({"Dose": [0.0], "f": ["a"]}, r"log\(Dose\) is not a finite number in row 0"),
    ({"Dose": [1.0], "f": [1.5]}, "level '1.5'"),
    ([1, 2], "newdata must be a DataFrame of pandas, polars, ..., not list"),
]


@pytest.mark.parametrize(("new", "pattern"), NEWDATA)
def test_malformed_new_data_are_refused(new, pattern):
    design = build_design("y ~ Dose + log(Dose) + f", GOOD)
    new = pd.DataFrame(new) if isinstance(new, dict) else new
    refused(lambda: design.new_rows(new).X, DataError, pattern)


def test_other_doors_speak_the_same_way():
    design = build_design("y ~ Dose + (1 | g)", GOOD.assign(g="one"))
    refused(lambda: check_grouping(design, gaussian=True), DataError, "has one level")
    refused(lambda: require_bars(parse("y ~ x")), FormulaError, "use lm or glm")
    refused(lambda: parse("y ~ x", one_sided=True), FormulaError, "one-sided")
    refused(lambda: update("x", ". ~ ."), FormulaError, "no response to update")
    refused(lambda: update("y ~ x", "x"), FormulaError, "no '~'")
    refused(lambda: update("y ~ x", ". ~ . - (1 | g)"), FormulaError, "not in the formula")
    refused(lambda: update("y ~ x", ". ~ . + eval(x)"), FormulaError, "eval")
    refused(lambda: build_design("y ~ .", GOOD[["y"]]), FormulaError, "no other columns")
    new = build_design("y ~ Dose", GOOD, offset=np.ones(N))
    refused(lambda: new.new_rows(GOOD).offset, DataError, "given as an array")
