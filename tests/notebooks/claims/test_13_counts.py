"""What lesson 13 and its exercise say of counts, ticks, udders and species."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import find


@pytest.fixture(scope="module")
def cells():
    return lk.load_data("scrna")


@pytest.fixture(scope="module")
def gene(cells):
    return lk.glmer("counts ~ disease + (1 | sample)", cells, family="poisson")


@pytest.fixture(scope="module")
def ticks():
    data = lk.load_data("ticks")
    return data.assign(height=(data["altitude"] - 300) / 100)


@pytest.fixture(scope="module")
def poisson(ticks):
    return lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="poisson")


@pytest.fixture(scope="module")
def negative(ticks):
    return lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="negative_binomial")


def test_the_two_clouds_of_means_do_not_overlap(cells):
    """“On the right the two clouds do not overlap.”"""
    means = cells.groupby(["disease", "sample"], observed=True)["counts"].mean()
    assert means["D"].min() > means["ND"].max()


def test_the_more_counts_there_are_the_more_they_scatter(cells):
    """“the larger they are on average, the more they scatter”"""
    donors = cells.groupby("sample", observed=True)["counts"].agg(["mean", "var"])
    assert donors.corr(method="spearman").loc["mean", "var"] > 0.8


def test_about_three_transcripts_where_there_was_one(cells, gene):
    """“The sign turned, then exp: about three transcripts where there was one.”"""
    # R 4.2.2, lme4 1.1-31: diseaseND = -1.1076863; the ratio of the plain means is the same
    assert gene.fixef["diseaseND"] == pytest.approx(-1.1076863, abs=1e-5)
    means = cells.groupby("disease", observed=True)["counts"].mean()
    assert means["D"] / means["ND"] == pytest.approx(np.exp(1.1076863), rel=1e-4)


def test_pseudobulk_loses_nothing(cells, gene):
    """“The second and third row agree to every digit shown: given the donors, a sum of Poisson counts holds all that
    the cells know.”"""
    bulk = cells.groupby(["disease", "sample"], observed=True)["counts"].agg(["size", "sum"]).reset_index()
    fit = lk.glmer("sum ~ disease + offset(log(size)) + (1 | sample)", bulk, family="poisson")
    for of_cells, of_donors in ((gene.fixef, fit.fixef), (gene.se, fit.se)):
        assert of_donors.round(5).tolist() == pytest.approx(of_cells.round(5).tolist(), abs=2.1e-5)
    assert fit.fixef.to_list() == pytest.approx([1.1313965, -1.10768564], abs=2e-5)  # glmer of both tables
    assert fit.se.to_list() == pytest.approx([0.03599581, 0.07211842], abs=5e-5)


def test_the_spread_of_donors_is_not_known_to_be_zero(gene):
    """“it begins at zero, and does not end there.”"""
    low, high = gene.confint(parm="sd_(Intercept)|sample").iloc[0]
    assert low == 0 and high > 0.1
    assert high == pytest.approx(0.12487977, abs=5e-4)  # confint of glmer


def test_more_cells_make_the_wrong_analysis_surer():
    """“Every further cell makes the wrong analysis surer of its mistake. The t-test of ten means stays where it should
    be.”"""
    wrong = [explorers.counts.result(cells=number).wrong for number in (5, 20, 100, 300)]
    # no R number: how often the analyses err over studies simulated by the explorer
    rates = [state["Poisson GLM, all cells"] for state in wrong]
    assert rates == sorted(rates) and rates[0] > 0.2
    assert all(0.04 < state["t test of log means"] < 0.06 for state in wrong)


def test_a_z_value_of_few_donors_is_too_sure():
    """“With few donors a z-value is too sure of itself, the GLMM's, too.” and “less often, but still more than the 5%
    that are promised”"""
    # As the log means are nearly normal, the GLMM's z is nearly t of 8 df with a maximum-likelihood variance.
    t = stats.t(8).rvs(100_000, random_state=3)
    z = t * np.sqrt(10 / 8)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.12, abs=0.015)
    assert 0.06 < (np.abs(z) > stats.t.ppf(0.975, 8)).mean() < 0.09


def test_the_counts_vary_about_twice_as_much_as_poisson_allows(poisson):
    """“A Poisson count has the variance of its mean, no more”"""
    test = lk.dispersion_test(poisson)
    # R 4.2.2, lme4 1.1-31 (bobyqa): sum of resid(type = "pearson")^2 over df.residual, and AIC of the Poisson model
    assert test.ratio == pytest.approx(1.98199808, abs=1e-3)
    assert poisson.aic == pytest.approx(1858.1848, abs=0.01)


def test_the_standard_error_of_altitude_hardly_changes(poisson, negative):
    """“Once litters were in the model it changed little”"""
    # R 4.2.2: 0.0902661 by lme4 1.1-31 (Poisson), 0.0907977 by glmmTMB 1.1.5 (nbinom2)
    assert poisson.se["height"] == pytest.approx(0.0902661, rel=0.01)
    assert negative.se["height"] == pytest.approx(0.0907977, rel=0.01)


def test_altitude_is_a_property_of_the_litter(ticks):
    """“altitude is a property of the litter”"""
    assert (ticks.groupby("litter", observed=True)["altitude"].nunique() == 1).all()


def test_without_any_groups_it_was_several_times_too_small(ticks, negative):
    """“Without groups it was several times too small.”"""
    alone = lk.glm("ticks ~ year + height", ticks, family="poisson")
    assert negative.se["height"] > 4 * alone.se["height"]
    # glm 0.018882512; glmmTMB, nbinom2: 0.090797688
    assert (alone.se["height"], negative.se["height"]) == pytest.approx((0.018882512, 0.090797688), abs=2e-4)


def test_what_differs_from_hoglet_to_hoglet_looks_twice_as_sure(ticks):
    """“would have looked about twice as sure as it is.”"""
    tossed = ticks.assign(coin=np.random.default_rng(5).standard_normal(len(ticks)))
    formula = "ticks ~ year + height + coin + (1 | park) + (1 | litter)"
    errors = [
        lk.glmer(formula, tossed, family=family).se["coin"] for family in ("poisson", "negative_binomial")
    ]
    assert errors[1] / errors[0] == pytest.approx(2, abs=0.3)
    # R 4.2.2 with the same coin: lme4 1.1-31 (Poisson) and glmmTMB 1.1.5 (nbinom2)
    assert errors == pytest.approx([0.0237366, 0.0481316], rel=0.01)


def test_parks_and_litters(negative):
    """“Litters are estimated to differ about twice as much (on the scale of logarithms) as parks do, but how much
    parks differ is badly known.”"""
    sds = negative.varcorr.frame.set_index("grp")["sdcor"]
    # R 4.2.2, glmmTMB 1.1.5: 0.332895337 and 0.675263971
    assert (sds["park"], sds["litter"]) == pytest.approx((0.332895337, 0.675263971), rel=0.01)
    low, high = negative.confint(parm="sd_(Intercept)|park").iloc[0]
    # glmmTMB with the parks' SD held (map): 2 log likelihood is chi-square's 3.84 below the top at 0.603612612, and
    # less than that at 0.001
    assert (low, high) == pytest.approx((0, 0.603612612), abs=2e-3)


def test_the_ratio_of_altitude(negative):
    """“only about three fifths of the ticks; the interval in the table runs from a half to nearly three quarters”"""
    low, high = np.exp(negative.confint(method="wald").loc["height"])
    # R 4.2.2, glmmTMB 1.1.5, nbinom2: exp of confint, and -0.500481516
    ratio = np.exp(negative.fixef["height"])
    assert (low, ratio, high) == pytest.approx((0.507407062, 0.606238676, 0.724320491), abs=1e-3)
    assert negative.fixef["height"] == pytest.approx(-0.500481516, abs=1e-3)


def test_herds_and_cows_tell_different_stories():
    """“two dozen herds cannot tell.”"""
    herds = lk.load_data("herds")
    cows = lk.glm(
        "cbind(infected, cows - infected) ~ season + milking", herds, family="binomial"
    ).coef_table()
    of_herds = lk.glmer(
        "cbind(infected, cows - infected) ~ season + milking + (1 | herd)", herds, family="binomial"
    ).coef_table()
    # R 4.2.2, lme4 1.1-31: -0.34002462 (SE 0.31148146), p = 0.275
    assert of_herds.loc["milkingrobot", "estimate"] == pytest.approx(-0.34002462, abs=1e-4)
    assert of_herds.loc["milkingrobot", "p_value"] == pytest.approx(0.275, abs=0.003)
    # glm: -0.389644687, p = 0.000477859
    assert cows.loc["milkingrobot", "estimate"] == pytest.approx(-0.389644687, abs=1e-6)
    assert cows.loc["milkingrobot", "p_value"] == pytest.approx(0.000477859394, rel=1e-3)
    assert herds["herd"].nunique() == 24


def test_an_odds_ratio_is_not_a_ratio_of_probabilities():
    """“times the probability: an odds ratio is not a ratio of probabilities.”"""
    response = "cbind(infected, cows - infected)"
    fit = lk.glmer(f"{response} ~ season + milking + (1 | herd)", lk.load_data("herds"), family="binomial")
    start, change = fit.fixef["(Intercept)"], fit.fixef["seasonsummer"]
    # R 4.2.2, lme4 1.1-31: spring, and summer against spring
    assert (start, change) == pytest.approx((-2.13075802, 0.85139003), abs=2e-4)
    spring, summer = (1 / (1 + np.exp(-x)) for x in (start, start + change))
    assert np.exp(change) == pytest.approx(2.34, abs=0.01)
    assert summer / spring == pytest.approx(2.05, abs=0.01)


def test_species_vary_less_than_poisson():
    """“Far below one: plants fill their room more evenly than chance would. The Poisson model does not know it, and its
    standard errors are too large.”"""
    meadows = lk.load_data("management")
    pairs = meadows.pivot(index="field", columns="management", values="species").dropna()
    ratio = (pairs["B"] - pairs["A"]).var() / 2 / pairs.to_numpy().mean()
    assert stats.chi2.cdf((len(pairs) - 1) * ratio, len(pairs) - 1) < 0.01
    formula = "species ~ management + (1 | field)"
    poisson = lk.glmer(formula, meadows, family="poisson").se["managementB"]  # on the log scale
    normal = lk.lmer(formula, meadows).se["managementB"]
    # R 4.2.2: 0.09067569 by glmmTMB 1.1.5 (lme4's finite differences say 0.09039); 0.87436845 species by lme4 1.1-31
    assert poisson == pytest.approx(0.09067569, rel=1e-4)
    assert normal == pytest.approx(0.87436845, rel=1e-4)
    assert normal / pairs.to_numpy().mean() < poisson / 1.5


def test_a_normal_model_invents_fewer_than_zero_ticks(ticks):
    """“hedgehogs with fewer than zero ticks: …”"""
    naive = lk.lmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks)
    below = stats.norm.cdf(0, naive.predict(re_form="~0"), np.sqrt(naive.varcorr.frame["vcov"].sum()))
    share = (naive.simulate(100, seed=1) < 0).to_numpy().mean()
    assert share == pytest.approx(below.mean(), abs=0.02) and share > 0.2
    assert below.mean() == pytest.approx(0.24813609, abs=1e-3)  # pnorm of the fit of lmer


def test_the_dots_of_the_poisson_model_leave_the_band_and_come_back(poisson, negative):
    """“In the left panel they make an S: too many hoglets at both ends, with fewer or more ticks than the model
    allows. In the right panel the dots are back inside the grey band. The AIC falls, too.”"""
    off = {}
    for name, fit in (("poisson", poisson), ("negative", negative)):
        shares = lk.simulate_residuals(fit, conditional=True, seed=1).residuals
        off[name] = stats.kstest(shares, "uniform").statistic
        if name == "poisson":
            assert (shares < 0.05).mean() > 0.06 and (shares > 0.95).mean() > 0.06
    assert off["poisson"] > 1.36 / np.sqrt(312) > off["negative"]
    # R 4.2.2: AIC 1858.18 by lme4 1.1-31 (Poisson), 1651.01 by glmmTMB 1.1.5 (nbinom2)
    assert negative.aic == pytest.approx(1651.0, abs=0.1) and negative.aic < poisson.aic


def test_most_herds_are_seen_in_every_season():
    """“Most herds are seen in every season, so the seasons are compared within herds.”"""
    seasons = lk.load_data("herds").groupby("herd", observed=True)["season"].nunique()
    assert (seasons == 4).mean() > 0.5


def test_what_overdispersion_does_depends_on_where_the_predictor_varies(ticks):
    """“What overdispersion does to a standard error depends on where the predictor varies.”"""
    tossed = ticks.assign(coin=np.random.default_rng(13).integers(0, 2, len(ticks)))
    formula = "ticks ~ year + height + (1 | park) + (1 | litter) + coin"
    poisson, negative = (
        lk.glmer(formula, tossed, family=name).se for name in ("poisson", "negative_binomial")
    )
    assert negative["coin"] / poisson["coin"] > 1.7
    assert negative["height"] / poisson["height"] == pytest.approx(1, abs=0.05)
    # R 4.2.2 with the same coin: lme4 1.1-31 (Poisson) and glmmTMB 1.1.5 (nbinom2)
    assert (poisson["coin"], negative["coin"]) == pytest.approx((0.0480056, 0.0938201), rel=0.01)


def test_herds_differ_hugely_within_both_kinds():
    """“Herds differ hugely within both kinds.”"""
    herds = lk.load_data("herds").groupby(["milking", "herd"], observed=True)[["infected", "cows"]].sum()
    share = (herds["infected"] / herds["cows"]).groupby("milking", observed=True)
    assert (share.max() > 4 * share.min()).all()


def test_laplace_was_good_enough():
    """“Hardly a difference: Laplace was good enough.”"""
    formula = "cbind(infected, cows - infected) ~ season + milking + (1 | herd)"
    herds = lk.load_data("herds")
    coarse, fine = (lk.glmer(formula, herds, family="binomial", n_agq=n) for n in (1, 9))
    # R 4.2.2, lme4 1.1-31: 0.00098 of a standard error at most
    assert np.abs((coarse.fixef - fine.fixef) / fine.se).max() == pytest.approx(0.00098467, abs=5e-4)
    # glmer: -0.34002462, nAGQ = 9: -0.34018291
    both = coarse.fixef["milkingrobot"], fine.fixef["milkingrobot"]
    assert both == pytest.approx((-0.34002462, -0.34018291), abs=2e-4)


def test_the_poisson_lacks_zeros_and_the_negative_binomial_needs_no_part_for_them(ticks, poisson, negative):
    """“So the Poisson model lacks zeros.” “Many zeros were a sign of hoglets that *differ*, not of hoglets that never
    have ticks.” “Extra zeros explain one end only. Hoglets that differ explain both.”"""
    formula = "ticks ~ year + height + (1 | park) + (1 | litter)"
    inflated = lk.glmer(formula, ticks, family="poisson", zero_inflation="~ 1")
    both = lk.glmer(formula, ticks, family="negative_binomial", zero_inflation="~ 1")
    tests = {
        name: lk.simulate_residuals(fit, conditional=True, seed=1).zero_inflation
        for name, fit in (("poisson", poisson), ("negative", negative))
    }
    assert tests["poisson"].p_value < 0.05 < tests["negative"].p_value
    assert negative.aic < inflated.aic < poisson.aic
    assert negative.aic < both.aic
    assert lk.dispersion_test(inflated, "simulation", seed=1).p_value < 0.05
    assert inflated.npar == poisson.npar + 1
    # glmmTMB: AIC 1858.1820, ziformula 1845.6406, nbinom2 1651.0077, nbinom2 with ziformula 1652.8671
    found = [fit.aic for fit in (poisson, inflated, negative, both)]
    assert found == pytest.approx([1858.182, 1845.6406, 1651.0077, 1652.8671], abs=0.05)


def test_two_sorts_of_zeros():
    """“Two sorts of zeros. A Poisson model that has seen only the smaller mean expects fewer.” and “that counts some
    cells twice: only the cells that can be read have a Poisson count” and “it is what the Poisson model expects,
    and too few”"""
    rng = np.random.default_rng(13)  # no R number: simulated with a seed of our own
    counts = np.where(rng.random(200_000) < 0.3, 0, rng.poisson(1.0, 200_000))
    both = 0.3 + 0.7 * np.exp(-1)
    assert np.mean(counts == 0) == pytest.approx(both, abs=0.005)
    assert counts.mean() == pytest.approx(0.7, abs=0.01)
    own = find("ex13.q6").own  # a graded course gives each student one of these
    for zeros, mean in product(own["zeros"], own["mean"]):
        seen = zeros + (1 - zeros) * np.exp(-mean)
        assert np.exp(-(1 - zeros) * mean) < seen < zeros + np.exp(-mean)
