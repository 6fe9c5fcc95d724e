"""The search for the optimum of models with extra zeros: random designs, against ways down from random places."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.families.resolve import FAMILIES
from lmmkit.likelihood.fit_glmm import fit_glmm
from lmmkit.likelihood.part_glmm import PartCriterion, fit_parts
from lmmkit.likelihood.part_places import few_zeros
from lmmkit.likelihood.part_search import Ways, downhill, search_parts
from lmmkit.numerics.trust_region import minimise
from tests.lme4_reference import REFERENCE

COUNTS = ["poisson", "negative_binomial", "negative_binomial_1", "truncated_poisson"]


def random_design(seed, name, zero_inflation):
    """A few groups, strong or weak effects, few or many extra zeros."""
    rng = np.random.default_rng(seed)
    groups, size = int(rng.integers(5, 15)), int(rng.integers(4, 12))
    n, family = groups * size, FAMILIES[name]()
    frame = pd.DataFrame({"g": np.repeat(np.arange(groups), size).astype(str), "x": rng.normal(size=n)})
    eta = rng.normal(0.5, 0.5) + rng.normal(0, 0.5) * frame["x"].to_numpy()
    eta += rng.normal(0, rng.uniform(0, 1), groups)[np.repeat(np.arange(groups), size)]
    rows = family.at_rows(np.full(n, rng.normal(0.5, 1)) if family.dispersion_name else None)
    y = rows.simulate(family.linkinv(eta), None, rng)
    frame["y"] = np.where(rng.random(n) < rng.uniform(0.05, 0.5), 0, y)
    return build_design("y ~ x + (1 | g)", frame, components={"zero_inflation": zero_inflation}), family, rng


def lowest_restart(criterion, rng, times):
    """The lowest of the ways down from random places, of those that arrive."""
    lowest = np.inf
    for _ in range(times):
        x = criterion.start(criterion.start_betas, float(np.exp(rng.normal(-0.5, 0.7))))
        x[criterion.n_theta :] += rng.normal(0, 0.5, criterion.p)
        end = minimise(criterion.trial, x, tolerance=1e-9, max_evaluations=300)
        lowest = min(lowest, end.value if end.converged else np.inf)
    return lowest


def test_zeros_that_a_covariate_explains_in_two_ways():
    """The model without random effects leads to the higher of two minima, 0.43 above the other."""
    design, family, _ = random_design(181, "negative_binomial", "~ x")
    criterion = PartCriterion(design, family)
    usual = minimise(criterion.trial, criterion.start(criterion.start_betas), tolerance=1e-9)
    assert fit_parts(design, family).objective < usual.value - 0.4


@pytest.mark.parametrize(
    ("seed", "name", "gain", "end"),
    [
        (51101, "negative_binomial", 0.017, (12.0, np.inf)),  # a Poisson, beside moderate overdispersion
        (
            53070,
            "negative_binomial_1",
            0.84,
            (-np.inf, -12.0),
        ),  # random effects and a Poisson, beside neither
    ],
)
def test_counts_that_vary_for_one_of_several_reasons(seed, name, gain, end):
    design, family, _ = random_design(seed, name, "~ x")
    fit, criterion = fit_parts(design, family), PartCriterion(design, family)
    usual = downhill(criterion, criterion.start(criterion.start_betas, 0.3))
    assert fit.converged and usual.converged and fit.objective < usual.value - gain
    (log_dispersion,) = fit.parts["dispersion"].beta
    assert end[0] < log_dispersion < end[1] and fit.par[0] > 0.5


def test_a_tweedie_likelihood_with_two_peaks_over_the_power():
    """The way from the usual start ends 0.585 above the other minimum, at a power of 1.03; so does glmmTMB 1.1.5."""
    rng = np.random.default_rng(7167)
    groups, size = int(rng.integers(5, 15)), int(rng.integers(4, 12))
    n, family = groups * size, FAMILIES["tweedie"]()
    frame = pd.DataFrame({"g": np.repeat(np.arange(groups), size).astype(str), "x": rng.normal(size=n)})
    eta = rng.normal(0.3, 0.5) + rng.normal(0, 0.5) * frame["x"].to_numpy()
    eta += rng.normal(0, rng.uniform(0, 1), groups)[np.repeat(np.arange(groups), size)]
    rows = family.at_rows(np.full(n, rng.normal(0.8, 0.7))).with_shape(float(rng.normal()))
    frame["y"] = rows.simulate(family.linkinv(eta), None, rng)
    fit = fit_parts(build_design("y ~ x + (1 | g)", frame), family)
    assert fit.converged and fit.objective <= 98.79964568 + 1e-6


@pytest.mark.slow
def test_extra_zeros_that_some_levels_lack_are_found_on_a_short_way():
    """Unmined sites have none: that part runs off to infinity, 4.78 below the minimum of the usual start."""
    data = pd.read_csv(REFERENCE / "data" / "salamanders.csv")
    zeros = {"zero_inflation": "~ spp + mined"}
    design = build_design("count ~ spp + mined + (1 | site)", data, components=zeros)
    fit = fit_parts(design, FAMILIES["negative_binomial"]())
    assert fit.converged and fit.objective == pytest.approx(1629.515284, abs=1e-5)
    assert fit.n_evaluations < 400


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
def test_no_restart_ends_lower(name):
    for seed in range(1000, 1005):
        design, family, rng = random_design(seed, name, ["~ 1", "~ x"][seed % 2])
        found = fit_parts(design, family).objective
        assert found <= lowest_restart(PartCriterion(design, family), rng, 3) + 1e-5, seed


def test_without_extra_zeros_the_fit_of_the_plain_family_is_found():
    """Underdispersed counts: extra zeros have nothing to do, and the likelihood is that of the model without."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(10), 8)
    y = rng.binomial(3, 1 / (1 + np.exp(-rng.normal(0, 0.4, 10)[g])))
    frame = pd.DataFrame({"y": y, "g": g.astype(str), "x": rng.normal(size=80)})
    design = build_design("y ~ x + (1 | g)", frame, components={"zero_inflation": "~ 1"})
    criterion = PartCriterion(design, FAMILIES["poisson"]())
    search, _ = search_parts(criterion)
    plain = fit_glmm(build_design("y ~ x + (1 | g)", frame), FAMILIES["poisson"]())
    # A logit of -20 is not quite none.
    assert criterion.without_zeros == pytest.approx(plain.objective, abs=1e-5)
    assert search.value <= plain.objective + 1e-6


