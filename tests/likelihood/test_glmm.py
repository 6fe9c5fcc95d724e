"""The GLMM objective against first principles, its gradient against differences, and hard data."""

import warnings
from dataclasses import fields
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import lmmkit as lk
from lmmkit import DataError, ModelError
from lmmkit.design.design import build_design
from lmmkit.families import Binomial, Gamma, NegativeBinomial, Poisson
from lmmkit.likelihood.fit_glmm import fit_criterion, fit_glmm
from lmmkit.likelihood.glmm import GlmmCriterion
from lmmkit.likelihood.quadrature import QuadraturePoint
from lmmkit.numerics.trust_region import minimise

STRUCTURES = {
    "one": "(1 | g)",
    "slope": "(x | g)",
    "crossed": "(1 | g) + (0 + x | h)",
    "nested": "(1 | h / g)",
    "three": "(x || g) + (1 | h)",
}
EVERY = [
    *[Binomial(link, information=i) for link, i in product(Binomial.links, ("expected", "observed"))],
    *[Poisson(link, information=i) for link, i in product(Poisson.links, ("expected", "observed"))],
    *[Gamma(link, information=i) for link, i in product(Gamma.links, ("expected", "observed"))],
    *[NegativeBinomial(information=i) for i in ("expected", "observed")],
    Gamma(dispersion=0.3),
    NegativeBinomial(theta=2.0),
]


