"""Joint tests of effects: emmeans' numbers, and those of the type 3 table."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from tests.inference.reference import close, model
from tests.inference.test_emmeans import gap, more
from tests.lme4_reference import REFERENCE

MORE = json.loads((REFERENCE / "emmeans.json").read_text())
ASKED = {
    "joint": ("factors", {}),
    "joint_by": ("factors", {"by": "recipe"}),
    "joint_covariate": ("covariate", {}),
    "joint_growth": ("growth", {}),
    "joint_tens": ("tens", {}),
}


@pytest.mark.parametrize("name", ASKED)
def test_as_emmeans(name):
    # R 4.2.2, emmeans 1.8.4-1: tests/reference/make_emmeans.R; it takes the smallest degrees of freedom of the
    # single contrasts where Fai and Cornelius's are taken here
    which, options = ASKED[name]
    answer = pd.DataFrame(MORE[name]).set_index([*options.values(), "model term"])
    table = lk.joint_tests(more(which), **options).set_index([*options.values(), "term"])
    answer = answer.loc[table.index]
    close(table["num_df"], answer["df1"], 1e-12)
    np.testing.assert_allclose(table["statistic"], answer["F.ratio"], atol=5.1e-4, rtol=1e-4)  # R rounds them
    if which == "growth":  # emmeans takes n - p for a model of glmmTMB; here it is chi-square
        expected = stats.chi2.sf(answer["F.ratio"] * answer["df1"], answer["df1"])
        close(table["p_value"], expected, 1e-2)
        assert np.isinf(table["den_df"]).all()
        return
    np.testing.assert_allclose(table["den_df"], answer["df2"], atol=0.0051, rtol=1e-3)
    close(table["p_value"], answer["p.value"], 1e-2)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward_roger"])
def test_factors_alone_give_the_table_of_type_three(ddf):
    table = lk.joint_tests(model("contrasts"), ddf=ddf).set_index("term")
    three = model("contrasts").anova(type=3, ddf=ddf)
    close(table.loc[three.index, three.columns], three, 1e-6)


def test_nested_factors_are_tested_within():
    fit = more("nested")
    table = lk.joint_tests(fit).set_index("term")
    assert table["num_df"].to_dict() == {"nest": 2, "bird": 4, "feed": 1}
    sequential = fit.anova(type=1)  # bird after nest, in a balanced cross with feed
    close(table.loc["bird", "statistic"], sequential.loc["bird", "statistic"], 1e-8)


def test_nothing_to_test():
    with pytest.raises(lk.ModelError, match="no effect to test"):
        lk.joint_tests(model("singular"))
    with pytest.raises(lk.ModelError, match="'oven' is not a predictor"):
        lk.joint_tests(model("factors"), by="oven")
    assert np.isfinite(lk.joint_tests(model("factors"), ddf="none")["statistic"]).all()


def test_what_the_data_determine_is_tested():  # R 4.2.2, emmeans 1.8.4-1, whose note is "e"
    table = lk.joint_tests(gap()).set_index("term")
    assert table["num_df"].to_dict() == {"a": 1, "b": 1, "c": 0, "a:b": 2, "a:c": 1, "b:c": 1}
    found = table["p_value"].drop("c")
    expected = [0.02366071467, 0.03387940245, 0.26601346807, 0.01149747604, 0.09660089692]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert any(
        note.startswith("Of b and b:c only what the data determine") for note in lk.joint_tests(gap()).notes
    )
