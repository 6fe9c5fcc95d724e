"""Parametric bootstrap and simulations with workers."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.numerics.workers import replicates
from tests.inference.reference import close, model


@pytest.mark.slow  # workers take their time to start
def test_the_same_for_any_number_of_workers():
    fit = model("intercepts")
    alone = fit.bootstrap(24, seed=7, progress=False)
    crowd = fit.bootstrap(24, seed=7, n_jobs=2, progress=False)
    pd.testing.assert_frame_equal(alone.replicates, crowd.replicates, check_exact=True)
    assert not alone.replicates.equals(fit.bootstrap(24, seed=8, progress=False).replicates)


def test_more_simulations_begin_with_the_same_ones():
    fit = model("intercepts")
    few, more = (fit.bootstrap(n, seed=1, progress=False).replicates for n in (4, 8))
    pd.testing.assert_frame_equal(few, more[:4], check_exact=True)


@pytest.mark.slow
def test_spread_is_that_of_the_estimates():
    fit = model("intercepts")
    summary = fit.bootstrap(400, seed=2, progress=False).summary
    close(summary.loc[["(Intercept)", "Days"], "std_error"], fit.se, 0.15)
    assert summary.loc["sigma", "std_error"] == pytest.approx(fit.sigma / np.sqrt(2 * 161), rel=0.15)


@pytest.mark.parametrize(
    "stat, names",
    [
        (lambda fit: fit.sigma, ["stat"]),
        (lambda fit: fit.fixef, ["(Intercept)", "Days"]),
        (lambda fit: {"ratio": fit.fixef["Days"] / fit.sigma}, ["ratio"]),
        (lambda fit: fit.theta.repeat(2), ["stat_1", "stat_2"]),
    ],
)
def test_statistics_of_any_shape(stat, names):
    boot = model("intercepts").bootstrap(3, stat, seed=1, progress=False)
    assert list(boot.replicates.columns) == names
    assert "Parametric bootstrap, 3 simulations" in repr(boot)


def test_intervals():
    boot = model("intercepts").bootstrap(99, seed=3, progress=False)
    ordered = np.sort(boot.replicates["Days"])
    close(boot.interval(0.9).loc["Days"], [ordered[4], ordered[94]], 1e-12)
    close(boot.interval(0.9, "basic").loc["Days"], 2 * boot.estimate["Days"] - ordered[[94, 4]], 1e-12)
    normal = boot.interval(0.9, "normal").loc["Days"]
    assert normal.mean() == pytest.approx(2 * boot.estimate["Days"] - boot.replicates["Days"].mean())
    through_confint = model("intercepts").confint(
        method="boot", n_sim=99, seed=3, level=0.9, parm="Days", progress=False
    )
    close(through_confint, boot.interval(0.9).loc[["Days"]], 1e-12)


def test_failed_refits_are_counted():
    def fails_sometimes(fit):
        if fit.fixef["Days"] > 10.467287:
            raise lk.ModelError("cannot")
        return fit.sigma

    boot = model("intercepts").bootstrap(20, fails_sometimes, seed=1, progress=False)
    assert 0 < boot.n_failed < 20
    assert f"{boot.n_failed} of 20 refits failed" in repr(boot)
    assert np.isfinite(boot.interval()).all(axis=None)


def test_refusals():
    fit = model("intercepts")
    with pytest.raises(lk.ModelError, match="n_sim must be a whole number"):
        fit.bootstrap(0)
    with pytest.raises(lk.ModelError, match="stat must give a number"):
        fit.bootstrap(2, lambda fit: "large")
    with pytest.raises(lk.ModelError, match="kind must be"):
        fit.bootstrap(2, seed=1, progress=False).interval(kind="bca")


def test_a_bar_if_wished(capsys):
    replicates(lambda rng: rng.random(), 3, seed=1, progress=True, label="tossing")
    assert "tossing: 100%" in capsys.readouterr().err
    replicates(lambda rng: rng.random(), 3, seed=1)
    assert capsys.readouterr().err == ""


def test_a_glmm_is_bootstrapped_as_well():
    boot = model("herds").bootstrap(3, seed=1, progress=False)
    assert np.isfinite(boot.replicates).all(axis=None)


def test_statistics_are_matched_by_name():
    fit = model("intercepts")
    turn = iter(range(100))

    def turning(again):
        names = ["(Intercept)", "Days"] if next(turn) % 2 else ["Days", "(Intercept)"]
        return {name: again.fixef[name] for name in names}

    boot = fit.bootstrap(6, turning, seed=1, progress=False)
    straight = fit.bootstrap(6, lambda again: again.fixef[["Days", "(Intercept)"]], seed=1, progress=False)
    close(boot.replicates, straight.replicates, 1e-12)


def test_statistics_that_change_their_names_or_number_are_refused():
    fit = model("intercepts")
    turn = iter(range(100))
    with pytest.raises(lk.ModelError, match=r"gives 1 values for the model .* but 2 for a refit"):
        fit.bootstrap(5, lambda again: np.ones(1 + (next(turn) > 0)), seed=1, progress=False)
    with pytest.raises(lk.ModelError, match="must be a function of a fitted model"):
        fit.bootstrap(5, 3)
    with pytest.raises(lk.ModelError, match="stat must give a number"):
        fit.bootstrap(5, lambda again: {"a": "b"}, progress=False)