def sample(family, seed=1, n=90, spread=0.4):
    """Rows that the family with its link can have produced."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "g": rng.integers(0, 12, n), "h": rng.integers(0, 5, n)})
    data["g"], data["h"] = "g" + data["g"].astype(str), "h" + data["h"].astype(str)
    effect = dict(zip(np.unique(data["g"]), spread * rng.normal(size=12), strict=False))
    eta = 0.3 * data["x"] + data["g"].map(effect)
    if family.link.name in ("sqrt", "identity"):
        eta = 4 + 0.5 * eta
    elif family.link.name == "inverse":
        eta = 1 + 0.15 * eta
    elif not isinstance(family, Binomial):
        eta = 0.8 + eta
    known = family.with_dispersion(family.dispersion or 0.5) if family.dispersion_name else family
    data["w"] = rng.integers(1, 6, n).astype(float)
    data["y"] = known.simulate(family.linkinv(eta), data["w"].to_numpy(), rng)
    return data


def criterion_of(family, bars, data=None, n_agq=1, weights="w", fixed="x"):
    design = build_design(f"y ~ {fixed} + {bars}", sample(family) if data is None else data, weights=weights)
    return GlmmCriterion(design, family, n_agq)


def slope(function, x, h=2e-4):
    """Central differences with one Richardson step, entry by entry."""

    def one(axis):
        coarse = (function(x + 2 * h * axis) - function(x - 2 * h * axis)) / (4 * h)
        return (4 * (function(x + h * axis) - function(x - h * axis)) / (2 * h) - coarse) / 3

    return np.array([one(axis) for axis in np.eye(len(x))])


def off_optimum(criterion, seed=2):
    start = criterion.start()
    x = start + 0.1 * np.random.default_rng(seed).normal(size=len(start))
    x[: criterion.n_theta] *= 0.5
    return x


# ---- value and gradient ----


@pytest.mark.parametrize("family", EVERY, ids=repr)
def test_gradient_for_every_family_and_link(family):
    criterion = criterion_of(family, STRUCTURES["crossed"])
    x = off_optimum(criterion)
    numeric = slope(lambda at: criterion.trial(at).value, x)
    np.testing.assert_allclose(criterion.trial(x).gradient(), numeric, rtol=2e-6, atol=2e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("family", [Binomial("cloglog"), Gamma(), NegativeBinomial()], ids=repr)
def test_gradient_for_every_structure(family, structure):
    criterion = criterion_of(family, STRUCTURES[structure])
    x = off_optimum(criterion)
    numeric = slope(lambda at: criterion.trial(at).value, x)
    np.testing.assert_allclose(criterion.trial(x).gradient(), numeric, rtol=2e-6, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("family", EVERY, ids=repr)
def test_gradient_by_quadrature(family):
    criterion = criterion_of(family, "(1 | g)" if family.is_canonical else "(0 + x | g)", n_agq=7)
    x = off_optimum(criterion)
    numeric = slope(lambda at: criterion.trial(at).value, x)
    np.testing.assert_allclose(criterion.trial(x).gradient(), numeric, rtol=2e-6, atol=2e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("family", [Binomial("probit"), Gamma("log"), Poisson()], ids=repr)
def test_value_by_the_dense_formula(family, structure):
    """-2 log f + |u|^2 + log|Lambda'Z'WZ Lambda + I| with nothing but dense matrices, in the data's units."""
    data = sample(family)
    design = build_design(f"y ~ x + {STRUCTURES[structure]}", data, weights="w")
    criterion = GlmmCriterion(design, family)
    x = off_optimum(criterion)
    theta, gamma, known = criterion.unpack(x)
    blocks = []
    for term, T in zip(design.terms, criterion.to_original(theta), strict=True):
        for level in range(len(term.levels)):
            blocks.append((term.Z * (term.codes == level)[:, None]) @ T)
    ZL = np.column_stack(blocks)
    eta0, u = design.X @ criterion.beta(gamma), np.zeros(ZL.shape[1])
    for _ in range(50):
        _, first, second, _ = known.derivatives(design.y, eta0 + ZL @ u, design.weights)
        u = u + np.linalg.solve((ZL.T * -second) @ ZL + np.eye(len(u)), ZL.T @ first - u)
    eta = eta0 + ZL @ u
    log_density, _, second, _ = known.derivatives(design.y, eta, design.weights)
    W = known.expected_information(eta, design.weights)[0] if known.information == "expected" else -second
    value = u @ u - 2 * (log_density.sum() + known.constant(design.y, design.weights))
    value += np.linalg.slogdet((ZL.T * W) @ ZL + np.eye(len(u)))[1]
    assert criterion.trial(x).value == pytest.approx(value, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "family",
    [Binomial(), Binomial("cloglog"), Poisson(), Gamma(), NegativeBinomial(), Poisson("sqrt")],
    ids=repr,
)
def test_25_nodes_are_the_integral(family):
    data = sample(family, n=40, seed=8).query("g < 'g4'")  # g0, g1, g10, g11, g2, g3
    criterion = criterion_of(family, "(1 | g)", data, n_agq=25)
    x = criterion.start()
    x[0] = 0.6
    theta, gamma, known = criterion.unpack(x)
    design, (T,) = criterion.design, criterion.to_original(theta)
    fixed, mode = design.X @ criterion.beta(gamma), criterion.point(x).mode
    total = known.constant(design.y, design.weights)
    for level in range(len(design.terms[0].levels)):
        own = design.terms[0].codes == level
        centre, spread = mode.u[0][level, 0], 1 / np.sqrt(1 + T[0, 0] ** 2 * -mode.rows[2][own].sum())

        def height(u, own=own):
            parts = known.derivatives(design.y[own], fixed[own] + T[0, 0] * u, design.weights[own])
            return parts[0].sum() + stats.norm.logpdf(u)

        peak = height(centre)

        def integrand(u, height=height, peak=peak):
            return np.exp(height(u) - peak)

        ends = (centre - 12 * spread, centre + 12 * spread)
        area = integrate.quad(integrand, *ends, points=[centre], epsabs=0, epsrel=1e-11, limit=200)[0]
        total += peak + np.log(area)
    assert criterion.trial(x).value == pytest.approx(-2 * total, abs=2e-6)


def test_one_node_is_laplace():
    criterion = criterion_of(Poisson(), "(1 | g)")
    point = criterion.point(off_optimum(criterion))
    one = QuadraturePoint(*(getattr(point, field.name) for field in fields(point)), n_agq=1)
    assert one.objective == pytest.approx(point.objective, abs=1e-10)


