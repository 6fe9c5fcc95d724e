"""Models with several parts against glmmTMB, fit by fit (tests/reference/make_parts.py and make_parts.R)."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit import families
from lmmkit.likelihood.parts import PartRows, parts_of
from tests.lme4_reference import REFERENCE

FITS = {fit["id"]: fit for fit in json.loads((REFERENCE / "parts.json").read_text())["fits"]}
# These agree as well, but each takes several seconds: two groups of random effects with extra zeros, or zeros that
# run off.
LONG = ("12", "14", "22", "23", "24", "28", "78", "79")
# Counts taken as amounts: beside glmmTMB's maximum the likelihood rises without end as the power goes to 1.
SPIKED = "84_tweedie"
SOUND = [name for name in FITS if name.split("_")[0] not in LONG]
# A few of each kind, and all without random effects; the others take longer.
QUICK = [
    name
    for name in SOUND
    if name.split("_")[0] in ("05", "09", "30", "33", "34", "39", "46", "50", "51", "53", "58", "81")
    or "|" not in FITS[name]["formula"]
]
# In glmmTMB the dispersion of a gaussian is log(sigma^2), and that of a gamma log(shape).
UNITS = {"gaussian": 0.5, "gamma": -1.0}


@cache
def data_of(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@cache
def fitted(name):
    case = FITS[name]
    family = families.resolve(case["family"])
    if case["link"]:
        family = type(family)(link=case["link"])
    parts = {part: case[part] for part in ("zero_inflation", "dispersion")}
    return lk.glmer(case["formula"], data_of(case["data"]), family, **parts)


def check(name):
    case, fit = FITS[name], fitted(name)
    assert fit.converged
    assert fit.deviance < case["objective"] + 1e-4
    if fit.deviance < case["objective"] - 1e-4:
        return  # glmmTMB stopped short
    tables = {"conditional": case["conditional"]}
    if case["zero_inflation"]:
        tables["zero_inflation"] = case["zero_inflation_estimates"]
    if case["dispersion"]:
        unit = UNITS.get(case["family"], 1.0)
        tables["dispersion"] = [unit * value for value in case["dispersion_estimates"]]
    # where a part runs to infinity the Hessian has no inverse, and errors are those of the working model
    ran_off = (fit.coef_table(component="all")["std_error"] > 10).any()
    for part, estimates in tables.items():
        table = fit.coef_table(component=part)
        known = table["std_error"].to_numpy() < 10  # a coefficient that runs to infinity has no estimate
        off = (np.abs(table["estimate"] - estimates) / table["std_error"]).to_numpy()
        assert off[known].max(initial=0) < 1e-3, part
        errors = case.get(f"se_{part}")
        if errors and not ran_off and all(error is not None and error != "NaN" for error in errors):
            ratio = np.array(errors, dtype=float) / table["std_error"].to_numpy()
            assert np.abs(ratio - 1)[known].max(initial=0) < 1e-3, part


@pytest.mark.parametrize("name", QUICK)
def test_agrees_with_glmmtmb(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SOUND if name not in QUICK])
def test_agrees_with_glmmtmb_slow(name):
    check(name)


@pytest.mark.slow
def test_a_likelihood_with_a_maximum_and_without_a_bound_is_said():
    fit = fitted(SPIKED)
    assert fit.deviance == pytest.approx(FITS[SPIKED]["objective"], abs=1e-4)
    assert sum("rises without end as the power goes to 1" in text for text in fit.messages) == 1


def test_there_are_enough_of_them():
    assert len(SOUND) >= 60


def quadrature(fit, nodes=40):
    """-2 log-likelihood by Gauss-Hermite quadrature over one random intercept, without any approximation."""
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    (term,), rows = fit.design.terms, fit.rows
    fixed = fit.design.X @ fit.beta + fit.design.offset
    sd = float(fit.estimate.factors[0][0, 0]) * fit.sigma
    parts = parts_of(fit.design, rows.family)
    likelihood = PartRows.of(fit.design, fit.design.y, rows.family, parts)
    of_level = np.stack(
        [
            np.bincount(
                term.codes,
                likelihood.at(
                    [fixed + sd * node, *(rows.etas[part.name] for part in parts[1:])], (), 0
                ).value,
            )
            for node in z
        ]
    )
    top = of_level.max(axis=0)
    return -2 * float((top + np.log(weight @ np.exp(of_level - top) / weight.sum())).sum())


@pytest.mark.parametrize("name", ["34_betabinomial", "33_beta", "09_gamma"])
def test_the_likelihood_is_that_of_brute_force(name):
    fit = fitted(name)
    # the Laplace approximation of a level with ten rows is good to a few hundredths
    assert fit.deviance == pytest.approx(quadrature(fit), abs=0.6)
    better = [quadrature(nearby) for nearby in _neighbours(fit)]
    assert min(better) > quadrature(fit) - 0.6


def _neighbours(fit):
    """The same fit at other coefficients: no better ones are far away."""
    for j, error in enumerate(fit.se):
        for side in (-1, 1):
            beta = fit.beta.copy()
            beta[j] += side * 2 * error
            yield type(fit)(replace(fit.estimate, beta=beta), fit.call)


def test_a_gaussian_fit_is_that_of_lmer():
    data = data_of("parts")
    ours = lk.glmer("norm ~ x + f + (1 | g)", data, "gaussian")
    linear = lk.lmer("norm ~ x + f + (1 | g)", data, reml=False)
    assert ours.deviance == pytest.approx(linear.deviance, abs=1e-7)
    assert ours.sigma == pytest.approx(linear.sigma, rel=1e-5)
    np.testing.assert_allclose(ours.fixef, linear.fixef, rtol=1e-5)
    np.testing.assert_allclose(ours.varcorr.frame["sdcor"], linear.varcorr.frame["sdcor"], rtol=1e-5)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "binomial"])
def test_a_dispersion_or_zero_part_that_says_nothing_changes_nothing(family):
    data = data_of("parts").assign(one=1.0)
    if family == "negative_binomial":
        plain = lk.glmer("nb2 ~ x + (1 | g)", data, family)
        parts = lk.glmer("nb2 ~ x + (1 | g)", data, family, dispersion="~ 1")
        assert parts.deviance == pytest.approx(plain.deviance, abs=1e-6)
        assert parts.npar == plain.npar
        return
    response = "pois" if family == "poisson" else "cbind(bhits, size - bhits)"
    plain = lk.glmer(f"{response} ~ x + (1 | g)", data, family)
    parts = lk.glmer(f"{response} ~ x + (1 | g)", data, family, zero_inflation="~ 1")
    assert parts.deviance <= plain.deviance + 1e-6
    assert parts.npar == plain.npar + 1
