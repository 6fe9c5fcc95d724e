"""Marginal means of the response of models with several parts, against glmmTMB 1.1.5.

There by ``predict(fit, newdata=grid, type="response", re.form=NA, se.fit=TRUE, cov.fit=TRUE)`` on the grid of all
predictors, averaged with equal weights; R 4.2.2.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import REFERENCE


@cache
def inflated():
    data = pd.read_csv(REFERENCE / "data" / "salamanders.csv")
    return lk.glmer("count ~ mined + (1 | site)", data, "poisson", zero_inflation="~ spp")


def test_means_over_the_predictors_of_both_parts():
    means = lk.emmeans(inflated(), "mined", component="response").set_index("mined")
    assert means.loc[["yes", "no"], "estimate"].to_numpy() == pytest.approx(
        [0.239278665, 2.106811661], rel=1e-5
    )
    assert means.loc[["yes", "no"], "std_error"].to_numpy() == pytest.approx(
        [0.0519185935, 0.3426023785], rel=1e-4
    )
    whole = lk.emmeans(inflated(), "~ 1", component="response").iloc[0]
    assert whole["estimate"] == pytest.approx(1.17304516, rel=1e-5)
    assert whole["std_error"] == pytest.approx(0.173186776, rel=1e-4)


def test_a_contrast_is_a_difference_of_means_of_the_response():
    table = lk.emmeans(inflated(), "mined", component="response", contrasts="pairwise")
    assert abs(table["estimate"].iloc[0]) == pytest.approx(1.867532997, rel=1e-5)
    assert table["std_error"].iloc[0] == pytest.approx(0.346654327, rel=1e-4)


def test_a_predictor_of_the_zeros_alone_can_be_asked_for():
    means = lk.emmeans(inflated(), "spp", component="response")
    by_hand = [
        np.mean([
            inflated().predict(pd.DataFrame({"mined": [m], "spp": [s]}), re_form="~0", kind="response").iloc[0]
            for m in ("no", "yes")
        ])
        for s in means["spp"]
    ]  # fmt: skip
    assert len(means) == 7
    assert means["estimate"].to_numpy() == pytest.approx(by_hand, rel=1e-10)


def test_a_hurdle_model():
    data = pd.read_csv(REFERENCE / "data" / "salamanders.csv")
    fit = lk.glmer(
        "count ~ mined + (1 | site)", data, "truncated_negative_binomial", zero_inflation="~ mined"
    )
    means = lk.emmeans(fit, "mined", component="response").set_index("mined").loc[["yes", "no"]]
    assert means["estimate"].to_numpy() == pytest.approx([0.294350365, 2.252971288], rel=1e-5)
    assert means["std_error"].to_numpy() == pytest.approx([0.0483815442, 0.1743760099], rel=1e-4)


def test_a_model_without_parts_has_no_such_component():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    with pytest.raises(lk.ModelError, match="kind='response'"):
        lk.emmeans(fit, "Days", component="response")
