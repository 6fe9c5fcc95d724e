"""Data in parts: the same model as of the same rows in memory, to more digits than anybody reads."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

dask = pytest.importorskip("dask.dataframe", reason="dask is not installed (pip install lmmkit[dask])")


def rows(n: int = 600) -> pd.DataFrame:
    """Crossed groups, factors of several types, values far from zero, and gaps in several columns."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({
        "x": rng.normal(2000, 4, n),
        "z": rng.gamma(2.0, 1.0, n),
        "f": pd.Categorical(rng.choice(list("dcab"), n), categories=[*"cbda", "unused"]),
        "dose": pd.Categorical(rng.choice(["low", "mid", "high"], n), ["low", "mid", "high"], ordered=True),
        "b": rng.choice([f"plot {i}" for i in range(9)], n),
        "a": rng.integers(95, 110, n),
        "late": rng.random(n) < 0.4,
        "w": rng.uniform(0.5, 2, n),
        "o": rng.normal(0, 1, n),
        "when": pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 12, n), unit="D"),
    })  # fmt: skip
    effect = dict(zip(sorted(set(data["b"])), rng.normal(0, 1, 9), strict=True))
    slope = rng.normal(0, 0.3, 110)
    y = 1e4 + 0.5 * data["x"] + data["late"] + data["b"].map(effect) + slope[data["a"]] * (data["x"] - 2000)
    data["y"] = y + data["o"] + rng.normal(0, 1, n) / np.sqrt(data["w"])
    for place, name in enumerate(["y", "x", "f", "b", "w"]):
        data.loc[5 + 31 * place :: 151, name] = np.nan if name in "yxw" else None
    data["only here"] = np.where(np.arange(n) < 40, "early", "rest")  # a level that one part has
    return data.set_index(pd.Index(np.tile(np.arange(n // 4), 4), name="day"))  # repeats itself


def in_parts(data: pd.DataFrame, cuts: tuple[int, ...] = (0, 100, 100, 250, 251, 600)) -> Any:
    """The rows as a Dask frame with parts of several sizes, one of them empty."""
    parts = [data.iloc[a:b] for a, b in pairwise(cuts)]
    return dask.from_map(lambda part: part, parts, meta=data.iloc[:0])


DATA = rows()
PARTS = in_parts(DATA)
CASES: dict[str, dict[str, Any]] = {
    "y ~ x + f + (1 | a) + (1 | b)": {},
    "y ~ x * f + dose + (x | a) + (1 | b)": {"weights": "w"},
    "y ~ scale(x) * late + log(z) + (1 | a:f) + (1 | b)": {"reml": False, "offset": "o"},
    "y ~ 0 + f:late + center(z) + I(z^2) + offset(o) + (1 | b/f)": {"contrasts": {"f": "sum"}},
    "y ~ x + `only here` + cut(z, c(0, 1, 3, 30)) + (x || a) + (0 + late | b)": {},
    "log(y) ~ factor(a) + relevel(f, 'd') + cs(1 + z | b)": {},
    "y ~ x + I(2 * x) + z + (1 | a)": {},  # a column that others determine
    "y ~ when + f + f:dose + (1 | b)": {},
    "y ~ x + (1 | when) + (1 | b)": {},
}


@pytest.mark.parametrize("formula", CASES)
def test_the_fit_is_that_of_the_rows_in_memory(formula):
    here, there = lk.lmer(formula, DATA, **CASES[formula]), lk.lmer(formula, PARTS, **CASES[formula])
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert (there.nobs, there.design.x_names, there.design.dropped) == (
        here.nobs, here.design.x_names, here.design.dropped,
    )  # fmt: skip
    pd.testing.assert_series_equal(there.fixef, here.fixef, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(there.se, here.se, rtol=1e-5)
    np.testing.assert_allclose(
        there.varcorr.frame["sdcor"], here.varcorr.frame["sdcor"], rtol=1e-4, atol=1e-5
    )
    pd.testing.assert_frame_equal(there.anova(), here.anova(), rtol=1e-4, atol=1e-6)
    for group, table in here.ranef().items():
        pd.testing.assert_frame_equal(there.ranef()[group], table, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def pair():
    formula = "y ~ x * f + late + (x | a) + (1 | b)"
    return lk.lmer(formula, DATA, weights="w"), lk.lmer(formula, PARTS, weights="w")


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit: fit.coef_table(),
        lambda fit: fit.coef_table(ddf="kenward_roger"),
        lambda fit: fit.anova(type=1),
        lambda fit: fit.anova(type=2),
        lambda fit: fit.anova(type=3),
        lambda fit: fit.ranef_sd()["a"],
        lambda fit: lk.emmeans(fit, "f"),
        lambda fit: lk.emmeans(fit, "f", weights="proportional", contrasts="pairwise"),
        lambda fit: lk.emtrends(fit, "f", "x"),
        lambda fit: lk.ref_grid(fit),
        lambda fit: fit.predict(DATA.dropna().head(5)),
        lambda fit: fit.predict(DATA.dropna().head(5), re_form="~0", interval="prediction"),
        lambda fit: fit.r2(),
        lambda fit: fit.variance_partition(),
        lambda fit: fit.vif(),
        lambda fit: fit.vcov_adjusted(),
        lambda fit: fit.confint(method="wald"),
    ],
    ids=lambda _: "asked",
)
def test_what_needs_no_rows_is_the_same(pair, ask):
    here, there = (ask(fit) for fit in pair)
    numbers = [pd.DataFrame(table).select_dtypes("number").to_numpy(dtype=float) for table in (here, there)]
    assert here.index.equals(there.index)
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=2e-4, atol=2e-5)


@pytest.mark.slow
def test_profiles_are_the_same():
    fits = [lk.lmer("y ~ late + (late | b) + (1 | a)", data, reml=False) for data in (DATA, PARTS)]
    here, there = (fit.confint() for fit in fits)
    np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("na_action", ["omit", "exclude"])
def test_fitted_values_and_residuals_are_lazy_and_keep_the_parts(na_action):
    here, there = (
        lk.lmer("y ~ x + f + (1 | b)", data, weights="w", na_action=na_action) for data in (DATA, PARTS)
    )
    for mine, theirs in [
        (here.fitted, there.fitted),
        *((here.resid(kind), there.resid(kind)) for kind in ("response", "pearson", "scaled", "working")),
    ]:
        assert isinstance(theirs, dask.Series) and theirs.npartitions == PARTS.npartitions
        pd.testing.assert_series_equal(theirs.compute(), mine, rtol=1e-8, atol=1e-5)


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda fit: fit.X, "X"),
        (lambda fit: fit.influence(), "influence"),
        (lambda fit: fit.simulate(), "simulate"),
        (lambda fit: fit.bootstrap(2), "bootstrap"),
        (lambda fit: fit.refit(np.ones(3)), "refit"),
        (lambda fit: fit.augment(), "augment"),
        (lambda fit: fit.plot.qq(), "this picture"),
        (lambda fit: fit.resid("studentized"), "studentized"),
        (lambda fit: fit.predict(), "newdata"),
        (lambda fit: lk.simulate_residuals(fit), "simulate_residuals"),
        (lambda fit: lk.power(fit, {"x": 1}, n_sim=2), "power"),
    ],
)
def test_what_needs_all_rows_is_refused_by_name(pair, ask, name):
    with pytest.raises(lk.ModelError, match=name):
        ask(pair[1])


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("y ~ poly(x, 2) + (1 | b)", {}, r"poly\(x, 2\) needs all rows"),
        ("y ~ bs(x, df = 4) + (1 | b)", {}, r"bs\(x, df = 4\) needs all rows"),
        ("y ~ x + (1 | b)", {"weights": np.ones(600)}, "weights must be the name of a column"),
        ("y ~ x + (1 | plots)", {}, "column 'plots' is not in the data"),
        ("y ~ x + (1 | b)", {"na_action": "raise"}, "column 'y' has 4 missing values"),
        ("b ~ x + (1 | a)", {}, "'b' must be numeric"),
        ("y ~ x + (1 | b)", {"weights": "o"}, "weights must be above zero"),
        ("log(o) ~ x + (1 | b)", {}, "not a finite number"),
        ("y ~ x + (1 | b) + (1 | day)", {}, "it is the index"),
    ],
)
def test_what_cannot_be_is_refused(formula, options, said):
    with pytest.raises(lk.DataError, match=said):
        lk.lmer(formula, PARTS, **options)


