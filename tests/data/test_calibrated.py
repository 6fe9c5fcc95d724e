"""Calibrated data sets print as the lectures do, and the method that says so can be trusted."""

from __future__ import annotations

from collections.abc import Callable

import calibrate
import numpy as np
import pandas as pd
import pytest
from method.figures import linear, one_factor
from method.find import verify
from method.printed import Interval, Key, interval, targets
from method.search import Problem, jacobian, reshape, settle_within, vector, walk

import lmmkit as lk

PERTURBED = {
    "mouse": "Weight", "enzyme": "Enzyme", "clinic": "Value", "biomarker": "Disease", "protein_years": "Value",
    "plasma_age": "conc", "simpson": "V2", "ex33": "PCV", "owl_cort": "totCort", "owl_wing": "Wing",
}  # fmt: skip


@pytest.mark.parametrize("name", calibrate.NAMES)
def test_every_printed_figure_is_met(name: str) -> None:
    assert calibrate.worst_miss(name) < 1


@pytest.mark.slow
@pytest.mark.parametrize("name", PERTURBED)
def test_one_changed_value_is_noticed(name: str) -> None:
    data = calibrate.committed(name)
    data.loc[3, PERTURBED[name]] *= 1.02
    assert calibrate.worst_miss(name, data) > 1


def test_a_moved_transcript_is_noticed() -> None:
    data = calibrate.committed("scrna")
    data.loc[data["counts"].idxmax(), "counts"] -= 1
    assert calibrate.worst_miss("scrna", data) > 1


# --- printed numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "low", "high"),
    [
        ("0.939", 0.9385, 0.9395),
        ("-1.00", -1.005, -0.995),
        ("15", 14.5, 15.5),
        ("8.627e-11", 8.6265e-11, 8.6275e-11),
        ("1.477107e-10", 1.4771065e-10, 1.4771075e-10),
    ],
)
def test_a_printed_number_is_an_interval(printed: str, low: float, high: float) -> None:
    assert interval(printed) == pytest.approx((low, high), rel=1e-12)


def test_intervals_meet() -> None:
    assert Interval(0, 2).meet(Interval(1, 3)) == (1, 2)
    assert Interval(0, 1).meet(Interval(2, 2.5)) == (2, 2.5)


def test_a_p_value_narrows_its_statistic() -> None:
    key = Key("statistic", term="Dose")
    with_p, without = targets("mouse_lm", df=48)[key], targets("mouse_lm")[key]
    assert with_p.half < without.half / 2
    assert without.low <= with_p.low < with_p.high <= without.high


# --- figures -----------------------------------------------------------------------------------------------


def sleep() -> tuple[np.ndarray, np.ndarray, pd.Series]:
    data = lk.load_data("sleepstudy")
    X = np.column_stack([np.ones(len(data)), data["Days"]])
    return data["Reaction"].to_numpy(), X, data["Subject"].astype(str)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("effects", [("(Intercept)",), ("(Intercept)", "Days")])
def test_figures_agree_with_lmer(reml: bool, effects: tuple[str, ...]) -> None:
    y, X, subject = sleep()
    right = "1" if len(effects) == 1 else "Days"
    fit = lk.lmer(f"Reaction ~ Days + ({right} | Subject)", lk.load_data("sleepstudy"), reml=reml)
    model = one_factor("Subject", subject, effects, ("(Intercept)", "Days"), reml=reml)
    found, residuals, score = model.figures(y, X, X[:, : len(effects)], np.asarray(fit.theta))
    assert np.abs(score).max() < 1e-3
    assert found[Key("sigma")] == pytest.approx(fit.sigma, rel=1e-7)
    assert found[Key("loglik")] == pytest.approx(fit.loglik, rel=1e-10)
    for term in ("(Intercept)", "Days"):
        assert found[Key("fixef", term=term)] == pytest.approx(fit.fixef[term], rel=1e-8)
        assert found[Key("se", term=term)] == pytest.approx(fit.se[term], rel=1e-6)
        assert found[Key("coef", "Subject", "309", term)] == pytest.approx(
            fit.coef()["Subject"].loc["309", term]
        )
    assert np.allclose(residuals, fit.resid("scaled"), atol=1e-6)


