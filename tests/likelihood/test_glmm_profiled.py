"""Fixed effects that follow the covariance parameters (lme4: nAGQ = 0), and parameters that are given."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.families.resolve import resolve
from lmmkit.likelihood.glmm_profiled import ProfiledCriterion
from tests.lme4_reference import load

HERDS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
TICKS = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION)"
BINOMIAL = lk.families.Binomial
# lme4 1.1-31, R 4.2.2, glmer(nAGQ = 0), bobyqa with rhoend = 1e-10 and tolPwrss = 1e-12: -2 logLik, theta, fixef, SE.
LME4 = [
    (HERDS, "cbpp", "binomial", 184.108590946, [0.641815089],
     [-1.360471759, -0.976177468, -1.111076890, -1.559680512],
     [0.227574626, 0.303287349, 0.323511803, 0.424455502]),
    (HERDS, "cbpp", BINOMIAL(link="cloglog", information="expected"), 183.676756351, [0.586371273],
     [-1.478360965, -0.911014761, -1.028988043, -1.477260645],
     [0.204587952, 0.282550716, 0.302170564, 0.407629723]),
    (TICKS, "grouseticks", "poisson", 1976.6473897, [0.762190595, 0.583714130],
     [0.5686480295, 1.1083586587, -0.9405094759, -0.0223882959],
     [0.18581368700, 0.22611611971, 0.25175438402, 0.00344476069]),
    ("count ~ treat + temp + (temp | site)", "counts", "poisson", 1363.21591661,
     [0.500841600, 0.100527978, 0.194882248], [0.734198088, 0.631010939, -0.322582673],
     [0.1495882507, 0.1952830863, 0.0559205947]),
]  # fmt: skip
# fmt: off
GRADIENTS = [
    (HERDS, "cbpp", "binomial"), (HERDS, "cbpp", BINOMIAL(link="cloglog")), (TICKS, "grouseticks", "poisson"),
    ("TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", "grouseticks", "negative_binomial"),
    ("I(TICKS + 1) ~ YEAR + cHEIGHT + (cHEIGHT | LOCATION)", "grouseticks", lk.families.Gamma(link="log")),
]
# fmt: on


@pytest.mark.parametrize(("formula", "data", "family", "objective", "theta", "beta", "se"), LME4)
def test_estimates_are_those_of_lme4(formula, data, family, objective, theta, beta, se):
    fit = lk.glmer(formula, load(data), family, n_agq=0)
    assert objective - 1e-5 < fit.deviance < objective + 1e-6  # lme4 stops 2e-6 above for the ticks
    assert fit.theta == pytest.approx(theta, rel=2e-6)
    assert fit.fixef.to_numpy() == pytest.approx(beta, rel=2e-6)
    assert fit.se.to_numpy() == pytest.approx(se, rel=2e-6)
    assert fit.converged and not fit.messages


@pytest.mark.parametrize(("formula", "data", "family"), GRADIENTS)
def test_gradient_is_that_of_differences(formula, data, family):
    criterion = ProfiledCriterion(build_design(formula, load(data)), resolve(family))
    x = criterion.searched(criterion.start())
    x = x + np.random.default_rng(1).normal(0, 0.2, len(x))
    h = 1e-5
    differences = [
        (criterion.trial(x + h * e).value - criterion.trial(x - h * e).value) / (2 * h)
        for e in np.eye(len(x))
    ]
    gradient = criterion.trial(x).gradient()
    assert gradient == pytest.approx(differences, abs=1e-6 * np.abs(gradient).max())


def test_its_likelihood_is_a_little_lower_and_its_fixed_effects_have_the_highest_penalised_density():
    quick, whole = (lk.glmer(HERDS, load("cbpp"), "binomial", n_agq=n) for n in (0, 1))
    assert 0 < quick.deviance - whole.deviance < 0.1
    design = quick.design
    mu = 1 / (1 + np.exp(-quick.estimate.fitted_eta))
    assert design.X.T @ (design.row_trials * (design.y - mu)) == pytest.approx(0, abs=1e-7)
    assert "(n_agq=0), which is a little off" in str(quick.explain()).replace("\n", " ")
    with pytest.raises(lk.ModelError, match="n_agq=0 is not quite there"):
        quick.confint()
    assert quick.confint(method="wald").loc[list(quick.fixef.index)].notna().all(axis=None)
    with pytest.raises(lk.ModelError, match="different n_agq"):
        lk.anova(quick, whole)


def test_evaluated_where_it_is_asked():
    """glmer(..., devFunOnly = TRUE) of lme4 1.1-31 at c(0.5, -1.4, -1, -1.1, -1.6): 184.856085183."""
    given = {"theta": [0.5], "fixef": [-1.4, -1.0, -1.1, -1.6]}
    fit = lk.glmer(HERDS, load("cbpp"), "binomial", start=given, optimize=False)
    assert fit.deviance == pytest.approx(184.856085183, abs=3e-6)
    assert fit.fixef.tolist() == pytest.approx(given["fixef"]) and fit.theta == pytest.approx([0.5])
    assert any("nothing was optimised" in message for message in fit.messages)
    again = fit.refit(load("cbpp")["incidence"])
    assert again.converged and again.deviance < fit.deviance and not again.messages


def test_a_start_is_where_the_search_begins():
    plain = lk.glmer(HERDS, load("cbpp"), "binomial")
    begun = lk.glmer(HERDS, load("cbpp"), "binomial", start={"theta": plain.theta, "fixef": plain.fixef})
    assert begun.deviance == pytest.approx(plain.deviance, abs=1e-9)
    assert begun.estimate.trail[0][1] == pytest.approx(plain.deviance, abs=1e-9)
    ticks = lk.families.Gamma(link="log")
    formula = "I(TICKS + 1) ~ YEAR + (1 | BROOD)"
    first = lk.glmer(formula, load("grouseticks"), ticks, start=[0.4])
    assert first.deviance == pytest.approx(lk.glmer(formula, load("grouseticks"), ticks).deviance, abs=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": [1.0, 2.0]}, "start has 2 values, but theta of this model has 1"),
        ({"start": {"thet": [1.0]}}, "start takes theta, or .*, not 'thet'"),
        ({"start": {"fixef": [1.0]}}, "must be 4 finite numbers, one for each of .*period4"),
        ({"optimize": False}, "give start={'theta': ..., 'fixef': ...}"),
        ({"optimize": False, "start": [0.5]}, "give start={'theta': ..., 'fixef': ...}"),
        ({"optimize": False, "n_agq": 0}, "give start=theta"),
    ],
)
def test_starts_that_do_not_fit(options, message):
    with pytest.raises(lk.ModelError, match=message):
        lk.glmer(HERDS, load("cbpp"), "binomial", **options)


def test_starts_that_cannot_be_used():
    with pytest.raises(lk.ModelError, match="the dispersion is not known; give it in the family"):
        lk.glmer(
            "TICKS ~ YEAR + (1 | BROOD)", load("grouseticks"), "negative_binomial",
            start={"theta": [0.5], "fixef": [1, 0, 0]}, optimize=False,
        )  # fmt: skip
    with pytest.raises(lk.ModelError, match="start= is for the families binomial"):
        lk.glmer("TICKS ~ YEAR + (1 | BROOD)", load("grouseticks"), "nbinom1", start=[1.0])
