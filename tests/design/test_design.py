"""Formula + data -> Design, against R and lme4 (their numbers: tests/reference/make_model_matrix.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.design.contrasts import contrast_matrix
from lmmkit.design.design import build_design
from lmmkit.design.grouping import theta_order
from lmmkit.design.grouping_checks import check_grouping
from lmmkit.design.model_matrix import independent_columns
from lmmkit.errors import DataError, FormulaError
from lmmkit.formula.parse import parse

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "model_matrix.json").read_text())


def case_id(case):
    return case["formula"] + (f" {case['contrasts']}" if case.get("contrasts") else "")


def frame(columns):
    data = pd.DataFrame(columns)
    for name, ordered in (("dose", False), ("o", True)):
        data[name] = pd.Categorical(data[name], R["ordered"], ordered=ordered)
    return data


DATA, NEW, HOLES = frame(R["data"]), frame(R["new"]), frame(R["holes"])


def csv(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


# ---- the fixed part ----


@pytest.mark.parametrize("case", R["cases"], ids=case_id)
def test_model_matrix_is_r_s(case):
    design = build_design(case["formula"], DATA, contrasts=case["contrasts"])
    keep = [i for i, name in enumerate(case["names"]) if name not in case["dropped"]]
    assert design.x_names == [case["names"][i] for i in keep]
    assert design.dropped == case["dropped"]
    assert design.assign == [case["assign"][i] for i in keep]
    assert design.term_labels == case["labels"]
    np.testing.assert_allclose(design.X, np.array(case["X"])[:, keep], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(design.new_rows(NEW).X, np.array(case["new"])[:, keep], rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(design.new_rows(DATA).X, design.X)


@pytest.mark.parametrize("case", R["with_holes"], ids=case_id)
def test_missing_values_are_left_out_as_in_r(case):
    design = build_design(case["formula"], HOLES)
    assert design.x_names == case["names"]
    assert (design.frame.index + 1).tolist() == case["rows"]
    assert design.n_omitted == len(HOLES) - len(case["rows"])
    np.testing.assert_allclose(design.X, np.array(case["X"]), rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(design.y, HOLES["y"].iloc[np.array(case["rows"]) - 1])


def test_coding_does_not_depend_on_how_text_is_stored():
    text = DATA["f"].to_list()
    stored = {
        "object": pd.Series(text, dtype=object),
        "string": pd.Series(text, dtype="string"),
        "category": pd.Series(pd.Categorical(text)),
    }
    expected = build_design("y ~ x * f", DATA).X
    for kind, series in stored.items():
        assert (expected == build_design("y ~ x * f", DATA.assign(f=series)).X).all(), kind


def test_numbers_may_be_stored_in_many_ways():
    x = pd.Series([1, 2, 3, 4, 5, 6])
    data = pd.DataFrame({"y": [1.0, 2, 4, 3, 7, 5]})
    for dtype in ("int8", "uint64", "float32", "Int64", "Float64", object, "Sparse[int]"):
        assert build_design("y ~ x", data.assign(x=x.astype(dtype))).X[:, 1].tolist() == x.to_list(), dtype


def test_true_and_false_may_be_stored_in_many_ways():
    flag = pd.Series([True, False, True, True])
    data = pd.DataFrame({"y": [1.0, 2, 4, 3]})
    for dtype in (bool, "boolean", object):
        design = build_design("y ~ flag", data.assign(flag=flag.astype(dtype)))
        assert design.x_names == ["(Intercept)", "flagTRUE"]
        assert design.X[:, 1].tolist() == [1, 0, 1, 1]
    holes = pd.Series([True, None, False, True], dtype="boolean")
    assert build_design("y ~ flag", data.assign(flag=holes)).X[:, 1].tolist() == [1, 0, 1]


def test_categories_keep_their_order_and_lose_unused_levels():
    data = pd.DataFrame({"y": [1.0, 2, 3, 4], "f": pd.Categorical(list("bcbc"), ["c", "a", "b"])})
    assert build_design("y ~ f", data).x_names == ["(Intercept)", "fb"]
    numbers = data.assign(f=pd.Categorical([10, 2, 10, 2]))
    assert build_design("y ~ 0 + f", numbers).x_names == ["f2", "f10"]


def test_names_that_clash_with_functions_or_python():
    data = pd.DataFrame(
        {"class": list("abab"), "C": [1, 2, 4, 3], "log": [2.0, 3, 5, 1], "lambda": [0, 1, 1, 0]}
    )
    design = build_design("log(log) ~ C(class) + C + lambda", data)
    assert design.x_names == ["(Intercept)", "C(class)b", "C", "lambda"]
    np.testing.assert_allclose(design.y, np.log(data["log"]))


def test_contrast_matrices():
    helmert, names = contrast_matrix("helmert", list("abcd"))
    assert helmert.tolist() == [[-1, -1, -1], [1, -1, -1], [0, 2, -1], [0, 0, 3]]
    assert names == ["1", "2", "3"]
    poly, names = contrast_matrix("poly", list("abcde"))
    assert names == [".L", ".Q", ".C", "^4"]
    np.testing.assert_allclose(poly.T @ poly, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(poly[:, 0], np.arange(-2, 3) / np.sqrt(10))


def test_columns_that_others_determine_are_dropped():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 6))
    X[:, 2] = X[:, 0] - 2 * X[:, 1]
    X[:, 4] = 0
    X[:, 5] = X[:, 3] * 1e6 + X[:, 1]
    assert independent_columns(X) == [0, 1, 3]
    X[:, 5] += 10 * rng.normal(size=50)  # 1e-5 of its length is new: kept, as R keeps it
    assert independent_columns(X) == [0, 1, 3, 5]
    assert independent_columns(X[:3]) == [0, 1, 3]
    assert independent_columns(X[:, :0]) == []


def test_an_empty_fixed_part():
    design = build_design("y ~ 0 + (1 | h)", DATA)
    assert design.X.shape == (len(DATA), 0)
    assert design.new_rows(NEW).X.shape == (len(NEW), 0)


def test_contrasts_of_a_quoted_name():
    data = DATA.rename(columns={"f": "the f"})
    assert build_design("y ~ `the f`", data, contrasts={"the f": "sum"}).x_names[1:] == [
        "`the f`1",
        "`the f`2",
    ]


# ---- the response ----


def test_responses():
    cbpp = csv("cbpp")
    design = build_design("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp)
    np.testing.assert_allclose(design.y, cbpp["incidence"] / cbpp["size"])
    assert (design.trials == cbpp["size"]).all()
    assert (design.weights == cbpp["size"]).all()
    assert build_design("flag ~ x", DATA).y.tolist() == DATA["flag"].astype(float).to_list()
    assert design.response == "cbind(incidence, size - incidence)"
    text = build_design("h ~ x", DATA, binary_response=True)
    assert text.response_levels == ["u", "v"]
    assert text.y.tolist() == (DATA["h"] == "v").astype(float).to_list()
    assert np.isnan(build_design(parse("~ x + (1 | h)", one_sided=True), DATA).y).all()


def test_no_trials_is_no_information():
    data = pd.DataFrame({"hits": [1, 0, 2], "misses": [1, 0, 0], "w": [1.0, 2, 3]})
    design = build_design("cbind(hits, misses) ~ 1", data, weights="w")
    assert design.y.tolist() == [0.5, 0, 1]
    assert design.weights.tolist() == [2, 0, 6]


def test_the_data_are_never_shared():
    data = DATA.copy()
    w = np.ones(len(data))
    design = build_design("y ~ x", data, weights=w, offset=w)
    for made in (design.y, design.X, design.weights, design.offset):
        made[:] = -7
    assert data.equals(DATA)
    assert (w == 1).all()


# ---- weights and offset ----


def test_weights_and_offset_may_be_a_name_an_array_or_a_series():
    data = DATA.assign(w=np.arange(1.0, 25))
    expected = build_design("y ~ x", data, weights="w", offset="z")
    shuffled = data["w"].sample(frac=1, random_state=1)
    for given in (data["w"], data["w"].to_numpy(), data["w"].to_list(), shuffled, data["w"].astype("Int64")):
        design = build_design("y ~ x", data, weights=given, offset=data["z"])
        assert (design.weights == expected.weights).all()
        assert (design.offset == expected.offset).all()
    assert list(expected.frame) == ["y", "x", "w", "z"]


def test_offsets_add_up_and_are_known_for_new_rows():
    design = build_design("y ~ x + offset(log(z)) + offset(2 * x)", DATA, offset="total.fruits")
    expected = np.log(DATA["z"]) + 2 * DATA["x"] + DATA["total.fruits"]
    np.testing.assert_allclose(design.offset, expected)
    np.testing.assert_allclose(design.new_rows(DATA.tail(3)).offset, expected.tail(3))
    assert build_design("y ~ x", DATA).new_rows(NEW).offset.tolist() == [0, 0, 0, 0]
    with pytest.raises(DataError, match="given as an array"):
        _ = build_design("y ~ x", DATA, offset=np.ones(24)).new_rows(NEW).offset


def test_missing_weights_leave_the_row_out():
    w = pd.Series(1.0, index=DATA.index)
    w[4] = np.nan
    design = build_design("y ~ x", DATA, weights=w)
    assert (design.n_omitted, len(design.weights)) == (1, 23)


# ---- random-effects terms ----


@pytest.mark.parametrize("case", R["random"], ids=case_id)
def test_random_terms_are_lme4_s(case):
    design = build_design(case["formula"], DATA)
    assert [term.group for term in design.terms] == [term["group"] for term in case["terms"]]
    for term, expected in zip(design.terms, case["terms"], strict=True):
        assert term.names == expected["names"]
        assert list(term.levels) == expected["levels"]
        Z = np.zeros((len(DATA), len(term.levels), len(term.names)))
        Z[np.arange(len(DATA)), term.codes] = term.Z
        np.testing.assert_allclose(Z.reshape(len(DATA), -1), np.array(expected["Z"]), atol=1e-9)


def test_numeric_groups_are_sorted_as_numbers():
    sleep = csv("sleepstudy").assign(copy=lambda d: d["Subject"].astype(float) / 2)
    term, half = build_design("Reaction ~ Days + (Days | Subject) + (1 | copy)", sleep).terms
    assert term.levels[:3] == ["308", "309", "310"]
    assert half.levels[:3] == ["154", "154.5", "155"]
    ids = pd.DataFrame({"y": [1.0, 2, 3], "g": [2**53, 2**53 + 1, 2**53]})
    assert build_design("y ~ (1 | g)", ids).terms[0].codes.tolist() == [0, 1, 0]


def test_grouping_expressions():
    design = build_design("y ~ (1 | factor(k)) + (1 | flag:f)", DATA)
    assert [term.group for term in design.terms] == ["flag:f", "factor(k)"]
    assert design.terms[1].levels == ["2", "10", "30"]
    assert set(design.terms[0].levels) <= {f"{a}:{b}" for a in ("FALSE", "TRUE") for b in "abc"}


def test_terms_stand_in_lme4_s_order():
    assert theta_order([3, 2, 2]) == [0, 1, 2]
    assert theta_order([2, 2, 3]) == [2, 1, 0]  # ties reversed, as rev(order(nl)) does
    assert theta_order([5, 5]) == [0, 1]
    assert theta_order([]) == []


def test_contrasts_do_not_reach_random_effects():
    design = build_design("y ~ f + (f | h) + (C(f, sum) | class)", DATA, contrasts={"f": "sum"})
    assert design.x_names == ["(Intercept)", "f1", "f2"]
    assert [term.names[1] for term in design.terms] == ["fb", "C(f, sum)1"]


# ---- new data ----


def test_new_levels_are_marked():
    nested = csv("nested")
    design = build_design("score ~ ses + (ses | school/class)", nested)
    new = nested.head(3).assign(school=["sch1", "sch99", "sch2"], **{"class": ["c1", "c1", "c77"]})
    (inner, Z), (outer, _) = design.new_rows(new).terms
    assert inner.tolist() == [design.terms[0].levels.index("c1:sch1"), -1, -1]
    assert outer.tolist() == [0, -1, design.terms[1].levels.index("sch2")]
    np.testing.assert_array_equal(Z[:, 1], new["ses"])
    assert design.new_rows(new).new_levels == {"class:school": ["c1:sch99", "c77:sch2"], "school": ["sch99"]}
    for (codes, Z), term in zip(design.new_rows(nested).terms, design.terms, strict=True):
        np.testing.assert_array_equal(codes, term.codes)
        np.testing.assert_array_equal(Z, term.Z)


def test_new_groups_match_by_name():
    sleep = csv("sleepstudy")
    design = build_design("Reaction ~ Days + (Days | Subject)", sleep)
    for subject in (308, 308.0, "308"):
        new = pd.DataFrame({"Days": [0], "Subject": [subject]})
        assert design.new_rows(new).terms[0][0].tolist() == [0]
    missing = pd.DataFrame({"Days": [0.0], "Subject": [None]})
    assert design.new_rows(missing).terms[0][0].tolist() == [-1]


def test_only_what_is_needed_is_asked_of_new_data():
    design = build_design("y ~ x + offset(z) + (1 | h)", DATA)
    assert design.new_rows(NEW[["x"]]).X.shape == (4, 2)
    assert len(design.new_rows(NEW[["h"]]).terms) == 1
    assert len(design.new_rows(NEW[["z"]]).offset) == 4


def test_missing_values_in_new_data_give_missing_rows():
    new = NEW.assign(x=[1.0, np.nan, 2, 3], f=["a", "b", None, "c"])
    X = build_design("y ~ log(z) + f * x", DATA).new_rows(new).X
    assert np.isnan(X).any(axis=1).tolist() == [False, True, True, False]


def test_a_polynomial_whose_columns_have_lost_their_digits_is_refused():
    """R 4.2.2 refuses degrees of 30 and more for such values; below, columns are orthonormal, as they must be."""
    data = pd.DataFrame({"x": stats.norm.ppf((np.arange(60) + 0.5) / 60)})
    data["y"] = data["x"] ** 2
    X = build_design("y ~ 0 + poly(x, 15)", data).X
    np.testing.assert_allclose(X.T @ X, np.eye(15), atol=1e-10)
    with pytest.raises(DataError, match=r"poly\(\) of degree 59 cannot be computed"):
        lk.lm("y ~ poly(x, 59)", data)


def test_no_new_rows_are_no_trouble():
    design = build_design("y ~ f * poly(x, 2) + offset(z) + (x | h:k)", DATA)
    none = DATA.head(0)
    assert design.new_rows(none).X.shape == (0, 9)
    assert [(len(codes), Z.shape) for codes, Z in design.new_rows(none).terms] == [(0, (0, 2))]
    assert design.new_rows(none).offset.shape == (0,)


def test_an_unseen_level_is_an_error():
    design = build_design("y ~ f", DATA)
    with pytest.raises(DataError, match="level 'zz', which the fit has not seen; it knows a, b, c"):
        _ = design.new_rows(NEW.assign(f=["a", "zz", "b", "c"])).X


# ---- what lme4 refuses ----


def checked(formula, data, gaussian=True, **options):
    check_grouping(build_design(formula, data, **options), gaussian=gaussian)


def test_grouping_is_checked_as_in_lme4():
    data = DATA.assign(one="only", row=np.arange(24), pair=np.arange(24) // 2)
    checked("y ~ x + (x | h) + (1 | f)", data)
    with pytest.raises(DataError, match="'one' has one level"):
        checked("y ~ x + (1 | one)", data)
    with pytest.raises(DataError, match="'row' has 24 levels for 24 rows; it needs fewer levels"):
        checked("y ~ x + (1 | row)", data)
    with pytest.raises(DataError, match=r"\(x \| pair\) has 24 random effects for 24 rows"):
        checked("y ~ x + (x | pair)", data)
    checked("total.fruits ~ x + (1 | row) + (x | pair)", data, gaussian=False)
    with pytest.raises(DataError, match=r"\(x \| row\) has 48 random effects"):
        checked("total.fruits ~ x + (x | row)", data, gaussian=False)
    with pytest.raises(DataError, match="glmer"):
        checked("cbind(total.fruits, k) ~ x + (1 | h)", data)
    with pytest.raises(DataError, match="above zero"):
        checked("y ~ x + (1 | h)", data, weights=np.arange(24))


def test_the_response_cannot_explain_itself():
    with pytest.raises(FormulaError, match="also stands on the right"):
        build_design("y ~ x + y", DATA)


# ---- size ----


def test_a_large_crossed_design_has_no_dense_indicators():
    rng = np.random.default_rng(2)
    n = 200_000
    data = pd.DataFrame(
        {"y": rng.normal(size=n), "u": rng.integers(0, 6000, n), "m": rng.integers(0, 4000, n)}
    )
    design = build_design("y ~ 1 + (1 | u) + (1 | m)", data)
    assert [(len(t.levels), t.codes.shape, t.Z.shape) for t in design.terms] == [
        (6000, (n,), (n, 1)),
        (4000, (n,), (n, 1)),
    ]
    assert (np.array(design.terms[0].levels, dtype=int)[design.terms[0].codes] == data["u"]).all()


# ---- numbers as factors ----


def doses(**columns):
    values = np.tile([0.1 * 3, 0.3, 1 / 3, 2.0], 6)
    return pd.DataFrame(
        {"dose": values, "g": np.repeat(list("abcdef"), 4), "x": np.arange(24.0) ** 1.1}
    ).assign(**columns)


@pytest.mark.parametrize("factor", ["factor(dose)", "C(dose)"])
def test_levels_of_numbers_are_those_that_fifteen_digits_tell_apart(factor):
    """R: levels(factor(c(.1*3, .3, 1/3, 2)))."""
    design = build_design(f"x ~ 0 + {factor}", doses())
    assert design.x_names == [f"{factor}{level}" for level in ("0.3", "0.333333333333333", "2")]
    np.testing.assert_array_equal(design.X.sum(axis=0), [12, 6, 6])
    assert build_design("x ~ 1 + (1 | dose)", doses()).terms[0].levels == ["0.3", "0.333333333333333", "2"]


def test_categories_of_one_label_are_one_level():
    mixed = pd.Categorical([1, "1", 2] * 8, categories=[1, "1", 2])
    design = build_design("x ~ 0 + dose + (1 | dose)", doses(dose=mixed))
    assert design.x_names == ["dose1", "dose2"] and design.terms[0].levels == ["1", "2"]
    assert design.X.sum(axis=0).tolist() == [16, 8]


@pytest.mark.parametrize(
    "formula", ["x ~ factor(dose) + (1 | g)", "x ~ 1 + (1 | dose)", "x ~ C(dose, sum) + (1 | g)"]
)
def test_the_fit_s_own_rows_are_predicted_as_fitted(formula):
    data = doses()
    fit = lk.lmer(formula, data)
    np.testing.assert_allclose(fit.predict(data), fit.fitted, rtol=1e-10)
    if "1 | g" in formula:
        assert len(lk.emmeans(fit, "dose")) == 3


# ---- functions of numbers, and pi ----

# model.matrix(~ sin(2*pi*x/12) + ...) of R 4.2.2 for x = -2.5, -0.4, 0.5, 1.5, 3.2
FUNCTIONS_OF_R = {
    "sin(2 * pi * x/12)":
        [-0.965925826289068, -0.207911690817759, 0.258819045102521, 0.707106781186547, 0.994521895368273],
    "cos(x)":
        [-0.8011436155469337, 0.9210609940028851, 0.8775825618903728, 0.0707372016677029, -0.9982947757947531],
    "tan(x)":
        [0.7470222972386603, -0.4227932187381618, 0.5463024898437905, 14.1014199471717188, 0.0584738544595786],
    "round(x)": [-2, 0, 0, 2, 3],
    "floor(x)": [-3, -1, 0, 1, 3],
    "ceiling(x)": [-2, 0, 1, 2, 4],
    "I(x * log(2))":
        [-1.732867951399863, -0.277258872223978, 0.346573590279973, 1.039720770839918, 2.218070977791825],
}  # fmt: skip


@pytest.mark.parametrize(("term", "expected"), FUNCTIONS_OF_R.items())
def test_functions_of_numbers_are_as_in_r(term, expected):
    data = pd.DataFrame({"x": [-2.5, -0.4, 0.5, 1.5, 3.2], "y": [1.0, 3.0, 2.0, 5.0, 4.0]})
    design = lk.lm(f"y ~ {term}", data).design
    assert design.x_names == ["(Intercept)", term]
    np.testing.assert_allclose(design.X[:, 1], expected, rtol=1e-13)


def test_a_column_called_pi_is_a_column_alone_and_asked_about_inside_a_function():
    data = pd.DataFrame({"pi": [0.1, 0.4, 0.5, 0.9], "y": [1.0, 3.0, 2.0, 5.0]})
    assert list(lk.lm("y ~ pi", data).fixef.index) == ["(Intercept)", "pi"]
    with pytest.raises(lk.DataError, match="'pi' is a number and a column; write `pi` for the column"):
        lk.lm("y ~ log(pi)", data)
    fit = lk.lm("y ~ log(`pi`)", data)
    np.testing.assert_allclose(fit.design.X[:, 1], np.log(data["pi"]))
    np.testing.assert_allclose(fit.predict(data), fit.fitted)


# ---- another reference level ----

# R 4.2.2: model.matrix(~ C(f, treatment, base = 2)), and contr.treatment(c("a", "b", "c"), base = 3) for f * x
FIRST, SECOND, THIRD = [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1]


def letters():
    return pd.DataFrame({"f": list("abcabc"), "x": [1.0, 2, 3, 4, 5, 7], "y": [1.0, 3, 2, 5, 4, 9]})


@pytest.mark.parametrize("base", ["2", '"b"'])
def test_c_takes_another_reference_level(base):
    fit = lk.lm(f"y ~ C(f, treatment, base={base})", letters())
    term = f"C(f, treatment, base = {base})"
    assert fit.design.x_names == ["(Intercept)", f"{term}1", f"{term}3"]
    np.testing.assert_array_equal(fit.design.X[:, 1:].T, [FIRST, THIRD])
    np.testing.assert_allclose(fit.predict(letters()), fit.fitted)
    np.testing.assert_allclose(
        lk.emmeans(fit, "f").estimate, lk.emmeans(lk.lm("y ~ f", letters()), "f").estimate
    )


@pytest.mark.parametrize("base", ["c", 3])
def test_contrasts_take_another_reference_level(base):
    fit = lk.lm("y ~ f * x", letters(), contrasts={"f": ("treatment", base)})
    assert fit.design.x_names == ["(Intercept)", "fa", "fb", "x", "fa:x", "fb:x"]
    np.testing.assert_array_equal(fit.design.X[:, 1:3].T, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("formula", "contrasts", "message"),
    [
        ("y ~ C(f, treatment, base=4)", None, "no level number 4 to compare with; there are 3"),
        ("y ~ C(f, base='d')", None, "no level 'd' to compare with"),
        ("y ~ C(f, sum, base=2)", None, "needs for base treatment contrasts"),
        ("y ~ C(f, treatment, base=1.5)", None, "needs for base treatment contrasts"),
        ("y ~ f", {"f": ("treatment", "d")}, "no level 'd' to compare with"),
        ("y ~ f", {"f": ("sum", "b")}, "need a name, or"),
        ("y ~ f", {"f": ("treatment",)}, "need a name such as"),
        ("y ~ f", {"f": ("treatment", True)}, "need a name, or"),
    ],
)
def test_a_reference_level_that_makes_no_sense_is_refused(formula, contrasts, message):
    with pytest.raises((lk.DataError, lk.FormulaError), match=message):
        lk.lm(formula, letters(), contrasts=contrasts)
