"""Frames of other libraries: what comes in is what the same columns are in pandas."""

import datetime as dt
import sys
from decimal import Decimal

import matplotlib
import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course.explorers.tables import frame
from lmmkit.design.values import Categorical, Dates, read_column
from lmmkit.numerics.frames import as_pandas, if_frame

NEEDED = "the lowest versions are tested without frames of other libraries, which the library does not need"
pl = pytest.importorskip("polars", reason=NEEDED)
pa = pytest.importorskip("pyarrow", reason=NEEDED)

matplotlib.use("Agg")

UTC = dt.UTC
#: One column of each kind, with a missing value in the middle.
KINDS = {
    "whole": [1, None, 3], "real": [1.5, None, 2.5], "text": ["b", None, "a"], "yes": [True, None, False],
    "day": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 3)],
    "moment": [dt.datetime(2024, 1, 1, 6), None, dt.datetime(2024, 1, 3)],
    "there": [dt.datetime(2024, 1, 1, 5, tzinfo=UTC), None, dt.datetime(2024, 7, 3, tzinfo=UTC)],
    "clock": [dt.time(5), None, dt.time(6)], "span": [dt.timedelta(hours=12), None, dt.timedelta(days=1)],
    "decimal": [Decimal("1.5"), None, Decimal("2.5")],
}  # fmt: skip


def libraries(columns):
    """The same columns in the frames of each library."""
    polars, arrow = pl.DataFrame(columns), pa.table(columns)
    return {
        "polars": polars, "polars, lazy": polars.lazy(), "Arrow": arrow,
        "pandas with Arrow's columns": arrow.to_pandas(types_mapper=pd.ArrowDtype),
    }  # fmt: skip


LIBRARIES = list(libraries({"x": [1]}))


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_kind_of_column_is_what_it_is_in_pandas(library):
    given = as_pandas("data", libraries(KINDS)[library])
    expected = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in KINDS.items()})
    assert not any(isinstance(dtype, pd.ArrowDtype) for dtype in given.dtypes)
    for name in KINDS:
        got, want = read_column(given, name), read_column(expected, name)
        assert type(got) is type(want), name
        if isinstance(want, Categorical):
            assert (got.codes.tolist(), got.levels) == (want.codes.tolist(), want.levels)
        elif isinstance(want, Dates):
            np.testing.assert_allclose(got.days, want.days)
            assert got.factor.codes.tolist() == want.factor.codes.tolist()
        else:
            np.testing.assert_array_equal(got, want)


def test_whole_numbers_stay_exact():
    large = [2**53 + 1, 2**53 + 3]
    for table in libraries({"id": large}).values():
        assert as_pandas("data", table)["id"].tolist() == large


def test_a_clock_is_read_where_it_hangs():
    noon = pl.Series([dt.datetime(2024, 7, 1, 10, tzinfo=UTC)]).dt.convert_time_zone("Europe/Berlin")
    there = read_column(as_pandas("data", pl.DataFrame({"t": noon})), "t")
    assert there.days % 1 == 0.5  # 12 o'clock in Berlin


def test_levels_keep_an_order_that_somebody_chose():
    words = ["mid", "low", "high", "low"]
    chosen = pl.DataFrame({"f": pl.Series(words, dtype=pl.Enum(["low", "mid", "high"]))})
    assert read_column(as_pandas("data", chosen), "f").levels == ["low", "mid", "high"]
    # the categories of polars have none: sorted, as text is
    assert read_column(as_pandas("data", chosen.cast(pl.Categorical)), "f").levels == ["high", "low", "mid"]
    for ordered in (False, True):
        factor = pa.DictionaryArray.from_arrays([1, 0, 2, 0], ["low", "mid", "high"], ordered=ordered)
        table = pa.table({"f": factor})
        for given in (table, table.to_pandas(types_mapper=pd.ArrowDtype)):
            found = read_column(as_pandas("data", given), "f")
            assert (found.levels, found.ordered, found.codes.tolist()) == (
                ["low", "mid", "high"], ordered, [1, 0, 2, 0],
            )  # fmt: skip


