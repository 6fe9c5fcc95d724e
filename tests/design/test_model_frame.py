"""The rows and columns that a model uses: a frame of their own, whatever becomes of the data."""

import pickle

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    columns = {
        "other": 1.0,
        "x": rng.normal(size=24),
        "y": rng.normal(size=24),
        "g": np.repeat(list("abcdef"), 4),
    }
    return pd.DataFrame(columns, index=[5] * 24)


def test_changes_of_the_data_leave_the_frame_as_it_was(data):
    before, fit = data.copy(), lk.lmer("y ~ x + (1 | g)", data)
    data["y"], data.loc[:, "x"] = 0.0, 7.0
    data.iloc[3, 3] = "z"
    pd.testing.assert_frame_equal(fit.design.frame, before[["y", "x", "g"]])


def test_rows_that_are_left_out_are_not_in_it_and_a_saved_fit_has_it(data):
    data.iloc[4, 2] = np.nan
    fit = pickle.loads(pickle.dumps(lk.lmer("y ~ x + (1 | g)", data)))
    pd.testing.assert_frame_equal(fit.design.frame, data[["y", "x", "g"]].dropna())


def test_columns_of_arrow_are_read_as_those_of_pandas(data):
    pytest.importorskip("pyarrow")
    plain = data.reset_index(drop=True)
    held = plain.convert_dtypes(dtype_backend="pyarrow")
    fit, same = (lk.lmer("y ~ x + (1 | g)", frame) for frame in (held, plain))
    assert fit.loglik == same.loglik
    assert [str(dtype) for dtype in fit.design.frame.dtypes] == [
        str(dtype) for dtype in same.design.frame.dtypes
    ]
