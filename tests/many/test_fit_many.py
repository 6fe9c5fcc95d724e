"""Many responses at once: each gets the fit that it would get alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
import lmmkit.many.fit_many as fit_many_module
from lmmkit.design.design import build_design
from lmmkit.formula.parse import parse
from lmmkit.inference.parameters import parameter_values
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.many_criterion import ManyCriterion, Points

STRUCTURES = {
    "one scalar": "~ x + (1 | g)",
    "one vector": "~ x + (x | g)",
    "uncorrelated": "~ x + (x || g)",
    "factor left side": "~ x + (0 + f | g)",
    "crossed": "~ x + (1 | g) + (1 | h)",
    "crossed vectors": "~ x + (x | g) + (z | h)",
    "nested": "~ x + (1 | g/s)",
    "nested vectors": "~ 0 + x + (x | g/s)",
    "three factors": "~ x + (x | g) + (1 | h) + (0 + z | s)",
    "two terms on a factor": "~ x + f + (1 | g) + (0 + x | g) + (z | h)",
}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 120
    frame = pd.DataFrame({"x": rng.normal(3, 2, n), "z": rng.normal(size=n), "w": rng.uniform(0.3, 3, n)})
    for name, levels in (("g", 12), ("h", 8), ("s", 3)):
        frame[name] = rng.integers(0, levels, n)
    return frame.assign(f=rng.choice(list("abc"), n))


def mixed_difficulty(data: pd.DataFrame, n: int, seed: int) -> np.ndarray:
    """Responses with large, small and vanishing variances, pure noise and huge units among them."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((n, len(data))) * np.exp(rng.normal(size=(n, 1)))
    for name, share in (("g", 0.8), ("h", 0.5), ("s", 0.5)):
        codes = data[name].to_numpy()
        size = np.exp(rng.normal(0, 1.5, (n, 1))) * (rng.random((n, 1)) < share)
        y += size * rng.standard_normal((n, codes.max() + 1))[:, codes]
        slope = 0.3 * (rng.random((n, 1)) < 0.4)
        y += slope * rng.standard_normal((n, codes.max() + 1))[:, codes] * data["x"].to_numpy()
    return (y + 5) * rng.choice([1e-6, 1.0, 1e6], (n, 1))


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", STRUCTURES.values(), ids=STRUCTURES)
def test_criterion_and_derivatives_are_those_of_one_response(
    data: pd.DataFrame, formula: str, reml: bool
) -> None:
    design = build_design(parse(formula, one_sided=True), data, weights="w")
    many, Y = ManyCriterion(design, reml), mixed_difficulty(data, 3, 1)
    theta = np.random.default_rng(2).normal(size=(3, many.m))
    points = Points(many, theta, many.responses(Y)[0])
    gradient, curvature = points.gradient(), points.curvature()
    for b in range(3):
        one = Criterion(build_design(f"y {formula}", data.assign(y=Y[b]), weights="w"), reml)
        point = one.point(theta[b])
        assert points.objective[b] == pytest.approx(point.objective, rel=1e-9)
        np.testing.assert_allclose(gradient[b], one.gradient(point), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(curvature[b], one.curvature(point), rtol=1e-6, atol=1e-6)


def test_a_random_intercept_alone_as_lmer_fits_it(data: pd.DataFrame) -> None:
    Y = mixed_difficulty(data, 3, 5)
    found = lk.fit_many(Y, "~ 0 + (1 | g)", data, progress=False).status["objective"]
    alone = [-2 * lk.lmer("y ~ 0 + (1 | g)", data.assign(y=y)).loglik for y in Y]
    np.testing.assert_allclose(found, alone, rtol=1e-9)


@pytest.mark.slow
def test_five_hundred_responses_of_mixed_difficulty(data: pd.DataFrame) -> None:
    singular = 0
    for number, formula in enumerate(STRUCTURES.values()):
        Y, reml = mixed_difficulty(data, 50, 10 + number), bool(number % 2)
        fits = lk.fit_many(Y, formula, data, reml=reml, ddf="none", progress=False)
        assert fits.status["converged"].all()
        singular += int(fits.status["singular"].sum())
        single = lk.lmer(f"y {formula}", data.assign(y=Y[0]), reml=reml)
        for b, y in enumerate(Y):
            alone = single.refit(y).estimate.objective
            assert fits.status["objective"][b] <= alone + 1e-6
            # What lies lower is another minimum; the single fit, started there, must find it as low.
            if fits.status["objective"][b] < alone - 1e-6:
                again = lk.lmer(f"y {formula}", data.assign(y=y), reml=reml).estimate.objective
                assert again == pytest.approx(fits.status["objective"][b], abs=1e-6)
    assert singular > 100


@pytest.mark.parametrize("formula", ["~ x + (1 | g) + (1 | h)", "~ x + (x | g) + (1 | s)"])
def test_every_table_is_that_of_the_single_fit(data: pd.DataFrame, formula: str) -> None:
    Y = pd.DataFrame(mixed_difficulty(data, 6, 3), index=list("klmnop"))
    fits = lk.fit_many(Y, formula, data, weights="w")
    for name in Y.index:
        one = fits.fit(name)
        table, parameters = one.coef_table(), parameter_values(one)
        scale = fits.status.loc[name, "sigma"]
        assert one.is_singular == fits.status.loc[name, "singular"]
        assert one.nobs == fits.status.loc[name, "n_obs"]
        np.testing.assert_allclose(fits.fixef.loc[name], table["estimate"], rtol=1e-4, atol=1e-5 * scale)
        np.testing.assert_allclose(fits.se.loc[name], table["std_error"], rtol=1e-4)
        if not one.is_singular:  # in flat directions rounding decides
            np.testing.assert_allclose(fits.df.loc[name], table["df"], rtol=1e-3)
        own = parameters[fits.ran_pars.columns]
        spread = [c.startswith("sd") or c == "sigma" for c in own.index]
        np.testing.assert_allclose(fits.ran_pars.loc[name][spread], own[spread], atol=1e-4 * scale)
    tests = fits.tests("x")
    assert list(tests) == ["estimate", "std_error", "df", "statistic", "p_value", "adj_p_value"]
    assert fits.coef_table().loc[("m", "x"), "p_value"] == tests.loc["m", "p_value"]


def test_missing_values_by_pattern(data: pd.DataFrame) -> None:
    Y = mixed_difficulty(data, 7, 4)
    Y[1, :5] = Y[2, :5] = np.nan
    Y[4, data["f"] == "c"] = np.nan  # a level of the fixed factor is gone
    Y[5, data["g"] > 0] = np.nan  # as many levels of h are left as rows
    Y[6, 3:] = np.nan  # hardly anything is left
    fits = lk.fit_many(Y, "~ f + (1 | g) + (1 | h)", data)
    for b in range(5):
        one = lk.lmer("y ~ f + (1 | g) + (1 | h)", data.assign(y=Y[b]))
        assert fits.status.loc[b, "objective"] == pytest.approx(one.estimate.objective, abs=1e-6)
        assert fits.status.loc[b, "n_obs"] == one.nobs
        np.testing.assert_allclose(fits.fixef.loc[b].dropna(), one.fixef, rtol=1e-3, atol=1e-9)
    assert fits.fixef.loc[4].isna().tolist() == [False, False, True]
    assert fits.status.loc[[5, 6], "failed"].all()
    assert "has 6 levels for 6 rows" in fits.status.loc[5, "message"]
    assert len(fits) == len(fits.fractions) == 7


def test_responses_that_cannot_be_fitted_stay_in_the_tables(data: pd.DataFrame) -> None:
    Y = mixed_difficulty(data, 5, 5)
    Y[1], Y[3, 2], Y[4] = 2.0, np.inf, 3 * data["x"] - 1
    extreme = lk.fit_many(np.array([Y[0], 1e300 * Y[0], 1e-300 * Y[0]]), "~ x + (1 | g)", data).status
    assert extreme["failed"].tolist() == [False, True, True]
    assert extreme["message"].str.contains("sums of squares").tolist() == [False, True, True]
    fits = lk.fit_many(Y, "~ x + (1 | g)", data)
    assert fits.status["failed"].tolist() == [False, True, False, True, True]
    assert fits.fixef.loc[[1, 3, 4]].isna().all(axis=None)
    assert not fits.fixef.loc[[0, 2]].isna().any(axis=None)
    assert "infinite" in fits.status.loc[3, "message"]
    assert "3 of 5 responses could not be fitted" in repr(fits)
    assert fits.tests("x")["adj_p_value"].notna().tolist() == [True, False, True, False, False]


def test_designs_too_large_for_the_table_of_products_are_fitted_one_by_one(
    data: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    Y, formula = mixed_difficulty(data, 4, 6), "~ x + (x | g) + (1 | h)"
    together = lk.fit_many(Y, formula, data)
    monkeypatch.setattr(ManyCriterion, "LARGEST", 0)
    alone = lk.fit_many(Y, formula, data)
    np.testing.assert_allclose(together.status["objective"], alone.status["objective"], atol=1e-6)
    assert alone.status["converged"].all()


def test_samples_are_matched_by_label_where_there_are_labels(data: pd.DataFrame) -> None:
    Y = pd.DataFrame(mixed_difficulty(data, 2, 8), columns=[f"s{i}" for i in range(len(data))])
    shuffled = Y.sample(frac=1, axis=1, random_state=1)
    formula, named = "~ x + (1 | g)", data.assign(ID=Y.columns)
    plain = lk.fit_many(Y, formula, data).fixef
    pd.testing.assert_frame_equal(lk.fit_many(shuffled, formula, named).fixef, plain)
    pd.testing.assert_frame_equal(lk.fit_many(shuffled, formula, named.set_index("ID")).fixef, plain)
    pd.testing.assert_frame_equal(lk.fit_many(Y.T, formula, data, axis=1).fixef, plain)
    with pytest.raises(lk.DataError, match="no sample 's3'"):
        lk.fit_many(shuffled.drop(columns="s3"), formula, named.set_index("ID"))
    with pytest.raises(lk.DataError, match="did you mean axis=1"):
        lk.fit_many(Y.T, formula, data)


def test_bad_requests(data: pd.DataFrame) -> None:
    Y = mixed_difficulty(data, 2, 9)
    with pytest.raises(lk.FormulaError, match="one-sided"):
        lk.fit_many(Y, "y ~ x + (1 | g)", data)
    with pytest.raises(lk.FormulaError, match="no random effects"):
        lk.fit_many(Y, "~ x", data)
    with pytest.raises(lk.DataError, match="did you mean"):
        lk.fit_many(Y, "~ xx + (1 | g)", data)
    with pytest.raises(lk.DataError, match="must be numbers"):
        lk.fit_many(pd.DataFrame(Y.astype(str)) + "?", "~ x + (1 | g)", data)
    with pytest.raises(lk.ModelError, match="ddf"):
        lk.fit_many(Y, "~ x + (1 | g)", data, ddf="kenward_roger")
    fits = lk.fit_many(Y, "~ x + (1 | g)", data, ddf="none")
    with pytest.raises(lk.ModelError, match="ddf='satterthwaite'"):
        fits.tests("x")
    with pytest.raises(lk.ModelError, match="there is no coefficient 'z'"):
        fits.tests("z")


# ---- every row stays ----


def unfittable(Y: np.ndarray, row: int) -> list[np.ndarray]:
    """The same responses with one that can never be fitted, in a chunk of its own by what it lacks."""
    constant, infinite, empty = Y.copy(), Y.copy(), Y.copy()
    constant[row], infinite[row, 3], empty[row] = 0.0, np.inf, np.nan
    constant[row, 5] = infinite[row, 5] = np.nan
    return [constant, infinite, empty]


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("row", [0, 3])
def test_a_chunk_without_a_single_fit_costs_no_other_response(
    data: pd.DataFrame, kind: int, row: int
) -> None:
    Y = mixed_difficulty(data, 4, 10)
    spoiled = unfittable(Y, row)[kind]
    fits, whole = (lk.fit_many(values, "~ x + (1 | g)", data) for values in (spoiled, Y))
    assert fits.status["failed"].tolist() == [b == row for b in range(4)]
    assert fits.status.loc[row, "message"]
    others = [b for b in range(4) if b != row]
    pd.testing.assert_frame_equal(fits.fixef.loc[others], whole.fixef.loc[others])
    parts = lk.variance_partition(spoiled, "~ x + (1 | g)", data)
    assert len(parts) == 4 and parts.loc[row].isna().all() and parts.loc[others].notna().all(axis=None)


@pytest.mark.parametrize("B", [0, 1, 3])
def test_where_nothing_can_be_fitted_the_tables_are_there(data: pd.DataFrame, B: int) -> None:
    for values in (
        np.zeros((B, len(data))),
        np.full((B, len(data)), np.nan),
        np.full((B, len(data)), np.inf),
    ):
        fits = lk.fit_many(values, "~ x + (1 | g)", data)
        assert list(fits.fixef) == ["(Intercept)", "x"]
        assert list(fits.ran_pars) == ["sd_(Intercept)|g", "sigma"]
        assert list(fits.fractions) == ["g", "x", "Residuals"]
        assert len(fits) == len(fits.fractions) == B
        assert fits.status["failed"].all()


def test_half_of_the_responses_constant_and_a_chunk_full_of_them(data: pd.DataFrame) -> None:
    Y = np.vstack([mixed_difficulty(data, 3, 11), np.zeros((3000, len(data)))])
    fits = lk.fit_many(Y, "~ x + (1 | g)", data, ddf="none")
    assert fits.status["failed"].sum() == 3000
    assert (~fits.status["failed"].iloc[:3]).all()


def test_a_response_that_stops_the_search_is_lost_alone(
    data: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    Y = mixed_difficulty(data, 4, 12)
    plain = lk.fit_many(Y, "~ x + (1 | g)", data)
    ordinary = fit_many_module.fit_chunk

    def breaks(criterion, rows, *asked):
        if any(np.array_equal(row, Y[2]) for row in rows):
            raise np.linalg.LinAlgError("no digits left")
        return ordinary(criterion, rows, *asked)

    monkeypatch.setattr(fit_many_module, "fit_chunk", breaks)
    fits = lk.fit_many(Y, "~ x + (1 | g)", data)
    assert fits.status["failed"].tolist() == [False, False, True, False]
    assert "no digits left" in fits.status.loc[2, "message"]
    np.testing.assert_allclose(fits.fixef.loc[[0, 1, 3]], plain.fixef.loc[[0, 1, 3]], rtol=1e-5)


def test_a_fault_of_the_formula_is_no_fault_of_the_responses(data: pd.DataFrame) -> None:
    Y = mixed_difficulty(data, 2, 13)
    Y[:, 0] = np.nan
    with pytest.raises(lk.DataError, match="did you mean"):
        lk.fit_many(Y, "~ xx + (1 | g)", data)


# ---- which sample is which ----


def test_numbered_samples_have_no_labels(data: pd.DataFrame) -> None:
    """A column that happens to hold the numbers 0 … n - 1 is no list of samples."""
    Y = mixed_difficulty(data, 2, 14)
    rank = np.random.default_rng(1).permutation(len(data))
    named = data.assign(rank=rank, index=rank + 0.0).set_axis([f"s{i}" for i in range(len(data))])
    plain = lk.fit_many(Y, "~ x + (1 | g)", data).fixef
    for frame in (pd.DataFrame(Y), pd.DataFrame(Y, columns=list(range(len(data))))):
        pd.testing.assert_frame_equal(lk.fit_many(frame, "~ x + (1 | g)", named).fixef, plain)
    pd.testing.assert_frame_equal(lk.fit_many(pd.DataFrame(Y.T), "~ x + (1 | g)", named, axis=1).fixef, plain)
    with pytest.raises(lk.DataError, match="not clear which belong together"):
        lk.fit_many(pd.DataFrame(Y), "~ x + (1 | g)", data.set_axis(rank))


def test_a_sample_that_a_column_names_but_the_responses_lack(data: pd.DataFrame) -> None:
    Y = pd.DataFrame(mixed_difficulty(data, 2, 15), columns=[f"s{i}" for i in range(len(data))])
    with pytest.raises(lk.DataError, match="no sample 's0'"):
        lk.fit_many(Y.rename(columns={"s0": "other"}), "~ x + (1 | g)", data.assign(ID=Y.columns))
    with pytest.raises(lk.DataError, match="DataFrame, or an array"):
        lk.fit_many(None, "~ x + (1 | g)", data)


def test_a_response_called_like_a_predictor_is_fitted_by_itself(data: pd.DataFrame) -> None:
    Y = pd.DataFrame(mixed_difficulty(data, 2, 16), index=["x", "response"])
    busy = data.assign(response=1.0)
    fits = lk.fit_many(Y, "~ x + (1 | g)", busy)
    for name in Y.index:
        np.testing.assert_allclose(fits.fit(name).fixef, fits.fixef.loc[name], rtol=1e-4, atol=1e-6)
    twice = lk.fit_many(Y.set_axis(["a", "a"]), "~ x + (1 | g)", data)
    with pytest.raises(lk.DataError, match="several responses are called 'a'"):
        twice.fit("a")
