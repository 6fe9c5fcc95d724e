import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.fitted.varcorr import VarCorr
from tests.lme4_reference import load


def test_repeated_groups_are_numbered_as_in_lme4():
    """lme4 runs make.names over all groups as soon as one repeats, which turns the colon into a dot."""
    fit = lk.lmer("score ~ ses + (ses || school/class)", load("nested"))
    assert [part.group for part in fit.varcorr.components] == [
        "class.school",
        "class.school.1",
        "school",
        "school.1",
    ]


def test_covariance_matrix_by_name():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    cov = fit.varcorr["Subject"]
    np.testing.assert_allclose(cov, fit.sigma**2 * fit.estimate.factors[0] @ fit.estimate.factors[0].T)
    assert list(cov.columns) == ["(Intercept)", "Days"]
    with pytest.raises(KeyError, match="it has Subject"):
        fit.varcorr["subject"]


def test_frame_lists_sds_then_correlations_then_the_residual():
    cov = np.diag([4.0, 9.0, 16.0]) + 1.0
    frame = VarCorr(["g"], [["a", "b", "c"]], [cov], 2.0).frame
    pairs = frame[["var1", "var2"]].astype(object).where(frame[["var1", "var2"]].notna(), None)
    expected = [("a", None), ("b", None), ("c", None), ("a", "b"), ("a", "c"), ("b", "c"), (None, None)]
    assert list(pairs.itertuples(index=False, name=None)) == expected
    assert frame["grp"].tolist() == ["g"] * 6 + ["Residual"]
    np.testing.assert_allclose(frame["vcov"], [5, 10, 17, 1, 1, 1, 4])
    np.testing.assert_allclose(frame["sdcor"][3:6], [1 / 50**0.5, 1 / 85**0.5, 1 / 170**0.5])


def test_no_residual_without_a_scale():
    vc = VarCorr(["g"], [["(Intercept)"]], [np.array([[0.25]])], None)
    assert "Residual" not in str(vc)
    assert vc.frame["grp"].tolist() == ["g"]


def test_a_correlation_with_a_constant_is_undefined():
    """As in R: NaN in the table, NaN in print."""
    vc = VarCorr(["g"], [["(Intercept)", "x"]], [np.array([[2.0, 0.0], [0.0, 0.0]])], 1.0)
    assert pd.isna(vc.frame["sdcor"][2])
    assert "NaN" in str(vc)


def test_as_html():
    vc = VarCorr(["a<b"], [["(Intercept)"]], [np.array([[4.0]])], 1.0)
    html = vc._repr_html_()
    assert "a&lt;b" in html
    assert html.count("<tr") == 3
