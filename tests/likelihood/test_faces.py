"""Where structured covariances are looked at before a search, and ways down that are not gone to their end."""

import numpy as np
import pandas as pd
import pytest

from lmmkit.design.design import build_design
from lmmkit.likelihood.faces import Faces, has_faces
from lmmkit.likelihood.fit_lmm import fit_lmm
from lmmkit.likelihood.grid import Grid, dense_parts
from lmmkit.likelihood.level_blocks import distinct_blocks
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.search import HARDLY_HIGHER, Place, best_of
from lmmkit.numerics.trust_region import Search, Trial, minimise, polish
from lmmkit.structures.known import structure_of


def cells(k, groups, share=1.0, seed=0, rows=1):
    rng = np.random.default_rng(seed)
    pairs = [(g, f) for g in range(groups) for f in range(k) for _ in range(rows)]
    frame = pd.DataFrame(pairs, columns=["g", "f"])
    frame["y"] = rng.normal(size=len(frame)) + rng.normal(size=groups)[frame["g"]] * (frame["f"] > 0)
    return frame.sample(frac=share, random_state=seed).astype({"g": str, "f": str})


def criterion_of(term, frame, reml=False):
    return Criterion(build_design(f"y ~ 1 + {term}", frame), reml)


@pytest.mark.parametrize(
    ("tag", "k", "hom", "expected"),
    [("cs", 3, False, True), ("ar1", 5, False, True), ("cs", 2, False, False), ("ar1", 4, True, False)],
)
def test_faces_are_of_one_correlation_and_several_standard_deviations(tag, k, hom, expected):
    assert has_faces(structure_of(tag, k, hom)) == expected
    assert not has_faces(structure_of("diag", 4, False)) and not has_faces(structure_of("us", 3, False))


def test_every_set_of_effects_is_left_out_where_that_is_cheap_and_fewer_where_not():
    criterion = criterion_of("cs(0 + f | g)", cells(3, 12))
    faces = Faces.of(criterion, criterion.moments(), criterion.sums.lead)
    par = criterion.structures[0].par(faces.thetas)
    gone = {tuple(row) for row in (par[:, :3] < 0.1 * par[:, :3].max(axis=1, keepdims=True)).astype(int)}
    assert {(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)} <= gone
    many = np.random.default_rng(1).normal(size=(60, 3, 3))
    fewer = Faces.of(criterion, criterion.moments(), np.tile(many, (40, 1, 1)))
    assert len(fewer.thetas) == len(faces.thetas)  # the same 60 blocks over and over
    dear = np.random.default_rng(1).normal(size=(4000, 3, 3))
    assert Faces.of(criterion, criterion.moments(), dear) is None


def test_the_grid_is_the_criterion_where_some_levels_have_the_same_cells():
    criterion = criterion_of("cs(0 + f | g)", cells(4, 30, share=0.8), reml=True)
    kinds, of_level = distinct_blocks(criterion.sums.lead)
    assert len(kinds) < len(of_level)
    np.testing.assert_array_equal(kinds[of_level], criterion.sums.lead)
    thetas = np.random.default_rng(2).normal(size=(7, 5))
    grid = Grid(
        criterion,
        dense_parts(criterion.layout, criterion.sums, criterion.p),
        True,
        criterion.nu,
        (thetas, (7,)),
    )
    one = grid.value(criterion._parts()) + criterion._constant
    np.testing.assert_allclose(one, [criterion.trial(theta).value for theta in thetas], rtol=1e-10)
    sums, p = criterion.sums, criterion.p
    of_y = sums.lead_d[None, ..., p], sums.rest_d[None, :, p], sums.dd[None, :p, p], sums.dd[p, p:]
    np.testing.assert_allclose(grid.values(*of_y)[0] + criterion._constant, one, rtol=1e-10)


def test_a_place_that_is_much_higher_than_the_lowest_end_is_passed_over():
    criterion = criterion_of("cs(0 + f | g)", cells(3, 12))
    end = minimise(criterion.trial, criterion.identity())
    places = [
        Place("first", criterion.identity()),
        Place("near", end.x + 0.1, value=end.value + 0.9 * HARDLY_HIGHER),
        Place("far", end.x + 0.1, value=end.value + 1.1 * HARDLY_HIGHER),
    ]

    def downhill(x, **known):
        return minimise(criterion.trial, x, **known)

    visits = best_of(criterion, places, downhill, "")[1]
    assert [visit.why for visit in visits[:2]] == ["first", "near"]
    assert "far" not in [visit.why for visit in visits]
    assert visits[0].reached == visits[1].reached  # the second way is told to lead to the same end


def test_a_way_down_joins_an_end_only_where_the_quadratic_model_foretells_it():
    criterion = criterion_of("ar1(0 + f | g, hom = FALSE)", cells(3, 12, rows=3))
    end = minimise(criterion.trial, criterion.identity())
    joins = criterion.joins([end])
    close = (end.x + 0.01) * np.array([-1, 1, 1, 1])  # the sign of an entry means nothing
    assert joins(close, criterion.trial(close).value) is end
    assert joins(end.x, end.value + 0.5) is None and joins(end.x + 2, end.value + 0.5) is None
    assert criterion_of("(0 + f | g)", cells(3, 12)).joins([end]) is None


def test_the_last_digits_are_not_looked_for_up_a_ridge():
    def ridge(x):  # rises towards where it is level
        return Trial(float(-1 / (1 + x @ x)), lambda: 2 * x / (1 + x @ x) ** 2, lambda: np.eye(1))

    start = ridge(np.array([-1.0]))
    search = Search(np.array([-1.0]), start.value, start.gradient(), 1)
    polish(ridge, search, 0.1 * np.eye(1))  # a step of 5 up the other side, where the slope is small
    assert search.value <= start.value


def test_an_effect_left_out_is_found_where_the_others_correlate_by_one():
    # Effects of one row a cell, of which the first goes its own way.
    rng = np.random.default_rng(3)
    frame = cells(4, 14, seed=3)
    shared = rng.normal(0, 3, 14)
    which = frame["g"].astype(int).to_numpy()
    frame["y"] = np.where(frame["f"].isin(["1", "3"]), shared[which], 0) + rng.normal(size=len(frame))
    criterion = criterion_of("cs(0 + f | g)", frame)
    fit = fit_lmm(criterion.design, reml=False)
    restarts = []
    for _ in range(5):
        x = criterion.structures[0].from_sds(np.exp(rng.normal(0, 1, 4)), rng.uniform(-0.95, 0.95))
        restarts.append(minimise(criterion.trial, x).value)
    assert fit.converged and fit.objective <= min(restarts) + 1e-6


def test_larger_effects_of_nearly_certain_outcomes_are_tried():
    structure = structure_of("cs", 2, False)
    x = structure.from_sds(np.array([2.0, 0.01]), 0.5)
    grown = [structure.par(moved) for moved in structure.grown(x)]
    np.testing.assert_allclose(grown, [[6.0, 0.01, 0.5]])
    assert not list(structure_of("diag", 2, False).grown(np.ones(2)))