# ---- the fit ----


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("family", [Binomial(), Poisson(), Gamma(), NegativeBinomial()], ids=repr)
def test_fit_ends_where_the_gradient_vanishes(family, structure):
    data = sample(family, n=200, spread=0.8)
    fit = lk.glmer(f"y ~ x + {STRUCTURES[structure]}", data, family, weights="w")
    assert fit.converged and fit.estimate.gradient_norm < 1e-3
    assert np.isfinite(fit.fixef).all() and np.isfinite(fit.se).all()


def test_standard_errors_are_the_inverse_hessian():
    family = NegativeBinomial()
    criterion = criterion_of(family, "(1 | g)", sample(family, n=300, spread=0.8))
    estimate = fit_criterion(criterion)
    theta = estimate.theta[0] / criterion.whitenings[0].matrix[0, 0]
    x = np.concatenate([[theta], criterion.R @ estimate.beta, [np.log(estimate.family.theta)]])
    hessian = slope(lambda at: criterion.trial(at).gradient(), x, h=1e-3)
    back = np.linalg.inv(criterion.R)
    expected = back @ np.linalg.inv(hessian / 2)[1:3, 1:3] @ back.T
    np.testing.assert_allclose(estimate.cov_unscaled, expected, rtol=1e-4)


def test_conditional_variances_of_a_balanced_poisson():
    data = sample(Poisson(), n=150)
    fit = lk.glmer("y ~ 1 + (1 | g)", data, "poisson")
    mu = fit.fitted.groupby(data["g"]).sum()
    expected = 1 / np.sqrt(mu + 1 / fit.theta[0] ** 2)
    np.testing.assert_allclose(
        fit.ranef_sd()["g"]["(Intercept)"], expected.loc[fit.ranef()["g"].index], rtol=1e-6
    )


def test_weights_are_repetitions():
    data = sample(Poisson(), n=60)
    longer = data.loc[data.index.repeat(data["w"].astype(int))]
    weighted = lk.glmer("y ~ x + (1 | g)", data, "poisson", weights="w")
    repeated = lk.glmer("y ~ x + (1 | g)", longer, "poisson")
    np.testing.assert_allclose(weighted.fixef, repeated.fixef, rtol=1e-7)
    np.testing.assert_allclose(weighted.theta, repeated.theta, rtol=1e-6)
    assert weighted.loglik == pytest.approx(repeated.loglik, abs=1e-8)


def test_every_way_to_write_a_binomial_response():
    data = sample(Binomial(), n=120, spread=0.8)
    data["hits"], data["misses"] = data["y"] * data["w"], data["w"] - data["y"] * data["w"]
    counted = lk.glmer("cbind(hits, misses) ~ x + (1 | g)", data, "binomial")
    proportion = lk.glmer("y ~ x + (1 | g)", data, "binomial", weights="w")
    assert counted.loglik == pytest.approx(proportion.loglik, abs=1e-10)
    rows = [
        (row.x, row.g, hit)
        for row in data.itertuples()
        for hit in [1] * int(row.hits) + [0] * int(row.misses)
    ]
    single = pd.DataFrame(rows, columns=["x", "g", "hit"])
    single["yes"] = np.where(single["hit"] == 1, "yes", "no")
    single["true"] = single["hit"] == 1
    fits = [lk.glmer(f"{name} ~ x + (1 | g)", single, "binomial") for name in ("hit", "yes", "true")]
    for fit in fits:
        np.testing.assert_allclose(fit.fixef, counted.fixef, rtol=1e-6)
        np.testing.assert_allclose(fit.se, counted.se, rtol=1e-5)
        assert fit.loglik == pytest.approx(fits[0].loglik, abs=1e-9)


def test_offset_is_a_coefficient_held_at_one():
    data = sample(Poisson(), n=100)
    data["log_w"] = np.log(data["w"])
    inside = lk.glmer("y ~ x + offset(log(w)) + (1 | g)", data, "poisson")
    outside = lk.glmer("y ~ x + (1 | g)", data, "poisson", offset="log_w")
    assert inside.loglik == pytest.approx(outside.loglik, abs=1e-10)
    shifted = lk.glmer("y ~ x + offset(log(w) + 3) + (1 | g)", data, "poisson")
    assert shifted.fixef["(Intercept)"] == pytest.approx(inside.fixef["(Intercept)"] - 3, abs=1e-6)


