"""What the capstone on owls says of chicks and broods."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk

FORMULA = "mass ~ I(age - 25) * implant + (I(age - 25) | brood / ring)"


@pytest.fixture(scope="module")
def owls():
    return lk.load_data("owls")


@pytest.fixture(scope="module")
def model(owls):
    return lk.lmer(FORMULA, owls)


@pytest.fixture(scope="module")
def broodless(owls):
    return lk.lmer("mass ~ I(age - 25) * implant + (I(age - 25) | ring)", owls)


def neighbours(owls, residuals):
    rows = owls.assign(now=residuals).sort_values(["ring", "age"])
    return rows["now"].corr(rows.groupby("ring", observed=True)["now"].shift(-1))


def test_weighings_chicks_and_broods(owls):
    """“We analysed 490 body masses of 104 barn owl nestlings, weighed up to five times each, in 22 broods”"""
    assert (len(owls), owls["ring"].nunique(), owls["brood"].nunique()) == (490, 104, 22)
    assert owls.groupby("ring", observed=True).size().max() == 5


def test_both_implants_are_in_every_brood(owls):
    """“which the design would allow”"""
    assert (owls.groupby("brood", observed=True)["implant"].nunique() == 2).all()


def test_growth_is_straight_and_the_lines_fan_out(owls):
    """“Growth is straight in these weeks, and the lines fan out.”"""
    chicks = [rows for _, rows in owls.groupby("ring", observed=True) if len(rows) == 5]
    bends = [np.polyfit(rows["age"], rows["mass"], 2)[0] for rows in chicks]
    assert stats.ttest_1samp(bends, 0).pvalue > 0.05
    slopes = [np.polyfit(rows["age"], rows["mass"], 1)[0] for rows in chicks]
    assert np.std(slopes) > 1
    # R 4.2.2: t.test of the bends of 78 lm, p 0.26172; sd of the slopes 1.39468
    assert stats.ttest_1samp(bends, 0).pvalue == pytest.approx(0.26172051, abs=1e-5)
    assert np.std(slopes, ddof=1) == pytest.approx(1.3946799, abs=1e-6)


def test_the_effects_of_the_implant(model):
    """“grew 1.2 g a day more slowly than their placebo siblings (95% interval 0.9 to 1.5), and at 25 days they were
    5.8 g lighter (1.6 to 10.0).”"""
    table = model.coef_table()
    # R 4.2.2, lmerTest 3.1-3 (bobyqa): 1.229103 (SE 0.1469065) and 5.770239 (SE 2.1435621)
    growth, mass = table.loc["I(age - 25):implantP"], table.loc["implantP"]
    assert (growth["estimate"], growth["std_error"]) == pytest.approx((1.229103, 0.1469065), rel=1e-3)
    assert (mass["estimate"], mass["std_error"]) == pytest.approx((5.770239, 2.1435621), rel=1e-3)
    ends = [5.770239 + sign * 1.96 * 2.1435621 for sign in (-1, 1)]
    assert [round(end, 1) for end in ends] == [1.6, 10.0]


def test_broods_differ_about_twice_as_much_as_chicks(model):
    """“Broods differed about twice as much as chicks of one brood did, both in mass at 25 days (SD 19 and 10 g) and in
    growth (1.0 and 0.6 g a day).”"""
    sds = model.varcorr.frame.query("var2.isna()").set_index(["grp", "var1"])["sdcor"]
    # R 4.2.2, lme4 1.1-31 (bobyqa)
    assert sds["ring:brood"].tolist() == pytest.approx([10.45076431, 0.5559904], rel=2e-3)
    assert sds["brood"].tolist() == pytest.approx([18.82881762, 1.04087851], rel=2e-3)
    for chicks, broods in zip(sds["ring:brood"], sds["brood"], strict=True):
        assert broods / chicks == pytest.approx(1.85, abs=0.1)


def test_neighbouring_residuals_lie_among_the_invented(owls, model):
    """“residuals around a fitted line change their sign. Yours lies among the invented ones” and “neighbouring
    residuals of a chick were no more alike than in masses that the model invented”"""
    studies = model.simulate(15, seed=3)
    invented = [neighbours(owls, model.refit(y).resid()) for _, y in studies.items()]
    assert max(invented) < 0
    assert min(invented) <= neighbours(owls, model.resid()) <= max(invented)
    found = neighbours(owls, model.resid())
    assert found == pytest.approx(-0.354761917, abs=2e-3)  # R 4.2.2, lme4 1.1-31: cor of resid(lmer)


def test_the_colleague_is_right_at_age_zero(owls, model):
    """“The two are the same model! At which age would the colleague be right?”"""
    colleague = lk.lmer("mass ~ age * implant + (age | brood / ring)", owls)
    assert colleague.loglik == pytest.approx(model.loglik, abs=1e-4)
    at_zero = model.fixef["implantP"] - 25 * model.fixef["I(age - 25):implantP"]
    assert colleague.fixef["implantP"] == pytest.approx(at_zero, abs=1e-2)
    assert owls["age"].min() > 10
    # R 4.2.2, lme4 1.1-31: REML logLik -1800.7676 of both; -24.957386, and -24.957332 by bobyqa
    assert model.loglik == pytest.approx(-1800.7676, abs=1e-3)
    assert at_zero == pytest.approx(-24.957386, abs=5e-3)


def test_without_broods_wrong_both_ways(model, broodless):
    """“Wrong both ways. Siblings are compared within their brood, so without it the implant looks too uncertain; growth
    is a matter of broods as well, so without them it looks too certain.”"""
    ratio = broodless.se / model.se
    # R 4.2.2, lmerTest 3.1-3: 2.03985408 and 0.70880724
    assert ratio["implantP"] == pytest.approx(2.03985408, abs=5e-3)
    assert ratio["I(age - 25)"] == pytest.approx(0.70880724, abs=3e-3)


def test_an_effect_that_differs_between_broods_is_hardly_better(owls, model):
    """“this also lets the implant's effect differ between broods”"""
    fit = lk.lmer(
        "mass ~ I(age - 25) * implant + (I(age - 25) + implant | brood) + (I(age - 25) | ring)", owls
    )
    # R 4.2.2, lme4 1.1-31 (bobyqa): REMLcrit 3594.8081 and 3601.5351
    assert (fit.reml_criterion, model.reml_criterion) == pytest.approx((3594.8081, 3601.5351), abs=2e-2)
    assert fit.npar - model.npar == 3