def test_figures_agree_with_least_squares() -> None:
    y, X, _ = sleep()
    found, residuals = linear(y, X, ("(Intercept)", "Days"))
    beta, rss, *_ = np.linalg.lstsq(X, y)
    assert found[Key("fixef", term="Days")] == pytest.approx(beta[1])
    assert found[Key("residual_standard_error")] ** 2 * 178 == pytest.approx(rss[0])
    assert found[Key("resid_q1")] == pytest.approx(np.quantile(residuals, 0.25))


# --- the search --------------------------------------------------------------------------------------------


def test_derivatives_by_complex_step() -> None:
    setting = calibrate.script("protein_years").setting()
    v = setting.start(np.random.default_rng(3))
    problem, _ = setting.problem(v)
    exact, step = jacobian(problem.values, v), 1e-6
    moved = [
        (problem.values(v + step * e) - problem.values(v - step * e)) / (2 * step) for e in np.eye(len(v))
    ]
    assert np.abs(exact - np.column_stack(moved)).max() < 1e-3 * max(1, np.abs(exact).max())


def curve(v: np.ndarray) -> np.ndarray:
    return np.array([v @ v, v[0] * v[1], v.sum() ** 3])


def test_the_walk_arrives_by_a_short_way() -> None:
    goal = curve(np.array([1.0, 2.0, 3.0, 0.5]))
    problem = Problem(curve, [Interval(g - 1e-9, g + 1e-9) for g in goal], np.ones(4))
    start = np.array([1.2, 1.7, 3.3, 0.1])
    end = walk(problem, start)
    assert np.abs(problem.miss(end)).max() < 1
    assert np.linalg.norm(end - start) < 1


def test_a_sliver_is_found_from_outside() -> None:
    both = Problem(lambda v: np.array([v[0], v[0] ** 2]), [Interval(1, 2), Interval(3.9, 6)], np.ones(1))
    end = settle_within(both, np.array([1.0]))
    assert np.abs(both.miss(end)).max() < 1


def test_fixed_unknowns_stay() -> None:
    problem = Problem(lambda v: np.array([v.sum()]), [Interval(9, 11)], np.ones(3))
    fixed = np.array([True, False, True])
    for search in (walk, settle_within):
        end = search(problem, np.zeros(3), fixed)
        assert end[[0, 2]].tolist() == [0, 0]
        assert abs(problem.miss(end)[0]) < 1


def test_residuals_are_stretched_in_order() -> None:
    rng, five = np.random.default_rng(0), np.array([-3.0, -1.0, 0.2, 0.5, 4.0])
    residuals = rng.normal(size=41)
    moved = residuals + reshape(residuals, five, part=1.0)
    assert np.allclose(np.quantile(moved, [0, 0.25, 0.5, 0.75, 1]), five)
    assert (np.argsort(moved) == np.argsort(residuals)).all()


def test_a_cholesky_factor_is_unrolled_as_lme4_does() -> None:
    factor = np.array([[1.0, 0.0], [2.0, 3.0]])
    assert vector(np.array([9.0]), factor).tolist() == [9, 1, 2, 3]


def test_simpson_by_a_linear_map() -> None:
    data = calibrate.script("simpson").make(seed=8)
    assert data.loc[:3, "V1"].tolist() == [0.689, 2.3089, 1.4768, 0.0618]
    assert calibrate.worst_miss("simpson", data) < 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["protein_years", "genexpr", "ex33"])
def test_another_data_set_is_found(name: str) -> None:
    data, miss = calibrate.another(name, seed=4)
    assert miss < 1
    if name == "protein_years":
        again: Callable[[], pd.DataFrame] = lambda: verify(calibrate.script(name).setting(), data)  # noqa: E731
        assert again()["miss"].abs().max() < 1
        assert not np.allclose(data["Value"], lk.load_data(name)["Value"], atol=0.1)


@pytest.mark.slow
def test_the_biomarker_can_be_walked_on_to_other_patients() -> None:
    source, data = calibrate.script("biomarker"), calibrate.committed("biomarker")
    other, miss = source.spread(data, sd=0.3, steps=2, seed=5)
    assert miss < 1
    moved = (other["Biomarker"] - data["Biomarker"]).abs().groupby(data["Cohort"]).max()
    assert moved["A"] > 0.05
    spreads = [frame.groupby("Cohort")["Biomarker"].std() for frame in (data, other)]
    assert spreads[1]["A"] > spreads[0]["A"]


def test_no_cohort_of_the_biomarker_lies_in_a_narrow_band() -> None:
    assert calibrate.committed("biomarker").groupby("Cohort")["Biomarker"].std().min() > 0.4