def test_observation_level_effects_absorb_overdispersion():
    data = sample(NegativeBinomial(theta=1.0), n=120)
    data["row"] = [f"r{i}" for i in range(120)]
    plain = lk.glmer("y ~ x + (1 | g)", data, "poisson")
    rich = lk.glmer("y ~ x + (1 | g) + (1 | row)", data, "poisson")
    assert rich.converged and rich.loglik > plain.loglik + 10


def test_a_variance_of_zero_is_found():
    data = sample(Poisson(), n=90, spread=0.0)
    fit = lk.glmer("y ~ x + (1 | h)", data, "poisson")
    assert fit.converged and fit.is_singular and fit.theta[0] == 0
    assert np.isfinite(fit.se).all()
    assert np.all(fit.ranef()["h"] == 0)


def test_no_fixed_effects_at_all():
    data = sample(Binomial(), n=100)
    fit = lk.glmer("y ~ 0 + (1 | g)", data, "binomial", weights="w")
    assert fit.converged and len(fit.fixef) == 0


def test_units_of_a_covariate_do_not_matter():
    data = sample(Poisson(), n=150, spread=0.8)
    data["milli"] = 1000 * data["x"] + 7000
    here = lk.glmer("y ~ x + (x | g)", data, "poisson")
    there = lk.glmer("y ~ milli + (milli | g)", data, "poisson")
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert 1000 * there.fixef["milli"] == pytest.approx(here.fixef["x"], rel=1e-4)


def test_dispersion_may_be_given():
    data = sample(NegativeBinomial(), n=150)
    free = lk.glmer("y ~ x + (1 | g)", data, "negative_binomial")
    theta = free.estimate.family.theta
    held = lk.glmer("y ~ x + (1 | g)", data, NegativeBinomial(theta=theta))
    assert held.loglik == pytest.approx(free.loglik, abs=1e-7)
    assert held.npar == free.npar - 1
    gamma = sample(Gamma(), n=150)
    free = lk.glmer("y ~ x + (1 | g)", gamma, "gamma")
    held = lk.glmer("y ~ x + (1 | g)", gamma, Gamma(dispersion=free.sigma**2))
    assert held.loglik == pytest.approx(free.loglik, abs=1e-7)


def test_a_criterion_takes_another_response():
    data = sample(Poisson(), n=100)
    criterion = criterion_of(Poisson(), "(1 | g)", data, weights=None)
    fit_criterion(criterion)
    other = np.random.default_rng(5).poisson(3.0, 100).astype(float)
    criterion.set_response(other)
    again = fit_criterion(criterion)
    fresh = fit_glmm(build_design("y ~ x + (1 | g)", data.assign(y=other)), Poisson())
    assert again.objective == pytest.approx(fresh.objective, abs=1e-8)


# ---- hard data ----


def binary(rows):
    return pd.DataFrame(rows, columns=["y", "x", "g"])


def test_separation_is_reported():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": rng.integers(0, 8, 80).astype(str), "x": rng.normal(size=80)})
    data["y"] = (data["x"] > 0).astype(float)
    fit = lk.glmer("y ~ x + (1 | g)", data, "binomial")
    assert any("separated" in message and "x" in message for message in fit.messages)
    assert np.isfinite(fit.fixef).all() and np.isfinite(fit.se).all()


def test_a_treatment_without_counts_is_reported():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": rng.integers(0, 8, 80).astype(str), "t": np.repeat(["a", "b"], 40)})
    data["y"] = np.where(data["t"] == "a", rng.poisson(3, 80), 0)
    for family in ("poisson", "negative_binomial"):
        fit = lk.glmer("y ~ t + (1 | g)", data, family)
        assert any("separated" in message and "tb" in message for message in fit.messages)
        assert np.isfinite(fit.se).all()


