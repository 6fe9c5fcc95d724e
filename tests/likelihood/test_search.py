"""The search finds the lowest valley: held against twelve other starts and against lme4."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.families import resolve
from lmmkit.formula.parse import parse
from lmmkit.likelihood.fit_glmm import fit_criterion as fit_glmm_criterion
from lmmkit.likelihood.fit_lmm import fit_criterion
from lmmkit.likelihood.glmm import GlmmCriterion
from lmmkit.likelihood.lmm import Criterion
from tests.exact_deviance import exact_objective
from tests.hard_designs import (
    cauchit_design,
    extreme_design,
    hard_design,
    hard_glmm_design,
    link_design,
    precise_design,
    wide_design,
)
from tests.valleys import DESIGNS, LINK_DESIGNS, builder_models, lowest_of_eight, lowest_of_twelve, reference

#: Three seeds of every kind.
SAMPLE = range(18)


def above(seed: int) -> tuple[float, float]:
    """How far the fit ends above the other starts, and above lme4."""
    hard = hard_design(seed)
    criterion = Criterion(build_design(parse(hard.formula), hard.data), hard.reml)
    found = fit_criterion(criterion).objective
    return found - lowest_of_twelve(criterion, seed), found - reference()["designs"][seed]


@pytest.mark.parametrize("seed", SAMPLE)
def test_no_other_start_and_not_lme4_finds_less(seed):
    assert max(above(seed)) < 1e-4


@pytest.mark.slow
def test_no_other_start_and_not_lme4_finds_less_in_500_hard_designs():
    worse = {seed: above(seed) for seed in range(DESIGNS)}
    assert {seed: by for seed, by in worse.items() if not max(by) < 1e-4} == {}


def wide_above(seed: int) -> float:
    """The same for models of three to five effects; the right value is the lowest of twelve other ways down."""
    hard = wide_design(seed)
    try:
        found = lk.lmer(hard.formula, hard.data, reml=hard.reml).estimate
    except lk.DataError:
        return -np.inf  # as many random effects as rows
    if found.endless:  # it falls for ever, and where a search is stopped on the way says nothing
        return np.inf if found.converged else -np.inf
    return found.objective - lowest_of_twelve(
        Criterion(build_design(parse(hard.formula), hard.data), hard.reml), seed
    )


@pytest.mark.parametrize("seed", [3, 12, 848])
def test_no_other_start_finds_less_for_many_effects(seed):
    assert wide_above(seed) < 1e-4


@pytest.mark.slow
def test_no_other_start_finds_less_for_many_effects_in_60_designs():
    worse = {seed: wide_above(seed) for seed in range(3000, 3060)}
    assert {seed: by for seed, by in worse.items() if not by < 1e-4} == {}


#: The lowest of bobyqa and nloptwrap from three starts (lme4 1.1-31, R 4.2.2).
PRECISE = {273: 352.406493696, 445: 262.571851465}
#: Fixed effects at the optimum in extended precision (Newton's method on the n x n covariance, numpy.longdouble).
EXACT = {445: [9.8196101, -3.5229578]}


@pytest.mark.parametrize("seed", PRECISE)
def test_effects_hundreds_of_times_the_residuals(seed):
    hard = precise_design(seed)
    fit = lk.lmer(hard.formula, hard.data, reml=False)
    assert fit.deviance < PRECISE[seed] + 1e-5 and fit.converged
    one_of_many = lk.fit_many(
        [hard.data["y"], hard.data["x"] ** 2], hard.formula.replace("y", "", 1), hard.data, reml=False
    )
    if seed in EXACT:
        np.testing.assert_allclose(fit.fixef, EXACT[seed], rtol=1e-6)
    np.testing.assert_allclose(one_of_many.fixef.iloc[0], fit.fixef, rtol=1e-5)


@pytest.mark.parametrize("seed", [90, 134, 137])
def test_the_criterion_of_a_nearly_exact_fit_is_that_of_extended_precision(seed):
    hard = precise_design(seed, (2.3, 4.3))
    fit = lk.lmer(hard.formula, hard.data, reml=hard.reml)
    factors = fit.estimate.factors
    lowest = exact_objective(fit, factors)
    assert fit.converged and fit.estimate.objective == pytest.approx(lowest, abs=1e-5)
    for t, i, j in [
        (t, *at) for t, T in enumerate(factors) for at in zip(*np.tril_indices(len(T)), strict=True)
    ]:
        for share in (0.98, 1.02):
            moved = [T.copy() for T in factors]
            moved[t][i, j] *= share
            assert exact_objective(fit, moved) > lowest - 1e-7


@pytest.mark.parametrize("ratio", [1e2, 1e3, 1e4])
def test_what_the_data_leave_open_of_large_effects(ratio):
    """Of groups of five rows, however much they differ, a mean is known to sigma / sqrt(5); shrinkage takes nothing."""
    rng, g = np.random.default_rng(0), np.repeat(np.arange(8), 5)
    data = pd.DataFrame({"g": g, "y": rng.normal(size=40) + ratio * rng.normal(size=8)[g]})
    fit = lk.lmer("y ~ 1 + (1 | g)", data)
    shrunk = 1 / (5 + 1 / fit.theta[0] ** 2)
    np.testing.assert_allclose(fit.ranef_sd()["g"].iloc[:, 0], fit.sigma * np.sqrt(shrunk), rtol=1e-6)


def test_many_responses_of_nearly_exact_fits_have_the_criterion_of_extended_precision():
    hard = precise_design(134, (2.3, 4.3))
    fit = lk.lmer(hard.formula, hard.data, reml=hard.reml)
    right_side = hard.formula.partition("y ")[2]
    many = lk.fit_many([hard.data["y"], hard.data["x"] ** 2], right_side, hard.data, reml=hard.reml)
    exact = exact_objective(fit, fit.estimate.factors)
    assert many.status["objective"].iloc[0] == pytest.approx(exact, abs=1e-5)


@pytest.mark.slow
def test_no_other_start_finds_less_where_effects_are_far_larger_than_the_residuals():
    worse = {}
    for seed in range(165, 180):
        hard = precise_design(seed)
        criterion = Criterion(build_design(parse(hard.formula), hard.data), hard.reml)
        by = fit_criterion(criterion).objective - lowest_of_twelve(criterion, seed)
        if not by < 1e-4:
            worse[seed] = by
    assert worse == {}


@pytest.mark.parametrize(
    ("data", "formula"),
    [
        ("owl_wing", "Wing ~ Implant + (Age || Ring)"),
        ("owl_wing", "Wing ~ 1 + (Age || Ring)"),
        ("owl_wing", "Wing ~ 1 + (0 + Age | Ring)"),
        ("owl_wing", "Wing ~ Implant + (0 + Age | Ring)"),
        ("biomarker", "Disease ~ 1 + (0 + Biomarker | Cohort)"),
        ("biomarker", "Disease ~ 1 + (Biomarker || Cohort)"),
    ],
)
def test_models_with_two_valleys(data, formula):
    lme4 = {(name, text): value for name, text, value in reference()["models"]}
    fit = lk.lmer(formula, lk.load_data(data))
    assert fit.reml_criterion < lme4[data, formula] + 1e-4
    assert fit.converged


@pytest.mark.slow
def test_every_model_of_the_model_builder():
    lme4 = {(name, text): value for name, text, value in reference()["models"]}
    models = builder_models()
    assert set(models) == set(lme4)
    worse = {}
    for number, (name, formula) in enumerate(models):
        criterion = Criterion(build_design(parse(formula), lk.load_data(name)))
        found = fit_criterion(criterion).objective
        bound = min(lowest_of_twelve(criterion, number), lme4[name, formula])
        if not found < bound + 1e-4:
            worse[name, formula] = found - bound
    assert worse == {}


def test_optinfo_says_where_the_search_looked():
    fit = lk.lmer("Wing ~ Implant + (Age || Ring)", lk.load_data("owl_wing"))
    places = fit.optinfo["places"]
    assert places.columns.tolist() == ["why", "theta1", "theta2", "objective", "reached"]
    assert len(places) >= 2
    assert places["reached"].min() == pytest.approx(fit.reml_criterion, abs=1e-6)
    assert places["reached"].max() > fit.reml_criterion + 100  # the other valley
    assert (places["objective"] >= places["reached"]).all()


def test_a_single_valley_is_descended_once(sleepstudy):
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    assert len(fit.optinfo["places"]) == 1
    assert fit.optinfo["n_evaluations"] < 10


@pytest.fixture(scope="module")
def sleepstudy() -> pd.DataFrame:
    return lk.load_data("sleepstudy")


@pytest.mark.parametrize("start", [0.0, 1e-6, 1.0, 1e4, 1e8, 1e150, 1e200, 1e308])
@pytest.mark.parametrize("formula", ["(1 | Subject)", "(Days | Subject)", "(Days || Subject)"])
def test_any_start_leads_to_the_same_end(sleepstudy, formula, start):
    model = f"Reaction ~ Days + {formula}"
    best = lk.lmer(model, sleepstudy)
    with np.errstate(all="raise"):
        fit = lk.lmer(model, sleepstudy, start=[start] * len(best.theta))
    assert fit.reml_criterion == pytest.approx(best.reml_criterion, abs=1e-6)
    assert fit.converged


def glmm_above(seed: int) -> float:
    formula, data, family = hard_glmm_design(seed)
    criterion = GlmmCriterion(build_design(parse(formula), data, binary_response=True), resolve(family))
    return fit_glmm_criterion(criterion).objective - lowest_of_eight(criterion, seed)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_start_of_a_glmm_finds_less(seed):
    assert glmm_above(seed) < 1e-4


@pytest.mark.slow
def test_no_other_start_of_a_glmm_finds_less_in_100_hard_designs():
    worse = {seed: glmm_above(seed) for seed in range(100)}
    assert {seed: by for seed, by in worse.items() if not by < 1e-4} == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 8, 13, 21, 34])
def test_no_other_start_finds_less_where_groups_are_all_zeros_or_all_ones(seed):
    formula, data, link = extreme_design(seed)
    design = build_design(parse(formula), data, binary_response=True)
    criterion = GlmmCriterion(design, lk.families.Binomial(link=link))
    assert fit_glmm_criterion(criterion).objective - lowest_of_eight(criterion, seed) < 1e-4


def link_above(seed: int) -> float:
    """How far a fit ends above lme4's, for links under which there may be several conditional modes, and others."""
    formula, data, family, link = link_design(seed)
    given = lk.families.Poisson(link=link) if family == "poisson" else lk.families.Binomial(link=link)
    lme4 = reference()["links"][seed]
    return -np.inf if lme4 is None else lk.glmer(formula, data, given).estimate.objective - lme4


