"""Confidence intervals: choosing a method and parameters; the coverage of all three."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.inference.parameters import parameter_values, random_names
from tests.inference.reference import close, model
from tests.lme4_reference import load


def test_wald():
    fit = model("slopes")
    table = fit.confint(method="wald")
    close(table.loc["Days"], fit.fixef["Days"] + fit.se["Days"] * stats.norm.ppf([0.025, 0.975]), 1e-10)
    assert table.loc["sigma"].isna().all() and "fixed effects only" in table.notes[0]
    assert fit.confint(method="wald", parm="beta_").notes == []


def test_choosing_parameters():
    fit = model("slopes")
    every = ["sd_(Intercept)|Subject", "sd_Days|Subject", "cor_Days.(Intercept)|Subject", "sigma"]
    assert list(fit.confint(method="wald", parm="theta_").index) == every
    assert list(fit.confint(parm="Days").index) == ["Days"]
    assert list(fit.confint(parm=["Days", "sigma"]).index) == ["Days", "sigma"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"method": "exact"}, "method must be"),
        ({"level": 95}, "level must lie between 0 and 1"),
        ({"level": "Days"}, "first argument of confint.. is its level; write parm='Days'"),
        ({"level": ["Days"]}, r"write parm=\['Days'\]"),
        ({"parm": "Day"}, "did you mean 'Days'"),
        ({"parm": []}, "parm asks for no parameter"),
        ({"parm": [], "method": "wald"}, "parm asks for no parameter"),
        ({"method": "wald", "n_sim": 10}, "has no option 'n_sim'"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(lk.ModelError, match=message):
        model("slopes").confint(**options)


def test_names_of_terms_that_share_a_factor():
    assert random_names(model("uncorrelated")) == ["sd_(Intercept)|Subject", "sd_Days|Subject"]
    twice = lk.lmer("Reaction ~ Days + (Days | Subject) + (0 + I(Days^2) | Subject)", load("sleepstudy"))
    assert len(set(random_names(twice))) == 4


def test_values_stand_under_their_names():
    fit = model("slopes")
    values = parameter_values(fit)
    correlation = fit.varcorr.components[0].cor[1, 0]
    assert values["cor_Days.(Intercept)|Subject"] == pytest.approx(correlation, rel=1e-12)
    assert values["sigma"] == fit.sigma
    assert "sigma" not in parameter_values(model("herds"))


def balanced(groups=30, per_group=6):
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"g": np.repeat(np.arange(groups), per_group).astype(str)})
    data["x"] = np.tile(np.linspace(-1, 1, per_group), groups)
    data["y"] = rng.normal(size=groups)[data["g"].astype(int)] + data["x"] + rng.normal(size=len(data))
    return data


@pytest.mark.slow
@pytest.mark.parametrize("method, n_sim", [("wald", 400), ("profile", 400), ("boot", 400)])
def test_coverage(method, n_sim):
    """95% intervals cover the truth within Monte-Carlo error (3.3 standard errors of 400 simulations)."""
    groups, per_group, truth = (
        30,
        6,
        pd.Series({"sd_(Intercept)|g": 1.0, "sigma": 1.0, "(Intercept)": 0.0, "x": 1.0}),
    )
    fit = lk.lmer("y ~ x + (1 | g)", balanced(groups, per_group), reml=False)
    rng = np.random.default_rng(2024)
    codes, x = fit.design.terms[0].codes, fit.design.X[:, 1]
    options = {"n_sim": 39, "progress": False} if method == "boot" else {}
    covered = pd.Series(0.0, index=truth.index)
    for number in range(n_sim):
        again = fit.refit(rng.normal(size=groups)[codes] + x + rng.normal(size=len(codes)))
        if method == "boot":
            options["seed"] = number
        parm = "beta_" if method != "profile" else ["sd_(Intercept)|g", "x"]
        table = again.confint(method=method, parm=parm, **options)
        inside = (table["conf_low"] <= truth[table.index]) & (truth[table.index] <= table["conf_high"])
        covered[table.index] += inside
    rates = covered[table.index] / n_sim
    print(f"coverage of {method} intervals in {n_sim} simulations: {rates.round(3).to_dict()}")
    error = 3.3 * np.sqrt(0.95 * 0.05 / n_sim)
    assert ((rates - 0.95).abs() < error).all()