def test_a_group_of_ones_is_shrunk():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(10)], 12), "x": rng.normal(size=120)})
    data["y"] = np.where(data["g"] == "g0", 1, rng.random(120) < 0.4).astype(float)
    fit = lk.glmer("y ~ x + (1 | g)", data, "binomial")
    mode = fit.ranef()["g"].loc["g0", "(Intercept)"]
    assert fit.converged and 0.3 < mode < 10
    assert not any("separated" in message for message in fit.messages)


def test_counts_without_overdispersion_say_so():
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"g": np.repeat([f"g{i}" for i in range(20)], 10)})
    data["y"] = rng.binomial(8, 0.5, 200)  # less variable than a Poisson
    fit = lk.glmer("y ~ 1 + (1 | g)", data, "negative_binomial")
    assert any("runs off to infinity" in message for message in fit.messages)
    poisson = lk.glmer("y ~ 1 + (1 | g)", data, "poisson")
    assert fit.loglik == pytest.approx(poisson.loglik, abs=1e-3)


@pytest.mark.parametrize(
    ("column", "family", "message"),
    [
        ("zeros", "poisson", "every value of 'zeros' is 0"),
        ("zeros", "binomial", "every value of 'zeros' is a failure"),
        ("halves", "poisson", "whole counts"),
        ("halves", "negative_binomial", "whole counts"),
        ("share", "binomial", "is a proportion.*weights="),
        ("zeros", "gamma", "must be positive"),
    ],
)
def test_impossible_responses(column, family, message):
    data = sample(Poisson(), n=40)
    data["zeros"], data["halves"], data["share"] = 0.0, data["y"] + 0.5, 0.25
    with pytest.raises(DataError, match=message):
        lk.glmer(f"{column} ~ x + (1 | g)", data, family)


def test_offset_of_minus_infinity():
    data = sample(Poisson(), n=40)
    data["exposure"] = np.r_[0.0, np.ones(39)]
    with pytest.raises(DataError, match="exposure"):
        lk.glmer("y ~ x + offset(log(exposure)) + (1 | g)", data, "poisson")
    design = build_design("y ~ x + (1 | g)", data)
    design.offset[2] = -np.inf
    with pytest.raises(DataError, match="-inf in row 3"):
        fit_glmm(design, Poisson())


def test_a_huge_linear_predictor():
    data = sample(Poisson(), n=60)
    with pytest.raises(ModelError, match="offset reaches 1000"):
        lk.glmer("y ~ 0 + x + offset(1000 + 0 * x) + (1 | g)", data, "poisson")
    shifted = lk.glmer("y ~ x + offset(1000 + 0 * x) + (1 | g)", data, "poisson")
    assert shifted.fixef["(Intercept)"] < -990  # the intercept takes it back
    data["x"] = 1e9 * data["x"]
    fit = lk.glmer("y ~ x + (1 | g)", data, "poisson")
    assert fit.converged and np.isfinite(fit.se).all()


@pytest.mark.parametrize("theta", [1e155, 1e200, 1e308])
def test_a_start_whose_square_is_no_number_is_refused(theta):
    with pytest.raises(ModelError, match="no conditional modes can be found at the start"):
        lk.glmer("y ~ x + (1 | g)", sample(Poisson(), n=60), "poisson", start={"theta": [theta]})


def test_means_that_the_link_cannot_reach():
    data = sample(Poisson("identity"), n=60)
    with pytest.raises(ModelError, match="possible mean under the identity link"):
        lk.glmer("y ~ x + (1 | g)", data, Poisson("identity"), offset=-50 * data["x"].abs())


@pytest.mark.parametrize(
    ("bars", "n_agq", "message"),
    [
        ("(1 | g) + (1 | h)", 5, r"\(1 \| g\) \+ \(1 \| h\)"),
        ("(x | g)", 5, "one random effect per group"),
        ("(1 | g)", -1, "whole number"),
        ("(1 | g)", 2.5, "whole number"),
        ("(1 | g)", 1000, "to 100"),
    ],
)
def test_quadrature_needs_one_scalar_term(bars, n_agq, message):
    with pytest.raises(ModelError, match=message):
        lk.glmer(f"y ~ x + {bars}", sample(Poisson()), "poisson", n_agq=n_agq)


