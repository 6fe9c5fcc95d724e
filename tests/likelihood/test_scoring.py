"""A step of Fisher scoring: the whole way in balanced data, and never taken where it leads up or nowhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.many_criterion import ManyCriterion, Points
from lmmkit.likelihood.scoring import scored, scored_many
from lmmkit.structures.known import structure_of


def balanced(seed, slope=1.0, both=0.0):
    """12 groups of 6 rows, each with the same values of x and f, and 3 crossed items; `both` counts for f alone."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame([(g, i) for g in range(12) for i in range(6)], columns=["g", "i"])
    data = data.assign(x=data["i"] - 2.5, h=data["i"] % 3, f=data["i"] % 2)
    effects, items = rng.normal(0, 2, (12, 2)), rng.normal(0, 3, 3)
    y = effects[data["g"], 0] + slope * effects[data["g"], 1] * data["x"] + items[data["h"]]
    y += both * effects[data["g"], 1] * data["f"]
    return data.assign(y=y + rng.normal(size=len(data))).astype({"g": str, "h": str, "f": str})


@pytest.mark.parametrize(
    ("formula", "slope", "both"),
    [
        ("y ~ x + h + (1 | g)", 0, 0),
        ("y ~ x + h + (x | g)", 1, 0),
        ("y ~ 1 + (1 | g) + (1 | h)", 0, 0),
        ("y ~ h + f + diag(0 + f | g)", 0, 1),
        ("y ~ h + f + cs(0 + f | g)", 0, 1),
        ("y ~ h + f + cs(0 + f | g, hom = TRUE)", 0, 1),
    ],
)
def test_one_step_is_the_way_in_balanced_data(formula, slope, both):
    criterion = Criterion(build_design(formula, balanced(1, slope, both)))
    [place] = criterion.places()
    step = scored(criterion, criterion.point(place.x))
    end = criterion.point(step.theta)
    np.testing.assert_allclose(criterion.gradient(end), 0, atol=1e-8)
    assert step.left(criterion.gradient(end)) < 1e-16
    assert fit_lmm(criterion.design).n_evaluations == 2


def test_the_variances_are_those_of_the_analysis_of_variance():
    data = balanced(2, slope=0.0)
    data["y"] -= data.groupby("h")["y"].transform("mean")
    fit = lk.lmer("y ~ 1 + (1 | g)", data)
    means = data.groupby("g")["y"].mean()
    within = ((data["y"] - data["g"].map(means)) ** 2).sum() / 60
    between = (means.var(ddof=1) * 6 - within) / 6
    assert fit.sigma**2 == pytest.approx(within, rel=1e-10)
    assert (fit.sigma * fit.par[0]) ** 2 == pytest.approx(between, rel=1e-9)


def test_where_a_variance_would_be_negative_there_is_no_step():
    data = balanced(3, slope=0.0).assign(y=np.tile([1.0, 2, 3, 4, 5, 7], 12))
    data["y"] += np.random.default_rng(1).normal(0, 0.1, 72)
    criterion = Criterion(build_design("y ~ 1 + (1 | g)", data))
    assert scored(criterion, criterion.point(np.array([0.3]))) is None
    assert fit_lmm(criterion.design).par[0] == 0


@pytest.mark.parametrize("reml", [True, False])
def test_unbalanced_data_end_where_the_search_alone_ends(reml):
    data = balanced(4).sample(frac=0.7, random_state=1)
    design = build_design("y ~ x + (x | g) + (1 | h)", data)
    fit = fit_lmm(design, reml)
    far = fit_lmm(design, reml, start=np.array([5.0, 1, 4, 3]))
    assert fit.objective == pytest.approx(far.objective, abs=1e-8)


@pytest.mark.parametrize(("tag", "k", "hom"), [("us", 3, False), ("diag", 3, False), ("diag", 3, True)])
@pytest.mark.parametrize("rho", [0.3])
def test_parameters_come_back_from_their_covariance(tag, k, hom, rho):
    comes_back(structure_of(tag, k, hom), rho)


@pytest.mark.parametrize("tag", ["cs", "ar1"])
@pytest.mark.parametrize("hom", [True, False])
@pytest.mark.parametrize("rho", [-0.2, 0.0, 0.6])
def test_correlations_come_back_too(tag, hom, rho):
    comes_back(structure_of(tag, 2, hom), rho)
    if tag == "cs":
        comes_back(structure_of(tag, 4, hom), rho)


def comes_back(structure, rho):
    x = structure.from_sds(
        np.linspace(0.5, 2, structure.k) if not structure.homogeneous else np.ones(structure.k), rho
    )
    covariance = structure.covariance(structure.par(x))
    again = structure.near_covariance(covariance)
    np.testing.assert_allclose(structure.covariance(structure.par(again)), covariance, atol=1e-12)


@pytest.mark.parametrize("tag", ["us", "cs", "diag"])
def test_at_an_edge_there_are_none(tag):
    structure = structure_of(tag, 2, False)
    assert structure.near_covariance(np.array([[1.0, 0.2], [0.2, -0.1]])) is None
    if tag != "diag":
        assert structure.near_covariance(np.array([[1.0, 1.2], [1.2, 1.0]])) is None


MANY = [
    "y ~ x + h + (x | g)",
    "y ~ 1 + (1 | g) + (1 | h)",
    "y ~ x + (x | g) + (1 | h)",
    "y ~ h + f + cs(0 + f | g)",
]


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("formula", MANY)
@pytest.mark.parametrize("rows", [72, 66], ids=["balanced", "unbalanced"])
def test_many_responses_step_as_each_alone(formula, reml, rows):
    data = balanced(4, both=1.0).sample(rows, random_state=1)
    many, rng = ManyCriterion(build_design(formula, data), reml), np.random.default_rng(5)
    assert many.is_balanced == (rows == 72)
    Y, theta = rng.normal(size=(6, rows)), many.identity() + 0.2 * rng.normal(size=(6, many.m))
    Y += data["y"].to_numpy()
    theta[0] = 1.01 * many.single.from_original(fit_lmm(replace(many.design, y=Y[0]), reml).par)
    theta[2] = 0.0
    points = Points(many, theta, many.responses(Y)[0])
    steps, hessians = scored_many(points), points.hessian()
    left = steps.left(points.gradient())
    for b, y in enumerate(Y):
        single = many.single.with_response(y)
        alone = single.point(theta[b])
        np.testing.assert_allclose(hessians[b], single.hessian(alone), rtol=1e-8, atol=1e-8)
        step = scored(single, alone)
        assert steps.possible[b] == (step is not None)
        if step is not None:
            np.testing.assert_allclose(steps.theta[b], step.theta, rtol=1e-7, atol=1e-7)
            assert left[b] == pytest.approx(step.left(single.gradient(alone)), rel=1e-7)
    assert steps.possible.any() and not steps.possible.all()
