"""Standard errors of predictions, and random effects alone. Values: R 4.2.2 unless another version is named."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import REFERENCE, load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


@pytest.fixture(scope="module")
def herds():
    return lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")


def test_se_of_known_and_new_groups(sleep):
    """lme4 2.1-0, predict(se.fit = TRUE)."""
    new = pd.DataFrame({"Days": [0, 5, 12], "Subject": ["308", "308", "somebody new"]})
    found = sleep.predict(new, se_fit=True, allow_new_levels=True)
    assert list(found.columns) == ["fit", "se"]
    np.testing.assert_allclose(found["se"], [12.2548, 8.0161, 18.8635], rtol=1e-5)


def test_se_and_interval_belong_together(sleep):
    found = sleep.predict(interval="confidence", se_fit=True)
    assert list(found.columns) == ["fit", "se", "conf_low", "conf_high"]
    np.testing.assert_allclose(found["conf_high"] - found["fit"], 1.959963984540054 * found["se"])
    assert found.index.equals(sleep.fitted.index)


def test_random_effects_alone(sleep, herds):
    """lme4 1.1-31, predict(random.only = TRUE); it needs the fixed effects' columns in newdata, we do not."""
    new = pd.DataFrame({"Days": [5, 12], "Subject": ["308", "309"]})
    found = sleep.predict(new, random_only=True)
    np.testing.assert_allclose(found, [48.25342978, -143.83490546], rtol=1e-6)
    np.testing.assert_allclose(herds.predict(random_only=True)[:2], [0.6432801167] * 2, rtol=1e-3)
    np.testing.assert_allclose(
        herds.predict(random_only=True, kind="link")[:2], [0.5896294365] * 2, rtol=2e-3
    )
    alone = herds.predict(pd.DataFrame({"herd": ["1"]}), random_only=True, kind="link")
    np.testing.assert_allclose(alone, herds.ranef()["herd"].loc["1"])


def test_se_of_random_effects_alone_is_that_of_the_joint_covariance(sleep):
    found = sleep.predict(pd.DataFrame({"Days": [3], "Subject": ["308"]}), random_only=True, se_fit=True)
    z = np.array([1, 3])
    cov = sleep.vcov_full().iloc[:2, :2].to_numpy()
    np.testing.assert_allclose(found["se"], np.sqrt(z @ cov @ z))


def test_linear_and_generalised_models():
    """R's predict.lm and predict.glm on mtcars."""
    wt = [
        2.62,
        2.875,
        2.32,
        3.215,
        3.44,
        3.46,
        3.57,
        3.19,
        3.15,
        3.44,
        3.44,
        4.07,
        3.73,
        3.78,
        5.25,
        5.424,
        5.345,
    ]
    wt += [2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78]
    am = [1] * 3 + [0] * 14 + [1] * 3 + [0] * 5 + [1] * 7
    cars = pd.DataFrame({"wt": wt, "am": am})
    glm = lk.glm("am ~ wt", cars, "binomial")
    found = glm.predict(pd.DataFrame({"wt": [3, 4]}), se_fit=True)
    np.testing.assert_allclose(found["fit"], [0.49211561309, 0.01703154021], rtol=1e-6)
    np.testing.assert_allclose(found["se"], [0.15131097511, 0.02345408045], rtol=1e-4)
    found = glm.predict(pd.DataFrame({"wt": [3, 4]}), se_fit=True, kind="link")
    np.testing.assert_allclose(found["se"], [0.6053944343, 1.4009573154], rtol=1e-4)
    line = lk.lm("wt ~ am", cars)
    p = pd.DataFrame({"am": [1.0]})
    half = line.predict(p, interval="confidence", se_fit=True).iloc[0]
    assert half["conf_high"] - half["fit"] == pytest.approx(2.0422724563 * half["se"])  # qt(0.975, 30)


def test_response_scale_of_a_mixed_model(herds):
    """glmmTMB 1.1.5, predict(se.fit = TRUE, type = "response", re.form = NA)."""
    found = herds.predict(se_fit=True, re_form="~0").head(3)
    np.testing.assert_allclose(found["fit"], [0.1980490901, 0.0838719621, 0.0739729634], rtol=1e-4)
    np.testing.assert_allclose(found["se"], [0.0369225241, 0.0238360529, 0.0226241669], rtol=1e-3)
    link = herds.predict(kind="link", se_fit=True)
    p = herds.fitted
    np.testing.assert_allclose(herds.predict(se_fit=True)["se"], link["se"] * p * (1 - p))


PARTS = {
    "response": ([0.264722368, 2.206008026], [0.0484141617, 0.2165335821]),
    "conditional": ([1.09187449, 3.42061928], [0.254275019, 0.310930613]),
    "link": ([0.087895931, 1.229821611], [0.2328793484, 0.0908989243]),
    "zero_probability": ([0.757552382, 0.355085192], [0.0431777036, 0.0278546239]),
}


@pytest.fixture(scope="module")
def inflated():
    data = pd.read_csv(REFERENCE / "data" / "salamanders.csv")
    return lk.glmer("count ~ mined + (1 | site)", data, "poisson", zero_inflation="~ mined")


@pytest.mark.parametrize("kind", PARTS)
def test_models_with_several_parts(inflated, kind):
    """glmmTMB 1.1.5, predict(se.fit = TRUE, re.form = NA): sites with and without mining."""
    found = inflated.predict(se_fit=True, re_form="~0", kind=kind).iloc[[0, 3]]
    fit, se = PARTS[kind]
    np.testing.assert_allclose(found["fit"], fit, rtol=1e-4)
    np.testing.assert_allclose(found["se"], se, rtol=1e-3)


def test_what_cannot_be_asked(sleep):
    with pytest.raises(lk.ModelError, match="random_only=True predicts effects"):
        sleep.predict(random_only=True, interval="prediction")
    with pytest.raises(lk.ModelError, match="se_fit"):
        sleep.predict(se_fit="yes")
