"""The conditional modes: the highest of several, held against a search from many places."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.families import Binomial, Gamma, Poisson
from lmmkit.formula.parse import parse
from lmmkit.likelihood.glmm import GlmmCriterion
from tests.hard_designs import link_design

FAMILIES = {
    "sqrt": Poisson(link="sqrt"),
    "cauchit": Binomial(link="cauchit"),
    "identity": Gamma(link="identity"),
}


def criterion_of(name: str, seed: int) -> GlmmCriterion:
    formula, data, _, _ = link_design(4 * seed)
    if name == "cauchit":
        data["y"] = (data["y"] > data["y"].median()).astype(int)
    if name == "identity":
        data["y"] = data["y"] + 0.5
    return GlmmCriterion(build_design(parse(formula), data, binary_response=True), FAMILIES[name])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", FAMILIES)
def test_no_other_start_leads_to_a_higher_mode(name, seed):
    criterion, rng = criterion_of(name, seed), np.random.default_rng(seed)
    point = criterion.point(criterion.start())
    assert point is not None
    for scale in np.repeat([0.5, 1.0, 2.0, 4.0], 10):
        start = [part + scale * rng.normal(size=part.shape) for part in point.mode.u]
        with np.errstate(all="ignore"):
            other = point.search.climb(point.search.at(start))
        assert other is None or other.penalised > point.mode.penalised - 1e-6


def test_the_density_under_the_square_root_is_the_same_on_both_sides_of_zero():
    rows = Poisson(link="sqrt")
    y, eta = np.array([0.0, 1.0, 7.0]), np.array([0.3, 1.2, 2.5])
    ahead, behind = rows.derivatives(y, eta, None), rows.derivatives(y, -eta, None)
    for sign, a, b in zip((1, -1, 1, -1), ahead, behind, strict=True):
        np.testing.assert_allclose(a, sign * b)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [502, 504, 511, 523])
def test_a_link_with_two_branches_ends_where_the_integrated_likelihood_is_highest(seed):
    """Predictors near zero, so that many rows may be on either side of it: the integral is taken by brute force."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": np.repeat(range(8), 6), "x": rng.normal(size=48)})
    size, sd = rng.choice([0.3, 0.8, 2]) + 0.5 * data["x"], rng.choice([0.5, 1.2])
    data["y"] = rng.poisson((size + rng.normal(0, sd, 8)[data["g"]]) ** 2)
    x, y, nodes = data["x"].to_numpy()[:, None], data["y"].to_numpy()[:, None], np.linspace(-6, 6, 241)
    weights = np.exp(-(nodes**2) / 2) * 0.05 / np.sqrt(2 * np.pi)

    def integrated(at):
        eta = at[1] + at[2] * x + at[0] * nodes
        rows = stats.poisson.logpmf(y, eta**2)
        groups = np.add.reduceat(rows, np.arange(0, 48, 6))
        return -2 * np.log(np.exp(groups) @ weights).sum()

    fit = lk.glmer("y ~ x + (1 | g)", data, Poisson(link="sqrt"))
    found = integrated([fit.varcorr.components[0].sd[0], *fit.fixef])
    starts = [(sd, a, b) for sd in (0.3, 1.5) for a in (0.1, 0.8) for b in (-0.5, 0.1, 0.5)]
    lowest = min(minimize(integrated, start, method="Nelder-Mead").fun for start in starts)
    assert found < lowest + 1