def test_none_is_further_off_than_chance_allows(model):
    """“None is further off than chance allows: about one in twenty would be beyond two.”"""
    true = lk.data_info("owls").truth["fixef (age centred at 25)"]
    wanted = np.array([true[name] for name in ("(Intercept)", "age", "implantP", "age:implantP")])
    assert (((model.fixef - wanted) / model.se).abs() < 2).all()
    # R 4.2.2, lme4 1.1-31: fixef and vcov
    assert model.fixef.to_list() == pytest.approx([236.72123, 7.2344926, 5.7702158, 1.2291041], abs=2e-3)
    assert model.se.to_list() == pytest.approx([4.2720988, 0.2432991, 2.1435944, 0.1469062], abs=2e-3)


def test_most_of_the_fan_belongs_to_the_brood(owls, model):
    """“most of what made the lines fan out is still here, so it belongs to the brood.”"""
    sds = model.varcorr.frame.query("var2.isna()").set_index(["grp", "var1"])["sdcor"]
    between, within = sds[("brood", "I(age - 25)")] ** 2, sds[("ring:brood", "I(age - 25)")] ** 2
    assert between / (between + within) > 0.7
    assert between / (between + within) == pytest.approx(
        0.77800317, abs=2e-3
    )  # R 4.2.2, lme4 1.1-31: VarCorr
