"""The families: densities against SciPy, derivatives against differences, refusals in plain words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from lmmkit import DataError, ModelError, families
from lmmkit.families import Binomial, Family, Gamma, NegativeBinomial, Poisson

EVERY = [
    *[Binomial(link) for link in Binomial.links],
    *[Poisson(link) for link in Poisson.links],
    *[Gamma(link, dispersion=0.4) for link in Gamma.links],
    NegativeBinomial(theta=1.7),
    NegativeBinomial(theta=400.0),
]
WITH_DISPERSION = [
    family
    for information in ("observed", "expected")
    for family in (
        *[Gamma(link, dispersion=0.4, information=information) for link in Gamma.links],
        NegativeBinomial(theta=1.7, information=information),
        NegativeBinomial(theta=400.0, information=information),
    )
]
WEIGHTS = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 1.0, 4.0])


def name_of(family: Family) -> str:
    return repr(family)


def rows(family: Family) -> tuple[np.ndarray, np.ndarray]:
    """Linear predictors inside the range of the link, and responses of the family."""
    if isinstance(family, Binomial):
        top = 1.5 if family.link.name == "cloglog" else 2.8  # beyond, 1 - mu itself has lost its digits
        return np.linspace(-3.1, top, 7), np.array([0, 1, 1 / 3, 2 / 5, 1, 0, 3 / 4])
    eta = np.linspace(-1.4, 2.2, 7) if family.link.name == "log" else np.linspace(0.3, 3.0, 7)
    if isinstance(family, Gamma):
        return eta, np.array([0.3, 1.2, 2.0, 0.8, 5.0, 1.1, 0.4])
    return eta, np.array([0.0, 1.0, 4.0, 2.0, 0.0, 7.0, 3.0])


def log_density(family: Family, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """SciPy's answer, per row and weighted as the family weights its rows."""
    mu = family.linkinv(eta)
    if isinstance(family, Binomial):
        return stats.binom.logpmf(np.round(WEIGHTS * y), WEIGHTS, mu)
    if isinstance(family, Poisson):
        return WEIGHTS * stats.poisson.logpmf(y, mu)
    if isinstance(family, Gamma):
        return WEIGHTS * stats.gamma.logpdf(y, 1 / family.dispersion, scale=mu * family.dispersion)
    return WEIGHTS * stats.nbinom.logpmf(y, family.theta, family.theta / (family.theta + mu))