def test_few_extra_zeros_beside_the_end_without_any():
    """A minimum at a probability of 0.002 that is 1.5e-5 below the end at zero, up to which nothing else rises."""
    design, family, rng = random_design(50130, "negative_binomial_1", "~ 1")
    fit, criterion = fit_parts(design, family), PartCriterion(design, family)
    assert fit.converged and fit.objective <= lowest_restart(criterion, rng, 1) + 1e-8
    assert fit.parts["zero_inflation"].beta == pytest.approx([-6.27], abs=0.01)


def test_whether_few_extra_zeros_are_better_than_none():
    """One row's zero is unlikely and another's likely: only a covariate can tell them apart."""
    x = np.array([-1.0, 0.0, 1.0, 0.0])
    slopes = np.array([-0.5, 2.0, 2.0, 2.0])
    constant, line = np.ones((4, 1)), np.column_stack([np.ones(4), x])
    assert few_zeros(constant, slopes) is None
    found = few_zeros(line, slopes)
    assert found is not None and found.argmax() == 0
    # Alone, a zero of which the rest of the model gives the probability f has the slope -2 (1 - f) / f.
    (logit,) = few_zeros(np.ones((1, 1)), np.array([-2e-3]))
    t = np.linspace(0, 2000, 2001)
    assert logit == pytest.approx(-1.0) and (t * -2e-3 + t**2 * 1e-6).argmin() == 1000  # more is better


def test_ways_down_stop_at_a_minimum_that_is_known():
    """Of all ways only the first to a minimum is walked to its end, and all report that end."""
    design, family, _ = random_design(7, "negative_binomial", "~ x")
    criterion = PartCriterion(design, family)
    ways = Ways(criterion)
    first = ways.down(criterion.start(criterion.start_betas))
    alone = downhill(criterion, criterion.start(criterion.start_betas, 0.3))
    second = ways.down(criterion.start(criterion.start_betas, 0.3))
    assert first.converged and second.value == first.value and second.x is first.x
    assert alone.value == pytest.approx(first.value, abs=1e-7) and second.evaluations < alone.evaluations
    assert len(ways.ends) == 1


def test_a_tweedie_power_that_goes_to_one_for_ever():
    """A single amount: with phi such that one summand has its size, the density there rises without bound."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame({"y": np.zeros(40), "g": np.repeat(np.arange(8), 5), "x": rng.normal(size=40)})
    data.loc[7, "y"] = 5.56
    deviances = []
    for s in (1e-4, 1e-8, 1e-12):  # power less one; a rate of 1/40 summands, each gamma with mean 5.56
        shape = (1 - s) / s
        amount = np.exp(-1 / 40) / 40 * gamma.pdf(5.56, shape, scale=5.56 / shape)
        deviances.append(-2 * (np.log(amount) - 39 / 40))
    assert np.diff(deviances).max() < -9  # of each further four digits
    fit = lk.glmer("y ~ x + (1 | g)", data, "tweedie")
    assert not fit.converged
    assert sum("rises without end" in message for message in fit.messages) == 1
    assert fit.coef_table()["p_value"].isna().all()
    assert fit.confint(method="wald").isna().all(axis=None)


def test_a_tweedie_power_near_one_with_a_peak():
    """Amounts alike to a hundredth: the likelihood has its highest value at a power near 1."""
    data = pd.DataFrame({"y": np.zeros(40), "g": np.repeat(np.arange(8), 5)})
    data.loc[[3, 21], "y"] = [2.49, 2.51]
    fit = lk.glmer("y ~ 1 + (1 | g)", data, "tweedie")
    assert fit.converged and any("end of its range" in message for message in fit.messages)
    assert 1e-7 < fit.family.power - 1 < 1e-3
    assert np.abs(fit.estimate.gradient()).max() < 1e-3
