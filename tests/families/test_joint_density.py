"""The log densities of all families against SciPy's distributions, their derivatives, and their moments."""

import numpy as np
import pytest
from scipy import stats

from lmmkit.families.jets import Jet
from lmmkit.families.resolve import FAMILIES

KINDS = [(name, link) for name, family in FAMILIES.items() for link in family.links]
MU, PHI, TRIALS = 1.7, 0.6, 7


def tweedie_density(y, mu, phi, power):
    """A Poisson number of gamma amounts, summed."""
    rate, shape = mu ** (2 - power) / (phi * (2 - power)), (2 - power) / (power - 1)
    scale = phi * (power - 1) * mu ** (power - 1)
    if y == 0:
        return np.exp(-rate)
    number = np.arange(1, 400)
    return float((stats.poisson.pmf(number, rate) * stats.gamma.pdf(y, number * shape, scale=scale)).sum())


def of_truncated(distribution):
    return lambda y: distribution.pmf(y) / (1 - distribution.pmf(0))


def scipy_densities():
    share = 0.3
    nb2 = stats.nbinom(PHI, PHI / (PHI + MU))
    nb1 = stats.nbinom(MU / PHI, 1 / (1 + PHI))
    return {
        "poisson": (stats.poisson(MU).pmf, MU),
        "negative_binomial": (nb2.pmf, MU),
        "negative_binomial_1": (nb1.pmf, MU),
        "truncated_poisson": (of_truncated(stats.poisson(MU)), MU),
        "truncated_negative_binomial": (of_truncated(nb2), MU),
        "gaussian": (stats.norm(MU, PHI).pdf, MU),
        "gamma": (stats.gamma(1 / PHI, scale=PHI * MU).pdf, MU),
        "inverse_gaussian": (stats.invgauss(PHI * MU, scale=1 / PHI).pdf, MU),
        "beta": (stats.beta(share * PHI, (1 - share) * PHI).pdf, share),
        "binomial": (lambda y: stats.binom(TRIALS, share).pmf(np.round(y * TRIALS)), share),
        "beta_binomial": (
            lambda y: stats.betabinom(TRIALS, share * PHI, (1 - share) * PHI).pmf(np.round(y * TRIALS)),
            share,
        ),
        "tweedie": (lambda y: np.array([tweedie_density(v, MU, PHI, 1.5) for v in y]), MU),
    }


def responses(name):
    if "binomial" in name and "negative" not in name:
        return np.arange(TRIALS + 1) / TRIALS
    if name == "beta":
        return np.array([0.01, 0.3, 0.77])
    if name in ("gamma", "inverse_gaussian"):
        return np.array([0.1, 1.0, 6.0])
    if name == "gaussian":
        return np.array([-1.0, 1.0, 6.0])
    if name == "tweedie":
        return np.array([0.0, 0.4, 3.0])
    return np.arange(1.0 if "truncated" in name else 0.0, 12.0)


def jets(family, eta):
    predictors = [Jet.variable(eta, 0)]
    if family.dispersion_name is not None:
        predictors.append(Jet.variable(np.full(len(eta), np.log(PHI)), 1))
    if family.shape_name is not None:
        predictors.append(Jet.variable(np.zeros(len(eta)), 2))
    return predictors


def trials_for(name, y):
    return np.full(len(y), float(TRIALS)) if "binomial" in name and "negative" not in name else None


@pytest.mark.parametrize(("name", "link"), KINDS)
def test_log_density_is_scipys(name, link):
    family, (density, mean), y = FAMILIES[name](link=link), scipy_densities()[name], responses(name)
    eta = np.full(len(y), float(family.linkfun(mean)))
    ours = family.log_density(y, trials_for(name, y), jets(family, eta)).value
    np.testing.assert_allclose(ours, np.log(density(y)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "link"), KINDS)
def test_derivatives_are_those_of_differences(name, link):
    family, y = FAMILIES[name](link=link), responses(name)
    start = [jet.value for jet in jets(family, np.full(len(y), float(family.linkfun(0.4))))]
    trials, h = trials_for(name, y), 1e-5

    def at(moved):
        predictors = [Jet.variable(value, number) for number, value in enumerate(moved)]
        return family.log_density(y, trials, predictors)

    here = at(start)
    for number in range(len(start)):
        up, down = (
            at([value + side * h * (k == number) for k, value in enumerate(start)]) for side in (1, -1)
        )
        for key in list(here.parts):
            key_of_next = tuple(sorted((*key, number)))
            # of a tweedie's series no third derivative without the mean is ever asked for
            if len(key) == 3 or (name == "tweedie" and len(key) == 2 and 0 not in key_of_next):
                continue
            slope, ours = (up[key] - down[key]) / (2 * h), here[key_of_next]
            np.testing.assert_allclose(ours, slope, rtol=1e-5, atol=1e-6 * (1 + np.abs(ours).max()))


