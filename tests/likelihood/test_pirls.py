"""The conditional modes: the highest of several, held against a search from many places."""

import numpy as np
import pytest

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
