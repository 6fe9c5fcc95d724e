"""Other searches of the same model. Values: R 4.2.2, lme4 1.1-31, `summary(allFit(m))`."""

import numpy as np
import pytest

import lmmkit as lk
from tests.hard_designs import hard_design
from tests.lme4_reference import load
from tests.valleys import reference


def test_all_searches_end_where_those_of_lme4_end():
    found = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")).all_fit(seed=1)
    assert list(found.index[:5]) == ["lmmkit", "bfgs", "l_bfgs_b", "nelder_mead", "powell"]
    np.testing.assert_allclose(found["objective"], 2 * 871.814135979, rtol=0, atol=1e-6)
    ends = found[["(Intercept)", "Days", "sd_(Intercept)|Subject", "sd_Days|Subject", "sigma"]]
    np.testing.assert_allclose(ends, [[251.4051, 10.46729, 24.7405, 5.92213, 25.5918]] * 7, rtol=5e-6)
    assert found["converged"].all() and (found["seconds"] > 0).all()
    assert found.notes == ["All 7 searches end within 0.0001 of the lowest objective."]


def test_a_search_that_ends_in_another_valley_is_named():
    """lme4 ends where the other searches end, 290 above the usual fit."""
    hard = hard_design(98)
    found = lk.lmer(hard.formula, hard.data, reml=hard.reml).all_fit(["bfgs", "Nelder_Mead"], n_starts=0)
    np.testing.assert_allclose(found["objective"].iloc[1:], reference()["designs"][98], rtol=0, atol=1e-3)
    np.testing.assert_allclose(found["difference"], [0, 290.264354, 290.264354], rtol=0, atol=1e-3)
    assert "bfgs and nelder_mead ended higher" in found.notes[1]


@pytest.mark.parametrize("options", [{}, {"n_agq": 0}, {"n_agq": 5}, {"zero_inflation": "~ 1"}], ids=str)
def test_generalised_models_are_searched_by_their_own_criterion(options):
    data = load("cbpp")
    fit = lk.glmer("incidence ~ period + (1 | herd)", data, "poisson", **options)
    found = fit.all_fit(["l_bfgs_b"], n_starts=1, seed=1)
    np.testing.assert_allclose(found["objective"], fit.estimate.objective, atol=1e-6)
    np.testing.assert_allclose(
        found.loc["l_bfgs_b", "sd_(Intercept)|herd"], fit.varcorr.frame["sdcor"][0], rtol=1e-3
    )


def test_what_all_fit_refuses():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))
    with pytest.raises(lk.ModelError, match="methods must be one of 'bfgs'"):
        fit.all_fit("bobyqa")
    with pytest.raises(lk.ModelError, match="n_starts must be a whole number"):
        fit.all_fit(n_starts=-1)