@pytest.mark.parametrize(
    "name", [name for name, family in FAMILIES.items() if family.has_zeros or "trunc" in name]
)
def test_mean_variance_and_zeros_are_those_of_the_density(name):
    family = FAMILIES[name]()
    if name == "tweedie":
        return  # not a count; its simulated moments are looked at below
    mean = scipy_densities()[name][1]
    y = np.arange(TRIALS + 1) / TRIALS if trials_for(name, [0]) is not None else np.arange(0.0, 400.0)
    y = y[y > 0] if "truncated" in name else y
    eta = np.full(len(y), float(family.linkfun(mean)))
    chance = np.exp(family.log_density(y, trials_for(name, y), jets(family, eta)).value)
    rows = family.at_rows(np.full(1, np.log(PHI)) if family.dispersion_name else None)
    one, trials = np.array([mean]), trials_for(name, [0])
    assert chance.sum() == pytest.approx(1, abs=1e-9)
    expected = float(chance @ y)
    assert rows.response_mean(one)[0] == pytest.approx(expected, rel=1e-8)
    assert rows.row_variance(one, trials)[0] == pytest.approx(float(chance @ (y - expected) ** 2), rel=1e-7)
    zero = 0.0 if "truncated" in name else chance[0]
    assert rows.zero_probability(one, trials)[0] == pytest.approx(zero, abs=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_simulated_responses_have_the_mean_and_variance_that_are_told(name):
    family, n = FAMILIES[name](), 40_000
    mean = scipy_densities()[name][1]
    rows = family.at_rows(np.full(n, np.log(PHI)) if family.dispersion_name else None)
    mu, trials = np.full(n, mean), trials_for(name, np.zeros(n))
    y = rows.simulate(mu, trials, np.random.default_rng(8))
    expected, variance = rows.response_mean(mu)[0], rows.row_variance(mu, trials)[0]
    if name == "gamma":
        variance = PHI * mean**2
    assert y.mean() == pytest.approx(expected, abs=5 * np.sqrt(variance / n))
    assert y.var() == pytest.approx(variance, rel=0.15)
    if rows.has_zeros:
        zero = rows.zero_probability(mu, trials)[0]
        assert (y == 0).mean() == pytest.approx(zero, abs=5 * np.sqrt(zero * (1 - zero) / n) + 1e-9)


def test_a_huge_size_is_the_poisson():
    """Where the dispersion parameter has no say any more, neither rounding nor overflow may have one."""
    y, eta = np.arange(0.0, 30.0), np.full(30, 1.2)
    poisson = FAMILIES["poisson"]().log_density(y, None, [Jet.variable(eta, 0)])
    for name, sign in (("negative_binomial", 1), ("negative_binomial_1", -1)):
        for size in (1e6, 1e10, 1e14):
            far = Jet.variable(np.full(30, sign * np.log(size)), 1)
            near = FAMILIES[name]().log_density(y, None, [Jet.variable(eta, 0), far])
            for key in ((), (0,), (0, 0), (0, 0, 0)):
                np.testing.assert_allclose(near[key], poisson[key], rtol=1e-6, atol=1e-9 + 500 / size)
            assert np.abs(near[1]).max() < 1e-9 + 500 / size


# ---- means at the ends of what a float holds ----

FAR = np.array([0.0, 1e-320, 1e-300, 1e19, 1e300, np.inf])


def drawn(name, mu, n=1, **known):
    return FAMILIES[name](**known).simulate(np.full(n, mu), None, np.random.default_rng(1))


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if "log" in family.links])
@pytest.mark.filterwarnings("error")
def test_a_response_can_be_drawn_at_every_mean_a_log_link_reaches(name):
    known = {} if FAMILIES[name].dispersion_name is None else {FAMILIES[name].dispersion_argument: PHI}
    reached = FAR[:3] if name in ("binomial", "beta", "beta_binomial") else FAR
    least = 1.0 if name.startswith("truncated") else 0.0
    for mu in reached:
        y = drawn(name, mu, **known)[0]
        if name != "gaussian":
            assert y >= least, mu
        if mu < 1 and FAMILIES[name].has_zeros:
            assert y == 0 and FAMILIES[name](**known).zero_probability(np.array([mu]))[0] == pytest.approx(1)
        if mu == np.inf and name != "inverse_gaussian":
            assert y == np.inf


def test_an_inverse_gaussian_with_an_endless_mean_is_a_levy_distribution():
    """Its density without the terms of the mean; the shape is 1 / phi."""
    for mu in (1e16, 1e300, np.inf):
        y = drawn("inverse_gaussian", mu, 4000, dispersion=PHI)
        assert stats.kstest(y, stats.levy(scale=1 / PHI).cdf).pvalue > 0.001
    np.testing.assert_allclose(drawn("inverse_gaussian", 1e-290, 5, dispersion=PHI), 1e-290, rtol=1e-5)


@pytest.mark.parametrize("mu", [1e-300, 1e-12, 1e-7, 1e-3])
def test_moments_of_nearly_empty_truncated_counts(mu):
    """The Taylor series of ``mu / (1 - P(0))`` and of its variance."""
    poisson, nb = FAMILIES["truncated_poisson"](), FAMILIES["truncated_negative_binomial"](dispersion=PHI)
    at = np.array([mu])
    np.testing.assert_allclose(poisson.response_mean(at), 1 + mu / 2 + mu**2 / 12, rtol=1e-13)
    np.testing.assert_allclose(poisson.variance(at), mu / 2 + mu**2 / 6, rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(nb.response_mean(at), 1 + mu * (1 + 1 / PHI) / 2, rtol=1e-15 + mu**2)
    np.testing.assert_allclose(nb.variance(at), mu * (1 + 1 / PHI) / 2, rtol=3 * mu + 1e-7, atol=1e-15)
