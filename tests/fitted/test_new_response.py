"""Responses in every form that R's refit takes, and rows left out that come back. Values: lme4 1.1-31."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_reference import load


@pytest.fixture(scope="module")
def holes():
    data = load("sleepstudy").copy()
    data.loc[[1, 6], "Reaction"] = np.nan
    data["Days"] = data["Days"].astype(float)
    data.loc[4, "Days"] = np.nan
    return data


@pytest.fixture(scope="module")
def excluding(holes):
    return lk.lmer("Reaction ~ Days + (1 | Subject)", holes, na_action="exclude")


@pytest.fixture(scope="module")
def herds():
    return lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")


def test_all_rows_come_back(excluding, holes):
    assert excluding.nobs == 177
    used = holes.notna().all(axis=1)
    for values in (excluding.fitted, excluding.resid(), excluding.resid("studentized"), excluding.predict()):
        assert values.index.equals(holes.index)
        assert (values.notna() == used).all()
    table = excluding.predict(interval="confidence", se_fit=True)
    assert len(table) == 180
    assert table["se"].isna().sum() == 3
    assert excluding.simulate(2, seed=1).isna().sum().tolist() == [3, 3]
    assert excluding.predict(holes.head(4)).shape == (4,)  # new rows are new rows
    np.testing.assert_allclose(
        excluding.fitted.iloc[[0, 2, 3]], [291.9967812, 312.6846171, 323.028535], rtol=1e-6
    )
    np.testing.assert_allclose(excluding.resid().iloc[[0, 5]], [-42.436781249, 70.973729157], rtol=1e-5)


def test_what_the_library_needs_itself_has_no_holes(excluding):
    assert excluding.augment().notna().all(axis=None)
    assert len(excluding.influence()) == 177
    assert excluding.plot.residuals() is not None
    assert excluding.plot.diagnostics() is not None
    assert len(lk.simulate_residuals(excluding, seed=1).residuals) == 177
    assert "3 rows" in " ".join(excluding.messages)


def test_r_spells_it_so(holes):
    assert len(lk.lm("Reaction ~ Days", holes, na_action="na.exclude").fitted) == 180
    assert len(lk.lm("Reaction ~ Days", holes, na_action="na.omit").fitted) == 177
    duplicated = pd.concat([holes, holes]).set_axis([0] * 360)
    assert lk.lm("Reaction ~ Days", duplicated, na_action="exclude").fitted.isna().sum() == 6


def test_refit_to_a_full_column(excluding, holes):
    again = excluding.refit(holes["Reaction"] + 1)
    np.testing.assert_allclose(again.fixef, [252.91648571, 10.34387624], rtol=1e-5)
    same = excluding.refit((holes["Reaction"] + 1).to_numpy())
    np.testing.assert_allclose(same.fixef, again.fixef)


def test_refit_to_what_simulate_gives(excluding):
    draws = excluding.simulate(2, seed=1)
    assert excluding.refit(draws[["sim_1"]]).nobs == 177
    assert excluding.refit(draws["sim_1"]).nobs == 177
    with pytest.raises(lk.DataError, match="must be one column, not 2 columns"):
        excluding.refit(draws)


def test_refit_to_hits_and_misses(herds):
    """New numbers of trials as well."""
    data = load("cbpp").copy()
    hits = data["incidence"] + 1
    both = pd.DataFrame({"hits": hits, "misses": data["size"] + 1 - hits})
    again = herds.refit(both)
    fresh = lk.glmer("cbind(hits, misses) ~ period + (1 | herd)", data.assign(**both), "binomial")
    np.testing.assert_allclose(again.fixef, fresh.fixef, rtol=1e-6)
    assert again.loglik == pytest.approx(fresh.loglik)
    np.testing.assert_allclose(again.fixef, [-1.09909524, -0.64210943, -0.68702119, -0.77960657], atol=2e-4)
    assert again.loglik == pytest.approx(-102.39958, abs=1e-4)
    np.testing.assert_allclose(herds.refit(both.to_numpy()).fixef, fresh.fixef, rtol=1e-6)
    with pytest.raises(lk.DataError, match="counts below zero"):
        herds.refit(both - 5)
    with pytest.raises(lk.DataError, match="one column, or hits and misses, not 3"):
        herds.refit(both.assign(third=1))


def test_refit_to_levels():
    data = load("cbpp").copy()
    data["many"] = pd.Categorical(np.where(data["incidence"] > 1, "yes", "no"))
    fit = lk.glmer("many ~ 1 + (1 | herd)", data, "binomial")
    other = pd.Series(np.where(data["incidence"] > 0, "yes", "no"), index=data.index)
    assert fit.refit(other).fixef.iloc[0] == pytest.approx(0.43532083, rel=1e-4)
    np.testing.assert_allclose(fit.refit((other == "yes").astype(int)).fixef, fit.refit(other).fixef)
    with pytest.raises(lk.DataError, match="'perhaps'; the model's has the levels no and yes"):
        fit.refit(other.replace("yes", "perhaps"))