def test_quadrature_tells_what_its_likelihood_is_relative_to():
    data = sample(Binomial(), n=100)
    fit = lk.glmer("y ~ x + (1 | g)", data, "binomial", weights="w", n_agq=9)
    note = next(message for message in fit.messages if "saturated" in message)
    absolute = fit.loglik + float(note.split("add ")[1].split(" ")[0])
    laplace = lk.glmer("y ~ x + (1 | g)", data, "binomial", weights="w")
    assert absolute == pytest.approx(laplace.loglik, abs=0.5)


def test_silence_on_ordinary_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for family in (Binomial(), Poisson(), Gamma(), NegativeBinomial()):
            fit = lk.glmer("y ~ x + (1 | g)", sample(family, n=200, spread=0.8), family, weights="w")
            assert fit.messages == []


# ---- many designs ----


def random_case(seed):
    """A small design of random structure, family and link."""
    rng = np.random.default_rng(seed)
    family = [
        Binomial(), Binomial("probit"), Binomial("cloglog"), Poisson(), Poisson("sqrt"),
        Gamma(), Gamma("inverse"), NegativeBinomial(), Poisson(), Binomial(),
    ][seed % 10]  # fmt: skip
    structure = list(STRUCTURES.values())[int(rng.integers(len(STRUCTURES)))]
    data = sample(
        family, seed=seed + 1000, n=int(rng.integers(60, 160)), spread=float(rng.choice([0.0, 0.3, 1.0]))
    )
    return family, structure, data


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_no_restart_does_better(seed):
    family, structure, data = random_case(seed)
    criterion = criterion_of(family, structure, data)
    estimate = fit_criterion(criterion)
    rng = np.random.default_rng(seed)
    best = np.inf
    for _ in range(5):
        start = criterion.start() + 0.2 * rng.normal(size=len(criterion.start()))
        start[: criterion.n_theta] *= np.exp(rng.normal())
        if np.isfinite(criterion.trial(start).value):
            best = min(best, minimise(criterion.trial, start, tolerance=1e-9).value)
    assert estimate.objective <= best + 1e-5
    assert estimate.converged


def hard_case(seed):
    """Few rows, wild units, groups of only zeros, separated answers."""
    rng = np.random.default_rng(seed)
    family = EVERY[int(rng.integers(len(EVERY)))]
    n = int(rng.integers(8, 60))
    x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4) + rng.choice([0.0, 100.0])
    data = pd.DataFrame({"x": x, "g": rng.integers(0, rng.integers(2, 8), n).astype(str)})
    data["h"], data["row"] = rng.integers(0, 4, n).astype(str), [f"r{i}" for i in range(n)]
    if family.name == "binomial":
        y = (x > np.median(x)) if seed % 4 == 0 else rng.random(n) < rng.choice([0.05, 0.5, 0.9])
    elif family.name == "gamma":
        y = rng.gamma(rng.choice([0.2, 2, 100]), 10.0 ** rng.integers(-4, 5), n)
    else:
        y = rng.poisson(rng.gamma(rng.choice([0.1, 1, 1000]), 1, n) * 10.0 ** rng.integers(-1, 4))
        y = np.where((data["g"] == "0") & (seed % 3 == 0), 0, y)
    bars = [*STRUCTURES.values(), "(1 | row) + (1 | g)"][int(rng.integers(6))]
    return family, bars, data.assign(y=np.asarray(y, dtype=float))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_hard_data_end_in_numbers_or_in_a_sentence(seed):
    family, bars, data = hard_case(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fit = lk.glmer(f"y ~ x + {bars}", data, family)
        except (DataError, ModelError) as error:
            assert str(error).count("\n") == 0 and len(str(error)) > 20
            return
    for part in (fit.fixef, fit.se, fit.theta, fit.fitted, [fit.loglik]):
        assert np.isfinite(part).all()
    said = ("did not converge", "nearly every outcome is certain")
    assert fit.converged or any(words in message for message in fit.messages for words in said)
    assert fit.estimate.n_evaluations < 3000
