"""Models from parameters, before there are data."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import load

SLOPES = "Reaction ~ Days + (Days | Subject)"
GIVEN = {
    "fixef": {"(Intercept)": 250, "Days": 10}, "varcorr": {"Subject": [[600, 10], [10, 35]]}, "sigma": 25.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return load("sleepstudy").drop(columns="Reaction")


@pytest.fixture(scope="module")
def plan(rows):
    return lk.from_parameters(SLOPES, rows, **GIVEN)


def test_standard_errors_are_those_at_these_parameters(plan):
    """lme4 1.1-31: mkLmerDevfun at this theta, sigma * sqrt(diag(RXi RXi'))."""
    np.testing.assert_allclose(plan.se, [6.732628226, 1.537959644], rtol=1e-8)


def test_it_is_what_was_said(plan):
    assert plan.fixef.to_dict() == {"(Intercept)": 250.0, "Days": 10.0}
    np.testing.assert_allclose(plan.varcorr.frame["vcov"], [600, 35, 10, 625])
    np.testing.assert_allclose(plan.predict().head(3), [250, 260, 270])
    assert len(plan.messages) == 1
    assert "given, not estimated" in plan.messages[0]


def test_draws_have_its_moments(plan):
    draws = plan.simulate(2000, seed=1).to_numpy()
    np.testing.assert_allclose(draws.mean(axis=1)[:10], 250 + 10 * np.arange(10), atol=5)
    z = np.column_stack([np.ones(10), np.arange(10)])
    expected = np.sqrt(np.diag(z @ np.array([[600, 10], [10, 35]]) @ z.T) + 625)
    np.testing.assert_allclose(draws.std(axis=1)[:10], expected, rtol=0.08)


def test_a_table_of_another_fit_will_do(rows):
    fit = lk.lmer("Reaction ~ Days + (Days || Subject)", load("sleepstudy"))
    model = lk.from_parameters(
        "Reaction ~ Days + (Days || Subject)", rows, fixef=fit.fixef.to_dict(), varcorr=fit.varcorr.frame
    )
    np.testing.assert_allclose(model.se, fit.se)
    np.testing.assert_allclose(model.theta, fit.theta)


def test_power_of_the_plan_and_of_a_larger_one(plan):
    """By the t test's formula: the estimate is normal with the standard error above, 17 degrees of freedom."""
    found = lk.power(plan, {"Days": 3}, 60, seed=1, progress=False).table.iloc[0]
    assert found["conf_low"] < 0.46 < found["conf_high"]  # P(|t| > 2.11) for t with non-centrality 3 / 1.538
    more = lk.power(plan, {"Days": 3}, 20, along={"Subject": [60]}, seed=1, progress=False).table.iloc[0]
    assert more["power"] > 0.7


def test_counts_and_hits():
    data = load("cbpp")
    given = {"fixef": {"(Intercept)": -1.4, "period2": -1}, "varcorr": {"herd": 0.4}}
    hits = lk.from_parameters(
        "cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial", **given
    )
    assert hits.fixef.to_dict() == {"(Intercept)": -1.4, "period2": -1, "period3": 0, "period4": 0}
    assert (hits.simulate(3, seed=1).max(axis=1) <= data["size"]).all()
    counts = lk.from_parameters(
        "sick ~ period + (1 | herd)", data, family=lk.families.NegativeBinomial(theta=2), **given
    )
    assert counts.simulate(1, seed=1).shape == (56, 1)
    assert np.isfinite(counts.se).all()


@pytest.mark.parametrize(
    ("response", "family"),
    [("cbind(hits, n - hits)", "binomial"), ("log(y)", None), ("exam.score", None), ("`exam score`", None)],
)
def test_a_response_that_is_not_there_yet(response, family):
    plan = pd.DataFrame([(c, a) for c in range(20) for a in "ab"], columns=["class", "arm"]).assign(n=10)
    given = {"fixef": {"armb": 2}, "varcorr": {"class": 0.5}, "sigma": None if family else 1.0}
    model = lk.from_parameters(f"{response} ~ arm + (1 | class)", plan, family=family, **given)
    if family is None:  # between two arms of 20 rows each, whose classes cancel
        assert model.se["armb"] == pytest.approx(np.sqrt(2 / 20))
    assert (
        lk.power(model, "armb", 3, along={"class": [40]}, seed=1, progress=False).table["power"].iloc[0] == 1
    )


def test_names_of_interactions_and_nested_groups_in_either_order():
    plan = pd.DataFrame([(s, c, a, x) for s in "stuv" for c in "123" for a in "ab" for x in range(3)])
    plan.columns = ["school", "class", "arm", "x"]
    given = {"fixef": {"x:armb": 3}, "varcorr": {"school": 4, "school:class": 2}, "sigma": 1}
    model = lk.from_parameters("y ~ arm * x + (1 | school/class)", plan, **given)
    assert model.fixef["armb:x"] == 3
    assert model.varcorr.frame["vcov"].tolist() == pytest.approx([2, 4, 1])


def test_a_singular_covariance_is_allowed(rows):
    model = lk.from_parameters(SLOPES, rows, **(GIVEN | {"varcorr": {"Subject": [[4, 2], [2, 1]]}}))
    np.testing.assert_allclose(model.varcorr.frame["sdcor"][:3], [2, 1, 1], atol=1e-7)


REFUSED = [
    ({"fixef": {"Day": 1}}, "no coefficient 'Day'"),
    ({"fixef": {}}, "fixef takes a dict"),
    ({"varcorr": {"subject": 1}}, "covariance of each of Subject"),
    ({"varcorr": {"Subject": 600}}, "must be 2 x 2"),
    ({"varcorr": {"Subject": [[1, 2], [2, 1]]}}, "is none"),
    ({"varcorr": {"Subject": [[1, 2], [0, 1]]}}, "symmetric"),
    ({"sigma": None}, "give sigma"),
    ({"sigma": -1.0}, "positive"),
    ({"family": "gamma"}, "not all given"),
]


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_what_is_refused(rows, change, words):
    with pytest.raises(lk.ModelError, match=words):
        lk.from_parameters(SLOPES, rows, **(GIVEN | change))


TIMES = np.arange(4)
FADING = 9 * 0.7 ** np.abs(TIMES[:, None] - TIMES)


def test_structured_terms_have_their_pattern():
    plan = pd.DataFrame(
        [(s, t) for s in "abcdefgh" for t in TIMES for _ in range(2)], columns=["who", "time"]
    )
    given = {"fixef": {"time": 1.0}, "sigma": 2.0}
    formula = "y ~ time + {}(0 + factor(time) | who)"
    ar1 = lk.from_parameters(formula.format("ar1"), plan, varcorr={"who": FADING}, **given)
    np.testing.assert_allclose(ar1.par, [1.5, 0.7], rtol=1e-12)
    np.testing.assert_allclose(ar1.varcorr["who"], FADING, rtol=1e-12)
    free = lk.from_parameters(formula.format("us"), plan, varcorr={"who": FADING}, **given)
    np.testing.assert_allclose(ar1.se, free.se, rtol=1e-9)
    given["fixef"] = ar1.fixef
    again = lk.from_parameters(formula.format("ar1"), plan, varcorr=ar1.varcorr.frame, **given)
    np.testing.assert_allclose(again.par, ar1.par, rtol=1e-9)
    same, none = np.full((4, 4), 9.0), np.zeros((4, 4))
    for tag, cov, par in (
        ("cs", same, [1.5] * 4 + [1.0]),
        ("ar1", none, [0, 0]),
        ("diag", np.eye(4) * 4, [1] * 4),
    ):
        model = lk.from_parameters(formula.format(tag), plan, varcorr={"who": cov}, **given)
        np.testing.assert_allclose(model.par, par, atol=1e-9)
    for tag, words in (("cs", "compound symmetry"), ("diag", "diagonal")):
        with pytest.raises(lk.ModelError, match=rf"pattern of {tag}\(.*\({words}\); take \(0 \+ factor"):
            lk.from_parameters(formula.format(tag), plan, varcorr={"who": FADING}, **given)


def test_missing_columns_are_refused(rows):
    with pytest.raises(lk.DataError, match="Subject"):
        lk.from_parameters(SLOPES, pd.DataFrame({"Days": [1, 2]}), **GIVEN)
