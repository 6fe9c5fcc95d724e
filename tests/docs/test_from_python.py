"""The page for users of other Python packages: each row runs, and what it says of statsmodels is so."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import statsmodels.formula.api as smf

from tests import doc_tables

PAGE = "from_python.md"
ROWS = doc_tables.rows(PAGE)


@pytest.fixture(scope="module")
def names():
    """What the first block of the page prepares."""
    prepared: dict = {}
    exec(doc_tables.blocks(PAGE)[0], prepared)
    return prepared


@pytest.fixture(scope="module")
def theirs(names):
    """The model `m` by statsmodels."""
    return smf.mixedlm("Reaction ~ Days", names["sleep"], groups="Subject", re_formula="~Days").fit()


@pytest.mark.parametrize("row", ROWS, ids=[row.theirs for row in ROWS])
def test_each_row_runs(row, names):
    assert eval(row.ours, dict(names)) is not None
    plt.close("all")


SAME = ["r.fe_params", "r.bse_fe", "r.scale ** 0.5", "r.llf", "r.fittedvalues", "r.predict(sleep)", "r.resid"]


@pytest.mark.parametrize("call", SAME)
def test_statsmodels_gives_the_same(call, names, theirs):
    (ours,) = [row.ours for row in ROWS if row.theirs == call]
    expected = eval(call, {**names, "r": theirs})
    np.testing.assert_allclose(eval(ours, dict(names)), expected, rtol=1e-4, atol=5e-4)


def test_statsmodels_divides_variances_and_has_no_aic_after_reml(names, theirs):
    variance = names["m"].varcorr.frame["vcov"]
    assert theirs.params["Subject Var"] == pytest.approx(variance[0] / variance[3], rel=1e-4)
    assert np.isnan(theirs.aic)


def test_statsmodels_leaves_out_the_upper_group_unless_told(names):
    given = {"data": names["implants"], "groups": "nest", "vc_formula": {"chick": "0 + C(chick)"}}
    assert smf.mixedlm("mass ~ day", **given).fit().cov_re.empty
    told = smf.mixedlm("mass ~ day", re_formula="1", **given).fit()
    variance = names["lk"].lmer("mass ~ day + (1 | nest/chick)", names["implants"]).varcorr.frame["vcov"]
    expected = [told.vcomp[0], told.cov_re.iloc[0, 0], told.scale]
    np.testing.assert_allclose(variance, expected, rtol=1e-3)