def test_a_frame_of_pandas_is_not_touched_and_its_labels_stay():
    plain = pd.DataFrame({"x": [1, 2]}, index=[5, 5])
    assert as_pandas("data", plain) is plain
    arrow = plain.astype({"x": "int64[pyarrow]"}).assign(y=[1.0, 2.0])
    given = as_pandas("data", arrow.set_axis(["a", "a"], axis=1))
    assert given.index.tolist() == [5, 5] and given.columns.tolist() == ["a", "a"]
    assert given.iloc[:, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (pa.RecordBatch.from_pydict({"y": [1]}), r"not RecordBatch of pyarrow; try data.to_pandas\(\)"),
        (pl.Series([1.0]), r"not Series of polars; try data.to_pandas\(\)"),
        (
            pl.DataFrame({"y": ["a"]}).lazy().cast(pl.Int64),
            "data, a LazyFrame of polars, could not be read: conv",
        ),
        (
            pa.table([[1], [2]], names=["a", "a"]),
            "a Table of pyarrow, could not be read: Expected unique column",
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(table, sentence):
    with pytest.raises(lk.DataError, match=sentence) as told:
        as_pandas("data", table)
    assert "\n" not in str(told.value)


def test_without_narwhals_a_sentence_is_left(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(lk.DataError, match=r"not DataFrame of polars; try data.to_pandas\(\)"):
        as_pandas("data", pl.DataFrame({"x": [1]}))
    assert if_frame("weights", (1, 2)) == (1, 2)


# ---- every function that takes a frame ----


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    group = np.repeat(list("abcdefgh"), 6)
    made = {
        "g": group, "x": rng.normal(size=48), "f": np.tile(["u", "v", "w"], 16), "k": rng.poisson(3, 48),
        "w": rng.uniform(0.5, 2, 48),
    }  # fmt: skip
    y = made["x"] + rng.normal(size=8).repeat(6) + rng.normal(size=48)
    return {name: list(values) for name, values in (made | {"y": y}).items()}


MODEL = "y ~ x + f + (1 | g)"
PLAN = {"fixef": {"x": 1.0}, "varcorr": {"g": 1.0}, "sigma": 1.0}
CALLS = {
    "lmer": lambda d, fit: lk.lmer(MODEL, d, weights="w").loglik,
    "glmer": lambda d, fit: lk.glmer("k ~ x + (1 | g)", d, "poisson").loglik,
    "lm": lambda d, fit: lk.lm("y ~ x + f", d).loglik,
    "glm": lambda d, fit: lk.glm("k ~ x", d, "poisson").loglik,
    "lm_list": lambda d, fit: lk.lm_list("y ~ x | g", d).coef["x"],
    "cancorr_pairs": lambda d, fit: lk.cancorr_pairs("~ x + f", d).loc["x", "f"],
    "from_parameters": lambda d, fit: lk.from_parameters("z ~ x + (1 | g)", d, **PLAN).se,
    "power": lambda d, fit: lk.power(
        lk.lmer(MODEL, d), "x", 2, seed=1, progress=False, along={"g": [8]}
    ).table["power"],
    "predict": lambda d, fit: fit.predict(d, interval="prediction").to_numpy(),
    "predict of lm": lambda d, fit: lk.lm("y ~ x", d).predict(d),
    "simulate": lambda d, fit: fit.simulate(seed=1, newdata=d).to_numpy(),
    "update": lambda d, fit: fit.update(data=d).loglik,
    "emmeans": lambda d, fit: lk.emmeans(lk.lmer(MODEL, d), "f").estimate,
    "fit_many": lambda d, fit: lk.fit_many(
        np.ones((1, 48)) + np.arange(48) % 7, "~ x + (1 | g)", d
    ).fixef.to_numpy(),
    "an explorer's table": lambda d, fit: frame(d)["x"],
}


@pytest.mark.parametrize("call", CALLS)
def test_every_function_that_takes_a_frame_takes_that_of_any_library(call, rows):
    plain = pd.DataFrame(rows)
    fit = lk.lmer(MODEL, plain)
    expected = CALLS[call](plain, fit)
    for library, table in libraries(rows).items():
        np.testing.assert_allclose(CALLS[call](table, fit), expected, rtol=1e-10, err_msg=library)


def test_many_responses_and_weights_in_frames_of_any_library(rows):
    plain, formula = pd.DataFrame(rows), "~ f + (1 | g)"
    options = {"axis": 1, "weights": plain[["w", "w"]].to_numpy()}
    expected = lk.fit_many(plain[["y", "x"]].to_numpy(), formula, plain, **options).fixef
    for library in ("polars", "Arrow"):
        table = libraries(rows)[library]
        options["weights"] = libraries({"y": rows["w"], "x": rows["w"]})[library]
        found = lk.fit_many(table.select(["y", "x"]), formula, table, **options).fixef
        assert found.index.tolist() == ["y", "x"]
        np.testing.assert_allclose(found, expected)


def test_one_column_of_another_library_is_a_response_weights_or_an_offset(rows):
    fit = lk.lmer(MODEL, pd.DataFrame(rows))
    for library in ("polars", "Arrow"):
        table = libraries(rows)[library]
        assert (
            fit.refit(table.select(["y"])).loglik == fit.refit(table["y"]).loglik == pytest.approx(fit.loglik)
        )
        for name in ("weights", "offset"):
            given = lk.lmer(MODEL, table, **{name: table["w"]})
            assert given.loglik == pytest.approx(lk.lmer(MODEL, table, **{name: "w"}).loglik)


def test_the_fit_bears_the_name_of_the_users_own_frame(rows):
    in_polars = pl.DataFrame(rows)
    fit = lk.lmer(MODEL, in_polars)
    assert "Data: in_polars" in repr(fit) and isinstance(fit.call.data, pd.DataFrame)
    assert fit.plot.fit("x", "f") is not None
