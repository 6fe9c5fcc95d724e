"""Backward elimination, against R 4.2.2 with lmerTest 3.1-3."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk


def test_random_effects_go_as_in_r():
    fit = lk.lmer("mass ~ implant * day + (day | nest) + (day | nest:chick)", lk.load_data("implants"))
    steps = fit.step()
    random = steps.random
    assert random.index.tolist() == [
        "<none>",
        "day in (day | nest)",
        "day in (day | nest:chick)",
        "(1 | nest)",
    ]
    assert random["eliminated"].tolist()[1:] == [1, 0, 0] and pd.isna(random["eliminated"].iloc[0])
    assert random["npar"].tolist() == [11, 9, 7, 8]
    np.testing.assert_allclose(
        random["loglik"], [-884.132351, -885.065233, -906.538528, -909.682223], rtol=1e-7
    )
    np.testing.assert_allclose(random["aic"], [1790.26470, 1788.13047, 1827.07706, 1835.36445], rtol=1e-7)
    np.testing.assert_allclose(random["lrt"].iloc[1:], [1.86576348, 42.94659093, 49.23398002], rtol=1e-4)
    assert random["p_value"].iloc[1] == pytest.approx(3.93418347e-01, rel=1e-4)
    row = steps.fixed.loc["implant:day"]
    assert row[["eliminated", "num_df", "den_df", "statistic"]].tolist() == pytest.approx(
        [0, 1, 58.0, 39.48973], rel=1e-4
    )
    assert [term.bar.term for term in steps.fit.design.terms] == ["(day | nest:chick)", "(1 | nest)"]
    assert "Model found: mass ~" in repr(steps) and "too optimistic" in repr(steps)


def test_fixed_terms_go_as_in_r():
    behaviour = lk.load_data("behaviour")
    behaviour = behaviour.assign(day=behaviour["day"].astype(str))
    steps = lk.lmer("activity ~ time * temperature + day + (temperature | animal)", behaviour).step()
    np.testing.assert_allclose(steps.random["lrt"].iloc[1:], [0.11580245, 323.99300988], rtol=1e-2)
    assert steps.fixed["eliminated"].to_dict() == {
        "time:temperature": 1,
        "time": 0,
        "temperature": 0,
        "day": 0,
    }
    np.testing.assert_allclose(
        steps.fixed["statistic"], [0.266945587, 123.483034828, np.nan, 29.544428925], rtol=1e-5
    )
    assert steps.fit.call.formula.endswith("(1 | animal)")


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(3)
    columns = {name: rng.normal(size=60) for name in "yxz"}
    return pd.DataFrame(
        columns | {"k": rng.poisson(3, 60), "g": list("abcdef") * 10, "w": rng.uniform(1, 2, 60)}
    )


def test_all_random_effects_may_go(noise):
    steps = lk.lmer("y ~ x * z + (1 + x + z | g)", noise, weights="w").step()
    assert steps.random["eliminated"].tolist()[1:] == [1, 2, 3]
    assert steps.fixed["eliminated"].tolist() == [1, 2, 3] and steps.fixed["p_value"].dtype == float
    # What is left is the mean, with the weights.
    assert not steps.fit.design.terms
    assert steps.fit.fixef.tolist() == pytest.approx([np.average(noise["y"], weights=noise["w"])])
    # The tests on the way are those of lm.
    square = lk.lm("y ~ x * z", noise, weights="w").coef_table().loc["x:z", "statistic"] ** 2
    assert steps.fixed.loc["x:z", "statistic"] == pytest.approx(square)


def test_what_is_kept_stays(noise):
    fit = lk.lmer("y ~ x * z + (1 | g)", noise)
    steps = fit.step(reduce_random=False, keep=["x"])
    assert steps.fit.design.terms and steps.fit.fixef.index.tolist() == ["(Intercept)", "x"]
    whole = fit.step(reduce_fixed=False, reduce_random=False)
    assert whole.fit.call.formula == fit.call.formula and whole.fixed["eliminated"].tolist() == [0]


def test_a_generalised_model_is_reduced_by_likelihood_ratios(noise):
    fit = lk.glmer("k ~ x * z + (1 | g)", noise, "poisson")
    steps = fit.step()
    assert list(steps.fixed.columns) == ["eliminated", "df", "aic", "chisq", "p_value"]
    without = lk.glm("k ~ x * z", noise, "poisson").drop1()
    assert steps.fixed.loc["x:z", "chisq"] == pytest.approx(without.loc["x:z", "chisq"])
    assert steps.fit.family.name == "poisson"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keep": ["q"]}, "keep has no term 'q'; the fixed part has x, z, x:z"),
        ({"alpha_fixed": 2}, "alpha_fixed must lie between 0 and 1"),
        ({"ddf": "x"}, "ddf must be one of"),
        ({"alpha.random": 0.2}, "here it is alpha_random=0.2"),
    ],
)
def test_refusals(noise, options, sentence):
    with pytest.raises(lk.ModelError, match=sentence):
        lk.lmer("y ~ x * z + (1 | g)", noise).step(**options)


def test_kenward_and_rogers_covariance_is_pbkrtests():
    fit = lk.lmer("mass ~ implant * day + (1 | nest/chick)", lk.load_data("implants"))
    found = fit.vcov_adjusted()
    expected = [25.44695413, 8.83599520, 0.02544124, 0.050882481]  # pbkrtest 0.5-2
    np.testing.assert_allclose(np.diag(found), expected, rtol=1e-5)
    assert found.loc["(Intercept)", "implantP"] == pytest.approx(-4.41799760, rel=1e-5)