def test_the_fixed_part_that_reproduces_the_response_is_refused():
    data = pd.DataFrame({"y": np.arange(8.0), "x": np.arange(8.0), "g": list("aabbccdd")})
    for given in (data, dask.from_pandas(data, npartitions=2)):
        with pytest.raises(lk.ModelError, match="reproduced exactly"):
            lk.lmer("y ~ x + (1 | g)", given)


def test_other_functions_say_why_they_need_the_rows():
    with pytest.raises(lk.DataError, match=r"glmer needs all rows at each step .* data.compute\(\)"):
        lk.glmer("late ~ x + (1 | b)", PARTS, "binomial")


def test_a_folder_of_parquet_through_pyarrow(tmp_path: Path):
    dataset = pytest.importorskip("pyarrow.dataset", reason="pyarrow is not installed")
    plain = DATA.reset_index(drop=True).astype({"f": str, "dose": str})
    for place, part in enumerate(np.array_split(np.arange(len(plain)), 3)):
        plain.iloc[part].to_parquet(tmp_path / f"{place}.parquet")
    here, there = (
        lk.lmer("y ~ x + dose + (1 | a)", data)
        for data in (plain, dataset.dataset(tmp_path, format="parquet"))
    )
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert there.fitted.npartitions == 3


def test_a_singular_fit_and_confounded_factors_say_so():
    data = DATA.assign(noise=np.arange(len(DATA)) % 6)
    here, there = (lk.lmer("y ~ x + b + (1 | b)", given).messages for given in (data, in_parts(data)))
    assert there == here and any("already hold all differences" in text for text in here)
    here, there = (lk.lmer("o ~ x + (1 | noise)", given) for given in (data, in_parts(data)))
    assert here.is_singular == there.is_singular
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)


