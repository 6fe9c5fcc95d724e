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
from lmmkit.inference.profile import ROUNDED

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
            return weights * (y * eta - np.logaddexp(0, eta))
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
    """-2 log-likelihood by Laplace's approximation, modes by Newton's method (canonical links)."""
    y, name = fit.design.y, fit.family.name
    ((Z, G),) = covariance_of(fit, values)
    ZL = Z * np.sqrt(np.diag(G))
    u, fixed_part = np.zeros(Z.shape[1]), fit.design.X @ beta
    ones = np.ones(len(y))

    def penalised(u):
        return log_density(name, fit.family.link.name, y, fixed_part + ZL @ u, ones, 1.0).sum() - u @ u / 2

    best = penalised(u)
    for _ in range(100):
        eta = fixed_part + ZL @ u
        mu = np.exp(np.minimum(eta, 300)) if name == "poisson" else expit(eta)
        weight = mu if name == "poisson" else mu * (1 - mu)
        H = np.eye(len(u)) + ZL.T @ (weight[:, None] * ZL)
        step = np.linalg.solve(H, ZL.T @ (y - mu) - u)
        size = 1.0
        while penalised(u + size * step) < best and size > 1e-8:
            size /= 2
        u, before = u + size * step, best
        best = penalised(u)
        if best - before < 1e-11:
            break
    return -2 * best + np.linalg.slogdet(H)[1]


# ---- brute force ----


def lowest(deviance, starts):
    """The smallest value that a quasi-Newton search finds from any start."""

    def finite(at):
        with np.errstate(all="ignore"):
            value = deviance(at) if np.abs(at).max(initial=0.0) < 1e6 else np.nan
        return value if np.isfinite(value) else 1e10

    found = [minimize(finite, start, method="BFGS", options={"gtol": 1e-7}).fun for start in starts]
    return min(found)


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
    """Smallest Laplace deviance with one parameter held."""
    names = [*in_order(fit), *fit.design.x_names]
    whole, size = free_and_held(names, parameter, value)
    own = np.append(fit.varcorr.components[0].sd, fit.fixef)
    keep = [i for i, name in enumerate(names) if name != parameter]
    starts = [own[keep], *(own[keep] + rng.normal(size=size) * 0.5 for _ in range(3))]
    if parameter not in in_order(fit):
        starts += [np.append(scale, own[keep][1:]) for scale in (0.3, 1.0)]
    return lowest(lambda free: laplace_deviance(fit, whole(free)[:1], whole(free)[1:]), starts)


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
    if ROUNDED in table.notes:
        return []  # and that is said: see the test below
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


def test_limits_that_rounding_decides_are_said_to_be_so():
    """Fifteen rows, four of five groups of one outcome: a standard deviation of 82 on the logit scale."""
    fit = generalised(1035)
    assert fit.varcorr.frame["sdcor"].iloc[0] > 36
    assert ROUNDED in fit.confint(parm=["(Intercept)"]).notes
    assert ROUNDED not in generalised(1001).confint(parm=["(Intercept)"]).notes


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
