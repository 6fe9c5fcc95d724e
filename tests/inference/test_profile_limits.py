"""Profile limits against brute force: with a parameter held at its limit, the deviance has risen by 3.8415.

The deviance is written down here again from its definition, with dense matrices (and a plain Newton search
for the modes of a GLMM), and minimised over all other parameters by a quasi-Newton method from many starts.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, gammaln

import lmmkit as lk
from lmmkit.likelihood.glmm import GlmmCriterion

RISE = stats.chi2.ppf(0.95, 1)
WITHIN = 0.01
FORMULAS = {
    "intercept": "y ~ x + (1 | g)",
    "slope": "y ~ x + (x | g)",
    "uncorrelated": "y ~ x + (x || g)",
    "crossed": "y ~ x + (1 | g) + (1 | h)",
    "group predictor": "y ~ z + (1 | g)",
}


def made(seed):
    """A small table: groups g and h, predictors x (within) and z (between), weights w."""
    rng = np.random.default_rng(seed)
    groups, per_group = int(rng.integers(4, 10)), int(rng.integers(3, 6))
    n = groups * per_group
    data = pd.DataFrame({"g": np.repeat(np.arange(groups), per_group), "x": rng.normal(size=n)})
    data["h"] = rng.integers(0, 5, size=n)
    data["z"] = rng.normal(size=groups)[data["g"]]
    data["w"] = rng.uniform(0.3, 3.0, size=n)
    sd = rng.choice([0.0, 0.0, 0.3, 1.0])
    slope = rng.choice([0.0, 0.3, 1.0])
    data["eta"] = 0.4 * data["x"] + sd * rng.normal(size=groups)[data["g"]]
    data["eta"] += slope * rng.normal(size=groups)[data["g"]] * data["x"]
    return data.astype({"g": str, "h": str}), rng


def linear(seed):
    """A linear mixed model; its kind goes round with the seed."""
    data, rng = made(seed)
    data["y"] = data["eta"] + rng.normal(size=len(data)) / (np.sqrt(data["w"]) if seed % 3 == 0 else 1)
    formula = list(FORMULAS.values())[seed % 5]
    return lk.lmer(formula, data, reml=seed % 2 == 0, weights="w" if seed % 3 == 0 else None)


def generalised(seed):
    """A GLMM with counts or 0/1."""
    data, rng = made(seed)
    family = ("poisson", "binomial")[seed % 2]
    mu = np.exp(0.5 + data["eta"]) if family == "poisson" else expit(0.3 + data["eta"])
    data["y"] = rng.poisson(mu) if family == "poisson" else (rng.random(len(data)) < mu).astype(int)
    return lk.glmer(("y ~ x + (1 | g)", "y ~ z + (1 | g)", "y ~ 1 + (1 | g)")[seed % 3], data, family)


def fixed(seed):
    """A glm: 0/1, counts, positive numbers; several links."""
    data, rng = made(seed)
    kind = seed % 5
    if kind < 3:
        data["y"] = (rng.random(len(data)) < expit(data["eta"])).astype(int)
        link = ("logit", "probit", "cloglog")[kind]
        return lk.glm("y ~ x + z", data, lk.families.Binomial(link=link))
    if kind == 3:
        data["y"] = rng.poisson(np.exp(0.5 + data["eta"]))
        return lk.glm("y ~ x + z", data, "poisson", weights="w")
    data["y"] = rng.gamma(2.0, np.exp(data["eta"]) / 2.0)
    return lk.glm("y ~ x + z", data, lk.families.Gamma(link="log"))


# ---- the deviances, from their definitions ----


def covariance_of(fit, values):
    """Covariance of all random effects, and where each standard deviation and correlation stands."""
    parts, at = [], 0
    for term in fit.design.terms:
        k = len(term.names)
        sd = np.abs(values[at : at + k])
        cor = np.eye(k)
        if k == 2:
            cor[0, 1] = cor[1, 0] = values[at + 2]
        at += k * (k + 1) // 2
        Sigma = sd[:, None] * cor * sd
        Z = np.zeros((len(term.Z), len(term.levels) * k))
        for j in range(k):
            Z[np.arange(len(Z)), term.codes * k + j] = term.Z[:, j]
        parts.append((Z, np.kron(np.eye(len(term.levels)), Sigma)))
    return parts


def in_order(fit):
    """Names of standard deviations and correlations as `covariance_of` reads them: sd, sd, cor."""
    names = []
    for term in fit.design.terms:
        names += [f"sd_{name}|{term.group}" for name in term.names]
        if len(term.names) == 2:
            names.append(f"cor_{term.names[1]}.{term.names[0]}|{term.group}")
    return names


def linear_deviance(fit, values, held):
    """-2 log-likelihood at random-effects parameters and sigma; fixed effects by generalised least squares."""
    X, y = fit.design.X, fit.design.y
    for j, value in held.items():
        y = y - value * X[:, j]
    X = np.delete(X, list(held), axis=1)
    weights = np.ones(len(y)) if fit.design.weights is None else fit.design.weights
    V = np.diag(values[-1] ** 2 / weights)
    for Z, G in covariance_of(fit, values):
        V = V + Z @ G @ Z.T
    try:
        L = np.linalg.cholesky(V)
    except np.linalg.LinAlgError:
        return 1e10
    WX, Wy = np.linalg.solve(L, X), np.linalg.solve(L, y)
    rest = Wy - WX @ np.linalg.lstsq(WX, Wy, rcond=None)[0]
    return float(len(y) * np.log(2 * np.pi) + 2 * np.log(np.diag(L)).sum() + rest @ rest)


def log_density(name, link, y, eta, weights, dispersion):
    """Of each row, but for a constant."""
    if name == "binomial":
        if link == "logit":
            return -weights * (y * np.logaddexp(0, -eta) + (1 - y) * np.logaddexp(0, eta))
        if link == "probit":
            return weights * (y * stats.norm.logcdf(eta) + (1 - y) * stats.norm.logcdf(-eta))
        rate = np.exp(eta)
        return weights * (y * np.log(-np.expm1(-rate)) - (1 - y) * rate)
    mu = np.exp(eta)
    if name == "poisson":
        return weights * (y * eta - mu)
    shape = weights / dispersion
    return shape * np.log(shape * y / mu) - shape * y / mu - gammaln(shape)


def laplace_deviance(fit, values, beta):
    """-2 log-likelihood by Laplace's approximation of groups that differ by a standard deviation.

    A group's effect ``b`` solves ``b = sd^2 sum(y - mu)``, whose right side falls in ``b``: an interval that
    holds it is halved until Newton's method cannot lose it.
    """
    y, name, codes = fit.design.y, fit.family.name, fit.design.terms[0].codes
    fixed_part, spread = fit.design.X @ beta, values[0] ** 2

    def sums(rows):
        return np.bincount(codes, rows)

    def at(b):
        eta = fixed_part + b[codes]
        if name == "poisson":
            mu = np.exp(eta)
            return eta, y - mu, mu
        p, q = expit(eta), expit(-eta)
        return eta, y * q - (1 - y) * p, p * q

    furthest = np.abs(fixed_part).max() + np.log1p(spread * len(y)) + np.log1p(y.sum()) + 2
    low, high = (np.full(codes.max() + 1, sign * furthest) for sign in (-1.0, 1.0))
    b = step = np.zeros_like(low)
    for halving in range(60):
        b = (low + high) / 2 if halving < 12 else b + step
        eta, slope, weight = at(b)
        excess, steepness = spread * sums(slope) - b, 1 + spread * sums(weight)
        low, high = np.where(excess > 0, b, low), np.where(excess > 0, high, b)
        step = excess / steepness
        if halving > 12 and np.abs(step).max() < 1e-12:
            break
    density = log_density(name, fit.family.link.name, y, eta, np.ones(len(y)), 1.0).sum()
    return -2 * density + sums(slope) @ b + np.log(steepness).sum()  # the second is b^2 / sd^2


# ---- brute force ----


def lowest(deviance, starts, polish=False):
    """The smallest value that a quasi-Newton search finds from any start; a simplex goes on from there."""

    def finite(at):
        with np.errstate(all="ignore"):
            value = deviance(at) if np.abs(at).max(initial=0.0) < 1e6 else np.nan
        return value if np.isfinite(value) else 1e10

    if not len(starts[0]):
        return finite(starts[0])
    found = [minimize(finite, start, method="BFGS", options={"gtol": 1e-7}) for start in starts]
    best = min(found, key=lambda search: search.fun)
    if polish:
        precise = {"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000}
        best = minimize(finite, best.x, method="Nelder-Mead", options=precise)
    return best.fun


def free_and_held(names, wanted, value):
    """How a vector of free numbers is put back; correlations are sines, so that nothing has a bound."""
    fixed = [i for i, name in enumerate(names) if name == wanted]
    free = [i for i in range(len(names)) if i not in fixed]

    def whole(numbers):
        out = np.empty(len(names))
        out[free] = [
            np.sin(number) if names[i].startswith("cor_") else number
            for i, number in zip(free, numbers, strict=True)
        ]
        out[fixed] = value
        return out

    return whole, len(free)


def held_linear(fit, parameter, value, rng):
    """Smallest deviance of a linear mixed model with one parameter held; none with None."""
    names = [*in_order(fit), "sigma"]
    x_names = fit.design.x_names
    held = {x_names.index(parameter): value} if parameter in x_names else {}
    whole, size = free_and_held(names, parameter, value)
    unit = fit.sigma
    starts = [unit * np.full(size, scale) for scale in (1.0, 0.1, 3.0)]
    starts += [unit * rng.normal(size=size) for _ in range(7)]
    return lowest(lambda free: linear_deviance(fit, whole(free), held), starts)


def held_glmm(fit, parameter, value, rng):
    """Smallest Laplace deviance with one parameter held.

    Free are the logarithm of the standard deviation, and coefficients in units that grow with it.
    """
    sd, beta = float(fit.varcorr.components[0].sd[0]), fit.fixef.to_numpy()
    names = [*in_order(fit), *fit.design.x_names]
    place = None if parameter is None else names.index(parameter)

    def unit(sd):
        return np.log(np.e + sd)

    def whole(free):
        own = np.insert(free, 0, 0.0) if place == 0 else free
        sd = value if place == 0 else np.exp(own[0])
        beta = np.insert(own[1:], place - 1, 0.0) if place else own[1:]
        beta = beta * unit(sd)
        if place:
            beta[place - 1] = value
        return sd, beta

    def deviance(free):
        sd, beta = whole(free)
        return laplace_deviance(fit, [sd], beta)

    def start(sd, beta, unit_of=None):
        beta = beta / unit(unit_of or (value if place == 0 else sd))
        beta = np.delete(beta, place - 1) if place else beta
        return beta if place == 0 else np.append(np.log(max(sd, 1e-2)), beta)

    starts = [start(scale, beta) for scale in (sd, 0.3, 1.0, 4.0)]
    if place == 0:  # coefficients that grow with it
        starts = [starts[0], start(sd, beta, unit_of=sd or 1.0)]
    elif place:  # everything moved as far as what is held
        times = value / beta[place - 1]
        starts += [start(max(sd, 0.1) * abs(times) ** power, beta * times) for power in (1, 2)]
    starts += [starts[0] + rng.normal(size=len(starts[0])) * 0.5]
    best = lowest(deviance, starts, polish=True)
    none = np.inf if place == 0 else lowest(lambda rest: deviance(np.append(-30.0, rest)), [starts[0][1:]])
    return min(best, none)


def held_glm(fit, parameter, value, rng):
    """Smallest -2 log-likelihood of a glm with one coefficient held, but for a constant."""
    names = list(fit.design.x_names)
    whole, _ = free_and_held(names, parameter, value)
    weights = np.ones(fit.nobs) if fit.design.weights is None else fit.design.weights
    family, own = fit.family, fit.fixef.to_numpy()
    keep = [i for i, name in enumerate(names) if name != parameter]

    def deviance(free):
        eta = fit.design.X @ whole(free)
        return -2 * log_density(family.name, family.link.name, fit.design.y, eta, weights, fit.sigma**2).sum()

    near = own[keep]
    starts = [near] if keep == list(range(len(names))) else []
    starts += [near + rng.normal(size=len(keep)) * scale for scale in (0.0, 0.5, 2.0, 4.0)]
    return lowest(deviance, starts)


HELD = {linear: held_linear, generalised: held_glmm, fixed: held_glm}


def wrong_limits(make, seed, count):
    """Limits, of `count` parameters of a fit, whose deviance has not risen as it should have."""
    fit = make(seed)
    rng = np.random.default_rng(seed)
    ml = fit.update(reml=False) if make is linear and fit.is_reml else fit
    if any("separated" in message for message in fit.messages) or not fit.converged:
        return []  # no minimum, and they say so
    names = list(ml.confint(method="wald").index)
    singular = bool(fit.design.terms) and fit.is_singular
    chosen = [names[i] for i in rng.permutation(len(names))[:count]]
    if singular and make is not fixed:  # where it is difficult
        chosen = list(dict.fromkeys([ml.design.x_names[-1], *chosen]))[:count]
    minimum = HELD[make](ml, None, None, rng)
    table = fit.confint(parm=chosen)
    wrong = []
    for parameter, limits in table.iterrows():
        for end, limit in limits.items():
            at_bound = (
                limit == 0
                if parameter.startswith("sd_")
                else parameter.startswith("cor_") and abs(limit) == 1
            )
            if np.isinf(limit):  # far out it is still inside
                limit, at_bound = np.sign(limit) * 1e3, True
            rise = HELD[make](ml, parameter, limit, rng) - minimum
            if not (rise < RISE + WITHIN if at_bound else abs(rise - RISE) < WITHIN):
                wrong.append((make.__name__, seed, parameter, end, limit, rise))
    return wrong


@pytest.mark.parametrize("make, seeds", [(linear, (22, 31)), (generalised, (4,)), (fixed, range(5))])
def test_limits_are_where_brute_force_finds_them(make, seeds):
    assert [wrong for seed in seeds for wrong in wrong_limits(make, seed, 1)] == []


def test_the_deviance_keeps_its_digits_where_probabilities_are_0_or_1():
    """Fifteen rows, four of five groups of one outcome: a standard deviation of 82 on the logit scale."""
    fit = generalised(1035)
    criterion = GlmmCriterion(fit.design, fit.family)
    for sd, beta in [(82.0, (-28.0, 14.7)), (4e3, (-314.1, 261.4)), (1.4e15, (-228.9, 138.4))]:
        x = np.append(criterion.from_original(np.array([sd])), criterion.pack(np.array(beta), 1.0))
        expected = laplace_deviance(fit, [sd], np.array(beta))
        assert criterion.trial(x).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_limits_of_groups_that_differ_without_end():
    assert wrong_limits(generalised, 1035, 3) == []


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
@pytest.mark.parametrize("make, each, count", [(linear, 12, 2), (generalised, 8, 2), (fixed, 10, 3)])
def test_three_hundred_fits(make, each, count, block):
    seeds = range(1000 + block * each, 1000 + (block + 1) * each)
    assert [wrong for seed in seeds for wrong in wrong_limits(make, seed, count)] == []


def test_lm_limits_are_where_the_sum_of_squares_has_risen_by_t_squared():
    for seed in range(20):
        data, rng = made(seed)
        data["y"] = data["eta"] + rng.normal(size=len(data))
        fit = lk.lm("y ~ x + z", data, weights="w" if seed % 2 else None)
        root = np.sqrt(data["w"].to_numpy() if seed % 2 else np.ones(len(data)))
        X, y = fit.design.X * root[:, None], fit.design.y * root
        for j, (low, high) in enumerate(fit.confint().to_numpy()):
            others = np.delete(X, j, axis=1)
            for limit in (low, high):
                target = y - limit * X[:, j]
                rss = target @ (target - others @ np.linalg.lstsq(others, target, rcond=None)[0])
                expected = fit.sigma**2 * stats.t.ppf(0.975, fit.df_resid) ** 2
                assert rss - fit.deviance == pytest.approx(expected, rel=1e-8)