@pytest.mark.parametrize(("sd", "is_said"), [(300, False), (10_000, True)])
def test_digits_that_sums_lose_are_spoken_of(sd, is_said):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"a": rng.integers(0, 40, 800), "b": rng.integers(0, 15, 800)})
    data["y"] = (
        sd * rng.normal(size=40)[data["a"]] + sd * rng.normal(size=15)[data["b"]] + rng.normal(size=800)
    )
    here, there = (
        lk.lmer("y ~ 1 + (1 | a) + (1 | b)", given) for given in (data, dask.from_pandas(data, npartitions=3))
    )
    assert there.loglik == pytest.approx(here.loglik, abs=1e-4 if is_said else 1e-6)
    assert any("digits are lost" in text for text in there.messages) == is_said


def test_the_summary_leaves_out_what_it_does_not_know(pair):
    here, there = (fit.summary().lines() for fit in pair)
    at = here.index("Scaled residuals:")
    assert [line for line in there if "Data:" not in line] == [
        line for line in here[:at] + here[at + 4 :] if "Data:" not in line
    ]


def test_dask_is_not_loaded_for_anybody_else():
    code = (
        "import sys, lmmkit as lk; lk.lmer('Reaction ~ Days + (1 | Subject)', lk.load_data('sleepstudy')); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'dask', 'distributed', 'pyarrow'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "dask" not in run.stdout and "distributed" not in run.stdout
