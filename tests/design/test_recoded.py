"""Functions of the formula that choose, cut, cross or reorder. Values and names: R 4.2.2, lm."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

DATA = pd.DataFrame({
    "y": [1, 3, 2, 5, 4, 6, 7, 5.5], "x": np.arange(1.0, 9), "z": [3, 1, 4, 1, 5, 9, 2, 6], "a": list("uvuvuvvu"),
    "b": list("ppqqpqpq"),
})  # fmt: skip

LATE = 'ifelse(x > 4, "late", "early")'
CASES = [
    ("pmin(x, z)", ["pmin(x, z)"], [2.9946236559, 0.3817204301]),
    ("pmax(x, 4)", ["pmax(x, 4)"], [-0.95, 0.9785714286]),
    ("ifelse(x > 4, x - 4, 0)", ["ifelse(x > 4, x - 4, 0)"], [2.9642857143, 0.9785714286]),
    (LATE, [LATE + "late"], [2.75, 2.875]),
    (
        "cut(x, c(0, 3, 5.5, 8))",
        ["cut(x, c(0, 3, 5.5, 8))(3,5.5]", "cut(x, c(0, 3, 5.5, 8))(5.5,8]"],
        [2, 2.5, 4.166666667],
    ),
    (
        "cut(x, c(1, 3, 8), include.lowest = TRUE)",
        ["cut(x, c(1, 3, 8), include.lowest = TRUE)(3,8]"],
        [2, 3.5],
    ),
    ("interaction(a, b)", [f"interaction(a, b){one}" for one in ("v.p", "u.q", "v.q")], [2.5, 2.5, 1.25, 3]),
    ('relevel(b, "q")', ['relevel(b, "q")p'], [4.625, -0.875]),
    ("relevel(b, ref = 2)", ["relevel(b, ref = 2)p"], [4.625, -0.875]),
    ("round(z/7, 1)", ["round(z/7, 1)"], [3.442708333, 1.354166667]),
    ("asin(z/9)", ["asin(z/9)"], [3.483600303, 1.361270826]),
    ("acos(z/9) + atan(x)", ["acos(z/9)", "atan(x)"], [-5.58911736402, -0.04988459809, 7.76872233586]),
    ("expm1(x/8) + plogis(z)", ["expm1(x/8)", "plogis(z)"], [7.373762828, 3.689033502, -6.868763766]),
    ("qlogis(z/10)", ["qlogis(z/10)"], [4.3731537945, 0.3352046414]),
]


@pytest.mark.parametrize(("term", "names", "numbers"), CASES, ids=[case[0] for case in CASES])
def test_as_in_r(term, names, numbers):
    fit = lk.lm(f"y ~ {term}", DATA)
    assert list(fit.fixef.index) == ["(Intercept)", *names]
    np.testing.assert_allclose(fit.fixef, numbers, rtol=1e-8)
    alone = [fit.predict(DATA.iloc[[i]]).iloc[0] for i in range(8)]  # a row that lacks most levels
    np.testing.assert_allclose(alone, fit.fitted)


def test_cut_with_names_and_closed_on_the_left():
    fit = lk.lm('y ~ 0 + cut(x, c(0, 3, 9), right = FALSE, labels = c("low", "high"))', DATA)
    assert [name[-4:].strip(")") for name in fit.fixef.index] == ["low", "high"]
    np.testing.assert_allclose(fit.fixef, [2, DATA["y"][2:].mean()])


def test_as_a_grouping_factor_and_in_a_mixed_model():
    data = pd.concat([DATA] * 3, ignore_index=True)
    data["y"] = data["y"] + np.sin(np.arange(24.0))
    one = lk.lmer("y ~ pmin(x, 5) + (1 | interaction(a, b))", data)
    other = lk.lmer("y ~ m + (1 | ab)", data.assign(m=data["x"].clip(upper=5), ab=data["a"] + data["b"]))
    assert one.loglik == pytest.approx(other.loglik)


def test_missing_values_are_left_out():
    data = DATA.assign(x=DATA["x"].where(DATA["x"] > 1))
    assert lk.lm("y ~ ifelse(x > 4, 1, 0)", data).nobs == 7
    assert lk.lm("y ~ cut(x, c(0, 3, 8))", data).nobs == 7


REFUSED = [
    ("cut(x, c(0, 3))", lk.DataError, "no interval for 5 values, such as 4"),
    ("cut(x, 3)", lk.FormulaError, "needs for breaks two or more different numbers"),
    ('cut(x, c(0, 3, 8), labels = c("a"))', lk.DataError, "2 intervals, but has 1 labels"),
    ('relevel(b, "w")', lk.DataError, "the levels are p, q"),
    ("relevel(b)", lk.FormulaError, "needs its argument ref"),
    ('ifelse(x > 4, "a", 1)', lk.DataError, "two texts or two numbers"),
    ("pmin(x)", lk.FormulaError, "needs its argument y"),
    ("round(x, 1.5)", lk.FormulaError, "needs for digits a whole number"),
    ('dummy(b, "w")', lk.DataError, "level 'w', which there is not; the levels are p, q"),
    ("dummy(b, TRUE)", lk.FormulaError, "needs for levelsToKeep a level"),
]


@pytest.mark.parametrize(("term", "error", "words"), REFUSED)
def test_what_is_refused(term, error, words):
    with pytest.raises(error, match=words):
        lk.lm(f"y ~ {term}", DATA)


def test_dummy_as_lme4():  # R 4.2.2, lme4 1.1-31, its own table of herds
    herds = lk.load_data("herds")
    two = lk.lmer(
        'infected ~ dummy(season, c("summer", "autumn")) + (0 + dummy(season, "summer") | herd)', herds
    )
    assert two.reml_criterion == pytest.approx(459.1530353, abs=1e-6)
    assert two.varcorr.frame["sdcor"].to_numpy() == pytest.approx([5.802969151, 3.086909872], abs=1e-4)
    assert two.fixef.index[1] == 'dummy(season, c("summer", "autumn"))summer'
    assert two.fixef.to_numpy() == pytest.approx([3.302325581, 3.515856237, 1.397674419], abs=1e-5)
    rest = lk.lmer("infected ~ dummy(season) + (1 | herd)", herds.assign(season=herds["season"].astype(str)))
    answer = {"spring": -1.420981473, "summer": 1.967293387, "winter": -1.935813166}
    assert rest.fixef.iloc[1:].to_dict() == pytest.approx(
        {f"dummy(season){k}": v for k, v in answer.items()}, abs=1e-5
    )
    new = pd.DataFrame({"season": ["summer", "autumn", None], "herd": "h01"})
    shift = rest.predict(new)
    assert shift[0] - shift[1] == pytest.approx(answer["summer"], abs=1e-5) and np.isnan(shift[2])
    with pytest.raises(lk.DataError, match="'season' has the level 'monsoon', which the fit has not seen"):
        rest.predict(new.assign(season="monsoon"))