def slope(function, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Central difference with one Richardson step."""
    coarse = (function(x + 2 * h) - function(x - 2 * h)) / (4 * h)
    fine = (function(x + h) - function(x - h)) / (2 * h)
    return (4 * fine - coarse) / 3


@pytest.mark.parametrize("family", EVERY, ids=name_of)
def test_density_is_scipys(family):
    eta, y = rows(family)
    if isinstance(family, Binomial):
        y = np.round(y * WEIGHTS) / WEIGHTS
    ours = family.derivatives(y, eta, WEIGHTS)[0].sum() + family.constant(y, WEIGHTS)
    assert ours == pytest.approx(log_density(family, y, eta).sum(), rel=1e-11)


@pytest.mark.parametrize("family", EVERY, ids=name_of)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_in_eta(family, order):
    eta, y = rows(family)
    numeric = slope(lambda at: family.derivatives(y, at, WEIGHTS)[order - 1], eta)
    np.testing.assert_allclose(family.derivatives(y, eta, WEIGHTS)[order], numeric, rtol=2e-7, atol=1e-8)


@pytest.mark.parametrize("family", EVERY, ids=name_of)
def test_expected_information_is_the_mean_of_the_observed(family):
    eta, _ = rows(family)
    # the second derivative is linear in y, so its mean is its value at y = mu
    weight, bend = family.expected_information(eta, WEIGHTS)
    np.testing.assert_allclose(weight, -family.derivatives(family.linkinv(eta), eta, WEIGHTS)[2], rtol=1e-9)
    numeric = slope(lambda at: family.expected_information(at, WEIGHTS)[0], eta)
    np.testing.assert_allclose(bend, numeric, rtol=1e-7, atol=1e-9)
    textbook = family.mu_eta(eta) ** 2 / family.variance(family.linkinv(eta)) / family.sigma**2
    np.testing.assert_allclose(weight, WEIGHTS * textbook, rtol=1e-9)


@pytest.mark.parametrize("family", WITH_DISPERSION, ids=name_of)
def test_derivatives_in_the_dispersion(family):
    eta, y = rows(family)

    def at(shift: float) -> Family:
        return family.with_dispersion(family.dispersion * np.exp(shift))

    def weight(shift: float) -> np.ndarray:
        other = at(shift)
        if family.information == "observed":
            return -other.derivatives(y, eta, WEIGHTS)[2]
        return other.expected_information(eta, WEIGHTS)[0]

    def total(shift: float) -> float:
        return at(shift).derivatives(y, eta, WEIGHTS)[0].sum() + at(shift).constant(y, WEIGHTS)

    nuisance = family.nuisance(y, eta, WEIGHTS)
    assert nuisance.density.sum() == pytest.approx(slope(total, 0.0), rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(
        nuisance.score, slope(lambda s: at(s).derivatives(y, eta, WEIGHTS)[1], 0.0), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_allclose(nuisance.weight, slope(weight, 0.0), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("family", EVERY, ids=name_of)
def test_link_and_inverse_undo_each_other(family):
    eta, _ = rows(family)
    np.testing.assert_allclose(family.linkfun(family.linkinv(eta)), eta, rtol=1e-10)
    np.testing.assert_allclose(family.mu_eta(eta), slope(family.linkinv, eta), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("family", EVERY, ids=name_of)
def test_deviance_is_twice_the_distance_to_the_saturated_model(family):
    eta, y = rows(family)
    if isinstance(family, Binomial):
        y = np.round(y * WEIGHTS) / WEIGHTS
    here = family.derivatives(y, eta, WEIGHTS)[0].sum() + family.constant(y, WEIGHTS)
    scale = family.sigma**2
    deviance = family.deviance_parts(y, family.linkinv(eta), WEIGHTS).sum() / scale
    assert deviance == pytest.approx(2 * (family.saturated(y, WEIGHTS) - here), rel=1e-10)
    residuals = family.deviance_residuals(y, family.linkinv(eta), WEIGHTS)
    assert (residuals**2).sum() / scale == pytest.approx(deviance, rel=1e-10)


@pytest.mark.parametrize("family", EVERY, ids=name_of)
def test_simulated_moments(family):
    rng = np.random.default_rng(3)
    mu = np.full(200_000, 0.3 if isinstance(family, Binomial) else 2.5)
    drawn = family.simulate(mu, None, rng)
    variance = family.variance(mu[0]) * family.sigma**2
    assert drawn.mean() == pytest.approx(mu[0], abs=4 * np.sqrt(variance / len(mu)))
    assert drawn.var() == pytest.approx(variance, rel=0.05)


def test_simulated_proportions_are_hits_over_trials():
    trials = np.repeat([1.0, 4.0, 10.0], 20_000)
    drawn = Binomial().simulate(np.full(60_000, 0.25), trials, np.random.default_rng(4))
    np.testing.assert_allclose(drawn * trials, np.round(drawn * trials), atol=1e-9)
    for size in (1.0, 4.0, 10.0):
        assert drawn[trials == size].var() == pytest.approx(0.1875 / size, rel=0.05)
    with pytest.raises(ModelError, match="whole trials"):
        Binomial().simulate(np.full(2, 0.5), np.array([1.0, 1.5]), np.random.default_rng(0))


@pytest.mark.parametrize("link", list(Binomial.links))
def test_far_tails_stay_finite(link):
    eta = np.array([-300.0, -40.0, 40.0, 300.0]) if link != "cloglog" else np.array([-300.0, -40.0, 2.0, 6.0])
    likely = np.array([0.0, 0.0, 1.0, 1.0])
    for part in Binomial(link).derivatives(likely, eta):
        assert np.isfinite(part).all()
    first, second = Binomial(link).derivatives(1 - likely, eta)[1:3]
    assert np.isfinite(first).all() and np.isfinite(second).all()
    assert (np.abs(Binomial(link).derivatives(likely, eta)[1]) < 0.03).all()


def test_negative_binomial_tends_to_poisson():
    y, eta = np.array([0.0, 3.0, 11.0, 250.0]), np.array([0.1, 1.0, 2.5, 5.4])
    limit = Poisson().derivatives(y, eta)[0].sum() + Poisson().constant(y)
    near = NegativeBinomial(theta=1e10)
    assert near.derivatives(y, eta)[0].sum() + near.constant(y) == pytest.approx(limit, abs=1e-5)
    small, large = NegativeBinomial(theta=30 - 1e-9), NegativeBinomial(theta=30 + 1e-9)
    assert small.constant(y) == pytest.approx(large.constant(y), abs=1e-5)
    np.testing.assert_allclose(small.nuisance(y, eta).density, large.nuisance(y, eta).density, atol=1e-7)


@pytest.mark.parametrize(
    ("family", "y", "weights", "message"),
    [
        (Binomial(), [0, 1, 2], None, "between 0 and 1.*2 in row 3"),
        (Binomial(), [0.2, 1, 0], None, "proportion.*0.2 in row 1.*weights="),
        (Binomial(), [0.25, 1, 0], [10, 4, 4], "whole number of hits.*row 1"),
        (Binomial(), [0, 0, 0], None, "every value of 'hit' is a failure"),
        (Binomial(), [1, 1, 0], [1, 1, 0], "every value of 'hit' is a success"),
        (Poisson(), [1, -2, 3], None, "cannot be negative.*-2 in row 2"),
        (Poisson(), [1, 2.5, 3], None, "whole counts.*2.5 in row 2.*offset"),
        (Poisson(), [0, 0, 0], None, "every value of 'hit' is 0"),
        (NegativeBinomial(), [0, 0, 0], None, "every value of 'hit' is 0"),
        (NegativeBinomial(), [0.5, 1, 2], None, "a negative binomial response must be whole counts"),
        (Gamma(), [1.0, 0.0, 2.0], None, "must be positive.*0 in row 2"),
        (Gamma(), [2.0, 2.0, 2.0], None, "every value of 'hit' is 2"),
    ],
)
def test_a_response_the_family_cannot_have_produced_is_refused(family, y, weights, message):
    w = None if weights is None else np.array(weights, float)
    with pytest.raises(DataError, match=message):
        family.check_response(np.array(y, float), w, "hit")


@pytest.mark.parametrize(
    ("family", "y", "weights"),
    [
        (Binomial(), [0, 1, 1], None),
        (Binomial(), [0, 1, 1], [0.5, 1.2, 3.3]),
        (Binomial(), [1 / 3, 2 / 7, 1], [3, 7, 2]),
        (Poisson(), [0, 1, 2], [0.5, 1.2, 3.3]),
        (Gamma(), [0.1, 1, 2], None),
    ],
)
def test_a_proper_response_passes(family, y, weights):
    family.check_response(np.array(y, float), None if weights is None else np.array(weights, float), "hit")


def test_families_by_name():
    assert families.resolve("poisson") == Poisson()
    assert families.resolve("Negative Binomial") == NegativeBinomial()
    assert families.resolve(Gamma) == Gamma("log")
    assert families.resolve(Binomial("probit")).link.name == "probit"
    assert Binomial("probit") != Binomial() and hash(Binomial()) == hash(Binomial("logit"))
    with pytest.raises(ModelError, match="did you mean 'poisson'"):
        families.resolve("poison")
    for written in ("binomial(probit)", "binomial(link = 'probit')"):
        with pytest.raises(ModelError, match=r"write lk.families.Binomial\(link='probit'\)"):
            families.resolve(written)
    with pytest.raises(ModelError, match="'negative_binomial_1' has the same kind of variance"):
        families.resolve("quasipoisson")
    with pytest.raises(ModelError, match="for those that vary less there is no family"):
        families.resolve("compois")
    assert families.resolve("ziGamma") == Gamma()
    assert families.resolve("nbinom1") == families.NegativeBinomial1()
    with pytest.raises(ModelError, match="choose one of logit, probit"):
        Binomial("log")
    with pytest.raises(ModelError, match="not 3"):
        families.resolve(3)
    with pytest.raises(ModelError, match="positive number"):
        NegativeBinomial(theta=-1)
    with pytest.raises(ModelError, match="link='log'"):
        NegativeBinomial("log")
    with pytest.raises(ModelError, match="information must be"):
        Poisson(information="fisher")


def test_names_a_reader_sees():
    assert Binomial().label == "binomial  ( logit )"
    assert Gamma().label == "Gamma  ( log )"
    assert NegativeBinomial(theta=2.18694).label == "Negative Binomial(2.1869)  ( log )"
    assert Binomial().effect_name == "odds ratio"
    assert Poisson().effect_name == NegativeBinomial().effect_name == "rate ratio"
    assert Gamma().effect_name == "ratio of means"
    assert Poisson("sqrt").effect_name is None
    assert Gamma(dispersion=0.25).sigma == 0.5


def test_tab_offers_families_only():
    assert dir(families) == [
        "Beta", "BetaBinomial", "Binomial", "Gamma", "Gaussian", "InverseGaussian", "NegativeBinomial",
        "NegativeBinomial1", "Poisson", "TruncatedNegativeBinomial", "TruncatedPoisson", "Tweedie",
    ]  # fmt: skip
    assert all(issubclass(getattr(families, name), Family) for name in dir(families))
    with pytest.raises(ModelError, match=r"one of lk\.families"):
        families.resolve(Family)


@pytest.mark.parametrize("family", [Poisson(), Binomial()], ids=name_of)
def test_a_family_without_a_dispersion_says_so(family):
    assert family.dispersion is None and not family.estimates_dispersion
    with pytest.raises(ModelError, match=f"the {family.name} family has no dispersion parameter"):
        family.with_dispersion(2.0)
    with pytest.raises(ModelError, match="no dispersion parameter"):
        family.nuisance(np.ones(2), np.zeros(2))


@pytest.mark.parametrize("family", WITH_DISPERSION, ids=name_of)
def test_another_dispersion_leaves_the_rest_of_the_family(family):
    other = family.with_dispersion(3.0)
    assert other.dispersion == 3.0 and family.dispersion != 3.0
    assert (other.link, other.information, type(other)) == (family.link, family.information, type(family))
    with pytest.raises(ModelError, match="must be a positive number"):
        family.with_dispersion(0.0)


def test_a_mean_below_zero_is_impossible_for_a_count_of_zero_too():
    density = Poisson(link="identity").derivatives(np.array([0.0, 0.0, 3.0]), np.array([-0.5, 0.5, 0.5]))[0]
    assert density[0] == -np.inf and np.isfinite(density[1:]).all()


#: What is left of a certain success in units of the slope, ``(1 - F) / f``, in closed form far out.
LEFT = {
    "logit": lambda eta: 1 + np.exp(-eta),
    "probit": lambda eta: np.sqrt(np.pi / 2) * special.erfcx(eta / np.sqrt(2)),
    "cloglog": lambda eta: np.exp(-eta),
    "cauchit": lambda eta: (1 + eta**2) * np.arctan(1 / eta),
}


@pytest.mark.parametrize("link", LEFT)
def test_working_residuals_of_certain_outcomes_have_their_limit(link):
    eta = np.array([3.0, 7.0, 40.0, 800.0])
    working = Binomial(link).link.working
    expected = LEFT[link](eta)
    np.testing.assert_allclose(working(np.ones(4), eta), expected, rtol=1e-7)
    if link == "cloglog":  # (0 - F) / f with F = 1 - exp(-x), f = x exp(-x), x = exp(eta)
        expected = special.exprel(np.exp(-eta))
    np.testing.assert_allclose(working(np.zeros(4), -eta), -expected, rtol=1e-7)


def test_working_residuals_of_no_counts_where_none_are_expected():
    """As R 4.2.2: residuals(glm(c(0, 3) ~ 0 + offset(c(-800, 1)), poisson), "working")."""
    found = Poisson().link.working(np.array([0.0, 3.0]), np.array([-800.0, 1.0]))
    np.testing.assert_allclose(found, [-1.0, 0.103638323514327])