@pytest.mark.parametrize("seed", range(24))
def test_no_link_ends_above_lme4(seed):
    assert link_above(seed) < 1e-4


@pytest.mark.slow
def test_no_link_ends_above_lme4_in_60_designs():
    worse = {seed: link_above(seed) for seed in range(LINK_DESIGNS)}
    assert {seed: by for seed, by in worse.items() if not by < 1e-4} == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3, 5, 6])
def test_no_other_start_finds_less_under_the_cauchit_link(seed):
    formula, data = cauchit_design(seed)
    criterion = GlmmCriterion(
        build_design(parse(formula), data, binary_response=True), lk.families.Binomial(link="cauchit")
    )
    assert fit_glmm_criterion(criterion).objective - lowest_of_eight(criterion, seed) < 1e-4


@pytest.mark.parametrize("seed", [*range(6), 242])
def test_many_responses_end_where_each_alone_does(seed):
    hard = hard_design(seed)
    rng = np.random.default_rng(seed)
    y = hard.data["y"].to_numpy()
    responses = np.array([y, y + y.std() * rng.normal(size=len(y)), rng.normal(size=len(y)), y[::-1]])
    many = lk.fit_many(responses, hard.formula.partition("y ")[2], hard.data, reml=hard.reml)
    alone = [
        lk.lmer(hard.formula, hard.data.assign(y=row), reml=hard.reml).estimate.objective for row in responses
    ]
    np.testing.assert_allclose(many.status["objective"], alone, atol=1e-5)


@pytest.mark.parametrize("start", [1e160, 1e200, 1e308])
@pytest.mark.parametrize("formula", ["(1 | Subject)", "(Days | Subject)"])
def test_a_start_at_which_nothing_can_be_computed_is_refused(sleepstudy, formula, start):
    length = 1 if "1 |" in formula else 3
    with np.errstate(all="raise"), pytest.raises(lk.ModelError, match="cannot be computed at this start"):
        lk.lmer(f"Reaction ~ Days + {formula}", sleepstudy, start=[start] * length, optimize=False)
